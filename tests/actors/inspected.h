/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inspected.h - a stage for tests of looking inside actors, in virtual time.
 *
 * An operator asks, and notes the answers; workers note what they handle.
 */
#ifndef COPPICE_TESTS_ACTORS_INSPECTED_H
#define COPPICE_TESTS_ACTORS_INSPECTED_H

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
    M(4, ring, F(i64, n))                                                                      \
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

static inline void
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

static inline void
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

static inline void
do_suspend(stage *at, cop_actor *me)
{
    at->err = cop_debug_suspend(me, at->who, WITHIN, COP_THEN(operator, cop_debug_done));
}

static inline void
do_resume(stage *at, cop_actor *me)
{
    at->err = cop_debug_resume(me, at->who, WITHIN, COP_THEN(operator, cop_debug_done));
}

static inline void
do_status(stage *at, cop_actor *me)
{
    at->err = cop_debug_status(me, at->who, WITHIN, COP_THEN(operator, cop_actor_status));
}

static inline void
do_count(stage *at, cop_actor *me)
{
    at->err = cop_debug_statistics_on(me, at->who, WITHIN, COP_THEN(operator, cop_debug_done));
}

static inline void
do_count_not(stage *at, cop_actor *me)
{
    at->err = cop_debug_statistics_off(me, at->who, WITHIN, COP_THEN(operator, cop_debug_done));
}

static inline void
do_statistics(stage *at, cop_actor *me)
{
    at->err =
        cop_debug_statistics(me, at->who, WITHIN, COP_THEN(operator, cop_actor_statistics));
}

static inline void
do_trace_3(stage *at, cop_actor *me)
{
    at->err = cop_debug_trace_on(me, at->who, 3, WITHIN, COP_THEN(operator, cop_debug_done));
}

static inline void
do_trace_20(stage *at, cop_actor *me)
{
    at->err = cop_debug_trace_on(me, at->who, 20, WITHIN, COP_THEN(operator, cop_debug_done));
}

static inline void
do_trace_not(stage *at, cop_actor *me)
{
    at->err = cop_debug_trace_off(me, at->who, WITHIN, COP_THEN(operator, cop_debug_done));
}

static inline void
do_trace(stage *at, cop_actor *me)
{
    at->err = cop_debug_trace(me, at->who, WITHIN, COP_THEN(operator, cop_actor_trace));
}

/* The operator does it, and whatever follows is over. */
static inline void
act(stage *at, void (*what)(stage *at, cop_actor *me), cop_pid who)
{
    at->act = what;
    at->who = who;
    assert_int_equal(cop_post(at->node, at->operator, ask), COP_OK);
    cop_sim_settle(at->sim);
}

/* The same, with the answer that must come. */
static inline void
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
    COP_TRY(cop_send_after(me, 50, NULL, ring, .n = 5));
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

static inline int
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

static inline void
ignore(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static inline stage *
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
static inline void
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

static inline cop_pid
start(stage *at, const cop_behaviour *behaviour)
{
    cop_pid pid;

    assert_int_equal(cop_sim_spawn(at->node, behaviour, &(cop_spawn_opts){.arg = at}, &pid),
                     COP_OK);
    return pid;
}

static inline void
send(stage *at, cop_pid to, int64_t n)
{
    assert_int_equal(cop_post(at->node, to, note, .n = n), COP_OK);
}

/* One worker that asks another, 100 ms. */
static inline cop_pid
start_asker(stage *at, cop_pid *other)
{
    cop_pid asker = start(at, &worker_b);

    *other = start(at, &worker_b);
    assert_int_equal(cop_post(at->node, asker, meet, .who = *other), COP_OK);
    cop_sim_settle(at->sim);
    return asker;
}

/* ------------------------------------------------------------------- ending others */

static inline void
do_shut_down(stage *at, cop_actor *me)
{
    cop_signal(me, at->who, &(cop_exit){.kind = COP_EXIT_SHUTDOWN});
}

static inline void
do_kill(stage *at, cop_actor *me)
{
    cop_kill(me, at->who);
}

static inline bool
lives(stage *at, cop_pid who)
{
    return cop_post(at->node, who, note, .n = 1) == COP_OK;
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

static inline cop_err
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

static inline cop_pid
start_parent(stage *at, const cop_behaviour *behaviour, const cop_behaviour *child)
{
    parent arg = {.at = at, .child = child};
    cop_pid pid;

    assert_int_equal(cop_sim_spawn(at->node, behaviour, &(cop_spawn_opts){.arg = &arg}, &pid),
                     COP_OK);
    cop_sim_settle(at->sim);
    return pid;
}

#endif /* COPPICE_TESTS_ACTORS_INSPECTED_H */
