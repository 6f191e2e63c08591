/* expect: cop_actor */
/* SPDX-License-Identifier: Apache-2.0 */
/* What waits takes a cop_co, which only a body has: a handler cannot wait. */
#include <coppice/co.h>

#define TALK(M, F) M(1, say, F(i64, n))
COP_PROTOCOL(TALK)

typedef struct app {
    int64_t sum;
} app;

COP_HANDLER(app, say)
{
    return cop_sleep(me, (int32_t)msg->n + st->sum);
}
COP_BEHAVIOUR(app_b, app, COP_ON(app, say));
