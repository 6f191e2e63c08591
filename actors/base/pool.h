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

enum {
    COPI_POOL_STEP = 64,
    COPI_POOL_CLASSES = 16, /* blocks up to 1024 bytes */
    COPI_POOL_KEEP = 1024,  /* blocks in one list */
};

typedef struct copi_pool {
    struct copi_pool_block *lists[COPI_POOL_CLASSES];
    uint32_t counts[COPI_POOL_CLASSES];
} copi_pool;

/* NULL if there is no memory.  Not zeroed. */
void *copi_pool_take(copi_pool *self, size_t size);
/* `size` as it was taken.  NULL is fine. */
void copi_pool_give(copi_pool *self, void *block, size_t size);
void copi_pool_fini(copi_pool *self);

#endif /* COPPICE_BASE_POOL_H */
