/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stress_test.c - random things on real threads, node after node; see storm.h.
 *
 *      COPPICE_SECONDS=n   how long; else 3, or 60 with COPPICE_FULL=1
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/rng.h"
#include "property/storm.h"

enum {
    THREADS = 2, /* that are no workers */
    ROUND_MS = 400,
    KEEPERS = 3,
};

void
storm_fail(storm *self, const char *what)
{
    const char *none = NULL;

    if (atomic_compare_exchange_strong(&self->failure, &none, what))
        fprintf(stderr, "broken: %s\n", what);
}

void
storm_count(tally *self, const gust *one)
{
    copi_rng mixed = {one->seq ^ one->from.id << 20 ^ one->to.id};

    atomic_fetch_add(&self->count, 1);
    atomic_fetch_add(&self->sum, copi_rng_next(&mixed));
}

cop_pid
storm_anybody(storm *self, uint64_t random)
{
    uint64_t id = atomic_load(&self->board[(random >> 20) % BOARD]);

    return id == 0 ? COP_PID_NONE : (cop_pid){cop_node_incarnation(self->node), id};
}

static void
on_dead_letter(void *ctx, const cop_dead_letter *letter)
{
    if (letter->type == &gust_type)
        storm_count(&((storm *)ctx)->dead, letter->message);
}

static void
on_log(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

/* ------------------------------------------------------------- threads that are no workers */

typedef struct stranger {
    storm *storm;
    uint64_t seed;
    pthread_t thread;
} stranger;

static void
blow_in(storm *self, copi_rng *rng, uint64_t seq)
{
    gust one = {.to = storm_anybody(self, copi_rng_next(rng)), .seq = seq, .hops = HOPS};

    if (!cop_pid_is_none(one.to) &&
        cop_post_message(self->node, one.to, &gust_type, &one) == COP_OK)
        storm_count(&self->sent, &one);
}

/* Until the node is gone, and a little longer. */
static void *
run_stranger(void *ctx)
{
    stranger *self = ctx;
    copi_rng rng = {self->seed};
    cop_err err = COP_OK;

    for (uint64_t turn = 1; err != COP_E_GONE; turn++) {
        blow_in(self->storm, &rng, turn << 8 | (self->seed & 0xff));
        if (copi_rng_below(&rng, 20) == 0 && atomic_load(&self->storm->alive) < CROWD / 2)
            err = leaf_plant(self->storm, copi_rng_next(&rng));
        else if (copi_rng_below(&rng, 50) == 0)
            (void)cop_node_whereis(self->storm->node, "n1");
        if (atomic_load(&self->storm->is_over))
            err = leaf_plant(self->storm, copi_rng_next(&rng));
        if (copi_rng_below(&rng, 16) == 0)
            sched_yield();
    }
    for (uint64_t turn = 0; turn < 100; turn++)
        blow_in(self->storm, &rng, UINT64_MAX - turn);
    return NULL;
}

/* ----------------------------------------------------------------------------- a round */

static void
wait_ms(int64_t ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

static void
check_end(storm *self)
{
    cop_node_stats stats;
    char name[] = "n0";

    cop_node_stats_read(self->node, &stats);
    assert_int_equal(stats.actors, 0);
    assert_int_equal(stats.timers, 0);
    assert_int_equal(stats.live_messages, 0);
    assert_int_equal(self->sent.count, self->handled.count + self->dead.count);
    assert_true(self->sent.sum == self->handled.sum + self->dead.sum);
    assert_int_equal(self->asked, self->ended_calls + self->lost_calls);
    assert_int_equal(self->started, self->disposed);
    assert_int_equal(self->alive, 0);
    assert_int_equal(self->litters, self->litters_seen);
    for (; name[1] < '0' + STORM_NAMES; name[1]++)
        assert_true(cop_pid_is_none(cop_node_whereis(self->node, name)));
}

static void
wait_for_keepers(storm *self)
{
    int64_t end = copi_clock_ns() + 60000 * COPI_MS;

    while (atomic_load(&self->litters) != atomic_load(&self->litters_seen) &&
           copi_clock_ns() < end)
        wait_ms(1);
}

static void
start_all(storm *self, stranger *threads, uint64_t seed)
{
    assert_int_equal(cop_node_start(self->node, &trunk_behaviour, NULL, NULL), COP_OK);
    for (int i = 0; i < KEEPERS; i++)
        assert_int_equal(
            cop_node_spawn(self->node, &keeper_behaviour, &(cop_spawn_opts){.arg = self}, NULL),
            COP_OK);
    for (int i = 0; i < 20; i++)
        (void)leaf_plant(self, seed + (uint64_t)i * 1234567);
    for (uint64_t i = 0; i < THREADS; i++) {
        threads[i] = (stranger){.storm = self, .seed = seed * THREADS + i};
        assert_int_equal(pthread_create(&threads[i].thread, NULL, run_stranger, &threads[i]),
                         0);
    }
}

/* Returns how many messages were handled. */
static uint64_t
run_round(uint64_t seed, int64_t ms)
{
    storm *self = calloc(1, sizeof *self);
    stranger threads[THREADS];

    assert_non_null(self);
    cop_node_opts opts = {.workers = 1 + (unsigned)(seed % 4),
                          .seed = seed,
                          .on_dead_letter = on_dead_letter,
                          .on_log = on_log,
                          .ctx = self};
    assert_int_equal(cop_node_new(&self->node, &opts), COP_OK);
    start_all(self, threads, seed);
    wait_ms(ms);
    atomic_store(&self->is_over, true);
    wait_for_keepers(self);
    cop_node_stop(self->node, NULL);
    (void)cop_node_wait(self->node, NULL);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i].thread, NULL), 0);
    uint64_t handled = self->handled.count;
    assert_null(self->failure);
    check_end(self);
    cop_node_free(&self->node);
    free(self);
    return handled;
}

static int64_t
seconds(void)
{
    const char *text = getenv("COPPICE_SECONDS");

    if (text != NULL)
        return strtol(text, NULL, 10);
    return getenv("COPPICE_FULL") != NULL ? 60 : 3;
}

static void
nothing_is_lost_or_doubled_in_a_storm(void **state)
{
    int64_t end = copi_clock_ns() + seconds() * 1000 * COPI_MS;
    uint64_t handled = 0, rounds = 0;

    (void)state;
    do {
        /* Long ones, and some that end before they have begun. */
        handled += run_round(rounds + 1, rounds % 5 == 4 ? 2 : ROUND_MS);
        rounds++;
    } while (copi_clock_ns() < end);
    print_message("%llu rounds, %llu messages\n", (unsigned long long)rounds,
                  (unsigned long long)handled);
    assert_true(handled > rounds);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_or_doubled_in_a_storm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
