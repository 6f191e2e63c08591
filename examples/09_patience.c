/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 09_patience.c - a start that takes time, and a partner that does not answer.
 *
 * `db` has started when it says so, and `web`, which needs it, starts only then.  `link`
 * finds nobody at the other end.  Its backoff has it try again after 20 ms, 40 ms, 80 ms, and
 * its own budget says that three times are enough, whatever its siblings may.  The group of
 * the link then gives up, and since the group is significant, the program is over.
 */
#include <stdio.h>

#include <coppice/coppice.h>

#define PATIENCE(M, F)                                                                         \
    M(1, is_read)                                                                              \
    M(2, silence)
COP_PROTOCOL(PATIENCE)

typedef struct db {
    int unused;
} db;

COP_HANDLER(db, cop_start)
{
    printf("db: reads its log\n");
    return cop_send_after(me, 30, NULL, is_read);
}

COP_HANDLER(db, is_read)
{
    printf("db: is ready\n");
    return cop_say_ready(me);
}
static COP_BEHAVIOUR(db_b, db, COP_ON(db, cop_start), COP_ON(db, is_read));

typedef struct web {
    int unused;
} web;

COP_HANDLER(web, cop_start)
{
    printf("web: opens, with the db behind it\n");
    return COP_OK;
}
static COP_BEHAVIOUR(web_b, web, COP_ON(web, cop_start));

/* Its state is new at each start, so what is counted over all of them stands outside. */
typedef struct caller {
    int unused;
} caller;

static int tries;

COP_HANDLER(caller, cop_start)
{
    printf("link: try %d\n", ++tries);
    return cop_send_after(me, 1, NULL, silence);
}

COP_HANDLER(caller, silence)
{
    return cop_fail(me, tries, "nobody answers");
}
static COP_BEHAVIOUR(caller_b, caller, COP_ON(caller, cop_start), COP_ON(caller, silence));

/* clang-format off */
static const cop_child tree = {
    .name = "app",
    .auto_shutdown = COP_ANY_SIGNIFICANT,
    .sup = COP_CHILDREN(
        {.name = "web", .run = &web_b, .needs = COP_NEEDS("db")},
        {.name = "db", .run = &db_b, .ready_ms = 5000},
        {.name = "remote",
         .restart = COP_TEMPORARY,
         .significant = true,
         .budget = {100, 60},
         .sup = COP_CHILDREN({.name = "link",
                              .run = &caller_b,
                              .backoff = {.first_ms = 20, .cap_ms = 1000},
                              .own_budget = {3, 60}})}),
};
/* clang-format on */

int
main(void)
{
    int status = cop_supervisor_run(&tree, NULL);

    printf("app: is over after %d tries\n", tries);
    return status;
}
