/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sched.h - all workers of a node: start, submit, wake, stop.
 */
#ifndef COPPICE_SCHED_SCHED_H
#define COPPICE_SCHED_SCHED_H

#include <coppice/err.h>

#include "base/check.h"
#include "sched/worker.h"

/* Among the idle bits: some worker watches all queues, and need not be woken for them. */
#define COPI_WATCHED (UINT64_C(1) << 63)

/*
 * What the simulator puts in the place of threads and clocks.  With it there is one
 * worker, whose tasks are collected here; copi_sched_draw says which is the next.
 */
typedef struct copi_simulation {
    int64_t now;
    copi_rng rng;
    uint32_t slice_max; /* so many messages at most of the task that is run */
    bool in_order;      /* who has waited longest is the next */
} copi_simulation;

/* What workers are made from. */
typedef struct copi_sched_plan {
    unsigned workers;
    uint64_t seed;
    uint32_t slice;              /* see worker.h */
    copi_simulation *simulation; /* NULL: real threads, real time */
    void (*run)(copi_worker *worker, copi_task *task);
    void (*ring)(copi_worker *worker, copi_timer *timer);
    bool (*tidy)(copi_worker *worker);

    /* A guest, see guest.h: the only worker has turns in the loop of this base. */
    struct event_base *host;
    int64_t turn_ns;
    void (*gone)(copi_sched *self);
} copi_sched_plan;

struct copi_sched {
    /* Written before the first worker starts. */
    void (*run)(copi_worker *worker, copi_task *task);
    void (*ring)(copi_worker *worker, copi_timer *timer); /* between two tasks */
    /* Does a little of what can wait until a worker has nothing to run; false: nothing does. */
    bool (*tidy)(copi_worker *worker);
    /* A guest has been stopped: the last that its turn does.  It may free the scheduler. */
    void (*gone)(copi_sched *self);
    copi_simulation *simulation; /* NULL: real threads, real time */
    unsigned worker_count;
    bool has_thieves; /* there is more than one */
    copi_worker *workers;
    copi_depot depot; /* of the workers' pools */

    /* The simulator's runnable tasks; one thread. */
    void (*run_other)(copi_worker *worker, copi_task *task); /* what is no actor */
    copi_task **runnable;
    size_t runnable_count;
    size_t runnable_room;

    /* Bit i: worker i sleeps or is about to; and COPI_WATCHED.  seek.c has the protocol.
     * Always sequentially consistent. */
    alignas(64) _Atomic uint64_t idle;
    _Atomic bool stopping;

    /* Tasks from threads that are no workers.  `waiting` mirrors the length, so that the
     * workers need the lock only when there is something. */
    alignas(64) pthread_mutex_t lock;
    copi_fifo injected;
    _Atomic uint32_t waiting;
};

/* COP_E_NOMEM, COP_E_OS. */
COP_MUST_USE cop_err copi_sched_init(copi_sched *self, const copi_sched_plan *plan);
/* Starts the threads.  COP_E_OS: none is left running. */
COP_MUST_USE cop_err copi_sched_start(copi_sched *self);
/* Tells all workers to return; any thread. */
void copi_sched_stop(copi_sched *self);
/* Waits for them; not from a worker. */
void copi_sched_join(copi_sched *self);
void copi_sched_fini(copi_sched *self);

/* A worker's own task behind its others. */
void copi_sched_queue(copi_worker *worker, copi_task *task);
/* The one below, where it is not simple. */
void copi_sched_submit_else(copi_sched *self, copi_worker *worker, copi_task *task);

/* Queues a task that has become runnable.  `worker` is the caller, NULL if it is none. */
static inline void
copi_sched_submit(copi_sched *self, copi_worker *worker, copi_task *task)
{
    if (COPI_UNLIKELY(worker == NULL || task->home != COPI_ANYWHERE ||
                      self->simulation != NULL)) {
        copi_sched_submit_else(self, worker, task);
        return;
    }
    copi_task *before = worker->slot;
    worker->slot = task;
    if (before != NULL)
        copi_sched_queue(worker, before);
}
/* Queues a task that has used up its slice behind the others; from its worker. */
void copi_sched_yield(copi_worker *worker, copi_task *task);

/* Wakes one idle worker other than the caller, if there is one.  NULL: it is no worker. */
void copi_sched_wake_one(copi_sched *self, const copi_worker *caller);
/* The same for work in a queue, which need not be told to somebody who watches it. */
void copi_sched_wake_thief(copi_sched *self, const copi_worker *caller);
/* Gives a worker tasks, linked newest first from `newest` to `oldest`, to be run there. */
void copi_sched_send(copi_sched *self, copi_worker *to, copi_task *newest, copi_task *oldest);

/* A task from the injected ones, or NULL. */
copi_task *copi_sched_take_injected(copi_sched *self);

/* Simulator: takes a task, chosen by the seed; NULL if none is runnable. */
copi_task *copi_sched_draw(copi_sched *self);

#endif /* COPPICE_SCHED_SCHED_H */
