/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dispatch.h - from a message to the handler for its type.
 */
#ifndef COPPICE_CORE_DISPATCH_H
#define COPPICE_CORE_DISPATCH_H

#include "core/actor.h"

/* copi_dispatch for a message without a handler. */
cop_err copi_dispatch_other(cop_actor *self, const cop_type *type, const void *message);
/* The same as copi_dispatch for what came from another node and is decoded here. */
cop_err copi_dispatch_encoded(cop_actor *self, const copi_encoded *encoded);

/* The name of the type of a message, which may be encoded.  Safe in a signal handler. */
const char *copi_message_name(const cop_behaviour *behaviour, const copi_envelope *envelope);

/* The handler for a type, or NULL. */
static inline const cop_handler *
copi_handler_for(const cop_behaviour *behaviour, const cop_type *type)
{
    const cop_handler *handler = behaviour->handlers;

    if (handler == NULL)
        return NULL;
    for (; handler->type != NULL; handler++)
        if (handler->type == type)
            return handler;
    return NULL;
}

/* Has the behaviour handle a message; what its handler returned.  One that nobody handles
 * is counted, a dead letter, and if it is a request answered COP_E_NO_HANDLER. */
static inline cop_err
copi_dispatch(cop_actor *self, const cop_type *type, const void *message)
{
    const cop_handler *handler = copi_handler_for(self->behaviour, type);

    if (COPI_LIKELY(handler != NULL))
        return handler->call(self, self->state, message);
    return copi_dispatch_other(self, type, message);
}

/* The same for an envelope, which may be encoded; it stays the caller's. */
static inline cop_err
copi_dispatch_envelope(cop_actor *self, copi_envelope *envelope)
{
    if (COPI_UNLIKELY(envelope->type == NULL))
        return copi_dispatch_encoded(self, copi_payload(envelope));
    return copi_dispatch(self, envelope->type, copi_payload(envelope));
}

#endif /* COPPICE_CORE_DISPATCH_H */
