/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receive.c - taking mail: signals act, messages wait for their turn.
 */
#include "core/receive.h"

#include "base/check.h"
#include "core/dispatch.h"
#include "core/legacy.h"
#include "core/node.h"
#include "core/scope.h"
#include "core/sequence.h"
#include "debug/debug.h"
#include "message/bufs.h"

/* ------------------------------------------------------------------------- the batch */

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

void
copi_prepend(cop_actor *self, copi_envelope *envelope)
{
    if (self->batch == NULL)
        self->batch_last = &envelope->mail;
    envelope->mail.next = self->batch;
    self->batch = &envelope->mail;
    self->batch_count++;
}

cop_err
cop_continue_message(cop_actor *me, const cop_type *type, const void *message)
{
    if (!copi_is_open(me))
        return copi_taken(type, message, COP_E_GONE);
    copi_envelope *made = copi_envelope_typed(me->worker, COPI_USER_MESSAGE, type, message);
    if (made == NULL)
        return copi_taken(type, message, copi_envelope_refusal(type, message));
    made->from = copi_pid_of(me);
    copi_prepend(me, made);
    copi_mailbox_show_backlog(&me->mailbox, me->batch_count);
    return COP_OK;
}

void
copi_settle_batch(cop_actor *self)
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

/* ------------------------------------------------------------------------- signals */

static bool
takes_its_time(const cop_actor *self)
{
    if (copi_is_suspended(self))
        return false;
    return self->behaviour->sequence != NULL
               ? self->behaviour->drains
               : copi_handler_for(self->behaviour, &cop_stopping_type) != NULL;
}

/* An actor that handles cop_stopping may take its time, and so may a body that drains; others
 * end, and so does one that is suspended, which handles nothing, or has no `message` of it for
 * lack of memory. */
static void
obey(cop_actor *self, copi_envelope *message, const cop_exit *why)
{
    self->has_obeyed = true;
    if (message == NULL) {
        copi_end(self, why);
        return;
    }
    self->is_stopping = true;
    /* For cop_stop, which ends with the reason that was given. */
    cop_exit *kept =
        self->why != NULL ? self->why : copi_pool_take(&self->worker->pool, sizeof *kept);
    if (kept != NULL)
        *kept = *why;
    self->why = kept;
    message->kind = COPI_USER_MESSAGE;
    message->type = &cop_stopping_type;
    copi_prepend(self, message);
    if (self->behaviour->sequence != NULL)
        (void)self->behaviour->sequence->cancel(self, COP_FORCE_SOFT, why);
}

static bool
may_obey(const cop_actor *self)
{
    return copi_has_turns(self) && !self->is_stopping;
}

COPI_COLD static void
on_stop(cop_actor *self, copi_envelope *envelope)
{
    cop_exit why = ((cop_stopping *)copi_payload(envelope))->why;

    if (may_obey(self) && takes_its_time(self)) {
        obey(self, envelope, &why);
        return;
    }
    copi_envelope_free(self->worker, envelope);
    if (may_obey(self))
        obey(self, NULL, &why);
}

static void
on_kill(cop_actor *self)
{
    self->has_obeyed |= copi_is_open(self);
    copi_kill_self(self);
}

/* The owner had no memory for more words. */
COPI_COLD static void
on_tell(cop_actor *self, copi_envelope *letter)
{
    uint64_t owed = letter->ref;
    cop_exit why = {.origin = letter->from};
    copi_envelope *message = NULL;

    copi_letter_read(letter);
    if (owed == COPI_OWED_KILL) {
        on_kill(self);
    } else if (may_obey(self)) {
        why.kind = copi_owed_reason(owed);
        if (takes_its_time(self))
            message = copi_envelope_new(self->worker, COPI_STOP, sizeof(cop_stopping));
        if (message != NULL)
            *(cop_stopping *)copi_payload(message) = (cop_stopping){why};
        obey(self, message, &why);
    }
}

static void
on_child_end(cop_actor *self, copi_envelope *envelope)
{
    /* Where no code of the owner looks at it, it need not wait for its turn. */
    if (copi_has_turns(self) && self->behaviour->policy == COP_SUPERVISE)
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

static void
on_wake(cop_actor *self, copi_envelope *envelope)
{
    copi_wake *wake = COPI_CONTAINER(envelope, copi_wake, due);

    wake->is_queued = false;
    copi_unpin_for(self, &wake->timer);
    if (copi_is_open(self))
        copi_body_wake(self);
}

/* An actor that is ending has no more turns, but its calls end in time: when all signals that
 * are there have acted, since one may kill it. */
COPI_COLD static void
on_message_too_late(cop_actor *self, copi_envelope *envelope)
{
    if (self->phase == COPI_ENDING && copi_ends_a_call(envelope))
        copi_prepend(self, envelope);
    else
        copi_bounce(self->node, self->worker, copi_pid_of(self), envelope, COP_E_DOWN);
}

/* What waits for its turn. */
static void
on_message(cop_actor *self, copi_envelope *envelope)
{
    if (copi_has_turns(self) || copi_legacy_keeps(self, envelope))
        copi_append(self, envelope);
    else
        on_message_too_late(self, envelope);
}

/* Of who looks at it. */
COPI_COLD static void
on_order(cop_actor *self, copi_envelope *envelope)
{
    if (envelope->kind == COPI_LOOK)
        copi_debug_look(self, envelope);
    else if (copi_is_suspended(self))
        copi_debug_obey(self, envelope);
    else
        on_message(self, envelope);
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
    case COPI_WATCH:
    case COPI_CLOSURE:
    case COPI_LEAF:
    case COPI_SCOPE_END: on_message(self, envelope); break;
    case COPI_DEBUG:
    case COPI_LOOK: on_order(self, envelope); break;
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
        on_kill(self);
        break;
    case COPI_TELL: on_tell(self, envelope); break;
    case COPI_TIME_MOVED: copi_on_time_moved(self, envelope); break;
    case COPI_ADOPT: copi_on_adopt(self, envelope); break;
    case COPI_CHILD_END: on_child_end(self, envelope); break;
    case COPI_LADDER: copi_on_ladder(self); break;
    case COPI_WAKE: on_wake(self, envelope); break;
    case COPI_SCOPE_DUE: copi_on_scope_due(self, envelope); break;
    case COPI_REQUEST: on_request(self, envelope); break;
    }
}

/* For one who had this slot before. */
COPI_COLD static void
bounce_stale(cop_actor *self, copi_envelope *envelope)
{
    uint64_t id = (uint64_t)envelope->generation << 32 | copi_slot(copi_pid_of(self).id);

    copi_bounce(self->node, self->worker, (cop_pid){self->node->incarnation, id}, envelope,
                COP_E_NOPROC);
}

COPI_COLD static void
receive_each(cop_actor *self, copi_mail *oldest)
{
    COPI_TALLY(self->worker, receipts, 1);
    for (copi_mail *mail = oldest, *next; mail != NULL; mail = next) {
        next = mail->next;
        copi_envelope *envelope = copi_envelope_of(mail);
        if (copi_is_for(self, envelope)) {
            if (COPI_UNLIKELY(self->phase == COPI_DEBUGGED))
                copi_debug_note_signal(self, envelope);
            receive_one(self, envelope);
        } else {
            bounce_stale(self, envelope);
        }
    }
}

void
copi_receive_after(cop_actor *self, copi_mail *handled)
{
    copi_mail *newest = copi_mailbox_take_newest(&self->mailbox), *oldest = NULL;
    uint32_t count = 0;
    /* Nothing but messages: the usual case, of an actor with handlers or with a body. */
    bool is_plain = (self->phase | 1) == COPI_SEQUENTIAL;

    for (copi_mail *mail = newest, *older; mail != handled; mail = older) {
        const copi_envelope *envelope = copi_envelope_of(mail);
        is_plain &= envelope->kind <= COPI_LAST_IN_TURN && copi_is_for(self, envelope);
        older = mail->next;
        mail->next = oldest;
        oldest = mail;
        count++;
    }
    if (oldest == NULL)
        return;
    if (COPI_UNLIKELY(!is_plain)) {
        receive_each(self, oldest);
    } else {
        if (self->batch == NULL)
            self->batch = oldest;
        else
            self->batch_last->next = oldest;
        self->batch_last = newest;
        self->batch_count += count;
    }
    atomic_store_explicit(&self->mailbox.backlog, self->batch_count, memory_order_relaxed);
}
