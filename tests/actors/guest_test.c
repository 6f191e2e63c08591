/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest_test.c - a node on the event base of an application, which is this program.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include <coppice/guest.h>
#include <coppice/hatch.h>
#include <coppice/job.h>
#include <coppice/snapshot.h>
#include <coppice/timer.h>
#include <coppice/watch.h>

#include "protocol.h"

enum {
    PATIENCE_S = 40, /* for machines that are busy with other things */
    EVENTS_MAX = 32,
};

/* ------------------------------------------------------------------------ the application */

/* What is known of an event of the application. */
typedef struct known {
    const struct event *event;
    evutil_socket_t fd;
    short events;
    int pending;
} known;

typedef struct host {
    struct event_base *base;
    struct event *tick, *echo, *hour, *limit;
    int ends[2];           /* the application echoes what comes out of the first */
    unsigned ticks;        /* every millisecond */
    unsigned echoed;       /* bytes */
    unsigned stop_at_tick; /* 0: the loop goes on */
    known before[EVENTS_MAX];
    size_t before_count;

    cop_node *node;
    cop_pid main;
    bool is_detached;
    bool frees_when_detached;
    int status;
    cop_exit why;
    char log[4096];
} host;

static host app;

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    app.ticks++;
    if (app.stop_at_tick != 0 && app.ticks >= app.stop_at_tick)
        event_base_loopbreak(app.base);
}

static void
on_echo(evutil_socket_t fd, short what, void *arg)
{
    char bytes[64];
    ssize_t got = read(fd, bytes, sizeof bytes);

    (void)what;
    (void)arg;
    if (got > 0 && write(fd, bytes, (size_t)got) == got)
        app.echoed += (unsigned)got;
}

static void
on_hour(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    fail_msg("an hour has passed");
}

static void
on_limit(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    fail_msg("it takes too long");
}

static int
note_event(const struct event_base *base, const struct event *event, void *ctx)
{
    (void)base;
    (void)ctx;
    assert_true(app.before_count < EVENTS_MAX);
    app.before[app.before_count++] =
        (known){event, event_get_fd(event), event_get_events(event),
                event_pending(event, EV_READ | EV_WRITE | EV_SIGNAL | EV_TIMEOUT, NULL)};
    return 0;
}

static int
find_event(const struct event_base *base, const struct event *event, void *ctx)
{
    size_t *seen = ctx;

    (void)base;
    for (size_t i = 0; i < app.before_count; i++)
        if (app.before[i].event == event) {
            assert_int_equal(app.before[i].fd, event_get_fd(event));
            assert_int_equal(app.before[i].events, event_get_events(event));
            assert_int_equal(
                app.before[i].pending,
                event_pending(event, EV_READ | EV_WRITE | EV_SIGNAL | EV_TIMEOUT, NULL));
            ++*seen;
            return 0;
        }
    fail_msg("an event that is not the application's");
    return 0;
}

/* The events of the application are there as before, and no others. */
static void
expect_events_untouched(void)
{
    size_t seen = 0;

    event_base_foreach_event(app.base, find_event, &seen);
    assert_int_equal(seen, app.before_count);
}

static void
host_open(void)
{
    static const struct timeval often = {0, 1000}, hour = {3600, 0}, limit = {PATIENCE_S, 0};

    memset(&app, 0, sizeof app);
    app.base = event_base_new();
    assert_non_null(app.base);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, app.ends), 0);
    app.tick = event_new(app.base, -1, EV_PERSIST, on_tick, NULL);
    app.echo = event_new(app.base, app.ends[0], EV_READ | EV_PERSIST, on_echo, NULL);
    app.hour = event_new(app.base, -1, 0, on_hour, NULL);
    app.limit = event_new(app.base, -1, 0, on_limit, NULL);
    event_add(app.tick, &often);
    event_add(app.echo, NULL);
    event_add(app.hour, &hour);
    event_add(app.limit, &limit);
    event_base_foreach_event(app.base, note_event, NULL);
    assert_int_equal(app.before_count, 4);
}

static void
host_close(void)
{
    expect_events_untouched();
    event_free(app.tick);
    event_free(app.echo);
    event_free(app.hour);
    event_free(app.limit);
    assert_int_equal(event_base_get_num_events(app.base, EVENT_BASE_COUNT_ADDED), 0);
    event_base_free(app.base);
    close(app.ends[0]);
    close(app.ends[1]);
}

/* Lets the loop run for so many ticks of the application. */
static void
run_ticks(unsigned count)
{
    app.stop_at_tick = app.ticks + count;
    event_base_dispatch(app.base);
    assert_true(app.ticks >= app.stop_at_tick);
    app.stop_at_tick = 0;
}

static void
run_until(const bool *flag)
{
    while (!*flag)
        assert_int_equal(event_base_loop(app.base, EVLOOP_ONCE), 0);
}

/* The application still serves. */
static void
expect_echo(void)
{
    unsigned before = app.echoed;

    assert_int_equal(write(app.ends[1], "hello", 5), 5);
    while (app.echoed < before + 5)
        event_base_loop(app.base, EVLOOP_ONCE);
}

static void
on_detached(void *ctx, cop_node *node, int status, const cop_exit *why)
{
    assert_ptr_equal(ctx, &app);
    assert_ptr_equal(node, app.node);
    assert_false(app.is_detached);
    app.is_detached = true;
    app.status = status;
    app.why = *why;
    expect_events_untouched();
    if (app.frees_when_detached)
        cop_node_free(&app.node);
}

static void
on_log(void *ctx, const char *line)
{
    (void)ctx;
    snprintf(app.log + strlen(app.log), sizeof app.log - strlen(app.log), "%s\n", line);
}

static cop_guest_opts
usual_opts(void)
{
    return (cop_guest_opts){.node = {.on_log = on_log}, .detached = on_detached, .ctx = &app};
}

static void
attach_with(const cop_behaviour *behaviour, cop_guest_opts opts)
{
    assert_int_equal(cop_guest_attach(&app.node, app.base, behaviour, &opts, &app.main),
                     COP_OK);
}

static void
expect_nothing_left(void)
{
    cop_node_stats left;

    cop_node_stats_read(app.node, &left);
    assert_int_equal(left.actors, 0);
    assert_int_equal(left.timers, 0);
    assert_int_equal(left.watches, 0);
    assert_int_equal(left.live_messages, 0);
    assert_int_equal(left.job_threads, 0);
}

/* Detaches it while the application goes on, and frees it. */
static void
detach(int status)
{
    cop_guest_detach(app.node);
    run_until(&app.is_detached);
    assert_int_equal(app.status, status);
    assert_int_equal(cop_node_wait(app.node, NULL), status);
    expect_nothing_left();
    cop_node_free(&app.node);
    assert_null(app.node);
}

/* ------------------------------------------------------------------- an actor that does all */

/* What the tree has done; one thread. */
static struct {
    int ticks, answers, bytes, posts, jobs;
    int disposed;
    bool has_drained;
} tree;

typedef struct helper {
    int64_t asked;
} helper;

COP_HANDLER(helper, ask_n)
{
    return cop_reply(me, answer_n, .n = ++st->asked);
}

static void
helper_dispose(void *state)
{
    (void)state;
    tree.disposed++;
}

static const cop_behaviour helper_b = {.name = "helper",
                                       .state_size = sizeof(helper),
                                       .dispose = helper_dispose,
                                       .handlers = COP_HANDLERS(COP_ON(helper, ask_n))};

typedef struct part {
    cop_pid helper;
    cop_watch watch;
} part;

/* The descriptor that it watches, -1: none; and the other end. */
static int watched, other_end;

static cop_err
part_tick(cop_actor *me, void *state, void *arg)
{
    (void)me;
    (void)state;
    (void)arg;
    tree.ticks++;
    return COP_OK;
}

COP_REPLY(part, answer_n)
{
    COP_TRY(err);
    tree.answers++;
    /* The next question has a timer in between. */
    return cop_send_after(me, 1, NULL, go);
}

COP_HANDLER(part, go)
{
    return cop_ask(me, st->helper, 10 * 1000, COP_THEN(part, answer_n), ask_n);
}

COP_HANDLER(part, say)
{
    (void)me;
    tree.posts += (int)msg->n;
    return COP_OK;
}

COP_HANDLER(part, crash)
{
    return cop_fail(me, (cop_err)msg->code, "told to");
}

COP_HANDLER(part, cop_ready)
{
    char bytes[64];
    ssize_t got = read(msg->fd, bytes, sizeof bytes);

    if (got <= 0) {
        cop_watch_close(me, st->watch);
        return COP_OK;
    }
    tree.bytes += (int)got;
    return write(msg->fd, bytes, (size_t)got) == got ? COP_OK : COP_E_OS;
}

COP_HANDLER(part, cop_start)
{
    COP_TRY(cop_spawn(me, &helper_b, NULL, &st->helper));
    COP_TRY(cop_every(me, 1, part_tick, NULL, NULL, NULL));
    if (watched >= 0)
        COP_TRY(cop_watch_open(me, watched, COP_READABLE, &st->watch));
    return cop_send(me, cop_self(me), go);
}

static COP_BEHAVIOUR(part_b, part, COP_ON(part, cop_start), COP_ON(part, go), COP_ON(part, say),
                     COP_ON(part, crash), COP_ON(part, cop_ready));

static void
set_up_tree(void)
{
    memset(&tree, 0, sizeof tree);
    watched = -1;
}

/* ----------------------------------------------------------------------------------- tests */

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

typedef struct spinner {
    int unused;
} spinner;

static uint64_t spins;

COP_HANDLER(spinner, go)
{
    spins++;
    return cop_send(me, cop_self(me), go);
}
COP_HANDLER(spinner, cop_start)
{
    return cop_send(me, cop_self(me), go);
}
static COP_BEHAVIOUR(spinner_b, spinner, COP_ON(spinner, cop_start), COP_ON(spinner, go));

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
        cmocka_unit_test(detaching_waits_for_a_tree_that_drains),
        cmocka_unit_test(without_events_of_the_host_the_loop_ends_with_the_guest),
        cmocka_unit_test(a_guest_may_be_freed_when_it_is_told_of),
        cmocka_unit_test(a_tree_that_fails_is_told_to_the_host),
        cmocka_unit_test(a_start_that_fails_leaves_nothing_on_the_base),
        cmocka_unit_test(what_would_take_something_from_the_host_is_refused),
        cmocka_unit_test(a_guest_leaves_the_signal_mask_alone),
        cmocka_unit_test(posts_of_other_threads_wake_a_loop_that_sleeps),
        cmocka_unit_test(another_thread_may_spawn_look_detach_and_wait),
        cmocka_unit_test(the_loops_own_thread_spawns_and_looks_without_waiting),
        cmocka_unit_test(the_end_of_a_job_wakes_the_loop),
        cmocka_unit_test(a_loop_that_is_broken_may_go_on_later),
        cmocka_unit_test(a_guest_that_is_freed_first_ends_in_order_and_alone),
        cmocka_unit_test(a_tree_that_is_freed_still_has_timers_and_watches_to_drain_with),
        cmocka_unit_test(freeing_waits_for_so_long_and_then_kills),
        cmocka_unit_test(a_busy_tree_is_killed_as_well),
        cmocka_unit_test(a_callback_of_the_host_may_free_the_guest),
        cmocka_unit_test(when_the_loop_is_over_another_thread_may_free_it),
        cmocka_unit_test(one_guest_after_another_on_the_same_base),
        cmocka_unit_test(two_guests_live_side_by_side),
    };
    return cmocka_run_group_tests_name("guest", tests, NULL, NULL);
}
