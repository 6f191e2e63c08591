/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offload.h - a node's pool of threads for blocking work.
 *
 * Threads are started when jobs need them, up to a bound, and leave when they have had
 * nothing to do for a while.  One mutex guards all of it, and is held for some instructions
 * only, never while code of a job runs or its owner is told; but a thread is started under it,
 * so that where there is no thread there is no job either.
 *
 * In the simulator there are no threads: a job runs in a step of its own, some virtual time
 * after a thread would have taken it.
 *
 * At the node's end the reaper waits for the jobs that were abandoned.  Those that do not
 * return in time are left: their threads are detached, and what those still need, the job and
 * this pool, stays until they do return.  They touch nothing of the node any more.
 *
 * Who may call what: an owner's runner submits, cancels, abandons and releases its own jobs;
 * the rest says it.
 */
#ifndef COPPICE_OFFLOAD_OFFLOAD_H
#define COPPICE_OFFLOAD_OFFLOAD_H

#include <pthread.h>
#include <signal.h>

#include <coppice/node.h>

#include "offload/job.h"
#include "offload/queue.h"
#include "sched/sched.h"

enum {
    COPI_OFFLOAD_QUEUE = 1024,
    COPI_OFFLOAD_THREADS_MIN = 4,
    COPI_OFFLOAD_THREADS_PER_CORE = 4,
    COPI_OFFLOAD_IDLE_MS = 10000,
    COPI_OFFLOAD_REAP_MS = 5000,
    COPI_OFFLOAD_JITTER_MS = 10,
    /* No kind of an envelope, so that it can be told from those: a job's timer in the
     * simulator. */
    COPI_TIMER_OF_JOB = 1 << 5,
};

/* A thread of the pool. */
typedef struct copi_hand {
    copi_offload *pool;
    pthread_t thread; /* by itself, under the lock */
    cop_job *job;     /* under the lock: whose code it is in, or NULL */
    bool is_detached; /* under the lock: the node has ended without it */
} copi_hand;

struct copi_offload {
    /* Written before the workers start. */
    copi_sched *sched;
    copi_simulation *simulation; /* NULL: real threads */
    uint32_t thread_max;
    int64_t idle_ns; /* a test may make it shorter, before the first job */
    int32_t jitter_ms;
    int32_t reap_ms;
    sigset_t mask; /* of the threads */

    pthread_mutex_t lock; /* what follows */
    pthread_cond_t work;  /* for hands that rest */
    pthread_cond_t changed;
    cop_node *node; /* NULL: it has ended */
    uint32_t holds; /* the node's, and of each detached hand */
    bool is_closing;
    copi_job_queue queue;
    copi_job_list running;
    copi_job_list abandoned;
    uint32_t hands; /* but for those that are detached */
    uint32_t busy;  /* of them: in the code of a job */
    uint32_t resting;
    uint32_t left; /* jobs that the node did not wait for */
    /* Who has left joins who left before, so that at the end there is one to be joined. */
    bool has_leaver;
    pthread_t leaver;

    bool is_reaper_wanted; /* the root was asked for one */
    bool has_reaper;       /* and there is or was one */
    bool is_reaping;       /* it waits to be told that no job is left */
    cop_pid reaper;
};

/* For a node that is being made: options of which 0 is the default are set.  NULL if there is
 * no memory. */
copi_offload *copi_offload_new(cop_node *node);
/* COP_E_INVAL. */
cop_err copi_offload_check(const cop_node_opts *opts);

/*
 * The node has ended, and no actor is left: waits for jobs that were abandoned, unless the
 * reaper has done that or was killed, tells of those that are left, and for all other
 * threads.  Not from a worker, but in the simulator.
 */
void copi_offload_close(copi_offload *self);
/* How many jobs were left, of which it has told. */
uint32_t copi_offload_left(copi_offload *self);
/* The node is being freed; what a simulation has left is disposed of. */
void copi_offload_free(copi_offload *self);

typedef struct copi_job_offer {
    const cop_job_spec *spec; /* borrowed */
    cop_pid owner;
    copi_job_over *over;
    void *ctx;
} copi_job_offer;

/*
 * Gives a job to the pool; from then on it has to be released.  On error the argument is
 * still the caller's: COP_E_INVAL (bad spec), COP_E_BUSY (the queue is full), COP_E_NOMEM,
 * COP_E_OS (there is no thread at all, and none can be started), COP_E_GONE (the node ends).
 */
COP_MUST_USE cop_err copi_offload_submit(copi_offload *self, const copi_job_offer *offer,
                                         cop_job **out);

/*
 * It is to end.  One that is queued is over before this returns, and never ran; one that runs
 * can see it and is woken by its `unblock`.  Again, or when it is over, it does nothing.
 */
void copi_offload_cancel(cop_job *job);
/* The same, and a job that runs and may be abandoned is the reaper's: it is over for its owner
 * before this returns.  True if it is over now. */
bool copi_offload_abandon(cop_job *job);
/* The owner has been told and needs the job no more: disposes of the argument, unless the job
 * was abandoned, and nulls the pointer.  Also for an owner that is discarded with its node. */
void copi_offload_release(cop_job **job);

typedef struct copi_job_info {
    char name[COP_JOB_NAME + 1];
    const cop_job_class *limiter;
    copi_job_state state;
    bool is_abandoned;
    cop_pid owner;
    int64_t age_ms; /* since it was submitted */
} copi_job_info;

/* Writes up to `room` of all jobs: those that run, those that were abandoned, those that are
 * ready, each oldest first, then those that wait for a token.  How many it has written.
 * Any thread. */
size_t copi_offload_list(copi_offload *self, copi_job_info *out, size_t room);
/* The same for those that were abandoned. */
size_t copi_offload_abandoned(copi_offload *self, copi_job_info *out, size_t room);
/* Fills in what is about jobs.  Any thread. */
void copi_offload_count(copi_offload *self, cop_node_stats *out);
/* Nanoseconds of the node's clock; any thread. */
int64_t copi_offload_now(const copi_offload *self);

/* For the reaper. */

/* It is there, and does the waiting at the end. */
void copi_offload_set_reaper(copi_offload *self, cop_pid reaper);
/* How many jobs were abandoned and still run; from now on it is told when there are none. */
uint32_t copi_offload_reap(copi_offload *self);

/* For the ways to run jobs; the lock is held, and is held again when they return. */

/* The next job, if there is one: it runs from now on, and the caller runs it. */
cop_job *copi_offload_take(copi_offload *self);
/* Runs it to its end, and tells who is to be told. */
void copi_offload_run(copi_offload *self, cop_job *job);
/* Lets go of the lock, and of the pool. */
void copi_offload_drop(copi_offload *self);

/* hands.c: there is a job more.  COP_E_OS: no thread can run it. */
COP_MUST_USE cop_err copi_hands_need(copi_offload *self);
/* Rests until `changed` was signalled, or until then; false if it is too late. */
bool copi_hands_wait(copi_offload *self, pthread_cond_t *what, int64_t until);
/* The node does not wait for that thread. */
void copi_hands_detach(copi_offload *self, copi_hand *hand);
/* Waits until the others have left. */
void copi_hands_join(copi_offload *self);

/* simulated.c: starts what a thread would take now. */
void copi_simulated_pump(copi_offload *self);
/* It was unblocked: it ends sooner. */
void copi_simulated_hurry(copi_offload *self, cop_job *job);
/* For the simulator's worker, under no lock: a job's time has come, or its turn. */
void copi_simulated_ring(copi_worker *worker, copi_timer *timer);
void copi_simulated_run(copi_worker *worker, copi_task *task);

#endif /* COPPICE_OFFLOAD_OFFLOAD_H */
