/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - stopping some neighbours in reverse order and starting them again, step by step.
 *
 * The plan says what to do next and does nothing itself.  Who carries it out notes in each
 * child's phase what has become of it, and asks again:
 *
 *      STOP child    tell it: it is STOPPING until its end comes; or it has ENDED already, or
 *                    waits to be started again, and waits no longer
 *      DROP child    it was temporary, and has no actor any more: forget it
 *      START child   it is RUNNING, or STARTING until it is ready, or STOPPED if its init did
 *                    not want; if it fails, abandon
 *      WAIT          for the end of a child that is STOPPING
 *      DONE          all of it is done, or there was nothing
 */
#ifndef COPPICE_SUPERVISOR_PLAN_H
#define COPPICE_SUPERVISOR_PLAN_H

#include "children.h"

typedef enum copi_plan_stage {
    COPI_PLAN_IDLE,
    COPI_PLAN_STOPS,
    COPI_PLAN_STARTS,
} copi_plan_stage;

typedef struct copi_plan {
    copi_plan_stage stage;
    bool drops;               /* those that are temporary, after the stops */
    bool starts;              /* ... and then starts those that are left */
    copi_child *first, *last; /* NULL: none is left */
    copi_child *at;
} copi_plan;

typedef enum copi_deed {
    COPI_DEED_DONE,
    COPI_DEED_WAIT,
    COPI_DEED_STOP,
    COPI_DEED_DROP,
    COPI_DEED_START,
} copi_deed;

typedef struct copi_step {
    copi_deed deed;
    copi_child *child; /* of STOP, DROP, START */
} copi_step;

/* Children from `first` to `last` are stopped, and all but the temporary ones started. */
void copi_plan_restart(copi_plan *self, copi_child *first, copi_child *last);
/* The same without the starts. */
void copi_plan_clear(copi_plan *self, copi_child *first, copi_child *last);
/* One child is stopped; it stays, even if it is temporary. */
void copi_plan_stop(copi_plan *self, copi_child *child);
/* One child without an actor is started, whatever its restart type. */
void copi_plan_start(copi_plan *self, copi_child *child);
/* The same for all from `first`, which may be NULL, to `last`. */
void copi_plan_begin(copi_plan *self, copi_child *first, copi_child *last);

copi_step copi_plan_next(copi_plan *self);

static inline bool
copi_plan_is_idle(const copi_plan *self)
{
    return self->stage == COPI_PLAN_IDLE;
}

/* Nothing more of it is done. */
void copi_plan_abandon(copi_plan *self);

#endif /* COPPICE_SUPERVISOR_PLAN_H */
