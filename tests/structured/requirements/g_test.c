/* SPDX-License-Identifier: Apache-2.0 */
/*
 * g_test.c - what goes wrong in cleaning up.
 */
#include "structured/requirements/ground.h"

static cop_scope scope;

static cop_err
boom(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    return cop_fail(me, 1, "boom");
}

/* ------------------------------------------------------------------------------ G1 */

COP_BODY(clumsy_body, void, arg)
{
    (void)arg;
    if (cop_sleep(co, COP_INFINITY) != COP_OK)
        return cop_fail(me, 4, "dropped it");
    return COP_OK;
}
static COP_SEQUENTIAL(clumsy_body_b, clumsy_body);

typedef struct clumsy {
    char unused;
} clumsy;

COP_HANDLER(clumsy, cop_stopping)
{
    return cop_fail(me, 4, "dropped it");
}
static COP_BEHAVIOUR(clumsy_b, clumsy, COP_ON(clumsy, cop_stopping));

typedef struct sloppy {
    char unused;
} sloppy;

COP_HANDLER(sloppy, cop_end)
{
    return cop_fail(me, 4, "dropped it");
}
static COP_BEHAVIOUR(sloppy_b, sloppy, COP_ON(sloppy, cop_end));

static cop_err
group_closed(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome)
{
    (void)me;
    (void)state;
    (void)ctx;
    ground_say("%s:", outcome->why.text);
    for (uint32_t i = 0; i < outcome->kept_count; i++)
        ground_say("%d[%s]", outcome->kept[i].why.code, outcome->kept[i].why.text);
    return COP_OK;
}

ACT(open_with)
{
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.closed = group_closed}, &scope));
    return cop_spawn(me, arg, &(cop_spawn_opts){.scope = scope}, NULL);
}
ACT(fail_sibling)
{
    return cop_scope_soon(me, scope, boom, NULL, NULL, NULL);
}

static void
g1_the_group_has_the_first_error_and_that_of_cleaning_up(void **state)
{
    static const cop_behaviour *const rows[] = {&clumsy_body_b, &clumsy_b, &sloppy_b};

    (void)state;
    for (size_t i = 0; i < COP_COUNT(rows); i++) {
        ground_open(GROUND_SIM, &ground_b, 1);
        ground_do(open_with, (void *)(uintptr_t)rows[i]);
        ground_do(fail_sibling, NULL);
        ground_expect("boom: 1[boom] 4[dropped it]");
        ground_close();
    }
}

/* ------------------------------------------------------------------------------ G2 */

static cop_err
cancel_softly(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    ground_say("cancelled@%d", (int)cop_now_ms(me));
    return cop_scope_cancel(me, scope, COP_FORCE_SOFT, NULL);
}

/* It drains for 50 ms, and cleans up for longer than the 100 ms that it has for that. */
COP_BODY(cleaner, void, arg)
{
    cop_outcome outcome;

    (void)arg;
    COP_SCOPE(co, s, &outcome, .drain_ms = 50)
    {
        scope = s.scope;
        COP_TRY(cop_scope_after(me, cop_here(me), 10, cancel_softly, NULL, NULL, NULL));
        cop_err err = cop_sleep(co, COP_INFINITY);
        ground_say("%s@%d", cop_err_name(err), (int)cop_now_ms(me));
        COP_SCOPE(co, t, NULL, .shield = true, .deadline_ms = 100, .moves_on = true)
        {
            ground_say("%s", cop_err_name(cop_sleep(co, 60)));
            err = cop_sleep(co, 60);
            ground_say("%s@%d", cop_err_name(err), (int)cop_now_ms(me));
        }
    }
    ground_say("joined@%d", (int)cop_now_ms(me));
    return COP_OK;
}
static COP_SEQUENTIAL(cleaner_b, cleaner);

ACT(start_cleaner)
{
    return cop_spawn(me, &cleaner_b, NULL, NULL);
}

static void
g2_cleaning_up_may_wait_as_long_as_its_shield_and_no_longer(void **state)
{
    (void)state;
    ground_open(GROUND_SIM, &ground_b, 1);
    ground_do(start_cleaner, NULL);
    ground_pass(1000);
    ground_expect("cancelled@10 COP_E_CANCELLED@60 COP_OK COP_E_CANCELLED@160 joined@160");
    ground_close();
}

/* ------------------------------------------------------------------------------ G3 */

static cop_pid a_sloppy;

ACT(start_sloppy)
{
    return cop_spawn(me, &sloppy_b, NULL, &a_sloppy);
}
ACT(stop_sloppy)
{
    ground_say("%s", cop_err_name(cop_stop_child(me, a_sloppy)));
    return COP_OK;
}

static void
g3_who_failed_to_clean_up_can_be_stopped_again(void **state)
{
    (void)state;
    ground_open(GROUND_SIM, &ground_isolate_b, 1);
    ground_do(start_sloppy, NULL);
    ground_do(stop_sloppy, NULL);
    ground_do(stop_sloppy, NULL);
    ground_expect("COP_OK COP_E_NOT_FOUND");
    assert_int_equal(cop_sim_now_ms(here.sim), 0);
    ground_close();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(g1_the_group_has_the_first_error_and_that_of_cleaning_up),
        cmocka_unit_test(g2_cleaning_up_may_wait_as_long_as_its_shield_and_no_longer),
        cmocka_unit_test(g3_who_failed_to_clean_up_can_be_stopped_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
