/* SPDX-License-Identifier: Apache-2.0 */
#include "offload/queue.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"

void
copi_job_list_push(copi_job_list *self, cop_job *job)
{
    job->older = self->youngest;
    job->younger = NULL;
    *(self->youngest == NULL ? &self->oldest : &self->youngest->younger) = job;
    self->youngest = job;
    self->count++;
}

void
copi_job_list_remove(copi_job_list *self, cop_job *job)
{
    *(job->older == NULL ? &self->oldest : &job->older->younger) = job->younger;
    *(job->younger == NULL ? &self->youngest : &job->younger->older) = job->older;
    job->older = job->younger = NULL;
    self->count--;
}

/* NULL if there is no memory for a new one. */
static copi_job_tokens *
tokens_of(copi_job_queue *self, const cop_job_class *what)
{
    for (copi_job_tokens *tokens = self->tokens; tokens != NULL; tokens = tokens->next)
        if (tokens->what == what)
            return tokens;
    copi_job_tokens *made = copi_calloc(1, sizeof *made);
    if (made == NULL)
        return NULL;
    made->what = what;
    made->next = self->tokens;
    self->tokens = made;
    return made;
}

static void
make_ready(copi_job_queue *self, cop_job *job)
{
    if (job->tokens != NULL)
        job->tokens->taken++;
    job->state = COPI_JOB_READY;
    copi_job_list_push(&self->ready, job);
}

static bool
must_wait(const cop_job *job)
{
    return job->tokens != NULL && job->tokens->taken >= job->tokens->what->limit;
}

cop_err
copi_job_queue_push(copi_job_queue *self, cop_job *job)
{
    if (self->count >= self->room)
        return COP_E_BUSY;
    if (job->spec.limiter != NULL && (job->tokens = tokens_of(self, job->spec.limiter)) == NULL)
        return COP_E_NOMEM;
    if (must_wait(job)) {
        job->state = COPI_JOB_WAITING;
        copi_job_list_push(&job->tokens->waiting, job);
    } else {
        make_ready(self, job);
    }
    self->count++;
    return COP_OK;
}

cop_job *
copi_job_queue_take(copi_job_queue *self)
{
    cop_job *job = self->ready.oldest;

    if (job == NULL)
        return NULL;
    copi_job_list_remove(&self->ready, job);
    self->count--;
    return job;
}

void
copi_job_queue_remove(copi_job_queue *self, cop_job *job)
{
    self->count--;
    if (job->state == COPI_JOB_WAITING) {
        copi_job_list_remove(&job->tokens->waiting, job);
        return;
    }
    COPI_CHECK(job->state == COPI_JOB_READY);
    copi_job_list_remove(&self->ready, job);
    copi_job_queue_return(self, job);
}

void
copi_job_queue_return(copi_job_queue *self, cop_job *job)
{
    copi_job_tokens *tokens = job->tokens;

    if (tokens == NULL)
        return;
    COPI_CHECK(tokens->taken > 0);
    tokens->taken--;
    cop_job *next = tokens->waiting.oldest;
    if (next != NULL) {
        copi_job_list_remove(&tokens->waiting, next);
        make_ready(self, next);
    }
}

void
copi_job_queue_fini(copi_job_queue *self)
{
    COPI_CHECK(self->count == 0);
    for (copi_job_tokens *next, *tokens = self->tokens; tokens != NULL; tokens = next) {
        next = tokens->next;
        free(tokens);
    }
    self->tokens = NULL;
}
