/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.h - messages to MessagePack.
 *
 *      message    map from field numbers to values; zero and empty values are left out
 *      list       array, of all items            pid      array of two unsigned integers
 *      str        str, not checked for UTF-8     bytes    bin
 *      f64        float if that loses nothing    buf      bin
 *
 * The type itself is not written: who frames messages puts its wire_id in front.
 */
#ifndef COPPICE_MESSAGE_PACK_H
#define COPPICE_MESSAGE_PACK_H

#include <stddef.h>
#include <stdint.h>

#include <coppice/type.h>

/*
 * Bytes that the message takes on the wire.  SIZE_MAX if it has no encoding that
 * copi_unpack_size would accept: too deep, or over copi_block_max when decoded, be its
 * buffers `buf` over there or `bytes`.
 */
size_t copi_pack_size(const cop_type *type, const void *message);

/* Writes exactly that many bytes to `out`, and returns how many. */
size_t copi_pack(const cop_type *type, const void *message, uint8_t *out);

#endif /* COPPICE_MESSAGE_PACK_H */
