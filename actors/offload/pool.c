/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.c - how the pool begins and ends.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "core/node.h"
#include "offload/offload.h"

cop_err
copi_offload_check(const cop_node_opts *opts)
{
    return opts->job_threads > COP_JOB_THREADS_MAX || opts->reap_ms < 0 ||
                   opts->job_jitter_ms < 0
               ? COP_E_INVAL
               : COP_OK;
}

static void
init_conditions(copi_offload *self)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&self->work, &monotonic);
    pthread_cond_init(&self->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

/* Faults are told to who has caused them, blocked or not, and then kill without a word. */
static void
init_mask(sigset_t *mask)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};

    sigfillset(mask);
    for (size_t i = 0; i < COP_COUNT(faults); i++)
        sigdelset(mask, faults[i]);
}

copi_offload *
copi_offload_new(cop_node *node)
{
    const cop_node_opts *opts = &node->opts;
    copi_offload *self = copi_calloc(1, sizeof *self);

    if (self == NULL)
        return NULL;
    self->node = node;
    self->holds = 1;
    self->sched = &node->sched;
    self->simulation = node->sched.simulation;
    self->thread_max = opts->job_threads;
    self->queue.room = opts->job_queue != 0 ? opts->job_queue : COPI_OFFLOAD_QUEUE;
    self->reap_ms = opts->reap_ms != 0 ? opts->reap_ms : COPI_OFFLOAD_REAP_MS;
    self->jitter_ms = opts->job_jitter_ms != 0 ? opts->job_jitter_ms : COPI_OFFLOAD_JITTER_MS;
    self->idle_ns = COPI_OFFLOAD_IDLE_MS * COPI_MS;
    init_mask(&self->mask);
    pthread_mutex_init(&self->lock, NULL);
    init_conditions(self);
    return self;
}

void
copi_offload_drop(copi_offload *self)
{
    bool is_last = --self->holds == 0;

    pthread_mutex_unlock(&self->lock);
    if (!is_last)
        return;
    copi_job_queue_fini(&self->queue);
    pthread_cond_destroy(&self->changed);
    pthread_cond_destroy(&self->work);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

int64_t
copi_offload_now(const copi_offload *self)
{
    return self->simulation != NULL ? self->simulation->now : copi_clock_ns();
}

/* ----------------------------------------------------------------------------- the end */

/* One that the node has ended without, as it is told. */
typedef struct leftover {
    char name[COP_JOB_NAME + 1];
    cop_pid owner;
    int64_t age;
} leftover;

/* The next that nobody waits for; false if there is none. */
static bool
leave_one(copi_offload *self, leftover *out)
{
    cop_job *job = self->abandoned.oldest;

    while (job != NULL && job->is_left)
        job = job->younger;
    if (job == NULL)
        return false;
    job->is_left = true;
    self->left++;
    if (job->hand != NULL)
        copi_hands_detach(self, job->hand);
    memcpy(out->name, job->name, sizeof out->name);
    out->owner = job->owner;
    out->age = copi_offload_now(self) - job->submitted_at;
    return true;
}

static void
leave_all(copi_offload *self)
{
    cop_node *node = self->node;
    leftover left;

    while (leave_one(self, &left)) {
        pthread_mutex_unlock(&self->lock);
        copi_event_tell(node, &(cop_event){.kind = COP_EVENT_LEFTOVER,
                                           .who = left.owner,
                                           .path = "reaper",
                                           .child = left.name,
                                           .news = "still runs",
                                           .ran_ms = left.age / COPI_MS});
        pthread_mutex_lock(&self->lock);
    }
}

/* If the reaper was there it has waited, or was killed so that nobody waits.  The simulator's
 * time does not pass here. */
static void
wait_for_abandoned(copi_offload *self)
{
    int64_t until = copi_offload_now(self) + self->reap_ms * COPI_MS;

    /* relaxed: see the field. */
    if (self->simulation != NULL || self->has_reaper ||
        atomic_load_explicit(&self->node->is_hard, memory_order_relaxed))
        return;
    while (self->abandoned.count > 0 && copi_hands_wait(self, &self->changed, until))
        continue;
}

void
copi_offload_close(copi_offload *self)
{
    pthread_mutex_lock(&self->lock);
    self->is_closing = true;
    pthread_cond_broadcast(&self->work);
    /* Whoever had a job has waited for it. */
    COPI_CHECK(self->queue.count == 0 && self->running.count == 0);
    wait_for_abandoned(self);
    leave_all(self);
    copi_hands_join(self);
    self->node = NULL;
    pthread_mutex_unlock(&self->lock);
}

uint32_t
copi_offload_left(copi_offload *self)
{
    pthread_mutex_lock(&self->lock);
    uint32_t left = self->left;
    pthread_mutex_unlock(&self->lock);
    return left;
}

/* Of a simulation, where nobody runs it any more; who owned it is gone, or never was told.  Its
 * timer stays in the wheel: others there may be gone as well, and nobody looks at it again. */
static void
discard(cop_job *job)
{
    copi_job_dispose(job);
    free(job);
}

static void
discard_all(copi_offload *self)
{
    cop_job *job;

    while ((job = self->running.oldest) != NULL || (job = self->abandoned.oldest) != NULL) {
        copi_job_list_remove(job->is_abandoned ? &self->abandoned : &self->running, job);
        copi_job_queue_return(&self->queue, job);
        discard(job);
    }
    while ((job = copi_job_queue_take(&self->queue)) != NULL) {
        copi_job_queue_return(&self->queue, job);
        discard(job);
    }
}

void
copi_offload_free(copi_offload *self)
{
    if (self->simulation != NULL)
        discard_all(self);
    pthread_mutex_lock(&self->lock);
    copi_offload_drop(self);
}
