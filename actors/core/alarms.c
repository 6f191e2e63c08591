/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alarms.c - <coppice/timer.h>: messages to oneself, later.
 *
 * An actor with alarms is pinned to its worker, whose slots know them by number.  What a
 * user holds is that number and the worker's, so that a handle from before a move to
 * another worker finds nothing there.
 */
#include <coppice/timer.h>

#include "base/check.h"
#include "base/clock.h"
#include "core/dispatch.h"
#include "core/node.h"
#include "core/ties.h"
#include "message/copy.h"

/* So far ahead that no clock ever gets there, and no sum of two overflows. */
static const int64_t MS_MAX = INT64_MAX / COPI_MS / 2;

static void *
message_of(copi_alarm *alarm)
{
    return (char *)alarm + (sizeof *alarm + 15) / 16 * 16;
}

static cop_timer
handle_of(const copi_worker *worker, uint64_t number)
{
    return (cop_timer){{(uint64_t)(worker->index + 1) << COPI_SLOTS_BITS | number}};
}

static copi_alarm *
find(cop_actor *self, cop_timer timer)
{
    uint64_t number = timer.ref.bits & ((UINT64_C(1) << COPI_SLOTS_BITS) - 1);

    if (timer.ref.bits >> COPI_SLOTS_BITS != self->worker->index + 1)
        return NULL;
    copi_alarm *alarm = copi_slots_find(&self->worker->alarms, number);
    return alarm != NULL && alarm->actor == self ? alarm : NULL;
}

static void
on_due(copi_worker *worker, copi_timer *timer)
{
    copi_alarm *alarm = COPI_CONTAINER(timer, copi_alarm, timer);

    alarm->is_queued = true;
    copi_push_self(worker, alarm->actor, &alarm->due);
}

static void
free_alarm(cop_actor *self, copi_alarm *alarm)
{
    copi_pool_give(&self->worker->pool, alarm, alarm->size);
}

/* Nobody's alarm any more, but still in memory. */
static void
detach(cop_actor *self, copi_alarm *alarm)
{
    *(alarm->younger == NULL ? &self->ties->alarms : &alarm->younger->older) = alarm->older;
    if (alarm->older != NULL)
        alarm->older->younger = alarm->younger;
    copi_slots_remove(&self->worker->alarms, alarm->number);
    copi_timer_disarm(self->worker, &alarm->timer);
    copi_unpin(self);
}

/* The same; its memory goes now, or when it is out of the mailbox. */
static void
discard(cop_actor *self, copi_alarm *alarm)
{
    detach(self, alarm);
    if (alarm->is_queued)
        alarm->is_dropped = true;
    else
        free_alarm(self, alarm);
}

/* At most COPI_PAYLOAD_MAX + 1, which is too large. */
static size_t
extra_of(const cop_type *type, const void *message)
{
    size_t extra = type->flat ? 0 : copi_message_extra(type, message);

    return extra > COPI_PAYLOAD_MAX ? COPI_PAYLOAD_MAX + 1u : extra;
}

/* With its message; NULL if there is no memory. */
static copi_alarm *
new_alarm(cop_actor *me, const cop_type *type, const void *message)
{
    size_t extra = extra_of(type, message);

    if (copi_ties_of(me) == NULL)
        return NULL;
    size_t size = (sizeof(copi_alarm) + 15) / 16 * 16 + type->size + extra;
    copi_alarm *alarm = copi_pool_take(&me->worker->pool, size);
    if (alarm == NULL)
        return NULL;
    *alarm = (copi_alarm){
        .due = {.kind = COPI_TIMER, .type = type},
        .timer = {.fire = on_due                 },
        .actor = me,
        .size = (uint32_t)size
    };
    copi_message_copy(type, message_of(alarm), message);
    return alarm;
}

/* Into the worker's slots and timers.  False, and in neither, if there is no memory. */
static bool
set(cop_actor *me, copi_alarm *alarm)
{
    alarm->number = copi_slots_add(&me->worker->alarms, alarm);
    if (alarm->number == 0)
        return false;
    if (copi_timer_arm(me->worker, &alarm->timer, alarm->due_at))
        return true;
    copi_slots_remove(&me->worker->alarms, alarm->number);
    return false;
}

static void
attach(cop_actor *me, copi_alarm *alarm)
{
    alarm->older = me->ties->alarms;
    if (alarm->older != NULL)
        alarm->older->younger = alarm;
    me->ties->alarms = alarm;
    copi_pin(me);
}

static cop_err
arm(cop_actor *me, int64_t ms, int64_t period, cop_timer *out, const cop_type *type,
    const void *message)
{
    if (!copi_is_open(me))
        return COP_E_GONE;
    if (ms < 0 || ms > MS_MAX)
        return COP_E_INVAL;
    if (type->size + extra_of(type, message) > COPI_PAYLOAD_MAX)
        return COP_E_TOO_LARGE;
    copi_alarm *alarm = new_alarm(me, type, message);
    if (alarm == NULL)
        return COP_E_NOMEM;
    alarm->due_at = copi_worker_now(me->worker) + ms * COPI_MS;
    alarm->period = period;
    if (!set(me, alarm)) {
        free_alarm(me, alarm);
        return COP_E_NOMEM;
    }
    attach(me, alarm);
    if (out != NULL)
        *out = handle_of(me->worker, alarm->number);
    return COP_OK;
}

cop_err
cop_send_after_message(cop_actor *me, int64_t ms, cop_timer *out, const cop_type *type,
                       const void *message)
{
    return arm(me, ms, 0, out, type, message);
}

cop_err
cop_send_every_message(cop_actor *me, int64_t ms, cop_timer *out, const cop_type *type,
                       const void *message)
{
    if (ms <= 0 || ms > MS_MAX)
        return COP_E_INVAL;
    return arm(me, ms, ms * COPI_MS, out, type, message);
}

int64_t
cop_timer_cancel(cop_actor *me, cop_timer timer)
{
    copi_alarm *alarm = find(me, timer);
    int64_t left = 0;

    if (alarm == NULL)
        return -1;
    /* Rounded up, so that waiting for the rest is never too short. */
    if (!alarm->is_queued)
        left = (copi_timer_left(me->worker, &alarm->timer) + COPI_MS - 1) / COPI_MS;
    discard(me, alarm);
    return left;
}

/* The next time on the grid of periods that is not over. */
static void
rearm(cop_actor *self, copi_alarm *alarm)
{
    int64_t now = copi_worker_now(self->worker);

    alarm->due_at += alarm->period;
    if (alarm->due_at < now)
        alarm->due_at += (now - alarm->due_at) / alarm->period * alarm->period;
    if (!copi_timer_arm(self->worker, &alarm->timer, alarm->due_at))
        copi_end_failed(self, COP_E_NOMEM);
}

static cop_err
handle_once(cop_actor *self, copi_alarm *alarm)
{
    /* First, so that the handler may arm another, and finds this one gone. */
    detach(self, alarm);
    cop_err err = copi_dispatch(self, alarm->due.type, message_of(alarm));
    free_alarm(self, alarm);
    return err;
}

static cop_err
handle_again(cop_actor *self, copi_alarm *alarm)
{
    /* As if it were still in the mailbox: a cancel inside the handler only marks it. */
    alarm->is_queued = true;
    cop_err err = copi_dispatch(self, alarm->due.type, message_of(alarm));
    alarm->is_queued = false;
    if (alarm->is_dropped)
        free_alarm(self, alarm);
    else
        rearm(self, alarm);
    return err;
}

cop_err
copi_handle_alarm(cop_actor *self, copi_envelope *envelope)
{
    copi_alarm *alarm = COPI_CONTAINER(envelope, copi_alarm, due);

    alarm->is_queued = false;
    if (!alarm->is_dropped)
        return alarm->period == 0 ? handle_once(self, alarm) : handle_again(self, alarm);
    free_alarm(self, alarm);
    return COP_OK;
}

void
copi_drop_alarm(cop_actor *self, copi_envelope *envelope)
{
    copi_alarm *alarm = COPI_CONTAINER(envelope, copi_alarm, due);

    alarm->is_queued = false;
    if (alarm->is_dropped)
        free_alarm(self, alarm);
}

void
copi_alarms_end(cop_actor *self)
{
    while (self->ties->alarms != NULL)
        discard(self, self->ties->alarms);
}
