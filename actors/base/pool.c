/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"

enum {
    SLAB_SIZE = 64 * 1024
};

struct copi_pool_slab {
    _Alignas(64) struct copi_pool_slab *older;
    _Alignas(64) char bytes[SLAB_SIZE];
};

/* How many blocks move at once: some pages. */
static uint32_t
batch_of(size_t class)
{
    return 128 / (uint32_t)(class + 1);
}

void
copi_pool_init(copi_pool *self, copi_depot *depot)
{
    *self = (copi_pool){.depot = depot};
    /* With no room and no blocks every call comes to the two functions below. */
    for (size_t class = 0; class < COPI_POOL_CLASSES; class ++)
        self->lists[class].room = depot == NULL ? 0 : batch_of(class);
}

void
copi_depot_init(copi_depot *self)
{
    *self = (copi_depot){0};
    pthread_mutex_init(&self->lock, NULL);
}

void
copi_depot_fini(copi_depot *self)
{
    while (self->slabs != NULL) {
        copi_pool_slab *slab = self->slabs;
        self->slabs = slab->older;
        free(slab);
    }
    pthread_mutex_destroy(&self->lock);
}

static bool
add_slab(copi_depot *self, size_t class)
{
    copi_pool_slab *slab = copi_aligned_alloc(_Alignof(copi_pool_slab), sizeof *slab);

    if (slab == NULL)
        return false;
    slab->older = self->slabs;
    self->slabs = slab;
    self->classes[class].uncut = slab->bytes;
    self->classes[class].uncut_size = sizeof slab->bytes;
    return true;
}

/* A block from the newest slab; NULL if there is no memory. */
static copi_pool_block *
cut(copi_depot *self, size_t class)
{
    size_t size = (class + 1) * COPI_POOL_STEP;

    if (self->classes[class].uncut_size < size && !add_slab(self, class))
        return NULL;
    char *block = self->classes[class].uncut;
    self->classes[class].uncut += size;
    self->classes[class].uncut_size -= size;
    return (copi_pool_block *)(void *)block;
}

/* Up to a batch of new blocks, in the order of their addresses. */
static copi_pool_block *
cut_batch(copi_depot *self, size_t class, uint32_t *count)
{
    copi_pool_block *first = NULL, **last = &first;

    for (*count = 0; *count < batch_of(class); ++*count) {
        copi_pool_block *block = cut(self, class);
        if (block == NULL)
            break;
        *last = block;
        last = &block->next;
    }
    *last = NULL;
    return first;
}

static copi_pool_block *
take_batch(copi_depot *self, size_t class, uint32_t *count)
{
    pthread_mutex_lock(&self->lock);
    copi_pool_block *batch = self->classes[class].batches;
    if (batch != NULL) {
        self->classes[class].batches = batch->next_batch;
        *count = batch_of(class);
    } else {
        batch = cut_batch(self, class, count);
    }
    pthread_mutex_unlock(&self->lock);
    return batch;
}

static void
give_batch(copi_depot *self, size_t class, copi_pool_block *batch)
{
    pthread_mutex_lock(&self->lock);
    batch->next_batch = self->classes[class].batches;
    self->classes[class].batches = batch;
    pthread_mutex_unlock(&self->lock);
}

void *
copi_pool_take_more(copi_pool *self, size_t size)
{
    size_t class = copi_pool_class(size);
    uint32_t count = 0;

    if (!COPI_IS_POOLING || self->depot == NULL || class >= COPI_POOL_CLASSES)
        return copi_malloc(size == 0 ? 1 : size);
    if (self->lists[class].spare != NULL) {
        self->lists[class].first = self->lists[class].spare;
        self->lists[class].spare = NULL;
        count = batch_of(class);
    } else {
        self->lists[class].first = take_batch(self->depot, class, &count);
    }
    self->lists[class].room = batch_of(class) - count;
    return self->lists[class].first == NULL ? NULL : copi_pool_take(self, size);
}

void
copi_pool_give_back(copi_pool *self, void *block, size_t size)
{
    size_t class = copi_pool_class(size);

    if (!COPI_IS_POOLING || self->depot == NULL || block == NULL ||
        class >= COPI_POOL_CLASSES) {
        free(block);
        return;
    }
    if (self->lists[class].spare != NULL)
        give_batch(self->depot, class, self->lists[class].spare);
    self->lists[class].spare = self->lists[class].first;
    self->lists[class].first = NULL;
    self->lists[class].room = batch_of(class);
    copi_pool_give(self, block, size);
}
