/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include <stdlib.h>

#include "base/check.h"

/* Under the sanitizers every block goes straight to malloc, so that they see a use after
 * a release and know which thread allocated. */
#ifdef COPI_NO_POOL
static const int is_pooling = 0;
#else
static const int is_pooling = 1;
#endif

typedef struct copi_pool_block {
    struct copi_pool_block *next;
} copi_pool_block;

static size_t
class_of(size_t size)
{
    return size == 0 ? 0 : (size - 1) / COPI_POOL_STEP;
}

void *
copi_pool_take(copi_pool *self, size_t size)
{
    size_t class = class_of(size);

    if (class >= COPI_POOL_CLASSES)
        return malloc(size);
    if (self != NULL && self->lists[class] != NULL) {
        copi_pool_block *block = self->lists[class];
        self->lists[class] = block->next;
        self->counts[class]--;
        return block;
    }
    return malloc((class + 1) * COPI_POOL_STEP);
}

void
copi_pool_give(copi_pool *self, void *block, size_t size)
{
    size_t class = class_of(size);

    if (!is_pooling || self == NULL || block == NULL || class >= COPI_POOL_CLASSES ||
        self->counts[class] >= COPI_POOL_KEEP) {
        free(block);
        return;
    }
    copi_pool_block *freed = block;
    freed->next = self->lists[class];
    self->lists[class] = freed;
    self->counts[class]++;
}

void
copi_pool_fini(copi_pool *self)
{
    for (size_t class = 0; class < COPI_POOL_CLASSES; class ++) {
        while (self->lists[class] != NULL) {
            copi_pool_block *block = self->lists[class];
            self->lists[class] = block->next;
            free(block);
        }
    }
    *self = (copi_pool){0};
}
