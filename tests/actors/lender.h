/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lender.h - a simulated limiter, and up to four actors "a" to "d" that do as they are told.
 *
 * What happens is noted: "a+" a token was granted, "a:" and an error it was not, "a!" and an
 * error the request could not be made, "a-" the actor has ended.
 */
#ifndef COPPICE_TESTS_ACTORS_LENDER_H
#define COPPICE_TESTS_ACTORS_LENDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/debug.h>
#include <coppice/limiter.h>
#include <coppice/message.h>
#include <coppice/sim.h>
#include <coppice/timer.h>

#define LENDER(M, F)                                                                           \
    M(1, want, F(i32, within_ms))                                                              \
    M(2, want_three, F(i32, within_ms))                                                        \
    M(3, want_and_give, F(i32, after_ms))                                                      \
    M(4, want_nothing, F(i32, unused))                                                         \
    M(5, give, F(i32, unused))                                                                 \
    M(6, give_first, F(i32, unused))                                                           \
    M(7, give_later, F(i32, ms))                                                               \
    M(8, steal, F(i32, unused))                                                                \
    M(9, fall, F(i32, unused))                                                                 \
    M(10, leave, F(i32, unused))                                                               \
    M(11, start_slow, F(i32, ms))                                                              \
    M(12, murder, F(pid, who))                                                                 \
    M(13, resize_to, F(u32, tokens))                                                           \
    M(14, ask_status, F(i32, unused))                                                          \
    M(15, look, F(i32, unused))                                                                \
    M(16, respawn, F(u32, number) F(bool, isolates))                                           \
    M(17, finish, F(i32, unused))                                                              \
    M(18, give_three, F(i32, unused))
COP_PROTOCOL(LENDER)

enum {
    HANDS = 4,
};

static struct {
    cop_sim *sim;
    cop_node *node;
    cop_pid limiter, keeper, hands[HANDS];
    cop_loan loans[HANDS]; /* the last that was asked for */
    char notes[512];
    cop_limiter_status status;
    cop_limiter_holder holders[HANDS];
    size_t holder_count;
    unsigned answers;
} scene;

/* Of calloc: the limiter finds none. */
static bool is_starving;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *
__wrap_calloc(size_t count, size_t size)
{
    return is_starving ? NULL : __real_calloc(count, size);
}

static void COP_PRINTF(1, 2) note(const char *format, ...)
{
    size_t used = strlen(scene.notes);
    va_list args;

    va_start(args, format);
    vsnprintf(scene.notes + used, sizeof scene.notes - used - 1, format, args);
    va_end(args);
    strcat(scene.notes, " ");
}

static void
forget_notes(void)
{
    scene.notes[0] = '\0';
}

/* These and no others were noted since the last time. */
#define EXPECT(text) assert_string_equal(taken_notes(), text)

static const char *
taken_notes(void)
{
    static char taken[sizeof scene.notes];
    size_t size = strlen(scene.notes);

    memcpy(taken, scene.notes, size + 1);
    if (size > 0)
        taken[size - 1] = '\0';
    forget_notes();
    return taken;
}

/* ------------------------------------------------------------------- one who takes time */

typedef struct slow {
    int32_t ms;
} slow;

COP_HANDLER(slow, cop_start)
{
    memcpy(&st->ms, msg->arg, sizeof st->ms);
    return COP_OK;
}

COP_HANDLER(slow, cop_stopping)
{
    return cop_send_after(me, st->ms, NULL, finish, 0);
}

COP_HANDLER(slow, finish)
{
    note("slow-");
    return cop_stop(me);
}

static const cop_behaviour slow_b = {
    .name = "slow",
    .state_size = sizeof(slow),
    .handlers =
        COP_HANDLERS(COP_ON(slow, cop_start), COP_ON(slow, cop_stopping), COP_ON(slow, finish)),
};

/* -------------------------------------------------------------------------- a borrower */

typedef struct hand {
    unsigned number;
    cop_loan loan;
    cop_loan three[3];
    unsigned first; /* of the three, that is not given back */
} hand;

static char
letter(const hand *self)
{
    return (char)('a' + self->number);
}

COP_HANDLER(hand, cop_start)
{
    memcpy(&st->number, msg->arg, sizeof st->number);
    return COP_OK;
}

COP_REPLY(hand, cop_limiter_granted)
{
    cop_ref call = cop_current_call(me);

    if (err != COP_OK) {
        note("%c:%s", letter(st), cop_err_name(err));
        return COP_OK;
    }
    assert_int_equal(msg->loan.call.bits, call.bits);
    for (unsigned i = 0; i < 3; i++)
        if (st->three[i].call.bits == call.bits) {
            assert_true(cop_pid_equal(st->three[i].pid, msg->loan.pid));
            note("%c+%u", letter(st), i);
            return COP_OK;
        }
    note("%c+", letter(st));
    return COP_OK;
}

static void
acquire(cop_actor *me, hand *st, int32_t within_ms, cop_loan *loan)
{
    cop_err err = cop_limiter_acquire(me, scene.limiter, within_ms,
                                      COP_THEN(hand, cop_limiter_granted), loan);

    if (err != COP_OK)
        note("%c!%s", letter(st), cop_err_name(err));
    else
        scene.loans[st->number] = *loan;
}

COP_HANDLER(hand, want)
{
    acquire(me, st, msg->within_ms, &st->loan);
    return COP_OK;
}

COP_HANDLER(hand, want_three)
{
    for (unsigned i = 0; i < 3; i++)
        acquire(me, st, msg->within_ms, &st->three[i]);
    return COP_OK;
}

COP_HANDLER(hand, give_first)
{
    return cop_limiter_release(me, &st->three[st->first++]);
}

COP_HANDLER(hand, give_three)
{
    for (unsigned i = 0; i < 3; i++)
        COP_TRY(cop_limiter_release(me, &st->three[i]));
    return COP_OK;
}

COP_REPLY(hand, cop_limiter_status)
{
    return err;
}

COP_HANDLER(hand, want_nothing)
{
    cop_err err = cop_limiter_acquire(me, scene.limiter, 100, NULL, &st->loan);

    note("%c!%s", letter(st), cop_err_name(err));
    err = cop_limiter_acquire(me, scene.limiter, 100, COP_THEN(hand, cop_limiter_status),
                              &st->loan);
    note("%c!%s", letter(st), cop_err_name(err));
    return COP_OK;
}

COP_HANDLER(hand, give)
{
    cop_err err = cop_limiter_release(me, &st->loan);

    if (err != COP_OK)
        note("%c?%s", letter(st), cop_err_name(err));
    assert_true(cop_pid_is_none(st->loan.pid));
    return COP_OK;
}

COP_HANDLER(hand, give_later)
{
    return cop_send_after(me, msg->ms, NULL, give, 0);
}

COP_HANDLER(hand, want_and_give)
{
    acquire(me, st, 1000, &st->loan);
    if (msg->after_ms > 0)
        return cop_send_after(me, msg->after_ms, NULL, give, 0);
    return cop_limiter_release(me, &st->loan);
}

COP_HANDLER(hand, steal)
{
    cop_loan loan = scene.loans[0];

    note("%c:%s", letter(st), cop_err_name(cop_limiter_release(me, &loan)));
    return COP_OK;
}

COP_HANDLER(hand, fall)
{
    return cop_fail(me, 1, "boom");
}

COP_HANDLER(hand, leave)
{
    return cop_stop(me);
}

COP_HANDLER(hand, start_slow)
{
    return cop_spawn(me, &slow_b, &(cop_spawn_opts){.arg = &msg->ms}, NULL);
}

COP_HANDLER(hand, cop_end)
{
    note("%c-", letter(st));
    return COP_OK;
}

#define HAND_DOES                                                                              \
    COP_ON(hand, cop_start), COP_ON(hand, cop_end), COP_ON(hand, want),                        \
        COP_ON(hand, want_three), COP_ON(hand, want_and_give), COP_ON(hand, want_nothing),     \
        COP_ON(hand, give), COP_ON(hand, give_first), COP_ON(hand, give_three),                \
        COP_ON(hand, give_later), COP_ON(hand, steal), COP_ON(hand, fall),                     \
        COP_ON(hand, leave), COP_ON(hand, start_slow)

static const cop_behaviour hand_b = {
    .name = "hand", .state_size = sizeof(hand), .handlers = COP_HANDLERS(HAND_DOES)};

/* One who goes on when a loan fails. */
COP_HANDLER(hand, cop_child_down)
{
    assert_true(cop_pid_equal(msg->who, st->loan.pid));
    if (msg->why.kind == COP_EXIT_ERROR)
        note("%c lost its loan: %s", letter(st), cop_err_name((cop_err)msg->why.code));
    else
        note("%c lost its loan: %d", letter(st), msg->why.code);
    return COP_OK;
}

static const cop_behaviour hermit_b = {
    .name = "hermit",
    .state_size = sizeof(hand),
    .policy = COP_ISOLATE,
    .handlers = COP_HANDLERS(HAND_DOES, COP_ON(hand, cop_child_down)),
};

/* -------------------------------------------------- who kills, asks, and owns the hands */

typedef struct keeper {
    int unused;
} keeper;

COP_HANDLER(keeper, respawn)
{
    return cop_spawn(me, msg->isolates ? &hermit_b : &hand_b,
                     &(cop_spawn_opts){.arg = &msg->number}, &scene.hands[msg->number]);
}

COP_HANDLER(keeper, murder)
{
    cop_kill(me, msg->who);
    return COP_OK;
}

COP_REPLY(keeper, cop_limiter_resized)
{
    note("%s", err == COP_OK ? "resized" : cop_err_name(err));
    return COP_OK;
}

COP_HANDLER(keeper, resize_to)
{
    return cop_limiter_resize(me, scene.limiter, msg->tokens, 1000,
                              COP_THEN(keeper, cop_limiter_resized));
}

COP_REPLY(keeper, cop_limiter_status)
{
    assert_int_equal(err, COP_OK);
    scene.status = *msg;
    scene.holder_count = msg->holders.count;
    assert_in_range(msg->holders.count, 0, HANDS);
    if (msg->holders.count > 0)
        memcpy(scene.holders, msg->holders.items,
               msg->holders.count * sizeof *msg->holders.items);
    scene.answers++;
    return COP_OK;
}

COP_HANDLER(keeper, ask_status)
{
    return cop_limiter_ask_status(me, scene.limiter, 1000,
                                  COP_THEN(keeper, cop_limiter_status));
}

COP_REPLY(keeper, cop_actor_status)
{
    assert_int_equal(err, COP_OK);
    note("%.*s", (int)msg->state.size, msg->state.data);
    return COP_OK;
}

COP_HANDLER(keeper, look)
{
    return cop_debug_status(me, scene.limiter, 1000, COP_THEN(keeper, cop_actor_status));
}

static const cop_behaviour keeper_b = {
    .name = "keeper",
    .state_size = sizeof(keeper),
    .policy = COP_ISOLATE,
    .handlers =
        COP_HANDLERS(COP_ON(keeper, respawn), COP_ON(keeper, murder), COP_ON(keeper, resize_to),
                     COP_ON(keeper, ask_status), COP_ON(keeper, look)),
};

/* --------------------------------------------------------------------------- a scene */

/* Sends it, and waits until nobody has anything to do. */
#define post_to(who, ...)                                                                      \
    (assert_int_equal(cop_post(scene.node, who, __VA_ARGS__), COP_OK),                         \
     cop_sim_settle(scene.sim))

#define tell(hand, ...) post_to(scene.hands[hand], __VA_ARGS__)

static void
ask_for_one(unsigned number, int32_t within_ms)
{
    tell(number, want, .within_ms = within_ms);
}

static void
give_back(unsigned number)
{
    tell(number, give, 0);
}

static void
kill_hand(unsigned number)
{
    post_to(scene.keeper, murder, .who = scene.hands[number]);
}

static void
spawn_hand(unsigned number, const cop_behaviour *behaviour)
{
    post_to(scene.keeper, respawn, .number = number, .isolates = behaviour == &hermit_b);
}

static void
resize(uint32_t tokens)
{
    post_to(scene.keeper, resize_to, .tokens = tokens);
}

static void
expect_status(uint32_t tokens, uint32_t held, uint32_t waiting)
{
    unsigned before = scene.answers;

    post_to(scene.keeper, ask_status, 0);
    assert_int_equal(scene.answers, before + 1);
    assert_int_equal(scene.status.tokens, tokens);
    assert_int_equal(scene.status.held, held);
    assert_int_equal(scene.status.waiting, waiting);
    assert_int_equal(scene.holder_count, held);
}

static void
be_quiet(COP_UNUSED void *ctx, COP_UNUSED const char *line)
{
}

static void
begin_with(uint64_t seed, const cop_limiter_opts *opts, unsigned hands)
{
    const cop_spawn_opts spawn = {.arg = opts};

    memset(&scene, 0, sizeof scene);
    assert_int_equal(cop_sim_new(&scene.sim, seed), COP_OK);
    assert_int_equal(cop_sim_node(scene.sim, &(cop_node_opts){.on_log = be_quiet}, &scene.node),
                     COP_OK);
    assert_int_equal(cop_sim_spawn(scene.node, &cop_limiter, &spawn, &scene.limiter), COP_OK);
    assert_int_equal(cop_sim_spawn(scene.node, &keeper_b, NULL, &scene.keeper), COP_OK);
    for (unsigned i = 0; i < hands; i++)
        spawn_hand(i, &hand_b);
}

static void
begin_seeded(uint64_t seed, uint32_t tokens, unsigned hands)
{
    begin_with(seed, &COP_MSG(cop_limiter_opts, .tokens = tokens), hands);
}

static void
begin(uint32_t tokens, unsigned hands)
{
    static uint64_t seed; /* another schedule each time */

    begin_seeded(++seed, tokens, hands);
}

/* Nothing was noted that was not expected; then all ends, and nothing may be left. */
static void
end(void)
{
    cop_node_stats left;

    EXPECT("");
    assert_true(cop_sim_stop(scene.sim, scene.node, 100000));
    cop_node_stats_read(scene.node, &left);
    assert_int_equal(left.actors, 0);
    assert_int_equal(left.timers, 0);
    assert_int_equal(left.live_messages, 0);
    cop_sim_free(&scene.sim);
}

#endif /* COPPICE_TESTS_ACTORS_LENDER_H */
