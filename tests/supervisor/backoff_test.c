/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backoff_test.c - restarts that wait, and budgets of single children, in virtual time.
 */
#include "boss.h"
#include "strategy.h"

#define PLENTY                                                                                 \
    {                                                                                          \
        100, 60                                                                                \
    }

/* Nothing happens for `ms - 1`, and then this does. */
static void
expect_after(int64_t ms, const char *what)
{
    cop_sim_run_for(stage.sim, ms - 1);
    EXPECT("");
    cop_sim_run_for(stage.sim, 1);
    EXPECT(what);
}

/* ------------------------------------------------------------------------ how long */

static void
waits_grow_by_the_factor_up_to_the_cap(COP_UNUSED void **state)
{
    const cop_backoff plain = {.first_ms = 100},
                      slow = {.first_ms = 100, .factor_percent = 150},
                      capped = {.first_ms = 100, .cap_ms = 350},
                      even = {.first_ms = 100, .factor_percent = 100},
                      late = {.first_ms = 60000};

    assert_int_equal(copi_backoff_wait(&plain, 1, 0), 100);
    assert_int_equal(copi_backoff_wait(&plain, 2, 0), 200);
    assert_int_equal(copi_backoff_wait(&plain, 3, 0), 400);
    assert_int_equal(copi_backoff_wait(&plain, UINT32_MAX, 0), 30000);
    assert_int_equal(copi_backoff_wait(&slow, 3, 0), 225);
    assert_int_equal(copi_backoff_wait(&capped, 2, 0), 200);
    assert_int_equal(copi_backoff_wait(&capped, 3, 0), 350);
    assert_int_equal(copi_backoff_wait(&even, UINT32_MAX, 0), 100);
    assert_int_equal(copi_backoff_wait(&late, 9, 0), 60000);
}

static void
jitter_makes_waits_shorter_by_at_most_its_share(COP_UNUSED void **state)
{
    const cop_backoff quarter = {.first_ms = 100, .jitter_percent = 25},
                      all = {.first_ms = 2, .jitter_percent = 100};
    bool is_met[101] = {false};

    for (uint64_t random = 0; random < 1000; random++) {
        int64_t wait = copi_backoff_wait(&quarter, 1, random * UINT64_C(0x9e3779b97f4a7c15));
        assert_in_range(wait, 75, 100);
        is_met[wait] = true;
        assert_in_range(copi_backoff_wait(&all, 1, random), 1, 2);
    }
    for (int wait = 75; wait <= 100; wait++)
        assert_true(is_met[wait]);
}

static void
a_child_is_healthy_after_the_cap_if_nothing_else_is_said(COP_UNUSED void **state)
{
    assert_int_equal(copi_backoff_healthy(&(cop_backoff){.first_ms = 1}), 30000);
    assert_int_equal(copi_backoff_healthy(&(cop_backoff){.first_ms = 1, .cap_ms = 70}), 70);
    assert_int_equal(copi_backoff_healthy(&(cop_backoff){.first_ms = 1, .healthy_ms = 5}), 5);
}

/* ------------------------------------------------------------------------ one for one */

static const cop_child patient = {
    .name = "top",
    .budget = PLENTY,
    .sup = COP_CHILDREN(
        WORKER(a, .backoff = {.first_ms = 100, .cap_ms = 300, .healthy_ms = 1000}), WORKER(b)),
};

static void
restarts_in_a_row_wait_longer_and_longer(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&patient), COP_OK);
    crash("a");
    EXPECT("+a +b -a");
    expect_after(100, "+a");
    crash("a");
    EXPECT("-a");
    expect_after(200, "+a");
    crash("a");
    EXPECT("-a");
    expect_after(300, "+a");
    crash("a");
    EXPECT("-a");
    expect_after(300, "+a");
}

static void
who_was_healthy_begins_anew(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&patient), COP_OK);
    crash("a");
    EXPECT("+a +b -a");
    expect_after(100, "+a");
    cop_sim_run_for(stage.sim, 999);
    crash("a");
    EXPECT("-a");
    expect_after(200, "+a");
    cop_sim_run_for(stage.sim, 1000);
    crash("a");
    EXPECT("-a");
    expect_after(100, "+a");
}

static void
others_do_not_wait(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&patient), COP_OK);
    crash("a");
    EXPECT("+a +b -a");
    crash("b");
    EXPECT("-b +b");
    expect_after(100, "+a");
}

static void
a_restart_that_fails_waits_before_it_is_tried_again(COP_UNUSED void **state)
{
    a.starts = "+xx+";
    assert_int_equal(start_tree(&patient), COP_OK);
    crash("a");
    EXPECT("+a +b -a");
    expect_after(100, "!a");
    expect_after(200, "!a");
    expect_after(300, "+a");
}

static const cop_child gated = {
    .name = "top",
    .budget = PLENTY,
    .sup = COP_CHILDREN(WORKER(a, .ready_ms = 50, .backoff = {.first_ms = 100})),
};

static void
one_that_is_not_ready_waits_as_well(COP_UNUSED void **state)
{
    a.starts = "rgr";
    assert_int_equal(start_tree(&gated), COP_OK);
    crash("a");
    EXPECT("ra -a");
    expect_after(100, "ga");
    expect_after(50, "#a");
    expect_after(200, "ra");
}

static void
a_stop_does_not_wait(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&patient), COP_OK);
    crash("a");
    EXPECT("+a +b -a");
    act(stop_it);
    EXPECT("-b =shutdown");
}

static const cop_child spread = {
    .name = "top",
    .budget = PLENTY,
    .sup = COP_CHILDREN(
        WORKER(a, .backoff = {.first_ms = 1000, .cap_ms = 1000, .jitter_percent = 50})),
};

static void
jitter_is_used_and_comes_from_the_node(COP_UNUSED void **state)
{
    bool is_short = false;

    assert_int_equal(start_tree(&spread), COP_OK);
    for (int i = 0; i < 8; i++) {
        (void)journal();
        crash("a");
        cop_sim_run_for(stage.sim, 499);
        EXPECT("-a");
        cop_sim_run_for(stage.sim, 400);
        is_short = is_short || journal()[0] == '+';
        cop_sim_run_for(stage.sim, 101);
        assert_false(cop_pid_is_none(who("a")));
    }
    assert_true(is_short);
}

/* --------------------------------------------------------------------- administration */

static cop_err
list_it(cop_actor *me)
{
    return cop_which_children(me, stage.top, 1000, COP_THEN(boss, cop_child_list));
}

static cop_err
restart_a(cop_actor *me)
{
    return cop_restart_child(me, stage.top, "a", 1000, COP_THEN(boss, cop_child_started));
}

static cop_err
delete_a(cop_actor *me)
{
    return cop_delete_child(me, stage.top, "a", 1000, COP_THEN(boss, cop_child_done));
}

static cop_err
terminate_a(cop_actor *me)
{
    return cop_terminate_child(me, stage.top, "a", 1000, COP_THEN(boss, cop_child_done));
}

static void
requests_are_served_while_a_child_waits(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&patient), COP_OK);
    crash("a");
    EXPECT("+a +b -a");
    act(list_it);
    act(restart_a);
    act(delete_a);
    EXPECT_ANSWERS("b:running a:restarting COP_E_RESTARTING COP_E_RESTARTING");
    expect_after(100, "+a");
}

static void
terminate_child_ends_the_wait(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&patient), COP_OK);
    crash("a");
    act(terminate_a);
    act(list_it);
    EXPECT_ANSWERS("done b:running a:stopped");
    cop_sim_run_for(stage.sim, 10000);
    EXPECT("+a +b -a");
    act(delete_a);
    EXPECT_ANSWERS("done");
}

/* The first wait must not end the second. */
static void
a_wait_that_was_ended_is_gone(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&patient), COP_OK);
    crash("a");
    (void)journal();
    cop_sim_run_for(stage.sim, 50);
    act(terminate_a);
    act(restart_a);
    crash("a");
    EXPECT("+a -a");
    expect_after(100, "+a");
    cop_sim_run_for(stage.sim, 10000);
    EXPECT("");
}

static cop_err
suspend_it(cop_actor *me)
{
    return cop_supervisor_suspend(me, stage.top, 1000, COP_THEN(boss, cop_child_done));
}

static cop_err
resume_it(cop_actor *me)
{
    return cop_supervisor_resume(me, stage.top, 1000, COP_THEN(boss, cop_child_done));
}

static void
a_suspended_supervisor_restarts_when_it_is_resumed(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&patient), COP_OK);
    crash("a");
    (void)journal();
    act(suspend_it);
    cop_sim_run_for(stage.sim, 5000);
    EXPECT("");
    act(resume_it);
    EXPECT("+a");
}

/* ------------------------------------------------------------------------- together */

#define TOGETHER(kind)                                                                         \
    {                                                                                          \
        .name = "top", .strategy = kind, .budget = PLENTY,                                     \
        .sup = COP_CHILDREN(WORKER(a), WORKER(b, .backoff = {.first_ms = 100}), WORKER(c))     \
    }

static const cop_child for_all = TOGETHER(COP_ONE_FOR_ALL),
                       for_rest = TOGETHER(COP_REST_FOR_ONE);

static void
one_for_all_stops_all_then_waits_then_starts_all(COP_UNUSED void **state)
{
    a.stop_ms = 1000;
    assert_int_equal(start_tree(&for_all), COP_OK);
    crash("b");
    EXPECT("+a +b +c -b -c");
    expect_after(1000, "-a");
    act(list_it);
    EXPECT_ANSWERS("c:stopped b:restarting a:stopped");
    expect_after(100, "+a +b +c");
}

static void
rest_for_one_leaves_the_earlier_ones_alone(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&for_rest), COP_OK);
    crash("b");
    EXPECT("+a +b +c -b -c");
    expect_after(100, "+b +c");
}

static void
who_fails_to_start_has_the_others_stopped_and_waits(COP_UNUSED void **state)
{
    b.starts = "+x+";
    assert_int_equal(start_tree(&for_all), COP_OK);
    crash("a");
    EXPECT("+a +b +c -a -c -b +a !b -a");
    expect_after(100, "+a +b +c");
}

static const cop_child healthy = {
    .name = "top",
    .strategy = COP_ONE_FOR_ALL,
    .budget = PLENTY,
    .sup = COP_CHILDREN(WORKER(a), WORKER(b, .backoff = {.first_ms = 100, .healthy_ms = 500})),
};

/* It was stopped, but had been healthy until then. */
static void
who_was_healthy_until_it_was_stopped_begins_anew(COP_UNUSED void **state)
{
    b.starts = "++x+";
    assert_int_equal(start_tree(&healthy), COP_OK);
    crash("b");
    EXPECT("+a +b -b -a");
    expect_after(100, "+a +b");
    cop_sim_run_for(stage.sim, 500);
    crash("a");
    EXPECT("-a -b +a !b -a");
    expect_after(100, "+a +b");
}

/* It goes with the one that restarts at once, and its own wait is over. */
static void
a_restart_takes_along_who_waits(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&for_rest), COP_OK);
    crash("b");
    EXPECT("+a +b +c -b -c");
    cop_sim_run_for(stage.sim, 50);
    crash("a");
    EXPECT("-a +a +b +c");
    cop_sim_run_for(stage.sim, 10000);
    EXPECT("");
}

static const cop_child one_waits = {
    .name = "top",
    .strategy = COP_ONE_FOR_ALL,
    .budget = PLENTY,
    .sup = COP_CHILDREN(WORKER(a, .backoff = {.first_ms = 100}), WORKER(b)),
};

static cop_err
restart_b(cop_actor *me)
{
    return cop_restart_child(me, stage.top, "b", 1000, COP_THEN(boss, cop_child_started));
}

/* The restart of a is also that of b, which has failed before: it has no other any more. */
static void
who_was_to_be_tried_again_goes_with_the_next_who_fails(COP_UNUSED void **state)
{
    a.starts = "++x+";
    b.starts = "+x+";
    assert_int_equal(start_tree(&one_waits), COP_OK);
    crash("b");
    EXPECT("+a +b -b -a +a !b -a !a");
    act(list_it);
    EXPECT_ANSWERS("b:stopped a:restarting");
    act(terminate_a);
    act(restart_b);
    EXPECT_ANSWERS("done started");
    cop_sim_run_for(stage.sim, 10000);
    EXPECT("+b");
}

static cop_err
restart_c(cop_actor *me)
{
    return cop_restart_child(me, stage.top, "c", 1000, COP_THEN(boss, cop_child_started));
}

/* The first wait of b is over while c takes its time to stop, and then b fails and waits
 * again: the end of the first must not be taken for that of the second. */
static void
a_wait_that_ended_too_late_is_gone(COP_UNUSED void **state)
{
    b.starts = "+x+";
    c.stop_ms = 1000;
    assert_int_equal(start_tree(&for_rest), COP_OK);
    crash("b");
    EXPECT("+a +b +c -b");
    expect_after(1000, "-c");
    act(restart_c);
    cop_sim_run_for(stage.sim, 90);
    crash("a");
    EXPECT("+c -a");
    expect_after(1000, "-c +a !b");
    expect_after(200, "+b +c");
}

static const cop_child with_temporary = {
    .name = "top",
    .strategy = COP_ONE_FOR_ALL,
    .budget = PLENTY,
    .sup = COP_CHILDREN(WORKER(a, .backoff = {.first_ms = 100}),
                        WORKER(b, .restart = COP_TEMPORARY), WORKER(c)),
};

static void
temporary_children_do_not_come_back(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&with_temporary), COP_OK);
    crash("a");
    EXPECT("+a +b +c -a -c -b");
    act(list_it);
    EXPECT_ANSWERS("c:stopped a:restarting");
    expect_after(100, "+a +c");
}

/* ---------------------------------------------------------------------------- dynamic */

static const cop_child dynamic = {
    .name = "top",
    .strategy = COP_DYNAMIC,
    .budget = PLENTY,
    .sup = COP_CHILDREN(WORKER(a, .backoff = {.first_ms = 100})),
};

static cop_pid instance;

static cop_err
keep_pid(COP_UNUSED cop_actor *me, COP_UNUSED void *state, cop_err err, const void *message)
{
    if (err == COP_OK)
        instance = ((const cop_child_started *)message)->pid;
    return COP_OK;
}

static cop_err
add_instance(cop_actor *me)
{
    static const cop_then then = {&cop_child_started_type, keep_pid};

    return cop_start_dynamic(me, stage.top, NULL, 0, 1000, &then);
}

static cop_err
end_instance(cop_actor *me)
{
    return cop_terminate_dynamic(me, stage.top, instance, 1000, COP_THEN(boss, cop_child_done));
}

static void
dynamic_children_wait_each_for_itself(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&dynamic), COP_OK);
    act(add_instance);
    assert_int_equal(cop_post(stage.node, instance, fall, .code = 3), COP_OK);
    EXPECT("+a -a");
    cop_sim_run_for(stage.sim, 50);
    act(add_instance);
    assert_int_equal(cop_post(stage.node, instance, fall, .code = 3), COP_OK);
    EXPECT("+a -a");
    expect_after(50, "+a");
    act(end_instance);
    EXPECT_ANSWERS("done");
    cop_sim_run_for(stage.sim, 10000);
    EXPECT("");
}

/* ---------------------------------------------------------------------------- budgets */

static const cop_child two = {
    .name = "top",
    .budget = {1, 60},
    .sup = COP_CHILDREN(WORKER(a, .backoff = {.first_ms = 100}
      ), WORKER(b)),
};

static void
who_may_not_come_back_is_not_waited_with(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&two), COP_OK);
    crash("a");
    EXPECT("+a +b -a");
    expect_after(100, "+a");
    crash("a");
    EXPECT("-a -b =shutdown");
}

static const cop_child three = {
    .name = "top",
    .budget = {2,               60                   },
    .sup = COP_CHILDREN(WORKER(a, .backoff = {.first_ms = 100, .factor_percent = 100}
      )),
};

static void
a_wait_costs_its_restart_only_once_and_each_try_one(COP_UNUSED void **state)
{
    a.starts = "+x";
    assert_int_equal(start_tree(&three), COP_OK);
    crash("a");
    EXPECT("+a -a");
    expect_after(100, "!a");
    expect_after(100, "!a");
    expect_after(100, "=shutdown");
}

static const cop_child own = {
    .name = "top",
    .budget = PLENTY,
    .sup = COP_CHILDREN(WORKER(a, .own_budget = {2, 10}), WORKER(b)),
};

static void
a_child_may_have_a_budget_of_its_own(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&own), COP_OK);
    for (int i = 0; i < 20; i++)
        crash("b"), (void)journal();
    crash("a");
    EXPECT("-a +a");
    crash("a");
    EXPECT("-a +a");
    cop_sim_run_for(stage.sim, 11000);
    crash("a");
    EXPECT("-a +a");
    crash("a");
    EXPECT("-a +a");
    crash("a");
    EXPECT("-a -b =shutdown");
    assert_string_equal(stage.why.text, "restart intensity of a reached");
    assert_string_equal(stage.why.causes[0].text, "boom");
    assert_non_null(strstr(stage.log, "child a restarted too often"));
}

static const cop_child mean = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a, .own_budget = {100, 10})),
};

static void
the_supervisors_budget_holds_as_well(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&mean), COP_OK);
    crash("a");
    EXPECT("+a -a +a");
    crash("a");
    EXPECT("-a =shutdown");
    assert_string_equal(stage.why.text, "restart intensity reached");
}

static const cop_child none = {
    .name = "top",
    .budget = PLENTY,
    .sup = COP_CHILDREN(WORKER(a, .own_budget = {COP_NO_RESTARTS, 0}), WORKER(b)),
};

static void
a_child_may_have_no_restarts_of_its_own(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&none), COP_OK);
    crash("b");
    EXPECT("+a +b -b +b");
    crash("a");
    EXPECT("-a -b =shutdown");
}

static const cop_child each = {
    .name = "top",
    .strategy = COP_DYNAMIC,
    .budget = PLENTY,
    .sup = COP_CHILDREN(WORKER(a, .own_budget = {1, 10})),
};

static void
dynamic_children_have_a_budget_each(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&each), COP_OK);
    for (int i = 0; i < 5; i++) {
        act(add_instance);
        assert_int_equal(cop_post(stage.node, instance, fall, .code = 3), COP_OK);
        EXPECT("+a -a +a");
    }
    assert_true(cop_pid_is_none(stage.why.origin));
}

/* --------------------------------------------------------------------------- mistakes */

static void
refused(cop_backoff backoff, cop_budget own_budget, const char *sentence)
{
    const cop_child rows[] = {
        {.name = "a",
         .run = &worker_b,
         .arg = &a,
         .backoff = backoff,
         .own_budget = own_budget},
        {0  }
    };
    const cop_child wrong = {.name = "top", .sup = rows};

    assert_int_equal(start_tree(&wrong), COP_E_INVAL);
    assert_string_equal(stage.why.text, sentence);
}

static void
wrong_rows_are_refused(COP_UNUSED void **state)
{
    const cop_budget none = {0, 0};

    refused((cop_backoff){.first_ms = -1}, none, "bad backoff: a");
    refused((cop_backoff){.cap_ms = 5}, none, "bad backoff: a");
    refused((cop_backoff){.jitter_percent = 5}, none, "bad backoff: a");
    refused((cop_backoff){.factor_percent = 200}, none, "bad backoff: a");
    refused((cop_backoff){.healthy_ms = 5}, none, "bad backoff: a");
    refused((cop_backoff){.first_ms = 10, .cap_ms = 9}, none, "bad backoff: a");
    refused((cop_backoff){.first_ms = 10, .factor_percent = 99}, none, "bad backoff: a");
    refused((cop_backoff){.first_ms = 10, .jitter_percent = 101}, none, "bad backoff: a");
    refused((cop_backoff){.first_ms = 10, .jitter_percent = -1}, none, "bad backoff: a");
    refused((cop_backoff){.first_ms = 10, .healthy_ms = -1}, none, "bad backoff: a");
    refused((cop_backoff){0}, (cop_budget){-2, 5}, "bad own_budget: a");
    refused((cop_backoff){0}, (cop_budget){2, -5}, "bad own_budget: a");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(waits_grow_by_the_factor_up_to_the_cap),
        TEST(jitter_makes_waits_shorter_by_at_most_its_share),
        TEST(a_child_is_healthy_after_the_cap_if_nothing_else_is_said),
        TEST(restarts_in_a_row_wait_longer_and_longer),
        TEST(who_was_healthy_begins_anew),
        TEST(others_do_not_wait),
        TEST(a_restart_that_fails_waits_before_it_is_tried_again),
        TEST(one_that_is_not_ready_waits_as_well),
        TEST(a_stop_does_not_wait),
        TEST(jitter_is_used_and_comes_from_the_node),
        TEST(requests_are_served_while_a_child_waits),
        TEST(terminate_child_ends_the_wait),
        TEST(a_wait_that_was_ended_is_gone),
        TEST(a_suspended_supervisor_restarts_when_it_is_resumed),
        TEST(one_for_all_stops_all_then_waits_then_starts_all),
        TEST(rest_for_one_leaves_the_earlier_ones_alone),
        TEST(who_fails_to_start_has_the_others_stopped_and_waits),
        TEST(who_was_healthy_until_it_was_stopped_begins_anew),
        TEST(a_restart_takes_along_who_waits),
        TEST(a_wait_that_ended_too_late_is_gone),
        TEST(who_was_to_be_tried_again_goes_with_the_next_who_fails),
        TEST(temporary_children_do_not_come_back),
        TEST(dynamic_children_wait_each_for_itself),
        TEST(who_may_not_come_back_is_not_waited_with),
        TEST(a_wait_costs_its_restart_only_once_and_each_try_one),
        TEST(a_child_may_have_a_budget_of_its_own),
        TEST(the_supervisors_budget_holds_as_well),
        TEST(a_child_may_have_no_restarts_of_its_own),
        TEST(dynamic_children_have_a_budget_each),
        TEST(wrong_rows_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
