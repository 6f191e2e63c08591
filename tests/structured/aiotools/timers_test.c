/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timers_test.c - what becomes of the ticks that a slow periodic has missed.
 */
#include "actors/actor_stage.h"
#include "base/clock.h"
#include "sim/sim.h"

typedef struct owner {
    int unused;
} owner;
static COP_BEHAVIOUR(owner_b, owner, {0});

/* How long each tick takes; time passes in a handler only where it is said. */
static int64_t takes[8];
static unsigned ticks;
static bool is_inside;

static cop_err
tick(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    assert_false(is_inside);
    is_inside = true;
    stage_say("%d", (int)cop_now_ms(me));
    if (ticks < COP_COUNT(takes))
        stage.sim->simulation.now += takes[ticks] * COPI_MS;
    ticks++;
    is_inside = false;
    return COP_OK;
}

static cop_missed missed;

static cop_err
begin_ticks(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    ticks = 0;
    return cop_scope_every_with(me, cop_here(me), 10, missed, tick, NULL, stage_dispose, NULL);
}

/* Of the first 100 ms. */
static void
expect_ticks(cop_missed policy, const int64_t *times, size_t count, const char *words)
{
    memset(takes, 0, sizeof takes);
    memcpy(takes, times, count * sizeof *times);
    missed = policy;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        stage_open(&owner_b, seed);
        stage_do(begin_ticks);
        stage_pass(100);
        stage_expect(words);
        stage_close();
        assert_int_equal(stage.disposed, 1);
    }
}

#define TICKS(policy, words, ...)                                                              \
    expect_ticks(policy, (const int64_t[]){__VA_ARGS__},                                       \
                 COP_COUNT(((const int64_t[]){__VA_ARGS__})), words)

static void
ticks_that_are_quick_come_on_time(void **state)
{
    (void)state;
    TICKS(COP_MISSED_SKIP, "10 20 30 40 50 60 70 80 90 100", 0);
    TICKS(COP_MISSED_CATCH_UP, "10 20 30 40 50 60 70 80 90 100", 0);
    TICKS(COP_MISSED_SKIP, "10 20 30 40 50 60 70 80 90 100", 9, 5);
    TICKS(COP_MISSED_CATCH_UP, "10 20 30 40 50 60 70 80 90 100", 9, 5);
}

static void
what_is_missed_is_skipped(void **state)
{
    (void)state;
    TICKS(COP_MISSED_SKIP, "10 50 60 70 80 90 100", 35);
    TICKS(COP_MISSED_SKIP, "10 50 90 100", 30, 30);
    TICKS(COP_MISSED_SKIP, "10 20 80 90 100", 0, 55);
}

/* Each period has its tick in the end, and no two of them are at once. */
static void
what_is_missed_is_caught_up(void **state)
{
    (void)state;
    TICKS(COP_MISSED_CATCH_UP, "10 45 45 45 50 60 70 80 90 100", 35);
    TICKS(COP_MISSED_CATCH_UP, "10 40 70 70 70 70 70 80 90 100", 30, 30);
    TICKS(COP_MISSED_CATCH_UP, "10 20 75 75 75 75 75 80 90 100", 0, 55);
}

static cop_err
begin_badly(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    assert_int_equal(cop_scope_every_with(me, cop_here(me), 10, (cop_missed)2, tick, NULL,
                                          stage_dispose, NULL),
                     COP_E_INVAL);
    assert_int_equal(cop_scope_every_with(me, cop_here(me), 0, COP_MISSED_CATCH_UP, tick, NULL,
                                          stage_dispose, NULL),
                     COP_E_INVAL);
    return COP_OK;
}

static void
another_policy_is_an_error(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(begin_badly);
    assert_int_equal(stage.disposed, 2);
    stage_close();
}

/* One that lags behind can be called off as any other. */
static cop_leaf leaf;

static cop_err
slow_until_the_third(cop_actor *me, void *state, void *arg)
{
    COP_TRY(tick(me, state, arg));
    return ticks == 3 ? cop_leaf_cancel(me, leaf) : COP_OK;
}

static cop_err
begin_to_be_called_off(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    ticks = 0;
    memset(takes, 0, sizeof takes);
    takes[0] = 500;
    return cop_scope_every_with(me, cop_here(me), 10, COP_MISSED_CATCH_UP, slow_until_the_third,
                                NULL, stage_dispose, &leaf);
}

static void
nothing_is_caught_up_after_the_end(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(begin_to_be_called_off);
    stage_pass(1000);
    stage_expect("10 510 510");
    assert_int_equal(stage.disposed, 1);
    stage_close();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_that_are_quick_come_on_time),
        cmocka_unit_test(what_is_missed_is_skipped),
        cmocka_unit_test(what_is_missed_is_caught_up),
        cmocka_unit_test(another_policy_is_an_error),
        cmocka_unit_test(nothing_is_caught_up_after_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
