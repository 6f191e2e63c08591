/* SPDX-License-Identifier: Apache-2.0 */
#include "offload/offload.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "core/node.h"
#include "offload/reaper.h"

/* ------------------------------------------------------------------------------- submit */

/* The first job that may be abandoned asks for who would get it. */
static cop_err
need_reaper(copi_offload *self)
{
    pthread_mutex_lock(&self->lock);
    bool is_there = self->is_reaper_wanted;
    cop_node *node = self->node;
    self->is_reaper_wanted = true;
    pthread_mutex_unlock(&self->lock);
    if (is_there)
        return COP_OK;
    cop_err err = node == NULL ? COP_E_GONE : copi_reaper_start(node);
    if (err != COP_OK) {
        pthread_mutex_lock(&self->lock);
        self->is_reaper_wanted = false;
        pthread_mutex_unlock(&self->lock);
    }
    return err == COP_E_NOPROC ? COP_E_GONE : err;
}

static cop_err
enqueue(copi_offload *self, cop_job *job)
{
    if (self->node == NULL || self->is_closing)
        return COP_E_GONE;
    COP_TRY(copi_job_queue_push(&self->queue, job));
    if (self->simulation != NULL) {
        copi_simulated_pump(self);
        return COP_OK;
    }
    cop_err err = copi_hands_need(self);
    if (err != COP_OK)
        copi_job_queue_remove(&self->queue, job);
    return err;
}

cop_err
copi_offload_submit(copi_offload *self, const copi_job_offer *offer, cop_job **out)
{
    COP_TRY(copi_job_check(offer->spec));
    if (offer->spec->mode == COP_JOB_ABANDON)
        COP_TRY(need_reaper(self));
    cop_job *job = copi_job_new(self, offer->spec, copi_offload_now(self));
    if (job == NULL)
        return COP_E_NOMEM;
    job->owner = offer->owner;
    job->over = offer->over;
    job->ctx = offer->ctx;
    /* Before it is over, which its owner must know it by. */
    *out = job;
    pthread_mutex_lock(&self->lock);
    cop_err err = enqueue(self, job);
    pthread_mutex_unlock(&self->lock);
    if (err != COP_OK) {
        *out = NULL;
        free(job);
    }
    return err;
}

/* --------------------------------------------------------------------------- a job's run */

cop_job *
copi_offload_take(copi_offload *self)
{
    cop_job *job = copi_job_queue_take(&self->queue);

    if (job == NULL)
        return NULL;
    job->state = COPI_JOB_RUNNING;
    job->came_late = copi_job_is_late(job);
    copi_job_list_push(&self->running, job);
    return job;
}

static copi_job_end
end_of(const cop_job *job, copi_job_outcome outcome, cop_err err)
{
    copi_job_end end = {
        .outcome = outcome,
        .err = err,
        .was_cancelled = atomic_load_explicit(&job->is_cancelled, memory_order_relaxed),
        .was_late = copi_job_is_late(job),
    };

    if (outcome == COPI_JOB_RAN && err != COP_OK) {
        end.code = job->code;
        memcpy(end.text, job->text, sizeof end.text);
    }
    return end;
}

/* One hold goes.  True if it was the last: the job is the caller's, to be freed. */
static bool
let_go(cop_job *job)
{
    COPI_CHECK(job->holds > 0);
    return --job->holds == 0;
}

/* Its owner has it alone from here, and is told; the lock is open meanwhile. */
static void
tell_owner(copi_offload *self, cop_job *job, const copi_job_end *end)
{
    COPI_CHECK(!let_go(job));
    pthread_mutex_unlock(&self->lock);
    job->over(job, job->ctx, end);
    pthread_mutex_lock(&self->lock);
}

static void
leave_code(copi_offload *self, cop_job *job)
{
    if (job->hand == NULL)
        return;
    job->hand->job = NULL;
    if (!job->hand->is_detached)
        self->busy--;
}

static void
end_owned(copi_offload *self, cop_job *job, const copi_job_end *end)
{
    leave_code(self, job);
    copi_job_list_remove(&self->running, job);
    copi_job_queue_return(&self->queue, job);
    tell_owner(self, job, end);
}

/* The reaper waits, and this was the last one.  A node that has not ended waits for a hand that
 * is in no job's code, so it is still there. */
static void
tell_reaper(copi_offload *self)
{
    cop_node *node = self->node;
    cop_pid reaper = self->reaper;

    if (!self->is_reaping || self->abandoned.count > 0 || node == NULL)
        return;
    pthread_mutex_unlock(&self->lock);
    copi_reaper_tell(node, reaper);
    pthread_mutex_lock(&self->lock);
}

static void
end_abandoned(copi_offload *self, cop_job *job)
{
    pthread_mutex_unlock(&self->lock);
    copi_job_dispose(job);
    pthread_mutex_lock(&self->lock);
    bool was_left = job->is_left;
    leave_code(self, job);
    copi_job_list_remove(&self->abandoned, job);
    copi_job_queue_return(&self->queue, job);
    pthread_cond_broadcast(&self->changed);
    if (let_go(job))
        free(job);
    if (!was_left)
        tell_reaper(self);
}

void
copi_offload_run(copi_offload *self, cop_job *job)
{
    cop_err err = COP_E_TIMEOUT;

    if (!job->came_late) {
        pthread_mutex_unlock(&self->lock);
        err = job->spec.work(job, job->spec.arg);
        pthread_mutex_lock(&self->lock);
    }
    /* The argument must stay until who uses it has gone. */
    while (job->is_unblocking)
        pthread_cond_wait(&self->changed, &self->lock);
    job->state = COPI_JOB_OVER;
    if (job->is_abandoned) {
        end_abandoned(self, job);
    } else {
        copi_job_end end = end_of(job, job->came_late ? COPI_JOB_NEVER_RAN : COPI_JOB_RAN, err);
        end_owned(self, job, &end);
    }
}

/* -------------------------------------------------------------------- cancel and abandon */

/* The lock is open while it runs. */
static void
unblock(copi_offload *self, cop_job *job)
{
    if (job->spec.unblock == NULL || job->was_unblocked)
        return;
    job->was_unblocked = job->is_unblocking = true;
    pthread_mutex_unlock(&self->lock);
    job->spec.unblock(job->spec.arg);
    pthread_mutex_lock(&self->lock);
    job->is_unblocking = false;
    if (self->simulation != NULL)
        copi_simulated_hurry(self, job);
    pthread_cond_broadcast(&self->changed);
}

static void
end_queued(copi_offload *self, cop_job *job)
{
    copi_job_queue_remove(&self->queue, job);
    job->state = COPI_JOB_OVER;
    copi_job_end end = end_of(job, COPI_JOB_NEVER_RAN, COP_E_CANCELLED);
    tell_owner(self, job, &end);
}

/* True if it was queued, and so is over. */
static bool
cancel(copi_offload *self, cop_job *job)
{
    atomic_store_explicit(&job->is_cancelled, true, memory_order_relaxed);
    switch (job->state) {
    case COPI_JOB_READY:
    case COPI_JOB_WAITING: end_queued(self, job); return true;
    case COPI_JOB_RUNNING: unblock(self, job); return false;
    case COPI_JOB_OVER: return false;
    }
    return false;
}

void
copi_offload_cancel(cop_job *job)
{
    copi_offload *self = job->pool;

    pthread_mutex_lock(&self->lock);
    (void)cancel(self, job);
    pthread_mutex_unlock(&self->lock);
}

/* The hold of the pool stays with who runs it. */
static void
move_to_reaper(copi_offload *self, cop_job *job)
{
    copi_job_end end = end_of(job, COPI_JOB_ABANDONED, COP_E_CANCELLED);

    copi_job_list_remove(&self->running, job);
    copi_job_list_push(&self->abandoned, job);
    job->is_abandoned = true;
    pthread_mutex_unlock(&self->lock);
    job->over(job, job->ctx, &end);
    pthread_mutex_lock(&self->lock);
}

bool
copi_offload_abandon(cop_job *job)
{
    copi_offload *self = job->pool;

    pthread_mutex_lock(&self->lock);
    bool is_over = cancel(self, job);
    if (!is_over && job->state == COPI_JOB_RUNNING && job->spec.mode == COP_JOB_ABANDON &&
        !job->is_abandoned) {
        move_to_reaper(self, job);
        is_over = true;
    } else if (!is_over) {
        is_over = job->state == COPI_JOB_OVER || job->is_abandoned;
    }
    pthread_mutex_unlock(&self->lock);
    return is_over;
}

void
copi_offload_release(cop_job **job)
{
    cop_job *released = *job;
    copi_offload *self = released->pool;

    *job = NULL;
    pthread_mutex_lock(&self->lock);
    bool is_last = let_go(released);
    pthread_mutex_unlock(&self->lock);
    if (!is_last)
        return;
    if (!released->is_abandoned)
        copi_job_dispose(released);
    free(released);
}
