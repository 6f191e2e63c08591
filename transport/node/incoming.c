/* SPDX-License-Identifier: Apache-2.0 */
/*
 * incoming.c - one signal or message of another node, to one actor here.
 */
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "node/hub.h"
#include "wire/bytes.h"

/* Messages stay encoded: their receiver knows their types. */
static copi_envelope *
open_message(copi_worker *worker, copi_kind kind, const copi_record *record)
{
    copi_reader in = {record->body, record->body + record->size, false};
    uint32_t within_ms = kind == COPI_CALL ? (uint32_t)copi_read_number(&in, 4) : 0;
    uint32_t wire_id = (uint32_t)copi_read_number(&in, 4);
    size_t size = copi_left(&in);

    if (in.is_broken || wire_id == 0)
        return NULL;
    copi_envelope *made =
        copi_envelope_new(worker, kind, sizeof(copi_encoded) + size + copi_deadline_room(kind));
    COPI_CHECK(made != NULL);
    if (kind == COPI_CALL)
        copi_envelope_set_deadline(made, copi_worker_now(worker) + within_ms * COPI_MS);
    copi_encoded *encoded = copi_payload(made);
    encoded->wire_id = wire_id;
    encoded->size = (uint32_t)size;
    memcpy(encoded->bytes, in.at, size);
    return made;
}

static copi_envelope *
open_error(copi_worker *worker, const copi_record *record)
{
    copi_reader in = {record->body, record->body + record->size, false};
    cop_err err = (cop_err)copi_read_number(&in, 4);

    if (in.is_broken || copi_left(&in) != 0 || err == COP_OK)
        return NULL;
    copi_envelope *made = copi_envelope_new(worker, COPI_REPLY_ERROR, sizeof err);
    COPI_CHECK(made != NULL);
    memcpy(copi_payload(made), &err, sizeof err);
    return made;
}

static copi_envelope *
open_exit(copi_worker *worker, cop_pid from, const copi_record *record)
{
    cop_exit why;

    if (record->size < 1 || record->body[0] > 1 ||
        !copi_why_read(record->body + 1, record->size - 1, &why))
        return NULL;
    copi_envelope *made = copi_envelope_new(worker, COPI_EXIT, sizeof(cop_exited));
    COPI_CHECK(made != NULL);
    made->type = &cop_exited_type;
    *(cop_exited *)copi_payload(made) = (cop_exited){from, record->body[0] == 1, why};
    return made;
}

static copi_envelope *
open_down(copi_worker *worker, cop_pid from, const copi_record *record)
{
    cop_exit why;

    if (!copi_why_read(record->body, record->size, &why))
        return NULL;
    copi_envelope *made = copi_envelope_new(worker, COPI_DOWN, sizeof(cop_down));
    COPI_CHECK(made != NULL);
    made->type = &cop_down_type;
    *(cop_down *)copi_payload(made) = (cop_down){{record->ref}, from, why};
    return made;
}

static copi_envelope *
open_bare(copi_worker *worker, copi_kind kind, const copi_record *record)
{
    if (record->size != 0)
        return NULL;
    copi_envelope *made = copi_envelope_new(worker, kind, 0);
    COPI_CHECK(made != NULL);
    return made;
}

/* NULL if the record is broken. */
static copi_envelope *
open_record(copi_worker *worker, cop_pid from, const copi_record *record)
{
    switch (record->kind) {
    case COPI_RECORD_MESSAGE: return open_message(worker, COPI_USER_MESSAGE, record);
    case COPI_RECORD_CALL: return open_message(worker, COPI_CALL, record);
    case COPI_RECORD_REPLY: return open_message(worker, COPI_REPLY, record);
    case COPI_RECORD_ERROR: return open_error(worker, record);
    case COPI_RECORD_LINK: return open_bare(worker, COPI_LINK, record);
    case COPI_RECORD_UNLINK: return open_bare(worker, COPI_UNLINK, record);
    case COPI_RECORD_UNLINK_ACK: return open_bare(worker, COPI_UNLINK_ACK, record);
    case COPI_RECORD_MONITOR: return open_bare(worker, COPI_MONITOR, record);
    case COPI_RECORD_DEMONITOR: return open_bare(worker, COPI_DEMONITOR, record);
    case COPI_RECORD_EXIT: return open_exit(worker, from, record);
    case COPI_RECORD_DOWN: return open_down(worker, from, record);
    default: return NULL;
    }
}

bool
copi_peer_deliver(copi_cluster *self, copi_peer *peer, const copi_record *record)
{
    copi_worker *worker = self->me->worker;
    cop_pid to = {cop_node_incarnation(self->node), record->to};
    cop_pid from = {peer->incarnation, record->from};

    if (record->from == 0)
        from = COP_PID_NONE; /* a thread that is no actor */
    copi_envelope *envelope = open_record(worker, from, record);
    if (envelope == NULL)
        return false;
    envelope->from = from;
    envelope->ref = record->ref;
    bool by_link = record->kind == COPI_RECORD_EXIT && record->body[0] == 1;
    COPI_CHECK(copi_crossing_note(&peer->crossing, COPI_INWARD, (copi_kind)envelope->kind,
                                  record->to, record->from, record->ref, by_link, 0));
    cop_err err = copi_push(self->node, worker, to, envelope);
    if (err != COP_OK)
        copi_bounce(self->node, worker, to, envelope, err);
    return true;
}
