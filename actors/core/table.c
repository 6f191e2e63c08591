/* SPDX-License-Identifier: Apache-2.0 */
#include "core/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"

cop_err
copi_table_init(copi_table *self, unsigned workers)
{
    *self = (copi_table){0};
    self->chunks = copi_calloc(COPI_CHUNKS_MAX, sizeof *self->chunks);
    self->per_worker = copi_calloc(workers, sizeof *self->per_worker);
    if (self->chunks == NULL || self->per_worker == NULL) {
        free(self->chunks);
        free(self->per_worker);
        return COP_E_NOMEM;
    }
    pthread_mutex_init(&self->lock, NULL);
    return COP_OK;
}

void
copi_table_fini(copi_table *self)
{
    for (uint32_t i = 0; i < self->chunk_count; i++)
        free(atomic_load_explicit(&self->chunks[i], memory_order_relaxed));
    free(self->chunks);
    free(self->per_worker);
    pthread_mutex_destroy(&self->lock);
}

static void
push(copi_free_slots *self, cop_actor *actor)
{
    actor->task.next = self->first;
    self->first = &actor->task;
    self->count++;
}

static cop_actor *
pop(copi_free_slots *self)
{
    copi_task *task = self->first;

    if (task == NULL)
        return NULL;
    self->first = task->next;
    self->count--;
    return COPI_CONTAINER(task, cop_actor, task);
}

/* A new chunk into the shared list, lowest slot first. */
static void
add_chunk(copi_table *self)
{
    if (self->chunk_count == COPI_CHUNKS_MAX)
        return;
    size_t size = COPI_CHUNK * sizeof(cop_actor);
    cop_actor *chunk = copi_aligned_alloc(64, (size + 63) / 64 * 64);
    if (chunk == NULL)
        return;
    memset(chunk, 0, size);
    for (uint32_t i = COPI_CHUNK; i-- > 0;) {
        uint32_t slot = self->chunk_count * COPI_CHUNK + i;
        copi_mailbox_init(&chunk[i].mailbox);
        atomic_init(&chunk[i].id, UINT64_C(1) << 32 | slot);
        push(&self->shared, &chunk[i]);
    }
    /* release: pairs with find; the records are ready. */
    atomic_store_explicit(&self->chunks[self->chunk_count++], chunk, memory_order_release);
}

static void
refill(copi_table *self, copi_free_slots *mine)
{
    pthread_mutex_lock(&self->lock);
    if (self->shared.first == NULL)
        add_chunk(self);
    for (uint32_t i = 0; i < COPI_FREE_KEEP / 2; i++) {
        cop_actor *actor = pop(&self->shared);
        if (actor == NULL)
            break;
        push(mine, actor);
    }
    pthread_mutex_unlock(&self->lock);
}

cop_actor *
copi_table_take(copi_table *self, copi_worker *worker)
{
    copi_free_slots *mine = &self->per_worker[worker->index];

    if (mine->first == NULL)
        refill(self, mine);
    return pop(mine);
}

static void
spill(copi_table *self, copi_free_slots *mine)
{
    pthread_mutex_lock(&self->lock);
    while (mine->count > COPI_FREE_KEEP / 2)
        push(&self->shared, pop(mine));
    pthread_mutex_unlock(&self->lock);
}

void
copi_table_give(copi_table *self, copi_worker *worker, cop_actor *actor)
{
    copi_free_slots *mine = &self->per_worker[worker->index];
    uint64_t id = atomic_load_explicit(&actor->id, memory_order_relaxed);

    actor->phase = COPI_FREE;
    copi_set_owner(actor, NULL);
    /* The last generation of a slot is never given out again: the slot is retired. */
    if (copi_generation(id) == UINT32_MAX)
        return;
    atomic_store_explicit(&actor->id, id + (UINT64_C(1) << 32), memory_order_relaxed);
    push(mine, actor);
    if (mine->count > COPI_FREE_KEEP)
        spill(self, mine);
}

void
copi_table_each(copi_table *self, void (*visit)(cop_actor *, void *), void *ctx)
{
    for (uint32_t i = 0; i < self->chunk_count; i++) {
        cop_actor *chunk = atomic_load_explicit(&self->chunks[i], memory_order_relaxed);
        for (uint32_t j = 0; j < COPI_CHUNK; j++)
            visit(&chunk[j], ctx);
    }
}
