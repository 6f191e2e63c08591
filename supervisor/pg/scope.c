/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "pg/news.h"

copi_pg *
copi_pg_new(cop_actor *me)
{
    copi_pg *made = copi_calloc(1, sizeof *made);

    if (made == NULL)
        return NULL;
    made->node = cop_node_of(me);
    made->self = cop_self(me);
    atomic_init(&made->refs, 1);
    pthread_mutex_init(&made->lock, NULL);
    return made;
}

void
copi_pg_ref(copi_pg *self)
{
    atomic_fetch_add_explicit(&self->refs, 1, memory_order_relaxed);
}

static copi_group *
any_group(copi_pg *self)
{
    copi_map_node *node = copi_map_next(&self->groups, NULL);

    return node == NULL ? NULL : COPI_CONTAINER(node, copi_group, node);
}

static copi_party *
any_party(copi_pg *self)
{
    copi_map_node *node = copi_map_next(&self->parties, NULL);

    return node == NULL ? NULL : COPI_CONTAINER(node, copi_party, node);
}

static void
discard(copi_pg *self)
{
    for (copi_change *change; (change = copi_change_pop(self)) != NULL;)
        free(change);
    for (copi_party *party; (party = any_party(self)) != NULL;) {
        while (party->followers != NULL)
            copi_follower_drop(self, party->followers);
        copi_party_free(self, party);
    }
    for (copi_group *group; (group = any_group(self)) != NULL;) {
        copi_members_unref(group->members);
        group->members = NULL;
        copi_group_tidy(self, group);
    }
    copi_map_fini(&self->groups);
    copi_map_fini(&self->parties);
    copi_map_fini(&self->followers);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

void
copi_pg_unref(copi_pg *self)
{
    /* release: what was done was done before; acquire: who frees comes after all. */
    if (atomic_fetch_sub_explicit(&self->refs, 1, memory_order_acq_rel) == 1)
        discard(self);
}

void
copi_pg_unlock(copi_pg *self, cop_actor *me)
{
    bool wanted =
        !self->is_closed && !self->is_poked && (self->stale != NULL || self->changes != NULL);

    self->is_poked |= wanted;
    pthread_mutex_unlock(&self->lock);
    if (wanted)
        copi_news_push(me, self->self, &copi_pg_poke_type, &(copi_pg_poke){0});
}

/* ------------------------------------------------------------------------- groups */

/* Its hash and its length; names of the same key are twins. */
static copi_map_node
key_of(cop_str name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < name.size; i++)
        hash = (hash ^ (unsigned char)name.data[i]) * UINT64_C(0x100000001b3);
    return (copi_map_node){.high = hash, .low = name.size};
}

/* The first of those that share the key. */
static copi_group *
first_of(copi_pg *self, copi_map_node key)
{
    copi_map_node *node = copi_map_find(&self->groups, key.high, key.low);

    return node == NULL ? NULL : COPI_CONTAINER(node, copi_group, node);
}

static copi_group *
find(copi_pg *self, copi_map_node key, cop_str name)
{
    copi_group *group = first_of(self, key);

    while (group != NULL && memcmp(group->name.data, name.data, name.size) != 0)
        group = group->twin;
    return group;
}

/* An empty name may have no address, which memcmp and memcpy do not like. */
static cop_str
with_address(cop_str name)
{
    return name.size == 0 ? (cop_str){"", 0} : name;
}

copi_group *
copi_group_find(copi_pg *self, cop_str name)
{
    name = with_address(name);
    return find(self, key_of(name), name);
}

copi_group *
copi_group_have(copi_pg *self, cop_str name)
{
    name = with_address(name);
    copi_map_node key = key_of(name);
    copi_group *group = find(self, key, name), *first = first_of(self, key);

    if (group != NULL)
        return group;
    group = copi_malloc(sizeof *group + name.size);
    if (group == NULL)
        return NULL;
    *group = (copi_group){
        .node = key, .name = {(char *)(group + 1), name.size}
    };
    memcpy(group + 1, name.data, name.size);
    if (first == NULL) {
        copi_map_add(&self->groups, &group->node);
    } else {
        group->twin = first->twin;
        first->twin = group;
    }
    return group;
}

static void
take_out(copi_pg *self, copi_group *group)
{
    copi_group *before = first_of(self, group->node);

    if (before == group) {
        copi_map_remove(&self->groups, &group->node);
        if (group->twin != NULL)
            copi_map_add(&self->groups, &group->twin->node);
        return;
    }
    while (before->twin != group)
        before = before->twin;
    before->twin = group->twin;
}

void
copi_group_tidy(copi_pg *self, copi_group *group)
{
    if (group->members != NULL && group->members->count == 0) {
        copi_members_unref(group->members);
        group->members = NULL;
    }
    if (group->members != NULL || group->followers != NULL)
        return;
    take_out(self, group);
    free(group);
}

void
copi_group_each(copi_pg *self, void (*visit)(void *ctx, copi_group *group), void *ctx)
{
    for (copi_map_node *node = NULL; (node = copi_map_next(&self->groups, node)) != NULL;)
        for (copi_group *group = COPI_CONTAINER(node, copi_group, node); group != NULL;
             group = group->twin)
            visit(ctx, group);
}
