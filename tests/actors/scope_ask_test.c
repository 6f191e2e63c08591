/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope_ask_test.c - calls as children of a local scope.
 */
#include "actor_stage.h"

#include "protocol.h"

typedef struct asker {
    cop_err returns; /* what the reply handler does with its actor */
} asker;

/* Answers when it is told to. */
typedef struct callee {
    cop_token asked;
} callee;

static cop_scope scope;
static cop_leaf leaf;
static cop_pid callee_pid;
static int64_t left_there; /* of the request's time, at the callee */

COP_HANDLER(callee, ask_n)
{
    left_there = cop_time_left(me);
    return cop_defer(me, &st->asked);
}
COP_HANDLER(callee, go)
{
    return cop_answer(me, &st->asked, answer_n, .n = 42);
}
COP_HANDLER(callee, leave)
{
    return cop_stop(me);
}
static COP_BEHAVIOUR(callee_b, callee, COP_ON(callee, ask_n), COP_ON(callee, go),
                     COP_ON(callee, leave));

COP_REPLY(asker, answer_n)
{
    if (err == COP_OK)
        stage_say("got %d", (int)msg->n);
    else
        stage_say("%s", cop_err_name(err));
    return st->returns;
}
COP_HANDLER(asker, cop_end)
{
    stage_say("end");
    return COP_OK;
}
static COP_BEHAVIOUR(asker_b, asker, COP_ON(asker, cop_end));

static cop_err
on_closed(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome)
{
    (void)me;
    (void)state;
    (void)ctx;
    stage_say("closed: %s, %u failed", cop_exit_kind_name(outcome->why.kind), outcome->failed);
    return COP_OK;
}

#define ACT(name)                                                                              \
    static cop_err name(COP_UNUSED cop_actor *me, COP_UNUSED void *state, COP_UNUSED void *arg)

static cop_err
ask_in(cop_actor *me, int32_t within_ms)
{
    return cop_scope_ask(me, scope, callee_pid, within_ms, COP_THEN(asker, answer_n), &leaf,
                         ask_n);
}

static cop_err
open_and_ask(cop_actor *me, int32_t deadline_ms, int32_t within_ms)
{
    COP_TRY(cop_spawn(me, &callee_b, NULL, &callee_pid));
    COP_TRY(cop_scope_open(
        me, &(cop_scope_opts){.deadline_ms = deadline_ms, .closed = on_closed}, &scope));
    COP_TRY(ask_in(me, within_ms));
    return cop_scope_close(me, scope);
}

ACT(ask)
{
    return open_and_ask(me, 0, 5000);
}
ACT(ask_and_fail)
{
    ((asker *)state)->returns = COP_E_INVAL;
    return open_and_ask(me, 0, 5000);
}
ACT(ask_and_pass_on)
{
    ((asker *)state)->returns = COP_E_CANCELLED;
    return open_and_ask(me, 0, 5000);
}
ACT(ask_alone)
{
    ((asker *)state)->returns = COP_E_CANCELLED;
    scope = cop_here(me);
    return ask_in(me, 5000);
}
ACT(ask_within_deadline)
{
    return open_and_ask(me, 100, 5000);
}
ACT(ask_briefly)
{
    return open_and_ask(me, 1000, 50);
}
ACT(answer)
{
    return cop_send(me, callee_pid, go);
}
ACT(callee_leaves)
{
    return cop_send(me, callee_pid, leave);
}
ACT(cancel)
{
    return cop_scope_cancel(me, scope, COP_FORCE_HARD, NULL);
}
ACT(cancel_then_ask)
{
    COP_TRY(cop_scope_cancel(me, scope, COP_FORCE_HARD, NULL));
    stage_say("%s", cop_err_name(ask_in(me, 5000)));
    return COP_OK;
}
ACT(cancel_leaf)
{
    return cop_leaf_cancel(me, leaf);
}
ACT(give_up)
{
    stage_say("%d", cop_ask_cancel(me, leaf.ref));
    return COP_OK;
}
ACT(answer_and_cancel)
{
    /* The answer is on its way before the scope is cancelled. */
    stage_say("%s", cop_err_name(cop_send(me, callee_pid, go)));
    return COP_OK;
}
ACT(stop)
{
    return cop_stop(me);
}
ACT(kill_me)
{
    cop_kill(me, cop_self(me));
    return COP_OK;
}
ACT(wrong_uses)
{
    stage_say("%s", cop_err_name(ask_in(me, 0)));
    stage_say("%s", cop_err_name(cop_scope_ask(me, scope, cop_self(me), 10,
                                               COP_THEN(asker, answer_n), NULL, ask_n)));
    stage_say("%s", cop_err_name(cop_scope_ask(me, (cop_scope){{UINT64_C(1) << 40}}, callee_pid,
                                               10, COP_THEN(asker, answer_n), NULL, ask_n)));
    return COP_OK;
}

static void
a_scope_waits_for_its_calls(void **state)
{
    (void)state;
    stage_open(&asker_b, 1);
    stage_do(ask);
    stage_expect("");
    stage_do(answer);
    stage_expect("got 42 closed: normal, 0 failed");
    stage_close();
}

static void
a_cancelled_scope_cancels_its_calls(void **state)
{
    (void)state;
    stage_open(&asker_b, 1);
    stage_do(ask);
    stage_do(cancel_then_ask);
    stage_expect("COP_E_CANCELLED COP_E_CANCELLED closed: shutdown, 0 failed");
    stage_do(answer); /* too late */
    stage_expect("");
    stage_close();
}

static void
an_answer_that_waits_comes_before_the_cancellation(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        stage_open(&asker_b, seed);
        stage_do(ask);
        assert_int_equal(cop_post_call(stage.node, stage.actor, answer_and_cancel, NULL, NULL),
                         COP_OK);
        assert_int_equal(cop_post_call(stage.node, stage.actor, cancel, NULL, NULL), COP_OK);
        cop_sim_settle(stage.sim);
        /* Either it was there, or it was not; but never both, and never neither. */
        bool got = strstr(stage.trace, "got 42 closed: shutdown") != NULL;
        bool gave_up = strstr(stage.trace, "COP_E_CANCELLED closed: shutdown") != NULL;
        assert_int_equal(got + gave_up, 1);
        stage_close();
    }
}

static void
an_error_of_the_reply_handler_is_the_scopes(void **state)
{
    (void)state;
    stage_open(&asker_b, 1);
    stage_do(ask_and_fail);
    stage_do(answer);
    stage_expect("got 42 closed: error, 1 failed");
    stage_do(stop);
    stage_expect("end");
    stage_close();
}

static void
the_scopes_deadline_goes_along(void **state)
{
    (void)state;
    stage_open(&asker_b, 1);
    stage_do(ask_within_deadline);
    assert_in_range(left_there, 1, 100);
    stage_pass(200);
    cop_sim_settle(stage.sim);
    bool late = strstr(stage.trace, "COP_E_TIMEOUT closed: deadline") != NULL;
    bool cancelled = strstr(stage.trace, "COP_E_CANCELLED closed: deadline") != NULL;
    assert_true(late || cancelled);
    stage_close();
}

static void
a_call_has_its_own_deadline_too(void **state)
{
    (void)state;
    stage_open(&asker_b, 1);
    stage_do(ask_briefly);
    assert_in_range(left_there, 1, 50);
    stage_pass(60);
    stage_expect("COP_E_TIMEOUT closed: normal, 0 failed");
    stage_close();
}

static void
a_callee_that_ends_ends_the_call(void **state)
{
    (void)state;
    stage_open(&asker_b, 1);
    stage_do(ask);
    stage_do(callee_leaves);
    stage_expect("COP_E_DOWN closed: normal, 0 failed");
    stage_close();
}

static void
one_call_is_called_off(void **state)
{
    (void)state;
    stage_open(&asker_b, 1);
    stage_do(ask);
    stage_do(cancel_leaf);
    stage_expect("COP_E_CANCELLED closed: normal, 0 failed");
    stage_do(ask_and_pass_on);
    stage_do(cancel_leaf);
    stage_expect("COP_E_CANCELLED closed: normal, 0 failed");
    stage_do(ask_alone); /* as a child of the actor */
    stage_do(cancel_leaf);
    stage_expect("COP_E_CANCELLED");
    stage_do(ask);
    stage_do(give_up); /* without a word */
    stage_expect("1 closed: normal, 0 failed");
    stage_close();
}

static void
an_actor_that_ends_completes_its_calls_before_its_scopes(void **state)
{
    (void)state;
    stage_open(&asker_b, 1);
    stage_do(ask);
    stage_do(stop);
    stage_expect("COP_E_CANCELLED closed: shutdown, 0 failed end");
    stage_close();

    /* The cancelled call waits for its turn when the actor ends. */
    stage_open(&asker_b, 1);
    stage_do(ask);
    assert_int_equal(cop_post_call(stage.node, stage.actor, cancel, NULL, NULL), COP_OK);
    assert_int_equal(cop_post_call(stage.node, stage.actor, stop, NULL, NULL), COP_OK);
    stage_expect("COP_E_CANCELLED closed: shutdown, 0 failed end");
    stage_close();
}

static void
a_killed_actor_is_told_nothing(void **state)
{
    (void)state;
    stage_open(&asker_b, 1);
    stage_do(ask);
    stage_do(kill_me);
    stage_expect("");
    stage_close();
}

static void
wrong_uses_are_refused(void **state)
{
    (void)state;
    stage_open(&asker_b, 1);
    stage_do(ask);
    stage_do(wrong_uses);
    stage_expect("COP_E_INVAL COP_E_SELF COP_E_NOT_MINE");
    stage_close();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scope_waits_for_its_calls),
        cmocka_unit_test(a_cancelled_scope_cancels_its_calls),
        cmocka_unit_test(an_answer_that_waits_comes_before_the_cancellation),
        cmocka_unit_test(an_error_of_the_reply_handler_is_the_scopes),
        cmocka_unit_test(the_scopes_deadline_goes_along),
        cmocka_unit_test(a_call_has_its_own_deadline_too),
        cmocka_unit_test(a_callee_that_ends_ends_the_call),
        cmocka_unit_test(one_call_is_called_off),
        cmocka_unit_test(an_actor_that_ends_completes_its_calls_before_its_scopes),
        cmocka_unit_test(a_killed_actor_is_told_nothing),
        cmocka_unit_test(wrong_uses_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
