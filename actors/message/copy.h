/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.h - a deep copy of a message in one block, to be freed in one go.
 *
 *      | struct | items of lists, aligned | characters | ... |
 *      '-type->size-''---------- extra ---------------------'
 *
 * All pointers of the copy point into its own block, or to buffers, which are not copied:
 * either the copy has their references or the original (bufs.h).  A flat type has no extra.
 */
#ifndef COPPICE_MESSAGE_COPY_H
#define COPPICE_MESSAGE_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <coppice/type.h>

/* Copies a message of a flat type, without a call in the usual cases: the path of every
 * message. */
static inline void
copi_message_copy_flat(const cop_type *type, void *dst, const void *src)
{
    if (type->size == sizeof(uint64_t)) /* most are, and a call costs more */
        memcpy(dst, src, sizeof(uint64_t));
    else if (type->size > 1)
        memcpy(dst, src, type->size);
    else /* one without fields has a byte that means nothing */
        *(char *)dst = *(const char *)src;
}

/*
 * Bytes that a copy of `src` needs behind its struct.  SIZE_MAX if that cannot be: more
 * than a size_t can count, or lists in lists deeper than COPI_DEPTH_MAX.
 */
size_t copi_message_extra(const cop_type *type, const void *src);

/* Copies into type->size + extra bytes at `dst`, which is aligned to 8.  True if there are
 * buffers in it. */
bool copi_message_copy(const cop_type *type, void *dst, const void *src);

#endif /* COPPICE_MESSAGE_COPY_H */
