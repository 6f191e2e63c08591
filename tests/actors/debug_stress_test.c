/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debug_stress_test.c - an actor that is looked at, suspended and resumed all the time, on
 * real threads, handles what it is sent, all of it and in order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <coppice/debug.h>
#include <coppice/node.h>

#define STRESS(M, F)                                                                           \
    M(1, number, F(i64, n))                                                                    \
    M(2, more)                                                                                 \
    M(3, all_there)
COP_PROTOCOL(STRESS)

enum {
    NUMBERS = 100000,
    AT_ONCE = 50,
    WITHIN = 30000,
};

/* Takes numbers in order, and ends the node when it has all. */
typedef struct taker {
    int64_t next;
    cop_pid boss;
} taker;

COP_HANDLER(taker, cop_start)
{
    st->boss = *(const cop_pid *)msg->arg;
    return COP_OK;
}

COP_HANDLER(taker, number)
{
    COP_REQUIRE(me, msg->n == st->next);
    return ++st->next < NUMBERS ? COP_OK : cop_send(me, st->boss, all_there);
}

static int
print_taker(const void *state, char *text, size_t size)
{
    return snprintf(text, size, "%d", (int)((const taker *)state)->next);
}

static const cop_behaviour taker_b = {
    .name = "taker",
    .state_size = sizeof(taker),
    .print_state = print_taker,
    .handlers = COP_HANDLERS(COP_ON(taker, cop_start), COP_ON(taker, number)),
};

/* Sends them, some at a time, so that the others get their turn. */
typedef struct giver {
    int64_t next;
    cop_pid taker;
} giver;

COP_HANDLER(giver, cop_start)
{
    st->taker = *(const cop_pid *)msg->arg;
    return cop_send(me, cop_self(me), more);
}

/* While the taker is suspended its mailbox may be full. */
COP_HANDLER(giver, more)
{
    cop_err err = COP_OK;

    for (int i = 0; i < AT_ONCE && st->next < NUMBERS && err == COP_OK; i++)
        if ((err = cop_send(me, st->taker, number, .n = st->next)) == COP_OK)
            st->next++;
    if (err != COP_OK && err != COP_E_FULL)
        return err;
    return st->next < NUMBERS ? cop_send(me, cop_self(me), more) : COP_OK;
}
static COP_BEHAVIOUR(giver_b, giver, COP_ON(giver, cop_start), COP_ON(giver, more));

/* Does all that can be done to the taker, in turn, and what it has got is not disturbed. */
typedef struct meddler {
    cop_pid taker;
    unsigned step;
    bool is_over;
} meddler;

static cop_err meddle(cop_actor *me, meddler *st);

static cop_err
go_on(cop_actor *me, void *state, cop_err err, const void *message)
{
    meddler *st = state;

    (void)message;
    if (st->is_over)
        return cop_stop(me);
    return err != COP_OK && err != COP_E_NOT_FOUND ? err : meddle(me, st);
}

static const cop_then done = {&cop_debug_done_type, go_on};
static const cop_then status = {&cop_actor_status_type, go_on};
static const cop_then statistics = {&cop_actor_statistics_type, go_on};
static const cop_then trace = {&cop_actor_trace_type, go_on};

static cop_err
meddle(cop_actor *me, meddler *st)
{
    switch (st->step++ % 13) {
    case 0: return cop_debug_trace_on(me, st->taker, 20, WITHIN, &done);
    case 1:
    case 5: return cop_debug_suspend(me, st->taker, WITHIN, &done);
    case 2:
    case 7:
    case 11: return cop_debug_status(me, st->taker, WITHIN, &status);
    case 3: return cop_debug_statistics_on(me, st->taker, WITHIN, &done);
    case 4:
    case 8: return cop_debug_resume(me, st->taker, WITHIN, &done);
    case 6: return cop_debug_trace(me, st->taker, WITHIN, &trace);
    case 9: return cop_debug_statistics(me, st->taker, WITHIN, &statistics);
    case 10: return cop_debug_statistics_off(me, st->taker, WITHIN, &done);
    default: return cop_debug_trace_off(me, st->taker, WITHIN, &done);
    }
}

COP_HANDLER(meddler, cop_start)
{
    cop_pid self = cop_self(me);

    COP_TRY(cop_spawn(me, &taker_b, &(cop_spawn_opts){.arg = &self}, &st->taker));
    COP_TRY(cop_spawn(me, &giver_b, &(cop_spawn_opts){.arg = &st->taker}, NULL));
    return meddle(me, st);
}

COP_HANDLER(meddler, all_there)
{
    st->is_over = true;
    return COP_OK;
}
static COP_BEHAVIOUR(meddler_b, meddler, COP_ON(meddler, cop_start),
                     COP_ON(meddler, all_there));

static void
nothing_is_lost_and_all_is_in_order(void **state)
{
    cop_node *node = NULL;
    cop_node_stats left;

    (void)state;
    assert_int_equal(cop_node_new(&node, &(cop_node_opts){.workers = 3}), COP_OK);
    assert_int_equal(cop_node_start(node, &meddler_b, NULL, NULL), COP_OK);
    assert_int_equal(cop_node_wait(node, NULL), 0);
    cop_node_stats_read(node, &left);
    assert_int_equal(left.actors, 0);
    assert_int_equal(left.live_messages, 0);
    assert_int_equal(left.timers, 0);
    cop_node_free(&node);
}

/* ------------------------------------------------------- time in handlers, on a real clock */

/* Written by the watcher, read when the node has ended. */
static cop_actor_statistics measured;

typedef struct worker {
    int unused;
} worker;

/* Takes a while, or next to nothing. */
COP_HANDLER(worker, number)
{
    int64_t end = cop_now_ms(me) + msg->n;

    while (cop_now_ms(me) < end)
        continue;
    return COP_OK;
}
static COP_BEHAVIOUR(worker_b, worker, COP_ON(worker, number));

typedef struct watcher {
    cop_pid worker;
} watcher;

COP_REPLY(watcher, cop_actor_statistics)
{
    COP_TRY(err);
    measured = *msg;
    return cop_stop(me);
}

COP_REPLY(watcher, cop_debug_done)
{
    COP_TRY(err);
    COP_TRY(cop_send(me, st->worker, number, .n = 5));
    COP_TRY(cop_send(me, st->worker, number, .n = 0));
    return cop_debug_statistics(me, st->worker, WITHIN,
                                COP_THEN(watcher, cop_actor_statistics));
}

COP_HANDLER(watcher, cop_start)
{
    COP_TRY(cop_spawn(me, &worker_b, NULL, &st->worker));
    return cop_debug_statistics_on(me, st->worker, WITHIN, COP_THEN(watcher, cop_debug_done));
}
static COP_BEHAVIOUR(watcher_b, watcher, COP_ON(watcher, cop_start));

static void
time_in_handlers_is_measured(void **state)
{
    cop_node *node = NULL;

    (void)state;
    assert_int_equal(cop_node_new(&node, &(cop_node_opts){.workers = 2}), COP_OK);
    assert_int_equal(cop_node_start(node, &watcher_b, NULL, NULL), COP_OK);
    assert_int_equal(cop_node_wait(node, NULL), 0);
    cop_node_free(&node);
    assert_int_equal(measured.messages, 2);
    /* The clock of cop_now_ms is cut to milliseconds. */
    assert_true(measured.longest_us >= 4000);
    assert_true(measured.busy_us >= measured.longest_us);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_and_all_is_in_order),
        cmocka_unit_test(time_in_handlers_is_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
