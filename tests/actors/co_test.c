/* SPDX-License-Identifier: Apache-2.0 */
/*
 * co_test.c - sequential actors: receiving, calling, sleeping, scopes, and being cancelled.
 */
#include <coppice/co.h>
#include <coppice/timer.h>

#include "actor_stage.h"

#include "protocol.h"

/* The actor that starts the others, and hears how they end. */
typedef struct owner {
    int unused;
} owner;

COP_HANDLER(owner, cop_child_down)
{
    char text[256];

    stage_say("down:%s", cop_exit_print(&msg->why, text, sizeof text));
    return COP_OK;
}
COP_HANDLER(owner, say)
{
    stage_say("said:%d", (int)msg->n);
    return COP_OK;
}
/* Answers with one more. */
COP_HANDLER(owner, ask_n)
{
    return cop_reply(me, answer_n, .n = 41);
}
static const cop_behaviour owner_b = {
    .name = "owner",
    .state_size = sizeof(owner),
    .policy = COP_COLLECT,
    .handlers =
        COP_HANDLERS(COP_ON(owner, cop_child_down), COP_ON(owner, say), COP_ON(owner, ask_n)),
};

static cop_pid body;
static const cop_behaviour *chosen;
static int32_t stop_ms;

static cop_err
start_chosen(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    return cop_spawn(
        me, chosen,
        &(cop_spawn_opts){.label = "body", .dispose = stage_dispose, .stop_ms = stop_ms},
        &body);
}

static cop_err
stop_body(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    return cop_stop_child(me, body);
}

static cop_err
kill_body(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    cop_kill(me, body);
    return COP_OK;
}

static void
begin(const cop_behaviour *behaviour, uint64_t seed)
{
    chosen = behaviour;
    stop_ms = 0;
    stage_open(&owner_b, seed);
    stage_do(start_chosen);
}

#define TELL(T, ...) assert_int_equal(cop_post(stage.node, body, T, __VA_ARGS__), COP_OK)

/* ------------------------------------------------------------------------ receiving */

COP_BODY(reader, void, arg)
{
    const say *number;
    const tick *other;
    cop_received any;

    (void)arg;
    COP_TRY(cop_receive_a(co, COP_INFINITY, tick, &other));
    stage_say("tick:%d", (int)other->n);
    COP_TRY(cop_receive_a(co, COP_INFINITY, say, &number));
    stage_say("say:%d", (int)number->n);
    COP_TRY(cop_receive(co, COP_INFINITY, &any));
    stage_say("any:%d", cop_as(&any, say) != NULL ? (int)cop_as(&any, say)->n : -1);
    assert_int_equal(cop_receive(co, 0, &any), COP_E_TIMEOUT);
    assert_int_equal(cop_receive(co, 20, &any), COP_E_TIMEOUT);
    stage_say("at:%d", (int)cop_now_ms(me));
    return COP_OK;
}
static COP_SEQUENTIAL(reader_b, reader);

static void
messages_are_picked_and_the_others_stay(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        begin(&reader_b, seed);
        TELL(say, .n = 1);
        TELL(say, .n = 2);
        stage_expect("");
        TELL(tick, .n = 3);
        stage_expect("tick:3 say:1 any:2");
        stage_pass(20);
        stage_expect("at:20 down:normal");
        assert_int_equal(stage.disposed, 1);
        stage_close();
    }
}

/* ------------------------------------------------------------------------ calls, answers */

COP_BODY(asker, void, arg)
{
    const answer_n *answer;

    (void)arg;
    COP_TRY(cop_call(co, cop_owner(me), 100, answer_n, &answer, ask_n));
    COP_TRY(cop_send(me, cop_owner(me), say, .n = answer->n + 1));
    assert_int_equal(cop_call(co, cop_self(me), 100, answer_n, &answer, ask_n), COP_E_SELF);
    assert_int_equal(cop_call(co, COP_PID_NONE, 100, answer_n, &answer, ask_n), COP_E_NOPROC);
    return COP_OK;
}
static COP_SEQUENTIAL(asker_b, asker);

static void
a_call_waits_for_its_answer(void **state)
{
    (void)state;
    begin(&asker_b, 1);
    stage_expect("said:42 down:normal");
    stage_close();
}

/* Answers the first request, leaves the second one, fails with the third. */
COP_BODY(server, void, arg)
{
    const ask_n *question;

    (void)arg;
    COP_TRY(cop_receive_a(co, COP_INFINITY, ask_n, &question));
    COP_TRY(cop_reply(me, answer_n, .n = 7));
    COP_TRY(cop_receive_a(co, COP_INFINITY, ask_n, &question));
    COP_TRY(cop_receive_a(co, COP_INFINITY, ask_n, &question));
    return cop_fail(me, 3, "enough questions");
}
static COP_SEQUENTIAL(server_b, server);

static cop_err
on_answer(cop_actor *me, void *state, cop_err err, const void *message)
{
    (void)me;
    (void)state;
    if (err == COP_OK)
        stage_say("answer:%d", (int)((const answer_n *)message)->n);
    else
        stage_say("%s", cop_err_name(err));
    return COP_OK;
}

static cop_err
ask_body(cop_actor *me, void *state, void *arg)
{
    static const cop_then then = {&answer_n_type, on_answer};

    (void)state;
    (void)arg;
    return cop_ask(me, body, 100, &then, ask_n);
}

static void
requests_are_answered_whatever_the_body_does(void **state)
{
    (void)state;
    begin(&server_b, 1);
    stage_do(ask_body);
    stage_expect("answer:7");
    stage_do(ask_body);
    stage_expect("COP_E_NOREPLY");
    stage_do(ask_body);
    stage_expect("COP_E_DOWN down:error 3: enough questions (owner/body)");
    stage_close();
}

/* It answers, and tells whoever asked to end before that can run. */
static cop_err
answer_and_stop(cop_actor *me, void *state, const cop_type *type, const void *message)
{
    (void)state;
    (void)type;
    (void)message;
    COP_TRY(cop_reply(me, answer_n, .n = 8));
    return cop_stop_child(me, body);
}
static const cop_behaviour hasty_b = {.name = "owner", .on_message = answer_and_stop};

COP_BODY(late_asker, void, arg)
{
    const answer_n *answer;

    (void)arg;
    cop_err err = cop_call(co, cop_owner(me), 100, answer_n, &answer, ask_n);
    stage_say("%s", cop_err_name(err));
    return cop_sleep(co, COP_INFINITY);
}
static COP_SEQUENTIAL(late_asker_b, late_asker);

static void
an_answer_that_comes_with_a_cancel_is_given(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        stage_open(&hasty_b, seed);
        chosen = &late_asker_b;
        stop_ms = 0;
        stage_do(start_chosen);
        stage_expect("COP_OK");
        stage_close();
    }
}

/* ------------------------------------------------------------------------ being cancelled */

COP_BODY(sleeper, void, arg)
{
    (void)arg;
    cop_err err = cop_sleep(co, COP_INFINITY);
    for (int i = 0; i < 100; i++)
        assert_int_equal(cop_sleep(co, 1000), COP_E_CANCELLED);
    stage_say("woken");
    return err;
}
static COP_SEQUENTIAL(sleeper_b, sleeper);

static void
being_cancelled_is_a_state(void **state)
{
    (void)state;
    begin(&sleeper_b, 1);
    stage_do(stop_body);
    stage_expect("woken down:shutdown");
    assert_int_equal(cop_sim_now_ms(stage.sim), 0);
    stage_close();
}

COP_BODY(punctual, void, arg)
{
    (void)arg;
    stage_say("%s", cop_err_name(cop_sleep(co, 10)));
    return cop_sleep(co, 10);
}
static COP_SEQUENTIAL(punctual_b, punctual);

static cop_err
stop_it_in_time(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    return cop_scope_after(me, cop_here(me), 10, stop_body, NULL, NULL, NULL);
}

/* It and its owner wake in the same instant, whoever runs first. */
static void
a_sleep_that_is_over_is_not_cancelled(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        begin(&punctual_b, seed);
        stage_do(stop_it_in_time);
        stage_pass(10);
        stage_expect("COP_OK down:shutdown");
        stage_close();
    }
}

/* It does not care, but it cannot hold up anybody for long either. */
COP_BODY(stubborn, void, arg)
{
    (void)arg;
    while (stage.sim != NULL)
        if (cop_sleep(co, 10) != COP_OK)
            stage.disposed |= 1u << 16;
    return COP_OK;
}
static COP_SEQUENTIAL(stubborn_b, stubborn);

static void
a_killed_body_runs_no_more(void **state)
{
    (void)state;
    begin(&stubborn_b, 1);
    stage_pass(100);
    stage_do(kill_body);
    stage_expect("down:killed (owner/body)");
    assert_int_equal(stage.disposed, 1);
    stage_close();
}

COP_BODY(drainer, void, arg)
{
    const say *number;

    (void)arg;
    for (;;) {
        cop_err err = cop_receive_a(co, COP_INFINITY, say, &number);
        if (err != COP_OK) {
            stage_say("at:%d", (int)cop_now_ms(me));
            return err;
        }
        stage_say("say:%d", (int)number->n);
    }
}
static COP_SEQUENTIAL_WITH(drainer_b, drainer, .drains = true);

static void
a_body_that_drains_has_its_time(void **state)
{
    (void)state;
    begin(&drainer_b, 1);
    stage_do(stop_body);
    TELL(say, .n = 1);
    stage_expect("say:1");
    stage_pass(5000);
    stage_expect("at:4000 down:shutdown (owner)");
    stage_close();
}

static void
one_that_has_not_begun_never_does(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        stage_open(&owner_b, seed);
        chosen = &sleeper_b;
        stop_ms = 0;
        assert_int_equal(cop_post_call(stage.node, stage.actor, start_chosen, NULL, NULL), 0);
        assert_int_equal(cop_post_call(stage.node, stage.actor, stop_body, NULL, NULL), 0);
        cop_sim_settle(stage.sim);
        assert_true(strcmp(stage.trace, "down:shutdown") == 0 ||
                    strcmp(stage.trace, "woken down:shutdown") == 0);
        assert_int_equal(stage.disposed, 1);
        stage_close();
    }
}

/* ------------------------------------------------------------------------ scopes */

COP_BODY(worker, void, arg)
{
    int n = (int)(intptr_t)arg;

    COP_TRY(cop_sleep(co, n));
    stage_say("done:%d", n);
    return n == 13 ? cop_fail(me, 13, "bad luck") : COP_OK;
}
static COP_SEQUENTIAL(worker_b, worker);

static cop_err
start_worker(cop_actor *me, cop_scope in, int n)
{
    return cop_spawn(me, &worker_b,
                     &(cop_spawn_opts){.label = "w", .arg = (void *)(intptr_t)n, .scope = in},
                     NULL);
}

static void
say_why(const cop_outcome *outcome)
{
    char text[256];

    stage_say("%s", cop_exit_print(&outcome->why, text, sizeof text));
}

COP_BODY(nursery, void, arg)
{
    cop_outcome outcome;

    (void)arg;
    COP_SCOPE(co, s, &outcome, .name = "s")
    {
        COP_TRY(start_worker(me, s.scope, 10));
        COP_TRY(start_worker(me, s.scope, 20));
    }
    say_why(&outcome);
    COP_SCOPE(co, s, &outcome, .name = "s")
    {
        COP_TRY(start_worker(me, s.scope, 13));
        COP_TRY(start_worker(me, s.scope, 1000));
        stage_say("%s", cop_err_name(cop_sleep(co, 5000)));
        stage_say("%s", cop_err_name(start_worker(me, s.scope, 1)));
    }
    say_why(&outcome);
    COP_SCOPE(co, s, &outcome, .name = "s", .deadline_ms = 50)
    {
        COP_SCOPE(co, t, NULL, .name = "t", .deadline_ms = 500)
        {
            cop_scope_state now;
            cop_look(co, &now);
            stage_say("left:%d", (int)now.left_ms);
            stage_say("%s", cop_err_name(cop_sleep(co, 5000)));
        }
    }
    say_why(&outcome);
    COP_SCOPE(co, s, &outcome, .name = "s")
    {
        COP_TRY(start_worker(me, s.scope, 1000));
        break;
    }
    say_why(&outcome);
    return cop_sleep(co, 1);
}
static COP_SEQUENTIAL(nursery_b, nursery);

static void
a_block_is_a_scope(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        begin(&nursery_b, seed);
        stage_pass(10000);
        stage_expect("done:10 done:20 normal done:13 COP_E_CANCELLED COP_E_CANCELLED "
                     "error 13: bad luck (owner/body/s/w) left:50 COP_E_CANCELLED "
                     "deadline: the scope's time is over shutdown: its block was left "
                     "down:normal");
        stage_close();
    }
}

/* Nobody looks at the outcome: the failure is the body's. */
COP_BODY(careless, void, arg)
{
    (void)arg;
    COP_SCOPE(co, s, NULL, .name = "s")
    COP_TRY(start_worker(me, s.scope, 13));
    stage_say("%s", cop_err_name(cop_sleep(co, 1)));
    return COP_OK;
}
static COP_SEQUENTIAL(careless_b, careless);

static void
a_failure_that_nobody_looks_at_fails_the_body(void **state)
{
    (void)state;
    begin(&careless_b, 1);
    stage_pass(100);
    stage_expect("done:13 COP_E_CANCELLED down:error 1: a child ended abnormally "
                 "(owner/body/s/w), caused by error 13: bad luck");
    stage_close();
}

/* Cleaning up takes some time, and has some. */
COP_BODY(cleaner, void, arg)
{
    (void)arg;
    cop_err err = cop_sleep(co, COP_INFINITY);
    COP_SCOPE(co, s, NULL, .name = "s", .shield = true, .deadline_ms = 100, .moves_on = true)
    {
        stage_say("%s", cop_err_name(cop_sleep(co, 60)));
        stage_say("%s", cop_err_name(cop_sleep(co, 60)));
    }
    stage_say("at:%d %s", (int)cop_now_ms(me), cop_err_name(cop_sleep(co, 1)));
    return err;
}
static COP_SEQUENTIAL(cleaner_b, cleaner);

static void
a_shield_lasts_until_its_deadline(void **state)
{
    (void)state;
    begin(&cleaner_b, 1);
    stage_do(stop_body);
    stage_pass(1000);
    stage_expect("COP_OK COP_E_CANCELLED at:100 COP_E_CANCELLED down:shutdown");
    stage_close();
}

/* Its time is over, but not that of its cleaning up, which needs an answer. */
COP_BODY(teller, void, arg)
{
    (void)arg;
    stage_say("left:%d", (int)cop_time_left(me));
    return COP_OK;
}
static COP_SEQUENTIAL(teller_b, teller);

COP_BODY(late, void, arg)
{
    const answer_n *answer;

    (void)arg;
    cop_err err = cop_sleep(co, COP_INFINITY);
    COP_SCOPE(co, s, NULL, .name = "s", .shield = true, .deadline_ms = 100)
    {
        stage_say("left:%d", (int)cop_time_left(me));
        COP_TRY(cop_call(co, cop_owner(me), 50, answer_n, &answer, ask_n));
        stage_say("answer:%d", (int)answer->n);
        COP_TRY(cop_spawn(me, &teller_b, &(cop_spawn_opts){.scope = s.scope}, NULL));
    }
    stage_say("left:%d", (int)cop_time_left(me));
    return err;
}
static COP_SEQUENTIAL(late_b, late);

static cop_err
start_in_time(cop_actor *me, void *state, void *arg)
{
    cop_scope scope;

    (void)state;
    (void)arg;
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.deadline_ms = 50, .moves_on = true}, &scope));
    return cop_spawn(me, &late_b, &(cop_spawn_opts){.scope = scope}, &body);
}

static void
a_shield_has_time_of_its_own(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(start_in_time);
    stage_pass(50);
    stage_expect("left:100 answer:41 left:100 left:0");
    stage_close();
}

/* Cancelled, it fails in another way. */
COP_BODY(clumsy, void, arg)
{
    (void)arg;
    cop_err err = cop_sleep(co, COP_INFINITY);
    if (err == COP_OK)
        return err;
    return cop_fail(me, 4, "dropped it");
}
static COP_SEQUENTIAL(clumsy_b, clumsy);

static void
a_failure_in_cleaning_up_is_seen(void **state)
{
    (void)state;
    begin(&clumsy_b, 1);
    stage_do(stop_body);
    stage_expect("down:error 4: dropped it (owner/body)");
    stage_close();
}

COP_BODY(self_joiner, void, arg)
{
    cop_outcome outcome;

    (void)arg;
    assert_int_equal(cop_scope_join(co, cop_here(me), NULL), COP_E_SELF);
    COP_SCOPE(co, s, &outcome, .name = "s")
    COP_SCOPE(co, t, &outcome, .name = "t")
    {
        assert_int_equal(cop_scope_join(co, s.scope, NULL), COP_E_SELF);
        assert_int_equal(cop_scope_join(co, t.scope, NULL), COP_E_SELF);
    }
    return COP_OK;
}
static COP_SEQUENTIAL(self_joiner_b, self_joiner);

static void
joining_what_one_stands_in_is_an_error(void **state)
{
    (void)state;
    begin(&self_joiner_b, 1);
    stage_expect("down:normal");
    stage_close();
}

/* ------------------------------------------------------------------------ timers, watches */

COP_BODY(timed, void, arg)
{
    const tick *beat;

    (void)arg;
    COP_TRY(cop_send_every(me, 10, NULL, tick, .n = 5));
    for (int i = 0; i < 3; i++) {
        COP_TRY(cop_receive_a(co, COP_INFINITY, tick, &beat));
        stage_say("%d@%d", (int)beat->n, (int)cop_now_ms(me));
    }
    return COP_OK;
}
static COP_SEQUENTIAL(timed_b, timed);

static void
timers_are_messages(void **state)
{
    (void)state;
    begin(&timed_b, 1);
    stage_pass(100);
    stage_expect("5@10 5@20 5@30 down:normal");
    stage_close();
}

/* Inside it the scope cannot be joined, nor the block around; after it both can. */
COP_BODY(elsewhere, void, unused)
{
    cop_outcome outcome;
    cop_scope other;

    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.name = "other"}, &other));
    COP_SCOPE(co, around, &outcome, .name = "around")
    {
        COP_SCOPE(co, block, NULL, .within = other)
        {
            stage_say("other:%s around:%s", cop_err_name(cop_scope_join(co, other, &outcome)),
                      cop_err_name(cop_scope_join(co, around.scope, &outcome)));
        }
        stage_say("around:%s", cop_err_name(cop_scope_join(co, around.scope, &outcome)));
        stage_say("other:%s", cop_err_name(cop_scope_join(co, other, &outcome)));
        stage_say("slept:%s", cop_err_name(cop_sleep(co, 1)));
    }
    return COP_OK;
}
static COP_SEQUENTIAL(elsewhere_b, elsewhere);

static void
a_block_in_a_scope_elsewhere_is_left_to_where_the_body_stood(void **state)
{
    (void)state;
    begin(&elsewhere_b, 1);
    stage_pass(10);
    stage_expect("other:COP_E_SELF around:COP_E_SELF around:COP_E_SELF other:COP_OK "
                 "slept:COP_OK down:normal");
    stage_close();
}

static cop_err
says_no(cop_actor *me, void *state, void *arg)
{
    (void)state;
    return arg == NULL ? COP_OK : cop_fail(me, 5, "no");
}

/* The failure leaves the other call its time, which the deadline ends. */
COP_BODY(moves_on, void, unused)
{
    cop_outcome outcome;
    cop_scope scope;

    COP_TRY(cop_scope_open(
        me, &(cop_scope_opts){.deadline_ms = 50, .moves_on = true, .drain_ms = 1000}, &scope));
    COP_TRY(cop_scope_after(me, scope, 10, says_no, &scope, NULL, NULL));
    COP_TRY(cop_scope_after(me, scope, 60 * 1000, says_no, NULL, NULL, NULL));
    cop_err err = cop_scope_join(co, scope, &outcome);
    stage_say("%s:%s%s", cop_err_name(err), outcome.why.text,
              outcome.timed_out ? ":timed out" : "");
    return COP_OK;
}
static COP_SEQUENTIAL(moves_on_b, moves_on);

static void
a_deadline_that_moves_on_hides_no_failure_before_it(void **state)
{
    (void)state;
    begin(&moves_on_b, 1);
    stage_pass(100);
    stage_expect("COP_E_FAILED:no:timed out down:normal");
    stage_close();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_picked_and_the_others_stay),
        cmocka_unit_test(a_call_waits_for_its_answer),
        cmocka_unit_test(requests_are_answered_whatever_the_body_does),
        cmocka_unit_test(an_answer_that_comes_with_a_cancel_is_given),
        cmocka_unit_test(being_cancelled_is_a_state),
        cmocka_unit_test(a_sleep_that_is_over_is_not_cancelled),
        cmocka_unit_test(a_killed_body_runs_no_more),
        cmocka_unit_test(a_body_that_drains_has_its_time),
        cmocka_unit_test(one_that_has_not_begun_never_does),
        cmocka_unit_test(a_block_is_a_scope),
        cmocka_unit_test(a_failure_that_nobody_looks_at_fails_the_body),
        cmocka_unit_test(a_shield_lasts_until_its_deadline),
        cmocka_unit_test(a_shield_has_time_of_its_own),
        cmocka_unit_test(a_failure_in_cleaning_up_is_seen),
        cmocka_unit_test(joining_what_one_stands_in_is_an_error),
        cmocka_unit_test(timers_are_messages),
        cmocka_unit_test(a_block_in_a_scope_elsewhere_is_left_to_where_the_body_stood),
        cmocka_unit_test(a_deadline_that_moves_on_hides_no_failure_before_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
