/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.c - one slice of an actor: messages are handled in turn, one after the other.
 */
#include "base/check.h"
#include "core/actor.h"
#include "core/dispatch.h"
#include "core/legacy.h"
#include "core/node.h"
#include "core/receive.h"
#include "core/scope.h"
#include "core/sequence.h"
#include "debug/debug.h"
#include "offload/offload.h"

enum {
    SIMULATED_SLICE = 2 * COPI_SEND_COST + 1,
};

static copi_envelope *
next_envelope(cop_actor *self)
{
    copi_mail *mail = self->batch;

    if (mail == NULL)
        return NULL;
    self->batch = mail->next;
    copi_mailbox_show_backlog(&self->mailbox, --self->batch_count);
    return copi_envelope_of(mail);
}

static cop_err
handle_message(cop_actor *self, copi_envelope *envelope)
{
    cop_err err = copi_dispatch_envelope(self, envelope);

    /* A call that is kept may yet be answered. */
    if (envelope->kind == COPI_CALL && !copi_legacy_keeps_killer(self, envelope, err))
        copi_answer_handled(self, err);
    return err;
}

/* Does it stand alone, to be freed by who has it handled?  Others are part of something. */
static bool
is_letter(const copi_envelope *envelope)
{
    return envelope->kind < COPI_TIMER ||
           (envelope->kind > COPI_LAST_IN_TURN && envelope->kind != COPI_CHILD_END);
}

static const char *
part_name(const copi_envelope *envelope)
{
    switch ((copi_kind)envelope->kind) {
    case COPI_TIMER: return envelope->type->name;
    case COPI_DEADLINE: return "a call's deadline";
    case COPI_WATCH: return "cop_ready";
    case COPI_LEAF: return "a call";
    case COPI_SCOPE_END: return "a scope's end";
    default: return "a child's end";
    }
}

static cop_err
handle_embedded(cop_actor *self, copi_envelope *envelope)
{
    switch ((copi_kind)envelope->kind) {
    case COPI_TIMER: return copi_handle_alarm(self, envelope);
    case COPI_DEADLINE: return copi_handle_deadline(self, envelope);
    case COPI_WATCH: return copi_handle_watch(self, envelope);
    case COPI_LEAF: return copi_handle_leaf(self, envelope);
    case COPI_SCOPE_END: return copi_handle_scope_end(self, envelope);
    default: return copi_handle_child_end(self, envelope);
    }
}

/* What is part of something that the handler may free: for reports its name is kept. */
static __attribute__((noinline)) cop_err
handle_part(cop_actor *self, copi_envelope *envelope)
{
    copi_worker *worker = self->worker;

    worker->part = envelope;
    worker->part_name = part_name(envelope);
    cop_err err = handle_embedded(self, envelope);
    /* Both are gone, perhaps; in this order for a signal handler, see debug/capture.c. */
    self->current = NULL;
    atomic_signal_fence(memory_order_seq_cst);
    worker->part = NULL;
    return err;
}

static cop_err
handle_other(cop_actor *self, copi_envelope *envelope)
{
    switch ((copi_kind)envelope->kind) {
    case COPI_REPLY:
    case COPI_REPLY_ERROR: return copi_handle_reply(self, envelope);
    case COPI_TIMER:
    case COPI_DEADLINE:
    case COPI_WATCH:
    case COPI_LEAF:
    case COPI_SCOPE_END:
    case COPI_CHILD_END: return handle_part(self, envelope);
    case COPI_CLOSURE: return copi_handle_closure(self, envelope);
    case COPI_DEBUG: return copi_debug_obey_in_turn(self, envelope);
    default: return handle_message(self, envelope);
    }
}

static inline cop_err
handle(cop_actor *self, copi_envelope *envelope)
{
    cop_err err;

    self->current = envelope;
    if (COPI_LIKELY(envelope->kind == COPI_USER_MESSAGE))
        err = copi_dispatch_envelope(self, envelope);
    else
        err = handle_other(self, envelope);
    self->current = NULL;
    return err;
}

void
copi_release(cop_actor *self)
{
    cop_node *node = self->node;
    copi_worker *worker = self->worker;

    /* A legacy waits where the mailbox does not see it. */
    if (self->batch != NULL || self->behaviour->sequence != NULL ||
        !copi_mailbox_park(&self->mailbox))
        copi_sched_submit(&node->sched, worker, &self->task);
}

static uint32_t
slice_of(copi_worker *worker)
{
    if (COPI_LIKELY(worker->slice != 0))
        return worker->slice;
    copi_simulation *simulation = worker->sched->simulation;

    if (simulation->in_order)
        return COPI_SLICE;
    uint32_t drawn = 1 + copi_rng_below(&simulation->rng, SIMULATED_SLICE);
    return drawn < simulation->slice_max ? drawn : simulation->slice_max;
}

void
copi_ring(copi_worker *worker, copi_timer *timer)
{
    switch (timer->what) {
    case COPI_TIMER: copi_alarm_due(worker, timer); break;
    case COPI_DEADLINE: copi_deadline_due(worker, timer); break;
    case COPI_LADDER: copi_ladder_due(worker, timer); break;
    case COPI_LEAF: copi_leaf_due(worker, timer); break;
    case COPI_SCOPE_DUE: copi_scope_due(worker, timer); break;
    case COPI_WAKE: copi_wake_due(worker, timer); break;
    case COPI_TIMER_OF_JOB: copi_simulated_ring(worker, timer); break;
    default: COPI_CHECK(!"a timer is for one of these");
    }
}

/* The end goes on whenever a signal comes.  True if there is nothing more to do now. */
static bool
run_ending(cop_actor *self)
{
    copi_receive(self);
    return copi_finish(self) || copi_mailbox_park(&self->mailbox);
}

/* What was handled is told from its envelope, or if that was part of something that may be gone
 * by now, from what handle_part has kept. */
COPI_COLD static void
report_crash(cop_actor *self, const copi_envelope *envelope)
{
    copi_crash_report(self, envelope,
                      envelope != NULL ? copi_message_name(self->behaviour, envelope)
                                       : self->worker->part_name);
}

/* NULL: it may be gone. */
static void
end_after(cop_actor *self, cop_err err, const copi_envelope *envelope)
{
    copi_end_after_handler(self, err);
    if (COPI_UNLIKELY(copi_has_crashed(self)) && copi_event_may(self->node, COP_EVENT_CRASH))
        report_crash(self, envelope);
}

/* True if the actor sleeps, with nothing left to be done. */
static bool
run_lone_message(cop_actor *self, copi_worker *worker, copi_envelope *envelope)
{
    cop_err err = handle(self, envelope);
    /* The handler may have put something into the batch: copi_append. */
    if (COPI_LIKELY(err == COP_OK && !self->is_leaving && self->batch == NULL) &&
        copi_mailbox_park_after(&self->mailbox, &envelope->mail)) {
        copi_envelope_free(worker, envelope);
        return true;
    }
    bool is_kept =
        COPI_UNLIKELY(self->keeps_mail) && copi_legacy_keep_killer(self, envelope, err);
    if (err != COP_OK || self->is_leaving)
        end_after(self, err, envelope);
    copi_receive_after(self, &envelope->mail);
    if (is_kept)
        copi_prepend(self, envelope);
    else
        copi_envelope_free(worker, envelope);
    return false;
}

COPI_INLINE void
run_message(cop_actor *self, copi_worker *worker, copi_envelope *envelope)
{
    bool is_ours = is_letter(envelope);

    cop_err err = handle(self, envelope);
    /* What is part of something may be gone by now. */
    bool is_kept = is_ours && COPI_UNLIKELY(self->keeps_mail) &&
                   copi_legacy_keep_killer(self, envelope, err);
    if (COPI_UNLIKELY(err != COP_OK || self->is_leaving))
        end_after(self, err, is_ours ? envelope : NULL);
    if (is_kept)
        copi_prepend(self, envelope);
    else if (is_ours)
        copi_envelope_free(worker, envelope);
}

/* One step of an actor that is not ending.  True if it sleeps. */
static inline bool
run_step(cop_actor *self, copi_worker *worker)
{
    copi_envelope *envelope = next_envelope(self);
    bool is_lone =
        envelope == NULL && (envelope = copi_lone_message(self, COPI_CLOSURE)) != NULL;

    if (envelope == NULL) {
        copi_receive(self);
        return self->batch == NULL && self->phase == COPI_RUNNING &&
               copi_mailbox_park(&self->mailbox);
    }
    COPI_TALLY(worker, messages, 1);
    worker->spent++;
    if (is_lone)
        return run_lone_message(self, worker, envelope);
    run_message(self, worker, envelope);
    return false;
}

/* The same for one that somebody looks at. */
static bool
run_debugged_step(cop_actor *self, copi_worker *worker)
{
    copi_envelope *envelope = copi_is_suspended(self) ? NULL : next_envelope(self);

    if (envelope == NULL) {
        copi_receive(self);
        return self->phase == COPI_DEBUGGED &&
               (copi_is_suspended(self) || self->batch == NULL) &&
               copi_mailbox_park(&self->mailbox);
    }
    COPI_TALLY(worker, messages, 1);
    worker->spent++;
    copi_debug_before(self, envelope);
    run_message(self, worker, envelope);
    copi_debug_after(self);
    return false;
}

void
copi_wake_due(copi_worker *worker, copi_timer *timer)
{
    copi_wake *wake = COPI_CONTAINER(timer, copi_wake, timer);

    if (wake->is_queued)
        return;
    wake->is_queued = true;
    wake->due = (copi_envelope){.kind = COPI_WAKE};
    copi_push_self(worker, wake->actor, &wake->due);
}

void
copi_run_message(cop_actor *self, copi_envelope *envelope)
{
    run_message(self, self->worker, envelope);
}

void
copi_report_end(cop_actor *self, const char *during)
{
    if (copi_has_crashed(self) && copi_event_may(self->node, COP_EVENT_CRASH))
        copi_crash_report(self, NULL, during);
}

void
copi_body_told(cop_actor *self)
{
    self->behaviour->sequence->wake(self);
}

/* The only thing that it does is to receive what acts at once. */
static bool
run_suspended(cop_actor *self)
{
    copi_receive(self);
    return self->phase == COPI_DEBUGGED && copi_is_suspended(self) &&
           copi_mailbox_park(&self->mailbox);
}

static bool
run_sequential(cop_actor *self, copi_worker *worker, uint32_t slice)
{
    return copi_is_suspended(self) ? run_suspended(self)
                                   : self->behaviour->sequence->step(self, worker, slice);
}

/* True if it sleeps, or it is another's turn. */
COPI_COLD static bool
run_debugged(cop_actor *self, copi_worker *worker, uint32_t slice)
{
    if (worker->spent < slice)
        return run_debugged_step(self, worker);
    copi_sched_yield(worker, &self->task);
    return true;
}

void
copi_run_actor(copi_worker *worker, copi_task *task)
{
    cop_actor *self = COPI_CONTAINER(task, cop_actor, task);
    uint32_t slice = slice_of(worker);

    self->worker = worker;
    atomic_store_explicit(&self->ran_on, (uint8_t)worker->index, memory_order_relaxed);
    copi_set_current(worker, self);
    worker->spent = 0;
    for (;;) {
        if (COPI_UNLIKELY(copi_mailbox_is_urgent(&self->mailbox)))
            copi_receive(self);
        if (COPI_UNLIKELY(self->phase != COPI_RUNNING)) {
            if (self->phase == COPI_ENDING          ? run_ending(self)
                : self->behaviour->sequence != NULL ? run_sequential(self, worker, slice)
                                                    : run_debugged(self, worker, slice))
                break;
        } else if (worker->spent >= slice) {
            copi_sched_yield(worker, task);
            break;
        } else if (run_step(self, worker)) {
            break;
        }
    }
    copi_set_current(worker, NULL);
}
