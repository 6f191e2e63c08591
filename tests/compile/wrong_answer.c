/* expect: app_then_say */
/* SPDX-License-Identifier: Apache-2.0 */
/* Nobody has said what to do with this answer. */
#include <coppice/actor.h>

#define TALK(M, F)                                                                             \
    M(1, say, F(i64, n))                                                                       \
    M(2, ask_it)
COP_PROTOCOL(TALK)

typedef struct app {
    int64_t sum;
} app;

COP_HANDLER(app, cop_start)
{
    return cop_ask(me, cop_owner(me), 100, COP_THEN(app, say), ask_it);
}
COP_BEHAVIOUR(app_b, app, COP_ON(app, cop_start));
