/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include <stdlib.h>

void *
copi_pool_take_new(size_t size)
{
    size_t class = copi_pool_class(size);

    return malloc(class < COPI_POOL_CLASSES ? (class + 1) * COPI_POOL_STEP : size);
}

void
copi_pool_give_back(void *block)
{
    free(block);
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
