/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.h - blocking work that runs beside the actors, on a thread of the node's own pool.
 *
 * A handler must not block: what has to (a look-up, a file, a library that knows no events)
 * is a job.  A job has an owner as everything has; the owner is told of its end, and a job
 * that fails is a child that fails.
 *
 *      queued -> running -> over
 *         |         '-----> abandoned (to the reaper) -> over
 *         '---------------> over, and never ran
 *
 * The functions of a job run on threads that are no workers: they have no actor, share
 * nothing with one but the argument, and may call what says "any thread", such as
 * cop_post.  All signals but those of faults are blocked there; a job that unblocks one
 * does so for itself.
 */
#ifndef COPPICE_JOB_H
#define COPPICE_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include <coppice/actor.h>

/* A job, as its own work sees it. */
typedef struct cop_job cop_job;

/*
 * What happens to a job that is cancelled while it runs.  In every mode cop_job_is_cancelled
 * says so from then on, and a job that is still queued never runs.
 */
typedef enum cop_job_mode {
    COP_JOB_WAIT,      /* its owner waits until it returns by itself */
    COP_JOB_COOPERATE, /* the same, and `unblock` is called, so that it may return soon */
    COP_JOB_ABANDON,   /* the same, and the owner waits no longer: it is the reaper's now */
} cop_job_mode;

/*
 * At most `limit` jobs of a class run at once on a node; others wait in the queue.  One that
 * was abandoned counts until it has really ended.  A class is told from others by its
 * address, and must be there as long as the node is.
 */
typedef struct cop_job_class {
    const char *name;
    uint32_t limit; /* not 0 */
} cop_job_class;

typedef struct cop_job_spec {
    const char *name; /* for people; copied, and cut off after COP_JOB_NAME; NULL: "job" */
    cop_job_mode mode;
    const cop_job_class *limiter; /* NULL: only the size of the pool limits it */

    /* The work.  Anything but COP_OK is a failure: see cop_job_fail. */
    cop_err (*work)(cop_job *self, void *arg);
    /* For COOPERATE and ABANDON: makes `work` return soon, as shutdown does for who reads a
     * socket.  Called at most once, by a worker, so it must not block.  The work may be about
     * to block, in the middle of it, or past its end, but the argument is still there: what
     * it does must last. */
    void (*unblock)(void *arg);
    /* Frees the argument, exactly once, when the work has ended (or will never run) and the
     * owner has been told.  By a worker, or after an abandoned job by its thread.  ABANDON
     * must have it: nobody else is left then. */
    void (*dispose)(void *arg);
    void *arg;

    int32_t within_ms; /* from its start on it must end within this; 0 and COP_INFINITY: no */
} cop_job_spec;

enum {
    COP_JOB_NAME = 31,
    COP_JOB_THREADS_MAX = 256,
};

/* What the owner is told, in a turn of its own: how the job has ended.  Before `arg` is
 * disposed of, unless it was abandoned: then it is the job's.  An error fails the scope. */
typedef cop_err cop_job_done(cop_actor *me, void *state, void *arg, const cop_exit *why);

/*
 * Starts a job as a child of the scope, which waits for its end; the spec is borrowed for the
 * call, and the argument is the job's if it returns COP_OK.  With `done` NULL a failure of the
 * job fails the scope; else `done` is told, but not once the actor is ending.  cop_leaf_cancel
 * cancels it as its mode says, and so does the scope.  `out` may be NULL.
 * COP_E_INVAL (the spec), COP_E_BUSY (the queue is full), COP_E_CANCELLED (the scope is),
 * COP_E_GONE, COP_E_NOT_MINE, COP_E_FULL (its bound), COP_E_OS (no thread), COP_E_NOMEM.
 */
COP_API COP_MUST_USE cop_err cop_job_start(cop_actor *me, cop_scope scope,
                                           const cop_job_spec *spec, cop_job_done *done,
                                           cop_leaf *out);

/* Should it return as soon as it can?  It was cancelled, or its deadline has passed.  The
 * job's own thread. */
COP_API bool cop_job_is_cancelled(const cop_job *self);

/* Milliseconds until its deadline, 0 if that has passed, COP_INFINITY if there is none.  The
 * job's own thread. */
COP_API int64_t cop_job_time_left(const cop_job *self);

/* For `work` to return: it has failed, the exit record gets `code` (your number) and the
 * text.  Returns COP_E_FAILED.  The job's own thread. */
COP_API cop_err cop_job_fail(cop_job *self, int code, const char *format, ...) COP_PRINTF(3, 4);

#endif /* COPPICE_JOB_H */
