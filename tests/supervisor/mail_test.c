/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mail_test.c - messages that outlive the one they were for, and messages that kill.
 */
#include "stage.h"

#define MAIL(M, F)                                                                             \
    M(1, mark, F(i64, n))                                                                      \
    M(2, ask_mark)                                                                             \
    M(3, marked, F(i64, n))
COP_PROTOCOL(MAIL)

typedef struct marker {
    const char *name;
} marker;

COP_HANDLER(marker, cop_start)
{
    st->name = msg->arg;
    note("+%s", st->name);
    return COP_OK;
}

COP_HANDLER(marker, mark)
{
    note("%s%d", st->name, (int)msg->n);
    return COP_OK;
}

COP_HANDLER(marker, ask_mark)
{
    return cop_reply(me, marked, .n = 1);
}

COP_HANDLER(marker, fall)
{
    note("-%s", st->name);
    return cop_fail(me, (int)msg->code, "boom");
}

COP_HANDLER(marker, leave)
{
    note("-%s", st->name);
    return cop_stop(me);
}

static const cop_behaviour marker_b = {
    .name = "marker",
    .state_size = sizeof(marker),
    .handlers =
        COP_HANDLERS(COP_ON(marker, cop_start), COP_ON(marker, mark), COP_ON(marker, ask_mark),
                     COP_ON(marker, fall), COP_ON(marker, leave)),
};

#define MARKER(id, ...)                                                                        \
    {                                                                                          \
        .name = #id, .run = &marker_b, .arg = #id, __VA_ARGS__                                 \
    }

static void
tell(const char *name, int n)
{
    assert_int_equal(cop_post(stage.node, who(name), mark, .n = n), COP_OK);
}

static void
write_report(COP_UNUSED void *ctx, const cop_report *report)
{
    if (report->what == COP_NEWS_POISONED)
        note("(poisoned %s)", report->name);
}

static const cop_reporter reporter = {write_report, NULL};

static void
on_letter(COP_UNUSED void *ctx, const cop_dead_letter *letter)
{
    note("dead:%s:%s", letter->type->name, cop_err_name(letter->why));
}

static int
set_stage(COP_UNUSED void **state)
{
    static uint64_t seed; /* another schedule each time */
    const cop_node_opts opts = {.name = "n", .on_log = keep_log, .on_dead_letter = on_letter};

    memset(&stage, 0, sizeof stage);
    assert_int_equal(cop_sim_new(&stage.sim, ++seed), COP_OK);
    assert_int_equal(cop_sim_node(stage.sim, &opts, &stage.node), COP_OK);
    assert_int_equal(cop_sim_spawn(stage.node, &boss_b, NULL, &stage.boss), COP_OK);
    return 0;
}

/* Ends the node: then no message may be left anywhere. */
static int
leave_stage(COP_UNUSED void **state)
{
    cop_node_stats left;

    assert_true(cop_sim_stop(stage.sim, stage.node, 100000));
    cop_node_stats_read(stage.node, &left);
    assert_int_equal(left.live_messages, 0);
    cop_sim_free(&stage.sim);
    return 0;
}

static void
begin(const cop_child *tree, const char *starts)
{
    assert_int_equal(start_tree(tree), COP_OK);
    EXPECT(starts);
}

/* ------------------------------------------------------------------------ the tests */

static const cop_child keeping = {
    .name = "top",
    .reporter = &reporter,
    .sup = COP_CHILDREN(MARKER(a, .keep_mail = true), MARKER(b, .keep_mail = false)),
};

static void
what_waits_is_handled_by_the_next_life(COP_UNUSED void **state)
{
    begin(&keeping, "+a +b");
    crash("a");
    tell("a", 1);
    tell("a", 2);
    EXPECT("-a (poisoned a) dead:fall:COP_E_POISON +a a1 a2");
    assert_non_null(strstr(stage.log, "child a poisoned: "));
}

static void
without_keep_mail_it_is_dead_letters(COP_UNUSED void **state)
{
    begin(&keeping, "+a +b");
    crash("b");
    tell("b", 1);
    EXPECT("-b dead:mark:COP_E_NOPROC +b");
}

static const cop_child patient = {
    .name = "top",
    .budget = {10, 10},
    .reporter = &reporter,
    .sup = COP_CHILDREN(MARKER(a, .keep_mail = true, .poison_after = 3)),
};

static void
who_is_tried_again_is_tried_first(COP_UNUSED void **state)
{
    begin(&patient, "+a");
    tell("a", 1);
    crash("a");
    tell("a", 2);
    EXPECT("a1 -a +a -a +a -a (poisoned a) dead:fall:COP_E_POISON +a a2");
}

COP_REPLY(boss, marked)
{
    note("%s", err != COP_OK ? cop_err_name(err) : "answered");
    return COP_OK;
}

static cop_err
ask_a(cop_actor *me)
{
    return cop_ask(me, who("a"), 1000, COP_THEN(boss, marked), ask_mark);
}

static void
a_call_that_waits_is_answered_by_the_next_life(COP_UNUSED void **state)
{
    begin(&keeping, "+a +b");
    crash("a");
    act(ask_a);
    EXPECT("-a (poisoned a) dead:fall:COP_E_POISON +a answered");
}

static const cop_child waiting = {
    .name = "top",
    .reporter = &reporter,
    .sup = COP_CHILDREN(MARKER(a, .keep_mail = true, .backoff = {.first_ms = 100})),
};

static void
it_is_kept_over_a_wait(COP_UNUSED void **state)
{
    begin(&waiting, "+a");
    crash("a");
    tell("a", 1);
    EXPECT("-a (poisoned a) dead:fall:COP_E_POISON");
    cop_sim_run_for(stage.sim, 100);
    EXPECT("+a a1");
}

COP_REPLY(boss, cop_child_done)
{
    return err;
}

static cop_err
terminate_a(cop_actor *me)
{
    return cop_terminate_child(me, stage.top, "a", 1000, COP_THEN(boss, cop_child_done));
}

static void
who_is_terminated_meanwhile_has_it_dropped(COP_UNUSED void **state)
{
    begin(&waiting, "+a");
    crash("a");
    tell("a", 1);
    EXPECT("-a (poisoned a) dead:fall:COP_E_POISON");
    act(terminate_a);
    EXPECT("dead:mark:COP_E_NOPROC");
}

static void
it_goes_when_the_supervisor_ends(COP_UNUSED void **state)
{
    begin(&waiting, "+a");
    crash("a");
    tell("a", 1);
    EXPECT("-a (poisoned a) dead:fall:COP_E_POISON");
    act(stop_it);
    EXPECT("dead:mark:COP_E_NOPROC =shutdown");
}

static cop_err
kill_top(cop_actor *me)
{
    cop_kill(me, stage.top);
    return COP_OK;
}

static void
it_goes_when_the_supervisor_is_killed(COP_UNUSED void **state)
{
    begin(&waiting, "+a");
    crash("a");
    tell("a", 1);
    EXPECT("-a (poisoned a) dead:fall:COP_E_POISON");
    act(kill_top);
    EXPECT("dead:mark:COP_E_NOPROC =killed");
}

static void
a_simulation_that_is_freed_frees_it(COP_UNUSED void **state)
{
    begin(&waiting, "+a");
    crash("a");
    tell("a", 1);
    EXPECT("-a (poisoned a) dead:fall:COP_E_POISON");
    cop_sim_free(&stage.sim);
    assert_int_equal(set_stage(NULL), 0);
}

static const cop_child transient = {
    .name = "top",
    .reporter = &reporter,
    .sup = COP_CHILDREN(MARKER(a, .keep_mail = true, .restart = COP_TRANSIENT)),
};

static void
who_stays_away_leaves_dead_letters(COP_UNUSED void **state)
{
    begin(&transient, "+a");
    end_well("a");
    tell("a", 1);
    EXPECT("-a dead:mark:COP_E_NOPROC");
}

static const cop_child together = {
    .name = "top",
    .strategy = COP_ONE_FOR_ALL,
    .reporter = &reporter,
    .sup = COP_CHILDREN(MARKER(a, .keep_mail = true), MARKER(b, .keep_mail = true)),
};

/* b is stopped for the sake of a, with a message on its way. */
static void
who_is_stopped_for_a_restart_keeps_it_as_well(COP_UNUSED void **state)
{
    begin(&together, "+a +b");
    crash("a");
    while (strstr(stage.journal, "poisoned") == NULL)
        assert_true(cop_sim_step(stage.sim));
    tell("b", 5); /* it has been told to stop, and has not ended yet */
    EXPECT("-a (poisoned a) dead:fall:COP_E_POISON +a +b b5");
}

static cop_err
delete_b(cop_actor *me)
{
    return cop_delete_child(me, stage.top, "b", 1000, COP_THEN(boss, cop_child_done));
}

static const cop_child all_wait = {
    .name = "top",
    .strategy = COP_ONE_FOR_ALL,
    .reporter = &reporter,
    .sup = COP_CHILDREN(MARKER(a, .backoff = {.first_ms = 100}), MARKER(b, .keep_mail = true)),
};

/* b has been stopped for the sake of a, and waits with it. */
static void
who_is_deleted_meanwhile_has_it_dropped(COP_UNUSED void **state)
{
    begin(&all_wait, "+a +b");
    cop_pid b = who("b");
    crash("a");
    while (strstr(stage.journal, "-a") == NULL)
        assert_true(cop_sim_step(stage.sim));
    /* The last of these comes when b is about to end, for the sake of which it waits. */
    while (cop_post(stage.node, b, mark, .n = 5) == COP_OK)
        assert_true(cop_sim_step(stage.sim));
    assert_null(strstr(journal(), "dead"));
    act(delete_b);
    assert_non_null(strstr(journal(), "dead:mark:COP_E_NOPROC"));
}

/* A stop that b did not come to is not its successor's. */
COP_HANDLER(marker, cop_stopping)
{
    note("stopping %s", st->name);
    return cop_stop(me);
}

static const cop_behaviour obedient_b = {
    .name = "obedient",
    .state_size = sizeof(marker),
    .handlers = COP_HANDLERS(COP_ON(marker, cop_start), COP_ON(marker, cop_stopping)),
};

static const cop_child obedient = {
    .name = "top",
    .strategy = COP_ONE_FOR_ALL,
    .budget = {9,           9                },
    .reporter = &reporter,
    .sup = COP_CHILDREN(MARKER(a, .keep_mail = false),
                        { .name = "b", .run = &obedient_b, .arg = "b", .keep_mail = true}
      ),
};

static cop_err
kill_b(cop_actor *me)
{
    cop_kill(me, who("b"));
    return COP_OK;
}

static void
a_stop_is_for_one_life_only(COP_UNUSED void **state)
{
    for (uint64_t round = 1; round <= 50; round++) {
        begin(&obedient, "+a +b");
        crash("a");
        while (strstr(stage.journal, "-a") == NULL)
            assert_true(cop_sim_step(stage.sim));
        act(kill_b);
        const char *born = strstr(journal(), "+b");
        assert_non_null(born);
        assert_null(strstr(born, "stopping"));
        leave_stage(NULL);
        set_stage(NULL);
    }
}

static const cop_child wrong[] = {
    {.name = "top",      .sup = COP_CHILDREN(MARKER(a, .poison_after = 2))},
    {.name = "top",                  .sup = COP_CHILDREN(MARKER(a,                                  .keep_mail = true, .poison_after = -1))},
    {.name = "top", .sup = COP_CHILDREN(MARKER(a,.keep_mail = true, .poison_after = 256))},
    {.name = "top",
     .sup = COP_CHILDREN({.name = "s", .keep_mail = true, .sup = COP_NO_CHILDREN})     },
};

static void
mistakes_are_refused(COP_UNUSED void **state)
{
    for (size_t i = 0; i < COP_COUNT(wrong); i++)
        assert_int_equal(start_tree(&wrong[i]), COP_E_INVAL);
}

int
main(void)
{
#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_stage, leave_stage)
    const struct CMUnitTest tests[] = {
        TEST(what_waits_is_handled_by_the_next_life),
        TEST(without_keep_mail_it_is_dead_letters),
        TEST(who_is_tried_again_is_tried_first),
        TEST(a_call_that_waits_is_answered_by_the_next_life),
        TEST(it_is_kept_over_a_wait),
        TEST(who_is_terminated_meanwhile_has_it_dropped),
        TEST(it_goes_when_the_supervisor_ends),
        TEST(it_goes_when_the_supervisor_is_killed),
        TEST(a_simulation_that_is_freed_frees_it),
        TEST(who_stays_away_leaves_dead_letters),
        TEST(who_is_stopped_for_a_restart_keeps_it_as_well),
        TEST(who_is_deleted_meanwhile_has_it_dropped),
        TEST(a_stop_is_for_one_life_only),
        TEST(mistakes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
