/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest_end_test.c - a node on the event base of an application: how it is detached, or else
 * ends.
 */
#include "guest_host.h"

/* ------------------------------------------------------------------------------ detaching */

/* Drains for as long as the application wants. */
static bool may_drain;

static cop_err
drain_look(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    if (!may_drain)
        return COP_OK;
    tree.has_drained = true;
    return cop_stop(me);
}

COP_HANDLER(helper, cop_stopping)
{
    return cop_every(me, 1, drain_look, NULL, NULL, NULL);
}

static const cop_behaviour drainer_b = {.name = "drainer",
                                        .state_size = sizeof(helper),
                                        .dispose = helper_dispose,
                                        .handlers = COP_HANDLERS(COP_ON(helper, cop_stopping))};

COP_HANDLER(spinner, say)
{
    return cop_spawn(me, &drainer_b, &(cop_spawn_opts){.stop_ms = COP_INFINITY}, NULL);
}
static COP_BEHAVIOUR(owner_b, spinner, COP_ON(spinner, say));

static void
detaching_waits_for_a_tree_that_drains(void **state)
{
    (void)state;
    cop_guest_opts opts = usual_opts();

    host_open();
    set_up_tree();
    may_drain = false;
    opts.spawn.stop_ms = COP_INFINITY;
    attach_with(&owner_b, opts);
    assert_int_equal(cop_post(app.node, app.main, say, .n = 1), COP_OK);
    run_ticks(3);
    cop_guest_detach(app.node);
    run_ticks(20);
    expect_echo();
    assert_false(app.is_detached);
    assert_int_equal(tree.disposed, 0);
    may_drain = true;
    run_until(&app.is_detached);
    assert_true(tree.has_drained);
    assert_int_equal(tree.disposed, 1);
    assert_int_equal(app.status, 0);
    expect_nothing_left();
    cop_node_free(&app.node);
    expect_echo();
    host_close();
}

static void
without_events_of_the_host_the_loop_ends_with_the_guest(void **state)
{
    (void)state;
    set_up_tree();
    memset(&app, 0, sizeof app);
    app.base = event_base_new();
    app.frees_when_detached = true;
    attach_with(&part_b, usual_opts());
    assert_int_equal(cop_post_call(app.node, app.main, NULL, NULL, NULL), COP_E_INVAL);
    for (int i = 0; i < 10 || tree.answers < 3; i++)
        assert_int_equal(event_base_loop(app.base, EVLOOP_ONCE), 0);
    cop_guest_detach(app.node);
    /* 1: no events are left. */
    assert_int_equal(event_base_dispatch(app.base), 1);
    assert_true(app.is_detached);
    assert_null(app.node);
    event_base_free(app.base);
}

static void
a_guest_may_be_freed_when_it_is_told_of(void **state)
{
    (void)state;
    host_open();
    set_up_tree();
    app.frees_when_detached = true;
    attach_with(&part_b, usual_opts());
    run_ticks(3);
    cop_guest_detach(app.node);
    run_until(&app.is_detached);
    assert_null(app.node);
    expect_echo();
    host_close();
}

/* ------------------------------------------------------------------------------- failures */

static void
a_tree_that_fails_is_told_to_the_host(void **state)
{
    (void)state;
    host_open();
    set_up_tree();
    attach_with(&part_b, usual_opts());
    run_ticks(2);
    assert_int_equal(cop_post(app.node, app.main, crash, .code = COP_E_BUSY), COP_OK);
    run_until(&app.is_detached);
    assert_int_equal(app.status, 1);
    assert_int_equal(app.why.code, COP_E_BUSY);
    assert_string_equal(app.why.text, "told to");
    assert_non_null(strstr(app.log, "told to"));
    assert_int_equal(tree.disposed, 1);
    expect_nothing_left();
    cop_node_free(&app.node);
    expect_echo();
    host_close();
}

static cop_err
failing_init(cop_actor *me, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    COP_TRY(cop_spawn(me, &helper_b, NULL, NULL));
    return cop_fail(me, COP_E_ADDRESS, "no such thing");
}

static void
a_start_that_fails_leaves_nothing_on_the_base(void **state)
{
    (void)state;
    static const cop_behaviour failing_b = {.name = "failing", .init = failing_init};
    cop_guest_opts opts = usual_opts();
    cop_exit why = {.code = COP_OK};

    host_open();
    set_up_tree();
    opts.spawn.why = &why;
    assert_int_equal(cop_guest_attach(&app.node, app.base, &failing_b, &opts, NULL),
                     COP_E_FAILED);
    assert_null(app.node);
    assert_int_equal(why.code, COP_E_ADDRESS);
    assert_string_equal(why.text, "no such thing");
    assert_int_equal(tree.disposed, 1);
    assert_false(app.is_detached);
    expect_events_untouched();
    host_close();
}

static void
what_would_take_something_from_the_host_is_refused(void **state)
{
    (void)state;
    cop_guest_opts opts = usual_opts();

    host_open();
    assert_int_equal(cop_guest_attach(&app.node, NULL, &part_b, &opts, NULL), COP_E_INVAL);
    opts.node.unix_signals = true;
    assert_int_equal(cop_guest_attach(&app.node, app.base, &part_b, &opts, NULL), COP_E_INVAL);
    opts.node.unix_signals = false;
    opts.node.tree_signal = SIGUSR1;
    assert_int_equal(cop_guest_attach(&app.node, app.base, &part_b, &opts, NULL), COP_E_INVAL);
    opts.node.tree_signal = 0;
    opts.node.workers = 2;
    assert_int_equal(cop_guest_attach(&app.node, app.base, &part_b, &opts, NULL), COP_E_INVAL);
    opts.node.workers = 0;
    opts.free_ms = -5;
    assert_int_equal(cop_guest_attach(&app.node, app.base, &part_b, &opts, NULL), COP_E_INVAL);
    assert_null(app.node);
    host_close();
}

static void
expect_same(const sigset_t *before)
{
    sigset_t now;

    pthread_sigmask(SIG_BLOCK, NULL, &now);
    for (int signal = 1; signal < NSIG; signal++)
        assert_int_equal(sigismember(&now, signal), sigismember(before, signal));
}

static void
a_guest_leaves_the_signal_mask_alone(void **state)
{
    (void)state;
    sigset_t before;

    host_open();
    set_up_tree();
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    attach_with(&part_b, usual_opts());
    run_ticks(2);
    expect_same(&before);
    detach(0);
    expect_same(&before);
    host_close();
}

/* ----------------------------------------------------------------------- a loop that ends */

static void
a_loop_that_is_broken_may_go_on_later(void **state)
{
    (void)state;
    host_open();
    set_up_tree();
    attach_with(&part_b, usual_opts());
    run_ticks(3);
    int before = tree.answers;
    run_ticks(3); /* which broke it twice by now */
    while (tree.answers == before)
        event_base_loop(app.base, EVLOOP_ONCE);
    detach(0);
    host_close();
}

static void
a_guest_that_is_freed_first_ends_in_order_and_alone(void **state)
{
    (void)state;
    int ends[2];

    host_open();
    set_up_tree();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    watched = ends[0];
    attach_with(&part_b, usual_opts());
    run_ticks(3);
    assert_int_equal(write(ends[1], "abcd", 4), 4);
    assert_int_equal(write(app.ends[1], "hello", 5), 5);
    assert_int_equal(cop_post(app.node, app.main, say, .n = 1), COP_OK);
    unsigned ticks = app.ticks, echoed = app.echoed;
    cop_node_free(&app.node);
    assert_null(app.node);
    assert_int_equal(tree.disposed, 1);
    /* Nothing of the application was called, and it was not told. */
    assert_int_equal(app.ticks, ticks);
    assert_int_equal(app.echoed, echoed);
    assert_false(app.is_detached);
    expect_events_untouched();
    expect_echo();
    host_close();
    close(ends[0]);
    close(ends[1]);
}

static int other_end; /* of what the tree watches */

/* What it drains needs its timers and descriptors, which nobody else looks after any more. */
typedef struct farewell {
    cop_watch watch;
} farewell;

COP_HANDLER(farewell, cop_start)
{
    return cop_watch_open(me, watched, COP_READABLE, &st->watch);
}
COP_HANDLER(farewell, cop_stopping)
{
    (void)st;
    return cop_send_after(me, 2, NULL, go);
}
COP_HANDLER(farewell, go)
{
    (void)me;
    return write(other_end, "x", 1) == 1 ? COP_OK : COP_E_OS;
}
COP_HANDLER(farewell, cop_ready)
{
    tree.has_drained = true;
    return cop_stop(me);
}
static COP_BEHAVIOUR(farewell_b, farewell, COP_ON(farewell, cop_start),
                     COP_ON(farewell, cop_stopping), COP_ON(farewell, go),
                     COP_ON(farewell, cop_ready));

static void
a_tree_that_is_freed_still_has_timers_and_watches_to_drain_with(void **state)
{
    (void)state;
    int ends[2];

    host_open();
    set_up_tree();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    watched = ends[0];
    other_end = ends[1];
    attach_with(&farewell_b, usual_opts());
    cop_node_free(&app.node);
    assert_true(tree.has_drained);
    host_close();
    close(ends[0]);
    close(ends[1]);
}

static void
freeing_waits_for_so_long_and_then_kills(void **state)
{
    (void)state;
    cop_guest_opts opts = usual_opts();

    host_open();
    set_up_tree();
    may_drain = false;
    opts.free_ms = 20;
    opts.spawn.stop_ms = COP_INFINITY;
    attach_with(&drainer_b, opts);
    run_ticks(2);
    cop_node_free(&app.node); /* it would drain for ever */
    assert_false(tree.has_drained);
    assert_int_equal(tree.disposed, 1);
    host_close();
}

/* The same for one that never sleeps and watches nothing. */
COP_HANDLER(spinner, cop_stopping)
{
    (void)me;
    (void)st;
    return COP_OK;
}
static COP_BEHAVIOUR(stubborn_b, spinner, COP_ON(spinner, cop_start), COP_ON(spinner, go),
                     COP_ON(spinner, cop_stopping));

static void
a_busy_tree_is_killed_as_well(void **state)
{
    (void)state;
    cop_guest_opts opts = usual_opts();

    host_open();
    set_up_tree();
    opts.free_ms = 20;
    opts.spawn.stop_ms = COP_INFINITY;
    attach_with(&stubborn_b, opts);
    run_ticks(2);
    cop_node_free(&app.node);
    host_close();
}

static void
free_in_callback(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    cop_node_free(&app.node);
    event_base_loopbreak(app.base);
}

static void
a_callback_of_the_host_may_free_the_guest(void **state)
{
    (void)state;
    static const struct timeval soon = {0, 3000};

    host_open();
    set_up_tree();
    attach_with(&part_b, usual_opts());
    event_base_once(app.base, -1, EV_TIMEOUT, free_in_callback, NULL, &soon);
    event_base_dispatch(app.base);
    assert_null(app.node);
    assert_int_equal(tree.disposed, 1);
    expect_echo();
    host_close();
}

static void *
free_elsewhere(void *unused)
{
    (void)unused;
    cop_node_free(&app.node);
    return NULL;
}

static void
when_the_loop_is_over_another_thread_may_free_it(void **state)
{
    (void)state;
    pthread_t thread;

    host_open();
    set_up_tree();
    attach_with(&part_b, usual_opts());
    run_ticks(3);
    assert_int_equal(pthread_create(&thread, NULL, free_elsewhere, NULL), 0);
    pthread_join(thread, NULL);
    assert_int_equal(tree.disposed, 1);
    host_close();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detaching_waits_for_a_tree_that_drains),
        cmocka_unit_test(without_events_of_the_host_the_loop_ends_with_the_guest),
        cmocka_unit_test(a_guest_may_be_freed_when_it_is_told_of),
        cmocka_unit_test(a_tree_that_fails_is_told_to_the_host),
        cmocka_unit_test(a_start_that_fails_leaves_nothing_on_the_base),
        cmocka_unit_test(what_would_take_something_from_the_host_is_refused),
        cmocka_unit_test(a_guest_leaves_the_signal_mask_alone),
        cmocka_unit_test(a_loop_that_is_broken_may_go_on_later),
        cmocka_unit_test(a_guest_that_is_freed_first_ends_in_order_and_alone),
        cmocka_unit_test(a_tree_that_is_freed_still_has_timers_and_watches_to_drain_with),
        cmocka_unit_test(freeing_waits_for_so_long_and_then_kills),
        cmocka_unit_test(a_busy_tree_is_killed_as_well),
        cmocka_unit_test(a_callback_of_the_host_may_free_the_guest),
        cmocka_unit_test(when_the_loop_is_over_another_thread_may_free_it),
    };
    return cmocka_run_group_tests_name("guest_end", tests, NULL, NULL);
}
