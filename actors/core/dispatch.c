/* SPDX-License-Identifier: Apache-2.0 */
#include "core/dispatch.h"

#include "base/check.h"
#include "core/node.h"
#include "core/ties.h"
#include "message/bufs.h"
#include "message/unpack.h"

static const cop_handler *
handler_for_wire(const cop_behaviour *behaviour, uint32_t wire_id)
{
    const cop_handler *handler = behaviour->handlers;

    for (; handler != NULL && handler->type != NULL; handler++)
        if (handler->type->wire_id == wire_id && wire_id != 0)
            return handler;
    return NULL;
}

/* Nobody wants it: seen by the dead letters, and by the caller if there is one. */
COPI_COLD static void
refuse(cop_actor *self, const cop_type *type, const void *message, cop_err why)
{
    COPI_TALLY(self->worker, unhandled, 1);
    copi_dead_letter(
        self->node, self->worker,
        &(cop_dead_letter){cop_sender(self), copi_pid_of(self), type, message, why});
    copi_answer_unanswered(self, why);
}

cop_err
copi_dispatch_other(cop_actor *self, const cop_type *type, const void *message)
{
    if (self->behaviour->on_message != NULL)
        return self->behaviour->on_message(self, self->state, type, message);
    refuse(self, type, message, COP_E_NO_HANDLER);
    return COP_OK;
}

const char *
copi_message_name(const cop_behaviour *behaviour, const copi_envelope *envelope)
{
    const void *body = envelope + 1;

    if (envelope->type != NULL)
        return envelope->type->name;
    if (envelope->kind == COPI_REPLY_ERROR)
        return "an error for an answer";
    if (envelope->kind >= COPI_REPLY_ERROR)
        return envelope->kind == COPI_DEADLINE ? "a call's deadline" : "a signal";
    const cop_handler *handler =
        handler_for_wire(behaviour, ((const copi_encoded *)body)->wire_id);
    return handler != NULL ? handler->type->name : "unknown";
}

cop_err
copi_dispatch_encoded(cop_actor *self, const copi_encoded *encoded)
{
    const cop_handler *handler = handler_for_wire(self->behaviour, encoded->wire_id);
    size_t size = 0;

    if (handler == NULL) {
        refuse(self, NULL, NULL, COP_E_NO_HANDLER);
        return COP_OK;
    }
    if (copi_unpack_size(handler->type, encoded->bytes, encoded->size, &size) != COP_OK) {
        refuse(self, NULL, NULL, COP_E_BAD_MESSAGE);
        return COP_OK;
    }
    void *message = copi_pool_take(&self->worker->pool, size);
    if (message == NULL) {
        refuse(self, NULL, NULL, COP_E_NOMEM);
        return COP_OK;
    }
    cop_err err = copi_unpack(handler->type, encoded->bytes, encoded->size, message);
    if (err != COP_OK) {
        refuse(self, NULL, NULL, err);
        err = COP_OK;
    } else {
        err = handler->call(self, self->state, message);
        copi_message_drop(handler->type, message);
    }
    copi_pool_give(&self->worker->pool, message, size);
    return err;
}
