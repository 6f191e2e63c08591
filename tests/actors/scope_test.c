/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope_test.c - local scopes: policies, cancelling, deadlines, shields, and how they end.
 */
#include <coppice/fault.h>

#include "actor_stage.h"

#include "protocol.h"

static cop_scope scope, inner;
static cop_err result; /* of what a test tries inside the actor */

typedef struct owner {
    int unused;
} owner;

COP_HANDLER(owner, cop_end)
{
    stage_say("end");
    return COP_OK;
}
static COP_BEHAVIOUR(owner_b, owner, COP_ON(owner, cop_end));

/* A child that waits until it is told something. */
typedef struct child {
    int unused;
} child;

COP_HANDLER(child, leave)
{
    return cop_stop(me);
}
COP_HANDLER(child, go)
{
    return cop_fail(me, 7, "%s broke", cop_path(me));
}
COP_HANDLER(child, cop_end)
{
    stage_say("%s:%s", cop_path(me), cop_exit_kind_name(msg->why.kind));
    return COP_OK;
}
static COP_BEHAVIOUR(child_b, child, COP_ON(child, leave), COP_ON(child, go),
                     COP_ON(child, cop_end));

static cop_pid kids[8];

static void
say_outcome(const char *name, const cop_outcome *outcome)
{
    stage_say("%s=%s", name, cop_exit_kind_name(outcome->why.kind));
    if (outcome->why.text[0] != '\0')
        stage_say("[%s]", outcome->why.text);
    if (outcome->kept_count > 0)
        stage_say("kept:%u+%u", outcome->kept_count, outcome->dropped);
    if (outcome->timed_out)
        stage_say("late");
}

static cop_err
on_closed(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome)
{
    (void)me;
    (void)state;
    say_outcome(ctx, outcome);
    return COP_OK;
}

static cop_err
open_scope(cop_actor *me, cop_policy policy, int32_t deadline_ms)
{
    return cop_scope_open(me,
                          &(cop_scope_opts){.name = "s",
                                            .policy = policy,
                                            .deadline_ms = deadline_ms,
                                            .closed = on_closed,
                                            .dispose = stage_dispose,
                                            .ctx = "s"},
                          &scope);
}

static cop_err
spawn_in(cop_actor *me, cop_scope in, int which, const char *name)
{
    return cop_spawn(me, &child_b, &(cop_spawn_opts){.label = name, .scope = in}, &kids[which]);
}

static cop_err
three_in(cop_actor *me, cop_policy policy)
{
    COP_TRY(open_scope(me, policy, 0));
    COP_TRY(spawn_in(me, scope, 0, "a"));
    COP_TRY(spawn_in(me, scope, 1, "b"));
    return spawn_in(me, scope, 2, "c");
}

#define ACT(name)                                                                              \
    static cop_err name(COP_UNUSED cop_actor *me, COP_UNUSED void *state, COP_UNUSED void *arg)

ACT(three_fail_fast)
{
    return three_in(me, COP_FAIL_FAST);
}
ACT(three_isolate)
{
    return three_in(me, COP_ISOLATE);
}
ACT(three_collect)
{
    return three_in(me, COP_COLLECT);
}
ACT(three_race)
{
    return three_in(me, COP_RACE);
}
ACT(close_it)
{
    return cop_scope_close(me, scope);
}
ACT(a_leaves)
{
    return cop_send(me, kids[0], leave);
}
ACT(b_leaves)
{
    return cop_send(me, kids[1], leave);
}
ACT(c_leaves)
{
    return cop_send(me, kids[2], leave);
}
ACT(a_fails)
{
    return cop_send(me, kids[0], go);
}
ACT(b_fails)
{
    return cop_send(me, kids[1], go);
}
ACT(c_fails)
{
    return cop_send(me, kids[2], go);
}
ACT(all_fail)
{
    for (int i = 0; i < 3; i++)
        COP_TRY(cop_send(me, kids[i], go));
    return COP_OK;
}

static void
a_scope_ends_when_it_is_closed_and_empty(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(three_fail_fast);
    stage_do(a_leaves);
    stage_do(close_it);
    stage_do(b_leaves);
    stage_expect("owner_b/s/a:normal owner_b/s/b:normal");
    stage_do(c_leaves);
    stage_expect("owner_b/s/c:normal s=normal");
    assert_int_equal(stage.disposed, 1);
    stage_close();
    stage.trace[0] = '\0';
}

static void
a_failure_ends_the_others_and_is_kept(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(three_fail_fast);
    stage_do(b_fails);
    cop_sim_settle(stage.sim);
    assert_non_null(strstr(stage.trace, "owner_b/s/a:shutdown"));
    assert_non_null(strstr(stage.trace, "owner_b/s/c:shutdown"));
    assert_non_null(strstr(stage.trace, "s=error [owner_b/s/b broke] kept:1+0"));
    stage_close();
}

static void
three_at_once_are_one_group(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        stage_open(&owner_b, seed);
        stage_do(three_fail_fast);
        stage_do(all_fail);
        cop_sim_settle(stage.sim);
        assert_non_null(strstr(stage.trace, "s=error"));
        assert_non_null(strstr(stage.trace, "kept:"));
        stage_close();
    }
}

static void
isolated_failures_end_nobody(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(three_isolate);
    stage_do(b_fails);
    stage_do(close_it);
    stage_do(a_leaves);
    stage_do(c_leaves);
    stage_expect("owner_b/s/b:error owner_b/s/a:normal owner_b/s/c:normal s=normal");
    stage_close();
}

static void
all_ends_are_collected(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(three_collect);
    stage_do(b_fails);
    stage_do(close_it);
    stage_do(a_leaves);
    stage_do(c_leaves);
    stage_expect("owner_b/s/b:error owner_b/s/a:normal owner_b/s/c:normal s=normal kept:3+0");
    stage_close();
}

static void
the_first_good_end_wins(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(three_race);
    stage_do(close_it);
    stage_do(b_fails);
    stage_do(a_leaves);
    stage_expect("owner_b/s/b:error owner_b/s/a:normal owner_b/s/c:shutdown s=normal kept:1+0");
    stage_close();
}

static void
the_last_bad_end_loses(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(three_race);
    stage_do(close_it);
    stage_do(b_fails);
    stage_do(a_fails);
    stage.trace[0] = '\0';
    stage_do(c_fails);
    stage_expect("owner_b/s/c:error s=error [owner_b/s/b broke] kept:3+0");
    stage_close();
}

/* ------------------------------------------------------------------------ cancelling */

ACT(cancel_it)
{
    return cop_scope_cancel(me, scope, COP_FORCE_HARD,
                            &(cop_exit){.code = 5, .text = "enough"});
}

ACT(try_more)
{
    for (int i = 0; i < 100; i++) {
        assert_int_equal(cop_spawn(me, &child_b, &(cop_spawn_opts){.scope = scope}, NULL),
                         COP_E_CANCELLED);
        assert_int_equal(cop_scope_soon(me, scope, close_it, NULL, stage_dispose, NULL),
                         COP_E_CANCELLED);
    }
    return COP_OK;
}

ACT(cancel_and_try)
{
    COP_TRY(cancel_it(me, state, arg));
    return try_more(me, state, arg);
}

ACT(look)
{
    result = cop_scope_check(me, scope);
    return COP_OK;
}

static void
what_is_cancelled_takes_nothing(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(three_fail_fast);
    stage_do(cancel_and_try);
    assert_int_equal(stage.disposed, 101);
    stage_do(look);
    assert_int_equal(result, COP_E_GONE);
    assert_non_null(strstr(stage.trace, "s=shutdown [enough]"));
    stage_close();
}

ACT(open_empty)
{
    return open_scope(me, COP_FAIL_FAST, 0);
}

static void
an_empty_one_is_cancelled_as_well(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(open_empty);
    stage_do(cancel_it);
    stage_expect("s=shutdown [enough]");
    stage_close();
}

ACT(say_tick)
{
    stage_say("tick");
    return COP_OK;
}
ACT(fail_call)
{
    return cop_fail(me, 9, "no luck");
}

ACT(calls_later)
{
    COP_TRY(open_scope(me, COP_FAIL_FAST, 0));
    COP_TRY(cop_scope_every(me, scope, 10, say_tick, NULL, stage_dispose, NULL));
    return cop_scope_after(me, scope, 25, fail_call, NULL, stage_dispose, NULL);
}

static void
a_call_that_fails_ends_its_scope_only(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(calls_later);
    stage_pass(100);
    stage_expect("tick tick s=error [no luck] kept:1+0");
    assert_int_equal(stage.disposed, 3);
    assert_true(cop_sim_run_until_idle(stage.sim, 1));
    stage_close();
}

ACT(fail_without_memory)
{
    COP_TRY(cop_sim_fault(stage.sim,
                          &(cop_fault){.kind = &cop_fault_nomem, .who = "owner_b", .at = 1}));
    return cop_fail(me, 9, "no luck");
}

ACT(calls_soon)
{
    COP_TRY(open_scope(me, COP_FAIL_FAST, 0));
    return cop_scope_soon(me, scope, fail_without_memory, NULL, stage_dispose, NULL);
}

static void
so_does_one_that_cannot_say_why(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(calls_soon);
    stage_expect("s=error [no memory to say more] kept:1+0");
    stage_stop();
    stage_expect("end");
    stage_close();
}

/* The first time of the worker, for which there is no room yet. */
ACT(moves_without_memory)
{
    COP_TRY(open_scope(me, COP_FAIL_FAST, 0));
    COP_TRY(cop_sim_fault(stage.sim,
                          &(cop_fault){.kind = &cop_fault_nomem, .who = "owner_b", .at = 1}));
    assert_int_equal(cop_scope_set_deadline(me, scope, 10), COP_E_NOMEM);
    return COP_OK;
}

/* When what could not be set would have come. */
ACT(moves_again)
{
    COP_TRY(cop_scope_set_deadline(me, scope, 1000));
    COP_TRY(cop_scope_after(me, scope, 60 * 1000, say_tick, NULL, NULL, NULL));
    return cop_scope_close(me, scope);
}

static void
a_deadline_that_cannot_be_moved_stays(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(moves_without_memory);
    stage_pass(20);
    stage_do(moves_again);
    stage_pass(999);
    stage_expect("");
    stage_pass(1);
    stage_expect("s=deadline [the scope's time is over] late");
    stage_close();
}

ACT(hatch_fails)
{
    COP_TRY(cop_after(me, 3600000, say_tick, NULL, stage_dispose, NULL));
    COP_TRY(cop_every(me, 10, say_tick, NULL, stage_dispose, NULL));
    return cop_after(me, 25, fail_call, NULL, stage_dispose, NULL);
}

static void
a_call_on_the_hatch_that_fails_ends_the_actor(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(hatch_fails);
    stage_pass(100);
    stage_expect("tick tick end");
    assert_int_equal(stage.disposed, 3);
    stage_close();
}

ACT(with_deadline)
{
    COP_TRY(open_scope(me, COP_FAIL_FAST, 50));
    return spawn_in(me, scope, 0, "a");
}

static void
a_deadline_is_a_failure(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(with_deadline);
    stage_pass(49);
    stage_expect("");
    stage_pass(1);
    stage_expect("owner_b/s/a:shutdown s=deadline [the scope's time is over] late");
    stage_close();
}

ACT(its_time_is_over)
{
    return cop_scope_set_deadline(me, scope, 0);
}

/* Also at the very beginning, when the simulation's clock stands at 0. */
static void
a_deadline_may_be_now(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(with_deadline);
    stage_do(its_time_is_over);
    stage_pass(1);
    stage_expect("owner_b/s/a:shutdown s=deadline [the scope's time is over] late");
    stage_close();
}

/* It has come, though nothing has been done about it yet. */
ACT(its_time_is_over_and_moved)
{
    COP_TRY(cop_scope_set_deadline(me, scope, 0));
    return cop_scope_set_deadline(me, scope, 1000);
}

static void
a_deadline_that_has_come_cannot_be_moved(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(with_deadline);
    stage_pass(1);
    stage_do(its_time_is_over_and_moved);
    stage_pass(1);
    stage_expect("owner_b/s/a:shutdown s=deadline [the scope's time is over] late");
    stage_close();
}

ACT(kill_a)
{
    cop_kill(me, kids[0]);
    return COP_OK;
}

/* One without a text gets no other one's. */
static void
the_first_failure_is_the_scopes(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(three_fail_fast);
    stage_do(kill_a);
    cop_sim_settle(stage.sim);
    assert_non_null(strstr(stage.trace, "s=killed kept:1+0"));
    stage_close();
}

/* ------------------------------------------------------------------------ one in another */

static cop_err
not_dealt_with(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome)
{
    (void)me;
    (void)state;
    say_outcome(ctx, outcome);
    return COP_E_REFUSED;
}

ACT(nested)
{
    COP_TRY(open_scope(me, COP_FAIL_FAST, 0));
    COP_TRY(cop_scope_open(
        me,
        &(cop_scope_opts){.name = "i", .within = scope, .closed = not_dealt_with, .ctx = "i"},
        &inner));
    COP_TRY(spawn_in(me, scope, 0, "a"));
    return spawn_in(me, inner, 1, "b");
}

static void
a_failure_goes_outwards_until_it_is_dealt_with(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(nested);
    stage_do(b_fails);
    stage_expect("owner_b/s/i/b:error i=error [owner_b/s/i/b broke] kept:1+0 "
                 "owner_b/s/a:shutdown s=error [refused by policy] kept:1+0");
    stage_close();
}

ACT(nobody_listens)
{
    COP_TRY(cop_scope_open(me, NULL, &scope));
    return spawn_in(me, scope, 0, "a");
}

static void
a_failure_that_nobody_deals_with_ends_the_actor(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(nobody_listens);
    stage_do(a_fails);
    stage_expect("owner_b/scope/a:error end");
    stage_close();
}

ACT(bad_opts)
{
    assert_int_equal(cop_scope_open(me, &(cop_scope_opts){.shield = true}, &scope),
                     COP_E_INVAL);
    assert_int_equal(cop_scope_open(me, &(cop_scope_opts){.policy = COP_SUPERVISE}, &scope),
                     COP_E_INVAL);
    assert_int_equal(cop_scope_close(me, cop_here(me)), COP_E_INVAL);
    assert_int_equal(cop_scope_cancel(me, (cop_scope){{12345}}, COP_FORCE_HARD, NULL),
                     COP_E_NOT_MINE);
    return COP_OK;
}

static void
misuse_is_an_error(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(bad_opts);
    stage_close();
}

/* The actor ends: all of it ends before it. */
static void
nothing_outlives_the_actor(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(nested);
    stage_do(calls_later);
    stage_stop();
    assert_string_equal(strrchr(stage.trace, ' '), " end");
    assert_non_null(strstr(stage.trace, "i=shutdown"));
    assert_int_equal(stage.disposed, 4);
    stage_close();
}

/* ------------------------------------------------------------ ending while a child fails */

/* Takes its time to end, and so does whoever owns it. */
typedef struct slow {
    int unused;
} slow;

ACT(end_slowly)
{
    return cop_stop(me);
}
COP_HANDLER(slow, cop_stopping)
{
    return cop_scope_after(me, cop_here(me), 50, end_slowly, NULL, NULL, NULL);
}
static COP_BEHAVIOUR(slow_b, slow, COP_ON(slow, cop_stopping));

typedef struct failing {
    int unused;
} failing;
static cop_pid failing_one, middle_one;

COP_HANDLER(failing, cop_start)
{
    return cop_spawn(me, &slow_b, NULL, NULL);
}
COP_HANDLER(failing, go)
{
    return cop_fail(me, 7, "broke");
}
static COP_BEHAVIOUR(failing_b, failing, COP_ON(failing, cop_start), COP_ON(failing, go));

typedef struct middle {
    int unused;
} middle;

COP_HANDLER(middle, cop_start)
{
    return cop_spawn(me, &failing_b, NULL, &failing_one);
}
COP_HANDLER(middle, leave)
{
    return cop_stop(me);
}
static COP_BEHAVIOUR(middle_b, middle, COP_ON(middle, cop_start), COP_ON(middle, leave));

typedef struct top {
    int unused;
} top;

COP_HANDLER(top, cop_start)
{
    return cop_spawn(me, &middle_b, NULL, &middle_one);
}
COP_HANDLER(top, cop_child_down)
{
    char text[256];

    stage_say("%s", cop_exit_print(&msg->why, text, sizeof text));
    return COP_OK;
}
static const cop_behaviour top_b = {
    .name = "top",
    .state_size = sizeof(top),
    .policy = COP_COLLECT,
    .handlers = COP_HANDLERS(COP_ON(top, cop_start), COP_ON(top, cop_child_down)),
};

/* It failed by itself, but is not gone yet when its owner is done. */
static void
one_that_is_done_while_its_child_fails_has_failed(void **state)
{
    (void)state;
    stage_open(&top_b, 1);
    assert_int_equal(cop_post(stage.node, failing_one, go), COP_OK);
    stage_pass(10);
    assert_int_equal(cop_post(stage.node, middle_one, leave), COP_OK);
    stage_expect("");
    stage_pass(40);
    stage_expect("error 1: a child ended abnormally (top/middle_b/failing_b), caused by "
                 "error 7: broke");
    stage_close();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scope_ends_when_it_is_closed_and_empty),
        cmocka_unit_test(a_failure_ends_the_others_and_is_kept),
        cmocka_unit_test(three_at_once_are_one_group),
        cmocka_unit_test(isolated_failures_end_nobody),
        cmocka_unit_test(all_ends_are_collected),
        cmocka_unit_test(the_first_good_end_wins),
        cmocka_unit_test(the_last_bad_end_loses),
        cmocka_unit_test(what_is_cancelled_takes_nothing),
        cmocka_unit_test(an_empty_one_is_cancelled_as_well),
        cmocka_unit_test(a_call_that_fails_ends_its_scope_only),
        cmocka_unit_test(so_does_one_that_cannot_say_why),
        cmocka_unit_test(a_call_on_the_hatch_that_fails_ends_the_actor),
        cmocka_unit_test(a_deadline_is_a_failure),
        cmocka_unit_test(a_deadline_may_be_now),
        cmocka_unit_test(a_deadline_that_has_come_cannot_be_moved),
        cmocka_unit_test(a_deadline_that_cannot_be_moved_stays),
        cmocka_unit_test(the_first_failure_is_the_scopes),
        cmocka_unit_test(a_failure_goes_outwards_until_it_is_dealt_with),
        cmocka_unit_test(a_failure_that_nobody_deals_with_ends_the_actor),
        cmocka_unit_test(misuse_is_an_error),
        cmocka_unit_test(nothing_outlives_the_actor),
        cmocka_unit_test(one_that_is_done_while_its_child_fails_has_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
