/* expect: app_call_say */
/* SPDX-License-Identifier: Apache-2.0 */
/* The handler was written for actors with another state. */
#include <coppice/actor.h>

#define TALK(M, F) M(1, say, F(i64, n))
COP_PROTOCOL(TALK)

typedef struct probe {
    int64_t sum;
} probe;

typedef struct app {
    int64_t sum;
} app;

COP_HANDLER(probe, say)
{
    st->sum += msg->n;
    return COP_OK;
}
COP_BEHAVIOUR(app_b, app, COP_ON(app, say));
