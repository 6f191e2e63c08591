/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/guest.h"

#include <event2/event.h>

#include "base/check.h"
#include "base/clock.h"
#include "sched/sched.h"
#include "sched/sleep.h"

static void
on_turn(evutil_socket_t fd, short what, void *worker)
{
    (void)fd;
    (void)what;
    copi_guest_turn(worker);
}

bool
copi_guest_open(copi_worker *self, const copi_sched_plan *plan)
{
    self->is_guest = true;
    self->turn_ns = plan->turn_ns;
    self->thread = pthread_self();
    self->turn_event = event_new(self->base, -1, 0, on_turn, self);
    return self->turn_event != NULL;
}

void
copi_guest_close(copi_worker *self)
{
    if (self->turn_event != NULL)
        event_free(self->turn_event);
    self->turn_event = NULL;
    self->is_guest = false;
}

bool
copi_guest_is_between_turns(const copi_worker *self)
{
    return self->is_guest && pthread_equal(self->thread, pthread_self()) && !self->has_turn;
}

void
copi_guest_begin(copi_worker *self)
{
    COPI_CHECK(!self->has_turn);
    self->has_turn = true;
    copi_worker_wake_up(self);
}

/* Not right after this one: an event that activates itself keeps the loop from polling, but a
 * timeout is looked at after that. */
static void
turn_later(copi_worker *self)
{
    static const struct timeval now = {0, 0};

    COPI_CHECK(event_add(self->turn_event, &now) == 0);
}

/* False: a timer is due already. */
static bool
set_alarm(copi_worker *self)
{
    int64_t due, now = copi_clock_ns();

    if (!copi_wheel_next(&self->timers, &due))
        return true;
    copi_worker_set_alarm(self, due, now);
    return due > now;
}

void
copi_guest_end(copi_worker *self)
{
    self->has_turn = false;
    if (!copi_worker_has_work(self)) {
        copi_worker_lie_down(self, false);
        if (!copi_worker_has_work(self) && !self->sched->tidy(self) && set_alarm(self))
            return;
    }
    turn_later(self);
}

/* A busy worker comes to these after a while, which may be longer than a turn. */
static void
take_strangers(copi_worker *self)
{
    for (copi_task *task; (task = copi_sched_take_injected(self->sched)) != NULL;)
        copi_sched_queue(self, task);
}

/* False: the scheduler was stopped. */
static bool
run_tasks(copi_worker *self)
{
    copi_sched *sched = self->sched;
    int64_t end = copi_clock_ns() + self->turn_ns;

    /* acquire: pairs with copi_sched_stop. */
    while (!atomic_load_explicit(&sched->stopping, memory_order_acquire)) {
        copi_task *task = copi_worker_next(self);
        if (task == NULL)
            return true;
        sched->run(self, task);
        if (copi_clock_ns() >= end)
            return !atomic_load_explicit(&sched->stopping, memory_order_acquire);
    }
    return false;
}

void
copi_guest_turn(copi_worker *self)
{
    copi_guest_begin(self);
    take_strangers(self);
    if (run_tasks(self)) {
        copi_guest_end(self);
        return;
    }
    self->has_turn = false;
    self->sched->gone(self->sched);
}

void
copi_guest_rouse_else(copi_worker *self)
{
    event_active(self->turn_event, EV_TIMEOUT, 0);
}

static void
move(struct event *event, struct event_base *to)
{
    event_del(event);
    COPI_CHECK(event_base_set(to, event) == 0 && event_add(event, NULL) == 0);
}

bool
copi_guest_move_out(copi_worker *self)
{
    struct event_base *own = copi_worker_new_base();

    if (own == NULL)
        return false;
    copi_guest_close(self);
    move(self->wake_event, own);
    move(self->alarm_event, own);
    self->base = own;
    self->thread = pthread_self();
    return true;
}
