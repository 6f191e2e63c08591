/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_test.c - what a supervisor reports, also about its own end, and what suspending it
 * does.
 */
#include "boss.h"

static void
write_report(COP_UNUSED void *ctx, const cop_report *report)
{
    note("(%s%s %s", report->is_error ? "!" : "", cop_child_news_name(report->what),
         report->name);
    if (report->count > 0)
        note("times %u", (unsigned)report->count);
}

static const cop_reporter reporter = {write_report, NULL};

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

static cop_err
list_it(cop_actor *me)
{
    return cop_which_children(me, stage.top, 1000, COP_THEN(boss, cop_child_list));
}

static cop_err
add_one(cop_actor *me)
{
    return cop_start_dynamic(me, stage.top, &a, 0, 1000, COP_THEN(boss, cop_child_started));
}

static const cop_child two = {.name = "top",
                              .strategy = COP_ONE_FOR_ALL,
                              .reporter = &reporter,
                              .sup = COP_CHILDREN(WORKER(a), WORKER(b, .stop_ms = 50))};

static void
starts_and_restarts_are_reported(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&two), COP_OK);
    EXPECT("+a (started a +b (started b");
    crash("a");
    EXPECT("-a (!ended a -b (ended b +a (restarted a +b (restarted b");
}

static void
who_does_not_stop_in_time_is_reported_by_an_ending_supervisor(COP_UNUSED void **state)
{
    b.stop_ms = -1;
    assert_int_equal(start_tree(&two), COP_OK);
    (void)journal();
    act(stop_it);
    cop_sim_run_for(stage.sim, 50);
    EXPECT("#b (!stopped badly b -a (ended a =shutdown");
}

static const cop_child nested = {
    .name = "top",
    .reporter = &reporter,
    .sup = COP_CHILDREN(WORKER(a), {.name = "sub", .sup = COP_CHILDREN(WORKER(b), WORKER(c))})};

static void
a_start_that_is_undone_is_reported_to_its_end(COP_UNUSED void **state)
{
    c.starts = "x";
    assert_int_not_equal(start_tree(&nested), COP_OK);
    EXPECT("+a (started a +b (started b !c (!not started c -b (ended b (!not started sub -a "
           "(ended a");
}

static const cop_child dynamic = {.name = "top",
                                  .strategy = COP_DYNAMIC,
                                  .reporter = &reporter,
                                  .sup = COP_CHILDREN(WORKER(a, .stop_ms = 50))};

static void
bad_ends_of_dynamic_children_are_counted(COP_UNUSED void **state)
{
    a.stop_ms = -1;
    assert_int_equal(start_tree(&dynamic), COP_OK);
    act(add_one);
    act(add_one);
    (void)journal();
    act(stop_it);
    cop_sim_run_for(stage.sim, 50);
    assert_non_null(strstr(journal(), "(ended a (!stopped badly a times 2 =shutdown"));
}

static cop_err
refuse(COP_UNUSED cop_actor *me, COP_UNUSED const cop_child *row)
{
    return COP_E_IGNORE;
}

static const cop_child refusing = {
    .name = "top",
    .reporter = &reporter,
    .sup = COP_CHILDREN({.name = "sub", .init = refuse, .sup = COP_CHILDREN(WORKER(b))},
                        WORKER(a))};

static void
the_init_of_a_row_may_refuse_the_start(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&refusing), COP_OK);
    EXPECT("(ignored sub +a (started a");
}

static void
a_suspended_supervisor_does_things_later_and_in_order(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&two), COP_OK);
    (void)journal();
    act(suspend_it);
    EXPECT_ANSWERS("done");
    act(list_it);
    crash("a");
    EXPECT("-a");
    EXPECT_ANSWERS("");
    act(resume_it);
    EXPECT("(!ended a -b (ended b +a (restarted a +b (restarted b");
    EXPECT_ANSWERS("done b:running a:running");
}

static void
an_end_that_waited_is_reported_when_its_supervisor_leaves(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&two), COP_OK);
    act(suspend_it);
    crash("b");
    (void)journal();
    act(stop_it);
    EXPECT("(!stopped badly b -a (ended a =shutdown");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(starts_and_restarts_are_reported),
        TEST(who_does_not_stop_in_time_is_reported_by_an_ending_supervisor),
        TEST(a_start_that_is_undone_is_reported_to_its_end),
        TEST(bad_ends_of_dynamic_children_are_counted),
        TEST(the_init_of_a_row_may_refuse_the_start),
        TEST(a_suspended_supervisor_does_things_later_and_in_order),
        TEST(an_end_that_waited_is_reported_when_its_supervisor_leaves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
