/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sleep.h - how a worker lies down, sleeps, and is up again.
 *
 *      lie down; if there is still no work: sleep; wake up
 *
 * Why nothing is lost between the two looks at the work stands in seek.c.  The worker's thread.
 */
#ifndef COPPICE_SCHED_SLEEP_H
#define COPPICE_SCHED_SLEEP_H

#include "sched/worker.h"

/* Has it what nobody else can run, or what somebody else must not be left to find? */
bool copi_worker_has_work(copi_worker *self);

/* Becomes idle, and if it watches, ceases to, in one step. */
void copi_worker_lie_down(copi_worker *self, bool is_watching);

/* Ends a sleep then at the latest.  One that is set for an earlier time stays, so that who
 * sleeps and is woken again and again, for the same timer in the end, sets it once. */
void copi_worker_set_alarm(copi_worker *self, int64_t at, int64_t now);

/* Sleeps in the event base until a descriptor, the next timer, a wake-up, or for `ns`. */
void copi_worker_sleep(copi_worker *self, int64_t ns);

/* With its idle bit set.  What became due is fired. */
void copi_worker_wake_up(copi_worker *self);

#endif /* COPPICE_SCHED_SLEEP_H */
