/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hands.c - the threads of the pool.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "offload/offload.h"

bool
copi_hands_wait(copi_offload *self, pthread_cond_t *what, int64_t until)
{
    struct timespec at = {.tv_sec = (time_t)(until / COPI_S),
                          .tv_nsec = (long)(until % COPI_S)};

    return pthread_cond_timedwait(what, &self->lock, &at) != ETIMEDOUT;
}

/* False if nothing has come for it in a while. */
static bool
rest(copi_offload *self)
{
    self->resting++;
    bool has_come = copi_hands_wait(self, &self->work, copi_clock_ns() + self->idle_ns);
    self->resting--;
    return has_come || self->queue.ready.count > 0;
}

/* Jobs, one after the other, until there are none or the node has ended; under the lock. */
static void
work(copi_hand *self)
{
    copi_offload *pool = self->pool;

    while (!self->is_detached) {
        cop_job *job = copi_offload_take(pool);
        if (job != NULL) {
            job->hand = self;
            self->job = job;
            pool->busy++;
            copi_offload_run(pool, job);
            /* What it has unblocked for itself. */
            pthread_sigmask(SIG_SETMASK, &pool->mask, NULL);
        } else if (pool->is_closing || !rest(pool)) {
            return;
        }
    }
}

static void
leave(copi_offload *self)
{
    bool has_leaver = self->has_leaver;
    pthread_t leaver = self->leaver;

    self->has_leaver = true;
    self->leaver = pthread_self();
    self->hands--;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    if (has_leaver)
        pthread_join(leaver, NULL);
}

static void *
run(void *hand)
{
    copi_hand *self = hand;
    copi_offload *pool = self->pool;

    pthread_mutex_lock(&pool->lock);
    self->thread = pthread_self();
    work(self);
    bool is_detached = self->is_detached;
    free(self);
    if (is_detached)
        copi_offload_drop(pool);
    else
        leave(pool);
    return NULL;
}

static bool
start(copi_hand *self)
{
    pthread_t thread;
    sigset_t before;

    pthread_sigmask(SIG_SETMASK, &self->pool->mask, &before);
    bool has_started = pthread_create(&thread, NULL, run, self) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return has_started;
}

static bool
add(copi_offload *self)
{
    copi_hand *hand = copi_calloc(1, sizeof *hand);

    if (hand == NULL)
        return false;
    hand->pool = self;
    if (!start(hand)) {
        free(hand);
        return false;
    }
    self->hands++;
    return true;
}

cop_err
copi_hands_need(copi_offload *self)
{
    /* Who is in no job's code will look at the queue before it rests. */
    bool is_short = self->queue.ready.count > self->hands - self->busy;

    if (is_short && self->hands < self->thread_max && !add(self) && self->hands == 0)
        return COP_E_OS;
    if (self->resting > 0)
        pthread_cond_signal(&self->work);
    return COP_OK;
}

void
copi_hands_detach(copi_offload *self, copi_hand *hand)
{
    COPI_CHECK(hand->job != NULL);
    hand->is_detached = true;
    self->holds++;
    self->hands--;
    self->busy--;
    pthread_detach(hand->thread);
}

void
copi_hands_join(copi_offload *self)
{
    while (self->hands > 0)
        pthread_cond_wait(&self->changed, &self->lock);
    if (!self->has_leaver)
        return;
    self->has_leaver = false;
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->leaver, NULL);
    pthread_mutex_lock(&self->lock);
}
