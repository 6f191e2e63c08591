/* SPDX-License-Identifier: Apache-2.0 */
/*
 * news.h - what scopes send and are sent, all of it inside the process.
 */
#ifndef COPPICE_SUPERVISOR_PG_NEWS_H
#define COPPICE_SUPERVISOR_PG_NEWS_H

#include <coppice/pg.h>

/* To a scope's actor: somebody has left you work. */
typedef struct copi_pg_poke {
    char copi_empty;
} copi_pg_poke;

extern const cop_type copi_pg_poke_type;

/*
 * Sends a message that no mailbox refuses: who misses a change believes in members that are
 * none, and a scope that misses a poke sleeps for ever.  Nothing happens if `to` has ended;
 * there is no going on without memory.
 */
void copi_news_push(cop_actor *me, cop_pid to, const cop_type *type, const void *message);

#endif /* COPPICE_SUPERVISOR_PG_NEWS_H */
