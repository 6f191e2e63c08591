/* SPDX-License-Identifier: Apache-2.0 */
/*
 * legacy_test.c - what waits for an actor that ends, and who gets it.
 *
 * A keeper starts one worker after the other, each with what the last one left.  Workers
 * write down what they handle; `crash` makes them fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/sim.h>
#include <coppice/timer.h>

#include "core/mailbox.h"
#include "protocol.h"

typedef struct stage {
    cop_sim *sim;
    cop_node *node;
    cop_pid keeper, worker;
    char trace[512];
    /* The keeper: */
    bool keeps;         /* its workers leave their mail to it */
    bool passes_on;     /* to the next one, else it does not look at it */
    uint32_t poison;    /* drops a first message that has ended so many; 0: never */
    int failing_starts; /* so many inits fail */
    int lives;          /* so many workers more */
} stage;

static void COP_PRINTF(2, 3) note(stage *at, const char *format, ...)
{
    size_t used = strlen(at->trace);
    va_list args;

    va_start(args, format);
    vsnprintf(at->trace + used, sizeof at->trace - used, format, args);
    va_end(args);
}

static void
expect(stage *at, const char *trace)
{
    cop_sim_settle(at->sim);
    assert_string_equal(at->trace, trace);
    at->trace[0] = '\0';
}

/* ------------------------------------------------------------------------- workers */

typedef struct worker {
    stage *at;
} worker;

COP_HANDLER(worker, cop_start)
{
    st->at = *(stage *const *)msg->arg;
    if (st->at->failing_starts > 0) {
        st->at->failing_starts--;
        note(st->at, "unstarted ");
        return cop_fail(me, 9, "not today");
    }
    note(st->at, "start ");
    return COP_OK;
}

COP_HANDLER(worker, say)
{
    note(st->at, "%d ", (int)msg->n);
    return COP_OK;
}

COP_HANDLER(worker, ask_n)
{
    note(st->at, "asked ");
    return cop_reply(me, answer_n, .n = 7);
}

COP_HANDLER(worker, crash)
{
    note(st->at, "crash%d ", (int)msg->code);
    return cop_fail(me, (int)msg->code, "as it was asked");
}

/* Fails with a timer of its own, which is gone by then. */
COP_HANDLER(worker, go)
{
    return cop_send_after(me, 0, NULL, tick, .n = 1);
}

COP_HANDLER(worker, tick)
{
    note(st->at, "tick ");
    return cop_fail(me, 2, "with a timer");
}

COP_REPLY(worker, answer_n)
{
    note(st->at, "%s ", cop_err_name(err));
    return cop_fail(me, 3, "with a call");
}

/* Fails when the call that it makes has had its time. */
COP_HANDLER(worker, unknown)
{
    return cop_ask(me, cop_owner(me), 5, COP_THEN(worker, answer_n), ask_n);
}

/* Answers, and fails after that. */
COP_HANDLER(worker, ask_later)
{
    COP_TRY(cop_reply(me, answer_n, .n = 8));
    return cop_fail(me, 4, "with an answered call");
}

COP_HANDLER(worker, leave)
{
    note(st->at, "leave ");
    COP_TRY(cop_send(me, cop_self(me), say, .n = 99)); /* of this life, not of the next */
    return cop_stop(me);
}

static const cop_behaviour worker_b = {
    .name = "worker",
    .state_size = sizeof(worker),
    .handlers =
        COP_HANDLERS(COP_ON(worker, cop_start), COP_ON(worker, say), COP_ON(worker, ask_n),
                     COP_ON(worker, crash), COP_ON(worker, leave), COP_ON(worker, go),
                     COP_ON(worker, tick), COP_ON(worker, unknown), COP_ON(worker, ask_later)),
};

/* The same with a bound so small that lone messages are taken out before they are handled. */
static const cop_behaviour small_worker_b = {
    .name = "small_worker",
    .state_size = sizeof(worker),
    .mailbox = 10,
    .handlers =
        COP_HANDLERS(COP_ON(worker, cop_start), COP_ON(worker, say), COP_ON(worker, ask_n),
                     COP_ON(worker, crash), COP_ON(worker, leave)),
};

/* ---------------------------------------------------------------------- their keeper */

typedef struct keeper {
    stage *at;
    const cop_behaviour *kind;
    cop_legacy legacy;
    cop_token token;
} keeper;

/* Until one starts. */
static cop_err
start_worker(cop_actor *me, keeper *st)
{
    cop_spawn_opts opts = {
        .name = "worker", .arg = &st->at, .keep_mail = st->at->keeps, .legacy = &st->legacy};
    cop_err err;

    do
        err = cop_spawn(me, st->kind, &opts, &st->at->worker);
    while (err == COP_E_FAILED);
    return err;
}

static cop_err
init(cop_actor *me, void *state, const void *arg)
{
    *(keeper *)state = *(const keeper *)arg;
    return start_worker(me, state);
}

static cop_err
on_child(cop_actor *me, void *state, const cop_child_end *end)
{
    keeper *st = state;

    if (st->at->passes_on)
        st->legacy = cop_legacy_take(end);
    note(st->at, "[%u after %u] ", (unsigned)st->legacy.count, (unsigned)st->legacy.deaths);
    if (st->at->poison > 0 && st->legacy.deaths >= st->at->poison)
        cop_legacy_drop_first(me, &st->legacy, COP_E_POISON);
    if (st->at->lives-- > 0)
        return start_worker(me, st);
    cop_legacy_drop(me, &st->legacy);
    return COP_OK;
}

COP_HANDLER(keeper, go)
{
    return cop_stop_child(me, st->at->worker);
}

/* Never answered. */
COP_HANDLER(keeper, ask_n)
{
    return cop_defer(me, &st->token);
}

static const cop_behaviour keeper_b = {
    .name = "keeper",
    .state_size = sizeof(keeper),
    .policy = COP_SUPERVISE,
    .init = init,
    .on_child = on_child,
    .handlers = COP_HANDLERS(COP_ON(keeper, go), COP_ON(keeper, ask_n)),
};

/* ------------------------------------------------------------------------ a stranger */

typedef struct asker {
    stage *at;
} asker;

COP_REPLY(asker, answer_n)
{
    if (err != COP_OK)
        note(st->at, "answer:%s ", cop_err_name(err));
    else
        note(st->at, "answer%d ", (int)msg->n);
    return COP_OK;
}

COP_HANDLER(asker, cop_start)
{
    st->at = *(stage *const *)msg->arg;
    return cop_ask(me, st->at->worker, 1000, COP_THEN(asker, answer_n), ask_n);
}
COP_BEHAVIOUR(asker_b, asker, COP_ON(asker, cop_start));

static void
ask(stage *at)
{
    assert_int_equal(
        cop_sim_spawn(at->node, &asker_b, &(cop_spawn_opts){.arg = &at}, &(cop_pid){0}),
        COP_OK);
}

static void
tell(stage *at, int n)
{
    assert_int_equal(cop_post(at->node, at->worker, say, .n = n), COP_OK);
}

static void
break_it(stage *at, int code)
{
    assert_int_equal(cop_post(at->node, at->worker, crash, .code = code), COP_OK);
}

/* ----------------------------------------------------------------------- the stage */

static void
on_letter(void *ctx, const cop_dead_letter *letter)
{
    note(ctx, "dead:%s:%s ", letter->type->name, cop_err_name(letter->why));
}

static void
on_log(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static int
set_up(void **state)
{
    stage *at = calloc(1, sizeof *at);

    assert_non_null(at);
    assert_int_equal(cop_sim_new(&at->sim, 1), COP_OK);
    assert_int_equal(
        cop_sim_node(at->sim,
                     &(cop_node_opts){.on_log = on_log, .on_dead_letter = on_letter, .ctx = at},
                     &at->node),
        COP_OK);
    at->keeps = at->passes_on = true;
    at->lives = 1;
    *state = at;
    return 0;
}

static int
tear_down(void **state)
{
    stage *at = *state;
    cop_node_stats stats;

    assert_true(cop_sim_stop(at->sim, at->node, 10000));
    cop_node_stats_read(at->node, &stats);
    assert_int_equal(stats.actors, 0);
    assert_int_equal(stats.live_messages, 0);
    cop_sim_free(&at->sim);
    free(at);
    return 0;
}

static void
begin(stage *at, const cop_behaviour *kind)
{
    keeper one = {.at = at, .kind = kind};

    assert_int_equal(
        cop_sim_spawn(at->node, &keeper_b, &(cop_spawn_opts){.arg = &one}, &at->keeper),
        COP_OK);
    expect(at, "start ");
}

/* ------------------------------------------------------------------------ the tests */

static void
a_successor_handles_what_was_left_in_order(void **state)
{
    stage *at = *state;

    at->poison = 1;
    begin(at, &worker_b);
    tell(at, 1);
    break_it(at, 5);
    tell(at, 2);
    tell(at, 3);
    expect(at, "1 crash5 [3 after 1] dead:crash:COP_E_POISON start 2 3 ");
}

static void
a_lone_message_that_kills_is_kept_as_well(void **state)
{
    stage *at = *state;

    at->lives = 2;
    begin(at, &worker_b);
    break_it(at, 5);
    expect(at, "crash5 [1 after 1] start crash5 [1 after 2] start crash5 [1 after 3] "
               "dead:crash:COP_E_NOPROC ");
}

static void
the_same_goes_for_a_small_mailbox(void **state)
{
    stage *at = *state;

    at->lives = 2;
    at->poison = 2;
    begin(at, &small_worker_b);
    break_it(at, 5);
    expect(at, "crash5 [1 after 1] start crash5 [1 after 2] dead:crash:COP_E_POISON start ");
}

static void
each_killer_is_counted_on_its_own(void **state)
{
    stage *at = *state;

    at->lives = 4;
    at->poison = 2;
    begin(at, &worker_b);
    break_it(at, 5);
    tell(at, 1);
    break_it(at, 6);
    tell(at, 2);
    expect(at, "crash5 [4 after 1] start crash5 [4 after 2] dead:crash:COP_E_POISON "
               "start 1 crash6 [2 after 1] start crash6 [2 after 2] dead:crash:COP_E_POISON "
               "start 2 ");
}

static void
calls_stay_open_and_are_answered_by_the_successor(void **state)
{
    stage *at = *state;

    at->poison = 1;
    begin(at, &worker_b);
    break_it(at, 5);
    ask(at);
    expect(at, "crash5 [2 after 1] dead:crash:COP_E_POISON start asked answer7 ");
}

static void
who_leaves_in_order_leaves_the_rest(void **state)
{
    stage *at = *state;

    begin(at, &worker_b);
    assert_int_equal(cop_post(at->node, at->worker, leave), COP_OK);
    tell(at, 1);
    expect(at, "leave dead:say:COP_E_NOPROC [1 after 0] start 1 ");
}

static void
an_owner_that_does_not_take_it_has_it_dropped(void **state)
{
    stage *at = *state;

    at->passes_on = false;
    begin(at, &worker_b);
    break_it(at, 5);
    tell(at, 1);
    ask(at);
    expect(at, "crash5 [0 after 0] start dead:crash:COP_E_NOPROC dead:say:COP_E_NOPROC "
               "dead:ask_n:COP_E_NOPROC answer:COP_E_DOWN ");
}

static void
without_keep_mail_it_is_dropped_at_the_end(void **state)
{
    stage *at = *state;

    at->keeps = false;
    begin(at, &worker_b);
    break_it(at, 5);
    tell(at, 1);
    ask(at);
    expect(at, "crash5 dead:say:COP_E_NOPROC dead:ask_n:COP_E_NOPROC [0 after 0] start "
               "answer:COP_E_DOWN ");
}

static void
a_start_that_fails_leaves_it_for_the_next(void **state)
{
    stage *at = *state;

    at->poison = 1;
    begin(at, &worker_b);
    at->failing_starts = 2;
    break_it(at, 5);
    tell(at, 1);
    expect(at, "crash5 [2 after 1] dead:crash:COP_E_POISON unstarted unstarted start 1 ");
}

static void
what_comes_later_is_handled_later(void **state)
{
    stage *at = *state;

    begin(at, &worker_b);
    assert_int_equal(cop_post(at->node, at->worker, leave), COP_OK);
    tell(at, 1);
    tell(at, 2);
    while (strstr(at->trace, "start ") == NULL)
        assert_true(cop_sim_step(at->sim));
    tell(at, 3); /* to the successor */
    expect(at, "leave dead:say:COP_E_NOPROC [2 after 0] start 1 2 3 ");
}

/* Also what it was sent while it was ending. */
static void
who_is_told_to_stop_leaves_what_waits(void **state)
{
    stage *at = *state;

    begin(at, &worker_b);
    assert_int_equal(cop_post(at->node, at->keeper, go), COP_OK);
    for (int n = 1; cop_post(at->node, at->worker, say, .n = n) == COP_OK; n++)
        assert_true(cop_sim_step(at->sim));
    cop_sim_settle(at->sim);
    int handled = 0, last = 0;
    for (char *word = strtok(at->trace, " "); word != NULL; word = strtok(NULL, " ")) {
        int n = atoi(word);
        assert_true(n == 0 || n == ++last);
        handled += n != 0;
        assert_null(strstr(word, "dead"));
    }
    assert_true(handled > 0);
}

static void
what_is_part_of_something_is_not_kept(void **state)
{
    stage *at = *state;

    at->lives = 2;
    begin(at, &worker_b);
    assert_int_equal(cop_post(at->node, at->worker, go), COP_OK);
    cop_sim_run_for(at->sim, 1);
    expect(at, "tick [0 after 0] start ");
    assert_int_equal(cop_post(at->node, at->worker, unknown), COP_OK);
    cop_sim_run_for(at->sim, 5);
    expect(at, "COP_E_TIMEOUT [0 after 0] start ");
}

COP_HANDLER(asker, go)
{
    return cop_ask(me, st->at->worker, 1000, COP_THEN(asker, answer_n), ask_later);
}
static const cop_behaviour later_asker_b = {
    .name = "asker",
    .state_size = sizeof(asker),
    .handlers = COP_HANDLERS(COP_ON(asker, cop_start), COP_ON(asker, go))};

static void
a_call_that_was_answered_is_not_asked_again(void **state)
{
    stage *at = *state;
    cop_pid eye;

    begin(at, &worker_b);
    assert_int_equal(
        cop_sim_spawn(at->node, &later_asker_b, &(cop_spawn_opts){.arg = &at}, &eye), COP_OK);
    expect(at, "asked answer7 ");
    assert_int_equal(cop_post(at->node, eye, go), COP_OK);
    expect(at, "answer8 [0 after 0] start ");
}

/* A bound that is shown in steps holds for what was inherited, too. */
static void
what_was_left_counts_against_the_bound(void **state)
{
    enum {
        BOUND = COPI_BOX_EXACT + 4
    };
    static cop_behaviour bounded_b;
    stage *at = *state;
    cop_node_stats stats;

    at->lives = 3;
    bounded_b = worker_b;
    bounded_b.mailbox = BOUND;
    begin(at, &bounded_b);
    for (int life = 0; life < 3; life++) {
        while (cop_post(at->node, at->worker, crash, .code = 1) == COP_OK)
            continue;
        cop_node_stats_read(at->node, &stats);
        assert_in_range(stats.live_messages, BOUND - COPI_BOX_STEP, BOUND + COPI_BOX_STEP);
        cop_pid before = at->worker;
        while (cop_pid_equal(at->worker, before))
            assert_true(cop_sim_step(at->sim));
    }
    cop_sim_settle(at->sim);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_successor_handles_what_was_left_in_order),
        TEST(a_lone_message_that_kills_is_kept_as_well),
        TEST(the_same_goes_for_a_small_mailbox),
        TEST(each_killer_is_counted_on_its_own),
        TEST(calls_stay_open_and_are_answered_by_the_successor),
        TEST(who_leaves_in_order_leaves_the_rest),
        TEST(an_owner_that_does_not_take_it_has_it_dropped),
        TEST(without_keep_mail_it_is_dropped_at_the_end),
        TEST(a_start_that_fails_leaves_it_for_the_next),
        TEST(what_comes_later_is_handled_later),
        TEST(who_is_told_to_stop_leaves_what_waits),
        TEST(what_is_part_of_something_is_not_kept),
        TEST(a_call_that_was_answered_is_not_asked_again),
        TEST(what_was_left_counts_against_the_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
