/* SPDX-License-Identifier: Apache-2.0 */
#include "core/post.h"

#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "core/node.h"
#include "core/scope.h"
#include "message/bufs.h"

static const copi_route *
route_of(cop_node *node)
{
    /* acquire: pairs with the transport's store; the table behind it is set. */
    return atomic_load_explicit(&node->route, memory_order_acquire);
}

/* The record of whom `to` names, or was it when this looked; NULL: nobody any more. */
static inline cop_actor *
find(cop_node *node, cop_pid to)
{
    cop_actor *actor = copi_table_find(&node->table, copi_slot(to.id));

    /* relaxed: see the field. */
    if (actor == NULL || atomic_load_explicit(&actor->id, memory_order_relaxed) != to.id)
        return NULL;
    return actor;
}

/* Counts what goes to another worker's actor, see sched/company.c. */
static inline void
note_company(copi_worker *worker, const cop_actor *actor)
{
    uint32_t ran_on = atomic_load_explicit(&actor->ran_on, memory_order_relaxed);

    if (COPI_UNLIKELY(ran_on != worker->index)) {
        worker->foreign++;
        worker->foreign_with = ran_on;
    }
}

static inline cop_err
deliver(cop_node *node, copi_worker *worker, cop_actor *actor, copi_envelope *envelope,
        copi_urgency urgency)
{
    switch (copi_mailbox_push(&actor->mailbox, &envelope->mail, urgency)) {
    case COPI_PUSHED: return COP_OK;
    case COPI_PUSHED_MORE:
        if (worker != NULL)
            worker->spent += COPI_CROWD_COST;
        return COP_OK;
    case COPI_PUSHED_WAKE: copi_sched_submit(&node->sched, worker, &actor->task); return COP_OK;
    case COPI_PUSH_FULL: return COP_E_FULL;
    case COPI_PUSH_CLOSED: return COP_E_NOPROC;
    }
    return COP_E_NOPROC;
}

cop_err
copi_push(cop_node *node, copi_worker *worker, cop_pid to, copi_envelope *envelope)
{
    cop_actor *actor = to.node == node->incarnation ? find(node, to) : NULL;

    if (actor == NULL)
        return COP_E_NOPROC;
    envelope->generation = copi_generation(to.id);
    if (worker != NULL)
        worker->spent += COPI_SEND_COST;
    return deliver(node, worker, actor, envelope, copi_kind_urgency((copi_kind)envelope->kind));
}

void
copi_push_self(copi_worker *worker, cop_actor *self, copi_envelope *envelope)
{
    envelope->generation =
        copi_generation(atomic_load_explicit(&self->id, memory_order_relaxed));
    copi_pushed pushed = copi_mailbox_push(&self->mailbox, &envelope->mail, COPI_SIGNAL);
    COPI_CHECK(pushed == COPI_PUSHED || pushed == COPI_PUSHED_WAKE);
    if (pushed == COPI_PUSHED_WAKE)
        copi_sched_submit(&self->node->sched, worker, &self->task);
}

void
copi_dead_letter(cop_node *node, copi_worker *worker, const cop_dead_letter *letter)
{
    if (worker != NULL)
        COPI_TALLY(worker, dead_letters, 1);
    else
        atomic_fetch_add_explicit(&node->foreign_dead_letters, 1, memory_order_relaxed);
    if (node->opts.on_dead_letter != NULL)
        node->opts.on_dead_letter(node->opts.ctx, letter);
}

/* ------------------------------------------------------------------------ parcels */

/* How large the payload of a signal is.  What may have to be answered has room for that. */
static size_t
payload_of(copi_kind kind)
{
    switch (kind) {
    case COPI_LINK:
    case COPI_EXIT: return sizeof(cop_exited);
    case COPI_MONITOR:
    case COPI_DOWN: return sizeof(cop_down);
    case COPI_STOP: return sizeof(cop_stopping);
    case COPI_REPLY_ERROR: return sizeof(cop_err);
    default: return 0;
    }
}

/* All but its size. */
static void
write_signal(copi_envelope *made, const copi_parcel *parcel)
{
    void *payload = copi_payload(made);

    made->kind = (unsigned)parcel->kind & 0x1f;
    made->is_suspect = 0;
    made->type = NULL;
    made->from = parcel->from;
    made->ref = parcel->ref;
    switch (parcel->kind) {
    case COPI_EXIT:
        made->type = &cop_exited_type;
        *(cop_exited *)payload = (cop_exited){parcel->from, parcel->by_link, *parcel->why};
        break;
    case COPI_DOWN:
        made->type = &cop_down_type;
        *(cop_down *)payload = (cop_down){{parcel->ref}, parcel->from, *parcel->why};
        break;
    case COPI_STOP: ((cop_stopping *)payload)->why = *parcel->why; break;
    case COPI_REPLY_ERROR: memcpy(payload, &parcel->err, sizeof parcel->err); break;
    default: break;
    }
}

static copi_envelope *
pack(copi_worker *worker, const copi_parcel *parcel)
{
    copi_envelope *made;

    switch (parcel->kind) {
    case COPI_USER_MESSAGE:
    case COPI_CALL:
    case COPI_REPLY:
    case COPI_DEBUG:
    case COPI_LOOK:
        made = copi_envelope_typed(worker, parcel->kind, parcel->type, parcel->body);
        if (made != NULL && parcel->kind == COPI_CALL)
            copi_envelope_set_deadline(made,
                                       copi_worker_now(worker) + parcel->within_ms * COPI_MS);
        if (made != NULL) {
            made->from = parcel->from;
            made->ref = parcel->ref;
        }
        break;
    default:
        made = copi_envelope_new(worker, parcel->kind, payload_of(parcel->kind));
        if (made != NULL)
            write_signal(made, parcel);
        break;
    }
    return made;
}

static void
count_foreign(cop_node *node, copi_worker *worker, int by)
{
    if (worker == NULL)
        atomic_fetch_add_explicit(&node->foreign_messages, by, memory_order_relaxed);
}

cop_err
copi_send(cop_node *node, copi_worker *worker, const copi_parcel *parcel)
{
    if (parcel->to.node != node->incarnation) {
        const copi_route *route = route_of(node);
        if (cop_pid_is_none(parcel->to))
            return COP_E_NOPROC;
        if (route == NULL)
            return COP_E_NOCONNECTION;
        COP_TRY(route->send(route->ctx, worker, parcel));
        if (parcel->type != NULL && parcel->type->has_bufs)
            copi_message_drop(parcel->type, parcel->body); /* their bytes are on the way */
        return COP_OK;
    }
    copi_envelope *made = pack(worker, parcel);
    if (made == NULL)
        return parcel->type != NULL ? copi_envelope_refusal(parcel->type, parcel->body)
                                    : COP_E_NOMEM;
    count_foreign(node, worker, 1);
    cop_err err = copi_push(node, worker, parcel->to, made);
    if (err != COP_OK) {
        copi_envelope_unmake(worker, made);
        count_foreign(node, worker, -1);
    }
    return err;
}

COPI_COLD static cop_err
send_far(cop_actor *me, copi_kind kind, cop_pid to, uint64_t ref, const cop_type *type,
         const void *message)
{
    copi_parcel parcel = {.kind = kind,
                          .from = copi_pid_of(me),
                          .to = to,
                          .ref = ref,
                          .type = type,
                          .body = message};

    return copi_taken(type, message, copi_send(me->node, me->worker, &parcel));
}

/* The references of a message that cannot be sent go. */
COPI_COLD static cop_err
give_up(const cop_type *type, const void *message, cop_err err)
{
    return copi_taken(type, message, err);
}

/* The common case without a parcel in between, and without a call that is not needed. */
COPI_INLINE cop_err
send_typed(cop_actor *me, copi_kind kind, cop_pid to, uint64_t ref, int64_t deadline,
           const cop_type *type, const void *message)
{
    cop_node *node = me->node;
    copi_worker *worker = me->worker;

    if (COPI_UNLIKELY(to.node != node->incarnation))
        return send_far(me, kind, to, ref, type, message);
    cop_actor *actor = find(node, to);
    if (COPI_UNLIKELY(actor == NULL))
        return give_up(type, message, COP_E_NOPROC);
    copi_envelope *made = COPI_LIKELY(type->flat)
                              ? copi_envelope_flat(worker, kind, type, message)
                              : copi_envelope_typed(worker, kind, type, message);
    if (COPI_UNLIKELY(made == NULL))
        return give_up(type, message, copi_envelope_refusal(type, message));
    made->from = copi_pid_of(me);
    made->ref = ref;
    if (kind == COPI_CALL)
        copi_envelope_set_deadline(made, deadline);
    made->generation = copi_generation(to.id);
    worker->spent += COPI_SEND_COST;
    note_company(worker, actor);
    cop_err err =
        deliver(node, worker, actor, made, kind == COPI_REPLY ? COPI_SIGNAL : COPI_USER);
    if (COPI_UNLIKELY(err != COP_OK))
        copi_envelope_free(worker, made);
    return err;
}

cop_err
cop_send_message(cop_actor *me, cop_pid to, const cop_type *type, const void *message)
{
    return send_typed(me, COPI_USER_MESSAGE, to, 0, 0, type, message);
}

cop_err
copi_send_typed(cop_actor *me, copi_kind kind, cop_pid to, uint64_t ref, int64_t deadline,
                const cop_type *type, const void *message)
{
    return send_typed(me, kind, to, ref, deadline, type, message);
}

/* ------------------------------------------------------------------------ bouncing */

/* What the sender of a signal is told when there is nobody to receive it.  False: nothing. */
static bool
answer_of(const copi_parcel *parcel, cop_err err, copi_parcel *back)
{
    static const cop_exit noproc = {.kind = COP_EXIT_NOPROC};
    static const cop_exit noconnection = {.kind = COP_EXIT_NOCONNECTION};

    *back = (copi_parcel){.from = parcel->to,
                          .to = parcel->from,
                          .ref = parcel->ref,
                          .why = err == COP_E_NOCONNECTION ? &noconnection : &noproc,
                          .err = err};
    switch (parcel->kind) {
    case COPI_CALL:
    case COPI_DEBUG:
    case COPI_LOOK: back->kind = COPI_REPLY_ERROR; return true;
    case COPI_LINK:
        back->kind = COPI_EXIT;
        back->by_link = true;
        return true;
    case COPI_MONITOR: back->kind = COPI_DOWN; return true;
    case COPI_UNLINK: back->kind = COPI_UNLINK_ACK; return true;
    default: return false;
    }
}

cop_err
copi_try_signal(cop_node *node, copi_worker *worker, const copi_parcel *parcel)
{
    cop_err err = copi_send(node, worker, parcel);
    copi_parcel back;

    if (err == COP_E_NOMEM)
        return err;
    if (err != COP_OK && answer_of(parcel, err, &back))
        return copi_try_signal(node, worker, &back);
    return COP_OK;
}

void
copi_signal(cop_node *node, copi_worker *worker, const copi_parcel *parcel)
{
    /* Who has made no provision for it cannot go on: a signal would be lost. */
    COPI_INSIST(copi_try_signal(node, worker, parcel) != COP_E_NOMEM);
}

void
copi_signal_in(cop_node *node, copi_worker *worker, copi_envelope *room,
               const copi_parcel *parcel)
{
    copi_parcel back;

    if (parcel->to.node != node->incarnation) {
        copi_envelope_unmake(worker, room);
        copi_signal(node, worker, parcel);
        return;
    }
    write_signal(room, parcel);
    cop_err err = copi_push(node, worker, parcel->to, room);
    if (err == COP_OK)
        return;
    if (answer_of(parcel, err, &back) && room->size >= payload_of(back.kind))
        copi_signal_in(node, worker, room, &back);
    else
        copi_envelope_unmake(worker, room);
}

copi_envelope *
copi_envelope_in(copi_worker *worker, void *record, size_t size)
{
    copi_envelope *made = record;

    *made = (copi_envelope){.size = (uint32_t)(size - sizeof *made) & COPI_SIZE_MASK};
    COPI_TALLY(worker, live_messages, 1);
    return made;
}

bool
copi_drop_embedded(cop_actor *self, copi_envelope *envelope)
{
    switch ((copi_kind)envelope->kind) {
    case COPI_TIMER: copi_drop_alarm(self, envelope); return true;
    case COPI_DEADLINE: copi_drop_deadline(self, envelope); return true;
    case COPI_WATCH: copi_drop_watch(self, envelope); return true;
    case COPI_LEAF: copi_drop_leaf(self, envelope); return true;
    case COPI_SCOPE_END:
    case COPI_SCOPE_DUE: copi_drop_scope(self, envelope); return true;
    case COPI_TELL: copi_letter_read(envelope); return true;
    case COPI_LADDER:
    case COPI_WAKE:
    case COPI_CHILD_END: return true;
    default: return false;
    }
}

void
copi_bounce(cop_node *node, copi_worker *worker, cop_pid at, copi_envelope *envelope,
            cop_err err)
{
    copi_parcel parcel = {.kind = (copi_kind)envelope->kind,
                          .from = envelope->from,
                          .to = at,
                          .ref = envelope->ref};
    copi_parcel back;

    if (copi_drop_embedded(copi_table_find(&node->table, copi_slot(at.id)), envelope))
        return;
    if (parcel.kind == COPI_REQUEST) {
        copi_request *request = copi_payload(envelope);
        request->refuse(request->ctx);
    } else if (parcel.kind == COPI_CLOSURE) {
        copi_closure_drop(copi_payload(envelope));
    } else if (parcel.kind == COPI_USER_MESSAGE || parcel.kind == COPI_CALL) {
        const void *message = envelope->type != NULL ? copi_payload(envelope) : NULL;
        copi_dead_letter(node, worker,
                         &(cop_dead_letter){envelope->from, at, envelope->type, message,
                                            err == COP_E_DOWN ? COP_E_NOPROC : err});
    }
    if (!answer_of(&parcel, err, &back)) {
        copi_envelope_free(worker, envelope);
    } else if (envelope->size < payload_of(back.kind)) {
        copi_envelope_free(worker, envelope);
        copi_signal(node, worker, &back);
    } else {
        if (envelope->has_bufs)
            copi_message_drop(envelope->type, copi_payload(envelope));
        envelope->has_bufs = false;
        copi_signal_in(node, worker, envelope, &back);
    }
}
