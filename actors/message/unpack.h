/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unpack.h - messages from MessagePack that anybody may have written.
 *
 *      size_t block;
 *      COP_TRY(copi_unpack_size(type, bytes, size, &block));
 *      void *message = ...block bytes, aligned to 8...;
 *      COP_TRY(copi_unpack(type, bytes, size, message));
 *      ...
 *      copi_message_drop(type, message);
 *
 * The first pass refuses what is not exactly one message of the type: other kinds of
 * values, numbers out of range, bytes missing or left over, and more than COPI_DEPTH_MAX
 * containers in each other.  Integers and lengths may have any form that MessagePack has
 * for them.  Unknown fields are skipped, missing ones are zero, and of a field that comes
 * twice the last counts.  Whether a str is UTF-8 is not checked.  Buffers are made anew,
 * one for each that is not empty.
 */
#ifndef COPPICE_MESSAGE_UNPACK_H
#define COPPICE_MESSAGE_UNPACK_H

#include <stddef.h>
#include <stdint.h>

#include <coppice/err.h>
#include <coppice/type.h>

/*
 * The biggest block that `size` bytes may ask for, with the buffers beside it counted in.  A
 * list of messages that are all zero takes one byte for each on the wire, and as many bytes
 * as their struct has here: honest programs send such lists, so up to 1 MiB all is well.
 * Beyond that, up to 16 MiB, a message may grow to 64 times its bytes.
 */
static inline size_t
copi_block_max(size_t size)
{
    const size_t small = (size_t)1 << 20, most = (size_t)1 << 24;

    if (size <= small / 64)
        return small;
    return size >= most / 64 ? most : 64 * size;
}

/*
 * Checks the bytes and tells how big a block the message takes, without its buffers.
 * COP_E_BAD_MESSAGE; COP_E_TOO_LARGE for one over copi_block_max.
 */
COP_MUST_USE cop_err copi_unpack_size(const cop_type *type, const uint8_t *bytes, size_t size,
                                      size_t *block);

/* Decodes what copi_unpack_size has accepted.  All pointers point into the block, or to
 * buffers: the message holds their only references.  COP_E_NOMEM: then it holds none, and
 * is not to be read; a type without buffers always decodes. */
COP_MUST_USE cop_err copi_unpack(const cop_type *type, const uint8_t *bytes, size_t size,
                                 void *block);

#endif /* COPPICE_MESSAGE_UNPACK_H */
