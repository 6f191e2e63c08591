/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ready_test.c - children that have started when they say so, and who waits for them.
 */
#include "boss.h"

#define PLENTY                                                                                 \
    {                                                                                          \
        100, 60                                                                                \
    }

static void
open_gate(const char *name)
{
    assert_int_equal(cop_post(stage.node, who(name), open), COP_OK);
}

COP_REPLY(boss, cop_child_counts)
{
    got("%u of %u", err == COP_OK ? (unsigned)msg->active : 0,
        err == COP_OK ? (unsigned)msg->specs : 0);
    return COP_OK;
}

COP_REPLY(boss, cop_tree)
{
    for (size_t i = 0; err == COP_OK && i < msg->lines.count; i++)
        got("%.*s:%s", (int)msg->lines.items[i].name.size, msg->lines.items[i].name.data,
            cop_child_state_name((cop_child_state)msg->lines.items[i].state));
    return COP_OK;
}

static cop_err
look_at_it(cop_actor *me)
{
    COP_TRY(cop_which_children(me, stage.top, 1000, COP_THEN(boss, cop_child_list)));
    COP_TRY(cop_count_children(me, stage.top, 1000, COP_THEN(boss, cop_child_counts)));
    return cop_supervisor_tree(me, stage.top, 1000, COP_THEN(boss, cop_tree));
}

/* ------------------------------------------------------------------------- the beginning */

static const cop_child gated = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a), WORKER(b, .ready_ms = 1000), WORKER(c)),
};

static void
the_next_sibling_starts_when_this_one_is_ready(COP_UNUSED void **state)
{
    b.starts = "g";
    assert_int_equal(start_tree(&gated), COP_OK);
    EXPECT("+a gb");
    cop_sim_run_for(stage.sim, 999);
    EXPECT("");
    open_gate("b");
    EXPECT("+c");
    open_gate("b"); /* later calls are harmless */
    open_gate("a");
    cop_sim_run_for(stage.sim, 10000);
    EXPECT("");
    act(stop_it);
    EXPECT("-c -b -a =shutdown");
}

static void
who_is_ready_in_its_init_holds_nobody_up(COP_UNUSED void **state)
{
    b.starts = "r";
    assert_int_equal(start_tree(&gated), COP_OK);
    EXPECT("+a rb +c");
}

static void
who_is_not_ready_in_time_is_killed_and_its_start_has_failed(COP_UNUSED void **state)
{
    b.starts = "g";
    assert_int_equal(start_tree(&gated), COP_OK);
    (void)journal();
    cop_sim_run_for(stage.sim, 999);
    EXPECT("");
    cop_sim_run_for(stage.sim, 1);
    EXPECT("#b -a =error");
    assert_int_equal(stage.why.code, COP_E_TIMEOUT);
    assert_string_equal(stage.why.text, "failed to start child b");
    assert_string_equal(stage.why.causes[0].text, "not ready in time");
    assert_string_equal(stage.why.path, "boss/top/b");
    assert_non_null(strstr(stage.log, "child b not started: error 6: not ready in time"));
}

static void
who_ends_before_it_is_ready_has_not_started(COP_UNUSED void **state)
{
    b.starts = "g";
    assert_int_equal(start_tree(&gated), COP_OK);
    crash("b");
    EXPECT("+a gb -b -a =error");
    assert_string_equal(stage.why.text, "failed to start child b");
    assert_string_equal(stage.why.causes[0].text, "boom");
    assert_int_equal(stage.why.causes[0].code, 3);
}

static void
a_good_end_before_it_is_ready_is_no_start_either(COP_UNUSED void **state)
{
    b.starts = "g";
    assert_int_equal(start_tree(&gated), COP_OK);
    end_well("b");
    EXPECT("+a gb -b -a =error");
}

static void
a_later_sibling_that_fails_fails_the_whole_start(COP_UNUSED void **state)
{
    b.starts = "g";
    c.starts = "X";
    assert_int_equal(start_tree(&gated), COP_OK);
    open_gate("b");
    EXPECT("+a gb +leftover !c");
    cop_sim_run_for(stage.sim, 100);
    EXPECT("-leftover -b -a =error");
    assert_string_equal(stage.why.text, "failed to start child c");
    assert_string_equal(stage.why.causes[0].text, "no c");
    assert_int_equal(stage.why.code, COP_E_FAILED);
}

static void
who_does_not_want_may_say_so_until_it_is_ready(COP_UNUSED void **state)
{
    b.starts = "g";
    assert_int_equal(start_tree(&gated), COP_OK);
    assert_int_equal(cop_post(stage.node, who("b"), decline), COP_OK);
    EXPECT("+a gb -b +c");
    act(look_at_it);
    EXPECT_ANSWERS("c:running b:stopped a:running 2 of 3 top:running a:running b:stopped "
                   "c:running");
}

static void
it_is_looked_at_while_it_waits(COP_UNUSED void **state)
{
    b.starts = "g";
    assert_int_equal(start_tree(&gated), COP_OK);
    act(look_at_it);
    EXPECT_ANSWERS("c:stopped b:starting a:running 1 of 3 top:running a:running b:starting "
                   "c:stopped");
}

static void
a_stop_while_it_waits_undoes_what_there_is(COP_UNUSED void **state)
{
    b.starts = "g";
    b.stop_ms = 300;
    assert_int_equal(start_tree(&gated), COP_OK);
    act(stop_it);
    open_gate("b"); /* too late */
    EXPECT("+a gb");
    cop_sim_run_for(stage.sim, 300);
    EXPECT("-b -a =shutdown");
}

static void
an_early_sibling_that_dies_meanwhile_comes_back_afterwards(COP_UNUSED void **state)
{
    b.starts = "g";
    assert_int_equal(start_tree(&gated), COP_OK);
    crash("a");
    EXPECT("+a gb -a");
    open_gate("b");
    EXPECT("+c +a");
}

static void
write_report(COP_UNUSED void *ctx, const cop_report *report)
{
    note("(%s %s", cop_child_news_name(report->what), report->name);
}

static const cop_reporter reporter = {write_report, NULL};

static const cop_child reported = {
    .name = "top",
    .reporter = &reporter,
    .sup = COP_CHILDREN(WORKER(a), WORKER(b, .ready_ms = 1000), WORKER(c)),
};

static void
all_ends_are_reported_when_the_start_fails(COP_UNUSED void **state)
{
    b.starts = "g";
    assert_int_equal(start_tree(&reported), COP_OK);
    crash("a");
    EXPECT("+a (started a gb -a");
    crash("b");
    EXPECT("-b (not started b (stopped badly a =error");
}

static const cop_child two_gates = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a, .ready_ms = 1000), WORKER(b, .ready_ms = 1000)),
};

/* What is left of the time of the one before is not counted. */
static void
each_has_all_of_its_time(COP_UNUSED void **state)
{
    a.starts = b.starts = "g";
    assert_int_equal(start_tree(&two_gates), COP_OK);
    cop_sim_run_for(stage.sim, 500);
    open_gate("a");
    EXPECT("ga gb");
    cop_sim_run_for(stage.sim, 999);
    EXPECT("");
    open_gate("b");
    cop_sim_run_for(stage.sim, 1000);
    EXPECT("");
}

static cop_err
watch_it(cop_actor *me)
{
    return cop_supervisor_watch(me, stage.top);
}

static void
events_tell_of_those_that_have_started(COP_UNUSED void **state)
{
    b.starts = "grg";
    assert_int_equal(start_tree(&gated), COP_OK);
    act(watch_it);
    EXPECT("+a gb <started a");
    open_gate("b");
    EXPECT("+c <started b <started c");
    crash("b");
    EXPECT("-b rb <ended b <restarted b");
}

/* -------------------------------------------------------------------------- supervisors */

static const cop_child nested = {
    .name = "top",
    .sup = COP_CHILDREN(
        {.name = "mid", .sup = COP_CHILDREN(WORKER(a, .ready_ms = COP_INFINITY), WORKER(b))},
        WORKER(c)),
};

static void
a_supervisor_has_started_when_all_below_it_has(COP_UNUSED void **state)
{
    a.starts = "g";
    assert_int_equal(start_tree(&nested), COP_OK);
    EXPECT("ga");
    act(look_at_it);
    EXPECT_ANSWERS(
        "c:stopped mid:starting 0 of 2 top:running mid:starting a:starting b:stopped "
        "c:stopped");
    cop_sim_run_for(stage.sim, 3600 * 1000);
    EXPECT("");
    open_gate("a");
    EXPECT("+b +c");
}

static void
a_late_failure_below_is_a_failed_start_on_all_levels(COP_UNUSED void **state)
{
    a.starts = "g";
    b.starts = "x";
    assert_int_equal(start_tree(&nested), COP_OK);
    open_gate("a");
    EXPECT("ga !b -a =error");
    assert_string_equal(stage.why.text, "failed to start child mid");
    assert_string_equal(stage.why.causes[0].text, "failed to start child b");
    assert_string_equal(stage.why.causes[1].text, "no b");
    assert_int_equal(stage.why.code, COP_E_FAILED);
}

static const cop_child namesakes = {
    .name = "top",
    .sup = COP_CHILDREN(
        WORKER(c),
        {.name = "mid", .sup = COP_CHILDREN(WORKER(a, .ready_ms = COP_INFINITY), WORKER(c))}),
};

static void
the_number_of_a_late_failure_below_is_kept(COP_UNUSED void **state)
{
    a.starts = "g";
    assert_int_equal(start_tree(&namesakes), COP_OK);
    open_gate("a");
    EXPECT("+c ga -a -c =error");
    assert_int_equal(stage.why.code, COP_E_NAME_TAKEN);
}

static const cop_child limited = {
    .name = "top",
    .sup = COP_CHILDREN({.name = "mid",
                         .ready_ms = 200,
                         .sup = COP_CHILDREN(WORKER(a, .ready_ms = 1000), WORKER(b))},
                        WORKER(c)),
};

static void
a_supervisor_may_have_a_time_of_its_own(COP_UNUSED void **state)
{
    a.starts = "g";
    assert_int_equal(start_tree(&limited), COP_OK);
    cop_sim_run_for(stage.sim, 199);
    EXPECT("ga");
    cop_sim_run_for(stage.sim, 1);
    EXPECT("-a =error");
    assert_string_equal(stage.why.causes[0].text, "not ready in time");
    assert_int_equal(stage.why.code, COP_E_TIMEOUT);
}

static void
a_supervisor_with_a_time_and_no_gates_is_ready_at_once(COP_UNUSED void **state)
{
    a.starts = "r";
    assert_int_equal(start_tree(&limited), COP_OK);
    EXPECT("ra +b +c");
}

/* ----------------------------------------------------------------------------- restarts */

#define GATED_TREE(kind)                                                                       \
    {                                                                                          \
        .name = "top", .strategy = kind, .budget = PLENTY,                                     \
        .sup = COP_CHILDREN(WORKER(a), WORKER(b, .ready_ms = 1000), WORKER(c))                 \
    }

static const cop_child for_one = GATED_TREE(COP_ONE_FOR_ONE),
                       for_all = GATED_TREE(COP_ONE_FOR_ALL),
                       for_rest = GATED_TREE(COP_REST_FOR_ONE);

static void
begin(const cop_child *tree, const char *starts)
{
    b.starts = starts;
    assert_int_equal(start_tree(tree), COP_OK);
    EXPECT("+a rb +c");
}

static void
a_restart_waits_until_the_child_is_ready(COP_UNUSED void **state)
{
    begin(&for_one, "rg");
    crash("b");
    EXPECT("-b gb");
    act(look_at_it);
    EXPECT_ANSWERS("c:running b:restarting a:running 2 of 3 top:running a:running b:restarting "
                   "c:running");
    open_gate("b");
    EXPECT("");
    act(look_at_it);
    EXPECT_ANSWERS("c:running b:running a:running 3 of 3 top:running a:running b:running "
                   "c:running");
}

static void
a_stop_ends_the_restart_before_it_stops_the_others(COP_UNUSED void **state)
{
    begin(&for_one, "rg");
    crash("b");
    EXPECT("-b gb");
    act(stop_it);
    EXPECT("-b -c -a =shutdown");
}

static void
one_for_all_starts_the_next_when_this_one_is_ready(COP_UNUSED void **state)
{
    begin(&for_all, "rg");
    crash("c");
    EXPECT("-c -b -a +a gb");
    open_gate("b");
    EXPECT("+c");
}

static void
rest_for_one_does_so_too(COP_UNUSED void **state)
{
    begin(&for_rest, "rg");
    crash("b");
    EXPECT("-b -c gb");
    open_gate("b");
    EXPECT("+c");
}

static void
a_restart_that_is_not_ready_in_time_is_tried_again(COP_UNUSED void **state)
{
    begin(&for_all, "rgr");
    crash("a");
    EXPECT("-a -c -b +a gb");
    cop_sim_run_for(stage.sim, 1000);
    EXPECT("#b -a +a rb +c");
}

static const cop_child twice = {
    .name = "top",
    .budget = {2, 60},
    .sup = COP_CHILDREN(WORKER(a), WORKER(b, .ready_ms = 1000)),
};

static void
each_such_try_costs_one_of_the_budget(COP_UNUSED void **state)
{
    b.starts = "rg";
    assert_int_equal(start_tree(&twice), COP_OK);
    crash("b");
    EXPECT("+a rb -b gb");
    cop_sim_run_for(stage.sim, 1999);
    EXPECT("#b gb");
    cop_sim_run_for(stage.sim, 1);
    EXPECT("#b -a =shutdown");
    assert_string_equal(stage.why.causes[0].text, "not ready in time");
}

/* ----------------------------------------------------------------------- administration */

static const cop_child row_d = WORKER(d, .ready_ms = 1000);

static cop_err
add_d(cop_actor *me)
{
    return cop_start_child(me, stage.top, &row_d, 5000, COP_THEN(boss, cop_child_started));
}

static cop_err
delete_d(cop_actor *me)
{
    return cop_delete_child(me, stage.top, "d", 5000, COP_THEN(boss, cop_child_done));
}

static cop_err
restart_d(cop_actor *me)
{
    return cop_restart_child(me, stage.top, "d", 5000, COP_THEN(boss, cop_child_started));
}

static cop_err
terminate_d(cop_actor *me)
{
    return cop_terminate_child(me, stage.top, "d", 5000, COP_THEN(boss, cop_child_done));
}

static const cop_child only_a = {.name = "top", .sup = COP_CHILDREN(WORKER(a))};

static void
start_child_is_answered_when_the_child_is_ready(COP_UNUSED void **state)
{
    d.starts = "g";
    assert_int_equal(start_tree(&only_a), COP_OK);
    act(add_d);
    EXPECT_ANSWERS("");
    act(delete_d); /* waits for its turn */
    act(look_at_it);
    EXPECT_ANSWERS("d:starting a:running 1 of 2 top:running a:running d:starting");
    open_gate("d");
    EXPECT_ANSWERS("started COP_E_RUNNING");
}

static void
start_child_of_one_that_is_late_fails_and_leaves_nothing(COP_UNUSED void **state)
{
    d.starts = "g";
    assert_int_equal(start_tree(&only_a), COP_OK);
    act(add_d);
    cop_sim_run_for(stage.sim, 1000);
    EXPECT("+a gd #d");
    EXPECT_ANSWERS("COP_E_TIMEOUT");
    act(look_at_it);
    EXPECT_ANSWERS("a:running 1 of 1 top:running a:running");
}

static void
restart_child_that_fails_leaves_it_as_it_was(COP_UNUSED void **state)
{
    d.starts = "rgr";
    assert_int_equal(start_tree(&only_a), COP_OK);
    act(add_d);
    act(terminate_d);
    act(restart_d);
    crash("d");
    EXPECT("+a rd -d gd -d");
    act(restart_d);
    EXPECT_ANSWERS("started done COP_E_FAILED started");
    EXPECT("rd");
}

static const cop_child dynamic = {
    .name = "top",
    .strategy = COP_DYNAMIC,
    .sup = COP_CHILDREN(WORKER(a, .ready_ms = 1000)),
};

static cop_pid instance;

static cop_err
keep_pid(COP_UNUSED cop_actor *me, COP_UNUSED void *state, cop_err err, const void *message)
{
    const cop_child_started *made = message;

    got("%s", err == COP_OK ? "started" : cop_err_name(err));
    if (err == COP_OK)
        instance = made->pid;
    return COP_OK;
}

static cop_err
add_instance(cop_actor *me)
{
    static const cop_then then = {&cop_child_started_type, keep_pid};

    return cop_start_dynamic(me, stage.top, NULL, 0, 5000, &then);
}

static cop_err
end_instance(cop_actor *me)
{
    return cop_terminate_dynamic(me, stage.top, instance, 5000, COP_THEN(boss, cop_child_done));
}

static void
dynamic_children_are_awaited_one_by_one(COP_UNUSED void **state)
{
    a.starts = "rgr";
    assert_int_equal(start_tree(&dynamic), COP_OK);
    act(add_instance);
    EXPECT_ANSWERS("started");
    act(add_instance);
    act(add_instance);
    EXPECT("ra ga");
    cop_sim_run_for(stage.sim, 1000);
    EXPECT("#a ra");
    EXPECT_ANSWERS("COP_E_TIMEOUT started");
}

static void
a_dynamic_child_that_comes_back_is_known_by_the_pid_it_had(COP_UNUSED void **state)
{
    a.starts = "rg";
    assert_int_equal(start_tree(&dynamic), COP_OK);
    act(add_instance);
    assert_int_equal(cop_post(stage.node, instance, fall, .code = 3), COP_OK);
    EXPECT("ra -a ga");
    act(end_instance);
    cop_sim_run_for(stage.sim, 1000);
    EXPECT("#a");
    EXPECT_ANSWERS("started done");
    cop_sim_run_for(stage.sim, 10000);
    EXPECT("");
}

/* ------------------------------------------------------------------------- other owners */

typedef struct owner {
    cop_pid tree;
} owner;

COP_HANDLER(owner, cop_start)
{
    return cop_spawn(me, &cop_supervisor,
                     &(cop_spawn_opts){.arg = &gated, .label = "top", .cookie = 42}, &st->tree);
}

COP_HANDLER(owner, cop_child_ready)
{
    assert_true(cop_pid_equal(cop_sender(me), st->tree));
    note("ready %u", (unsigned)msg->cookie);
    return COP_OK;
}

/* Told by a signal, which is as good as cop_stop_child. */
COP_HANDLER(owner, leave)
{
    cop_signal(me, st->tree, &(cop_exit){.kind = COP_EXIT_SHUTDOWN});
    return COP_OK;
}

static COP_BEHAVIOUR(owner_b, owner, COP_ON(owner, cop_start), COP_ON(owner, cop_child_ready),
                     COP_ON(owner, leave));

static cop_err
spawn_owner(cop_actor *me)
{
    return cop_spawn(me, &owner_b, &(cop_spawn_opts){.name = "owner"}, NULL);
}

static void
any_owner_may_hear_that_a_supervisor_is_ready(COP_UNUSED void **state)
{
    b.starts = "g";
    act(spawn_owner);
    EXPECT("+a gb");
    open_gate("b");
    EXPECT("+c ready 42");
}

static void
a_signal_of_the_owner_ends_the_wait_as_well(COP_UNUSED void **state)
{
    b.starts = "g";
    b.stop_ms = 300;
    act(spawn_owner);
    end_well("owner");
    end_well("owner");
    EXPECT("+a gb");
    cop_sim_run_for(stage.sim, 300);
    EXPECT("-b -a");
}

/* --------------------------------------------------------------------------------- misuse */

static cop_err
say_ready_to_nobody(cop_actor *me)
{
    got("%s", cop_err_name(cop_say_ready(me)));
    return COP_OK;
}

static void
who_has_no_supervisor_is_told_so(COP_UNUSED void **state)
{
    act(say_ready_to_nobody);
    EXPECT_ANSWERS("COP_E_NO_HANDLER");
}

static const cop_child hasty = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a, .ready_ms = -7)),
};

static void
a_wrong_time_is_refused(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&hasty), COP_E_INVAL);
    assert_string_equal(stage.why.text, "bad ready_ms: a");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_next_sibling_starts_when_this_one_is_ready),
        TEST(who_is_ready_in_its_init_holds_nobody_up),
        TEST(who_is_not_ready_in_time_is_killed_and_its_start_has_failed),
        TEST(who_ends_before_it_is_ready_has_not_started),
        TEST(a_good_end_before_it_is_ready_is_no_start_either),
        TEST(a_later_sibling_that_fails_fails_the_whole_start),
        TEST(who_does_not_want_may_say_so_until_it_is_ready),
        TEST(it_is_looked_at_while_it_waits),
        TEST(a_stop_while_it_waits_undoes_what_there_is),
        TEST(an_early_sibling_that_dies_meanwhile_comes_back_afterwards),
        TEST(all_ends_are_reported_when_the_start_fails),
        TEST(each_has_all_of_its_time),
        TEST(events_tell_of_those_that_have_started),
        TEST(a_supervisor_has_started_when_all_below_it_has),
        TEST(a_late_failure_below_is_a_failed_start_on_all_levels),
        TEST(the_number_of_a_late_failure_below_is_kept),
        TEST(a_supervisor_may_have_a_time_of_its_own),
        TEST(a_supervisor_with_a_time_and_no_gates_is_ready_at_once),
        TEST(a_restart_waits_until_the_child_is_ready),
        TEST(a_stop_ends_the_restart_before_it_stops_the_others),
        TEST(one_for_all_starts_the_next_when_this_one_is_ready),
        TEST(rest_for_one_does_so_too),
        TEST(a_restart_that_is_not_ready_in_time_is_tried_again),
        TEST(each_such_try_costs_one_of_the_budget),
        TEST(start_child_is_answered_when_the_child_is_ready),
        TEST(start_child_of_one_that_is_late_fails_and_leaves_nothing),
        TEST(restart_child_that_fails_leaves_it_as_it_was),
        TEST(dynamic_children_are_awaited_one_by_one),
        TEST(a_dynamic_child_that_comes_back_is_known_by_the_pid_it_had),
        TEST(any_owner_may_hear_that_a_supervisor_is_ready),
        TEST(a_signal_of_the_owner_ends_the_wait_as_well),
        TEST(who_has_no_supervisor_is_told_so),
        TEST(a_wrong_time_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
