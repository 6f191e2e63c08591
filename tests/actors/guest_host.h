/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest_host.h - an application with an event base of its own, and trees to be its guests.
 *
 * The application ticks, echoes what comes, and has a timer that is far away.  What it had on
 * its base before a guest came it still has afterwards, and nothing else.
 */
#ifndef COPPICE_TESTS_ACTORS_GUEST_HOST_H
#define COPPICE_TESTS_ACTORS_GUEST_HOST_H

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

static inline void
on_tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    app.ticks++;
    if (app.stop_at_tick != 0 && app.ticks >= app.stop_at_tick)
        event_base_loopbreak(app.base);
}

static inline void
on_echo(evutil_socket_t fd, short what, void *arg)
{
    char bytes[64];
    ssize_t got = read(fd, bytes, sizeof bytes);

    (void)what;
    (void)arg;
    if (got > 0 && write(fd, bytes, (size_t)got) == got)
        app.echoed += (unsigned)got;
}

static inline void
on_hour(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    fail_msg("an hour has passed");
}

static inline void
on_limit(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    fail_msg("it takes too long");
}

static inline int
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

static inline int
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
static inline void
expect_events_untouched(void)
{
    size_t seen = 0;

    event_base_foreach_event(app.base, find_event, &seen);
    assert_int_equal(seen, app.before_count);
}

static inline void
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

static inline void
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
static inline void
run_ticks(unsigned count)
{
    app.stop_at_tick = app.ticks + count;
    event_base_dispatch(app.base);
    assert_true(app.ticks >= app.stop_at_tick);
    app.stop_at_tick = 0;
}

static inline void
run_until(const bool *flag)
{
    while (!*flag)
        assert_int_equal(event_base_loop(app.base, EVLOOP_ONCE), 0);
}

/* The application still serves. */
static inline void
expect_echo(void)
{
    unsigned before = app.echoed;

    assert_int_equal(write(app.ends[1], "hello", 5), 5);
    while (app.echoed < before + 5)
        event_base_loop(app.base, EVLOOP_ONCE);
}

static inline void
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

static inline void
on_log(void *ctx, const char *line)
{
    (void)ctx;
    snprintf(app.log + strlen(app.log), sizeof app.log - strlen(app.log), "%s\n", line);
}

static inline cop_guest_opts
usual_opts(void)
{
    return (cop_guest_opts){.node = {.on_log = on_log}, .detached = on_detached, .ctx = &app};
}

static inline void
attach_with(const cop_behaviour *behaviour, cop_guest_opts opts)
{
    assert_int_equal(cop_guest_attach(&app.node, app.base, behaviour, &opts, &app.main),
                     COP_OK);
}

static inline void
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
static inline void
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

static inline void
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

/* The descriptor that it watches; -1: none. */
static int watched;

static inline cop_err
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

static inline void
set_up_tree(void)
{
    memset(&tree, 0, sizeof tree);
    watched = -1;
}

/* ------------------------------------------------------------- an actor that never sleeps */

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

#endif /* COPPICE_TESTS_ACTORS_GUEST_HOST_H */
