/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/worker.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "sched/guest.h"
#include "sched/sched.h"

enum {
    /* How often the slot may go before the queues in a row. */
    SLOT_RUNS = 64,
    /* After how many searches for work at most a busy worker looks at the clock. */
    TURNS_MAX = 64,
    /* From so many milliseconds on a time need not be known to better than a tick. */
    ROUGH_MS = 1000,
};

/* How long a busy worker may leave its timers and descriptors alone. */
static const int64_t poll_interval = 200 * 1000;

int64_t
copi_worker_now(const copi_worker *worker)
{
    const copi_simulation *simulation = worker->sched->simulation;

    return simulation != NULL ? simulation->now : copi_clock_ns();
}

static bool
is_virtual(const copi_worker *worker)
{
    return worker->sched->simulation != NULL;
}

int64_t
copi_worker_after(const copi_worker *worker, int64_t ms)
{
    if (ms < ROUGH_MS || is_virtual(worker))
        return copi_worker_now(worker) + ms * COPI_MS;
    return copi_clock_rough_ns() + 2 * worker->tick + ms * COPI_MS;
}

int64_t
copi_timer_left(const copi_worker *worker, const copi_timer *timer)
{
    int64_t left = timer->node.due - copi_worker_now(worker);

    return left > 0 ? left : 0;
}

bool
copi_timer_arm(copi_worker *worker, copi_timer *timer, int64_t due)
{
    int64_t now = is_virtual(worker) ? worker->sched->simulation->now : worker->looked_at;

    copi_timer_disarm(worker, timer);
    if (!copi_wheel_add(&worker->timers, &timer->node, due, now))
        return false;
    COPI_TALLY(worker, timers, 1);
    return true;
}

void
copi_worker_fire_timers(copi_worker *worker)
{
    int64_t now = copi_worker_now(worker);

    for (copi_wheel_node *node; (node = copi_wheel_pop(&worker->timers, now)) != NULL;) {
        COPI_TALLY(worker, timers, -1);
        worker->sched->ring(worker, COPI_CONTAINER(node, copi_timer, node));
    }
}

void
copi_worker_poll(copi_worker *self, int64_t now)
{
    self->polled_at = now;
    copi_worker_fire_timers(self);
    /* A guest's descriptors are looked at by its host. */
    if (self->watch_count > 0 && !self->is_guest)
        event_base_loop(self->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
}

/* The whole inbox into the pinned tasks, oldest first. */
static void
take_inbox(copi_worker *self)
{
    /* acquire: pairs with the push; the tasks' fields are visible. */
    copi_task *newest = atomic_exchange_explicit(&self->inbox, NULL, memory_order_acquire);
    copi_task *oldest = NULL;

    while (newest != NULL) {
        copi_task *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != NULL) {
        copi_task *next = oldest->next;
        copi_fifo_push(&self->pinned, oldest);
        oldest = next;
    }
}

/* The two kinds of own tasks in turn, so that neither starves the other. */
static copi_task *
take_queued(copi_worker *self)
{
    copi_task *task;

    if (self->turns % 2 == 0) {
        task = copi_fifo_pop(&self->pinned);
        return task != NULL ? task : copi_runq_pop(&self->queue);
    }
    task = copi_runq_pop(&self->queue);
    return task != NULL ? task : copi_fifo_pop(&self->pinned);
}

/*
 * How many tasks may run before the next look at the clock: few if they take long, many if
 * they do not, since a look costs as much as a small task.
 */
static void
set_patience(copi_worker *self, int64_t now)
{
    int64_t elapsed = now - self->looked_at;

    if (elapsed < poll_interval)
        self->patience = self->patience < TURNS_MAX / 2 ? 2 * self->patience : TURNS_MAX;
    else
        self->patience = (uint32_t)(self->patience * poll_interval / elapsed);
    if (self->patience == 0)
        self->patience = 1;
    self->turns_left = self->patience;
    self->looked_at = now;
}

/* Timers, descriptors and strangers' tasks, if it has been long enough. */
static void
look_around(copi_worker *self)
{
    int64_t now = copi_clock_ns();

    set_patience(self, now);
    if (now - self->polled_at < poll_interval)
        return;
    copi_worker_poll(self, now);
    if (self->sched->has_thieves)
        copi_worker_judge(self, now);
    copi_task *task = copi_sched_take_injected(self->sched);
    if (task != NULL)
        copi_sched_queue(self, task);
}

copi_task *
copi_worker_next(copi_worker *self)
{
    copi_task *task = NULL;

    self->turns++;
    if (--self->turns_left == 0)
        look_around(self);
    /* relaxed: only whether to look; take_inbox acquires. */
    if (atomic_load_explicit(&self->inbox, memory_order_relaxed) != NULL)
        take_inbox(self);
    if (self->slot != NULL && self->slot_runs++ < SLOT_RUNS)
        return copi_worker_take_slot(self);
    self->slot_runs = 0;
    task = take_queued(self);
    if (task == NULL)
        task = copi_worker_take_slot(self);
    if (task == NULL)
        task = copi_sched_take_injected(self->sched);
    return task;
}

void *
copi_worker_main(void *worker)
{
    copi_worker *self = worker;
    copi_sched *sched = self->sched;

    /* acquire: pairs with copi_sched_stop; all that was done before it is visible. */
    while (!atomic_load_explicit(&sched->stopping, memory_order_acquire)) {
        copi_task *task = copi_worker_next(self);
        if (task == NULL)
            task = copi_worker_seek(self);
        if (task != NULL)
            sched->run(self, task);
    }
    return NULL;
}

static void
on_wake(evutil_socket_t fd, short what, void *worker)
{
    (void)what;
    uint64_t count;

    /* Only to make the descriptor quiet again; the count means nothing. */
    while (read(fd, &count, sizeof count) < 0 && errno == EINTR)
        continue;
    if (((copi_worker *)worker)->is_guest)
        copi_guest_turn(worker);
}

static bool
watch_fd(copi_worker *self, int fd, struct event **out)
{
    if (fd < 0)
        return false;
    *out = event_new(self->base, fd, EV_READ | EV_PERSIST, on_wake, self);
    return *out != NULL && event_add(*out, NULL) == 0;
}

struct event_base *
copi_worker_new_base(void)
{
    struct event_config *config = event_config_new();

    if (config == NULL)
        return NULL;
    /* No locks: the base is used by this worker's thread only. */
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    struct event_base *made = event_base_new_with_config(config);
    event_config_free(config);
    return made;
}

static bool
open_base(copi_worker *self, const copi_sched_plan *plan)
{
    self->base = plan->host != NULL ? plan->host : copi_worker_new_base();
    if (self->base == NULL || (plan->host != NULL && !copi_guest_open(self, plan)))
        return false;
    self->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    self->alarm_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    return watch_fd(self, self->wake_fd, &self->wake_event) &&
           watch_fd(self, self->alarm_fd, &self->alarm_event);
}

bool
copi_worker_init(copi_worker *self, copi_sched *sched, unsigned index,
                 const copi_sched_plan *plan)
{
    self->sched = sched;
    self->index = index;
    self->slice = plan->slice;
    copi_pool_init(&self->pool, sched->simulation != NULL ? NULL : &sched->depot);
    self->tick = copi_clock_tick_ns();
    self->wake_fd = self->alarm_fd = -1;
    self->patience = self->turns_left = 1;
    self->age = COPI_AGE_MIN;
    self->rng = (copi_rng){plan->seed + index * UINT64_C(0x9e3779b97f4a7c15)};
    atomic_init(&self->inbox, NULL);
    copi_runq_init(&self->queue, sched->has_thieves);
    return sched->simulation != NULL || open_base(self, plan);
}

static void
forget(struct event **event, int *fd)
{
    if (*event != NULL)
        event_free(*event);
    *event = NULL;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void
copi_worker_leave_base(copi_worker *self)
{
    forget(&self->alarm_event, &self->alarm_fd);
    forget(&self->wake_event, &self->wake_fd);
    if (self->is_guest)
        copi_guest_close(self);
    else if (self->base != NULL)
        event_base_free(self->base);
    self->base = NULL;
}

void
copi_worker_fini(copi_worker *self)
{
    copi_worker_leave_base(self);
    copi_wheel_fini(&self->timers);
    copi_slots_fini(&self->alarms);
}
