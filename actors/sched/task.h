/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task.h - what a worker runs.
 *
 * A task is in at most one queue, and run by at most one worker at a time: whoever
 * submits it must know that it is neither queued nor running (the mailbox says so).
 */
#ifndef COPPICE_SCHED_TASK_H
#define COPPICE_SCHED_TASK_H

#include <stdint.h>

enum {
    COPI_ANYWHERE = -1,
    COPI_NO_ACTOR = -2, /* for the simulator's `run_other` */
};

typedef struct copi_task {
    struct copi_task *next; /* belongs to the queue that it is in */
    /*
     * The only worker that may run it, or one of the above.  Written by the task itself
     * while it runs; read by who submits it, which happens after (the mailbox's
     * acquire and release order the two).
     */
    int32_t home;
} copi_task;

#endif /* COPPICE_SCHED_TASK_H */
