/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.c - one slice of an actor: take mail, let signals act, handle messages in turn.
 */
#include "base/check.h"
#include "core/actor.h"
#include "core/dispatch.h"
#include "core/node.h"
#include "core/ties.h"

enum {
    /* How many messages one actor may handle before it is another's turn.  Sending one
     * counts COPI_SEND_COST, so that a producer does not run far ahead of its consumer. */
    SLICE = 1024,
    SIMULATED_SLICE = 2 * COPI_SEND_COST + 1,
};

void
copi_append(cop_actor *self, copi_envelope *envelope)
{
    envelope->mail.next = NULL;
    if (self->batch == NULL)
        self->batch = &envelope->mail;
    else
        self->batch_last->next = &envelope->mail;
    self->batch_last = &envelope->mail;
    self->batch_count++;
}

/* Ahead of everything that waits. */
static void
prepend(cop_actor *self, copi_envelope *envelope)
{
    if (self->batch == NULL)
        self->batch_last = &envelope->mail;
    envelope->mail.next = self->batch;
    self->batch = &envelope->mail;
    self->batch_count++;
}

static copi_envelope *
next_envelope(cop_actor *self)
{
    copi_mail *mail = self->batch;

    if (mail == NULL)
        return NULL;
    self->batch = mail->next;
    self->batch_count--;
    /* relaxed: see mailbox.h. */
    atomic_store_explicit(&self->mailbox.backlog, self->batch_count, memory_order_relaxed);
    return copi_envelope_of(mail);
}

/* An actor that handles cop_stopping may take its time; others end. */
static void
on_stop(cop_actor *self, copi_envelope *envelope)
{
    cop_exit why = ((cop_stopping *)copi_payload(envelope))->why;

    if (self->phase != COPI_RUNNING || self->is_stopping) {
        copi_envelope_free(self->worker, envelope);
        return;
    }
    self->has_obeyed = true;
    if (copi_handler_for(self->behaviour, &cop_stopping_type) == NULL) {
        copi_envelope_free(self->worker, envelope);
        copi_end(self, &why);
        return;
    }
    self->is_stopping = true;
    /* For cop_stop, which ends with the reason that was given. */
    cop_exit *kept =
        self->why != NULL ? self->why : copi_pool_take(&self->worker->pool, sizeof *kept);
    if (kept != NULL)
        *kept = why;
    self->why = kept;
    envelope->kind = COPI_USER_MESSAGE;
    envelope->type = &cop_stopping_type;
    prepend(self, envelope);
}

static void
on_child_end(cop_actor *self, copi_envelope *envelope)
{
    /* Where no code of the owner looks at it, it need not wait for its turn. */
    if (self->phase == COPI_RUNNING && self->behaviour->policy == COP_SUPERVISE)
        copi_append(self, envelope);
    else
        copi_after_handler(self, copi_handle_child_end(self, envelope));
}

static void
on_request(cop_actor *self, copi_envelope *envelope)
{
    copi_request *request = copi_payload(envelope);

    if (copi_is_open(self))
        request->run(self, request->ctx);
    else
        request->refuse(request->ctx);
    copi_envelope_free(self->worker, envelope);
}

/* What waits for its turn; an actor that is ending has no more turns. */
static void
on_message(cop_actor *self, copi_envelope *envelope)
{
    if (self->phase == COPI_RUNNING)
        copi_append(self, envelope);
    else
        copi_bounce(self->node, self->worker, copi_pid_of(self), envelope, COP_E_DOWN);
}

static void
receive_one(cop_actor *self, copi_envelope *envelope)
{
    switch ((copi_kind)envelope->kind) {
    case COPI_USER_MESSAGE:
    case COPI_CALL:
    case COPI_NEWS:
    case COPI_REPLY:
    case COPI_REPLY_ERROR:
    case COPI_TIMER:
    case COPI_DEADLINE:
    case COPI_WATCH: on_message(self, envelope); break;
    case COPI_EXIT: copi_on_exit(self, envelope); break;
    case COPI_LINK: copi_on_link(self, envelope); break;
    case COPI_UNLINK: copi_on_unlink(self, envelope); break;
    case COPI_UNLINK_ACK: copi_on_unlink_ack(self, envelope); break;
    case COPI_MONITOR: copi_on_monitor(self, envelope); break;
    case COPI_DEMONITOR: copi_on_demonitor(self, envelope); break;
    case COPI_DOWN:
        if (copi_on_down(self, envelope))
            on_message(self, envelope);
        break;
    case COPI_STOP: on_stop(self, envelope); break;
    case COPI_KILL:
        copi_envelope_free(self->worker, envelope);
        self->has_obeyed |= copi_is_open(self);
        copi_kill_self(self);
        break;
    case COPI_ADOPT: copi_on_adopt(self, envelope); break;
    case COPI_CHILD_END: on_child_end(self, envelope); break;
    case COPI_LADDER: copi_on_ladder(self); break;
    case COPI_REQUEST: on_request(self, envelope); break;
    }
}

void
copi_receive(cop_actor *self)
{
    copi_mail *last;
    uint32_t generation = copi_generation(copi_pid_of(self).id);

    for (copi_mail *mail = copi_mailbox_take(&self->mailbox, &last), *next; mail != NULL;
         mail = next) {
        next = mail->next;
        copi_envelope *envelope = copi_envelope_of(mail);
        if (envelope->generation == generation)
            receive_one(self, envelope);
        else /* for one who had this slot before */
            copi_bounce(
                self->node, self->worker,
                (cop_pid){self->node->incarnation, (uint64_t)envelope->generation << 32 |
                                                       copi_slot(copi_pid_of(self).id)},
                envelope, COP_E_NOPROC);
    }
    atomic_store_explicit(&self->mailbox.backlog, self->batch_count, memory_order_relaxed);
}

static cop_err
handle_message(cop_actor *self, copi_envelope *envelope)
{
    cop_err err = copi_dispatch_envelope(self, envelope);

    if (envelope->kind == COPI_CALL)
        copi_answer_unanswered(self, COP_E_NOREPLY);
    copi_envelope_free(self->worker, envelope);
    return err;
}

static cop_err
handle(cop_actor *self, copi_envelope *envelope)
{
    switch ((copi_kind)envelope->kind) {
    case COPI_REPLY:
    case COPI_REPLY_ERROR: return copi_handle_reply(self, envelope);
    case COPI_TIMER: return copi_handle_alarm(self, envelope);
    case COPI_DEADLINE: return copi_handle_deadline(self, envelope);
    case COPI_WATCH: return copi_handle_watch(self, envelope);
    case COPI_CHILD_END: return copi_handle_child_end(self, envelope);
    default: return handle_message(self, envelope);
    }
}

void
copi_after_handler(cop_actor *self, cop_err err)
{
    if (COPI_LIKELY(err == COP_OK && !self->is_leaving))
        return;
    if (err != COP_OK)
        copi_end_failed(self, err);
    else
        copi_end_as_said(self);
    self->is_leaving = false;
}

void
copi_release(cop_actor *self)
{
    cop_node *node = self->node;
    copi_worker *worker = self->worker;

    if (!copi_mailbox_park(&self->mailbox))
        copi_sched_submit(&node->sched, worker, &self->task);
}

static uint32_t
slice_of(copi_worker *worker)
{
    copi_simulation *simulation = worker->sched->simulation;

    return COPI_LIKELY(simulation == NULL)
               ? SLICE
               : 1 + copi_rng_below(&simulation->rng, SIMULATED_SLICE);
}

void
copi_settle_children(cop_actor *self)
{
    copi_mail *mail = self->batch;

    self->batch = NULL;
    self->batch_count = 0;
    for (copi_mail *next; mail != NULL; mail = next) {
        next = mail->next;
        if (copi_envelope_of(mail)->kind == COPI_CHILD_END)
            (void)copi_handle_child_end(self, copi_envelope_of(mail));
        else
            copi_append(self, copi_envelope_of(mail));
    }
}

/* The end goes on whenever a signal comes.  True if there is nothing more to do now. */
static bool
run_ending(cop_actor *self)
{
    copi_receive(self);
    return copi_finish(self) || copi_mailbox_park(&self->mailbox);
}

void
copi_run_actor(copi_worker *worker, copi_task *task)
{
    cop_actor *self = COPI_CONTAINER(task, cop_actor, task);

    self->worker = worker;
    worker->current = self;
    worker->spent = 0;
    for (uint32_t slice = slice_of(worker);;) {
        if (self->batch == NULL || copi_mailbox_is_urgent(&self->mailbox))
            copi_receive(self);
        if (COPI_UNLIKELY(self->phase == COPI_ENDING)) {
            if (run_ending(self))
                break;
            continue;
        }
        copi_envelope *envelope = next_envelope(self);
        if (envelope == NULL) {
            if (copi_mailbox_park(&self->mailbox))
                break;
            continue;
        }
        self->current = envelope;
        COPI_TALLY(worker, messages, 1);
        copi_after_handler(self, handle(self, envelope));
        self->current = NULL;
        if (++worker->spent >= slice && self->phase == COPI_RUNNING) {
            copi_sched_yield(worker, task);
            break;
        }
    }
    worker->current = NULL;
}
