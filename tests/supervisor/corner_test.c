/* SPDX-License-Identifier: Apache-2.0 */
/*
 * corner_test.c - corners that a wrong line was able to hide in (tests/mutation).
 */
#include "stage.h"

COP_REPLY(boss, cop_child_done)
{
    got("%s", err != COP_OK ? cop_err_name(err) : "done");
    return COP_OK;
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

static cop_err
kill_it(cop_actor *me)
{
    cop_kill(me, stage.top);
    return COP_OK;
}

static cop_err
terminate_b(cop_actor *me)
{
    return cop_terminate_child(me, stage.top, "b", 1000, COP_THEN(boss, cop_child_done));
}

/* ------------------------------------------------------------------- stopping times */

static const cop_child patient = {
    .name = "top",
    .sup = COP_CHILDREN({.name = "sub", .sup = COP_CHILDREN(WORKER(a, .stop_ms = 20000))})};

static void
a_supervisor_below_another_has_all_the_time_it_needs(COP_UNUSED void **state)
{
    a.stop_ms = 15000;
    assert_int_equal(start_tree(&patient), COP_OK);
    act(stop_it);
    cop_sim_run_for(stage.sim, 14999);
    EXPECT("+a");
    cop_sim_run_for(stage.sim, 1);
    EXPECT("-a =shutdown");
    assert_string_equal(stage.log, ""); /* nobody stopped badly */
}

static const cop_child brutal = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a), WORKER(b, .stop_ms = COP_STOP_BRUTAL), WORKER(c))};

/* In OTP it dies by the link, whose signal it may trap; a brutal kill is what its supervisor
 * would have done. */
static void
who_is_to_be_killed_brutally_is_told_when_its_supervisor_was_killed(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&brutal), COP_OK);
    EXPECT("+a +b +c");
    act(kill_it);
    EXPECT("-c -b -a =killed");
    assert_int_equal(start_tree(&brutal), COP_OK);
    act(stop_it);
    EXPECT("+a +b +c -c #b -a =shutdown");
}

/* ------------------------------------------------------------------ significant ones */

static const cop_child last_one = {
    .name = "top",
    .budget = {10, 1},
    .auto_shutdown = COP_ALL_SIGNIFICANT,
    .sup = COP_CHILDREN(WORKER(a, .significant = true, .restart = COP_TRANSIENT),
                        WORKER(b, .significant = true, .restart = COP_TRANSIENT))
};

static void
a_significant_child_whose_restart_is_on_its_way_is_not_gone(COP_UNUSED void **state)
{
    b.starts = "+x+";
    assert_int_equal(start_tree(&last_one), COP_OK);
    act(suspend_it);
    crash("b");
    cop_sim_settle(stage.sim);
    end_well("a");
    cop_sim_settle(stage.sim);
    EXPECT("+a +b -b -a");
    act(resume_it);
    EXPECT("!b +b"); /* between the two, the end of a had its turn */
    end_well("b");
    EXPECT("-b =shutdown");
}

/* ------------------------------------------------------------------------- requests */

static const cop_child two = {
    .name = "top", .strategy = COP_ONE_FOR_ALL, .sup = COP_CHILDREN(WORKER(a), WORKER(b))};

static void
an_end_that_was_asked_for_restarts_nobody(COP_UNUSED void **state)
{
    b.stop_ms = 10; /* so that its end is not the answer to being told, but comes later */
    assert_int_equal(start_tree(&two), COP_OK);
    act(terminate_b);
    cop_sim_run_for(stage.sim, 10);
    EXPECT("+a +b -b");
    EXPECT_ANSWERS("done");
}

/* ------------------------------------------------------------------ time and the log */

static void
a_restart_weighs_for_its_seconds_and_the_one_they_end_in(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&two), COP_OK); /* one in five seconds */
    cop_sim_run_for(stage.sim, 900);
    crash("a");
    cop_sim_run_for(stage.sim, 5100); /* second 6: the window of five is over */
    (void)journal();
    crash("a");
    EXPECT("-a -b +a +b");
    cop_sim_run_for(stage.sim, 5999); /* second 11, the window is inclusive */
    crash("a");
    EXPECT("-a -b =shutdown");
}

static const cop_child stormy = {
    .name = "top", .budget = {1000, 1},
         .sup = COP_CHILDREN(WORKER(a))
};

static void
crash_often(int times)
{
    while (times-- > 0) {
        crash("a");
        (void)journal();
    }
}

static size_t
lines_of_log(void)
{
    size_t lines = 0;

    for (const char *at = stage.log; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    stage.log[0] = '\0';
    return lines;
}

static void
each_second_has_its_own_lines_and_says_how_many_were_left_out(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&stormy), COP_OK);
    crash_often(15);
    assert_int_equal(lines_of_log(), 10);
    cop_sim_run_for(stage.sim, 1000);
    crash_often(13);
    assert_non_null(strstr(stage.log, ": 5 lines about children were left out"));
    assert_int_equal(lines_of_log(), 11);
    cop_sim_run_for(stage.sim, 1000);
    crash_often(1);
    assert_non_null(strstr(stage.log, ": 3 lines about children were left out"));
    assert_int_equal(lines_of_log(), 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_supervisor_below_another_has_all_the_time_it_needs),
        TEST(who_is_to_be_killed_brutally_is_told_when_its_supervisor_was_killed),
        TEST(a_significant_child_whose_restart_is_on_its_way_is_not_gone),
        TEST(an_end_that_was_asked_for_restarts_nobody),
        TEST(a_restart_weighs_for_its_seconds_and_the_one_they_end_in),
        TEST(each_second_has_its_own_lines_and_says_how_many_were_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
