/* SPDX-License-Identifier: Apache-2.0 */
/*
 * i_test.c - timers are children, and have owners.
 */
#include <malloc.h>

#include <coppice/fault.h>
#include <coppice/timer.h>

#include "structured/requirements/ground.h"

#define TALK(M, F) M(1, beat, F(i64, n))
COP_PROTOCOL(TALK)

static unsigned disposed;

static void
dispose(void *arg)
{
    (void)arg;
    disposed++;
}

static cop_err
say_call(cop_actor *me, void *state, void *arg)
{
    (void)state;
    ground_say("%s@%d", (const char *)arg, (int)cop_now_ms(me));
    return COP_OK;
}

/* ------------------------------------------------------------------------------ I1 */

enum {
    TEN_HOURS = 10 * 3600 * 1000,
};

ACT(arm_for_hours)
{
    COP_TRY(cop_after(me, TEN_HOURS, say_call, "after", dispose, NULL));
    COP_TRY(cop_every(me, TEN_HOURS, say_call, "every", dispose, NULL));
    return cop_send_after(me, TEN_HOURS, NULL, beat);
}

static void
i1_a_timer_of_hours_does_not_hold_up_the_end(void **state)
{
    (void)state;
    disposed = 0;
    ground_open(GROUND_SIM, &ground_b, 1);
    ground_do(arm_for_hours, NULL);
    ground_pass(1000);
    (void)ground_stop();
    assert_int_equal(cop_sim_now_ms(here.sim), 1000);
    assert_int_equal(disposed, 2);
    ground_close();
    assert_int_equal(ground_count("after"), 0);
}

/* ------------------------------------------------------------------------------ I2 */

static cop_leaf other_leaf;
static cop_timer other_timer;

/* The other one is due at the same time: its turn is the next, and it waits for that. */
static cop_err
drop_the_other(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    ground_say("%s %d", cop_err_name(cop_leaf_cancel(me, other_leaf)),
               cop_timer_cancel(me, other_timer));
    return COP_OK;
}

ACT(arm_both)
{
    COP_TRY(cop_after(me, 10, drop_the_other, NULL, NULL, NULL));
    COP_TRY(cop_after(me, 10, say_call, "dropped", dispose, &other_leaf));
    return cop_send_after(me, 10, &other_timer, beat);
}

static void
i2_a_timer_that_waits_for_its_turn_can_still_be_dropped(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        disposed = 0;
        ground_open(GROUND_SIM, &ground_b, seed);
        ground_do(arm_both, NULL);
        ground_pass(100);
        ground_expect("COP_OK 1");
        assert_int_equal(disposed, 1);
        ground_close();
    }
}

/* ------------------------------------------------------------------------------ I3 */

ACT(beat_often)
{
    return cop_every(me, 10, say_call, "beat", NULL, NULL);
}

/* The second beat gets its turn three periods late: those in between are skipped, and the next
 * one comes when it is due. */
static void
i3_a_late_beat_is_one_and_those_it_missed_are_skipped(void **state)
{
    (void)state;
    ground_open(GROUND_SIM, &ground_b, 1);
    ground_do(beat_often, NULL);
    ground_pass(15);
    assert_int_equal(
        cop_sim_fault(here.sim, &(cop_fault){.kind = &cop_fault_starve, .at = 1, .ms = 35}),
        COP_OK);
    ground_pass(65);
    const char *trace = here.trace;
    int first = 0, second = 0, third = 0;
    assert_int_equal(sscanf(trace, " beat@%d beat@%d beat@%d ", &first, &second, &third), 3);
    assert_int_equal(first, 10);
    assert_in_range(second, 50, 60);
    assert_int_equal(third % 10, 0);
    assert_in_range(third - second, 1, 10);
    ground_close();
}

/* ------------------------------------------------------------------------------ I5 */

static unsigned many;
static cop_leaf *leaves;

ACT(arm_many)
{
    for (unsigned i = 0; i < many; i++)
        COP_TRY(cop_after(me, TEN_HOURS + i, say_call, "never", dispose, &leaves[i]));
    return COP_OK;
}
ACT(drop_a_tenth)
{
    for (unsigned i = 0; i < many; i += 10)
        COP_TRY(cop_leaf_cancel(me, leaves[i]));
    return COP_OK;
}
ACT(arm_a_tenth)
{
    for (unsigned i = 0; i < many; i += 10)
        COP_TRY(cop_after(me, TEN_HOURS + i, say_call, "never", dispose, &leaves[i]));
    return COP_OK;
}

static uint64_t
timers(void)
{
    cop_node_stats stats;

    cop_node_stats_read(here.node, &stats);
    return stats.timers;
}

static void
i5_of_a_million_timers_those_that_are_dropped_leave_no_memory_behind(void **state)
{
    (void)state;
    many = getenv("COPPICE_UNDER_VALGRIND") != NULL ? 10 * 1000 : 1000 * 1000;
    disposed = 0;
    leaves = calloc(many, sizeof *leaves);
    assert_non_null(leaves);
    ground_open(GROUND_SIM, &ground_b, 1);
    ground_do(arm_many, NULL);
    assert_int_equal(timers(), many);
    ground_do(drop_a_tenth, NULL);
    assert_int_equal(timers(), many - many / 10);
    assert_int_equal(disposed, many / 10);
    ground_do(arm_a_tenth, NULL);
    size_t used = mallinfo2().uordblks;
    for (int i = 0; i < 10; i++) {
        ground_do(drop_a_tenth, NULL);
        ground_do(arm_a_tenth, NULL);
    }
    assert_in_range(mallinfo2().uordblks, 0, used + 4096);
    assert_int_equal(timers(), many);
    ground_close();
    assert_int_equal(disposed, many + 11 * (many / 10));
    free(leaves);
}

/* ------------------------------------------------------------------------------ I6 */

static uint64_t
trace_of(uint64_t seed)
{
    ground_open(GROUND_SIM, &ground_b, seed);
    ground_do(arm_for_hours, NULL);
    ground_do(beat_often, NULL);
    ground_do(arm_both, NULL);
    ground_pass(1000);
    uint64_t trace = cop_sim_trace(here.sim);
    ground_close();
    return trace;
}

static void
i6_a_seed_decides_all_that_timers_do(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++)
        assert_true(trace_of(seed) == trace_of(seed));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i1_a_timer_of_hours_does_not_hold_up_the_end),
        cmocka_unit_test(i2_a_timer_that_waits_for_its_turn_can_still_be_dropped),
        cmocka_unit_test(i3_a_late_beat_is_one_and_those_it_missed_are_skipped),
        cmocka_unit_test(i5_of_a_million_timers_those_that_are_dropped_leave_no_memory_behind),
        cmocka_unit_test(i6_a_seed_decides_all_that_timers_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
