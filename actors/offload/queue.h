/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue.h - jobs that are to run, in order, and the tokens of their classes.
 *
 * A job is ready, or it waits for a token of its class.  Ready jobs have their token
 * already, so whoever takes one may run it; when a token comes back, the first that waits
 * for it becomes ready.  For one thread at a time: the pool's lock is around it.
 */
#ifndef COPPICE_OFFLOAD_QUEUE_H
#define COPPICE_OFFLOAD_QUEUE_H

#include "offload/job.h"

/* Jobs in order, linked by their `older` and `younger`. */
typedef struct copi_job_list {
    cop_job *oldest, *youngest;
    uint32_t count;
} copi_job_list;

/* What a node knows of one class. */
struct copi_job_tokens {
    const cop_job_class *what;
    uint32_t taken; /* tokens, by jobs that are ready or run */
    copi_job_list waiting;
    copi_job_tokens *next;
};

typedef struct copi_job_queue {
    copi_job_list ready;
    uint32_t count; /* of all that is in it, waiting ones too */
    uint32_t room;
    copi_job_tokens *tokens;
} copi_job_queue;

void copi_job_list_push(copi_job_list *self, cop_job *job);
void copi_job_list_remove(copi_job_list *self, cop_job *job);

/* COP_E_BUSY: it is full; COP_E_NOMEM. */
COP_MUST_USE cop_err copi_job_queue_push(copi_job_queue *self, cop_job *job);
/* The oldest that is ready, with its token; NULL if there is none. */
cop_job *copi_job_queue_take(copi_job_queue *self);
/* Takes one out that is in it; its token goes on. */
void copi_job_queue_remove(copi_job_queue *self, cop_job *job);
/* A job that was taken has ended: its token goes on. */
void copi_job_queue_return(copi_job_queue *self, cop_job *job);
/* Nothing is in it any more. */
void copi_job_queue_fini(copi_job_queue *self);

#endif /* COPPICE_OFFLOAD_QUEUE_H */
