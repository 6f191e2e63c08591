/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seek.c - what a worker does that has nothing to run: steal, watch, sleep.
 *
 * Two cores that hand messages to each other are slower than one, so a task is stolen only
 * when it has waited for a while (`age`): what a worker will come to in a moment is best
 * left to it.  A thief notes where the queues end, waits, and takes what is still there.  No
 * clock is needed where tasks are queued.  company.c finds out whether a theft was good.
 *
 *      sleeping  -- woken -->  watching  -- stole, or has work of its own -->  busy
 *         ^------ nothing queued for a while ----'
 *
 * At most one worker watches, which is what COPI_WATCHED says, so a queue that fills and
 * empties all the time costs no wake-ups.  A watcher that finds nothing looks less and less
 * often, and naps in between.
 *
 * No wake-up is lost.  (1) A worker that goes to sleep sets its idle bit, gives up watching
 * with the same step, and then looks at all queues again; who adds to a queue does so first
 * and then looks at the idle bits.  All these are sequentially consistent, so one of the two
 * sees the other.  (2) A worker may sleep with a task in a queue if somebody watches.  A
 * watcher that stops watching looks at the queues after that, and wakes another if there is
 * anything left.  (3) For what only it can run (its inbox, the end) a worker has its idle
 * bit set whenever it sleeps or naps.  Who clears an idle bit owes that worker a write to
 * its eventfd.  tests/model/park.pml is this protocol.
 */
#include "base/clock.h"
#include "sched/sched.h"
#include "sched/sleep.h"

/* Nanoseconds. */
static const int64_t spin_max = 50 * 1000;  /* longer waits are spent asleep */
static const int64_t nap_max = 1000 * 1000; /* and no nap is longer */
static const int64_t linger = 200 * 1000; /* how long a watcher stays where nothing is queued */

enum {
    FRUITLESS_LOOKS = 32, /* until a watcher looks half as often */
};

static bool
is_any_queued(copi_sched *sched)
{
    for (unsigned i = 0; i < sched->worker_count; i++)
        if (!copi_runq_is_empty(&sched->workers[i].queue))
            return true;
    return false;
}

static void
park(copi_worker *self, bool is_watching)
{
    copi_sched *sched = self->sched;

    copi_worker_lie_down(self, is_watching);
    if (!copi_worker_has_work(self) &&
        ((atomic_load_explicit(&sched->idle, memory_order_seq_cst) & COPI_WATCHED) != 0 ||
         !is_any_queued(sched)))
        copi_worker_sleep(self, sched->tidy(self) ? 0 : INT64_MAX);
    copi_worker_wake_up(self);
}

static bool
become_watcher(copi_sched *sched)
{
    return (atomic_load_explicit(&sched->idle, memory_order_seq_cst) & COPI_WATCHED) == 0 &&
           (atomic_fetch_or_explicit(&sched->idle, COPI_WATCHED, memory_order_seq_cst) &
            COPI_WATCHED) == 0;
}

static void
stop_watching(copi_worker *self)
{
    atomic_fetch_and_explicit(&self->sched->idle, ~COPI_WATCHED, memory_order_seq_cst);
    if (is_any_queued(self->sched))
        copi_sched_wake_thief(self->sched, self);
}

static bool
spin(copi_worker *self, int64_t end)
{
    int64_t due = INT64_MAX, now;

    (void)copi_wheel_next(&self->timers, &due);
    do {
        for (int i = 0; i < 8; i++)
            copi_relax();
        now = copi_clock_ns();
        if (now >= due || now - self->polled_at >= spin_max)
            copi_worker_poll(self, now);
        if (copi_worker_has_work(self))
            return false;
    } while (now < end);
    return true;
}

static bool
nap(copi_worker *self, int64_t ns)
{
    copi_worker_lie_down(self, false);
    if (!copi_worker_has_work(self))
        copi_worker_sleep(self, ns);
    copi_worker_wake_up(self);
    return !copi_worker_has_work(self);
}

static void
mark_queues(copi_worker *self)
{
    for (unsigned i = 0; i < self->sched->worker_count; i++)
        self->marks[i] = copi_runq_mark(&self->sched->workers[i].queue);
}

/* From those who have not come to it since the marks were made. */
static copi_task *
steal(copi_worker *self)
{
    copi_sched *sched = self->sched;
    unsigned start = copi_rng_below(&self->rng, sched->worker_count);

    for (unsigned i = 0; i < sched->worker_count; i++) {
        unsigned which = (start + i) % sched->worker_count;
        copi_worker *victim = &sched->workers[which];
        if (victim == self || copi_runq_is_empty(&victim->queue))
            continue;
        copi_task *task = copi_runq_steal(&self->queue, &victim->queue, self->marks[which]);
        if (task != NULL)
            return task;
    }
    return NULL;
}

/* A stolen task; or NULL, and it watches no more: there is work of its own, or it slept. */
static copi_task *
watch(copi_worker *self)
{
    int64_t pace = self->age, last_queued = copi_clock_ns();

    for (unsigned looks = 1;; looks++) {
        int64_t now = copi_clock_ns();
        mark_queues(self);
        if (!(pace <= spin_max ? spin(self, now + pace) : nap(self, pace)))
            break;
        copi_task *task = steal(self);
        if (task != NULL) {
            stop_watching(self);
            return task;
        }
        if (is_any_queued(self->sched)) {
            last_queued = now;
        } else if (now - last_queued > linger) {
            park(self, true);
            return NULL;
        }
        if (looks % FRUITLESS_LOOKS == 0 && pace < nap_max)
            pace *= 2;
    }
    stop_watching(self);
    return NULL;
}

copi_task *
copi_worker_seek(copi_worker *self)
{
    copi_task *task = NULL;

    if (self->sched->has_thieves && become_watcher(self->sched))
        task = watch(self);
    else
        park(self, false);
    copi_worker_judge_anew(self, copi_clock_ns());
    return task;
}
