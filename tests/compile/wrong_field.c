/* SPDX-License-Identifier: Apache-2.0 */
/* A field that the message does not have: the compiler names it. */
/* expect: has no member named 'bye' */
/* expect: field designator 'bye' does not refer to any field in type 'counter_add' */
#include <coppice/message.h>

#define COUNTER(M, F) M(1, counter_add, F(i64, by))
COP_PROTOCOL(COUNTER)

int64_t by_of(void);

int64_t
by_of(void)
{
    return COP_MSG(counter_add, .bye = 2).by;
}
