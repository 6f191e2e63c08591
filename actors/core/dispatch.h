/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dispatch.h - from a message to the handler for its type.
 */
#ifndef COPPICE_CORE_DISPATCH_H
#define COPPICE_CORE_DISPATCH_H

#include "core/actor.h"

/* The handler for a type, or NULL. */
const cop_handler *copi_handler_for(const cop_behaviour *behaviour, const cop_type *type);

/* Has the behaviour handle a message; what its handler returned.  One that nobody handles
 * is counted, a dead letter, and if it is a request answered COP_E_NO_HANDLER. */
cop_err copi_dispatch(cop_actor *self, const cop_type *type, const void *message);

/* The same for an envelope, which may be encoded; it stays the caller's. */
cop_err copi_dispatch_envelope(cop_actor *self, copi_envelope *envelope);

#endif /* COPPICE_CORE_DISPATCH_H */
