/* SPDX-License-Identifier: Apache-2.0 */
/*
 * directory.c - one table for the process, since a node has no place for it.  Its key holds
 * the node, so that any number of nodes may live in a process and none sees another's.
 */
#include "pg/directory.h"

#include "base/check.h"

static struct {
    pthread_mutex_t lock;
    copi_map scopes; /* key: the node's address, the actor's id */
} directory = {.lock = PTHREAD_MUTEX_INITIALIZER};

static copi_map_node
key_of(const cop_node *node, cop_pid actor)
{
    return (copi_map_node){.high = (uintptr_t)node, .low = actor.id};
}

void
copi_directory_add(copi_pg *scope)
{
    scope->in_directory = key_of(scope->node, scope->self);
    pthread_mutex_lock(&directory.lock);
    copi_map_add(&directory.scopes, &scope->in_directory);
    pthread_mutex_unlock(&directory.lock);
}

void
copi_directory_remove(copi_pg *scope)
{
    pthread_mutex_lock(&directory.lock);
    copi_map_remove(&directory.scopes, &scope->in_directory);
    if (directory.scopes.count == 0)
        copi_map_fini(&directory.scopes);
    pthread_mutex_unlock(&directory.lock);
}

copi_pg *
copi_directory_find(cop_actor *me, const char *name)
{
    const cop_pid actor = cop_whereis(me, name == NULL ? COP_PG : name);
    copi_map_node key = key_of(cop_node_of(me), actor);
    copi_pg *scope = NULL;

    /* "pg@b": an actor of another node, whose id may be one of ours, too. */
    if (actor.node != cop_self(me).node)
        return NULL;
    pthread_mutex_lock(&directory.lock);
    copi_map_node *node = copi_map_find(&directory.scopes, key.high, key.low);
    if (node != NULL) {
        scope = COPI_CONTAINER(node, copi_pg, in_directory);
        copi_pg_ref(scope);
    }
    pthread_mutex_unlock(&directory.lock);
    return scope;
}
