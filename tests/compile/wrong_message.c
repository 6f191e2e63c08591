/* expect: bye */
/* SPDX-License-Identifier: Apache-2.0 */
/* The handler reads a field that its message does not have. */
#include <coppice/actor.h>

#define TALK(M, F) M(1, say, F(i64, by))
COP_PROTOCOL(TALK)

typedef struct probe {
    int64_t sum;
} probe;

COP_HANDLER(probe, say)
{
    st->sum += msg->bye;
    return COP_OK;
}
COP_BEHAVIOUR(probe_b, probe, COP_ON(probe, say));
