/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - large payloads, which messages move and share instead of copying them.
 *
 *      cop_buf *page = cop_buf_new(65536);
 *      if (page == NULL)
 *          return COP_E_NOMEM;
 *      fill(cop_buf_bytes(page), cop_buf_size(page));
 *      return cop_send(me, to, chunk, .data = page);
 *
 * with the field F(buf, data).  A buffer is bytes and a count of the references to it; the
 * last one frees it.  A message holds one reference for each place in it that points to a
 * buffer, twice the same one included.
 *
 * Sending gives.  Every function that takes a message takes over the references in it,
 * whatever it returns: cop_send, cop_cast, cop_ask, cop_reply, cop_answer, cop_post,
 * cop_send_after, cop_send_every, cop_spawn_at.  So the line above can neither leak the
 * buffer nor free it twice.  Who wants to keep it, or to send again what was refused, has
 * a reference of its own: .data = cop_buf_ref(page).
 *
 * A handler borrows the references of its message: they are dropped after the call.  To
 * keep a buffer or to send it on takes a reference: .data = cop_buf_ref(msg->data).
 *
 * On one node a buffer may be of any size, and its bytes stay where they are.  To another
 * node they travel as a field of kind `bytes` does, within message_max of cluster.h, and
 * arrive in a new buffer; COP_E_TOO_LARGE for more.
 *
 * NULL is the empty buffer: every function here takes it.  Any thread.
 */
#ifndef COPPICE_BUF_H
#define COPPICE_BUF_H

#include <stddef.h>

#include <coppice/api.h>
#include <coppice/type.h>

/* A new buffer with one reference, the caller's.  The bytes are not set; they are aligned
 * as malloc's.  NULL without memory. */
COP_API COP_MUST_USE cop_buf *cop_buf_new(size_t size);

/* Takes one more reference, to be dropped or given away; returns `self`. */
COP_API cop_buf *cop_buf_ref(cop_buf *self);

/* Drops a reference of the caller's.  The last one frees the buffer. */
COP_API void cop_buf_unref(cop_buf *self);

/*
 * The bytes, to be written: while there is only one reference, and it is the caller's or
 * that of the message being handled, so that a chain of actors can work in place.  NULL if
 * there are others, whose holders may be reading.  Once the reference has been sent, or
 * there is a second one, nothing may be written through the pointer any more.
 */
COP_API COP_MUST_USE void *cop_buf_bytes(cop_buf *self);

/* The bytes, to be read as long as the caller's reference lives, or the message's. */
COP_API cop_bytes cop_buf_view(const cop_buf *self);

COP_API size_t cop_buf_size(const cop_buf *self);

#endif /* COPPICE_BUF_H */
