/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdlib.h>

#include "base/check.h"

cop_buf *
cop_buf_new(size_t size)
{
    size_t room;

    if (__builtin_add_overflow(sizeof(cop_buf), size, &room))
        return NULL;
    cop_buf *self = malloc(room);
    if (self == NULL)
        return NULL;
    atomic_init(&self->references, 1);
    self->size = size;
    return self;
}

/* acquire: pairs with the release of unref; what those who have left did to the bytes is
 * over.  After true no other thread can come to the buffer any more (buf.h). */
static bool
is_only(cop_buf *self)
{
    return atomic_load_explicit(&self->references, memory_order_acquire) == 1;
}

cop_buf *
cop_buf_ref(cop_buf *self)
{
    /* relaxed: the buffer is in sight already, and who gets the new reference gets it by
     * way of a mailbox, which orders. */
    if (self != NULL)
        COPI_CHECK(atomic_fetch_add_explicit(&self->references, 1, memory_order_relaxed) > 0);
    return self;
}

void
cop_buf_unref(cop_buf *self)
{
    if (self == NULL)
        return;
    /* Who is alone stays alone, and needs no atomic write to learn that it was the last:
     * most buffers are moved and never shared.  Else, release: what this thread did to the
     * bytes comes before the free.  acquire: of the last one, for its free. */
    if (is_only(self) ||
        atomic_fetch_sub_explicit(&self->references, 1, memory_order_acq_rel) == 1)
        free(self);
}

void *
cop_buf_bytes(cop_buf *self)
{
    return self != NULL && is_only(self) ? self->bytes : NULL;
}

cop_bytes
cop_buf_view(const cop_buf *self)
{
    return self == NULL ? (cop_bytes){0} : (cop_bytes){self->bytes, self->size};
}

size_t
cop_buf_size(const cop_buf *self)
{
    return self == NULL ? 0 : self->size;
}
