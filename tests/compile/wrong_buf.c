/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes where a reference to a buffer is wanted. */
/* expect: incompatible types when initializing type 'cop_buf *' using type 'cop_bytes' */
/* expect: with an expression of incompatible type 'cop_bytes' */
#include <coppice/message.h>

#define PAGES(M, F) M(1, page, F(buf, data))
COP_PROTOCOL(PAGES)

const cop_buf *data_of(cop_bytes bytes);

const cop_buf *
data_of(cop_bytes bytes)
{
    return COP_MSG(page, .data = bytes).data;
}
