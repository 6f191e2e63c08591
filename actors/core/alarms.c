/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alarms.c - <coppice/timer.h>: messages to oneself, later.
 */
#include <coppice/timer.h>

#include "base/check.h"
#include "base/clock.h"
#include "core/dispatch.h"
#include "core/node.h"
#include "core/ties.h"

static copi_alarm *
find(cop_actor *self, cop_timer timer)
{
    if (self->ties == NULL)
        return NULL;
    copi_map_node *node = copi_map_find(&self->ties->alarms, 0, timer.ref.bits);
    return node == NULL ? NULL : COPI_CONTAINER(node, copi_alarm, node);
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
    if (alarm->message != NULL)
        copi_envelope_free(self->worker, alarm->message);
    copi_pool_give(&self->worker->pool, alarm, sizeof *alarm);
}

/* Nobody's alarm any more; its memory goes when it is out of the mailbox. */
static void
release(cop_actor *self, copi_alarm *alarm)
{
    copi_timer_disarm(self->worker, &alarm->timer);
    copi_unpin(self);
    if (alarm->is_queued)
        alarm->is_dropped = true;
    else
        free_alarm(self, alarm);
}

static void
detach(cop_actor *self, copi_alarm *alarm)
{
    copi_map_remove(&self->ties->alarms, &alarm->node);
    release(self, alarm);
}

static copi_alarm *
new_alarm(cop_actor *me, const cop_type *type, const void *message)
{
    if (copi_ties_of(me) == NULL)
        return NULL;
    copi_alarm *alarm = copi_pool_take(&me->worker->pool, sizeof *alarm);
    if (alarm == NULL)
        return NULL;
    *alarm = (copi_alarm){
        .node = {.low = copi_new_ref(me->worker)},
        .timer = {.fire = on_due},
        .due = {.kind = COPI_TIMER},
        .actor = me,
        .message = copi_envelope_typed(me->worker, COPI_USER_MESSAGE, type, message)};
    if (alarm->message != NULL)
        return alarm;
    copi_pool_give(&me->worker->pool, alarm, sizeof *alarm);
    return NULL;
}

static cop_err
arm(cop_actor *me, int64_t ms, int64_t period, cop_timer *out, const cop_type *type,
    const void *message)
{
    if (!copi_is_open(me))
        return COP_E_GONE;
    if (ms < 0 || ms > INT64_MAX / COPI_MS / 2)
        return COP_E_INVAL;
    copi_alarm *alarm = new_alarm(me, type, message);
    if (alarm == NULL)
        return COP_E_NOMEM;
    alarm->due_at = copi_worker_now(me->worker) + ms * COPI_MS;
    alarm->period = period;
    if (!copi_timer_arm(me->worker, &alarm->timer, alarm->due_at)) {
        free_alarm(me, alarm);
        return COP_E_NOMEM;
    }
    copi_map_add(&me->ties->alarms, &alarm->node);
    copi_pin(me);
    if (out != NULL)
        out->ref.bits = alarm->node.low;
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
    if (ms <= 0)
        return COP_E_INVAL;
    return arm(me, ms, ms * COPI_MS, out, type, message);
}

int64_t
cop_timer_cancel(cop_actor *me, cop_timer timer)
{
    copi_alarm *alarm = find(me, timer);

    if (alarm == NULL)
        return -1;
    /* Rounded up, so that waiting for the rest is never too short. */
    int64_t left = alarm->is_queued
                       ? 0
                       : (copi_timer_left(me->worker, &alarm->timer) + COPI_MS - 1) / COPI_MS;
    detach(me, alarm);
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

cop_err
copi_handle_alarm(cop_actor *self, copi_envelope *envelope)
{
    copi_alarm *alarm = COPI_CONTAINER(envelope, copi_alarm, due);

    alarm->is_queued = false;
    if (alarm->is_dropped) {
        free_alarm(self, alarm);
        return COP_OK;
    }
    copi_envelope *message = alarm->message;
    self->current = message;
    if (alarm->period == 0) {
        /* Before the handler runs, which may arm another, or ask for this one. */
        alarm->message = NULL;
        detach(self, alarm);
        cop_err err = copi_dispatch_envelope(self, message);
        copi_envelope_free(self->worker, message);
        return err;
    }
    /* In the mailbox's eyes it is still there: a cancel inside the handler only marks it. */
    alarm->is_queued = true;
    cop_err err = copi_dispatch_envelope(self, message);
    alarm->is_queued = false;
    if (alarm->is_dropped)
        free_alarm(self, alarm);
    else
        rearm(self, alarm);
    return err;
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
    copi_map *alarms = &self->ties->alarms;

    for (copi_map_node *node; (node = copi_map_pop(alarms)) != NULL;)
        release(self, COPI_CONTAINER(node, copi_alarm, node));
    copi_map_fini(alarms);
}
