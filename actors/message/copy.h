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

#include <coppice/type.h>

/*
 * Bytes that a copy of `src` needs behind its struct.  SIZE_MAX if that cannot be: more
 * than a size_t can count, or lists in lists deeper than COPI_DEPTH_MAX.
 */
size_t copi_message_extra(const cop_type *type, const void *src);

/* Copies into type->size + extra bytes at `dst`, which is aligned to 8.  True if there are
 * buffers in it. */
bool copi_message_copy(const cop_type *type, void *dst, const void *src);

#endif /* COPPICE_MESSAGE_COPY_H */
