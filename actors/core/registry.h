/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.h - the names of one node's actors: one name, one actor, and the other way.
 *
 * One mutex: names are looked up once and then the pid is kept, so this is no hot path.
 */
#ifndef COPPICE_CORE_REGISTRY_H
#define COPPICE_CORE_REGISTRY_H

#include <pthread.h>
#include <stdatomic.h>

#include <coppice/actor.h>

#include "base/map.h"

typedef struct copi_registry {
    pthread_mutex_t lock; /* everything but `version` */
    copi_map by_name;     /* key: two hashes of the text; equal ones share a place */
    copi_map by_holder;   /* key: the pid */
    /* Rises with every change, under the lock and after it, with release: who acquires what
     * it was when he looked something up knows that it is still so. */
    _Atomic uint64_t version;
} copi_registry;

void copi_registry_init(copi_registry *self);
void copi_registry_fini(copi_registry *self);

/* Gives `holder`, whose record is `actor` and run or started by the caller, a name.
 * COP_E_NAME_TAKEN, COP_E_NOMEM, COP_E_INVAL. */
cop_err copi_registry_add(copi_registry *self, const char *name, cop_actor *actor,
                          cop_pid holder);
/* The same for any actor of the node; also COP_E_NOPROC. */
cop_err copi_registry_add_other(copi_registry *self, const char *name, cop_actor *actor,
                                cop_pid holder);
/* Takes a name away; COP_E_NO_NAME. */
cop_err copi_registry_remove(copi_registry *self, const char *name, cop_pid *holder);
/* Takes the holder's name away and copies it; false if it has none. */
bool copi_registry_remove_holder(copi_registry *self, cop_pid holder,
                                 char name[COP_NAME_MAX + 1]);
cop_pid copi_registry_find(copi_registry *self, const char *name);
/* The holder's name; false if it has none. */
bool copi_registry_name_of(copi_registry *self, cop_pid holder, char name[COP_NAME_MAX + 1]);
/* Calls `visit` for every name, under the lock. */
void copi_registry_each(copi_registry *self,
                        void (*visit)(void *ctx, const char *name, cop_pid holder), void *ctx);

#endif /* COPPICE_CORE_REGISTRY_H */
