/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - free lists by size class, one pool per worker.
 *
 * Every block comes from malloc on its own and may be given to any pool, or to none: a
 * block allocated on one worker and released on another simply changes lists.  Lists are
 * bounded, so what a consumer collects goes back to malloc.  A NULL pool is malloc and
 * free, for threads that are no workers.
 *
 * A pool is used by its owner's thread only.
 */
#ifndef COPPICE_BASE_POOL_H
#define COPPICE_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

/* Under the sanitizers every block goes straight to malloc, so that they see a use after
 * a release and know which thread allocated. */
#ifdef COPI_NO_POOL
#define COPI_IS_POOLING 0
#else
#define COPI_IS_POOLING 1
#endif

enum {
    COPI_POOL_STEP = 64,
    COPI_POOL_CLASSES = 16, /* blocks up to 1024 bytes */
    COPI_POOL_KEEP = 1024,  /* blocks in one list */
};

typedef struct copi_pool_block {
    struct copi_pool_block *next;
} copi_pool_block;

typedef struct copi_pool {
    copi_pool_block *lists[COPI_POOL_CLASSES];
    uint32_t counts[COPI_POOL_CLASSES];
} copi_pool;

/* What the two below do when a list is of no help. */
void *copi_pool_take_new(size_t size);
void copi_pool_give_back(void *block);

static inline size_t
copi_pool_class(size_t size)
{
    return size == 0 ? 0 : (size - 1) / COPI_POOL_STEP;
}

/* NULL if there is no memory.  Not zeroed. */
static inline void *
copi_pool_take(copi_pool *self, size_t size)
{
    size_t class = copi_pool_class(size);

    if (self == NULL || class >= COPI_POOL_CLASSES || self->lists[class] == NULL)
        return copi_pool_take_new(size);
    copi_pool_block *block = self->lists[class];
    self->lists[class] = block->next;
    self->counts[class]--;
    return block;
}

/* `size` as it was taken.  NULL is fine. */
static inline void
copi_pool_give(copi_pool *self, void *block, size_t size)
{
    size_t class = copi_pool_class(size);

    if (!COPI_IS_POOLING || self == NULL || block == NULL || class >= COPI_POOL_CLASSES ||
        self->counts[class] >= COPI_POOL_KEEP) {
        copi_pool_give_back(block);
        return;
    }
    copi_pool_block *freed = block;
    freed->next = self->lists[class];
    self->lists[class] = freed;
    self->counts[class]++;
}

void copi_pool_fini(copi_pool *self);

#endif /* COPPICE_BASE_POOL_H */
