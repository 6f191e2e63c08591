/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runq.h - the tasks that wait on one worker and may be stolen.
 *
 * A bounded ring: its owner pushes at the tail, owner and thieves take from the head, so
 * tasks run in the order in which they came.  What does not fit waits in a list of the
 * owner alone, and moves up when the ring has room.
 *
 *      thieves, owner            owner
 *      take <- head .... ring .... tail <- push <- overflow
 *
 * push and pop: the owner.  steal, is_empty: any worker.
 */
#ifndef COPPICE_SCHED_RUNQ_H
#define COPPICE_SCHED_RUNQ_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sched/task.h"

enum {
    COPI_RUNQ_SIZE = 256
};

typedef struct copi_runq {
    /*
     * head: moved by whoever takes, with a compare-and-swap that also makes the takers'
     * reads of the slots valid: a slot read before a successful swap was not yet
     * overwritten, since the owner never lets tail run more than SIZE ahead of head.
     * Its release pairs with the owner's acquire load in push, so that a slot is not
     * overwritten before the thief's read of it.
     */
    alignas(64) _Atomic uint32_t head;
    /*
     * tail: moved by the owner only.  Its release pairs with the acquire of a thief and
     * publishes the slot and the task in it.
     */
    alignas(64) _Atomic uint32_t tail;
    _Atomic(copi_task *) ring[COPI_RUNQ_SIZE];
    /* Owner only. */
    copi_task *overflow;
    copi_task *overflow_last;
    bool has_thieves; /* without, nothing here is atomic but in name */
} copi_runq;

void copi_runq_init(copi_runq *self, bool has_thieves);
/* Never fails. */
void copi_runq_push(copi_runq *self, copi_task *task);
/* The task that waited longest, or NULL. */
copi_task *copi_runq_pop(copi_runq *self);
/* Where the queue ends now, for a later steal.  Any worker. */
uint32_t copi_runq_mark(copi_runq *self);
/* Moves up to half of what was waiting at `victim` when its end was at `mark`, and still
 * is, to `self`, which is empty and the caller's, except the first, which is returned.  NULL
 * if there is nothing. */
copi_task *copi_runq_steal(copi_runq *self, copi_runq *victim, uint32_t mark);
/* Whether a thief would find nothing.  The load is sequentially consistent: see park. */
bool copi_runq_is_empty(copi_runq *self);

#endif /* COPPICE_SCHED_RUNQ_H */
