/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest.h - a worker without a thread: it has turns in the loop of an application's event base.
 *
 *      a descriptor is ready, or the alarm goes off, or a stranger has woken it
 *          -> a turn: timers that are due, then tasks, for turn_ns or until none is left
 *              -> tasks are left: the next turn is in the next round of the loop
 *              -> none: it lies down, as any worker does before it sleeps, and sets its alarm
 *
 * A turn is an event like any other, and the loop polls between two of them, so that those of
 * the application get theirs.  The application's own code is a stranger, too, although it runs
 * in the same thread: what it sends comes by the inbox and the eventfd.  Nothing here touches
 * the base from another thread, so the base need not have locks.
 *
 * All of it is for the thread that runs the loop.
 */
#ifndef COPPICE_SCHED_GUEST_H
#define COPPICE_SCHED_GUEST_H

#include <stdbool.h>

#include "sched/worker.h"

/* For worker.c: the event that turns are; false if there is no memory. */
bool copi_guest_open(copi_worker *self, const copi_sched_plan *plan);
void copi_guest_close(copi_worker *self);

/* A turn.  If the scheduler was stopped in it, `gone` is called, and all may be gone. */
void copi_guest_turn(copi_worker *self);

/* A callback of the base has made tasks runnable: there is a turn after it.  Nothing to do for
 * a worker that is no guest. */
void copi_guest_rouse_else(copi_worker *self);
static inline void
copi_guest_rouse(copi_worker *self)
{
    if (self->is_guest)
        copi_guest_rouse_else(self);
}

/* Is the caller the thread of a guest that is not in a turn?  Then nothing of it runs. */
bool copi_guest_is_between_turns(const copi_worker *self);

/* Around what the application's thread does with the worker itself, between two turns. */
void copi_guest_begin(copi_worker *self);
void copi_guest_end(copi_worker *self);

/*
 * From here on it is a worker like any other, whose thread is the caller's, and is to be run by
 * copi_worker_main.  What is watched by others has to be moved to the new base by them.  False:
 * no memory, or no descriptors; it is where it was.
 */
bool copi_guest_move_out(copi_worker *self);

#endif /* COPPICE_SCHED_GUEST_H */
