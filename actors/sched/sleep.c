/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/sleep.h"

#include <event2/event.h>
#include <sys/timerfd.h>

#include "base/check.h"
#include "base/clock.h"
#include "sched/sched.h"

static uint64_t
bit_of(const copi_worker *self)
{
    return UINT64_C(1) << self->index;
}

bool
copi_worker_has_work(copi_worker *self)
{
    copi_sched *sched = self->sched;

    return atomic_load_explicit(&self->inbox, memory_order_seq_cst) != NULL ||
           atomic_load_explicit(&sched->waiting, memory_order_seq_cst) != 0 ||
           atomic_load_explicit(&sched->stopping, memory_order_seq_cst) || self->slot != NULL ||
           self->pinned.first != NULL || !copi_runq_is_empty(&self->queue);
}

void
copi_worker_lie_down(copi_worker *self, bool is_watching)
{
    uint64_t idle = atomic_load_explicit(&self->sched->idle, memory_order_relaxed), next;

    do {
        next = idle | bit_of(self);
        if (is_watching)
            next &= ~COPI_WATCHED;
    } while (!atomic_compare_exchange_weak_explicit(
        &self->sched->idle, &idle, next, memory_order_seq_cst, memory_order_relaxed));
}

void
copi_worker_set_alarm(copi_worker *self, int64_t at, int64_t now)
{
    struct itimerspec when = {
        .it_value = {at / COPI_S, at % COPI_S}
    };

    if (at <= now || (self->alarm_at > now && self->alarm_at <= at))
        return;
    COPI_CHECK(timerfd_settime(self->alarm_fd, TFD_TIMER_ABSTIME, &when, NULL) == 0);
    self->alarm_at = at;
}

void
copi_worker_sleep(copi_worker *self, int64_t ns)
{
    int64_t due, now = copi_clock_ns(), until = ns == INT64_MAX ? ns : now + ns;

    if (copi_wheel_next(&self->timers, &due) && due < until)
        until = due;
    if (until != INT64_MAX)
        copi_worker_set_alarm(self, until, now);
    event_base_loop(self->base, until > now ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

void
copi_worker_wake_up(copi_worker *self)
{
    atomic_fetch_and_explicit(&self->sched->idle, ~bit_of(self), memory_order_seq_cst);
    self->polled_at = self->looked_at = copi_clock_ns();
    self->patience = self->turns_left = 1;
    copi_worker_fire_timers(self);
}
