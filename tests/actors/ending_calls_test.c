/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ending_calls_test.c - what becomes of the calls of an actor that is ending: each is told
 * once, in its time, and what its handler fails with is a failure of cleaning up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/message.h>
#include <coppice/scope.h>
#include <coppice/sim.h>
#include <coppice/timer.h>

#define CALLS(M, F)                                                                            \
    M(1, question, F(i32, unused))                                                             \
    M(2, answer, F(i32, unused))                                                               \
    M(3, begin, F(i32, unused))                                                                \
    M(4, finish, F(i32, unused))                                                               \
    M(5, reply_now, F(i32, unused))
COP_PROTOCOL(CALLS)

enum {
    SLOW_MS = 50,
    OWN_CODE = 77,
};

/* What the caller does. */
typedef struct wish {
    int32_t within_ms;
    bool in_scope, is_slow; /* a child of it takes SLOW_MS to end */
    cop_err (*reply)(cop_actor *me);
} wish;

static struct {
    cop_sim *sim;
    cop_node *node;
    cop_pid keeper, caller, callee;
    wish wish;
    cop_exit why; /* of the caller */
    bool is_down;
    unsigned told; /* how often it was told of the end of its call */
    cop_err err;
    int64_t told_at;
    cop_exit kept; /* of the scope */
    uint32_t kept_count;
} scene;

/* ------------------------------------------------------------------------ how it replies */

static cop_err
is_content(COP_UNUSED cop_actor *me)
{
    return COP_OK;
}

static cop_err
fails_with_a_text(cop_actor *me)
{
    return cop_fail(me, OWN_CODE, "could not undo it");
}

static cop_err
fails_plainly(COP_UNUSED cop_actor *me)
{
    return COP_E_BUSY;
}

static cop_err
says_it_is_cancelled(COP_UNUSED cop_actor *me)
{
    return COP_E_CANCELLED;
}

/* ------------------------------------------------------------------------ the actors */

typedef struct nothing {
    char unused;
} nothing;

COP_HANDLER(nothing, cop_stopping)
{
    return cop_send_after(me, SLOW_MS, NULL, finish, 0);
}

COP_HANDLER(nothing, finish)
{
    return cop_stop(me);
}

static const cop_behaviour slow_b = {
    .name = "slow",
    .state_size = sizeof(nothing),
    .handlers = COP_HANDLERS(COP_ON(nothing, cop_stopping), COP_ON(nothing, finish)),
};

typedef struct callee {
    cop_token token;
} callee;

COP_HANDLER(callee, question)
{
    return cop_defer(me, &st->token);
}

COP_HANDLER(callee, reply_now)
{
    return cop_answer(me, &st->token, answer, 0);
}

static const cop_behaviour callee_b = {
    .name = "callee",
    .state_size = sizeof(callee),
    .handlers = COP_HANDLERS(COP_ON(callee, question), COP_ON(callee, reply_now)),
};

typedef struct caller {
    char unused;
} caller;

COP_REPLY(caller, answer)
{
    scene.told++;
    scene.err = err;
    scene.told_at = cop_now_ms(me);
    return scene.wish.reply(me);
}

static cop_err
on_closed(COP_UNUSED cop_actor *me, COP_UNUSED void *state, COP_UNUSED void *ctx,
          const cop_outcome *outcome)
{
    scene.kept_count = outcome->kept_count;
    if (outcome->kept_count > 0)
        scene.kept = outcome->kept[0].why;
    return COP_OK;
}

COP_HANDLER(caller, begin)
{
    cop_scope scope = cop_here(me);

    if (scene.wish.is_slow)
        COP_TRY(cop_spawn(me, &slow_b, NULL, NULL));
    if (!scene.wish.in_scope)
        return cop_ask(me, scene.callee, scene.wish.within_ms, COP_THEN(caller, answer),
                       question, 0);
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.closed = on_closed}, &scope));
    return cop_scope_ask(me, scope, scene.callee, scene.wish.within_ms,
                         COP_THEN(caller, answer), NULL, question, 0);
}

COP_HANDLER(caller, finish)
{
    return cop_stop(me);
}

static const cop_behaviour caller_b = {
    .name = "caller",
    .state_size = sizeof(caller),
    .handlers = COP_HANDLERS(COP_ON(caller, begin), COP_ON(caller, finish)),
};

typedef struct keeper {
    cop_ref watch;
} keeper;

COP_HANDLER(keeper, begin)
{
    return cop_spawn(me, &caller_b, &(cop_spawn_opts){.monitor = &st->watch}, &scene.caller);
}

COP_HANDLER(keeper, cop_down)
{
    scene.why = msg->why;
    scene.is_down = true;
    return COP_OK;
}

COP_HANDLER(keeper, finish)
{
    cop_kill(me, scene.caller);
    return COP_OK;
}

static const cop_behaviour keeper_b = {
    .name = "keeper",
    .state_size = sizeof(keeper),
    .policy = COP_ISOLATE,
    .handlers =
        COP_HANDLERS(COP_ON(keeper, begin), COP_ON(keeper, finish), COP_ON(keeper, cop_down)),
};

/* ------------------------------------------------------------------------ a scene */

#define tell(who, ...)                                                                         \
    (assert_int_equal(cop_post(scene.node, who, __VA_ARGS__), COP_OK),                         \
     cop_sim_settle(scene.sim))

static int
set_up(COP_UNUSED void **state)
{
    memset(&scene, 0, sizeof scene);
    assert_int_equal(cop_sim_new(&scene.sim, 1), COP_OK);
    assert_int_equal(cop_sim_node(scene.sim, NULL, &scene.node), COP_OK);
    assert_int_equal(cop_sim_spawn(scene.node, &callee_b, NULL, &scene.callee), COP_OK);
    assert_int_equal(cop_sim_spawn(scene.node, &keeper_b, NULL, &scene.keeper), COP_OK);
    return 0;
}

static int
tear_down(COP_UNUSED void **state)
{
    cop_sim_expect_nothing_left(scene.sim);
    cop_sim_free(&scene.sim);
    return 0;
}

/* A caller that asks, and is told to end while it waits. */
static void
end_while_asking(wish wish)
{
    scene.wish = wish;
    tell(scene.keeper, begin, 0);
    tell(scene.caller, begin, 0);
    assert_int_equal(scene.told, 0);
    tell(scene.caller, finish, 0);
}

/* ------------------------------------------------------------------------ failures */

static void
a_reply_handler_that_fails_makes_an_orderly_end_a_failure(COP_UNUSED void **state)
{
    end_while_asking((wish){.within_ms = 1000, .reply = fails_with_a_text});
    assert_int_equal(scene.told, 1);
    assert_int_equal(scene.err, COP_E_CANCELLED);
    assert_int_equal(scene.why.kind, COP_EXIT_ERROR);
    assert_int_equal(scene.why.code, OWN_CODE);
    assert_string_equal(scene.why.text, "could not undo it");
}

static void
without_a_text_of_its_own_the_error_says_what_it_was(COP_UNUSED void **state)
{
    end_while_asking((wish){.within_ms = 1000, .reply = fails_plainly});
    assert_int_equal(scene.why.kind, COP_EXIT_ERROR);
    assert_int_equal(scene.why.code, COP_E_BUSY);
    assert_string_equal(scene.why.text, cop_err_text(COP_E_BUSY));
}

static void
who_only_says_that_it_was_cancelled_has_not_failed(COP_UNUSED void **state)
{
    end_while_asking((wish){.within_ms = 1000, .reply = says_it_is_cancelled});
    assert_int_equal(scene.told, 1);
    assert_int_equal(scene.why.kind, COP_EXIT_NORMAL);
}

static void
in_a_scope_it_is_the_scope_that_keeps_the_failure(COP_UNUSED void **state)
{
    end_while_asking((wish){.within_ms = 1000, .in_scope = true, .reply = fails_with_a_text});
    assert_int_equal(scene.kept_count, 1);
    assert_int_equal(scene.kept.code, OWN_CODE);
    assert_string_equal(scene.kept.text, "could not undo it");
    assert_int_equal(scene.why.kind, COP_EXIT_NORMAL); /* `closed` has dealt with it */
}

static void
who_is_killed_is_told_nothing(COP_UNUSED void **state)
{
    scene.wish = (wish){.within_ms = 10, .is_slow = true, .reply = fails_plainly};
    tell(scene.keeper, begin, 0);
    tell(scene.caller, begin, 0);
    tell(scene.keeper, finish, 0);
    cop_sim_run_for(scene.sim, SLOW_MS);
    assert_true(scene.is_down);
    assert_int_equal(scene.told, 0);
    assert_int_equal(scene.why.kind, COP_EXIT_KILLED);
}

/* ------------------------------------------------------------------------ in time */

static void
a_call_ends_when_its_time_is_over_though_a_child_is_still_ending(COP_UNUSED void **state)
{
    end_while_asking((wish){.within_ms = 20, .is_slow = true, .reply = is_content});
    int64_t from = cop_sim_now_ms(scene.sim);
    assert_int_equal(scene.told, 0);
    cop_sim_run_for(scene.sim, SLOW_MS);
    assert_true(scene.is_down);
    assert_int_equal(scene.told, 1);
    assert_int_equal(scene.err, COP_E_CANCELLED);
    assert_int_equal(scene.told_at, from + 20);
}

/* The deadline waits for its turn when the actor is told to end. */
static void
so_does_one_whose_time_was_over_just_before(COP_UNUSED void **state)
{
    scene.wish = (wish){.within_ms = 20, .is_slow = true, .reply = fails_plainly};
    tell(scene.keeper, begin, 0);
    tell(scene.caller, begin, 0);
    cop_sim_run_for(scene.sim, 19);
    int64_t from = cop_sim_now_ms(scene.sim);
    tell(scene.caller, finish, 0);
    cop_sim_run_for(scene.sim, SLOW_MS);
    assert_int_equal(scene.told, 1);
    assert_int_equal(scene.told_at, from + 1);
    assert_int_equal(scene.why.code, COP_E_BUSY);
}

static void
an_answer_ends_it_too(COP_UNUSED void **state)
{
    end_while_asking((wish){.within_ms = 1000, .is_slow = true, .reply = is_content});
    int64_t from = cop_sim_now_ms(scene.sim);
    cop_sim_run_for(scene.sim, 5);
    assert_int_equal(scene.told, 0);
    tell(scene.callee, reply_now, 0);
    assert_int_equal(scene.told, 1);
    assert_int_equal(scene.err, COP_E_CANCELLED);
    assert_int_equal(scene.told_at, from + 5);
    cop_sim_run_for(scene.sim, SLOW_MS);
    assert_true(scene.is_down);
    assert_int_equal(scene.told, 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_reply_handler_that_fails_makes_an_orderly_end_a_failure),
        TEST(without_a_text_of_its_own_the_error_says_what_it_was),
        TEST(who_only_says_that_it_was_cancelled_has_not_failed),
        TEST(in_a_scope_it_is_the_scope_that_keeps_the_failure),
        TEST(who_is_killed_is_told_nothing),
        TEST(a_call_ends_when_its_time_is_over_though_a_child_is_still_ending),
        TEST(so_does_one_whose_time_was_over_just_before),
        TEST(an_answer_ends_it_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
