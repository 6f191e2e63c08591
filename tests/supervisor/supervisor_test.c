/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor_test.c - starting, restarting, giving up and stopping, in virtual time.
 */
#include "stage.h"

#define PLENTY                                                                                 \
    {                                                                                          \
        100, 60                                                                                \
    }

/* ------------------------------------------------------------------- start and stop */

static const cop_child three = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a), WORKER(b), WORKER(c)),
};

static void
children_start_in_order_and_stop_in_reverse(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&three), COP_OK);
    EXPECT("+a +b +c");
    act(stop_it);
    EXPECT("-c -b -a =shutdown");
}

static const cop_child one_anonymous = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a), WORKER(b, .anonymous = true)),
};

static void
children_are_registered_under_their_names(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&one_anonymous), COP_OK);
    assert_false(cop_pid_is_none(who("a")));
    assert_true(cop_pid_is_none(who("b")));
}

static void
a_slow_child_is_awaited_before_the_next_is_told(void **state)
{
    (void)state;
    b.stop_ms = 300;
    assert_int_equal(start_tree(&three), COP_OK);
    act(stop_it);
    EXPECT("+a +b +c -c");
    cop_sim_run_for(stage.sim, 299);
    EXPECT("");
    cop_sim_run_for(stage.sim, 1);
    EXPECT("-b -a =shutdown");
}

static const cop_child two_hundred_ms = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a), WORKER(b, .stop_ms = 200), WORKER(c)),
};

static void
who_does_not_stop_in_time_is_killed(void **state)
{
    (void)state;
    b.stop_ms = -1;
    assert_int_equal(start_tree(&two_hundred_ms), COP_OK);
    act(stop_it);
    cop_sim_run_for(stage.sim, 199);
    EXPECT("+a +b +c -c");
    cop_sim_run_for(stage.sim, 1);
    EXPECT("#b -a =shutdown");
}

static void
the_default_patience_is_five_seconds(void **state)
{
    (void)state;
    c.stop_ms = -1;
    assert_int_equal(start_tree(&three), COP_OK);
    act(stop_it);
    cop_sim_run_for(stage.sim, 4999);
    EXPECT("+a +b +c");
    cop_sim_run_for(stage.sim, 1);
    EXPECT("#c -b -a =shutdown");
}

static const cop_child impatient = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a, .stop_ms = COP_STOP_NO_WAIT),
                        WORKER(b, .stop_ms = COP_STOP_BRUTAL)),
};

static void
brutal_kills_at_once_and_no_wait_hardly_later(void **state)
{
    (void)state;
    a.stop_ms = -1;
    assert_int_equal(start_tree(&impatient), COP_OK);
    act(stop_it);
    cop_sim_run_for(stage.sim, 1);
    EXPECT("+a +b #b #a =shutdown");
}

static const cop_child patient = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a, .stop_ms = COP_INFINITY)),
};

static void
infinity_waits_however_long_it_takes(void **state)
{
    (void)state;
    a.stop_ms = 3600 * 1000;
    assert_int_equal(start_tree(&patient), COP_OK);
    act(stop_it);
    cop_sim_run_for(stage.sim, 3600 * 1000 - 1);
    EXPECT("+a");
    cop_sim_run_for(stage.sim, 1);
    EXPECT("-a =shutdown");
}

static const cop_child nested = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a), {.name = "mid", .sup = COP_CHILDREN(WORKER(b), WORKER(c))},
                        WORKER(d)),
};

static void
subtrees_start_and_stop_depth_first(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&nested), COP_OK);
    EXPECT("+a +b +c +d");
    act(stop_it);
    EXPECT("-d -c -b -a =shutdown");
}

static void
a_failed_start_undoes_what_was_started(void **state)
{
    (void)state;
    c.starts = "x";
    assert_int_equal(start_tree(&three), COP_E_FAILED);
    cop_sim_run_until_idle(stage.sim, 1000);
    EXPECT("+a +b !c -b -a");
    assert_string_equal(stage.why.text, "failed to start child c");
    assert_string_equal(stage.why.causes[0].text, "no c");
    assert_int_equal(stage.why.causes[0].code, 7);
    assert_non_null(strstr(stage.log, "child c not started: error 7: no c"));
}

static void
a_start_that_fails_below_unwinds_all_levels(void **state)
{
    (void)state;
    c.starts = "x";
    assert_int_equal(start_tree(&nested), COP_E_FAILED);
    cop_sim_run_until_idle(stage.sim, 1000);
    EXPECT("+a +b !c -b -a");
    assert_string_equal(stage.why.text, "failed to start child mid");
    assert_string_equal(stage.why.causes[0].text, "failed to start child c");
    assert_string_equal(stage.why.causes[1].text, "no c");
}

static void
what_a_failed_start_left_is_gone_before_the_others_stop(void **state)
{
    (void)state;
    c.starts = "X";
    assert_int_equal(start_tree(&three), COP_E_FAILED);
    cop_sim_run_for(stage.sim, 99);
    EXPECT("+a +b +leftover !c");
    cop_sim_run_for(stage.sim, 1);
    EXPECT("-leftover -b -a");
}

static void
a_child_that_ignores_has_no_actor_and_the_start_goes_on(void **state)
{
    (void)state;
    b.starts = "?";
    assert_int_equal(start_tree(&three), COP_OK);
    act(stop_it);
    EXPECT("+a ?b +c -c -a =shutdown");
}

static const cop_child namesakes_apart = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a), {.name = "mid", .sup = COP_CHILDREN(WORKER(b), WORKER(a))}),
};

static void
a_taken_name_fails_the_start(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&namesakes_apart), COP_E_NAME_TAKEN);
    cop_sim_run_until_idle(stage.sim, 1000);
    EXPECT("+a +b -b -a");
    assert_string_equal(stage.why.causes[1].text, "another actor has that name");
}

static const cop_child twice = {.name = "top",
                                .sup = COP_CHILDREN(WORKER(a), WORKER(b), WORKER(a))};

static const cop_child empty = {.name = "top", .sup = COP_CHILDREN(WORKER(a), {.name = "b"})};

static void
a_wrong_table_is_refused_before_anything_starts(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&twice), COP_E_INVAL);
    assert_string_equal(stage.why.text, "two children are named a");
    assert_int_equal(start_tree(&empty), COP_E_INVAL);
    assert_string_equal(stage.why.text, "neither run nor sup: b");
    EXPECT("");
}

/* ----------------------------------------------------------------------- strategies */

static const cop_child for_one = {
    .name = "top",
    .budget = PLENTY,
    .sup = COP_CHILDREN(WORKER(a), WORKER(b), WORKER(c)),
};
static const cop_child for_all = {
    .name = "top",
    .budget = PLENTY,
    .strategy = COP_ONE_FOR_ALL,
    .sup = COP_CHILDREN(WORKER(a), WORKER(b), WORKER(c)),
};
static const cop_child for_rest = {
    .name = "top",
    .budget = PLENTY,
    .strategy = COP_REST_FOR_ONE,
    .sup = COP_CHILDREN(WORKER(a), WORKER(b), WORKER(c)),
};

static void
one_for_one_restarts_the_one(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&for_one), COP_OK);
    crash("b");
    EXPECT("+a +b +c -b +b");
    act(stop_it);
    EXPECT("-c -b -a =shutdown");
}

static void
one_for_all_restarts_all(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&for_all), COP_OK);
    crash("b");
    EXPECT("+a +b +c -b -c -a +a +b +c");
}

static void
rest_for_one_restarts_those_after_it(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&for_rest), COP_OK);
    crash("b");
    EXPECT("+a +b +c -b -c +b +c");
    crash("c");
    EXPECT("-c +c");
    crash("a");
    EXPECT("-a -c -b +a +b +c");
}

static void
the_first_restarted_keeps_its_place(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&for_one), COP_OK);
    crash("a");
    EXPECT("+a +b +c -a +a");
    act(stop_it);
    EXPECT("-c -b -a =shutdown");
}

static void
a_group_waits_for_a_slow_sibling(void **state)
{
    (void)state;
    a.stop_ms = 50;
    assert_int_equal(start_tree(&for_all), COP_OK);
    crash("c");
    EXPECT("+a +b +c -c -b");
    cop_sim_run_for(stage.sim, 50);
    EXPECT("-a +a +b +c");
}

static const cop_child all_but_once = {
    .name = "top",
    .budget = {1, 60},
    .strategy = COP_ONE_FOR_ALL,
    .sup = COP_CHILDREN(WORKER(a), WORKER(b), WORKER(c)),
};

static void
two_deaths_are_one_cycle_of_one_for_all(void **state)
{
    (void)state;
    a.stop_ms = 50;
    assert_int_equal(start_tree(&all_but_once), COP_OK);
    journal();
    crash("c");
    EXPECT("-c -b");
    crash("a");
    EXPECT("-a +a +b +c");
}

static void
who_dies_while_another_stops_is_handled_afterwards(void **state)
{
    (void)state;
    c.stop_ms = 50;
    assert_int_equal(start_tree(&for_rest), COP_OK);
    journal();
    crash("b");
    EXPECT("-b");
    crash("a");
    EXPECT("-a");
    cop_sim_run_for(stage.sim, 50);
    EXPECT("-c +b +c");
    cop_sim_run_for(stage.sim, 50);
    EXPECT("-c -b +a +b +c");
}

static const cop_child all_with_mid = {
    .name = "top",
    .strategy = COP_ONE_FOR_ALL,
    .sup = COP_CHILDREN(WORKER(a), {.name = "mid", .sup = COP_CHILDREN(WORKER(b), WORKER(c))}),
};

static void
a_supervisor_of_a_group_is_restarted_with_its_table(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&all_with_mid), COP_OK);
    crash("a");
    EXPECT("+a +b +c -a -c -b +a +b +c");
}

/* -------------------------------------------------------------------- restart types */

static void
permanent_children_come_back_after_every_end(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&for_one), COP_OK);
    end_well("a");
    EXPECT("+a +b +c -a +a");
}

static const cop_child all_with_transient = {
    .name = "top",
    .strategy = COP_ONE_FOR_ALL,
    .sup = COP_CHILDREN(WORKER(a, .restart = COP_TRANSIENT), WORKER(b)),
};

static void
transient_children_come_back_only_after_a_failure(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&all_with_transient), COP_OK);
    end_well("a");
    EXPECT("+a +b -a");
    crash("b"); /* a group restart revives it */
    EXPECT("-b +a +b");
}

static const cop_child all_with_temporary = {
    .name = "top",
    .budget = PLENTY,
    .strategy = COP_ONE_FOR_ALL,
    .sup = COP_CHILDREN(WORKER(a, .restart = COP_TEMPORARY), WORKER(b),
                        WORKER(c, .restart = COP_TEMPORARY)),
};

static void
temporary_children_are_forgotten_even_in_a_group(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&all_with_temporary), COP_OK);
    crash("c");
    EXPECT("+a +b +c -c");
    crash("b");
    EXPECT("-b -a +b");
}

/* ------------------------------------------------------------------ failing restarts */

static void
a_restart_that_fails_is_tried_again(void **state)
{
    (void)state;
    b.starts = "+xxx+";
    assert_int_equal(start_tree(&for_one), COP_OK);
    crash("b");
    EXPECT("+a +b +c -b !b !b !b +b");
}

static const cop_child three_tries = {
    .name = "top",
    .budget = {3, 60},
    .sup = COP_CHILDREN(WORKER(a), WORKER(b)),
};

static void
every_try_costs_one_of_the_budget(void **state)
{
    (void)state;
    b.starts = "+x";
    assert_int_equal(start_tree(&three_tries), COP_OK);
    crash("b");
    EXPECT("+a +b -b !b !b !b -a =shutdown");
    assert_string_equal(stage.why.causes[0].text, "no b");
}

static void
a_group_whose_start_fails_is_stopped_again_by_the_retry(void **state)
{
    (void)state;
    b.starts = "+x+";
    assert_int_equal(start_tree(&for_all), COP_OK);
    crash("c");
    EXPECT("+a +b +c -c -b -a +a !b -a +a +b +c");
}

static void
the_retry_of_a_rest_begins_at_the_one_that_failed(void **state)
{
    (void)state;
    c.starts = "+xx+";
    assert_int_equal(start_tree(&for_rest), COP_OK);
    crash("a");
    EXPECT("+a +b +c -a -c -b +a +b !c !c +c");
}

static void
a_retry_waits_until_the_failed_start_is_gone(void **state)
{
    (void)state;
    b.starts = "+X+";
    assert_int_equal(start_tree(&for_one), COP_OK);
    crash("b");
    EXPECT("+a +b +c -b +leftover !b");
    cop_sim_run_for(stage.sim, 100);
    EXPECT("-leftover +b");
}

static void
a_restart_that_ignores_is_good(void **state)
{
    (void)state;
    b.starts = "+?";
    assert_int_equal(start_tree(&for_one), COP_OK);
    crash("b");
    EXPECT("+a +b +c -b ?b");
    cop_sim_run_for(stage.sim, 1000);
    EXPECT("");
}

static const cop_child tireless = {
    .name = "top",
    .budget = {INT32_MAX, 60},
    .sup = COP_CHILDREN(WORKER(a), WORKER(b)),
};

static void
a_supervisor_that_retries_can_be_stopped(void **state)
{
    (void)state;
    b.starts = "+x";
    assert_int_equal(start_tree(&tireless), COP_OK);
    journal();
    stage.go = stop_it;
    crash("b");
    for (int i = 0; i < 200; i++)
        cop_sim_step(stage.sim);
    assert_non_null(strstr(stage.journal, "!b !b !b"));
    act(stop_it);
    assert_non_null(strstr(journal(), "!b -a =shutdown"));
}

/* ------------------------------------------------------------------------ the budget */

static void
more_restarts_than_the_budget_end_the_supervisor(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&three), COP_OK);
    crash("b");
    EXPECT("+a +b +c -b +b");
    crash("b");
    EXPECT("-b -c -a =shutdown");
    assert_string_equal(stage.why.text, "restart intensity reached");
    assert_int_equal(stage.why.causes[0].code, 3);
    assert_string_equal(stage.why.causes[0].text, "boom");
    assert_non_null(strstr(stage.log, "child b restarted too often: error 3: boom"));
}

static void
the_budget_comes_back_with_time(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&three), COP_OK);
    for (int i = 0; i < 5; i++) {
        crash("b");
        cop_sim_run_for(stage.sim, 6000);
    }
    EXPECT("+a +b +c -b +b -b +b -b +b -b +b -b +b");
}

static const cop_child fragile = {
    .name = "top",
    .budget = {COP_NO_RESTARTS, 0},
    .sup = COP_CHILDREN(WORKER(a), WORKER(b, .restart = COP_TRANSIENT)),
};

static void
without_restarts_the_first_failure_is_fatal(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&fragile), COP_OK);
    end_well("b"); /* costs nothing */
    EXPECT("+a +b -b");
    crash("a");
    EXPECT("-a =shutdown");
}

static const cop_child all_but_twice = {
    .name = "top",
    .budget = {2, 60},
    .strategy = COP_ONE_FOR_ALL,
    .sup = COP_CHILDREN(WORKER(a), WORKER(b)),
};

static void
a_group_restart_counts_once(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&all_but_twice), COP_OK);
    crash("a");
    EXPECT("+a +b -a -b +a +b");
    crash("a");
    EXPECT("-a -b +a +b");
    crash("a");
    EXPECT("-a -b =shutdown");
}

static const cop_child two_levels = {
    .name = "top",
    .budget = {1,                              60        },
    .sup = COP_CHILDREN(
        WORKER(a),
        { .name = "mid", .budget = {1, 60}, .sup = COP_CHILDREN(WORKER(b), WORKER(c))}
      ),
};

static void
giving_up_climbs_level_by_level(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&two_levels), COP_OK);
    crash("c");
    EXPECT("+a +b +c -c +c");
    crash("c");
    EXPECT("-c -b +b +c");
    crash("c");
    EXPECT("-c +c");
    crash("c");
    EXPECT("-c -b -a =shutdown");
    assert_string_equal(stage.why.causes[0].text, "restart intensity reached");
}

static const cop_child transient_mid = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a), {.name = "mid",
                                    .restart = COP_TRANSIENT,
                                    .budget = {COP_NO_RESTARTS, 0},
                                    .sup = COP_CHILDREN(WORKER(b))}
       ),
};

static void
a_transient_supervisor_that_gives_up_stays_down(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&transient_mid), COP_OK);
    crash("b");
    EXPECT("+a +b -b");
    act(stop_it);
    EXPECT("-a =shutdown");
}

/* ------------------------------------------------------------------------- strangers */

static cop_err
signal_top(cop_actor *me)
{
    cop_signal(me, stage.top, &(cop_exit){.kind = COP_EXIT_ERROR, .code = 9});
    return COP_OK;
}

static cop_err
kill_top(cop_actor *me)
{
    cop_kill(me, stage.top);
    return COP_OK;
}

static cop_err
kill_mid(cop_actor *me)
{
    cop_kill(me, who("mid"));
    return COP_OK;
}

static cop_err
signal_mid(cop_actor *me)
{
    cop_signal(me, who("mid"), &(cop_exit){.kind = COP_EXIT_ERROR, .code = 9});
    return COP_OK;
}

static void
signals_of_strangers_mean_nothing_but_the_owners_do(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&nested), COP_OK);
    act(signal_mid);
    EXPECT("+a +b +c +d");
    act(signal_top);
    EXPECT("-d -c -b -a =error");
    assert_int_equal(stage.why.code, 9);
}

static void
a_killed_supervisor_is_restarted_when_all_below_it_is_gone(void **state)
{
    (void)state;
    c.stop_ms = 30;
    assert_int_equal(start_tree(&nested), COP_OK);
    journal();
    act(kill_mid);
    EXPECT("");
    cop_sim_run_for(stage.sim, 30);
    EXPECT("-c -b +b +c");
}

static void
a_killed_top_takes_all_along(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&nested), COP_OK);
    act(kill_top);
    EXPECT("+a +b +c +d -d -c -b -a =killed");
}

static cop_err
give_child(cop_actor *me)
{
    return cop_spawn(me, &worker_b,
                     &(cop_spawn_opts){.arg = &d, .owner = stage.top, .name = "d"}, NULL);
}

static void
a_child_that_somebody_gave_it_is_owned_but_not_restarted(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&for_one), COP_OK);
    act(give_child);
    crash("d");
    EXPECT("+a +b +c +d -d");
    act(give_child);
    act(stop_it);
    EXPECT("+d -d -c -b -a =shutdown");
}

/* ----------------------------------------------------------------- significant ones */

static const cop_child any_significant = {
    .name = "top",
    .auto_shutdown = COP_ANY_SIGNIFICANT,
    .sup = COP_CHILDREN(WORKER(a, .restart = COP_TRANSIENT, .significant = true), WORKER(b),
                        WORKER(c, .restart = COP_TEMPORARY)),
};

static void
the_first_significant_end_stops_an_any_supervisor(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&any_significant), COP_OK);
    end_well("c");
    EXPECT("+a +b +c -c");
    crash("a");
    EXPECT("-a +a");
    end_well("a");
    EXPECT("-a -b =shutdown");
}

static const cop_child all_significant = {
    .name = "top",
    .auto_shutdown = COP_ALL_SIGNIFICANT,
    .sup = COP_CHILDREN(WORKER(a, .restart = COP_TEMPORARY, .significant = true),
                        WORKER(b, .restart = COP_TRANSIENT, .significant = true), WORKER(c)),
};

static void
the_last_significant_end_stops_an_all_supervisor(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&all_significant), COP_OK);
    crash("a");
    EXPECT("+a +b +c -a");
    end_well("b");
    EXPECT("-b -c =shutdown");
}

/* ------------------------------------------------------------------------- any order */

/* Many small disasters under many schedules: in the end all are up, each exactly once. */
static const cop_child disaster_area = {
    .name = "top",
    .budget = {1000000,                       1         },
    .strategy = COP_ONE_FOR_ALL,
    .sup = COP_CHILDREN(WORKER(a),
                        { .name = "mid",
               .budget = {3, 60},
               .strategy = COP_REST_FOR_ONE,
               .sup = COP_CHILDREN(WORKER(b), WORKER(c))},
                        WORKER(d)),
};

static void
nothing_is_lost_under_any_schedule(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d"};

    tear_down(state);
    for (unsigned seed = 1; seed <= 60; seed++) {
        new_stage(state);
        a.stop_ms = seed % 3 == 0 ? 5 : 0;
        c.stop_ms = seed % 5 == 0 ? 5 : 0;
        b.starts = seed % 2 == 0 ? "+x+x+" : "+";
        assert_int_equal(start_tree(&disaster_area), COP_OK);
        for (int i = 0; i < 40; i++) {
            cop_pid victim = who(names[cop_sim_random(stage.sim) % 4]);
            if (!cop_pid_is_none(victim))
                assert_int_equal(cop_post(stage.node, victim, fall, .code = 1), COP_OK);
            for (uint64_t steps = cop_sim_random(stage.sim) % 20; steps > 0; steps--)
                cop_sim_step(stage.sim);
        }
        cop_sim_run_for(stage.sim, 1000);
        for (size_t i = 0; i < COP_COUNT(names); i++)
            assert_false(cop_pid_is_none(who(names[i])));
        stage.journal[0] = '\0';
        a.stop_ms = c.stop_ms = 0;
        act(stop_it);
        cop_sim_run_for(stage.sim, 1000);
        EXPECT("-d -c -b -a =shutdown");
        tear_down(state);
    }
    new_stage(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(children_start_in_order_and_stop_in_reverse),
        TEST(children_are_registered_under_their_names),
        TEST(a_slow_child_is_awaited_before_the_next_is_told),
        TEST(who_does_not_stop_in_time_is_killed),
        TEST(the_default_patience_is_five_seconds),
        TEST(brutal_kills_at_once_and_no_wait_hardly_later),
        TEST(infinity_waits_however_long_it_takes),
        TEST(subtrees_start_and_stop_depth_first),
        TEST(a_failed_start_undoes_what_was_started),
        TEST(a_start_that_fails_below_unwinds_all_levels),
        TEST(what_a_failed_start_left_is_gone_before_the_others_stop),
        TEST(a_child_that_ignores_has_no_actor_and_the_start_goes_on),
        TEST(a_taken_name_fails_the_start),
        TEST(a_wrong_table_is_refused_before_anything_starts),
        TEST(one_for_one_restarts_the_one),
        TEST(one_for_all_restarts_all),
        TEST(rest_for_one_restarts_those_after_it),
        TEST(the_first_restarted_keeps_its_place),
        TEST(a_group_waits_for_a_slow_sibling),
        TEST(two_deaths_are_one_cycle_of_one_for_all),
        TEST(who_dies_while_another_stops_is_handled_afterwards),
        TEST(a_supervisor_of_a_group_is_restarted_with_its_table),
        TEST(permanent_children_come_back_after_every_end),
        TEST(transient_children_come_back_only_after_a_failure),
        TEST(temporary_children_are_forgotten_even_in_a_group),
        TEST(a_restart_that_fails_is_tried_again),
        TEST(every_try_costs_one_of_the_budget),
        TEST(a_group_whose_start_fails_is_stopped_again_by_the_retry),
        TEST(the_retry_of_a_rest_begins_at_the_one_that_failed),
        TEST(a_retry_waits_until_the_failed_start_is_gone),
        TEST(a_restart_that_ignores_is_good),
        TEST(a_supervisor_that_retries_can_be_stopped),
        TEST(more_restarts_than_the_budget_end_the_supervisor),
        TEST(the_budget_comes_back_with_time),
        TEST(without_restarts_the_first_failure_is_fatal),
        TEST(a_group_restart_counts_once),
        TEST(giving_up_climbs_level_by_level),
        TEST(a_transient_supervisor_that_gives_up_stays_down),
        TEST(signals_of_strangers_mean_nothing_but_the_owners_do),
        TEST(a_killed_supervisor_is_restarted_when_all_below_it_is_gone),
        TEST(a_killed_top_takes_all_along),
        TEST(a_child_that_somebody_gave_it_is_owned_but_not_restarted),
        TEST(the_first_significant_end_stops_an_any_supervisor),
        TEST(the_last_significant_end_stops_an_all_supervisor),
        TEST(nothing_is_lost_under_any_schedule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
