/* SPDX-License-Identifier: Apache-2.0 */
/*
 * patience_test.c - random trees with gates, backoff and needs under random blows: whatever
 * happens, in the end nothing is left halfway, and nothing at all when the tree has stopped.
 */
#include "stage.h"

enum {
    TREES = 3000,
    BLOWS = 30,
    OUTER = 3, /* rows of the top, and of the supervisor that is the last of them */
    INNER = 2,
    NAMES = OUTER - 1 + INNER,
};

static const char *const names[NAMES] = {"a", "b", "c", "d"};
static script scripts[NAMES];
static char starts[NAMES][8];
static cop_child outer[OUTER + 1], inner[INNER + 1], top;
static uint64_t seed;
static size_t halfway;
static bool is_answered;
static const char *chosen;

static uint32_t
below(uint32_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % limit;
}

/* ------------------------------------------------------------------------------ trees */

static void
make_worker(cop_child *row, size_t at)
{
    static const char letters[] = "++rrggx?X";
    static const char *const need_a[] = {"a", NULL};
    size_t length = below(sizeof starts[at] - 1);

    for (size_t i = 0; i < length; i++)
        starts[at][i] = letters[below(sizeof letters - 1)];
    if (below(8) != 0)
        starts[at][0] = 'r';  /* or few trees would come up at all */
    starts[at][length] = 'r'; /* and in the end all goes well */
    starts[at][length + 1] = '\0';
    scripts[at] = (script){.name = names[at],
                           .starts = starts[at],
                           .stop_ms = below(3) == 0 ? (int)below(200) : 0};
    *row = (cop_child){.name = names[at],
                       .run = &worker_b,
                       .arg = &scripts[at],
                       .restart = (cop_restart)below(2),
                       .stop_ms = below(3) == 0 ? 50 : 0,
                       .ready_ms = below(2) == 0 ? 0 : 100,
                       .needs = at == 1 && below(2) == 0 ? need_a : NULL};
    if (below(2) == 0)
        row->backoff = (cop_backoff){.first_ms = 20, .cap_ms = 100, .jitter_percent = 30};
    if (below(4) == 0)
        row->own_budget = (cop_budget){(int32_t)below(6), 1};
}

static void
make_tree(void)
{
    const cop_budget budget = {below(3) == 0 ? 3 : 1000, 1};

    memset(outer, 0, sizeof outer);
    memset(inner, 0, sizeof inner);
    for (size_t i = 0; i < OUTER - 1; i++)
        make_worker(&outer[i], i);
    for (size_t i = 0; i < INNER; i++)
        make_worker(&inner[i], OUTER - 1 + i);
    outer[OUTER - 1] = (cop_child){.name = "mid",
                                   .strategy = (cop_strategy)below(COP_DYNAMIC),
                                   .budget = budget,
                                   .ready_ms = below(2) == 0 ? 0 : 150,
                                   .sup = inner};
    top = (cop_child){.name = "top",
                      .strategy = (cop_strategy)below(COP_DYNAMIC),
                      .budget = budget,
                      .sup = outer};
}

/* ------------------------------------------------------------------------------ blows */

COP_REPLY(boss, cop_child_done)
{
    return COP_OK;
}

COP_REPLY(boss, cop_child_started)
{
    return COP_OK;
}

COP_REPLY(boss, cop_child_list)
{
    for (size_t i = 0; err == COP_OK && i < msg->children.count; i++)
        halfway += msg->children.items[i].state != COP_CHILD_RUNNING &&
                   msg->children.items[i].state != COP_CHILD_STOPPED;
    is_answered = err == COP_OK || err == COP_E_NOPROC || err == COP_E_DOWN;
    return COP_OK;
}

/* A supervisor that has ended is asked in vain. */
static cop_err
ask_to_terminate(cop_actor *me)
{
    (void)!cop_terminate_child(me, stage.top, chosen, 100, COP_THEN(boss, cop_child_done));
    return COP_OK;
}

static cop_err
ask_to_restart(cop_actor *me)
{
    (void)!cop_restart_child(me, stage.top, chosen, 100, COP_THEN(boss, cop_child_started));
    return COP_OK;
}

static cop_err
ask_what_there_is(cop_actor *me)
{
    is_answered =
        cop_which_children(me, stage.top, 100, COP_THEN(boss, cop_child_list)) != COP_OK;
    return COP_OK;
}

static void
strike(void)
{
    cop_pid whom = who(names[below(NAMES)]);

    chosen = outer[below(OUTER)].name;
    switch (below(9)) {
    case 0:
    case 1: (void)!cop_post(stage.node, whom, fall, .code = 1); break;
    case 2: (void)!cop_post(stage.node, whom, leave); break;
    case 3:
    case 4: (void)!cop_post(stage.node, whom, open); break;
    case 5: (void)!cop_post(stage.node, whom, decline); break;
    case 6: act(ask_to_terminate); break;
    case 7: act(ask_to_restart); break;
    default: cop_sim_run_for(stage.sim, below(150)); break;
    }
    if (below(3) == 0)
        cop_sim_settle(stage.sim);
}

/* ------------------------------------------------------------------------------- tests */

static cop_err
stop_if_there(cop_actor *me)
{
    (void)!cop_stop_child(me, stage.top);
    return COP_OK;
}

/* Of what may happen; a test in which nothing did would have shown nothing. */
static struct {
    int started, alive;
} seen;

static void
play(bool is_stopped_at_once)
{
    make_tree();
    seen.started += start_tree(&top) == COP_OK;
    for (int i = 0; i < BLOWS; i++)
        strike();
    if (!is_stopped_at_once) {
        halfway = 0;
        cop_sim_run_for(stage.sim, 60000);
        act(ask_what_there_is);
        assert_true(is_answered);
        seen.alive += !cop_pid_is_none(who(names[0]));
        assert_int_equal(halfway, 0);
    }
    act(stop_if_there);
    cop_sim_run_for(stage.sim, 60000);
    for (size_t i = 0; i < NAMES; i++)
        assert_true(cop_pid_is_none(who(names[i])));
    assert_true(cop_pid_is_none(who("mid")));
}

static void
nothing_is_left_halfway(void **state)
{
    for (int i = 0; i < TREES; i++) {
        seed = (uint64_t)i;
        assert_int_equal(set_up(state), 0);
        play(i % 4 == 0);
        assert_int_equal(tear_down(state), 0);
    }
    print_message("%d of %d trees started, the first child of %d was there at the end\n",
                  seen.started, TREES, seen.alive);
    assert_in_range(seen.started, TREES / 4, TREES - 1);
    assert_in_range(seen.alive, TREES / 20, TREES - 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_halfway),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
