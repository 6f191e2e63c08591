/* SPDX-License-Identifier: Apache-2.0 */
/* A kind of field that there is not. */
/* expect: unknown type name 'COPI_KIND_int' */
#include <coppice/message.h>

#define COUNTER(M, F) M(1, counter_add, F(int, by))
COP_PROTOCOL(COUNTER)
