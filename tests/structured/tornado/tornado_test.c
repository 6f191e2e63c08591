/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tornado_test.c - a worker with 39 kinds of callbacks, on the hatch and in scopes.
 *
 * This program is built twice, with each version of the worker (worker.h), and expects the
 * same of both.  Three workers live in one process:
 *
 *      pool, isolates --- nanny-0, fails fast --- worker-0
 *                    '--- nanny-1             --- worker-1
 *                    '--- nanny-2             --- worker-2
 */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "actors/actor_stage.h"
#include "worker.h"

enum {
    WORKERS = 3,
};

worker_fault worker_fault_of_test;
static cop_pid workers[WORKERS];

void
worker_said(const char *line)
{
    stage_say("%s;", line);
}

/* ------------------------------------------------------------------------ the tree */

typedef struct nanny {
    int unused;
} nanny;

COP_HANDLER(nanny, cop_start)
{
    const unsigned *index = msg->arg;
    char label[16];

    snprintf(label, sizeof label, "worker-%u", *index);
    return cop_spawn(me, &worker_b, &(cop_spawn_opts){.label = label, .arg = index},
                     &workers[*index]);
}
static COP_BEHAVIOUR(nanny_b, nanny, COP_ON(nanny, cop_start));

typedef struct pool {
    int unused;
} pool;

COP_HANDLER(pool, cop_start)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        char label[16];
        snprintf(label, sizeof label, "nanny-%u", i);
        COP_TRY(cop_spawn(me, &nanny_b, &(cop_spawn_opts){.label = label, .arg = &i}, NULL));
    }
    return COP_OK;
}
static const cop_behaviour pool_b = {
    .name = "pool",
    .state_size = sizeof(pool),
    .policy = COP_ISOLATE, /* nobody handles cop_child_down: failures are printed */
    .handlers = COP_HANDLERS(COP_ON(pool, cop_start)),
};

static void
begin(void)
{
    worker_fault_of_test = (worker_fault){0};
    worker_orders_made = worker_orders_disposed = 0;
    stage_open(&pool_b, 1);
}

static void
end(void)
{
    stage_close();
    assert_int_equal(worker_orders_disposed, worker_orders_made);
}

/* ------------------------------------------------------------------------ one shape */

/* What the worker is to begin. */
static worker_shape chosen;
static int64_t chosen_ms;

static cop_err
begin_chosen(cop_actor *me, void *state, void *arg)
{
    (void)arg;
    return worker_begin(me, state, chosen, chosen_ms);
}

static void
start_in(unsigned index, worker_shape what, int64_t ms)
{
    cop_err err;

    if (worker_abouts[what].way == WAY_POST) {
        err = worker_post(stage.node, workers[index], what);
    } else {
        chosen = what;
        chosen_ms = ms;
        err = cop_post_call(stage.node, workers[index], begin_chosen, NULL, NULL);
    }
    assert_int_equal(err, COP_OK);
    cop_sim_settle(stage.sim);
}

static void
start(unsigned index, worker_shape what)
{
    start_in(index, what, worker_abouts[what].ms);
}

static bool
is_alive(unsigned index)
{
    return worker_post(stage.node, workers[index], SHAPE_tell_scheduler) == COP_OK;
}

static bool
is_ending(worker_shape what)
{
    return strcmp(worker_abouts[what].verb, "ends itself") == 0;
}

/* What a shape of that worker says in its first `runs` runs. */
static const char *
words_of(unsigned index, worker_shape what, unsigned runs)
{
    static char words[256];
    size_t used = 0;

    words[0] = '\0';
    for (unsigned run = 1; run <= runs; run++)
        used += (size_t)snprintf(words + used, sizeof words - used, "%sw%u %s %s %u;",
                                 run == 1 ? "" : " ", index, worker_abouts[what].name,
                                 worker_abouts[what].verb, run);
    if (is_ending(what))
        snprintf(words + used, sizeof words - used, " w%u ends;", index);
    return words;
}

static unsigned
runs_of(worker_shape what)
{
    return worker_abouts[what].way == WAY_EVERY ? 3 : 1;
}

static void
each_shape_is_done(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPE_COUNT; i++) {
        worker_shape what = (worker_shape)i;
        begin();
        start(1, what);
        if (worker_abouts[what].ms > 0)
            stage_expect("");
        stage_pass(runs_of(what) * worker_abouts[what].ms);
        stage_expect(words_of(1, what, runs_of(what)));
        assert_int_equal(is_alive(1), !is_ending(what));
        end();
    }
}

/* The last of its runs fails. */
static void
let_one_fail(worker_shape what)
{
    char cause[64], *at;

    worker_fault_of_test = (worker_fault){1, what, runs_of(what)};
    start(1, what);
    stage_pass(runs_of(what) * worker_abouts[what].ms);
    snprintf(cause, sizeof cause, "%s of w1 broke", worker_abouts[what].name);
    /* The worker, then its nanny, and whoever printed it. */
    assert_non_null(at = strstr(stage.log, "pool: a child failed: error"));
    assert_non_null(strstr(at, "pool/nanny-1"));
    assert_non_null(strstr(at, "caused by"));
    assert_non_null(strstr(at, cause));
}

static void
a_callback_that_fails_stops_its_worker_only(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPE_COUNT; i++) {
        worker_shape what = (worker_shape)i;
        unsigned good = runs_of(what) - 1;
        char words[256];
        begin();
        start_in(1, SHAPE_forget_events, INT64_C(24) * 3600 * 1000); /* is still to come */
        let_one_fail(what);
        snprintf(words, sizeof words, "%s%sw1 ends;", good == 0 ? "" : words_of(1, what, good),
                 good == 0 ? "" : " ");
        stage_expect(words);
        assert_false(is_alive(1));
        /* The others do the same, and it does them no harm. */
        start(0, what);
        stage_pass(worker_abouts[what].ms);
        stage_expect(words_of(0, what, 1));
        assert_int_equal(is_alive(0), !is_ending(what));
        assert_true(is_alive(2));
        end();
    }
}

/* ------------------------------------------------------------------------ the program */

/* All of it, one after the other, and an hour in the life of each worker. */
static void
the_whole_program_says_the_same(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < SHAPE_COUNT; i++) {
        worker_shape what = (worker_shape)i;
        if (worker_abouts[what].way == WAY_EVERY || worker_abouts[what].way == WAY_AFTER)
            continue;
        start(is_ending(what) ? 1 + (what == SHAPE_close_gracefully) : 0, what);
        stage_expect(
            words_of(is_ending(what) ? 1 + (what == SHAPE_close_gracefully) : 0, what, 1));
    }
    start(0, SHAPE_forget_events);
    start_in(0, SHAPE_heartbeat, 1000 * 1000);
    start_in(0, SHAPE_adapt, 1400 * 1000);
    start_in(0, SHAPE_refresh_leases, 1450 * 1000);
    start_in(0, SHAPE_sample_profile, 1600 * 1000);
    start_in(0, SHAPE_draw_progress, 1700 * 1000);
    start_in(0, SHAPE_balance, 3500 * 1000);
    start(0, SHAPE_retry_busy_peer);
    stage_pass(3600 * 1000);
    stage_expect("w0 retry_busy_peer sends 1; w0 heartbeat ticks 1; w0 adapt ticks 1; "
                 "w0 refresh_leases ticks 1; w0 sample_profile ticks 1; "
                 "w0 draw_progress ticks 1; w0 heartbeat ticks 2; w0 adapt ticks 2; "
                 "w0 refresh_leases ticks 2; w0 heartbeat ticks 3; w0 sample_profile ticks 2; "
                 "w0 draw_progress ticks 2; w0 balance ticks 1; w0 forget_events forgets 1;");
    start(0, SHAPE_lifetime_over);
    stage_pass(60 * 1000);
    stage_expect("w0 lifetime_over ends itself 1; w0 ends;");
    end();
}

/* Run last: by then each place has been used. */
static void
the_report_counts_the_places(void **state)
{
    char *report = NULL, *rest, *line, *lines[SHAPE_COUNT] = {0};
    size_t size;
    unsigned count = 0;

    (void)state;
    FILE *out = open_memstream(&report, &size);
    assert_non_null(out);
    assert_int_equal(worker_hatches(out), worker_hatches_expected);
    fclose(out);
    rest = report;
    while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
        assert_true(count < SHAPE_COUNT);
        assert_non_null(strstr(line, "hatch.c:"));
        assert_non_null(strstr(line, "cop_"));
        assert_null(strstr(line, " 0 times"));
        for (unsigned i = 0; i < count; i++)
            assert_string_not_equal(line, lines[i]);
        lines[count++] = line;
    }
    assert_int_equal(count, worker_hatches_expected);
    free(report);
}

/* ------------------------------------------------------------------------ closing */

enum {
    CLEANUPS = 10000,
};

static cop_err
begin_cleanups(cop_actor *me, void *state, void *arg)
{
    (void)arg;
    for (int64_t i = 1; i <= CLEANUPS; i++)
        COP_TRY(worker_begin(me, state, SHAPE_forget_events, i * 3600 * 1000 / CLEANUPS));
    return COP_OK;
}

static int64_t
now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static void
pending_cleanups_do_not_hold_up_the_end(void **state)
{
    (void)state;
    begin();
    assert_int_equal(cop_post_call(stage.node, workers[1], begin_cleanups, NULL, NULL), COP_OK);
    cop_sim_settle(stage.sim);
    assert_int_equal(worker_orders_made, CLEANUPS);
    assert_int_equal(worker_orders_disposed, 0);

    int64_t virtual_before = cop_sim_now_ms(stage.sim), before = now_us();
    start(1, SHAPE_close_gracefully);
    print_message("10,000 pending clean-ups: closed in %" PRId64 " us of real time\n",
                  now_us() - before);
    assert_int_equal(cop_sim_now_ms(stage.sim), virtual_before);
    stage_expect("w1 close_gracefully ends itself 1; w1 ends;");
    assert_int_equal(worker_orders_disposed, worker_orders_made);
    assert_false(is_alive(1));
    end();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_shape_is_done),
        cmocka_unit_test(a_callback_that_fails_stops_its_worker_only),
        cmocka_unit_test(the_whole_program_says_the_same),
        cmocka_unit_test(pending_cleanups_do_not_hold_up_the_end),
        cmocka_unit_test(the_report_counts_the_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
