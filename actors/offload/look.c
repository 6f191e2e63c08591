/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look.c - what others may know of the pool.
 */
#include <string.h>

#include "base/clock.h"
#include "offload/offload.h"

static size_t
show(const copi_offload *self, const copi_job_list *list, copi_job_info *out, size_t room)
{
    size_t count = 0;

    for (const cop_job *job = list->oldest; job != NULL && count < room; job = job->younger) {
        out[count] = (copi_job_info){
            .limiter = job->spec.limiter,
            .state = job->state,
            .is_abandoned = job->is_abandoned,
            .owner = job->owner,
            .age_ms = (copi_offload_now(self) - job->submitted_at) / COPI_MS,
        };
        memcpy(out[count++].name, job->name, sizeof job->name);
    }
    return count;
}

size_t
copi_offload_list(copi_offload *self, copi_job_info *out, size_t room)
{
    size_t count;

    pthread_mutex_lock(&self->lock);
    count = show(self, &self->running, out, room);
    count += show(self, &self->abandoned, out + count, room - count);
    count += show(self, &self->queue.ready, out + count, room - count);
    for (const copi_job_tokens *tokens = self->queue.tokens; tokens != NULL;
         tokens = tokens->next)
        count += show(self, &tokens->waiting, out + count, room - count);
    pthread_mutex_unlock(&self->lock);
    return count;
}

size_t
copi_offload_abandoned(copi_offload *self, copi_job_info *out, size_t room)
{
    pthread_mutex_lock(&self->lock);
    size_t count = show(self, &self->abandoned, out, room);
    pthread_mutex_unlock(&self->lock);
    return count;
}

void
copi_offload_count(copi_offload *self, cop_node_stats *out)
{
    pthread_mutex_lock(&self->lock);
    out->jobs_queued = self->queue.count;
    out->jobs_running = self->running.count;
    out->jobs_abandoned = self->abandoned.count;
    out->job_threads = self->hands;
    pthread_mutex_unlock(&self->lock);
}

uint32_t
copi_offload_reap(copi_offload *self)
{
    pthread_mutex_lock(&self->lock);
    self->is_reaping = true;
    uint32_t count = self->abandoned.count;
    pthread_mutex_unlock(&self->lock);
    return count;
}

void
copi_offload_set_reaper(copi_offload *self, cop_pid reaper)
{
    pthread_mutex_lock(&self->lock);
    self->has_reaper = true;
    self->reaper = reaper;
    pthread_mutex_unlock(&self->lock);
}
