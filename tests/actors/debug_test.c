/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debug_test.c - looking inside actors: suspended, counted, traced; in virtual time.
 *
 * An operator asks, and notes the answers; workers note what they handle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/debug.h>
#include <coppice/node.h>
#include <coppice/sim.h>
#include <coppice/timer.h>

#define DEBUGGED(M, F)                                                                         \
    M(1, note, F(i64, n))                                                                      \
    M(2, question, F(i64, n))                                                                  \
    M(3, reply, F(i64, n))                                                                     \
    M(4, ring)                                                                                 \
    M(5, ask)                                                                                  \
    M(6, meet, F(pid, who))
COP_PROTOCOL(DEBUGGED)

enum {
    WITHIN = 1000,
    ANSWERS = 64
};

typedef struct stage {
    cop_sim *sim;
    cop_node *node;
    cop_pid operator;
    /* What the operator does next. */
    void (*act)(struct stage *at, cop_actor *me);
    cop_pid who;
    cop_err err; /* what its call returned */
    /* Answers, in order. */
    cop_err answers[ANSWERS];
    unsigned answered;
    cop_actor_status status;
    char path[64], behaviour[64], state[64];
    cop_actor_statistics statistics;
    uint64_t seen;
    cop_trace_line lines[32];
    char texts[32][128];
    size_t line_count;
    /* What the workers have handled: one character for each. */
    char log[256];
    cop_exit why; /* of the last that ended */
    cop_pid child;
} stage;

static void
say(stage *at, char what)
{
    size_t used = strlen(at->log);

    assert_true(used + 1 < sizeof at->log);
    at->log[used] = what;
    at->log[used + 1] = '\0';
}

/* ------------------------------------------------------------------------ the operator */

typedef struct operator
{
    stage *at;
}
operator;

static void
answered(operator* st, cop_err err)
{
    assert_true(st->at->answered < ANSWERS);
    st->at->answers[st->at->answered++] = err;
}

COP_REPLY(operator, cop_debug_done)
{
    answered(st, err);
    return COP_OK;
}

COP_REPLY(operator, cop_actor_status)
{
    answered(st, err);
    if (err != COP_OK)
        return COP_OK;
    st->at->status = *msg;
    snprintf(st->at->path, sizeof st->at->path, "%.*s", (int)msg->path.size, msg->path.data);
    snprintf(st->at->state, sizeof st->at->state, "%.*s", (int)msg->state.size,
             msg->state.data);
    snprintf(st->at->behaviour, sizeof st->at->behaviour, "%.*s", (int)msg->behaviour.size,
             msg->behaviour.data);
    return COP_OK;
}

COP_REPLY(operator, cop_actor_statistics)
{
    answered(st, err);
    if (err == COP_OK)
        st->at->statistics = *msg;
    return COP_OK;
}

COP_REPLY(operator, cop_actor_trace)
{
    stage *at = st->at;

    answered(st, err);
    if (err != COP_OK)
        return COP_OK;
    at->seen = msg->seen;
    at->line_count = msg->lines.count;
    for (size_t i = 0; i < msg->lines.count && i < 32; i++) {
        at->lines[i] = msg->lines.items[i];
        snprintf(at->texts[i], sizeof at->texts[i], "%.*s", (int)msg->lines.items[i].text.size,
                 msg->lines.items[i].text.data);
    }
    return COP_OK;
}

COP_HANDLER(operator, cop_start)
{
    st->at = (stage *)(uintptr_t)msg->arg;
    return COP_OK;
}

COP_HANDLER(operator, ask)
{
    st->at->act(st->at, me);
    return COP_OK;
}
COP_BEHAVIOUR(operator_b, operator, COP_ON(operator, cop_start), COP_ON(operator, ask));

static void
do_suspend(stage *at, cop_actor *me)
{
    at->err = cop_debug_suspend(me, at->who, WITHIN, COP_THEN(operator, cop_debug_done));
}

static void
do_resume(stage *at, cop_actor *me)
{
    at->err = cop_debug_resume(me, at->who, WITHIN, COP_THEN(operator, cop_debug_done));
}

static void
do_status(stage *at, cop_actor *me)
{
    at->err = cop_debug_status(me, at->who, WITHIN, COP_THEN(operator, cop_actor_status));
}

static void
do_count(stage *at, cop_actor *me)
{
    at->err = cop_debug_statistics_on(me, at->who, WITHIN, COP_THEN(operator, cop_debug_done));
}

static void
do_count_not(stage *at, cop_actor *me)
{
    at->err = cop_debug_statistics_off(me, at->who, WITHIN, COP_THEN(operator, cop_debug_done));
}

static void
do_statistics(stage *at, cop_actor *me)
{
    at->err =
        cop_debug_statistics(me, at->who, WITHIN, COP_THEN(operator, cop_actor_statistics));
}

static void
do_trace_3(stage *at, cop_actor *me)
{
    at->err = cop_debug_trace_on(me, at->who, 3, WITHIN, COP_THEN(operator, cop_debug_done));
}

static void
do_trace_20(stage *at, cop_actor *me)
{
    at->err = cop_debug_trace_on(me, at->who, 20, WITHIN, COP_THEN(operator, cop_debug_done));
}

static void
do_trace_not(stage *at, cop_actor *me)
{
    at->err = cop_debug_trace_off(me, at->who, WITHIN, COP_THEN(operator, cop_debug_done));
}

static void
do_trace(stage *at, cop_actor *me)
{
    at->err = cop_debug_trace(me, at->who, WITHIN, COP_THEN(operator, cop_actor_trace));
}

/* The operator does it, and whatever follows is over. */
static void
act(stage *at, void (*what)(stage *at, cop_actor *me), cop_pid who)
{
    at->act = what;
    at->who = who;
    assert_int_equal(cop_post(at->node, at->operator, ask), COP_OK);
    cop_sim_settle(at->sim);
}

/* The same, with the answer that must come. */
static void
get(stage *at, void (*what)(stage *at, cop_actor *me), cop_pid who, cop_err wanted)
{
    unsigned before = at->answered;

    act(at, what, who);
    assert_int_equal(at->err, COP_OK);
    assert_int_equal(at->answered, before + 1);
    assert_int_equal(at->answers[before], wanted);
}

/* ------------------------------------------------------------------------- the workers */

typedef struct worker {
    stage *at;
    cop_pid other;
    int64_t last;
} worker;

COP_HANDLER(worker, cop_start)
{
    st->at = (stage *)(uintptr_t)msg->arg;
    return COP_OK;
}

/* It can take nine. */
COP_HANDLER(worker, note)
{
    say(st->at, (char)('0' + msg->n));
    st->last = msg->n;
    return msg->n > 9 ? cop_fail(me, 1, "too much") : COP_OK;
}

COP_HANDLER(worker, question)
{
    say(st->at, '?');
    return cop_reply(me, reply, .n = msg->n + 1);
}

COP_REPLY(worker, reply)
{
    say(st->at, err == COP_OK ? '!' : err == COP_E_TIMEOUT ? 't' : 'e');
    return COP_OK;
}

COP_HANDLER(worker, ring)
{
    say(st->at, 'r');
    return COP_OK;
}

/* Asks the other, and sets an alarm. */
COP_HANDLER(worker, ask)
{
    COP_TRY(cop_send_after(me, 50, NULL, ring));
    return cop_pid_is_none(st->other)
               ? COP_OK
               : cop_ask(me, st->other, 100, COP_THEN(worker, reply), question, .n = 1);
}

/* From now on they are linked, and this one watches. */
COP_HANDLER(worker, meet)
{
    cop_ref ref;

    st->other = msg->who;
    COP_TRY(cop_link(me, msg->who));
    return cop_monitor(me, msg->who, &ref);
}

COP_HANDLER(worker, cop_exited)
{
    say(st->at, 'x');
    return COP_OK;
}

COP_HANDLER(worker, cop_down)
{
    say(st->at, 'd');
    return COP_OK;
}

COP_HANDLER(worker, cop_stopping)
{
    say(st->at, 's');
    return COP_OK;
}

COP_HANDLER(worker, cop_end)
{
    say(st->at, 'E');
    st->at->why = msg->why;
    return COP_OK;
}

static int
print_worker(const void *state, char *text, size_t size)
{
    return snprintf(text, size, "last=%d", (int)((const worker *)state)->last);
}

#define WORKER                                                                                 \
    .state_size = sizeof(worker), .print_state = print_worker,                                 \
    .handlers = COP_HANDLERS(                                                                  \
        COP_ON(worker, cop_start), COP_ON(worker, note), COP_ON(worker, question),             \
        COP_ON(worker, ring), COP_ON(worker, ask), COP_ON(worker, meet),                       \
        COP_ON(worker, cop_exited), COP_ON(worker, cop_down), COP_ON(worker, cop_end))
static const cop_behaviour worker_b = {.name = "worker", WORKER};
static const cop_behaviour small_b = {.name = "small", .mailbox = 4, WORKER};
static const cop_behaviour trapping_b = {.name = "trapping", .trap_exit = true, WORKER};
static const cop_behaviour patient_b = {
    .name = "patient",
    .state_size = sizeof(worker),
    .handlers = COP_HANDLERS(COP_ON(worker, cop_start), COP_ON(worker, note),
                             COP_ON(worker, cop_stopping), COP_ON(worker, cop_end))};

/* -------------------------------------------------------------------------- the stage */

static void
ignore(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static stage *
open_stage(uint64_t seed)
{
    stage *at = calloc(1, sizeof *at);

    assert_non_null(at);
    assert_int_equal(cop_sim_new(&at->sim, seed), COP_OK);
    assert_int_equal(cop_sim_node(at->sim, &(cop_node_opts){.on_log = ignore}, &at->node),
                     COP_OK);
    assert_int_equal(
        cop_sim_spawn(at->node, &operator_b, &(cop_spawn_opts){.arg = at}, &at->operator),
        COP_OK);
    return at;
}

/* Everything ends, and nothing is left. */
static void
close_stage(stage *at)
{
    cop_node_stats left;

    assert_true(cop_sim_stop(at->sim, at->node, 10000));
    cop_node_stats_read(at->node, &left);
    assert_int_equal(left.actors, 0);
    assert_int_equal(left.timers, 0);
    assert_int_equal(left.live_messages, 0);
    cop_sim_free(&at->sim);
    free(at);
}

static cop_pid
start(stage *at, const cop_behaviour *behaviour)
{
    cop_pid pid;

    assert_int_equal(cop_sim_spawn(at->node, behaviour, &(cop_spawn_opts){.arg = at}, &pid),
                     COP_OK);
    return pid;
}

static void
send(stage *at, cop_pid to, int64_t n)
{
    assert_int_equal(cop_post(at->node, to, note, .n = n), COP_OK);
}

/* ------------------------------------------------------------------- suspend and resume */

static void
a_suspended_actor_handles_nothing_until_it_is_resumed(void **state)
{
    stage *at = open_stage(1);
    cop_pid who = start(at, &worker_b);

    (void)state;
    send(at, who, 1);
    cop_sim_settle(at->sim);
    get(at, do_suspend, who, COP_OK);
    send(at, who, 2);
    send(at, who, 3);
    send(at, who, 4);
    cop_sim_run_for(at->sim, 10000);
    assert_string_equal(at->log, "1");
    get(at, do_resume, who, COP_OK);
    assert_string_equal(at->log, "1234");
    send(at, who, 5);
    cop_sim_settle(at->sim);
    assert_string_equal(at->log, "12345");
    close_stage(at);
}

static void
twice_is_harmless(void **state)
{
    stage *at = open_stage(2);
    cop_pid who = start(at, &worker_b);

    (void)state;
    get(at, do_resume, who, COP_OK);
    get(at, do_suspend, who, COP_OK);
    get(at, do_suspend, who, COP_OK);
    send(at, who, 1);
    cop_sim_settle(at->sim);
    assert_string_equal(at->log, "");
    get(at, do_resume, who, COP_OK);
    get(at, do_resume, who, COP_OK);
    assert_string_equal(at->log, "1");
    close_stage(at);
}

/* What the operator sent before the order is handled before it, whatever the schedule. */
static void
do_all_in_order(stage *at, cop_actor *me)
{
    assert_int_equal(cop_send(me, at->who, note, .n = 1), COP_OK);
    do_suspend(at, me);
    assert_int_equal(cop_send(me, at->who, note, .n = 2), COP_OK);
    assert_int_equal(cop_send(me, at->who, note, .n = 3), COP_OK);
}

static void
an_order_waits_for_what_came_before_it(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        stage *at = open_stage(seed);
        cop_pid who = start(at, &worker_b);

        act(at, do_all_in_order, who);
        assert_string_equal(at->log, "1");
        get(at, do_resume, who, COP_OK);
        assert_string_equal(at->log, "123");
        close_stage(at);
    }
}

static void
do_there_and_back(stage *at, cop_actor *me)
{
    do_all_in_order(at, me);
    do_resume(at, me);
    assert_int_equal(cop_send(me, at->who, note, .n = 4), COP_OK);
    do_suspend(at, me);
    assert_int_equal(cop_send(me, at->who, note, .n = 5), COP_OK);
    do_resume(at, me);
}

static void
orders_that_wait_together_are_obeyed_in_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        stage *at = open_stage(seed);

        act(at, do_there_and_back, start(at, &worker_b));
        assert_int_equal(at->answered, 4);
        assert_string_equal(at->log, "12345");
        close_stage(at);
    }
}

static void
a_bound_holds_while_suspended(void **state)
{
    stage *at = open_stage(3);
    cop_pid who = start(at, &small_b);

    (void)state;
    get(at, do_suspend, who, COP_OK);
    for (int n = 1; n <= 4; n++) {
        send(at, who, n);
        cop_sim_settle(at->sim);
    }
    assert_int_equal(cop_post(at->node, who, note, .n = 5), COP_E_FULL);
    cop_sim_settle(at->sim);
    /* No mailbox is too full for the operator. */
    get(at, do_status, who, COP_OK);
    assert_int_equal(at->status.waiting, 4);
    get(at, do_resume, who, COP_OK);
    assert_string_equal(at->log, "1234");
    assert_int_equal(cop_post(at->node, who, note, .n = 5), COP_OK);
    close_stage(at);
}

static void
timers_wait(void **state)
{
    stage *at = open_stage(4);
    cop_pid who = start(at, &worker_b);

    (void)state;
    assert_int_equal(cop_post(at->node, who, ask), COP_OK); /* rings in 50 ms */
    cop_sim_settle(at->sim);
    get(at, do_suspend, who, COP_OK);
    cop_sim_run_for(at->sim, 500);
    assert_string_equal(at->log, "");
    get(at, do_resume, who, COP_OK);
    assert_string_equal(at->log, "r");
    close_stage(at);
}

/* One worker that asks another, 100 ms. */
static cop_pid
start_asker(stage *at, cop_pid *other)
{
    cop_pid asker = start(at, &worker_b);

    *other = start(at, &worker_b);
    assert_int_equal(cop_post(at->node, asker, meet, .who = *other), COP_OK);
    cop_sim_settle(at->sim);
    return asker;
}

static void
a_call_of_a_suspended_actor_times_out(void **state)
{
    stage *at = open_stage(5);
    cop_pid other, asker = start_asker(at, &other);

    (void)state;
    get(at, do_suspend, other, COP_OK);
    assert_int_equal(cop_post(at->node, asker, ask), COP_OK);
    cop_sim_run_for(at->sim, 1000);
    assert_string_equal(at->log, "rt");
    get(at, do_resume, other, COP_OK);
    assert_string_equal(at->log, "rt?");
    close_stage(at);
}

static void
an_answer_waits(void **state)
{
    stage *at = open_stage(6);
    cop_pid other, asker = start_asker(at, &other);

    (void)state;
    get(at, do_suspend, other, COP_OK);
    assert_int_equal(cop_post(at->node, asker, ask), COP_OK);
    cop_sim_settle(at->sim);
    get(at, do_suspend, asker, COP_OK);
    get(at, do_resume, other, COP_OK);
    assert_string_equal(at->log, "?");
    get(at, do_status, asker, COP_OK);
    assert_int_equal(at->status.waiting, 1);
    assert_int_equal(at->status.calls, 1);
    get(at, do_resume, asker, COP_OK);
    assert_string_equal(at->log, "?!");
    close_stage(at);
}

/* ----------------------------------------------------------- signals while suspended */

static void
do_shut_down(stage *at, cop_actor *me)
{
    cop_signal(me, at->who, &(cop_exit){.kind = COP_EXIT_SHUTDOWN});
}

static void
do_kill(stage *at, cop_actor *me)
{
    cop_kill(me, at->who);
}

static bool
lives(stage *at, cop_pid who)
{
    return cop_post(at->node, who, note, .n = 1) == COP_OK;
}

static void
an_exit_signal_ends_it(void **state)
{
    stage *at = open_stage(7);
    cop_pid who = start(at, &worker_b);

    (void)state;
    get(at, do_suspend, who, COP_OK);
    send(at, who, 1);
    act(at, do_shut_down, who);
    assert_false(lives(at, who));
    assert_string_equal(at->log, "E");
    assert_int_equal(at->why.kind, COP_EXIT_SHUTDOWN);
    close_stage(at);
}

static void
who_traps_gets_a_signal_when_it_is_resumed(void **state)
{
    stage *at = open_stage(8);
    cop_pid who = start(at, &trapping_b);

    (void)state;
    get(at, do_suspend, who, COP_OK);
    act(at, do_shut_down, who);
    send(at, who, 1);
    cop_sim_settle(at->sim);
    assert_string_equal(at->log, "");
    get(at, do_resume, who, COP_OK);
    assert_string_equal(at->log, "x1");
    close_stage(at);
}

static void
a_kill_ends_it(void **state)
{
    stage *at = open_stage(9);
    cop_pid who = start(at, &trapping_b);

    (void)state;
    get(at, do_suspend, who, COP_OK);
    act(at, do_kill, who);
    assert_false(lives(at, who));
    assert_string_equal(at->log, "");
    close_stage(at);
}

/* Has one child, which it stops, shuts down by a signal, or hears the end of. */
typedef struct parent {
    stage *at;
    const cop_behaviour *child;
} parent;

COP_HANDLER(parent, cop_start)
{
    *st = *(const parent *)msg->arg;
    return cop_spawn(me, st->child, &(cop_spawn_opts){.arg = st->at, .stop_ms = 3000},
                     &st->at->child);
}

COP_HANDLER(parent, note)
{
    if (msg->n == 0)
        return cop_stop_child(me, st->at->child);
    cop_signal(me, st->at->child, &(cop_exit){.kind = COP_EXIT_SHUTDOWN});
    return COP_OK;
}

static cop_err
parent_on_child(cop_actor *me, void *state, const cop_child_end *end)
{
    (void)me;
    (void)end;
    say(((parent *)state)->at, 'c');
    return COP_OK;
}

#define PARENT                                                                                 \
    .state_size = sizeof(parent),                                                              \
    .handlers = COP_HANDLERS(COP_ON(parent, cop_start), COP_ON(parent, note))
static const cop_behaviour parent_b = {
    .name = "parent", .policy = COP_SUPERVISE, .on_child = parent_on_child, PARENT};
static const cop_behaviour nursery_b = {.name = "nursery", PARENT};

static cop_pid
start_parent(stage *at, const cop_behaviour *behaviour, const cop_behaviour *child)
{
    parent arg = {.at = at, .child = child};
    cop_pid pid;

    assert_int_equal(cop_sim_spawn(at->node, behaviour, &(cop_spawn_opts){.arg = &arg}, &pid),
                     COP_OK);
    cop_sim_settle(at->sim);
    return pid;
}

static void
told_to_stop_it_ends_at_once_and_in_order(void **state)
{
    stage *at = open_stage(10);
    cop_pid owner = start_parent(at, &parent_b, &patient_b);

    (void)state;
    get(at, do_suspend, at->child, COP_OK);
    send(at, owner, 0);
    cop_sim_settle(at->sim);
    /* Without virtual time passing: the ladder has not begun to kill. */
    assert_string_equal(at->log, "Ec");
    close_stage(at);
}

static void
one_that_takes_its_time_is_killed_by_the_ladder(void **state)
{
    stage *at = open_stage(11);
    cop_pid owner = start_parent(at, &parent_b, &patient_b);

    (void)state;
    send(at, owner, 0);
    cop_sim_settle(at->sim);
    assert_string_equal(at->log, "s");
    get(at, do_suspend, at->child, COP_OK);
    cop_sim_run_for(at->sim, 2000);
    assert_string_equal(at->log, "s");
    cop_sim_run_for(at->sim, 2000);
    assert_string_equal(at->log, "sc");
    close_stage(at);
}

static void
what_the_owner_signals_ends_even_who_traps(void **state)
{
    stage *at = open_stage(12);
    cop_pid owner = start_parent(at, &parent_b, &trapping_b);

    (void)state;
    get(at, do_suspend, at->child, COP_OK);
    send(at, owner, 1);
    cop_sim_settle(at->sim);
    assert_string_equal(at->log, "Ec");
    close_stage(at);
}

static void
ends_of_supervised_children_wait(void **state)
{
    stage *at = open_stage(13);
    cop_pid owner = start_parent(at, &parent_b, &worker_b);

    (void)state;
    get(at, do_suspend, owner, COP_OK);
    act(at, do_kill, at->child);
    assert_string_equal(at->log, "");
    get(at, do_status, owner, COP_OK);
    assert_int_equal(at->status.waiting, 1);
    get(at, do_resume, owner, COP_OK);
    assert_string_equal(at->log, "c");
    close_stage(at);
}

static void
a_nursery_fails_with_its_child_even_suspended(void **state)
{
    stage *at = open_stage(14);
    cop_pid owner = start_parent(at, &nursery_b, &worker_b);

    (void)state;
    get(at, do_suspend, owner, COP_OK);
    act(at, do_kill, at->child);
    assert_false(lives(at, owner));
    close_stage(at);
}

static void
a_suspended_supervisor_ends_when_it_is_told(void **state)
{
    stage *at = open_stage(15);

    (void)state;
    get(at, do_suspend, start_parent(at, &parent_b, &patient_b), COP_OK);
    /* The end of the stage tells it, and it tells its child, which is killed in time. */
    close_stage(at);
}

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

static void
do_flood_and_look(stage *at, cop_actor *me)
{
    for (int i = 0; i < 9; i++)
        assert_int_equal(cop_send(me, at->who, note, .n = 1), COP_OK);
    do_status(at, me);
}

/* It is not behind, so what is ahead of it is still waiting. */
static void
the_status_is_answered_ahead_of_what_waits(void **state)
{
    stage *at = open_stage(19);
    unsigned most = 0;

    (void)state;
    for (int i = 0; i < 50; i++) {
        get(at, do_flood_and_look, start(at, &worker_b), COP_OK);
        if (at->status.waiting > most)
            most = at->status.waiting;
        at->log[0] = '\0';
        at->answered = 0;
    }
    assert_int_equal(most, 9);
    close_stage(at);
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
    expect_line(at, 2, COP_TRACE_TIMER, "ring{}");
    assert_int_equal(at->lines[2].at_ms, 50);
    assert_int_equal(at->line_count, 3);

    get(at, do_suspend, other, COP_OK);
    assert_int_equal(cop_post(at->node, who, ask), COP_OK);
    cop_sim_run_for(at->sim, 200);
    act(at, do_trace, who);
    assert_int_equal(at->line_count, 6);
    expect_line(at, 4, COP_TRACE_TIMER, "ring{}");
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
        cmocka_unit_test(a_suspended_actor_handles_nothing_until_it_is_resumed),
        cmocka_unit_test(twice_is_harmless),
        cmocka_unit_test(an_order_waits_for_what_came_before_it),
        cmocka_unit_test(orders_that_wait_together_are_obeyed_in_order),
        cmocka_unit_test(a_bound_holds_while_suspended),
        cmocka_unit_test(timers_wait),
        cmocka_unit_test(a_call_of_a_suspended_actor_times_out),
        cmocka_unit_test(an_answer_waits),
        cmocka_unit_test(an_exit_signal_ends_it),
        cmocka_unit_test(who_traps_gets_a_signal_when_it_is_resumed),
        cmocka_unit_test(a_kill_ends_it),
        cmocka_unit_test(told_to_stop_it_ends_at_once_and_in_order),
        cmocka_unit_test(one_that_takes_its_time_is_killed_by_the_ladder),
        cmocka_unit_test(what_the_owner_signals_ends_even_who_traps),
        cmocka_unit_test(ends_of_supervised_children_wait),
        cmocka_unit_test(a_nursery_fails_with_its_child_even_suspended),
        cmocka_unit_test(a_suspended_supervisor_ends_when_it_is_told),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(an_order_to_one_that_ends_first_is_answered_down),
        cmocka_unit_test(the_status_says_what_there_is),
        cmocka_unit_test(one_that_is_ending_has_a_status),
        cmocka_unit_test(the_status_is_answered_ahead_of_what_waits),
        cmocka_unit_test(statistics_count_what_is_handled),
        cmocka_unit_test(a_trace_has_the_last_things_that_happened),
        cmocka_unit_test(a_trace_has_all_kinds_of_things),
        cmocka_unit_test(signals_are_traced_when_they_are_received),
        cmocka_unit_test(nothing_is_left_of_a_debugged_actor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
