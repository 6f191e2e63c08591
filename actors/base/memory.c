/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

_Atomic int copi_memory_watches;

static _Thread_local const copi_memory_watch *own;

const copi_memory_watch *
copi_memory_set_watch(const copi_memory_watch *watch)
{
    const copi_memory_watch *before = own;

    own = watch;
    /* relaxed: other threads find no watch of their own, whatever they see here. */
    atomic_fetch_add_explicit(&copi_memory_watches, (watch != NULL) - (before != NULL),
                              memory_order_relaxed);
    return before;
}

bool
copi_memory_refuses(void)
{
    return own != NULL && own->refuses(own->ctx);
}
