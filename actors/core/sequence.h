/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sequence.h - what the core asks of actors that have a body instead of handlers.
 *
 * The layer above (co/) fills the table in, and a behaviour points to it; so a program without
 * such actors has no part of it.  All of it is called by the actor's runner.
 */
#ifndef COPPICE_CORE_SEQUENCE_H
#define COPPICE_CORE_SEQUENCE_H

#include <coppice/scope.h>

#include "core/actor.h"

struct cop_sequence {
    size_t state_size; /* of the state, in the place of the behaviour's */
    /* Instead of init.  The argument is its own if it goes well. */
    cop_err (*start)(cop_actor *self, const cop_spawn_opts *opts);
    /* One step of the actor, whose phase is SEQUENTIAL.  True if it sleeps, or it is another's
     * turn. */
    bool (*step)(cop_actor *self, copi_worker *worker, uint32_t slice);
    /* It is to end, as hard as that: true if the body will see to it, false if it has returned
     * or has not begun, and the end can begin. */
    bool (*cancel)(cop_actor *self, cop_force force, const cop_exit *why);
    /* Something that it may wait for has happened. */
    void (*wake)(cop_actor *self);
    /* Nothing of the body will run any more: all that it has goes. */
    void (*end)(cop_actor *self);
};

#endif /* COPPICE_CORE_SEQUENCE_H */
