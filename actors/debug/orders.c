/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orders.c - what an actor is told to do for who looks inside, and how it obeys.
 */
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "core/node.h"
#include "debug/debug.h"
#include "debug/rows.h"

/* Made if need be; NULL if there is no memory. */
static copi_debug *
debug_of(cop_actor *self)
{
    copi_ties *ties = copi_ties_of(self);

    if (ties != NULL && ties->debug == NULL)
        ties->debug = copi_calloc(1, sizeof *ties->debug);
    return ties == NULL ? NULL : ties->debug;
}

static copi_debug *
known_debug(const cop_actor *self)
{
    return self->ties == NULL ? NULL : self->ties->debug;
}

static void
release(cop_actor *self)
{
    copi_trail_free(&self->ties->debug->trail);
    free(self->ties->debug);
    self->ties->debug = NULL;
}

/* After every order: the phase says whether anybody still looks on. */
static void
settle(cop_actor *self)
{
    const copi_debug *debug = known_debug(self);
    bool is_wanted =
        debug != NULL && (debug->is_suspended || debug->is_counted || debug->trail != NULL);

    if (debug != NULL && !is_wanted)
        release(self);
    self->phase = is_wanted ? COPI_DEBUGGED : copi_usual_phase(self);
}

void
copi_debug_end(cop_actor *self)
{
    if (known_debug(self) != NULL)
        release(self);
}

/* ---------------------------------------------------------------------------- answers */

static void
answer_error(cop_actor *self, const copi_envelope *order, cop_err err)
{
    copi_signal(self->node, self->worker,
                &(copi_parcel){.kind = COPI_REPLY_ERROR,
                               .from = copi_pid_of(self),
                               .to = order->from,
                               .ref = order->ref,
                               .err = err});
}

void
copi_debug_answer(cop_actor *self, const copi_envelope *order, const cop_type *type,
                  const void *message)
{
    cop_err err = copi_send_typed(self, COPI_REPLY, order->from, order->ref, 0, type, message);

    if (err != COP_OK && err != COP_E_NOPROC)
        answer_error(self, order, err);
}

static void
answer_done(cop_actor *self, const copi_envelope *order, cop_err err)
{
    if (err != COP_OK)
        answer_error(self, order, err);
    else
        copi_debug_answer(self, order, &cop_debug_done_type, &(cop_debug_done){0});
}

static void
answer_statistics(cop_actor *self, const copi_envelope *order)
{
    const copi_debug *debug = known_debug(self);

    if (debug == NULL || !debug->is_counted) {
        answer_error(self, order, COP_E_NOT_FOUND);
        return;
    }
    copi_debug_answer(self, order, &cop_actor_statistics_type,
                      &(cop_actor_statistics){
                          .since_ms = debug->since / COPI_MS,
                          .now_ms = copi_worker_now(self->worker) / COPI_MS,
                          .messages = debug->messages,
                          .busy_us = debug->busy / 1000,
                          .longest_us = debug->longest / 1000,
                      });
}

static void
answer_trace(cop_actor *self, const copi_envelope *order)
{
    const copi_debug *debug = known_debug(self);
    const copi_trail *trail = debug == NULL ? NULL : debug->trail;

    if (trail == NULL) {
        answer_error(self, order, COP_E_NOT_FOUND);
        return;
    }
    cop_trace_line *lines = copi_calloc(trail->room, sizeof *lines);
    if (lines == NULL) {
        answer_error(self, order, COP_E_NOMEM);
        return;
    }
    size_t count = copi_trail_last(trail, lines, trail->room);
    copi_debug_answer(self, order, &cop_actor_trace_type,
                      &(cop_actor_trace){
                          .seen = trail->seen, .lines = {lines, count}
    });
    free(lines);
}

/* ----------------------------------------------------------------------------- orders */

static cop_err
suspend(cop_actor *self)
{
    /* The node's end waits for what the root hears of. */
    if (self == self->node->root)
        return COP_E_REFUSED;
    copi_debug *debug = debug_of(self);
    if (debug == NULL)
        return COP_E_NOMEM;
    debug->is_suspended = true;
    return COP_OK;
}

static cop_err
resume(cop_actor *self)
{
    if (known_debug(self) != NULL)
        known_debug(self)->is_suspended = false;
    return COP_OK;
}

static cop_err
count(cop_actor *self)
{
    copi_debug *debug = debug_of(self);

    if (debug == NULL)
        return COP_E_NOMEM;
    if (debug->is_counted)
        return COP_OK;
    debug->is_counted = true;
    debug->since = copi_worker_now(self->worker);
    debug->began = debug->busy = debug->longest = 0;
    debug->messages = 0;
    return COP_OK;
}

static cop_err
count_not(cop_actor *self)
{
    if (known_debug(self) != NULL)
        known_debug(self)->is_counted = false;
    return COP_OK;
}

static cop_err
trace_not(cop_actor *self)
{
    if (known_debug(self) != NULL)
        copi_trail_free(&known_debug(self)->trail);
    return COP_OK;
}

static cop_err
trace(cop_actor *self, uint32_t lines)
{
    copi_debug *debug = debug_of(self);

    (void)trace_not(self);
    if (debug == NULL || (debug->trail = copi_trail_new(lines)) == NULL)
        return COP_E_NOMEM;
    return COP_OK;
}

static void
obey(cop_actor *self, copi_envelope *envelope)
{
    const copi_debug_order *order = copi_payload(envelope);

    switch ((copi_debug_verb)order->verb) {
    case COPI_DEBUG_SUSPEND: answer_done(self, envelope, suspend(self)); break;
    case COPI_DEBUG_RESUME: answer_done(self, envelope, resume(self)); break;
    case COPI_DEBUG_COUNT: answer_done(self, envelope, count(self)); break;
    case COPI_DEBUG_COUNT_NOT: answer_done(self, envelope, count_not(self)); break;
    case COPI_DEBUG_STATISTICS: answer_statistics(self, envelope); break;
    case COPI_DEBUG_TRACE: answer_done(self, envelope, trace(self, order->count)); break;
    case COPI_DEBUG_TRACE_NOT: answer_done(self, envelope, trace_not(self)); break;
    case COPI_DEBUG_LAST: answer_trace(self, envelope); break;
    case COPI_DEBUG_STATUS:
    case COPI_DEBUG_ROWS: break; /* these are no COPI_DEBUG */
    }
    settle(self);
}

/* The first order that waits for its turn, out of the batch; or NULL. */
static copi_envelope *
take_waiting_order(cop_actor *self)
{
    copi_mail *before = NULL, *mail = self->batch;

    while (mail != NULL && copi_envelope_of(mail)->kind != COPI_DEBUG) {
        before = mail;
        mail = mail->next;
    }
    if (mail == NULL)
        return NULL;
    *(before == NULL ? &self->batch : &before->next) = mail->next;
    if (self->batch_last == mail)
        self->batch_last = before;
    self->batch_count--;
    return copi_envelope_of(mail);
}

/* Among what waits when an actor is suspended there may be the order to resume it. */
static void
obey_waiting(cop_actor *self)
{
    copi_envelope *order;

    while (copi_is_suspended(self) && (order = take_waiting_order(self)) != NULL) {
        obey(self, order);
        copi_envelope_free(self->worker, order);
    }
    copi_mailbox_show_backlog(&self->mailbox, self->batch_count);
}

cop_err
copi_debug_obey_in_turn(cop_actor *self, copi_envelope *envelope)
{
    obey(self, envelope);
    obey_waiting(self);
    return COP_OK;
}

void
copi_debug_obey(cop_actor *self, copi_envelope *envelope)
{
    obey(self, envelope);
    copi_envelope_free(self->worker, envelope);
}

void
copi_debug_look(cop_actor *self, copi_envelope *envelope)
{
    const copi_debug_order *order = copi_payload(envelope);

    if (order->verb == COPI_DEBUG_ROWS)
        copi_rows_answer(self, envelope);
    else
        copi_status_answer(self, envelope);
    copi_envelope_free(self->worker, envelope);
}

/* --------------------------------------------------------------------------- looking on */

void
copi_debug_before(cop_actor *self, const copi_envelope *envelope)
{
    copi_debug *debug = self->ties->debug;

    if (envelope->kind == COPI_DEBUG)
        return;
    if (debug->trail != NULL)
        copi_trail_note(debug->trail, self, envelope);
    if (debug->is_counted) {
        debug->messages++;
        debug->began = copi_worker_now(self->worker);
    }
}

void
copi_debug_after(cop_actor *self)
{
    copi_debug *debug = known_debug(self);

    if (debug == NULL || debug->began == 0)
        return;
    int64_t took = copi_worker_now(self->worker) - debug->began;
    debug->began = 0;
    debug->busy += took;
    if (took > debug->longest)
        debug->longest = took;
}

void
copi_debug_note_signal(cop_actor *self, const copi_envelope *envelope)
{
    copi_debug *debug = self->ties->debug;

    /* The end of a supervised child has a turn, and is noted then. */
    if (debug->trail != NULL && envelope->kind > COPI_LAST_IN_TURN &&
        envelope->kind != COPI_DOWN &&
        (envelope->kind != COPI_CHILD_END || self->behaviour->policy != COP_SUPERVISE))
        copi_trail_note(debug->trail, self, envelope);
}
