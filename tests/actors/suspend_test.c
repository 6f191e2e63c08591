/* SPDX-License-Identifier: Apache-2.0 */
/*
 * suspend_test.c - actors that are suspended: what waits, and what does not.
 */
#include "inspected.h"

/* ------------------------------------------------------------------- suspend and resume */

static void
a_suspended_actor_handles_nothing_until_it_is_resumed(void **state)
{
    stage *at = open_stage(1);
    cop_pid who = start(at, &worker_b);

    (void)state;
    send(at, who, 1);
    cop_sim_settle(at->sim);
    get(at, do_suspend, who, COP_OK);
    send(at, who, 2);
    send(at, who, 3);
    send(at, who, 4);
    cop_sim_run_for(at->sim, 10000);
    assert_string_equal(at->log, "1");
    get(at, do_resume, who, COP_OK);
    assert_string_equal(at->log, "1234");
    send(at, who, 5);
    cop_sim_settle(at->sim);
    assert_string_equal(at->log, "12345");
    close_stage(at);
}

static void
twice_is_harmless(void **state)
{
    stage *at = open_stage(2);
    cop_pid who = start(at, &worker_b);

    (void)state;
    get(at, do_resume, who, COP_OK);
    get(at, do_suspend, who, COP_OK);
    get(at, do_suspend, who, COP_OK);
    send(at, who, 1);
    cop_sim_settle(at->sim);
    assert_string_equal(at->log, "");
    get(at, do_resume, who, COP_OK);
    get(at, do_resume, who, COP_OK);
    assert_string_equal(at->log, "1");
    close_stage(at);
}

/* What the operator sent before the order is handled before it, whatever the schedule. */
static void
do_all_in_order(stage *at, cop_actor *me)
{
    assert_int_equal(cop_send(me, at->who, note, .n = 1), COP_OK);
    do_suspend(at, me);
    assert_int_equal(cop_send(me, at->who, note, .n = 2), COP_OK);
    assert_int_equal(cop_send(me, at->who, note, .n = 3), COP_OK);
}

static void
an_order_waits_for_what_came_before_it(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        stage *at = open_stage(seed);
        cop_pid who = start(at, &worker_b);

        act(at, do_all_in_order, who);
        assert_string_equal(at->log, "1");
        get(at, do_resume, who, COP_OK);
        assert_string_equal(at->log, "123");
        close_stage(at);
    }
}

static void
do_there_and_back(stage *at, cop_actor *me)
{
    do_all_in_order(at, me);
    do_resume(at, me);
    assert_int_equal(cop_send(me, at->who, note, .n = 4), COP_OK);
    do_suspend(at, me);
    assert_int_equal(cop_send(me, at->who, note, .n = 5), COP_OK);
    do_resume(at, me);
}

static void
orders_that_wait_together_are_obeyed_in_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        stage *at = open_stage(seed);

        act(at, do_there_and_back, start(at, &worker_b));
        assert_int_equal(at->answered, 4);
        assert_string_equal(at->log, "12345");
        close_stage(at);
    }
}

static void
do_twice_with_one_between(stage *at, cop_actor *me)
{
    do_suspend(at, me);
    assert_int_equal(cop_send(me, at->who, note, .n = 1), COP_OK);
    do_suspend(at, me);
}

/* An order is taken out from behind what waits. */
static void
what_waits_stays_in_order_when_an_order_is_obeyed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        stage *at = open_stage(seed);
        cop_pid who = start(at, &worker_b);

        act(at, do_twice_with_one_between, who);
        send(at, who, 2);
        cop_sim_settle(at->sim);
        get(at, do_status, who, COP_OK);
        assert_int_equal(at->status.waiting, 2);
        get(at, do_resume, who, COP_OK);
        assert_string_equal(at->log, "12");
        close_stage(at);
    }
}

static void
a_bound_holds_while_suspended(void **state)
{
    stage *at = open_stage(3);
    cop_pid who = start(at, &small_b);

    (void)state;
    get(at, do_suspend, who, COP_OK);
    for (int n = 1; n <= 4; n++) {
        send(at, who, n);
        cop_sim_settle(at->sim);
    }
    assert_int_equal(cop_post(at->node, who, note, .n = 5), COP_E_FULL);
    cop_sim_settle(at->sim);
    /* No mailbox is too full for the operator. */
    get(at, do_status, who, COP_OK);
    assert_int_equal(at->status.waiting, 4);
    get(at, do_resume, who, COP_OK);
    assert_string_equal(at->log, "1234");
    assert_int_equal(cop_post(at->node, who, note, .n = 5), COP_OK);
    close_stage(at);
}

static void
timers_wait(void **state)
{
    stage *at = open_stage(4);
    cop_pid who = start(at, &worker_b);

    (void)state;
    assert_int_equal(cop_post(at->node, who, ask), COP_OK); /* rings in 50 ms */
    cop_sim_settle(at->sim);
    get(at, do_suspend, who, COP_OK);
    cop_sim_run_for(at->sim, 500);
    assert_string_equal(at->log, "");
    get(at, do_resume, who, COP_OK);
    assert_string_equal(at->log, "r");
    close_stage(at);
}

static void
a_call_of_a_suspended_actor_times_out(void **state)
{
    stage *at = open_stage(5);
    cop_pid other, asker = start_asker(at, &other);

    (void)state;
    get(at, do_suspend, other, COP_OK);
    assert_int_equal(cop_post(at->node, asker, ask), COP_OK);
    cop_sim_run_for(at->sim, 1000);
    assert_string_equal(at->log, "rt");
    get(at, do_resume, other, COP_OK);
    assert_string_equal(at->log, "rt?");
    close_stage(at);
}

static void
an_answer_waits(void **state)
{
    stage *at = open_stage(6);
    cop_pid other, asker = start_asker(at, &other);

    (void)state;
    get(at, do_suspend, other, COP_OK);
    assert_int_equal(cop_post(at->node, asker, ask), COP_OK);
    cop_sim_settle(at->sim);
    get(at, do_suspend, asker, COP_OK);
    get(at, do_resume, other, COP_OK);
    assert_string_equal(at->log, "?");
    get(at, do_status, asker, COP_OK);
    assert_int_equal(at->status.waiting, 1);
    assert_int_equal(at->status.calls, 1);
    get(at, do_resume, asker, COP_OK);
    assert_string_equal(at->log, "?!");
    close_stage(at);
}

/* ----------------------------------------------------------- signals while suspended */

static void
an_exit_signal_ends_it(void **state)
{
    stage *at = open_stage(7);
    cop_pid who = start(at, &worker_b);

    (void)state;
    get(at, do_suspend, who, COP_OK);
    send(at, who, 1);
    act(at, do_shut_down, who);
    assert_false(lives(at, who));
    assert_string_equal(at->log, "E");
    assert_int_equal(at->why.kind, COP_EXIT_SHUTDOWN);
    close_stage(at);
}

static void
who_traps_gets_a_signal_when_it_is_resumed(void **state)
{
    stage *at = open_stage(8);
    cop_pid who = start(at, &trapping_b);

    (void)state;
    get(at, do_suspend, who, COP_OK);
    act(at, do_shut_down, who);
    send(at, who, 1);
    cop_sim_settle(at->sim);
    assert_string_equal(at->log, "");
    get(at, do_resume, who, COP_OK);
    assert_string_equal(at->log, "x1");
    close_stage(at);
}

static void
a_kill_ends_it(void **state)
{
    stage *at = open_stage(9);
    cop_pid who = start(at, &trapping_b);

    (void)state;
    get(at, do_suspend, who, COP_OK);
    act(at, do_kill, who);
    assert_false(lives(at, who));
    assert_string_equal(at->log, "");
    close_stage(at);
}

static void
told_to_stop_it_ends_at_once_and_in_order(void **state)
{
    stage *at = open_stage(10);
    cop_pid owner = start_parent(at, &parent_b, &patient_b);

    (void)state;
    get(at, do_suspend, at->child, COP_OK);
    send(at, owner, 0);
    cop_sim_settle(at->sim);
    /* Without virtual time passing: the ladder has not begun to kill. */
    assert_string_equal(at->log, "Ec");
    close_stage(at);
}

static void
one_that_takes_its_time_is_killed_by_the_ladder(void **state)
{
    stage *at = open_stage(11);
    cop_pid owner = start_parent(at, &parent_b, &patient_b);

    (void)state;
    send(at, owner, 0);
    cop_sim_settle(at->sim);
    assert_string_equal(at->log, "s");
    get(at, do_suspend, at->child, COP_OK);
    cop_sim_run_for(at->sim, 2000);
    assert_string_equal(at->log, "s");
    cop_sim_run_for(at->sim, 2000);
    assert_string_equal(at->log, "sc");
    close_stage(at);
}

static void
what_the_owner_signals_ends_even_who_traps(void **state)
{
    stage *at = open_stage(12);
    cop_pid owner = start_parent(at, &parent_b, &trapping_b);

    (void)state;
    get(at, do_suspend, at->child, COP_OK);
    send(at, owner, 1);
    cop_sim_settle(at->sim);
    assert_string_equal(at->log, "Ec");
    close_stage(at);
}

static void
ends_of_supervised_children_wait(void **state)
{
    stage *at = open_stage(13);
    cop_pid owner = start_parent(at, &parent_b, &worker_b);

    (void)state;
    get(at, do_suspend, owner, COP_OK);
    act(at, do_kill, at->child);
    assert_string_equal(at->log, "");
    get(at, do_status, owner, COP_OK);
    assert_int_equal(at->status.waiting, 1);
    get(at, do_resume, owner, COP_OK);
    assert_string_equal(at->log, "c");
    close_stage(at);
}

static void
a_nursery_fails_with_its_child_even_suspended(void **state)
{
    stage *at = open_stage(14);
    cop_pid owner = start_parent(at, &nursery_b, &worker_b);

    (void)state;
    get(at, do_suspend, owner, COP_OK);
    act(at, do_kill, at->child);
    assert_false(lives(at, owner));
    close_stage(at);
}

static void
a_suspended_supervisor_ends_when_it_is_told(void **state)
{
    stage *at = open_stage(15);

    (void)state;
    get(at, do_suspend, start_parent(at, &parent_b, &patient_b), COP_OK);
    /* The end of the stage tells it, and it tells its child, which is killed in time. */
    close_stage(at);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_suspended_actor_handles_nothing_until_it_is_resumed),
        cmocka_unit_test(twice_is_harmless),
        cmocka_unit_test(an_order_waits_for_what_came_before_it),
        cmocka_unit_test(orders_that_wait_together_are_obeyed_in_order),
        cmocka_unit_test(what_waits_stays_in_order_when_an_order_is_obeyed),
        cmocka_unit_test(a_bound_holds_while_suspended),
        cmocka_unit_test(timers_wait),
        cmocka_unit_test(a_call_of_a_suspended_actor_times_out),
        cmocka_unit_test(an_answer_waits),
        cmocka_unit_test(an_exit_signal_ends_it),
        cmocka_unit_test(who_traps_gets_a_signal_when_it_is_resumed),
        cmocka_unit_test(a_kill_ends_it),
        cmocka_unit_test(told_to_stop_it_ends_at_once_and_in_order),
        cmocka_unit_test(one_that_takes_its_time_is_killed_by_the_ladder),
        cmocka_unit_test(what_the_owner_signals_ends_even_who_traps),
        cmocka_unit_test(ends_of_supervised_children_wait),
        cmocka_unit_test(a_nursery_fails_with_its_child_even_suspended),
        cmocka_unit_test(a_suspended_supervisor_ends_when_it_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
