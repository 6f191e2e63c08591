/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bufs.h - the references to buffers that a message holds.
 *
 * A send moves them: from the caller's message, by a plain copy of the pointers, into the
 * envelope, and whoever frees that drops them.  Calls that take a message take them over in
 * any case, so what has failed ends with copi_taken.
 *
 * Lists that lie too deep for a copy are not walked: such a message cannot be sent, and the
 * references in them stay where they are.
 */
#ifndef COPPICE_MESSAGE_BUFS_H
#define COPPICE_MESSAGE_BUFS_H

#include <stddef.h>

#include <coppice/buf.h>
#include <coppice/err.h>
#include <coppice/type.h>

#include "message/shape.h"

/* Drops all references in a message, whose pointers are not to be used any more. */
void copi_message_drop(const cop_type *type, const void *message);

/* Takes one more of each, for a copy of the message. */
void copi_message_hold(const cop_type *type, const void *message);

/* As copi_message_drop, for one value. */
void copi_value_drop(copi_value value, const void *place);

/* How many bytes more a copy would take if its buffers were fields of kind `bytes`; SIZE_MAX
 * if that is more than a size_t can count. */
size_t copi_message_bufs_extra(const cop_type *type, const void *message);

/* The end of a call that takes a message: if it has failed, nobody has the references, and
 * they are dropped.  Returns `err`. */
static inline cop_err
copi_taken(const cop_type *type, const void *message, cop_err err)
{
    if (err != COP_OK && type->has_bufs)
        copi_message_drop(type, message);
    return err;
}

#endif /* COPPICE_MESSAGE_BUFS_H */
