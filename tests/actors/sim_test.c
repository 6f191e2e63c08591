/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim_test.c - the simulator's schedule.
 */
#include <coppice/co.h>

#include "actor_stage.h"

enum {
    CROWD = 20
};

typedef struct owner {
    int unused;
} owner;

static const cop_behaviour owner_b = {.name = "owner", .state_size = sizeof(owner)};

COP_BODY(talker, void, arg)
{
    int number = (int)(intptr_t)arg;

    stage_say("%d", number);
    COP_TRY(cop_sleep(co, 10));
    stage_say("%d", number);
    return COP_OK;
}
static COP_SEQUENTIAL(talker_b, talker);

static cop_err
start_crowd(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    for (intptr_t i = 0; i < CROWD; i++)
        COP_TRY(cop_spawn(me, &talker_b, &(cop_spawn_opts){.arg = (void *)i}, NULL));
    return COP_OK;
}

/* All are counted off when they begin, and again when their time has come. */
static void
write_in_order(char *text, size_t size)
{
    size_t used = 0;

    for (int i = 0; i < 2 * CROWD; i++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%d", i == 0 ? "" : " ", i % CROWD);
}

static void
in_order_who_has_waited_longest_runs_next(void **state)
{
    char in_order[1024];

    (void)state;
    write_in_order(in_order, sizeof in_order);
    for (uint64_t seed = 1; seed <= 10; seed++) {
        stage_open(&owner_b, seed);
        cop_sim_in_order(stage.sim);
        stage_do(start_crowd);
        stage_pass(10);
        stage_expect(in_order);
        stage_close();
    }
}

static void
otherwise_the_seed_decides(void **state)
{
    char in_order[1024];

    (void)state;
    write_in_order(in_order, sizeof in_order);
    for (uint64_t seed = 1; seed <= 10; seed++) {
        stage_open(&owner_b, seed);
        stage_do(start_crowd);
        stage_pass(10);
        assert_string_not_equal(stage.trace, in_order);
        stage_close();
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order_who_has_waited_longest_runs_next),
        cmocka_unit_test(otherwise_the_seed_decides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
