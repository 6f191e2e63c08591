/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tail.h - one block of memory that holds a struct and, behind it, all it points to.
 *
 * Copying and decoding go twice over the same message with the same code: first without a
 * block, to learn how many bytes they take, then with it.  So the two cannot disagree.
 */
#ifndef COPPICE_MESSAGE_TAIL_H
#define COPPICE_MESSAGE_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the items of any list are aligned to in a block, and the block itself. */
enum {
    COPI_TAIL_ALIGN = 8
};

typedef struct copi_tail {
    char *block;   /* NULL: only count */
    size_t used;   /* SIZE_MAX once it is more than a size_t can count */
    bool has_bufs; /* references to buffers were met, which lie elsewhere */
} copi_tail;

/* `count` times `size` bytes, aligned; NULL when only counting. */
static inline void *
copi_tail_take(copi_tail *self, size_t align, size_t count, size_t size)
{
    size_t start, bytes;

    if (__builtin_add_overflow(self->used, align - 1, &start) ||
        __builtin_mul_overflow(count, size, &bytes) ||
        __builtin_add_overflow(start &= ~(align - 1), bytes, &self->used))
        self->used = SIZE_MAX;
    return self->block == NULL ? NULL : self->block + start;
}

#endif /* COPPICE_MESSAGE_TAIL_H */
