/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.h - one job's record; <coppice/job.h> is what it promises.
 *
 * Two hold it: the pool, from submission until the job is over, and its owner, until it lets
 * go after it was told.  Who lets go last frees it.  So an owner that is gone leaves an
 * abandoned job's record to the pool, and a pool that is closed leaves it to the thread that
 * is still in the job's code.
 *
 * The argument is disposed of by the owner when it lets go, or if the job was abandoned by
 * the thread that ran it.
 */
#ifndef COPPICE_OFFLOAD_JOB_H
#define COPPICE_OFFLOAD_JOB_H

#include <stdatomic.h>

#include <coppice/exit.h>
#include <coppice/job.h>
#include <coppice/pid.h>

#include "sched/task.h"
#include "sched/worker.h"

typedef struct copi_offload copi_offload;
typedef struct copi_job_tokens copi_job_tokens;

typedef enum copi_job_state {
    COPI_JOB_READY,   /* in the queue; it has a token of its class, if it has one */
    COPI_JOB_WAITING, /* in the queue of its class */
    COPI_JOB_RUNNING,
    COPI_JOB_OVER,
} copi_job_state;

/* How it was over for its owner. */
typedef enum copi_job_outcome {
    COPI_JOB_RAN,       /* err: what the work returned */
    COPI_JOB_NEVER_RAN, /* err: COP_E_CANCELLED, COP_E_TIMEOUT */
    COPI_JOB_ABANDONED, /* it still runs, as far as anybody knows; err: COP_E_CANCELLED */
} copi_job_outcome;

typedef struct copi_job_end {
    copi_job_outcome outcome;
    cop_err err;
    bool was_cancelled; /* before it was over */
    bool was_late;      /* its deadline had passed */
    int code;           /* of cop_job_fail; 0 without */
    char text[COP_EXIT_TEXT];
} copi_job_end;

/*
 * Tells the owner that the job is over, exactly once: by the thread that ran it, or inside of
 * the owner's own cancel or abandon.  Under no lock.  It must not block, and not touch the job
 * once the owner may know.  `end` is borrowed.
 */
typedef void copi_job_over(cop_job *job, void *ctx, const copi_job_end *end);

struct cop_job {
    /* Written before it is submitted. */
    copi_offload *pool;
    cop_job_spec spec; /* its name is the one below */
    char name[COP_JOB_NAME + 1];
    cop_pid owner; /* for people */
    copi_job_over *over;
    void *ctx;
    int64_t deadline; /* nanoseconds of the node's clock; INT64_MAX: none */

    /* Any thread; relaxed: a fact of its own. */
    _Atomic bool is_cancelled;

    /* Under the pool's lock. */
    copi_job_state state;
    uint8_t holds;
    bool is_abandoned;
    bool was_unblocked;
    bool came_late;           /* its deadline had passed before it could run */
    bool is_unblocking;       /* a worker is inside of `unblock` */
    bool is_left;             /* the node has ended without it, and said so */
    copi_job_tokens *tokens;  /* NULL: of no class */
    struct copi_hand *hand;   /* whose thread runs it; NULL in the simulator */
    cop_job *older, *younger; /* in the list of its state */
    int64_t submitted_at;     /* nanoseconds */
    int64_t started_at;

    /* The thread that runs it. */
    int code;
    char text[COP_EXIT_TEXT];

    /* The simulator's. */
    copi_timer timer;
    copi_task task;
};

/* COP_E_INVAL: no work, or a mode with what does not belong to it, or without what does. */
cop_err copi_job_check(const cop_job_spec *spec);
/* Held twice, with a deadline from `now` on; NULL if there is no memory. */
cop_job *copi_job_new(copi_offload *pool, const cop_job_spec *spec, int64_t now);
/* Disposes of the argument, if that is wanted. */
void copi_job_dispose(cop_job *self);
/* The exit record of a child that ended like this. */
void copi_job_exit(const copi_job_end *end, cop_exit *out);

/* Has its deadline passed? */
bool copi_job_is_late(const cop_job *self);

#endif /* COPPICE_OFFLOAD_JOB_H */
