/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/news.h"

#include <stddef.h>

#include "base/check.h"
#include "base/memory.h"
#include "core/actor.h"
#include "core/post.h"
#include "message/local.h"

/* They stay on the node, see message/local.h. */
/* clang-format off */
#define CHANGE(T)                                                                       \
    const cop_type T##_type = {                                                         \
        .protocol = "pg", .name = #T,                                                   \
        .fields = (const cop_field[]){                                                  \
            {"ref", NULL, offsetof(T, ref), 1, COP_FIELD_U64, 0},                       \
            {"group", NULL, offsetof(T, group), 2, COP_FIELD_STR, 0},                   \
            {"pids", NULL, offsetof(T, pids), 3, COP_FIELD_LIST, COP_FIELD_PID}, {0}},  \
        .size = sizeof(T), .field_count = 3}
/* clang-format on */

CHANGE(cop_pg_joined);
CHANGE(cop_pg_left);

const cop_type copi_pg_poke_type = COPI_LOCAL("pg", copi_pg_poke);

void
copi_news_push(cop_actor *me, cop_pid to, const cop_type *type, const void *message)
{
    copi_envelope *news;

    COPI_INSIST((news = copi_envelope_typed(me->worker, COPI_NEWS, type, message)) != NULL);
    news->from = copi_pid_of(me);
    if (copi_push(me->node, me->worker, to, news) != COP_OK)
        copi_envelope_free(me->worker, news);
}
