/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

void
copi_plan_restart(copi_plan *self, copi_child *first, copi_child *last)
{
    *self = (copi_plan){COPI_PLAN_STOPS, true, true, first, last, last};
}

void
copi_plan_clear(copi_plan *self, copi_child *first, copi_child *last)
{
    *self = (copi_plan){COPI_PLAN_STOPS, true, false, first, last, last};
}

void
copi_plan_stop(copi_plan *self, copi_child *child)
{
    *self = (copi_plan){COPI_PLAN_STOPS, false, false, child, child, child};
}

void
copi_plan_start(copi_plan *self, copi_child *child)
{
    copi_plan_begin(self, child, child);
}

void
copi_plan_begin(copi_plan *self, copi_child *first, copi_child *last)
{
    *self = (copi_plan){COPI_PLAN_STARTS, false, true, first, last, first};
}

void
copi_plan_abandon(copi_plan *self)
{
    *self = (copi_plan){.stage = COPI_PLAN_IDLE};
}

/* The child in question leaves the span, since it is about to be forgotten. */
static copi_step
drop(copi_plan *self, copi_child *child)
{
    if (self->first == self->last)
        self->first = self->last = NULL;
    else if (child == self->first)
        self->first = child->younger;
    else if (child == self->last)
        self->last = child->older;
    return (copi_step){COPI_DEED_DROP, child};
}

static copi_step
next_stop(copi_plan *self)
{
    while (self->at != NULL) {
        copi_child *child = self->at;
        if (child->phase == COPI_CHILD_RUNNING || child->phase == COPI_CHILD_ENDED ||
            child->phase == COPI_CHILD_RESTARTING)
            return (copi_step){COPI_DEED_STOP, child};
        if (child->phase == COPI_CHILD_STOPPING)
            return (copi_step){COPI_DEED_WAIT, NULL};
        self->at = child == self->first ? NULL : child->older;
        if (self->drops && child->spec->restart == COP_TEMPORARY)
            return drop(self, child);
    }
    if (!self->starts || self->first == NULL)
        copi_plan_abandon(self);
    else
        *self =
            (copi_plan){COPI_PLAN_STARTS, false, true, self->first, self->last, self->first};
    return (copi_step){COPI_DEED_DONE, NULL};
}

static copi_step
next_start(copi_plan *self)
{
    copi_child *child = self->at;

    if (child == NULL) {
        copi_plan_abandon(self);
        return (copi_step){COPI_DEED_DONE, NULL};
    }
    self->at = child == self->last ? NULL : child->younger;
    return (copi_step){COPI_DEED_START, child};
}

copi_step
copi_plan_next(copi_plan *self)
{
    copi_step step = {COPI_DEED_DONE, NULL};

    if (self->stage == COPI_PLAN_STOPS)
        step = next_stop(self);
    if (self->stage == COPI_PLAN_STARTS && step.deed == COPI_DEED_DONE)
        step = next_start(self);
    return step;
}
