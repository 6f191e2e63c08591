/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debug_test.c - the status, statistics and traces of actors, and what is refused.
 */
#include "inspected.h"

/* --------------------------------------------------------------------- what is refused */

static void
do_myself(stage *at, cop_actor *me)
{
    at->who = cop_self(me);
    do_suspend(at, me);
}

static void
do_trace_none(stage *at, cop_actor *me)
{
    at->err = cop_debug_trace_on(me, at->who, 0, WITHIN, COP_THEN(operator, cop_debug_done));
}

static void
do_root(stage *at, cop_actor *me)
{
    at->who = cop_root(me);
    do_suspend(at, me);
}

static void
do_root_status(stage *at, cop_actor *me)
{
    at->who = cop_root(me);
    do_status(at, me);
}

static void
what_makes_no_sense_is_refused(void **state)
{
    stage *at = open_stage(16);
    cop_pid who = start(at, &worker_b);

    (void)state;
    act(at, do_myself, who);
    assert_int_equal(at->err, COP_E_SELF);
    act(at, do_status, (cop_pid){who.node + 2, who.id});
    assert_int_equal(at->err, COP_E_INVAL);
    act(at, do_trace_none, who);
    assert_int_equal(at->err, COP_E_INVAL);
    get(at, do_root, who, COP_E_REFUSED);
    get(at, do_root_status, who, COP_OK);
    assert_string_equal(at->path, "root");
    assert_false(at->status.is_suspended);
    act(at, do_kill, who);
    act(at, do_status, who);
    assert_int_equal(at->err, COP_E_NOPROC);
    assert_int_equal(at->answered, 2);
    close_stage(at);
}

static void
do_fail_and_count(stage *at, cop_actor *me)
{
    assert_int_equal(cop_send(me, at->who, note, .n = 10), COP_OK);
    do_count(at, me);
}

/* A call always ends. */
static void
an_order_to_one_that_ends_first_is_answered_down(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        stage *at = open_stage(seed);

        get(at, do_fail_and_count, start(at, &worker_b), COP_E_DOWN);
        close_stage(at);
    }
}

/* --------------------------------------------------------------------------- the status */

static void
the_status_says_what_there_is(void **state)
{
    stage *at = open_stage(17);
    cop_pid other, who = start_asker(at, &other);

    (void)state;
    get(at, do_suspend, other, COP_OK);
    send(at, who, 7);
    assert_int_equal(cop_post(at->node, who, ask), COP_OK);
    cop_sim_settle(at->sim);
    get(at, do_status, who, COP_OK);
    assert_string_equal(at->path, "worker");
    assert_string_equal(at->behaviour, "worker");
    assert_string_equal(at->state, "last=7");
    assert_int_equal(at->status.calls, 1);
    assert_int_equal(at->status.timers, 1);
    assert_int_equal(at->status.monitors, 1);
    assert_int_equal(at->status.links, 1);
    assert_int_equal(at->status.watchers, 0);
    assert_int_equal(at->status.waiting, 0);
    assert_false(at->status.is_suspended);
    assert_false(at->status.is_ending);
    get(at, do_status, other, COP_OK);
    assert_true(at->status.is_suspended);
    assert_int_equal(at->status.watchers, 1);
    assert_int_equal(at->status.links, 1);
    assert_int_equal(at->status.waiting, 1);
    close_stage(at);
}

static void
one_that_is_ending_has_a_status(void **state)
{
    stage *at = open_stage(18);
    cop_pid owner = start_parent(at, &parent_b, &patient_b);

    (void)state;
    act(at, do_kill, owner); /* its child takes its time */
    get(at, do_status, owner, COP_OK);
    assert_true(at->status.is_ending);
    assert_int_equal(at->status.children, 1);
    get(at, do_suspend, owner, COP_E_DOWN);
    close_stage(at);
}

/* In some schedule the question comes when some of what was taken from the mailbox has been
 * handled, and some not: only who does not wait is answered then. */
static void
the_status_does_not_wait_for_its_turn(void **state)
{
    bool has_come_between = false;

    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        stage *at = open_stage(seed);
        cop_pid who = start(at, &worker_b);

        for (int i = 0; i < 60; i++)
            send(at, who, 1);
        get(at, do_status, who, COP_OK);
        has_come_between |= at->status.waiting > 0 && at->status.waiting < 60;
        close_stage(at);
    }
    assert_true(has_come_between);
}

/* ----------------------------------------------------------------- statistics and trace */

static void
statistics_count_what_is_handled(void **state)
{
    stage *at = open_stage(20);
    cop_pid who = start(at, &worker_b);

    (void)state;
    send(at, who, 1);
    get(at, do_statistics, who, COP_E_NOT_FOUND);
    cop_sim_run_for(at->sim, 100);
    get(at, do_count, who, COP_OK);
    for (int n = 1; n <= 3; n++)
        send(at, who, n);
    cop_sim_run_for(at->sim, 250);
    get(at, do_statistics, who, COP_OK);
    assert_int_equal(at->statistics.messages, 3);
    assert_int_equal(at->statistics.since_ms, 100);
    assert_int_equal(at->statistics.now_ms, 350);
    get(at, do_count, who, COP_OK); /* goes on */
    get(at, do_status, who, COP_OK);
    assert_true(at->status.is_counted);
    get(at, do_statistics, who, COP_OK);
    assert_int_equal(at->statistics.messages, 3);
    get(at, do_count_not, who, COP_OK);
    get(at, do_statistics, who, COP_E_NOT_FOUND);
    get(at, do_status, who, COP_OK);
    assert_false(at->status.is_counted);
    send(at, who, 4);
    cop_sim_settle(at->sim);
    assert_string_equal(at->log, "11234");
    close_stage(at);
}

static void
expect_line(const stage *at, size_t i, cop_trace_what what, const char *text)
{
    assert_true(i < at->line_count);
    assert_int_equal(at->lines[i].what, what);
    assert_string_equal(at->texts[i], text);
}

static void
a_trace_has_the_last_things_that_happened(void **state)
{
    stage *at = open_stage(21);
    cop_pid who = start(at, &worker_b);

    (void)state;
    get(at, do_trace, who, COP_E_NOT_FOUND);
    get(at, do_trace_3, who, COP_OK);
    get(at, do_trace, who, COP_OK);
    assert_int_equal(at->line_count, 0);
    for (int n = 1; n <= 5; n++)
        send(at, who, n);
    cop_sim_settle(at->sim);
    get(at, do_trace, who, COP_OK);
    assert_int_equal(at->seen, 5);
    assert_int_equal(at->line_count, 3);
    expect_line(at, 0, COP_TRACE_MESSAGE, "note{n: 3}");
    expect_line(at, 2, COP_TRACE_MESSAGE, "note{n: 5}");
    get(at, do_trace_3, who, COP_OK); /* anew */
    get(at, do_trace, who, COP_OK);
    assert_int_equal(at->seen, 0);
    get(at, do_trace_not, who, COP_OK);
    get(at, do_trace, who, COP_E_NOT_FOUND);
    get(at, do_status, who, COP_OK);
    assert_false(at->status.is_traced);
    close_stage(at);
}

static void
a_trace_has_all_kinds_of_things(void **state)
{
    stage *at = open_stage(22);
    cop_pid other, who = start_asker(at, &other);

    (void)state;
    get(at, do_trace_20, who, COP_OK);
    assert_int_equal(cop_post(at->node, who, ask), COP_OK);
    cop_sim_run_for(at->sim, 60);
    act(at, do_trace, who);
    expect_line(at, 0, COP_TRACE_MESSAGE, "ask{}");
    expect_line(at, 1, COP_TRACE_REPLY, "reply{n: 2}");
    assert_true(cop_pid_equal(at->lines[1].from, other));
    expect_line(at, 2, COP_TRACE_TIMER, "ring{n: 5}");
    assert_int_equal(at->lines[2].at_ms, 50);
    assert_int_equal(at->line_count, 3);

    get(at, do_suspend, other, COP_OK);
    assert_int_equal(cop_post(at->node, who, ask), COP_OK);
    cop_sim_run_for(at->sim, 200);
    act(at, do_trace, who);
    assert_int_equal(at->line_count, 6);
    expect_line(at, 4, COP_TRACE_TIMER, "ring{n: 5}");
    expect_line(at, 5, COP_TRACE_DEADLINE, "");

    get(at, do_trace_20, other, COP_OK);
    get(at, do_suspend, who, COP_OK);
    act(at, do_shut_down, other); /* its link takes `who` along, suspended or not */
    assert_false(lives(at, other));
    close_stage(at);
}

static void
signals_are_traced_when_they_are_received(void **state)
{
    stage *at = open_stage(23);
    cop_pid who = start(at, &trapping_b), linked = start(at, &trapping_b);

    (void)state;
    get(at, do_trace_20, who, COP_OK);
    get(at, do_suspend, who, COP_OK);
    assert_int_equal(cop_post(at->node, linked, meet, .who = who), COP_OK);
    cop_sim_settle(at->sim);
    act(at, do_shut_down, who);
    get(at, do_trace, who, COP_OK);
    assert_int_equal(at->line_count, 3);
    expect_line(at, 0, COP_TRACE_LINK, "");
    assert_true(cop_pid_equal(at->lines[0].from, linked));
    expect_line(at, 1, COP_TRACE_MONITOR, "");
    expect_line(at, 2, COP_TRACE_EXIT, "shutdown");
    close_stage(at);
}

/* The signal when it comes, and each message once. */
static void
ends_of_others_are_traced(void **state)
{
    stage *at = open_stage(25);
    cop_pid who = start(at, &trapping_b), other = start(at, &worker_b);

    (void)state;
    assert_int_equal(cop_post(at->node, who, meet, .who = other), COP_OK);
    cop_sim_settle(at->sim);
    get(at, do_trace_20, who, COP_OK);
    act(at, do_kill, other);
    get(at, do_trace, who, COP_OK);
    assert_int_equal(at->line_count, 3);
    assert_int_equal(at->lines[0].what, COP_TRACE_EXIT);
    expect_line(at, 1, COP_TRACE_MESSAGE, "cop_exited{}");
    expect_line(at, 2, COP_TRACE_MESSAGE, "cop_down{}");
    close_stage(at);
}

/* What an actor had on when it ended goes with it; the sanitizers look. */
static void
nothing_is_left_of_a_debugged_actor(void **state)
{
    stage *at = open_stage(24);
    cop_pid who = start(at, &worker_b), crashed = start(at, &worker_b);

    (void)state;
    get(at, do_trace_20, who, COP_OK);
    get(at, do_count, who, COP_OK);
    get(at, do_suspend, who, COP_OK);
    get(at, do_trace_20, crashed, COP_OK);
    act(at, do_kill, who);
    cop_sim_crash(at->sim, at->node);
    cop_sim_free(&at->sim);
    free(at);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(an_order_to_one_that_ends_first_is_answered_down),
        cmocka_unit_test(the_status_says_what_there_is),
        cmocka_unit_test(one_that_is_ending_has_a_status),
        cmocka_unit_test(the_status_does_not_wait_for_its_turn),
        cmocka_unit_test(statistics_count_what_is_handled),
        cmocka_unit_test(a_trace_has_the_last_things_that_happened),
        cmocka_unit_test(a_trace_has_all_kinds_of_things),
        cmocka_unit_test(signals_are_traced_when_they_are_received),
        cmocka_unit_test(ends_of_others_are_traced),
        cmocka_unit_test(nothing_is_left_of_a_debugged_actor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
