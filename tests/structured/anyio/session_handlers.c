/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_handlers.c - a session as handlers: what comes while it is busy waits in a queue.
 */
#include <stdlib.h>
#include <string.h>

#include <coppice/process.h>
#include <coppice/scope.h>

#include "session.h"

enum {
    QUEUE = 16,
};

typedef struct session {
    char name[SESSION_LINE];
    session_command queue[QUEUE], current; /* current: if it is busy */
    unsigned first, count;
    bool is_busy, is_gone;
    cop_leaf idle; /* armed while it is not busy */
} session;

static cop_err go_on(cop_actor *me, session *self);

static cop_err
too_slow(cop_actor *me, void *state, void *arg)
{
    session *self = state;

    (void)arg;
    session_answer(me, self->name, "too slow");
    return cop_stop(me);
}

/* What it was busy with is done. */
static cop_err
done(cop_actor *me, session *self)
{
    self->is_busy = false;
    return go_on(me, self);
}

static cop_err
on_sum(cop_actor *me, void *state, void *arg, const cop_exit *why)
{
    session *self = state;

    if (why->kind == COP_EXIT_NORMAL)
        session_answer(me, self->name, "sum %d", ((session_sum *)arg)->sum);
    return done(me, self);
}

static cop_err
on_waited(cop_actor *me, void *state, void *arg)
{
    session *self = state;

    (void)arg;
    session_answer(me, self->name, "waited %d", self->current.a);
    return done(me, self);
}

COP_HANDLER(session, cop_process_output)
{
    if (!st->is_busy)
        return COP_OK;
    session_answer(me, st->name, "ran %.*s", (int)msg->line.size, (const char *)msg->line.data);
    return done(me, st);
}

static cop_err
begin_sum(cop_actor *me, const session_command *command)
{
    session_sum *sum = malloc(sizeof *sum);
    cop_job_spec spec = {.name = "sum", .work = session_add, .dispose = free, .arg = sum};

    if (sum == NULL)
        return COP_E_NOMEM;
    *sum = (session_sum){command->a, command->b, 0};
    cop_err err = cop_job_start(me, cop_here(me), &spec, on_sum, NULL);
    if (err != COP_OK)
        free(sum);
    return err;
}

static cop_err
obey(cop_actor *me, session *self, const session_command *command)
{
    switch (command->verb) {
    case VERB_HELLO:
        strcpy(self->name, command->word);
        session_answer(me, self->name, "welcome %s", command->word);
        return COP_OK;
    case VERB_ADD: self->is_busy = true; return begin_sum(me, command);
    case VERB_WAIT:
        self->is_busy = true;
        return cop_scope_after(me, cop_here(me), command->a, on_waited, NULL, NULL, NULL);
    case VERB_RUN: self->is_busy = true; return session_run(me, command->word);
    case VERB_FAIL: return cop_fail(me, 5, "%s", command->word);
    case VERB_BYE: session_answer(me, self->name, "goodbye"); return cop_stop(me);
    case VERB_UNKNOWN: session_answer(me, self->name, "what? %s", command->word); return COP_OK;
    }
    return COP_OK;
}

static bool
is_last(const session_command *command)
{
    return command->verb == VERB_BYE || command->verb == VERB_FAIL;
}

static cop_err
go_on(cop_actor *me, session *self)
{
    (void)cop_leaf_cancel(me, self->idle);
    while (!self->is_busy && self->count > 0) {
        self->current = self->queue[self->first];
        self->first = (self->first + 1) % QUEUE;
        self->count--;
        COP_TRY(obey(me, self, &self->current));
        if (is_last(&self->current))
            return COP_OK;
    }
    if (self->is_busy)
        return COP_OK;
    if (self->is_gone) {
        session_did(self->name, "is left");
        return cop_stop(me);
    }
    return cop_scope_after(me, cop_here(me), SESSION_IDLE_MS, too_slow, NULL, NULL,
                           &self->idle);
}

COP_HANDLER(session, cop_start)
{
    return go_on(me, st);
}

COP_HANDLER(session, said)
{
    if (st->count == QUEUE)
        return COP_E_FULL;
    st->queue[(st->first + st->count++) % QUEUE] = session_parse(msg->text);
    return st->is_busy ? COP_OK : go_on(me, st);
}

COP_HANDLER(session, gone)
{
    st->is_gone = true;
    return st->is_busy ? COP_OK : go_on(me, st);
}

COP_HANDLER(session, cop_end)
{
    if (msg->why.kind == COP_EXIT_SHUTDOWN)
        session_did(st->name, "is stopped");
    return COP_OK;
}
COP_BEHAVIOUR(session_handlers_b, session, COP_ON(session, cop_start), COP_ON(session, said),
              COP_ON(session, gone), COP_ON(session, cop_process_output),
              COP_ON(session, cop_end));
