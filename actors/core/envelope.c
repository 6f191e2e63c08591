/* SPDX-License-Identifier: Apache-2.0 */
#include "core/envelope.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "message/bufs.h"
#include "message/copy.h"

copi_envelope *
copi_envelope_new(copi_worker *worker, copi_kind kind, size_t size)
{
    if (size > COPI_PAYLOAD_MAX + copi_deadline_room(kind))
        return NULL;
    copi_envelope *made = worker == NULL ? copi_malloc(sizeof *made + size)
                                         : copi_pool_take(&worker->pool, sizeof *made + size);
    if (made == NULL)
        return NULL;
    *made = (copi_envelope){.kind = (unsigned)kind & 0x1f,
                            .is_loose = worker == NULL,
                            .size = (uint32_t)size & COPI_SIZE_MASK};
    if (worker != NULL)
        COPI_TALLY(worker, live_messages, 1);
    return made;
}

copi_envelope *
copi_envelope_typed(copi_worker *worker, copi_kind kind, const cop_type *type,
                    const void *message)
{
    size_t extra = type->flat ? 0 : copi_message_extra(type, message);

    if (extra > COPI_PAYLOAD_MAX)
        return NULL;
    copi_envelope *made =
        copi_envelope_new(worker, kind, type->size + extra + copi_deadline_room(kind));
    if (made == NULL)
        return NULL;
    made->type = type;
    if (type->flat && type->size == sizeof(uint64_t)) /* most are, and a call costs more */
        memcpy(copi_payload(made), message, sizeof(uint64_t));
    else if (copi_message_copy(type, copi_payload(made), message))
        made->has_bufs = true;
    return made;
}

cop_err
copi_envelope_refusal(const cop_type *type, const void *message)
{
    size_t extra = type->flat ? 0 : copi_message_extra(type, message);

    return extra > COPI_PAYLOAD_MAX || type->size + extra > COPI_PAYLOAD_MAX ? COP_E_TOO_LARGE
                                                                             : COP_E_NOMEM;
}

void
copi_envelope_free_other(copi_worker *worker, copi_envelope *envelope)
{
    if (envelope->has_bufs)
        copi_message_drop(envelope->type, copi_payload(envelope));
    if (worker != NULL)
        COPI_TALLY(worker, live_messages, -1);
    if (envelope->is_loose)
        free(envelope);
    else
        copi_pool_give(&worker->pool, envelope, sizeof *envelope + envelope->size);
}

copi_urgency
copi_kind_urgency(copi_kind kind)
{
    switch (kind) {
    case COPI_USER_MESSAGE:
    case COPI_CLOSURE:
    case COPI_CALL: return COPI_USER;
    case COPI_ADOPT: return COPI_NEWCOMER;
    case COPI_EXIT:
    case COPI_STOP:
    case COPI_KILL:
    case COPI_TELL:
    case COPI_LOOK: return COPI_URGENT;
    case COPI_NEWS:
    case COPI_REPLY:
    case COPI_REPLY_ERROR:
    case COPI_DEBUG:
    case COPI_LINK:
    case COPI_UNLINK:
    case COPI_UNLINK_ACK:
    case COPI_MONITOR:
    case COPI_DEMONITOR:
    case COPI_DOWN:
    case COPI_TIME_MOVED:
    case COPI_CHILD_END:
    case COPI_TIMER:
    case COPI_DEADLINE:
    case COPI_WATCH:
    case COPI_LEAF:
    case COPI_SCOPE_END:
    case COPI_SCOPE_DUE:
    case COPI_WAKE:
    case COPI_LADDER:
    case COPI_REQUEST: return COPI_SIGNAL;
    }
    return COPI_SIGNAL;
}
