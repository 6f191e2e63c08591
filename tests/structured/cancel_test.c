/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cancel_test.c - what asyncio's users have to be careful about, and ours have not: a
 * cancellation that is swallowed, and a timeout around something that goes on.
 */
#include <coppice/co.h>

#include "actors/actor_stage.h"
#include "actors/protocol.h"

enum {
    SEEDS = 20,
    SWALLOWED = 1000,
};

typedef struct owner {
    int unused;
} owner;

COP_HANDLER(owner, cop_child_down)
{
    stage_say("%s", cop_exit_kind_name(msg->why.kind));
    return COP_OK;
}
static const cop_behaviour owner_b = {
    .name = "owner",
    .state_size = sizeof(owner),
    .policy = COP_COLLECT,
    .handlers = COP_HANDLERS(COP_ON(owner, cop_child_down)),
};

static const cop_behaviour *chosen;

static cop_err
start_chosen(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    return cop_spawn(me, chosen, NULL, NULL);
}

static void
play(const cop_behaviour *behaviour, uint64_t seed)
{
    chosen = behaviour;
    stage_open(&owner_b, seed);
    stage_do(start_chosen);
    stage_pass(60 * 1000);
}

static cop_err
spawn_in(cop_actor *me, cop_scope in, const cop_behaviour *behaviour)
{
    return cop_spawn(me, behaviour, &(cop_spawn_opts){.scope = in}, NULL);
}

/* -------------------------------------------------------------------- swallowed cancellations */

/* Each in another way, none of which has anything to give. */
static cop_err
wait_somehow(cop_co *co, int which)
{
    const answer_n *answer;
    cop_received any;

    switch (which % 4) {
    case 0: return cop_sleep(co, 1000);
    case 1: return cop_receive(co, 1000, &any);
    case 2: return cop_yield(co);
    default: return cop_call(co, cop_owner(cop_actor_of(co)), 1000, answer_n, &answer, ask_n);
    }
}

COP_BODY(stubborn, void, arg)
{
    int cancelled = 0;

    (void)arg;
    assert_int_equal(cop_sleep(co, COP_INFINITY), COP_E_CANCELLED);
    for (int i = 0; i < SWALLOWED; i++)
        cancelled += wait_somehow(co, i) == COP_E_CANCELLED;
    stage_say("swallowed:%d", cancelled);
    return COP_OK;
}
static COP_SEQUENTIAL(stubborn_b, stubborn);

COP_BODY(failing, void, arg)
{
    (void)arg;
    COP_TRY(cop_sleep(co, 100));
    return cop_fail(me, 1, "boom");
}
static COP_SEQUENTIAL(failing_b, failing);

COP_BODY(nursery, void, arg)
{
    cop_outcome outcome;

    (void)arg;
    COP_SCOPE(co, here, &outcome, .name = "here")
    {
        COP_TRY(spawn_in(me, here.scope, &stubborn_b));
        COP_TRY(spawn_in(me, here.scope, &failing_b));
    }
    assert_true(cop_now_ms(me) - 100 < 10);
    stage_say("%s", outcome.why.text);
    return COP_OK;
}
static COP_SEQUENTIAL(nursery_b, nursery);

static void
a_child_that_swallows_a_cancellation_cannot_hold_its_scope(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        play(&nursery_b, seed);
        stage_expect("swallowed:1000 boom normal");
        stage_close();
    }
}

/* Takes no notice once, and then has something to do that takes 8 s. */
COP_BODY(heedless, void, arg)
{
    (void)arg;
    stage_say("%s", cop_err_name(cop_sleep(co, COP_INFINITY)));
    cop_err err = cop_sleep(co, 8000);
    stage_say("%s", cop_err_name(err));
    return err;
}
static COP_SEQUENTIAL(heedless_b, heedless);

COP_BODY(impatient, void, arg)
{
    cop_outcome outcome;

    (void)arg;
    COP_SCOPE(co, limit, &outcome, .deadline_ms = 1000)
    COP_SCOPE(co, group, NULL, .name = "group")
    COP_TRY(spawn_in(me, group.scope, &heedless_b));
    stage_say("%s@%d", cop_exit_kind_name(outcome.why.kind), (int)cop_now_ms(me));
    return COP_OK;
}
static COP_SEQUENTIAL(impatient_b, impatient);

static void
who_takes_no_notice_of_a_cancellation_is_told_again(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        play(&impatient_b, seed);
        stage_expect("COP_E_CANCELLED COP_E_CANCELLED deadline@1000 normal");
        stage_close();
    }
}

/* --------------------------------------------------- a timeout around what must not be cut off */

static int32_t takes_ms;

COP_BODY(operation, void, arg)
{
    (void)arg;
    cop_err err = cop_sleep(co, takes_ms);
    stage_say("%s@%d", err == COP_OK ? "done" : "cut off", (int)cop_now_ms(me));
    return err;
}
static COP_SEQUENTIAL(operation_b, operation);

COP_BODY(caller, void, arg)
{
    cop_outcome outcome;

    (void)arg;
    COP_SCOPE(co, limit, &outcome, .deadline_ms = 1000)
    {
        COP_SCOPE(co, shield, NULL, .shield = true, .deadline_ms = 5000, .moves_on = true)
        COP_TRY(spawn_in(me, shield.scope, &operation_b));
        stage_say("%s", cop_err_name(cop_yield(co)));
    }
    stage_say("%s@%d", cop_exit_kind_name(outcome.why.kind), (int)cop_now_ms(me));
    return COP_OK;
}
static COP_SEQUENTIAL(caller_b, caller);

static void
a_timeout_is_told_when_what_it_was_for_has_ended(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        takes_ms = 3000;
        play(&caller_b, seed);
        stage_expect("done@3000 COP_E_CANCELLED deadline@3000 normal");
        stage_close();
        takes_ms = 30 * 1000;
        play(&caller_b, seed);
        stage_expect("cut off@5000 COP_E_CANCELLED deadline@5000 normal");
        stage_close();
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_that_swallows_a_cancellation_cannot_hold_its_scope),
        cmocka_unit_test(who_takes_no_notice_of_a_cancellation_is_told_again),
        cmocka_unit_test(a_timeout_is_told_when_what_it_was_for_has_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
