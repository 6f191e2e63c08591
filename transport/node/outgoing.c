/* SPDX-License-Identifier: Apache-2.0 */
#include "node/outgoing.h"

#include <stddef.h>
#include <string.h>

#include "base/check.h"
#include "message/pack.h"
#include "wire/bytes.h"

/* ------------------------------------------------------------- on the sender's thread */

/* What a parcel says beside who and whom. */
typedef struct body {
    copi_record_kind kind;
    size_t packed; /* of a message, behind the bytes */
    size_t size;
    uint8_t bytes[1 + COPI_WHY_MAX];
} body;

static void
write_message(body *self, copi_record_kind kind, const copi_parcel *parcel, size_t packed)
{
    copi_writer out = {self->bytes, self->bytes + 8, false};

    if (kind == COPI_RECORD_CALL)
        copi_write_number(&out, (uint32_t)parcel->within_ms, 4);
    copi_write_number(&out, parcel->type == NULL ? 0 : parcel->type->wire_id, 4);
    self->kind = kind;
    self->size = (size_t)(out.at - self->bytes);
    self->packed = packed;
}

static void
write_error(body *self, cop_err err)
{
    copi_writer out = {self->bytes, self->bytes + 4, false};

    copi_write_number(&out, err, 4);
    self->kind = COPI_RECORD_ERROR;
    self->size = 4;
}

static void
write_exit(body *self, const copi_parcel *parcel)
{
    self->kind = COPI_RECORD_EXIT;
    self->bytes[0] = parcel->by_link;
    self->size = 1 + copi_why_write(self->bytes + 1, parcel->why);
}

static void
write_down(body *self, const cop_exit *why)
{
    self->kind = COPI_RECORD_DOWN;
    self->size = copi_why_write(self->bytes, why);
}

/* False for what does not travel. */
static bool
write_body(body *self, const copi_parcel *parcel, size_t packed)
{
    self->size = self->packed = 0;
    switch (parcel->kind) {
    case COPI_USER_MESSAGE: write_message(self, COPI_RECORD_MESSAGE, parcel, packed); break;
    case COPI_CALL: write_message(self, COPI_RECORD_CALL, parcel, packed); break;
    case COPI_REPLY: write_message(self, COPI_RECORD_REPLY, parcel, packed); break;
    case COPI_REPLY_ERROR: write_error(self, parcel->err); break;
    case COPI_LINK: self->kind = COPI_RECORD_LINK; break;
    case COPI_UNLINK: self->kind = COPI_RECORD_UNLINK; break;
    case COPI_UNLINK_ACK: self->kind = COPI_RECORD_UNLINK_ACK; break;
    case COPI_MONITOR: self->kind = COPI_RECORD_MONITOR; break;
    case COPI_DEMONITOR: self->kind = COPI_RECORD_DEMONITOR; break;
    case COPI_EXIT: write_exit(self, parcel); break;
    case COPI_DOWN: write_down(self, parcel->why); break;
    default: return false;
    }
    return true;
}

static size_t
write_record(uint8_t *at, const copi_parcel *parcel, const body *body)
{
    copi_record record = {.kind = body->kind,
                          .from = parcel->from.id,
                          .to = parcel->to.id,
                          .ref = parcel->ref,
                          .size = body->size + body->packed};
    uint8_t head[COPI_SIGNAL_HEAD];
    size_t head_size = copi_record_write(head, &record);

    memcpy(at, head, head_size);
    memcpy(at + head_size, body->bytes, body->size);
    if (body->packed > 0)
        copi_pack(parcel->type, parcel->body, at + head_size + body->size);
    return head_size + record.size;
}

/* The hub's copy, if the hub cannot take it any more. */
static void refuse(void *ctx);
static void take(cop_actor *hub, void *ctx);

static cop_err
measure(const copi_parcel *parcel, const copi_gate *gate, size_t *packed)
{
    *packed = 0;
    if (parcel->type == NULL)
        return COP_OK;
    if (parcel->type->wire_id == 0)
        return COP_E_INVAL;
    *packed = copi_pack_size(parcel->type, parcel->body);
    /* relaxed: written before the gate was opened. */
    if (*packed > atomic_load_explicit(&gate->limit, memory_order_relaxed))
        return COP_E_TOO_LARGE;
    return COP_OK;
}

cop_err
copi_outgoing_new(copi_cluster *self, copi_worker *worker, const copi_parcel *parcel,
                  copi_gate *gate, uint64_t epoch, copi_envelope **out, size_t *size)
{
    body body;
    size_t packed;

    COP_TRY(measure(parcel, gate, &packed));
    if (!write_body(&body, parcel, packed))
        return COP_E_INVAL;
    size_t room = COPI_SIGNAL_HEAD + body.size + packed;
    copi_envelope *made = copi_envelope_new(
        worker, COPI_REQUEST, sizeof(copi_request) + sizeof(copi_outgoing) + room);
    if (made == NULL)
        return COP_E_NOMEM;
    copi_request *request = copi_payload(made);
    copi_outgoing *going = (void *)(request + 1);
    *request = (copi_request){take, refuse, going};
    *going = (copi_outgoing){.cluster = self,
                             .gate = gate,
                             .epoch = epoch,
                             .kind = parcel->kind,
                             .by_link = parcel->by_link,
                             .from = parcel->from,
                             .to = parcel->to,
                             .ref = parcel->ref,
                             .within_ms = parcel->within_ms};
    going->size = write_record(going->record, parcel, &body);
    *size = going->size;
    *out = made;
    return COP_OK;
}

/* ----------------------------------------------------------------------- in the hub */

/* The session that it was for is gone: its sender is told what that means. */
static void
give_back(const copi_outgoing *going, copi_worker *worker)
{
    static const cop_exit why = {.kind = COP_EXIT_NOCONNECTION};
    copi_parcel back = {.from = going->to,
                        .to = going->from,
                        .ref = going->ref,
                        .why = &why,
                        .err = COP_E_NOCONNECTION};

    switch (going->kind) {
    case COPI_CALL: back.kind = COPI_REPLY_ERROR; break;
    case COPI_MONITOR: back.kind = COPI_DOWN; break;
    case COPI_UNLINK: back.kind = COPI_UNLINK_ACK; break;
    case COPI_LINK:
        back.kind = COPI_EXIT;
        back.by_link = true;
        break;
    case COPI_USER_MESSAGE:
        copi_dead_letter(
            going->cluster->node, worker,
            &(cop_dead_letter){going->from, going->to, NULL, NULL, COP_E_NOCONNECTION});
        return;
    default: return;
    }
    copi_signal(going->cluster->node, worker, &back);
}

static void
leave_queue(const copi_outgoing *going)
{
    atomic_fetch_sub_explicit(&going->gate->queued, (int64_t)going->size, memory_order_relaxed);
}

static void
refuse(void *ctx)
{
    copi_outgoing *going = ctx;
    const cop_actor *hub = going->cluster->me;

    leave_queue(going);
    /* Else the node is being thrown away as it is. */
    if (hub->phase == COPI_ENDING)
        give_back(going, hub->worker);
}

static void
take(cop_actor *hub, void *ctx)
{
    copi_outgoing *going = ctx;
    copi_cluster *self = going->cluster;
    copi_peer *peer = copi_peer_of(self, going->to.node);

    leave_queue(going);
    if (peer == NULL || !peer->is_up || peer->epoch != going->epoch) {
        give_back(going, hub->worker);
        return;
    }
    COPI_CHECK(copi_crossing_note(&peer->crossing, COPI_OUTWARD, going->kind, going->from.id,
                                  going->to.id, going->ref, going->by_link,
                                  cop_now_ms(hub) + going->within_ms));
    COPI_CHECK(copi_outbox_add(&peer->outbox, going->record, going->size));
    copi_hub_flush_later(self);
}
