/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest_test.c - a node on the event base of an application: side by side.
 */
#include "guest_host.h"

static void
timers_calls_children_and_watches_work_beside_the_hosts_callbacks(void **state)
{
    (void)state;
    int ends[2];
    char bytes[8];

    host_open();
    set_up_tree();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    watched = ends[0];
    attach_with(&part_b, usual_opts());
    for (int i = 0; i < 20; i++) {
        assert_int_equal(write(ends[1], "abcd", 4), 4);
        expect_echo();
        int before = tree.bytes;
        while (tree.bytes < 4 * (i + 1) || tree.answers <= i || tree.ticks <= i)
            event_base_loop(app.base, EVLOOP_ONCE);
        assert_true(tree.bytes >= before);
        assert_int_equal(read(ends[1], bytes, sizeof bytes), 4);
    }
    assert_true(app.ticks > 0);
    detach(0);
    assert_int_equal(tree.disposed, 1);
    unsigned ticks = app.ticks;
    run_ticks(5);
    assert_true(app.ticks >= ticks + 5);
    expect_echo();
    host_close();
    close(ends[0]);
    close(ends[1]);
}

static void
an_idle_guest_does_not_wake_the_loop(void **state)
{
    (void)state;
    host_open();
    set_up_tree();
    attach_with(&helper_b, usual_opts());
    while (event_base_loop(app.base, EVLOOP_ONCE | EVLOOP_NONBLOCK) == 0 && app.ticks < 3)
        continue;
    event_del(app.tick);
    /* Nothing of it is active, nor a timeout of it pending but the application's. */
    assert_int_equal(event_base_loop(app.base, EVLOOP_NONBLOCK), 0);
    assert_int_equal(event_base_get_num_events(app.base, EVENT_BASE_COUNT_ACTIVE), 0);
    assert_int_equal(event_base_get_num_events(app.base, EVENT_BASE_COUNT_ADDED), 5);
    event_add(app.tick, &(struct timeval){0, 1000});
    detach(0);
    host_close();
}

/* Nothing else would make it run. */
typedef struct listener {
    cop_watch watch;
} listener;

COP_HANDLER(listener, cop_start)
{
    return cop_watch_open(me, watched, COP_READABLE, &st->watch);
}
COP_HANDLER(listener, cop_ready)
{
    char byte;

    (void)me;
    while (read(msg->fd, &byte, 1) == 1)
        tree.bytes++;
    return COP_OK;
}
static COP_BEHAVIOUR(listener_b, listener, COP_ON(listener, cop_start),
                     COP_ON(listener, cop_ready));

static void
a_descriptor_that_is_ready_is_handled_in_the_same_round(void **state)
{
    (void)state;
    int ends[2];

    host_open();
    set_up_tree();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    watched = ends[0];
    attach_with(&listener_b, usual_opts());
    run_ticks(2);
    event_del(app.tick);
    for (int i = 1; i <= 10; i++) {
        assert_int_equal(write(ends[1], "x", 1), 1);
        assert_int_equal(event_base_loop(app.base, EVLOOP_ONCE), 0);
        assert_int_equal(tree.bytes, i);
    }
    event_add(app.tick, &(struct timeval){0, 1000});
    detach(0);
    host_close();
    close(ends[0]);
    close(ends[1]);
}

/* --------------------------------------------------------------------------- fairness */

static void
a_guest_that_is_always_busy_leaves_the_host_its_turns(void **state)
{
    (void)state;
    host_open();
    set_up_tree();
    spins = 0;
    attach_with(&spinner_b, usual_opts());
    for (int i = 0; i < 10; i++) {
        uint64_t before = spins;
        expect_echo();
        run_ticks(2);
        assert_true(spins > before);
    }
    detach(0);
    host_close();
}

/* In each round of the loop there is one turn, and no more than the time allows. */
static void
a_turn_ends_when_its_time_is_over(void **state)
{
    (void)state;
    cop_guest_opts opts = usual_opts();

    host_open();
    set_up_tree();
    spins = 0;
    opts.turn_us = 1; /* which one slice takes in any case */
    attach_with(&spinner_b, opts);
    event_base_loop(app.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    uint64_t first = spins;
    event_base_loop(app.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    assert_true(first <= 64);
    assert_true(spins <= first + 64);
    /* What comes from outside does not wait for a turn that lasts longer. */
    unsigned rounds = 0;
    cop_guest_detach(app.node);
    for (; !app.is_detached; rounds++)
        event_base_loop(app.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    assert_true(rounds < 100);
    cop_node_free(&app.node);
    host_close();
}

/* --------------------------------------------------------------------------- other threads */

enum {
    POSTERS = 3,
    POSTS = 400
};

static void *
post_all(void *unused)
{
    (void)unused;
    for (int i = 0; i < POSTS; i++)
        while (cop_post(app.node, app.main, say, .n = 1) == COP_E_FULL)
            sched_yield();
    return NULL;
}

static void
posts_of_other_threads_wake_a_loop_that_sleeps(void **state)
{
    (void)state;
    pthread_t threads[POSTERS];

    host_open();
    set_up_tree();
    attach_with(&part_b, usual_opts());
    event_del(app.tick); /* else it would wake up by itself */
    for (int i = 0; i < POSTERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, post_all, NULL), 0);
    while (tree.posts < POSTERS * POSTS)
        event_base_loop(app.base, EVLOOP_ONCE);
    for (int i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(tree.posts, POSTERS * POSTS);
    event_add(app.tick, &(struct timeval){0, 1000});
    detach(0);
    host_close();
}

static void *
spawn_look_and_detach(void *out)
{
    cop_pid pid;
    cop_snapshot *rows = NULL;
    cop_err *err = out;

    *err = cop_node_spawn(app.node, &helper_b, NULL, &pid);
    /* A loop that is busy with a test may be late. */
    while (*err == COP_OK && rows == NULL)
        if (cop_node_snapshot(app.node, NULL, &rows) != COP_OK)
            continue;
    if (rows != NULL && rows->rows.count < 4)
        *err = COP_E_NOT_FOUND;
    cop_snapshot_free(&rows);
    cop_guest_detach(app.node);
    if (cop_node_wait(app.node, NULL) != 0)
        *err = COP_E_FAILED;
    return NULL;
}

static void
another_thread_may_spawn_look_detach_and_wait(void **state)
{
    (void)state;
    pthread_t thread;
    cop_err err = COP_E_FAILED;

    host_open();
    set_up_tree();
    attach_with(&part_b, usual_opts());
    assert_int_equal(pthread_create(&thread, NULL, spawn_look_and_detach, &err), 0);
    run_until(&app.is_detached);
    pthread_join(thread, NULL);
    assert_int_equal(err, COP_OK);
    assert_int_equal(tree.disposed, 2);
    cop_node_free(&app.node);
    host_close();
}

static void
the_loops_own_thread_spawns_and_looks_without_waiting(void **state)
{
    (void)state;
    cop_snapshot *rows = NULL;
    cop_pid pid;

    host_open();
    set_up_tree();
    attach_with(&part_b, usual_opts());
    assert_int_equal(
        cop_node_spawn(app.node, &helper_b, &(cop_spawn_opts){.name = "guest"}, &pid), COP_OK);
    assert_true(cop_pid_equal(cop_node_whereis(app.node, "guest"), pid));
    assert_int_equal(cop_node_snapshot(app.node, NULL, &rows), COP_OK);
    assert_true(rows->rows.count >= 4);
    cop_snapshot_free(&rows);
    detach(0);
    assert_int_equal(tree.disposed, 2);
    host_close();
}

/* --------------------------------------------------------------------------------- jobs */

static cop_err
work(cop_job *job, void *arg)
{
    (void)job;
    (void)arg;
    return COP_OK;
}

static cop_err
worked(cop_actor *me, void *state, void *arg, const cop_exit *why)
{
    (void)me;
    (void)state;
    (void)arg;
    tree.jobs += !cop_exit_is_abnormal(why);
    return COP_OK;
}

COP_HANDLER(spinner, tick)
{
    for (int64_t i = 0; i < msg->n; i++)
        COP_TRY(cop_job_start(me, cop_here(me), &(cop_job_spec){.work = work}, worked, NULL));
    return COP_OK;
}
static COP_BEHAVIOUR(foreman_b, spinner, COP_ON(spinner, tick));

static void
the_end_of_a_job_wakes_the_loop(void **state)
{
    (void)state;
    host_open();
    set_up_tree();
    attach_with(&foreman_b, usual_opts());
    event_del(app.tick);
    assert_int_equal(cop_post(app.node, app.main, tick, .n = 10), COP_OK);
    while (tree.jobs < 10)
        event_base_loop(app.base, EVLOOP_ONCE);
    event_add(app.tick, &(struct timeval){0, 1000});
    detach(0);
    host_close();
}

/* --------------------------------------------------------------------------- more than one */

static void
one_guest_after_another_on_the_same_base(void **state)
{
    (void)state;
    host_open();
    for (int i = 0; i < 3; i++) {
        set_up_tree();
        app.is_detached = false;
        attach_with(&part_b, usual_opts());
        while (tree.answers < 3 || tree.ticks < 3)
            event_base_loop(app.base, EVLOOP_ONCE);
        detach(0);
        assert_int_equal(tree.disposed, 1);
        expect_events_untouched();
    }
    host_close();
}

static unsigned others_detached;

static void
on_other_detached(void *ctx, cop_node *node, int status, const cop_exit *why)
{
    (void)ctx;
    (void)node;
    (void)why;
    assert_int_equal(status, 0);
    others_detached++;
}

static void
two_guests_live_side_by_side(void **state)
{
    (void)state;
    cop_guest_opts opts = usual_opts();
    cop_node *nodes[2];

    host_open();
    set_up_tree();
    others_detached = 0;
    opts.detached = on_other_detached;
    for (int i = 0; i < 2; i++)
        assert_int_equal(cop_guest_attach(&nodes[i], app.base, &part_b, &opts, NULL), COP_OK);
    while (tree.answers < 10)
        event_base_loop(app.base, EVLOOP_ONCE);
    for (int i = 0; i < 2; i++)
        cop_guest_detach(nodes[i]);
    while (others_detached < 2)
        event_base_loop(app.base, EVLOOP_ONCE);
    assert_int_equal(tree.disposed, 2);
    for (int i = 0; i < 2; i++)
        cop_node_free(&nodes[i]);
    host_close();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_calls_children_and_watches_work_beside_the_hosts_callbacks),
        cmocka_unit_test(an_idle_guest_does_not_wake_the_loop),
        cmocka_unit_test(a_descriptor_that_is_ready_is_handled_in_the_same_round),
        cmocka_unit_test(a_guest_that_is_always_busy_leaves_the_host_its_turns),
        cmocka_unit_test(a_turn_ends_when_its_time_is_over),
        cmocka_unit_test(posts_of_other_threads_wake_a_loop_that_sleeps),
        cmocka_unit_test(another_thread_may_spawn_look_detach_and_wait),
        cmocka_unit_test(the_loops_own_thread_spawns_and_looks_without_waiting),
        cmocka_unit_test(the_end_of_a_job_wakes_the_loop),
        cmocka_unit_test(one_guest_after_another_on_the_same_base),
        cmocka_unit_test(two_guests_live_side_by_side),
    };
    return cmocka_run_group_tests_name("guest", tests, NULL, NULL);
}
