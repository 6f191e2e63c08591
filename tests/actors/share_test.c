/* SPDX-License-Identifier: Apache-2.0 */
/*
 * share_test.c - who has the references of a message, whatever becomes of it.
 *
 * The test keeps one reference to a page, and each message that it makes takes two more.
 * When all is over only the test's may be left: one too many is a leak, one too few would
 * be freed twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/sim.h>
#include <coppice/timer.h>

#include "base/buf.h"

/* clang-format off */
#define SHARING(M, F)                                                                          \
    M(1, chunk, F(buf, data) F(list, buf, more) F(bytes, filling))                             \
    M(2, fetch, F(buf, data) F(list, buf, more) F(bytes, filling))                             \
    M(3, fetched, F(buf, data) F(list, buf, more) F(bytes, filling))                           \
    M(4, unknown, F(buf, data) F(list, buf, more))
/* clang-format on */
COP_PROTOCOL(SHARING)

enum {
    PAGE = 65536,
    LARGE = 1 << 24,  /* more than a message may have beside its buffers */
    UNPOOLED = 20000, /* for this a block comes from malloc */
};

/* What every message of these tests holds. */
#define TWO .data = cop_buf_ref(page), .more = COP_LIST(cop_buf *, NULL, cop_buf_ref(page))

typedef cop_err (*act_fn)(cop_actor *me);

/* One test at a time. */
static cop_buf *page;
static cop_pid actor, peer;
static cop_err result, answer;
static unsigned handled, answers, letters;
static act_fn on_chunk, on_fetch, at_end;
static cop_token token;
static cop_timer timer;
static const uint8_t filling[UNPOOLED];

/* How many more times malloc and realloc work. */
static unsigned budget = UINT32_MAX;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);

static bool
is_affordable(void)
{
    if (budget == 0)
        return false;
    budget -= budget != UINT32_MAX;
    return true;
}

void *
__wrap_malloc(size_t size)
{
    return is_affordable() ? __real_malloc(size) : NULL;
}

void *
__wrap_realloc(void *block, size_t size)
{
    return is_affordable() ? __real_realloc(block, size) : NULL;
}

/* ------------------------------------------------------------------------- actors */

typedef struct hand {
    int unused;
} hand;

/* To an actor: run this. */
typedef struct act {
    act_fn run;
} act;

static const cop_type act_type = {
    .protocol = "test", .name = "act", .size = sizeof(act), .flat = true};

/* The very page came, and not a copy of it. */
static void
expect_page(cop_buf *data, size_t count, cop_buf *const *more)
{
    assert_ptr_equal(data, page);
    assert_int_equal(count, 2);
    assert_null(more[0]);
    assert_ptr_equal(more[1], page);
    assert_int_equal(((const uint8_t *)cop_buf_view(data).data)[PAGE - 1], 7);
}

COP_HANDLER(hand, act)
{
    result = msg->run(me);
    return COP_OK;
}

COP_HANDLER(hand, chunk)
{
    expect_page(msg->data, msg->more.count, msg->more.items);
    handled++;
    return on_chunk == NULL ? COP_OK : on_chunk(me);
}

COP_HANDLER(hand, fetch)
{
    expect_page(msg->data, msg->more.count, msg->more.items);
    handled++;
    return on_fetch == NULL ? cop_reply(me, fetched, TWO) : on_fetch(me);
}

COP_REPLY(hand, fetched)
{
    if (err == COP_OK)
        expect_page(msg->data, msg->more.count, msg->more.items);
    answers++;
    answer = err;
    return COP_OK;
}

COP_HANDLER(hand, cop_end)
{
    if (at_end != NULL && cop_pid_equal(cop_self(me), actor))
        result = at_end(me);
    return COP_OK;
}

static const cop_behaviour hand_b = {
    .name = "hand",
    .state_size = sizeof(hand),
    .mailbox = 2,
    .handlers = COP_HANDLERS(COP_ON(hand, act), COP_ON(hand, chunk), COP_ON(hand, fetch),
                             COP_ON(hand, cop_end)),
};

static void
on_letter(void *ctx, const cop_dead_letter *letter)
{
    const chunk *message = letter->message;

    (void)ctx;
    letters++;
    if (letter->type == &chunk_type)
        expect_page(message->data, message->more.count, message->more.items);
}

static void
say_nothing(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

/* -------------------------------------------------------------------- a simulation */

typedef struct scene {
    cop_sim *sim;
    cop_node *node;
} scene;

static void
open_scene(scene *self)
{
    const cop_node_opts opts = {.on_dead_letter = on_letter, .on_log = say_nothing};

    page = cop_buf_new(PAGE);
    assert_non_null(page);
    memset(cop_buf_bytes(page), 7, PAGE);
    result = answer = COP_OK;
    handled = answers = letters = 0;
    on_chunk = on_fetch = at_end = NULL;
    assert_int_equal(cop_sim_new(&self->sim, 5), COP_OK);
    assert_int_equal(cop_sim_node(self->sim, &opts, &self->node), COP_OK);
    assert_int_equal(cop_sim_spawn(self->node, &hand_b, NULL, &actor), COP_OK);
    assert_int_equal(cop_sim_spawn(self->node, &hand_b, NULL, &peer), COP_OK);
}

static void
perform(scene *self, act_fn run)
{
    assert_int_equal(cop_post(self->node, actor, act, .run = run), COP_OK);
    cop_sim_run_for(self->sim, 1000);
}

/* Nobody has a reference to the page any more but the test. */
static void
close_scene(scene *self)
{
    cop_sim_free(&self->sim);
    assert_int_equal(atomic_load(&page->references), 1);
    cop_buf_unref(page);
}

/* ---------------------------------------------------------------- one call, one result */

static cop_err
send_it(cop_actor *me)
{
    return cop_send(me, peer, chunk, TWO);
}

static cop_err
send_to_nobody(cop_actor *me)
{
    return cop_send(me, COP_PID_NONE, chunk, TWO);
}

static cop_err
send_to_one_who_never_was(cop_actor *me)
{
    return cop_send(me, ((cop_pid){peer.node, peer.id + (UINT64_C(9) << 32)}), chunk, TWO);
}

static cop_err
send_to_an_unknown_node(cop_actor *me)
{
    return cop_send(me, ((cop_pid){peer.node + 1, peer.id}), chunk, TWO);
}

static cop_err
send_too_many(cop_actor *me)
{
    for (int i = 0; i < 2; i++)
        COP_TRY(cop_send(me, peer, chunk, TWO));
    return cop_send(me, peer, chunk, TWO);
}

static cop_err
send_too_large(cop_actor *me)
{
    return cop_send(me, peer, chunk, TWO, .filling = {filling, LARGE});
}

static cop_err
send_what_nobody_handles(cop_actor *me)
{
    return cop_send(me, peer, unknown, TWO);
}

static cop_err
send_and_kill(cop_actor *me)
{
    COP_TRY(cop_send(me, peer, chunk, TWO));
    COP_TRY(cop_send(me, peer, chunk, TWO));
    cop_kill(me, peer);
    return COP_OK;
}

static cop_err
send_and_stop(cop_actor *me)
{
    COP_TRY(cop_send(me, peer, act, .run = cop_stop));
    return cop_send(me, peer, chunk, TWO);
}

static cop_err
cast_it(cop_actor *me)
{
    cop_cast(me, peer, chunk, TWO);
    return COP_OK;
}

static cop_err
cast_to_nobody(cop_actor *me)
{
    cop_cast(me, COP_PID_NONE, chunk, TWO);
    return COP_OK;
}

static cop_err
cast_too_many(cop_actor *me)
{
    for (int i = 0; i < 5; i++)
        cop_cast(me, peer, chunk, TWO);
    return COP_OK;
}

static cop_err
cast_too_large(cop_actor *me)
{
    cop_cast(me, peer, unknown, TWO);
    cop_cast_message(me, peer, &chunk_type, &COP_MSG(chunk, TWO, .filling = {filling, LARGE}));
    return COP_OK;
}

#define ASK(to, ms, T, ...) cop_ask(me, to, ms, COP_THEN(hand, fetched), T, __VA_ARGS__)

static cop_err
ask_it(cop_actor *me)
{
    return ASK(peer, 100, fetch, TWO);
}

static cop_err
ask_without_a_deadline(cop_actor *me)
{
    return ASK(peer, 0, fetch, TWO);
}

static cop_err
ask_without_a_handler(cop_actor *me)
{
    return cop_ask(me, peer, 100, NULL, fetch, TWO);
}

static cop_err
ask_oneself(cop_actor *me)
{
    return ASK(cop_self(me), 100, fetch, TWO);
}

static cop_err
ask_nobody(cop_actor *me)
{
    return ASK(COP_PID_NONE, 100, fetch, TWO);
}

static cop_err
ask_an_unknown_node(cop_actor *me)
{
    return ASK(((cop_pid){peer.node + 1, peer.id}), 100, fetch, TWO);
}

static cop_err
ask_what_nobody_handles(cop_actor *me)
{
    return ASK(peer, 100, unknown, TWO);
}

static cop_err
reply_to_nothing(cop_actor *me)
{
    return cop_reply(me, fetched, TWO);
}

static cop_err
answer_nothing(cop_actor *me)
{
    token = (cop_token){actor, {1}};
    return cop_answer(me, &token, fetched, TWO);
}

static cop_err
arm(cop_actor *me)
{
    return cop_send_after(me, 10, &timer, chunk, TWO);
}

static cop_err
arm_for_the_past(cop_actor *me)
{
    return cop_send_after(me, -1, &timer, chunk, TWO);
}

static cop_err
arm_too_large(cop_actor *me)
{
    return cop_send_after(me, 10, &timer, chunk, TWO, .filling = {filling, LARGE});
}

static cop_err
arm_and_cancel(cop_actor *me)
{
    COP_TRY(arm(me));
    return cop_timer_left(me, timer) == 10 && cop_timer_cancel(me, timer) ? COP_OK
                                                                          : COP_E_FAILED;
}

static cop_err
arm_and_end(cop_actor *me)
{
    COP_TRY(arm(me));
    COP_TRY(cop_send_every(me, 10, NULL, chunk, TWO));
    return cop_stop(me);
}

static cop_err
cancel(cop_actor *me)
{
    return handled == 3 ? (cop_timer_cancel(me, timer), COP_OK) : COP_OK;
}

static cop_err
arm_again_and_again(cop_actor *me)
{
    on_chunk = cancel;
    return cop_send_every(me, 10, &timer, chunk, TWO);
}

static cop_err
arm_every_nothing(cop_actor *me)
{
    return cop_send_every(me, 0, &timer, chunk, TWO);
}

static cop_err
end_with_ask(cop_actor *me)
{
    at_end = ask_it;
    return cop_stop(me);
}

static cop_err
end_with_arm(cop_actor *me)
{
    at_end = arm;
    return cop_stop(me);
}

static const struct {
    const char *what;
    act_fn run;
    cop_err result, answer;
    unsigned handled, answers, letters;
} cases[] = {
    {"send",              send_it,                   COP_OK,             COP_OK,           1, 0, 0},
    {"send, nobody",      send_to_nobody,            COP_E_NOPROC,       COP_OK,           0, 0, 0},
    {"send, gone",        send_to_one_who_never_was, COP_E_NOPROC,       COP_OK,           0, 0, 0},
    {"send, no node",     send_to_an_unknown_node,   COP_E_NOCONNECTION, COP_OK,           0, 0, 0},
    {"send, full",        send_too_many,             COP_E_FULL,         COP_OK,           2, 0, 0},
    {"send, large",       send_too_large,            COP_E_TOO_LARGE,    COP_OK,           0, 0, 0},
    {"send, no handler",  send_what_nobody_handles,  COP_OK,             COP_OK,           0, 0, 1},
    {"send, killed",      send_and_kill,             COP_OK,             COP_OK,           0, 0, 2},
    {"send, stopped",     send_and_stop,             COP_OK,             COP_OK,           0, 0, 1},
    {"cast",              cast_it,                   COP_OK,             COP_OK,           1, 0, 0},
    {"cast, nobody",      cast_to_nobody,            COP_OK,             COP_OK,           0, 0, 1},
    {"cast, full",        cast_too_many,             COP_OK,             COP_OK,           2, 0, 3},
    {"cast, large",       cast_too_large,            COP_OK,             COP_OK,           0, 0, 2},
    {"ask",               ask_it,                    COP_OK,             COP_OK,           1, 1, 0},
    {"ask, no time",      ask_without_a_deadline,    COP_E_INVAL,        COP_OK,           0, 0, 0},
    {"ask, no then",      ask_without_a_handler,     COP_E_INVAL,        COP_OK,           0, 0, 0},
    {"ask, self",         ask_oneself,               COP_E_SELF,         COP_OK,           0, 0, 0},
    {"ask, nobody",       ask_nobody,                COP_E_NOPROC,       COP_OK,           0, 0, 0},
    {"ask, no node",      ask_an_unknown_node,       COP_E_NOCONNECTION, COP_OK,           0, 0, 0},
    {"ask, no handler",   ask_what_nobody_handles,   COP_OK,             COP_E_NO_HANDLER, 0, 1, 1},
    {"ask, ending",       end_with_ask,              COP_E_GONE,         COP_OK,           0, 0, 0},
    {"reply, no request", reply_to_nothing,          COP_E_GONE,         COP_OK,           0, 0, 0},
    {"answer, no token",  answer_nothing,            COP_E_GONE,         COP_OK,           0, 0, 0},
    {"after",             arm,                       COP_OK,             COP_OK,           1, 0, 0},
    {"after, past",       arm_for_the_past,          COP_E_INVAL,        COP_OK,           0, 0, 0},
    {"after, large",      arm_too_large,             COP_E_TOO_LARGE,    COP_OK,           0, 0, 0},
    {"after, cancelled",  arm_and_cancel,            COP_OK,             COP_OK,           0, 0, 0},
    {"after, ended",      arm_and_end,               COP_OK,             COP_OK,           0, 0, 0},
    {"after, ending",     end_with_arm,              COP_E_GONE,         COP_OK,           0, 0, 0},
    {"every",             arm_again_and_again,       COP_OK,             COP_OK,           3, 0, 0},
    {"every, no period",  arm_every_nothing,         COP_E_INVAL,        COP_OK,           0, 0, 0},
};

static void
whatever_a_call_returns_it_has_taken_the_references(void **state)
{
    scene s;

    (void)state;
    for (size_t i = 0; i < COP_COUNT(cases); i++) {
        open_scene(&s);
        perform(&s, cases[i].run);
        if (result != cases[i].result || answer != cases[i].answer ||
            handled != cases[i].handled || answers != cases[i].answers ||
            letters != cases[i].letters)
            fail_msg("%s: %s, answer %s; %u handled, %u answers, %u letters", cases[i].what,
                     cop_err_name(result), cop_err_name(answer), handled, answers, letters);
        if (atomic_load(&page->references) != 1)
            fail_msg("%s: %zu references are left", cases[i].what,
                     atomic_load(&page->references) - 1);
        assert_true(cop_sim_stop(s.sim, s.node, 10000));
        close_scene(&s);
    }
}

/* ---------------------------------------------------------------------------- memory */

static cop_err
send_unpooled(cop_actor *me)
{
    return cop_send(me, peer, chunk, TWO, .filling = {filling, UNPOOLED});
}

static cop_err
ask_unpooled(cop_actor *me)
{
    return ASK(peer, 100, fetch, TWO, .filling = {filling, UNPOOLED});
}

static cop_err
arm_unpooled(cop_actor *me)
{
    return cop_send_after(me, 10, &timer, chunk, TWO, .filling = {filling, UNPOOLED});
}

static cop_err
arm_unpooled_again(cop_actor *me)
{
    return cop_send_every(me, 400, &timer, chunk, TWO, .filling = {filling, UNPOOLED});
}

static act_fn poor;
static unsigned affordable;

static cop_err
be_poor(cop_actor *me)
{
    budget = affordable;
    cop_err err = poor(me);
    budget = UINT32_MAX;
    return err;
}

/* Whichever allocation is the first to fail. */
static void
without_memory_the_references_are_taken_all_the_same(void **state)
{
    static const act_fn acts[] = {send_unpooled, ask_unpooled, arm_unpooled,
                                  arm_unpooled_again};
    scene s;

    (void)state;
    for (size_t i = 0; i < COP_COUNT(acts); i++) {
        poor = acts[i];
        result = COP_E_NOMEM;
        for (affordable = 0; result != COP_OK; affordable++) {
            open_scene(&s);
            perform(&s, be_poor);
            assert_int_equal(result, handled > 0 ? COP_OK : COP_E_NOMEM);
            assert_in_range(affordable, 0, 100);
            close_scene(&s);
        }
        assert_true(affordable > 1); /* it failed before it worked */
    }
}

/* --------------------------------------------------------------------------- answers */

static void
expect_answer(act_fn handler, act_fn asking, cop_err want)
{
    scene s;

    open_scene(&s);
    on_fetch = handler;
    perform(&s, asking);
    assert_int_equal(handled, 1);
    assert_int_equal(answers, 1);
    assert_int_equal(answer, want);
    assert_int_equal(atomic_load(&page->references), 1);
    close_scene(&s);
}

static cop_err
reply_twice(cop_actor *me)
{
    COP_TRY(cop_reply(me, fetched, TWO));
    assert_int_equal(cop_reply(me, fetched, TWO), COP_E_GONE);
    return COP_OK;
}

static cop_err
reply_too_large_and_well(cop_actor *me)
{
    assert_int_equal(cop_reply(me, fetched, TWO, .filling = {filling, LARGE}), COP_E_TOO_LARGE);
    return cop_reply(me, fetched, TWO);
}

static cop_err
answer_late(cop_actor *me)
{
    assert_int_equal(cop_answer(me, &token, fetched, TWO), COP_OK);
    return COP_OK;
}

static cop_err
defer(cop_actor *me)
{
    COP_TRY(cop_defer(me, &token));
    return cop_send_after(me, 200, NULL, act, .run = answer_late);
}

static cop_err
answer_twice(cop_actor *me)
{
    COP_TRY(cop_defer(me, &token));
    cop_token again = token;
    COP_TRY(cop_answer(me, &token, fetched, TWO));
    assert_int_equal(cop_answer(me, &again, fetched, TWO), COP_E_GONE);
    return COP_OK;
}

static cop_err
answer_too_large(cop_actor *me)
{
    COP_TRY(cop_defer(me, &token));
    assert_int_equal(cop_answer(me, &token, fetched, TWO, .filling = {filling, LARGE}),
                     COP_E_TOO_LARGE);
    return COP_OK;
}

static cop_err
answer_another_type(cop_actor *me)
{
    return cop_reply(me, chunk, TWO);
}

static cop_err
ask_patiently(cop_actor *me)
{
    return ASK(peer, 500, fetch, TWO);
}

static cop_err
ask_and_end(cop_actor *me)
{
    COP_TRY(ASK(peer, 500, fetch, TWO));
    return cop_send_after(me, 50, NULL, act, .run = cop_stop);
}

static void
answers_take_references_whether_they_arrive_or_not(void **state)
{
    (void)state;
    expect_answer(NULL, ask_it, COP_OK);
    expect_answer(reply_twice, ask_it, COP_OK);
    expect_answer(reply_too_large_and_well, ask_it, COP_OK);
    expect_answer(defer, ask_patiently, COP_OK);
    expect_answer(defer, ask_it, COP_E_TIMEOUT);
    expect_answer(defer, ask_and_end, COP_E_CANCELLED);
    expect_answer(answer_twice, ask_it, COP_OK);
    expect_answer(answer_too_large, ask_it, COP_E_TOO_LARGE);
    expect_answer(answer_another_type, ask_it, COP_E_BAD_MESSAGE);
}

/* ------------------------------------------------------------------ what handlers do */

static cop_buf *kept;

static cop_err
keep_it(cop_actor *me)
{
    (void)me;
    kept = cop_buf_ref(page);
    return COP_OK;
}

static cop_err
pass_on(cop_actor *me)
{
    on_chunk = keep_it;
    return cop_send(me, actor, chunk, TWO);
}

static void
a_handler_may_pass_on_and_keep_what_it_sees(void **state)
{
    scene s;

    (void)state;
    open_scene(&s);
    on_chunk = pass_on;
    perform(&s, send_it);
    assert_int_equal(handled, 2);
    assert_int_equal(atomic_load(&page->references), 2);
    assert_ptr_equal(kept, page);
    cop_buf_unref(kept);
    close_scene(&s);
}

/* A stage that works in place: the message has the only reference. */
static void *written[2];

COP_HANDLER(hand, unknown)
{
    written[handled++] = cop_buf_bytes(msg->data);
    return COP_OK;
}

static const cop_behaviour writer_b = {
    .name = "writer",
    .state_size = sizeof(hand),
    .handlers = COP_HANDLERS(COP_ON(hand, unknown)),
};

static void
a_handler_may_write_into_what_only_its_message_holds(void **state)
{
    scene s;
    cop_pid writer;

    (void)state;
    open_scene(&s);
    assert_int_equal(cop_sim_spawn(s.node, &writer_b, NULL, &writer), COP_OK);
    cop_buf *own = cop_buf_new(10);
    assert_non_null(own);
    const void *bytes = cop_buf_bytes(own);
    assert_int_equal(cop_post(s.node, writer, unknown, .data = own), COP_OK);
    assert_int_equal(cop_post(s.node, writer, unknown, .data = cop_buf_ref(page)), COP_OK);
    cop_sim_run_for(s.sim, 10);
    assert_int_equal(handled, 2);
    assert_ptr_equal(written[0], bytes);
    assert_null(written[1]);
    close_scene(&s);
}

/* ------------------------------------------------------------------- the world outside */

static void
a_post_from_outside_takes_the_references(void **state)
{
    scene s;

    (void)state;
    open_scene(&s);
    assert_int_equal(cop_post(s.node, peer, chunk, TWO), COP_OK);
    cop_sim_run_for(s.sim, 10);
    assert_int_equal(handled, 1);
    assert_int_equal(cop_post(s.node, COP_PID_NONE, chunk, TWO), COP_E_NOPROC);
    assert_int_equal(cop_post(s.node, ((cop_pid){peer.node + 1, 1}), chunk, TWO),
                     COP_E_NOCONNECTION);
    assert_int_equal(cop_post(s.node, peer, chunk, TWO, .filling = {filling, LARGE}),
                     COP_E_TOO_LARGE);
    for (int i = 0; i < 2; i++)
        assert_int_equal(cop_post(s.node, peer, chunk, TWO), COP_OK);
    assert_int_equal(cop_post(s.node, peer, chunk, TWO), COP_E_FULL);
    close_scene(&s); /* with two in the mailbox */
}

static cop_err
arm_many(cop_actor *me)
{
    COP_TRY(cop_send_after(me, 5000, NULL, chunk, TWO));
    COP_TRY(cop_send_every(me, 6000, NULL, chunk, TWO));
    return ASK(peer, 5000, fetch, TWO);
}

static void
a_simulation_that_is_thrown_away_drops_what_is_on_the_way(void **state)
{
    scene s;

    (void)state;
    open_scene(&s);
    on_fetch = defer;
    perform(&s, arm_many);
    close_scene(&s);
}

static void
a_crash_drops_what_is_on_the_way(void **state)
{
    scene s;

    (void)state;
    open_scene(&s);
    perform(&s, arm_many);
    assert_int_equal(cop_post(s.node, peer, chunk, TWO), COP_OK);
    cop_sim_crash(s.sim, s.node);
    close_scene(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_a_call_returns_it_has_taken_the_references),
        cmocka_unit_test(without_memory_the_references_are_taken_all_the_same),
        cmocka_unit_test(answers_take_references_whether_they_arrive_or_not),
        cmocka_unit_test(a_handler_may_pass_on_and_keep_what_it_sees),
        cmocka_unit_test(a_handler_may_write_into_what_only_its_message_holds),
        cmocka_unit_test(a_post_from_outside_takes_the_references),
        cmocka_unit_test(a_simulation_that_is_thrown_away_drops_what_is_on_the_way),
        cmocka_unit_test(a_crash_drops_what_is_on_the_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
