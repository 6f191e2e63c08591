/* SPDX-License-Identifier: Apache-2.0 */
/*
 * company.c - workers that would be faster as one.
 *
 * A message to an actor that ran on another worker last moves some cache lines from core to
 * core, which costs more than all the rest of sending and handling it.  Actors that talk to
 * each other a lot therefore belong on one worker, even if the other one then has nothing
 * to do.  A worker counts such messages; if there are too many for the time, it gives its
 * tasks to the worker that it talks with, and lets tasks wait longer before it steals
 * again.  If a theft turns out well, the next may come sooner.
 *
 * Of two it is always the one with the higher number that gives way, so they do not swap;
 * the other asks it to.
 */
#include "sched/sched.h"

/* Nanoseconds. */
static const int64_t window = 200 * 1000;
static const int64_t foreign_cost = 500; /* of a message; more than this share is too many */
static const int64_t age_max = 4000 * 1000;

enum {
    BAD_WINDOWS = 2,   /* in a row: one may be the cost of moving in */
    GOOD_WINDOWS = 64, /* in a row, until tasks may be stolen sooner again */
};

static void
begin_window(copi_worker *self, int64_t now)
{
    self->judged_at = now;
    self->foreign = 0;
    atomic_store_explicit(&self->asked_by, 0, memory_order_relaxed);
}

void
copi_worker_judge_anew(copi_worker *self, int64_t now)
{
    begin_window(self, now);
    self->bad_windows = 0;
}

/* All tasks that may run elsewhere. */
static void
give_way(copi_worker *self, copi_worker *to)
{
    copi_task *newest = NULL, *oldest = NULL, *task;

    while ((task = copi_runq_pop(&self->queue)) != NULL ||
           (task = copi_worker_take_slot(self)) != NULL) {
        if (task->home != COPI_ANYWHERE) {
            copi_fifo_push(&self->pinned, task);
            continue;
        }
        task->next = newest;
        newest = task;
        if (oldest == NULL)
            oldest = task;
    }
    if (newest != NULL)
        copi_sched_send(self->sched, to, newest, oldest);
}

/* Who is to have the tasks of this worker; NULL: nobody. */
static copi_worker *
who_takes(copi_worker *self)
{
    copi_worker *workers = self->sched->workers;
    uint32_t asked_by = atomic_load_explicit(&self->asked_by, memory_order_relaxed);

    if (asked_by != 0)
        return &workers[asked_by - 1];
    if (self->bad_windows < BAD_WINDOWS)
        return NULL;
    if (self->foreign_with < self->index)
        return &workers[self->foreign_with];
    atomic_store_explicit(&workers[self->foreign_with].asked_by, self->index + 1,
                          memory_order_relaxed);
    return NULL;
}

void
copi_worker_judge(copi_worker *self, int64_t now)
{
    int64_t elapsed = now - self->judged_at;

    if (elapsed < window)
        return;
    bool is_bad = self->foreign * foreign_cost > elapsed;
    self->bad_windows = is_bad ? self->bad_windows + 1 : 0;
    self->good_windows = is_bad ? 0 : self->good_windows + 1;
    copi_worker *to = who_takes(self);
    begin_window(self, now);
    if (to != NULL) {
        self->good_windows = self->bad_windows = 0;
        if (self->age < age_max)
            self->age *= 4;
        give_way(self, to);
    } else if (self->good_windows >= GOOD_WINDOWS) {
        self->good_windows = 0;
        if (self->age > COPI_AGE_MIN)
            self->age /= 2;
    }
}
