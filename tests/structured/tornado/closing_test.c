/* SPDX-License-Identifier: Apache-2.0 */
/*
 * closing_test.c - the hatch and the end of its actor: who posts meanwhile, what is slow,
 * and who closes it from within.
 */
#include <pthread.h>
#include <stdlib.h>

#include <coppice/co.h>

#include "actors/actor_stage.h"
#include "base/clock.h"
#include "sim/sim.h"

/* ------------------------------------------------------------------------ foreign threads */

enum {
    POSTERS = 4,
    AFTERWARDS = 50, /* posts of each thread once it was refused */
};

/* Of one closing. */
static struct {
    cop_node *node;
    cop_pid worker;
    _Atomic unsigned ran, disposed, disposed_unrun;
} closing;

/* What is posted. */
typedef struct parcel {
    bool has_run;
} parcel;

static cop_err
run_parcel(cop_actor *me, void *state, void *arg)
{
    (void)me;
    (void)state;
    ((parcel *)arg)->has_run = true;
    atomic_fetch_add(&closing.ran, 1);
    return COP_OK;
}

static void
dispose_parcel(void *arg)
{
    if (!((parcel *)arg)->has_run)
        atomic_fetch_add(&closing.disposed_unrun, 1);
    atomic_fetch_add(&closing.disposed, 1);
    free(arg);
}

typedef struct poster {
    pthread_t thread;
    unsigned accepted, refused, gone;
} poster;

static void *
post_until_it_is_gone(void *arg)
{
    poster *self = arg;

    while (self->gone < AFTERWARDS) {
        parcel *sent = calloc(1, sizeof *sent);
        if (sent == NULL)
            abort();
        cop_err err =
            cop_post_soon(closing.node, closing.worker, run_parcel, sent, dispose_parcel);
        self->accepted += err == COP_OK;
        self->refused += err != COP_OK;
        self->gone += err == COP_E_NOPROC;
        if (err != COP_OK && err != COP_E_NOPROC && err != COP_E_FULL)
            abort();
    }
    return NULL;
}

typedef struct worker {
    int unused;
} worker;

COP_HANDLER(worker, cop_end)
{
    stage_say("end");
    return COP_OK;
}
static COP_BEHAVIOUR(worker_b, worker, COP_ON(worker, cop_end));

/* In one round by the node's end, in the next one by a callback among the others. */
static cop_err
stop_it(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    return cop_stop(me);
}

/* Of all rounds. */
static struct {
    unsigned ran, dropped, refused;
} totals;

static void
close_under_posts(unsigned round)
{
    poster posters[POSTERS] = {0};
    unsigned accepted = 0, refused = 0;

    memset(&closing, 0, sizeof closing);
    stage.trace[0] = '\0';
    assert_int_equal(cop_node_new(&closing.node, &(cop_node_opts){.workers = 2}), COP_OK);
    assert_int_equal(cop_node_start(closing.node, &worker_b, NULL, &closing.worker), COP_OK);
    for (int i = 0; i < POSTERS; i++)
        assert_int_equal(
            pthread_create(&posters[i].thread, NULL, post_until_it_is_gone, &posters[i]), 0);
    while (atomic_load(&closing.ran) < 10 * round)
        sched_yield();
    if (round % 2 == 0)
        cop_node_stop(closing.node, NULL);
    else /* its mailbox may be full */
        while (cop_post_call(closing.node, closing.worker, stop_it, NULL, NULL) == COP_E_FULL)
            sched_yield();
    for (int i = 0; i < POSTERS; i++) {
        assert_int_equal(pthread_join(posters[i].thread, NULL), 0);
        accepted += posters[i].accepted;
        refused += posters[i].refused;
    }
    assert_int_equal(cop_node_wait(closing.node, NULL), 0);
    /* Each has run, or was dropped by the worker, or was refused; and was disposed of. */
    assert_int_equal(closing.disposed, accepted + refused);
    assert_int_equal(closing.ran + closing.disposed_unrun, closing.disposed);
    assert_true(closing.disposed_unrun >= refused);
    assert_true(refused >= POSTERS * AFTERWARDS);
    assert_string_equal(stage.trace, "end");
    totals.ran += closing.ran;
    totals.dropped += closing.disposed_unrun - refused;
    totals.refused += refused;

    cop_node_stats left;
    cop_node_stats_read(closing.node, &left);
    assert_int_equal(left.live_messages, 0);
    cop_node_free(&closing.node);
}

static void
what_is_posted_while_it_closes_runs_or_is_refused(void **state)
{
    unsigned rounds = getenv("COPPICE_UNDER_VALGRIND") != NULL ? 4 : 16;

    (void)state;
    for (unsigned round = 0; round < rounds; round++)
        close_under_posts(round);
    print_message("%u ran, %u were dropped, %u were refused\n", totals.ran, totals.dropped,
                  totals.refused);
}

/* ------------------------------------------------------------------------ periodics */

/* A handler that takes so long; the only way for time to pass in one. */
static void
take(int64_t ms)
{
    stage.sim->simulation.now += ms * COPI_MS;
}

static bool is_inside;

static cop_err
slow_tick(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    assert_false(is_inside);
    is_inside = true;
    stage_say("%d", (int)cop_now_ms(me));
    take(30);
    is_inside = false;
    return COP_OK;
}

static cop_err
begin_slow(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    return cop_every(me, 10, slow_tick, NULL, stage_dispose, NULL);
}

static void
a_slow_periodic_never_overlaps_and_skips_what_it_missed(void **state)
{
    (void)state;
    stage_open(&worker_b, 1);
    stage_do(begin_slow);
    stage_pass(170);
    stage_expect("10 50 90 130 170");
    stage_close();
    assert_int_equal(stage.disposed, 1);
}

static unsigned ticks;

static cop_err
bad_tick(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    return ++ticks < 3 ? COP_OK : cop_fail(me, 9, "tick %u", ticks);
}

static cop_err
begin_bad(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    ticks = 0;
    COP_TRY(cop_every(me, 10, bad_tick, NULL, stage_dispose, NULL));
    return cop_every(me, 15, slow_tick, NULL, stage_dispose, NULL);
}

static void
a_failing_periodic_stops_the_worker(void **state)
{
    (void)state;
    stage_open(&worker_b, 1);
    stage_do(begin_bad);
    stage_pass(1000);
    assert_int_equal(ticks, 3);
    stage_expect("15 end");
    assert_int_equal(stage.disposed, 2);
    assert_false(cop_post_call(stage.node, stage.actor, bad_tick, NULL, NULL) == COP_OK);
    stage_close();
}

/* ------------------------------------------------------------------------ finally: close() */

#define SERVER(M, F)                                                                           \
    M(1, serve)                                                                                \
    M(2, close_server)                                                                         \
    M(3, server_closed)
COP_PROTOCOL(SERVER)

/* Has a stream, which is served by a body of its own. */
typedef struct server {
    cop_pid stream;
    cop_token closing;
} server;

COP_HANDLER(server, close_server)
{
    COP_TRY(cop_defer(me, &st->closing)); /* answered when all of it is closed */
    return cop_stop(me);
}

COP_HANDLER(server, serve)
{
    return cop_send(me, st->stream, serve);
}

COP_HANDLER(server, cop_end)
{
    stage_say("server ends: %s", cop_exit_kind_name(msg->why.kind));
    return COP_OK;
}

/* How the stream closes the server that waits for it. */
static cop_err (*finally)(cop_co *co, cop_actor *me);

COP_BODY(stream, void, arg)
{
    const serve *asked;

    cop_err err = cop_receive_a(co, COP_INFINITY, serve, &asked);
    stage_say("served: %s", cop_err_name(err));
    err = finally(co, me);
    stage_say("finally: %s", cop_err_name(err));
    return err;
}
static COP_SEQUENTIAL(stream_b, stream);

COP_HANDLER(server, cop_start)
{
    return cop_spawn(me, &stream_b, NULL, &st->stream);
}
static COP_BEHAVIOUR(server_b, server, COP_ON(server, cop_start), COP_ON(server, serve),
                     COP_ON(server, close_server), COP_ON(server, cop_end));

/* As in dask: asks for it to be closed, and waits until it is. */
static cop_err
close_and_wait(cop_co *co, cop_actor *me)
{
    const server_closed *closed;

    return cop_call(co, cop_owner(me), 3600 * 1000, server_closed, &closed, close_server);
}

static cop_err
close_by_hatch(cop_co *co, cop_actor *me)
{
    COP_TRY(cop_post_soon(cop_node_of(me), cop_owner(me), stop_it, NULL, stage_dispose));
    return cop_sleep(co, COP_INFINITY);
}

static void
expect_closed_at_once(const char *what)
{
    stage_open(&server_b, 1);
    assert_int_equal(cop_post(stage.node, stage.actor, serve), COP_OK);
    stage_expect(what);
    assert_int_equal(cop_sim_now_ms(stage.sim), 0);
    stage_close();
}

static void
close_in_finally_of_a_served_stream_closes(void **state)
{
    (void)state;
    finally = close_and_wait;
    expect_closed_at_once("served: COP_OK finally: COP_E_CANCELLED server ends: normal");
    finally = close_by_hatch;
    expect_closed_at_once("served: COP_OK finally: COP_E_CANCELLED server ends: normal");
    assert_int_equal(stage.disposed, 1);
}

/* The server is closed by somebody else while the stream is served. */
static void
close_in_finally_of_a_cancelled_stream_is_harmless(void **state)
{
    (void)state;
    finally = close_and_wait;
    stage_open(&server_b, 1);
    stage_do(stop_it);
    stage_expect("served: COP_E_CANCELLED finally: COP_E_CANCELLED server ends: normal");
    assert_int_equal(cop_sim_now_ms(stage.sim), 0);
    stage_close();
}

/* The stream stands in the scope that it wants to see closed. */
COP_BODY(inside, void, arg)
{
    cop_outcome outcome;

    COP_SCOPE(co, around, &outcome, .name = "around")
    {
        stage_say("%s", cop_err_name(cop_scope_join(co, around.scope, NULL)));
    }
    stage_say("%s", cop_exit_kind_name(outcome.why.kind));
    return COP_OK;
}
static COP_SEQUENTIAL(inside_b, inside);

static void
waiting_for_the_scope_one_stands_in_is_an_error_at_once(void **state)
{
    (void)state;
    stage_open(&inside_b, 1);
    stage_expect("COP_E_SELF normal");
    stage_close();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_posted_while_it_closes_runs_or_is_refused),
        cmocka_unit_test(a_slow_periodic_never_overlaps_and_skips_what_it_missed),
        cmocka_unit_test(a_failing_periodic_stops_the_worker),
        cmocka_unit_test(close_in_finally_of_a_served_stream_closes),
        cmocka_unit_test(close_in_finally_of_a_cancelled_stream_is_harmless),
        cmocka_unit_test(waiting_for_the_scope_one_stands_in_is_an_error_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
