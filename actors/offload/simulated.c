/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulated.c - jobs in the simulator.
 *
 * There are as many jobs at once as there would be threads.  Each waits for a time that the
 * seed decides, then for its turn among the actors that can run, as one more of them; then
 * all of it happens in that step.
 */
#include "base/check.h"
#include "base/clock.h"
#include "offload/offload.h"

static copi_worker *
worker_of(copi_offload *self)
{
    return &self->sched->workers[0];
}

static int64_t
some_time(copi_offload *self, int64_t most_ms)
{
    return copi_rng_below(&self->simulation->rng, (uint32_t)most_ms + 1) * COPI_MS;
}

static void
start(copi_offload *self, cop_job *job)
{
    int64_t wait = some_time(self, self->jitter_ms);

    job->task.home = COPI_NO_ACTOR;
    job->timer.what = COPI_TIMER_OF_JOB;
    if (wait == 0 ||
        !copi_timer_arm(worker_of(self), &job->timer, self->simulation->now + wait))
        copi_sched_submit(self->sched, worker_of(self), &job->task);
}

void
copi_simulated_pump(copi_offload *self)
{
    cop_job *job;

    while (self->running.count + self->abandoned.count < self->thread_max &&
           (job = copi_offload_take(self)) != NULL)
        start(self, job);
}

void
copi_simulated_hurry(copi_offload *self, cop_job *job)
{
    if (!copi_timer_is_armed(&job->timer))
        return;
    int64_t left = copi_timer_left(worker_of(self), &job->timer);
    COPI_CHECK(copi_timer_arm(worker_of(self), &job->timer,
                              self->simulation->now + some_time(self, left / COPI_MS)));
}

void
copi_simulated_ring(copi_worker *worker, copi_timer *timer)
{
    cop_job *job = COPI_CONTAINER(timer, cop_job, timer);

    copi_sched_submit(worker->sched, worker, &job->task);
}

void
copi_simulated_run(copi_worker *worker, copi_task *task)
{
    cop_job *job = COPI_CONTAINER(task, cop_job, task);
    copi_offload *self = job->pool;

    (void)worker;
    pthread_mutex_lock(&self->lock);
    copi_offload_run(self, job);
    copi_simulated_pump(self);
    pthread_mutex_unlock(&self->lock);
}
