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
#include "message/bufs.h"
#include "message/copy.h"

/* So far ahead that no clock ever gets there, and no sum of two overflows. */
static const int64_t MS_MAX = INT64_MAX / COPI_MS / 2;

static cop_timer
handle_of(const copi_worker *worker, uint64_t number)
{
    return (cop_timer){{(uint64_t)(worker->index + 1) << COPI_SLOTS_BITS | number}};
}

static uint64_t
number_of(cop_timer timer)
{
    return timer.ref.bits & ((UINT64_C(1) << COPI_SLOTS_BITS) - 1);
}

static copi_alarm *
find(cop_actor *self, cop_timer timer)
{
    if (timer.ref.bits >> COPI_SLOTS_BITS != self->worker->index + 1)
        return NULL;
    copi_alarm *alarm = copi_slots_find(&self->worker->alarms, number_of(timer));
    return alarm != NULL && alarm->actor == self ? alarm : NULL;
}

void
copi_alarm_due(copi_worker *worker, copi_timer *timer)
{
    copi_alarm *alarm = COPI_CONTAINER(timer, copi_alarm, timer);

    alarm->timer.is_queued = true;
    copi_push_self(worker, alarm->actor, &alarm->due);
}

void
copi_alarm_free(cop_actor *self, copi_alarm *alarm)
{
    if (alarm->timer.has_bufs)
        copi_message_drop(alarm->due.type, alarm->message);
    copi_pool_give(&self->worker->pool, alarm, alarm->timer.size);
}

/* Nobody's alarm any more, but still in memory. */
static void
detach(cop_actor *self, copi_alarm *alarm, uint64_t number)
{
    *(alarm->younger == NULL ? &self->ties->alarms : &alarm->younger->older) = alarm->older;
    if (alarm->older != NULL)
        alarm->older->younger = alarm->younger;
    copi_slots_remove(&self->worker->alarms, number);
    copi_timer_disarm(self->worker, &alarm->timer);
    copi_unpin(self);
}

/* The same; its memory goes now, or when it is out of the mailbox. */
static void
discard(cop_actor *self, copi_alarm *alarm, uint64_t number)
{
    detach(self, alarm, number);
    if (alarm->timer.is_queued)
        alarm->timer.is_dropped = true;
    else
        copi_alarm_free(self, alarm);
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
    size_t size = sizeof(copi_alarm) + type->size + extra;
    copi_alarm *alarm = copi_pool_take(&me->worker->pool, size);
    if (alarm == NULL)
        return NULL;
    /* In parts, which the compiler does better than one large clear. */
    alarm->timer = (copi_timer){.what = COPI_TIMER, .size = (uint32_t)size};
    alarm->actor = me;
    alarm->younger = NULL;
    alarm->due = (copi_envelope){.kind = COPI_TIMER, .type = type};
    alarm->timer.has_bufs = copi_message_copy(type, alarm->message, message);
    return alarm;
}

/* Into the worker's slots and timers.  False, and in neither, if there is no memory. */
static bool
set(cop_actor *me, copi_alarm *alarm, int64_t due)
{
    alarm->due.ref = copi_slots_add(&me->worker->alarms, alarm);
    if (alarm->due.ref == 0)
        return false;
    if (copi_timer_arm(me->worker, &alarm->timer, due))
        return true;
    copi_slots_remove(&me->worker->alarms, alarm->due.ref);
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
    alarm->period = period;
    if (!set(me, alarm, copi_worker_after(me->worker, ms))) {
        alarm->timer.has_bufs = false; /* they are still the caller's */
        copi_alarm_free(me, alarm);
        return COP_E_NOMEM;
    }
    attach(me, alarm);
    if (out != NULL)
        *out = handle_of(me->worker, alarm->due.ref);
    return COP_OK;
}

cop_err
cop_send_after_message(cop_actor *me, int64_t ms, cop_timer *out, const cop_type *type,
                       const void *message)
{
    return copi_taken(type, message, arm(me, ms, 0, out, type, message));
}

cop_err
cop_send_every_message(cop_actor *me, int64_t ms, cop_timer *out, const cop_type *type,
                       const void *message)
{
    if (ms <= 0 || ms > MS_MAX)
        return copi_taken(type, message, COP_E_INVAL);
    return copi_taken(type, message, arm(me, ms, ms * COPI_MS, out, type, message));
}

int64_t
cop_timer_cancel(cop_actor *me, cop_timer timer)
{
    copi_alarm *alarm = find(me, timer);
    int64_t left = 0;

    if (alarm == NULL)
        return -1;
    /* Rounded up, so that waiting for the rest is never too short. */
    if (!alarm->timer.is_queued)
        left = (copi_timer_left(me->worker, &alarm->timer) + COPI_MS - 1) / COPI_MS;
    discard(me, alarm, number_of(timer));
    return left;
}

/* The next time on the grid of periods that is not over. */
static void
rearm(cop_actor *self, copi_alarm *alarm)
{
    int64_t now = copi_worker_now(self->worker);
    int64_t due = alarm->timer.node.due + alarm->period;

    if (due < now)
        due += (now - due) / alarm->period * alarm->period;
    if (!copi_timer_arm(self->worker, &alarm->timer, due))
        copi_end_failed(self, COP_E_NOMEM);
}

static cop_err
handle_once(cop_actor *self, copi_alarm *alarm)
{
    /* First, so that the handler may arm another, and finds this one gone. */
    detach(self, alarm, alarm->due.ref);
    cop_err err = copi_dispatch(self, alarm->due.type, alarm->message);
    copi_alarm_free(self, alarm);
    return err;
}

static cop_err
handle_again(cop_actor *self, copi_alarm *alarm)
{
    /* As if it were still in the mailbox: a cancel inside the handler only marks it. */
    alarm->timer.is_queued = true;
    cop_err err = copi_dispatch(self, alarm->due.type, alarm->message);
    alarm->timer.is_queued = false;
    if (alarm->timer.is_dropped)
        copi_alarm_free(self, alarm);
    else
        rearm(self, alarm);
    return err;
}

cop_err
copi_handle_alarm(cop_actor *self, copi_envelope *envelope)
{
    copi_alarm *alarm = COPI_CONTAINER(envelope, copi_alarm, due);

    alarm->timer.is_queued = false;
    if (!alarm->timer.is_dropped)
        return alarm->period == 0 ? handle_once(self, alarm) : handle_again(self, alarm);
    copi_alarm_free(self, alarm);
    return COP_OK;
}

void
copi_drop_alarm(cop_actor *self, copi_envelope *envelope)
{
    copi_alarm *alarm = COPI_CONTAINER(envelope, copi_alarm, due);

    alarm->timer.is_queued = false;
    if (alarm->timer.is_dropped)
        copi_alarm_free(self, alarm);
}

void
copi_alarms_end(cop_actor *self)
{
    for (copi_alarm *alarm; (alarm = self->ties->alarms) != NULL;)
        discard(self, alarm, alarm->due.ref);
}
