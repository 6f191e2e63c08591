/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - blocks by size class: a pool per worker over one depot per node.
 *
 *      worker 0                 depot                worker 1
 *      full, spare  <- batches -> [batch] ... <- batches ->  full, spare
 *                                 slabs
 *
 * A worker takes and gives back without a lock.  What it has too much of goes to the depot
 * in batches, and what it lacks comes from there: a message that was made on one worker and
 * freed on another finds its way back for a lock per batch.  Blocks are cut from slabs,
 * which stay with the depot: what was needed once is kept for blocks of the same class
 * until the node is gone.
 *
 * Who has no pool (a thread that is no worker) uses malloc, and remembers that it did.  A
 * pool without a depot is malloc as well: a simulation's, which counts every block.
 */
#ifndef COPPICE_BASE_POOL_H
#define COPPICE_BASE_POOL_H

#include <pthread.h>
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
    COPI_POOL_CLASSES = 16, /* blocks up to 1024 bytes; larger ones are malloc's */
};

typedef struct copi_pool_block {
    struct copi_pool_block *next;
    struct copi_pool_block *next_batch; /* in the depot, of the first of a batch */
} copi_pool_block;

typedef struct copi_pool_slab copi_pool_slab;

/* What all pools of a node share; everything under the lock. */
typedef struct copi_depot {
    pthread_mutex_t lock;
    copi_pool_slab *slabs;
    struct {
        copi_pool_block *batches;
        char *uncut; /* the rest of the newest slab of this class */
        size_t uncut_size;
    } classes[COPI_POOL_CLASSES];
} copi_depot;

/* One worker's; its thread only. */
typedef struct copi_pool {
    copi_depot *depot; /* NULL: nothing is kept */
    struct {
        copi_pool_block *first;
        copi_pool_block *spare; /* NULL, or a whole batch */
        uint32_t room;          /* how many `first` lacks to be a whole one */
    } lists[COPI_POOL_CLASSES];
} copi_pool;

void copi_depot_init(copi_depot *self);
/* Frees all blocks there ever were; no pool of it is used any more. */
void copi_depot_fini(copi_depot *self);

/* `depot` is borrowed, and may be NULL. */
void copi_pool_init(copi_pool *self, copi_depot *depot);

/* What the two below do when a list is of no help. */
void *copi_pool_take_more(copi_pool *self, size_t size);
void copi_pool_give_back(copi_pool *self, void *block, size_t size);

static inline size_t
copi_pool_class(size_t size)
{
    return size == 0 ? 0 : (size - 1) / COPI_POOL_STEP;
}

/* NULL if there is no memory.  Not zeroed; aligned to 16. */
static inline void *
copi_pool_take(copi_pool *self, size_t size)
{
    size_t class = copi_pool_class(size);

    if (class >= COPI_POOL_CLASSES || self->lists[class].first == NULL)
        return copi_pool_take_more(self, size);
    copi_pool_block *block = self->lists[class].first;
    self->lists[class].first = block->next;
    self->lists[class].room++;
    return block;
}

/* `size` as it was taken.  NULL is fine. */
static inline void
copi_pool_give(copi_pool *self, void *block, size_t size)
{
    size_t class = copi_pool_class(size);

    if (!COPI_IS_POOLING || block == NULL || class >= COPI_POOL_CLASSES ||
        self->lists[class].room == 0) {
        copi_pool_give_back(self, block, size);
        return;
    }
    copi_pool_block *freed = block;
    freed->next = self->lists[class].first;
    self->lists[class].first = freed;
    self->lists[class].room--;
}

#endif /* COPPICE_BASE_POOL_H */
