/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watchdog.c - the thread that looks whether workers get on, and what it says if one does not.
 */
#include "debug/watchdog.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "core/node.h"
#include "debug/capture.h"
#include "debug/event.h"

enum {
    LOOKS = 4, /* in the time of the shortest limit, so that no report is later than by this */
    PERIOD_MAX_MS = 100,
};

/* What it has seen of one worker.  The watchdog's thread. */
typedef struct sight {
    copi_moment at;
    int64_t since; /* nanoseconds: when it was first seen there */
    int64_t due;   /* the next report: so long after that; 0: the first */
} sight;

struct copi_watchdog {
    cop_node *node;
    pthread_t thread;
    int signal; /* that makes a worker tell; 0: none is left */

    /* Of all limits that there were.  Relaxed: spawns look at it without the lock, under which
     * it is changed. */
    _Atomic int32_t shortest_ms;
    pthread_mutex_t lock; /* what follows */
    pthread_cond_t changed;
    bool is_stopping;

    /* Its thread's. */
    copi_capture capture;
    sight sights[COPI_WORKERS_MAX];
};

/* ---------------------------------------------------------------------------- a report */

/* Who it is could not be found out, but not that there is somebody. */
static void
tell_silent(copi_watchdog *self, const copi_worker *worker, int64_t ran)
{
    char path[64];

    snprintf(path, sizeof path, "worker %u, which takes no signals,", worker->index);
    copi_event_tell(
        self->node,
        &(cop_event){.kind = COP_EVENT_STUCK, .path = path, .ran_ms = ran / COPI_MS});
}

static void
tell_stuck(copi_watchdog *self, int64_t ran)
{
    const copi_capture *capture = &self->capture;

    copi_event_tell(self->node, &(cop_event){
                                    .kind = COP_EVENT_STUCK,
                                    .who = capture->who,
                                    .path = capture->path,
                                    .behaviour = capture->behaviour,
                                    .message = capture->message,
                                    .from = capture->from,
                                    .waiting = capture->waiting,
                                    .ran_ms = ran / COPI_MS,
                                    .stack = capture->stack + capture->first,
                                    .stack_count = capture->depth - capture->first,
                                });
}

/* Not counted as other events are: there is one for each worker, and then less and less. */
static void
report(copi_watchdog *self, copi_worker *worker, const sight *seen, int64_t ran)
{
    cop_stuck policy = self->node->opts.on_stuck;

    switch (copi_capture_take(&self->capture, self->signal, worker, seen->at)) {
    case COPI_CAPTURE_MISSED: return;
    case COPI_CAPTURE_SILENT: tell_silent(self, worker, ran); break;
    case COPI_CAPTURED:
        tell_stuck(self, ran);
        if (self->capture.policy == COP_STUCK_ABORT)
            policy = COP_STUCK_ABORT;
        break;
    }
    if (policy == COP_STUCK_ABORT)
        abort();
}

/* ---------------------------------------------------------------------------- the look */

/* Its limit in nanoseconds; 0: none.  The record stays, whoever lives there by now; a limit
 * that is another's makes a report earlier or later than it should be. */
static int64_t
limit_of(void *current)
{
    cop_actor *actor = current;

    return atomic_load_explicit(&actor->stuck_ms, memory_order_relaxed) * COPI_MS;
}

static void
look_at(copi_watchdog *self, copi_worker *worker)
{
    sight *seen = &self->sights[worker->index];
    void *current = atomic_load_explicit(&worker->current, memory_order_relaxed);
    copi_moment at = copi_moment_of(worker);
    int64_t now = copi_clock_ns();

    if (current == NULL || !copi_moment_equal(at, seen->at)) {
        *seen = (sight){.at = at, .since = now};
        return;
    }
    int64_t limit = limit_of(current), due = seen->due != 0 ? seen->due : limit;
    if (limit == 0 || now - seen->since < due)
        return;
    seen->due = 2 * due;
    report(self, worker, seen, now - seen->since);
}

static int32_t
shortest_of(copi_watchdog *self)
{
    return atomic_load_explicit(&self->shortest_ms, memory_order_relaxed);
}

static int32_t
period_of(copi_watchdog *self)
{
    int32_t period = shortest_of(self) / LOOKS;

    if (period > PERIOD_MAX_MS)
        return PERIOD_MAX_MS;
    return period > 0 ? period : 1;
}

/* Waits for the next look, or the end, which is false. */
static bool
rest(copi_watchdog *self)
{
    struct timespec until;

    pthread_mutex_lock(&self->lock);
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + period_of(self) * COPI_MS;
    until.tv_sec += (time_t)(ns / (1000 * COPI_MS));
    until.tv_nsec = (long)(ns % (1000 * COPI_MS));
    if (!self->is_stopping)
        pthread_cond_timedwait(&self->changed, &self->lock, &until);
    bool goes_on = !self->is_stopping;
    pthread_mutex_unlock(&self->lock);
    return goes_on;
}

static void *
run(void *watchdog)
{
    copi_watchdog *self = watchdog;
    copi_sched *sched = &self->node->sched;

    while (rest(self))
        for (unsigned i = 0; i < sched->worker_count; i++)
            look_at(self, &sched->workers[i]);
    return NULL;
}

/* ------------------------------------------------------------------------ start and end */

/* With all signals blocked, so that none that is meant for the program ends up there. */
static bool
start_thread(copi_watchdog *self)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool has_started = pthread_create(&self->thread, NULL, run, self) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return has_started;
}

static void
free_watchdog(copi_watchdog *self)
{
    copi_capture_fini(&self->capture);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static cop_err
make(copi_watchdog **out, cop_node *node, int32_t limit_ms)
{
    copi_watchdog *self = calloc(1, sizeof *self);
    pthread_condattr_t monotonic;

    if (self == NULL || !copi_capture_init(&self->capture)) {
        free(self);
        return COP_E_NOMEM;
    }
    self->node = node;
    atomic_init(&self->shortest_ms, limit_ms);
    self->signal = copi_capture_prepare();
    pthread_mutex_init(&self->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&self->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (!start_thread(self)) {
        free_watchdog(self);
        return COP_E_OS;
    }
    *out = self;
    return COP_OK;
}

/* There was none when somebody looked; by now there may be. */
static cop_err
start(cop_node *node, int32_t limit_ms, copi_watchdog **out)
{
    cop_err err = COP_OK;

    pthread_mutex_lock(&node->lock);
    *out = atomic_load_explicit(&node->watchdog, memory_order_relaxed);
    if (*out == NULL && (err = make(out, node, limit_ms)) == COP_OK)
        /* release: pairs with need; what it points to is ready. */
        atomic_store_explicit(&node->watchdog, *out, memory_order_release);
    pthread_mutex_unlock(&node->lock);
    return err;
}

cop_err
copi_watchdog_need(cop_node *node, int32_t limit_ms)
{
    copi_watchdog *self = atomic_load_explicit(&node->watchdog, memory_order_acquire);

    if (node->sim != NULL)
        return COP_OK;
    if (self == NULL)
        COP_TRY(start(node, limit_ms, &self));
    if (limit_ms >= shortest_of(self))
        return COP_OK;
    pthread_mutex_lock(&self->lock);
    if (limit_ms < shortest_of(self)) {
        atomic_store_explicit(&self->shortest_ms, limit_ms, memory_order_relaxed);
        pthread_cond_signal(&self->changed);
    }
    pthread_mutex_unlock(&self->lock);
    return COP_OK;
}

void
copi_watchdog_stop(cop_node *node)
{
    copi_watchdog *self = atomic_load_explicit(&node->watchdog, memory_order_acquire);

    if (self == NULL)
        return;
    pthread_mutex_lock(&self->lock);
    self->is_stopping = true;
    pthread_cond_signal(&self->changed);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->thread, NULL);
}

void
copi_watchdog_free(cop_node *node)
{
    copi_watchdog *self = atomic_load_explicit(&node->watchdog, memory_order_acquire);

    if (self != NULL)
        free_watchdog(self);
}
