/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alarms.c - <coppice/timer.h>: messages to oneself, later.
 *
 * An actor with alarms is pinned to its worker, which has them in its slots, by number.
 * What a user holds is that number and the worker's, so that a handle from before a move to
 * another worker finds nothing there.
 */
#include <coppice/timer.h>

#include "base/check.h"
#include "base/clock.h"
#include "core/dispatch.h"
#include "core/node.h"
#include "core/ties.h"
#include "debug/rows.h"
#include "message/bufs.h"
#include "message/copy.h"

/* So far ahead that no clock ever gets there, and no sum of two overflows. */
static const int64_t MS_MAX = INT64_MAX / COPI_MS / 2;

static cop_timer
handle_of(const copi_worker *worker, const copi_alarm *alarm)
{
    return (cop_timer){
        {(uint64_t)(worker->index + 1) << COPI_SLOTS_BITS | copi_place_number(&alarm->place)}};
}

static copi_alarm *
alarm_at(const cop_actor *self, uint32_t place)
{
    return COPI_CONTAINER(copi_slots_at(&self->worker->alarms, place), copi_alarm, place);
}

static copi_alarm *
find(const cop_actor *self, cop_timer timer)
{
    uint64_t number = timer.ref.bits & ((UINT64_C(1) << COPI_SLOTS_BITS) - 1);

    if (timer.ref.bits >> COPI_SLOTS_BITS != self->worker->index + 1)
        return NULL;
    copi_place *place = copi_slots_find(&self->worker->alarms, number);
    if (place == NULL)
        return NULL;
    copi_alarm *alarm = COPI_CONTAINER(place, copi_alarm, place);
    return alarm->actor == self ? alarm : NULL;
}

void
copi_alarm_due(copi_worker *worker, copi_timer *timer)
{
    copi_alarm *alarm = COPI_CONTAINER(timer, copi_alarm, timer);

    alarm->timer.is_queued = true;
    copi_push_self(worker, alarm->actor, &alarm->letter->due);
}

static void
set_alarm(copi_letter *letter, copi_alarm *alarm)
{
    letter->due.ref = (uintptr_t)alarm;
}

static size_t
size_of(const copi_letter *letter)
{
    return sizeof *letter + letter->due.size;
}

static void
free_letter(cop_actor *self, copi_letter *letter)
{
    if (letter->due.has_bufs)
        copi_message_drop(letter->due.type, letter->message);
    copi_pool_give(&self->worker->pool, letter, size_of(letter));
}

/* May a free record have a letter of that size?  One that is not in a slab would be lost, and
 * in a simulation nothing is. */
static bool
may_keep(const copi_pool *pool, size_t size)
{
    return COPI_IS_POOLING && pool->depot != NULL && copi_pool_class(size) < COPI_POOL_CLASSES;
}

/* Takes the letter from an alarm that is called off, without a look at it if that can be. */
static void
take_letter(cop_actor *self, copi_alarm *alarm)
{
    copi_letter *letter = alarm->letter;

    if (COPI_LIKELY(!alarm->timer.is_queued && !alarm->timer.has_bufs &&
                    may_keep(&self->worker->pool, alarm->timer.size)))
        return;
    alarm->letter = NULL;
    if (alarm->timer.is_queued)
        set_alarm(letter, NULL);
    else
        free_letter(self, letter);
}

static void
attach(cop_actor *me, copi_alarm *alarm)
{
    uint32_t older = me->ties->alarms;

    alarm->younger = 0;
    alarm->older = older;
    if (older != 0)
        alarm_at(me, older)->younger = alarm->place.index;
    me->ties->alarms = alarm->place.index;
    copi_pin(me);
}

/* Nobody's alarm any more; the letter stays. */
static void
detach(cop_actor *self, copi_alarm *alarm)
{
    if (alarm->younger == 0)
        self->ties->alarms = alarm->older;
    else
        alarm_at(self, alarm->younger)->older = alarm->older;
    if (alarm->older != 0)
        alarm_at(self, alarm->older)->younger = alarm->younger;
    copi_timer_disarm(self->worker, &alarm->timer);
    copi_slots_remove(&self->worker->alarms, &alarm->place);
    copi_unpin(self);
}

static void
discard(cop_actor *self, copi_alarm *alarm)
{
    take_letter(self, alarm);
    detach(self, alarm);
}

/* At most COPI_PAYLOAD_MAX + 1, which is too large. */
static size_t
extra_of(const cop_type *type, const void *message)
{
    size_t extra = type->flat ? 0 : copi_message_extra(type, message);

    return extra > COPI_PAYLOAD_MAX ? COPI_PAYLOAD_MAX + 1u : extra;
}

/* The letter that a free record has kept, if it is of this size, or a new one; NULL if there
 * is no memory. */
static copi_letter *
letter_for(copi_worker *worker, copi_alarm *alarm, size_t size)
{
    copi_letter *kept = alarm->letter;

    if (kept != NULL) {
        if (copi_pool_class(size) == copi_pool_class(alarm->timer.size))
            return kept;
        copi_pool_give(&worker->pool, kept, alarm->timer.size);
        alarm->letter = NULL;
    }
    return copi_pool_take(&worker->pool, size);
}

static bool
fill(copi_worker *worker, copi_alarm *alarm, const cop_type *type, const void *message,
     size_t room)
{
    copi_letter *letter = letter_for(worker, alarm, sizeof *letter + room);

    if (letter == NULL)
        return false;
    letter->due = (copi_envelope){
        .kind = COPI_TIMER,
        .type = type,
        .size = room & COPI_SIZE_MASK,
    };
    set_alarm(letter, alarm);
    if (COPI_LIKELY(type->flat))
        copi_message_copy_flat(type, letter->message, message);
    else
        letter->due.has_bufs = copi_message_copy(type, letter->message, message);
    alarm->letter = letter;
    alarm->timer = (copi_timer){.what = COPI_TIMER,
                                .has_bufs = letter->due.has_bufs,
                                .size = (uint32_t)size_of(letter)};
    return true;
}

/* The references of the message are the caller's again. */
static void
undo(cop_actor *me, copi_alarm *alarm)
{
    if (alarm->letter != NULL) {
        alarm->letter->due.has_bufs = false;
        free_letter(me, alarm->letter);
        alarm->letter = NULL;
    }
    copi_slots_remove(&me->worker->alarms, &alarm->place);
}

static copi_alarm *
new_alarm(cop_actor *me)
{
    copi_place *place = copi_ties_of(me) == NULL ? NULL : copi_slots_add(&me->worker->alarms);

    return place == NULL ? NULL : COPI_CONTAINER(place, copi_alarm, place);
}

static cop_err
arm(cop_actor *me, int64_t ms, int64_t period, cop_timer *out, const cop_type *type,
    const void *message)
{
    if (!copi_is_open(me))
        return COP_E_GONE;
    if (ms < 0 || ms > MS_MAX)
        return COP_E_INVAL;
    size_t room = type->size + extra_of(type, message);
    if (room > COPI_PAYLOAD_MAX)
        return COP_E_TOO_LARGE;
    copi_alarm *alarm = new_alarm(me);
    if (alarm == NULL)
        return COP_E_NOMEM;
    alarm->actor = me;
    if (!fill(me->worker, alarm, type, message, room) ||
        !copi_timer_arm(me->worker, &alarm->timer, copi_worker_after(me->worker, ms))) {
        undo(me, alarm);
        return COP_E_NOMEM;
    }
    alarm->letter->period = period;
    attach(me, alarm);
    if (out != NULL)
        *out = handle_of(me->worker, alarm);
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

bool
cop_timer_cancel(cop_actor *me, cop_timer timer)
{
    copi_alarm *alarm = find(me, timer);

    if (alarm == NULL)
        return false;
    discard(me, alarm);
    return true;
}

int64_t
cop_timer_left(cop_actor *me, cop_timer timer)
{
    const copi_alarm *alarm = find(me, timer);

    if (alarm == NULL)
        return -1;
    /* Rounded up, so that waiting for the rest is never too short. */
    return alarm->timer.is_queued
               ? 0
               : (copi_timer_left(me->worker, &alarm->timer) + COPI_MS - 1) / COPI_MS;
}

/* The last time on the grid of periods that is over, so at once if the handler was slow. */
static void
rearm(cop_actor *self, copi_alarm *alarm)
{
    int64_t now = copi_worker_now(self->worker);
    int64_t due = alarm->timer.node.due + alarm->letter->period;

    if (due < now)
        due += (now - due) / alarm->letter->period * alarm->letter->period;
    if (!copi_timer_arm(self->worker, &alarm->timer, due))
        copi_end_failed(self, COP_E_NOMEM);
}

static cop_err
handle_once(cop_actor *self, copi_letter *letter)
{
    copi_alarm *alarm = copi_alarm_of(letter);

    /* First, so that the handler may arm another, and finds this one gone. */
    alarm->letter = NULL;
    detach(self, alarm);
    cop_err err = copi_dispatch(self, letter->due.type, letter->message);
    free_letter(self, letter);
    return err;
}

static cop_err
handle_again(cop_actor *self, copi_letter *letter)
{
    copi_alarm *alarm = copi_alarm_of(letter);

    /* As if it were still in the mailbox: a cancel inside the handler leaves it to us. */
    alarm->timer.is_queued = true;
    cop_err err = copi_dispatch(self, letter->due.type, letter->message);
    if (copi_alarm_of(letter) == NULL) {
        free_letter(self, letter);
    } else {
        alarm->timer.is_queued = false;
        rearm(self, alarm);
    }
    return err;
}

cop_err
copi_handle_alarm(cop_actor *self, copi_envelope *envelope)
{
    copi_letter *letter = COPI_CONTAINER(envelope, copi_letter, due);
    copi_alarm *alarm = copi_alarm_of(letter);

    if (alarm == NULL) {
        free_letter(self, letter);
        return COP_OK;
    }
    alarm->timer.is_queued = false;
    return letter->period == 0 ? handle_once(self, letter) : handle_again(self, letter);
}

void
copi_drop_alarm(cop_actor *self, copi_envelope *envelope)
{
    copi_letter *letter = COPI_CONTAINER(envelope, copi_letter, due);
    copi_alarm *alarm = copi_alarm_of(letter);

    if (alarm == NULL)
        free_letter(self, letter);
    else
        alarm->timer.is_queued = false;
}

void
copi_alarms_end(cop_actor *self)
{
    while (self->ties->alarms != 0)
        discard(self, alarm_at(self, self->ties->alarms));
}

uint32_t
copi_alarms_count(const cop_actor *self)
{
    uint32_t count = 0;

    for (uint32_t at = self->ties->alarms; at != 0; at = alarm_at(self, at)->older)
        count++;
    return count;
}

void
copi_rows_of_alarms(const cop_actor *actor, uint32_t depth, copi_rows *out)
{
    uint32_t count = actor->ties->alarms == 0 ? 0 : copi_alarms_count(actor);
    cop_row *row = count == 0 ? NULL : copi_rows_add(out, COP_ROW_TIMER, depth);

    if (row == NULL)
        return;
    row->owner = copi_pid_of(actor);
    row->count = count;
    for (uint32_t at = actor->ties->alarms; at != 0; at = alarm_at(actor, at)->older) {
        const copi_timer *timer = &alarm_at(actor, at)->timer;
        int64_t left =
            copi_timer_is_armed(timer) ? copi_timer_left(actor->worker, timer) / COPI_MS : 0;
        if (row->deadline_ms < 0 || left < row->deadline_ms)
            row->deadline_ms = left;
    }
}

void
copi_alarms_discard(cop_actor *self)
{
    for (uint32_t at = self->ties->alarms; at != 0; at = alarm_at(self, at)->older)
        free_letter(self, alarm_at(self, at)->letter);
}
