/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/runq.h"

#include "base/check.h"

static _Atomic(copi_task *) *
slot_of(copi_runq *self, uint32_t at)
{
    return &self->ring[at % COPI_RUNQ_SIZE];
}

void
copi_runq_init(copi_runq *self, bool has_thieves)
{
    self->has_thieves = has_thieves;
    atomic_init(&self->head, 0);
    atomic_init(&self->tail, 0);
    for (size_t i = 0; i < COPI_RUNQ_SIZE; i++)
        atomic_init(&self->ring[i], NULL);
    self->overflow = NULL;
    self->overflow_last = NULL;
}

static bool
ring_push(copi_runq *self, copi_task *task)
{
    uint32_t tail = atomic_load_explicit(&self->tail, memory_order_relaxed);
    /* acquire: pairs with a taker's swap of head; its read of the slot is over. */
    uint32_t head = atomic_load_explicit(&self->head, memory_order_acquire);

    if (tail - head >= COPI_RUNQ_SIZE)
        return false;
    atomic_store_explicit(slot_of(self, tail), task, memory_order_relaxed);
    /* seq_cst: release for thieves; and ordered before the look at the idle workers that
     * follows a push, against a parking worker that does the two the other way round. */
    if (self->has_thieves)
        atomic_store_explicit(&self->tail, tail + 1, memory_order_seq_cst);
    else
        atomic_store_explicit(&self->tail, tail + 1, memory_order_relaxed);
    return true;
}

void
copi_runq_push(copi_runq *self, copi_task *task)
{
    if (self->overflow == NULL && ring_push(self, task))
        return;
    task->next = NULL;
    if (self->overflow == NULL)
        self->overflow = task;
    else
        self->overflow_last->next = task;
    self->overflow_last = task;
}

/* Half the ring at once, so that a long overflow is not walked up one by one. */
static void
refill(copi_runq *self)
{
    for (unsigned i = 0; i < COPI_RUNQ_SIZE / 2 && self->overflow != NULL; i++) {
        copi_task *task = self->overflow;
        copi_task *rest = task->next;
        if (!ring_push(self, task))
            return;
        self->overflow = rest;
    }
}

static copi_task *
ring_pop(copi_runq *self)
{
    uint32_t head = atomic_load_explicit(&self->head, memory_order_relaxed);

    for (;;) {
        uint32_t tail = atomic_load_explicit(&self->tail, memory_order_relaxed);
        if (head == tail)
            return NULL;
        copi_task *task = atomic_load_explicit(slot_of(self, head), memory_order_relaxed);
        if (!self->has_thieves) {
            atomic_store_explicit(&self->head, head + 1, memory_order_relaxed);
            return task;
        }
        /* acq_rel as in steal. */
        if (atomic_compare_exchange_weak_explicit(&self->head, &head, head + 1,
                                                  memory_order_acq_rel, memory_order_relaxed))
            return task;
    }
}

copi_task *
copi_runq_pop(copi_runq *self)
{
    copi_task *task = ring_pop(self);

    /* Again and again: thieves may take all that was refilled before we pop. */
    while (task == NULL && self->overflow != NULL) {
        refill(self);
        task = ring_pop(self);
    }
    return task;
}

uint32_t
copi_runq_mark(copi_runq *self)
{
    /* relaxed: only how long something has waited depends on it. */
    return atomic_load_explicit(&self->tail, memory_order_relaxed);
}

copi_task *
copi_runq_steal(copi_runq *self, copi_runq *victim, uint32_t mark)
{
    copi_task *taken[COPI_RUNQ_SIZE / 2];
    uint32_t count;
    uint32_t head = atomic_load_explicit(&victim->head, memory_order_acquire);

    do {
        /* acquire: pairs with the owner's store of tail; the slots below it are set, and
         * so are those below an older tail. */
        uint32_t tail = atomic_load_explicit(&victim->tail, memory_order_acquire);
        if (tail - head > COPI_RUNQ_SIZE) {
            /* head was stale by a whole round: look again. */
            head = atomic_load_explicit(&victim->head, memory_order_acquire);
            count = 0;
            continue;
        }
        if ((int32_t)(mark - head) <= 0)
            return NULL; /* all that was there is gone */
        count = (mark - head + 1) / 2;
        if (count > COPI_RUNQ_SIZE / 2)
            return NULL; /* a mark from another time */
        for (uint32_t i = 0; i < count; i++)
            taken[i] = atomic_load_explicit(slot_of(victim, head + i), memory_order_relaxed);
        /* release: our reads of the slots are before it, see ring_push. */
    } while (count == 0 || !atomic_compare_exchange_weak_explicit(
                               &victim->head, &head, head + count, memory_order_acq_rel,
                               memory_order_acquire));

    for (uint32_t i = 1; i < count; i++)
        copi_runq_push(self, taken[i]);
    return taken[0];
}

bool
copi_runq_is_empty(copi_runq *self)
{
    uint32_t head = atomic_load_explicit(&self->head, memory_order_seq_cst);

    return head == atomic_load_explicit(&self->tail, memory_order_seq_cst);
}
