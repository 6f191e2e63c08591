/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope_reentry_test.c - scopes that are changed by what runs because of them, very many of
 * them, and no memory in the middle.
 */
#include <coppice/fault.h>

#include "actor_stage.h"

#include "protocol.h"

typedef struct owner {
    int unused;
} owner;

typedef struct callee {
    cop_token asked;
} callee;

COP_HANDLER(callee, ask_n)
{
    return cop_defer(me, &st->asked);
}
COP_HANDLER(callee, go)
{
    return cop_answer(me, &st->asked, answer_n, .n = 1);
}
COP_HANDLER(callee, crash)
{
    return cop_fail(me, (int)msg->code, "told to");
}
static COP_BEHAVIOUR(callee_b, callee, COP_ON(callee, ask_n), COP_ON(callee, go),
                     COP_ON(callee, crash));

static cop_scope outer, inner;
static cop_leaf other;
static cop_pid kid;

COP_HANDLER(owner, leave)
{
    return cop_stop(me);
}
COP_REPLY(owner, answer_n)
{
    stage_say("%s", cop_err_name(err));
    (void)cop_scope_cancel(me, inner, COP_FORCE_HARD, NULL);
    (void)cop_scope_cancel(me, outer, COP_FORCE_HARD, NULL);
    stage_say("again:%s", cop_err_name(cop_scope_ask(me, outer, kid, 100,
                                                     COP_THEN(owner, answer_n), NULL, ask_n)));
    return COP_OK;
}
static COP_BEHAVIOUR(owner_b, owner, COP_ON(owner, leave));

#define ACT(name)                                                                              \
    static cop_err name(COP_UNUSED cop_actor *me, COP_UNUSED void *state, COP_UNUSED void *arg)

static cop_err
on_closed(COP_UNUSED cop_actor *me, COP_UNUSED void *state, void *ctx,
          const cop_outcome *outcome)
{
    stage_say("%s:%s", (const char *)ctx, cop_exit_kind_name(outcome->why.kind));
    return COP_OK;
}

static cop_err
open_two(cop_actor *me, const cop_scope_opts *of_inner)
{
    cop_scope_opts opts = *of_inner;

    COP_TRY(cop_scope_open(
        me, &(cop_scope_opts){.closed = on_closed, .ctx = "outer", .dispose = stage_dispose},
        &outer));
    opts.within = outer;
    opts.dispose = stage_dispose;
    return cop_scope_open(me, &opts, &inner);
}

/* ------------------------------------------------------------------------ from inside */

static cop_err
closed_cancels_all(cop_actor *me, COP_UNUSED void *state, COP_UNUSED void *ctx,
                   COP_UNUSED const cop_outcome *outcome)
{
    cop_scope more;

    stage_say("itself:%s", cop_err_name(cop_scope_close(me, inner)));
    stage_say("outer:%s", cop_err_name(cop_scope_cancel(me, outer, COP_FORCE_KILL, NULL)));
    stage_say("more:%s",
              cop_err_name(cop_scope_open(me, &(cop_scope_opts){.within = outer}, &more)));
    return COP_OK;
}

ACT(open_closing_one)
{
    COP_TRY(open_two(me, &(cop_scope_opts){.closed = closed_cancels_all}));
    return cop_scope_close(me, inner);
}

static void
who_is_told_of_the_end_may_cancel_what_is_around(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(open_closing_one);
    stage_expect("itself:COP_E_GONE outer:COP_OK more:COP_E_CANCELLED outer:shutdown");
    assert_int_equal(stage.disposed, 2);
    stage_close();
}

static cop_err
child_cancels_all(cop_actor *me, COP_UNUSED void *state, COP_UNUSED void *ctx,
                  const cop_child_record *child)
{
    stage_say("child:%d", child->why.code);
    (void)cop_scope_cancel(me, inner, COP_FORCE_KILL, NULL);
    stage_say("spawn:%s",
              cop_err_name(cop_spawn(me, &callee_b, &(cop_spawn_opts){.scope = inner}, NULL)));
    return cop_fail(me, 8, "no more");
}

ACT(open_isolating)
{
    COP_TRY(open_two(me, &(cop_scope_opts){.policy = COP_ISOLATE,
                                           .on_child = child_cancels_all,
                                           .closed = on_closed,
                                           .ctx = "inner"}));
    COP_TRY(cop_spawn(me, &callee_b, &(cop_spawn_opts){.scope = inner}, NULL));
    COP_TRY(cop_spawn(me, &callee_b, &(cop_spawn_opts){.scope = inner}, &kid));
    COP_TRY(cop_scope_close(me, inner));
    COP_TRY(cop_scope_close(me, outer));
    return cop_send(me, kid, crash, .code = 7);
}

static void
who_is_told_of_a_child_may_cancel_its_scope(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(open_isolating);
    stage_expect("child:7 spawn:COP_E_CANCELLED inner:shutdown outer:normal");
    assert_int_equal(stage.disposed, 2);
    stage_close();
}

static cop_actor *disposing;

static void
dispose_tries_all(void *arg)
{
    cop_actor *me = disposing;
    cop_scope more;

    stage_say("%s:%s", (const char *)arg, cop_err_name(cop_leaf_cancel(me, other)));
    stage_say("%s", cop_err_name(cop_scope_cancel(me, outer, COP_FORCE_HARD, NULL)));
    stage_say("%s", cop_err_name(cop_scope_open(me, NULL, &more)));
    stage_say("%s", cop_err_name(cop_spawn(me, &callee_b, NULL, NULL)));
}

ACT(nothing)
{
    return COP_OK;
}

ACT(open_with_leaves)
{
    cop_leaf leaf;

    disposing = me;
    COP_TRY(open_two(me, &(cop_scope_opts){.closed = on_closed, .ctx = "inner"}));
    COP_TRY(cop_scope_after(me, inner, 1000, nothing, NULL, stage_dispose, &other));
    COP_TRY(cop_scope_after(me, inner, 1000, nothing, "x", dispose_tries_all, &leaf));
    COP_TRY(cop_scope_close(me, outer));
    return cop_scope_cancel(me, inner, COP_FORCE_HARD, NULL);
}

static void
a_finalizer_can_neither_start_nor_cancel(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(open_with_leaves);
    stage_expect("x:COP_E_GONE COP_E_GONE COP_E_GONE COP_E_GONE inner:shutdown outer:normal");
    assert_int_equal(stage.disposed, 3);
    stage_close();
}

ACT(cancel_all)
{
    stage_say("call");
    COP_TRY(cop_scope_cancel(me, outer, COP_FORCE_HARD, NULL));
    stage_say("%s", cop_err_name(cop_leaf_cancel(me, other)));
    return cop_scope_soon(me, inner, nothing, NULL, stage_dispose, NULL) == COP_E_CANCELLED
               ? COP_OK
               : COP_E_INVAL;
}

ACT(open_with_a_call)
{
    COP_TRY(open_two(me, &(cop_scope_opts){.closed = on_closed, .ctx = "inner"}));
    return cop_scope_every(me, inner, 10, cancel_all, NULL, stage_dispose, &other);
}

static void
a_call_may_cancel_the_scope_that_it_is_in(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(open_with_a_call);
    stage_pass(50);
    stage_expect("call COP_E_GONE inner:shutdown outer:shutdown");
    assert_int_equal(stage.disposed, 4);
    stage_close();
}

ACT(open_and_ask)
{
    COP_TRY(cop_spawn(me, &callee_b, NULL, &kid));
    COP_TRY(open_two(me, &(cop_scope_opts){.closed = on_closed, .ctx = "inner"}));
    COP_TRY(cop_scope_ask(me, inner, kid, 100, COP_THEN(owner, answer_n), NULL, ask_n));
    COP_TRY(cop_scope_close(me, inner));
    return cop_scope_close(me, outer);
}
ACT(answer)
{
    return cop_send(me, kid, go);
}

static void
a_reply_handler_may_cancel_the_scope_of_its_call(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(open_and_ask);
    stage_do(answer);
    stage_expect("COP_OK again:COP_E_CANCELLED inner:shutdown outer:shutdown");
    stage_close();
}

/* ------------------------------------------------------------------------ very many */

enum {
    MANY = 20000,
};
static cop_scope scopes[MANY];
static unsigned closed_count;

static cop_err
count_closed(COP_UNUSED cop_actor *me, COP_UNUSED void *state, COP_UNUSED void *ctx,
             COP_UNUSED const cop_outcome *outcome)
{
    closed_count++;
    return COP_OK;
}

ACT(open_many)
{
    for (int i = 0; i < MANY; i++)
        COP_TRY(cop_scope_open(
            me, &(cop_scope_opts){.closed = count_closed, .dispose = stage_dispose},
            &scopes[i]));
    return COP_OK;
}
ACT(close_in_order)
{
    for (int i = 0; i < MANY; i++)
        COP_TRY(cop_scope_close(me, scopes[i]));
    return COP_OK;
}
ACT(close_in_reverse)
{
    for (int i = MANY - 1; i >= 0; i--)
        COP_TRY(cop_scope_close(me, scopes[i]));
    return COP_OK;
}
ACT(open_with_many)
{
    COP_TRY(cop_scope_open(
        me, &(cop_scope_opts){.closed = count_closed, .dispose = stage_dispose}, &outer));
    for (int i = 0; i < MANY; i++)
        COP_TRY(cop_scope_after(me, outer, 1000 + i, nothing, NULL, stage_dispose, NULL));
    return cop_scope_cancel(me, outer, COP_FORCE_HARD, NULL);
}

static void
very_many_scopes_end_in_any_order(void **state)
{
    (void)state;
    closed_count = 0;
    stage_open(&owner_b, 1);
    stage_do(open_many);
    stage_do(close_in_order);
    assert_int_equal(closed_count, MANY);
    stage_do(open_many);
    stage_do(close_in_reverse);
    assert_int_equal(closed_count, 2 * MANY);
    stage_do(open_many); /* these end with the actor */
    stage_do(open_with_many);
    assert_int_equal(closed_count, 2 * MANY + 1);
    stage_close();
    assert_int_equal(closed_count, 3 * MANY + 1);
    assert_int_equal(stage.disposed, 4 * MANY + 1);
}

/* ------------------------------------------------------------------------ no memory */

static unsigned refused;
static unsigned given; /* arguments that somebody has to dispose of */

static void
start_all(cop_actor *me)
{
    cop_scope one, two;

    given++;
    if (cop_scope_open(me, &(cop_scope_opts){.dispose = stage_dispose, .deadline_ms = 50},
                       &one) != COP_OK) {
        given--; /* it is ours still */
        return;
    }
    given++;
    if (cop_scope_open(me,
                       &(cop_scope_opts){.dispose = stage_dispose,
                                         .within = one,
                                         .moves_on = true,
                                         .shield = true,
                                         .deadline_ms = 20},
                       &two) != COP_OK) {
        given--;
        two = one;
    }
    for (int i = 0; i < 3; i++) {
        given += 3;
        refused += COP_OK != cop_scope_soon(me, two, nothing, NULL, stage_dispose, NULL);
        refused +=
            COP_OK != cop_scope_after(me, one, 5 * i, nothing, NULL, stage_dispose, NULL);
        refused +=
            COP_OK != cop_scope_every(me, two, 3 + i, nothing, NULL, stage_dispose, NULL);
        given++;
        if (cop_spawn(me, &callee_b,
                      &(cop_spawn_opts){.scope = i == 2 ? one : two, .dispose = stage_dispose},
                      &kid) == COP_OK)
            refused += COP_OK !=
                       cop_scope_ask(me, two, kid, 10, COP_THEN(owner, answer_n), NULL, ask_n);
    }
    (void)cop_scope_close(me, one);
}

ACT(start)
{
    outer = inner = (cop_scope){{0}};
    start_all(me);
    return COP_OK;
}

static void
without_memory_everything_is_disposed_of_once(void **state)
{
    (void)state;
    refused = 0;
    for (uint64_t at = 1; at <= 120; at++) {
        stage_open(&owner_b, at);
        assert_int_equal(
            cop_sim_fault(stage.sim,
                          &(cop_fault){.kind = &cop_fault_nomem, .who = "owner_b", .at = at}),
            COP_OK);
        given = 0;
        stage_do(start);
        stage_pass(200);
        stage_close();
        assert_int_equal(stage.disposed, given);
    }
    assert_true(refused > 10);
}

/* ------------------------------------------------------------------ an actor told to end */

typedef struct slow {
    int unused;
} slow;

ACT(say_no)
{
    return cop_fail(me, 5, "no");
}
COP_HANDLER(slow, cop_stopping)
{
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.policy = COP_COLLECT}, &inner));
    return cop_scope_soon(me, inner, say_no, NULL, NULL, NULL);
}
COP_HANDLER(slow, leave)
{
    return cop_stop(me);
}
COP_HANDLER(slow, cop_end)
{
    stage_say("end:%s", cop_exit_kind_name(msg->why.kind));
    return cop_stop(me);
}
static COP_BEHAVIOUR(slow_b, slow, COP_ON(slow, cop_stopping), COP_ON(slow, leave),
                     COP_ON(slow, cop_end));

ACT(spawn_slow)
{
    return cop_spawn(me, &slow_b, NULL, &kid);
}
ACT(stop_kid)
{
    return cop_stop_child(me, kid);
}
ACT(let_kid_leave)
{
    return cop_send(me, kid, leave);
}

/* The scope takes what the call has said, in the place of the reason that the actor was
 * told. */
static void
who_is_ending_may_say_again_that_it_stops(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(spawn_slow);
    stage_do(stop_kid);
    stage_do(let_kid_leave);
    stage_expect("end:shutdown");
    stage_close();
}

/* -------------------------------------------------------------- a child that comes too late */

static cop_pid new_owner;

typedef struct giver {
    int unused;
} giver;

COP_HANDLER(giver, cop_start)
{
    return cop_spawn(
        me, &callee_b,
        &(cop_spawn_opts){.owner = new_owner, .scope = outer, .dispose = stage_dispose}, &kid);
}
static COP_BEHAVIOUR(giver_b, giver, COP_ON(giver, cop_start));

/* What waits before the scope's end takes more than one turn, and the child comes in
 * between. */
ACT(close_and_be_given)
{
    new_owner = cop_self(me);
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.closed = on_closed, .ctx = "outer"}, &outer));
    for (int i = 0; i < 3000; i++)
        COP_TRY(cop_scope_soon(me, cop_here(me), nothing, NULL, NULL, NULL));
    COP_TRY(cop_scope_close(me, outer));
    return cop_spawn(me, &giver_b, NULL, NULL);
}

ACT(look_for_kid)
{
    stage_say("%s", cop_is_alive(me, kid) ? "alive" : "gone");
    return COP_OK;
}

static void
a_child_given_to_a_scope_that_is_over_is_told_to_end(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    outer = inner = (cop_scope){{0}};
    stage_do(close_and_be_given);
    stage_pass(10);
    stage_expect("outer:normal");
    stage_do(look_for_kid);
    stage_expect("gone");
    stage_close();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_told_of_the_end_may_cancel_what_is_around),
        cmocka_unit_test(who_is_told_of_a_child_may_cancel_its_scope),
        cmocka_unit_test(a_finalizer_can_neither_start_nor_cancel),
        cmocka_unit_test(a_call_may_cancel_the_scope_that_it_is_in),
        cmocka_unit_test(a_reply_handler_may_cancel_the_scope_of_its_call),
        cmocka_unit_test(very_many_scopes_end_in_any_order),
        cmocka_unit_test(who_is_ending_may_say_again_that_it_stops),
        cmocka_unit_test(a_child_given_to_a_scope_that_is_over_is_told_to_end),
        cmocka_unit_test(without_memory_everything_is_disposed_of_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
