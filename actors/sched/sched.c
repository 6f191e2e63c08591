/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/sched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"

static void
wake(copi_worker *worker)
{
    const uint64_t one = 1;

    /* It cannot fail but by a full counter, and then the worker is being woken anyway. */
    while (write(worker->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
        continue;
}

/* Wakes this worker if it is idle and nobody else has woken it. */
static void
wake_if_idle(copi_sched *self, copi_worker *worker)
{
    uint64_t bit = UINT64_C(1) << worker->index;

    if ((atomic_load_explicit(&self->idle, memory_order_seq_cst) & bit) == 0)
        return;
    if (atomic_fetch_and_explicit(&self->idle, ~bit, memory_order_seq_cst) & bit)
        wake(worker);
}

/* Wakes one of the workers in `idle`. */
static void
wake_any(copi_sched *self, const copi_worker *caller, uint64_t idle)
{
    idle &= ~COPI_WATCHED;
    /* A worker that submits from a callback of its event base still has its bit. */
    if (caller != NULL)
        idle &= ~(UINT64_C(1) << caller->index);
    while (idle != 0) {
        uint64_t bit = idle & -idle;
        if (atomic_fetch_and_explicit(&self->idle, ~bit, memory_order_seq_cst) & bit) {
            wake(&self->workers[__builtin_ctzll(bit)]);
            return;
        }
        idle &= ~bit;
    }
}

void
copi_sched_wake_one(copi_sched *self, const copi_worker *caller)
{
    wake_any(self, caller, atomic_load_explicit(&self->idle, memory_order_seq_cst));
}

void
copi_sched_wake_thief(copi_sched *self, const copi_worker *caller)
{
    uint64_t idle = atomic_load_explicit(&self->idle, memory_order_seq_cst);

    if (idle != 0 && (idle & COPI_WATCHED) == 0)
        wake_any(self, caller, idle);
}

void
copi_sched_send(copi_sched *self, copi_worker *to, copi_task *newest, copi_task *oldest)
{
    copi_task *before = atomic_load_explicit(&to->inbox, memory_order_relaxed);

    do {
        oldest->next = before;
        /* release: pairs with take_inbox.  seq_cst: before the look at the idle bits. */
    } while (!atomic_compare_exchange_weak_explicit(
        &to->inbox, &before, newest, memory_order_seq_cst, memory_order_relaxed));
    wake_if_idle(self, to);
}

static void
submit_home(copi_sched *self, copi_task *task)
{
    copi_sched_send(self, &self->workers[task->home], task, task);
}

static void
inject(copi_sched *self, copi_task *task)
{
    pthread_mutex_lock(&self->lock);
    copi_fifo_push(&self->injected, task);
    /* seq_cst: before the look at the idle bits. */
    atomic_fetch_add_explicit(&self->waiting, 1, memory_order_seq_cst);
    pthread_mutex_unlock(&self->lock);
    copi_sched_wake_one(self, NULL);
}

copi_task *
copi_sched_take_injected(copi_sched *self)
{
    /* relaxed: a hint; the lock orders the rest. */
    if (atomic_load_explicit(&self->waiting, memory_order_relaxed) == 0)
        return NULL;
    pthread_mutex_lock(&self->lock);
    copi_task *task = copi_fifo_pop(&self->injected);
    if (task != NULL)
        atomic_fetch_sub_explicit(&self->waiting, 1, memory_order_relaxed);
    pthread_mutex_unlock(&self->lock);
    return task;
}

void
copi_sched_queue(copi_worker *worker, copi_task *task)
{
    if (task->home != COPI_ANYWHERE) {
        copi_fifo_push(&worker->pinned, task);
        return;
    }
    copi_runq_push(&worker->queue, task);
    if (worker->sched->has_thieves)
        copi_sched_wake_thief(worker->sched, worker);
}

static void
submit_simulated(copi_sched *self, copi_task *task)
{
    if (self->runnable_count == self->runnable_room) {
        size_t room = self->runnable_room == 0 ? 64 : self->runnable_room * 2;
        copi_task **bigger = realloc(self->runnable, room * sizeof(copi_task *));
        COPI_CHECK(bigger != NULL);
        self->runnable = bigger;
        self->runnable_room = room;
    }
    self->runnable[self->runnable_count++] = task;
}

void
copi_sched_submit_else(copi_sched *self, copi_worker *worker, copi_task *task)
{
    if (self->simulation != NULL) {
        submit_simulated(self, task);
    } else if (task->home != COPI_ANYWHERE &&
               (worker == NULL || task->home != (int32_t)worker->index)) {
        submit_home(self, task);
    } else if (worker == NULL) {
        inject(self, task);
    } else {
        copi_task *before = worker->slot;
        worker->slot = task;
        if (before != NULL)
            copi_sched_queue(worker, before);
    }
}

void
copi_sched_yield(copi_worker *worker, copi_task *task)
{
    if (COPI_UNLIKELY(worker->sched->simulation != NULL))
        submit_simulated(worker->sched, task);
    else if (task->home != COPI_ANYWHERE && task->home != (int32_t)worker->index)
        submit_home(worker->sched, task);
    else
        copi_sched_queue(worker, task);
}

static copi_task *
take_oldest(copi_sched *self)
{
    copi_task *task = self->runnable[0];

    memmove(self->runnable, self->runnable + 1, --self->runnable_count * sizeof(copi_task *));
    return task;
}

copi_task *
copi_sched_draw(copi_sched *self)
{
    if (self->runnable_count == 0)
        return NULL;
    if (self->simulation->in_order)
        return take_oldest(self);
    uint32_t chosen = copi_rng_below(&self->simulation->rng, (uint32_t)self->runnable_count);
    copi_task *task = self->runnable[chosen];
    self->runnable[chosen] = self->runnable[--self->runnable_count];
    return task;
}

cop_err
copi_sched_init(copi_sched *self, const copi_sched_plan *plan)
{
    COPI_CHECK(plan->workers > 0 && plan->workers <= COPI_WORKERS_MAX);
    *self = (copi_sched){.run = plan->run,
                         .ring = plan->ring,
                         .tidy = plan->tidy,
                         .gone = plan->gone,
                         .simulation = plan->simulation,
                         .has_thieves = plan->workers > 1};
    size_t size = plan->workers * sizeof(copi_worker);
    self->workers = aligned_alloc(alignof(copi_worker), size);
    if (self->workers == NULL)
        return COP_E_NOMEM;
    memset(self->workers, 0, size);
    pthread_mutex_init(&self->lock, NULL);
    copi_depot_init(&self->depot);
    for (unsigned i = 0; i < plan->workers; i++) {
        self->worker_count = i + 1;
        if (!copi_worker_init(&self->workers[i], self, i, plan)) {
            copi_sched_fini(self);
            return COP_E_OS;
        }
    }
    return COP_OK;
}

cop_err
copi_sched_start(copi_sched *self)
{
    for (unsigned i = 0; i < self->worker_count; i++) {
        copi_worker *worker = &self->workers[i];
        if (pthread_create(&worker->thread, NULL, copi_worker_main, worker) != 0) {
            copi_sched_stop(self);
            while (i-- > 0)
                pthread_join(self->workers[i].thread, NULL);
            return COP_E_OS;
        }
    }
    return COP_OK;
}

void
copi_sched_stop(copi_sched *self)
{
    /* seq_cst: before the look at who is idle, as for any other work. */
    atomic_store_explicit(&self->stopping, true, memory_order_seq_cst);
    for (unsigned i = 0; i < self->worker_count; i++)
        wake(&self->workers[i]);
}

void
copi_sched_join(copi_sched *self)
{
    for (unsigned i = 0; i < self->worker_count; i++)
        pthread_join(self->workers[i].thread, NULL);
}

void
copi_sched_fini(copi_sched *self)
{
    for (unsigned i = 0; i < self->worker_count; i++)
        copi_worker_fini(&self->workers[i]);
    free(self->workers);
    free(self->runnable);
    copi_depot_fini(&self->depot);
    pthread_mutex_destroy(&self->lock);
    *self = (copi_sched){0};
}
