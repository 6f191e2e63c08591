/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inbox.c - the batch of a sequential actor.
 *
 *      batch    m1 -> m2 -> m3 -> m4 -> x5 -> m6
 *                     ^seen       ^sorted
 *
 * m: plain messages for the body.  What is something else is handled as it is sorted, and what
 * becomes a message then (a timer that is due, a descriptor that is ready) takes its place.
 */
#include <string.h>

#include "base/check.h"
#include "co/co.h"
#include "core/dispatch.h"
#include "core/node.h"
#include "core/receive.h"
#include "message/bufs.h"
#include "message/unpack.h"

void
copi_inbox_forget(cop_actor *self)
{
    cop_co *co = self->state;

    co->head = self->batch;
    co->sorted = co->seen = NULL;
}

/* Somebody has put something before all others: everything is looked at again. */
static void
follow(cop_co *co)
{
    if (co->head != co->actor->batch)
        copi_inbox_forget(co->actor);
}

static copi_mail *
after(const cop_co *co, const copi_mail *mail)
{
    return mail == NULL ? co->actor->batch : mail->next;
}

/* Takes what stands behind `before` out. */
static copi_envelope *
take_out(cop_co *co, copi_mail *before)
{
    cop_actor *self = co->actor;
    copi_mail *mail = after(co, before);

    *(before == NULL ? &self->batch : &before->next) = mail->next;
    if (self->batch_last == mail)
        self->batch_last = before;
    co->head = self->batch;
    self->batch_count--;
    copi_mailbox_show_backlog(&self->mailbox, self->batch_count);
    return copi_envelope_of(mail);
}

static void
put_in(cop_co *co, copi_mail *before, copi_envelope *envelope)
{
    cop_actor *self = co->actor;

    envelope->mail.next = after(co, before);
    *(before == NULL ? &self->batch : &before->next) = &envelope->mail;
    if (envelope->mail.next == NULL)
        self->batch_last = &envelope->mail;
    co->head = self->batch;
    self->batch_count++;
}

/* What handling an envelope comes to when nobody has a handler for it. */
cop_err
cop_sequence_message(cop_actor *me, void *state, const cop_type *type, const void *message)
{
    cop_co *co = state;

    copi_envelope *made = copi_envelope_typed(me->worker, COPI_USER_MESSAGE, type, message);
    if (made == NULL)
        return COP_E_NOMEM;
    if (type->has_bufs) /* both have them now */
        copi_message_hold(type, message);
    made->from = cop_sender(me);
    if (co->captured != NULL)
        copi_append(me, made);
    else
        co->captured = made;
    return COP_OK;
}

static const cop_type *
type_for_wire(const cop_behaviour *behaviour, uint32_t wire_id)
{
    const cop_handler *handler = behaviour->handlers;

    for (; handler != NULL && handler->type != NULL; handler++)
        if (handler->type->wire_id == wire_id && wire_id != 0)
            return handler->type;
    return NULL;
}

/* The same envelope, decoded; NULL and an error if that cannot be. */
static copi_envelope *
decoded(cop_actor *self, copi_envelope *envelope, cop_err *err)
{
    const copi_encoded *encoded = copi_payload(envelope);
    const cop_type *type = type_for_wire(self->behaviour, encoded->wire_id);
    size_t size = 0;

    *err = type == NULL ? COP_E_NO_HANDLER : COP_E_BAD_MESSAGE;
    if (type == NULL || copi_unpack_size(type, encoded->bytes, encoded->size, &size) != COP_OK)
        return NULL;
    const copi_kind kind = (copi_kind)envelope->kind;
    copi_envelope *made =
        copi_envelope_new(self->worker, kind, size + copi_deadline_room(kind));
    *err = COP_E_NOMEM;
    if (made == NULL)
        return NULL;
    *err = copi_unpack(type, encoded->bytes, encoded->size, copi_payload(made));
    if (*err != COP_OK) {
        copi_envelope_free(self->worker, made);
        return NULL;
    }
    made->type = type;
    made->from = envelope->from;
    made->ref = envelope->ref;
    if (kind == COPI_CALL)
        copi_envelope_set_deadline(made, copi_request_deadline(envelope));
    made->has_bufs = type->has_bufs;
    return made;
}

/* Of another node: it becomes plain, or nothing. */
static void
sort_encoded(cop_co *co)
{
    cop_actor *self = co->actor;
    cop_err err;
    copi_envelope *envelope = take_out(co, co->sorted), *made = decoded(self, envelope, &err);

    if (made == NULL) {
        COPI_TALLY(self->worker, unhandled, 1);
        copi_dead_letter(
            self->node, self->worker,
            &(cop_dead_letter){envelope->from, copi_pid_of(self), NULL, NULL, err});
        self->current = envelope;
        copi_answer_unanswered(self, err);
        self->current = NULL;
    } else {
        put_in(co, co->sorted, made);
        co->sorted = &made->mail;
    }
    copi_envelope_free(self->worker, envelope);
}

static bool
is_plain(const copi_envelope *envelope)
{
    switch ((copi_kind)envelope->kind) {
    case COPI_USER_MESSAGE:
    case COPI_CALL:
    case COPI_NEWS:
    case COPI_DOWN: return true;
    default: return false;
    }
}

/* Passes by all that stand there as they are to be. */
static copi_mail *
sort_plain(cop_co *co, copi_mail *mail)
{
    for (; mail != NULL; mail = mail->next) {
        const copi_envelope *envelope = copi_envelope_of(mail);
        if (!is_plain(envelope) || envelope->type == NULL)
            break;
        co->sorted = mail;
    }
    return mail;
}

static void
sort_other(cop_co *co)
{
    cop_actor *self = co->actor;

    copi_run_message(self, take_out(co, co->sorted));
    copi_envelope *made = co->captured;
    if (made == NULL)
        return;
    co->captured = NULL;
    put_in(co, co->sorted, made);
    co->sorted = &made->mail;
}

bool
copi_inbox_sort(cop_co *co)
{
    cop_actor *self = co->actor;

    follow(co);
    for (copi_mail *mail; (mail = sort_plain(co, after(co, co->sorted))) != NULL; follow(co)) {
        if (is_plain(copi_envelope_of(mail)))
            sort_encoded(co);
        else
            sort_other(co);
        if (!copi_has_turns(self))
            return false;
    }
    return true;
}

static bool
is_chosen(const copi_choice *choice, copi_envelope *envelope)
{
    if (choice->type != NULL && choice->type != envelope->type)
        return false;
    if (COPI_LIKELY(choice->wants == NULL))
        return true;
    cop_received shown = {envelope->type, copi_payload(envelope), envelope->from};
    return choice->wants(&shown, choice->ctx);
}

copi_envelope *
copi_inbox_pick(cop_co *co, const copi_choice *choice)
{
    follow(co);
    while (co->seen != co->sorted) {
        copi_mail *mail = after(co, co->seen);
        if (is_chosen(choice, copi_envelope_of(mail))) {
            if (co->sorted == mail)
                co->sorted = co->seen;
            return take_out(co, co->seen);
        }
        co->seen = mail;
    }
    return NULL;
}
