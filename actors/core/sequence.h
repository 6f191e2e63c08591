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

/* Wakes a body at some time.  Embedded in its state. */
typedef struct copi_wake {
    copi_timer timer;  /* what: COPI_WAKE */
    copi_envelope due; /* COPI_WAKE */
    cop_actor *actor;
    bool is_queued;
} copi_wake;

struct cop_sequence {
    size_t state_size; /* of the state, in the place of the behaviour's */
    /* Instead of init.  The argument is its own if it goes well. */
    cop_err (*start)(cop_actor *self, const cop_spawn_opts *opts);
    /* One step of the actor, whose phase is SEQUENTIAL.  True if it sleeps, or it is another's
     * turn. */
    bool (*step)(cop_actor *self, copi_worker *worker, uint32_t slice);
    /* It is to end, as hard as that, or harder than it was: true if the body will see to it,
     * false if it has returned or has not begun, and the end can begin. */
    bool (*cancel)(cop_actor *self, cop_force force, const cop_exit *why);
    /* Has it been told so hard?  Its own scope takes nothing any more, then. */
    bool (*is_cancelled)(const cop_actor *self);
    /* Something that it may wait for has happened. */
    void (*wake)(cop_actor *self);
    /* Something has been taken out of its batch, and what it knew of that is no longer true. */
    void (*forget)(cop_actor *self);
    /* What it waits for, for people; static.  NULL: that is seen elsewhere. */
    const char *(*waits_for)(const cop_actor *self);
    /* And where in the program, or NULL. */
    const char *(*waits_at)(const cop_actor *self);
    /* Nothing of the body will run any more: all that it has goes. */
    void (*end)(cop_actor *self);
};

/* Of an actor whose end has not begun. */
static inline bool
copi_is_cancelled(const cop_actor *self)
{
    return self->behaviour->sequence != NULL && self->behaviour->sequence->is_cancelled(self);
}

/* run.c */

void copi_wake_due(copi_worker *worker, copi_timer *timer);
/* Handles one whose turn has come, to the end, and frees it. */
void copi_run_message(cop_actor *self, copi_envelope *envelope);
/* The actor has just begun to end: if that was a crash it is reported. */
void copi_report_end(cop_actor *self, const char *during);

/* What the core keeps for the layer above, per node; see co/annex.c. */
typedef struct copi_annex {
    void (*free)(struct copi_annex *self);
    /* Does a little of what can wait; false: there is nothing.  A worker that would sleep. */
    bool (*tidy)(struct copi_annex *self);
} copi_annex;

#endif /* COPPICE_CORE_SEQUENCE_H */
