/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls.c - what actors ask of a scope; each finds it, goes in under its lock, and leaves.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "pg/directory.h"

/* The scope, locked; NULL if there is none. */
static copi_pg *
go_in(cop_actor *me, const char *name)
{
    copi_pg *scope = copi_directory_find(me, name);

    if (scope == NULL)
        return NULL;
    pthread_mutex_lock(&scope->lock);
    if (!scope->is_closed)
        return scope;
    pthread_mutex_unlock(&scope->lock);
    copi_pg_unref(scope);
    return NULL;
}

static void
go_out(cop_actor *me, copi_pg *scope)
{
    copi_pg_unlock(scope, me);
    copi_pg_unref(scope);
}

/* ---------------------------------------------------------------- joining, leaving */

static bool
are_local(const cop_actor *me, const cop_pid *pids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (pids[i].node != cop_self(me).node)
            return false;
    return true;
}

cop_err
cop_pg_join_all(cop_actor *me, const char *scope, cop_str group, const cop_pid *pids,
                size_t count)
{
    if (!are_local(me, pids, count))
        return COP_E_REFUSED;
    copi_pg *found = go_in(me, scope);
    if (found == NULL)
        return COP_E_NO_NAME;
    cop_err err = copi_pg_join(found, group, pids, count);
    go_out(me, found);
    return err;
}

cop_err
cop_pg_join(cop_actor *me, const char *scope, cop_str group, cop_pid who)
{
    return cop_pg_join_all(me, scope, group, &who, 1);
}

cop_err
cop_pg_leave_all(cop_actor *me, const char *scope, cop_str group, const cop_pid *pids,
                 size_t count)
{
    copi_pg *found = go_in(me, scope);

    if (found == NULL)
        return COP_E_NO_NAME;
    cop_err err = copi_pg_leave(found, group, pids, count);
    go_out(me, found);
    return err;
}

cop_err
cop_pg_leave(cop_actor *me, const char *scope, cop_str group, cop_pid who)
{
    return cop_pg_leave_all(me, scope, group, &who, 1);
}

/* ------------------------------------------------------------------------- reading */

static cop_pg_members
members_of(const copi_group *group)
{
    copi_members *held = group == NULL ? NULL : copi_members_ref(group->members);

    return held == NULL ? (cop_pg_members){0} : (cop_pg_members){held->pids, held->count, held};
}

cop_pg_members
cop_pg_get_members(cop_actor *me, const char *scope, cop_str group)
{
    copi_pg *found = go_in(me, scope);

    if (found == NULL)
        return (cop_pg_members){0};
    cop_pg_members members = members_of(copi_group_find(found, group));
    go_out(me, found);
    return members;
}

void
cop_pg_members_free(cop_pg_members *members)
{
    copi_members_unref(members->copi_held);
    *members = (cop_pg_members){0};
}

/* What the groups of a scope need, and where they go. */
typedef struct listing {
    size_t count, text_size;
    cop_pg_group *items;
    char *text;
} listing;

static void
measure(void *ctx, copi_group *group)
{
    listing *self = ctx;

    if (group->members == NULL)
        return;
    self->count++;
    self->text_size += group->name.size;
}

static void
write_down(void *ctx, copi_group *group)
{
    listing *self = ctx;

    if (group->members == NULL)
        return;
    memcpy(self->text, group->name.data, group->name.size);
    self->items[self->count++] = (cop_pg_group){
        {self->text, group->name.size},
        members_of(group)
    };
    self->text += group->name.size;
}

/* Under the lock. */
static cop_err
list_groups(copi_pg *scope, cop_pg_groups *out)
{
    listing all = {0};

    copi_group_each(scope, measure, &all);
    /* One byte more: an empty list is given back as any other. */
    all.items = copi_malloc(all.count * sizeof *all.items + all.text_size + 1);
    if (all.items == NULL)
        return COP_E_NOMEM;
    all.text = (char *)(all.items + all.count);
    all.count = 0;
    copi_group_each(scope, write_down, &all);
    *out = (cop_pg_groups){all.items, all.count};
    return COP_OK;
}

cop_err
cop_pg_which_groups(cop_actor *me, const char *scope, cop_pg_groups *out)
{
    copi_pg *found = go_in(me, scope);

    if (found == NULL)
        return COP_E_NO_NAME;
    cop_err err = list_groups(found, out);
    go_out(me, found);
    return err;
}

void
cop_pg_groups_free(cop_pg_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++)
        copi_members_unref(groups->items[i].members.copi_held);
    free((void *)(uintptr_t)groups->items);
    *groups = (cop_pg_groups){0};
}

/* ----------------------------------------------------------------------- following */

/* Under the lock: nothing happens between the list and the first change. */
static cop_err
follow_group(copi_pg *scope, cop_pid who, cop_str group, cop_ref ref, cop_pg_members *now)
{
    COP_TRY(copi_follow(scope, who, &group, ref));
    if (now != NULL)
        *now = members_of(copi_group_find(scope, group));
    return COP_OK;
}

static cop_err
follow_all(copi_pg *scope, cop_pid who, cop_ref ref, cop_pg_groups *now)
{
    COP_TRY(copi_follow(scope, who, NULL, ref));
    cop_err err = now == NULL ? COP_OK : list_groups(scope, now);
    if (err != COP_OK)
        (void)copi_unfollow(scope, who, ref);
    return err;
}

/* The end of a monitor call: what cannot be followed is not watched either. */
static cop_err
followed(cop_actor *me, copi_pg *scope, cop_ref ref, cop_err err, cop_ref *out)
{
    go_out(me, scope);
    if (err == COP_OK)
        *out = ref;
    else
        (void)cop_demonitor_flush(me, ref);
    return err;
}

/* The scope, locked, and monitored by this actor. */
static cop_err
go_in_watching(cop_actor *me, const char *name, copi_pg **out, cop_ref *ref)
{
    copi_pg *scope = go_in(me, name);

    if (scope == NULL)
        return COP_E_NO_NAME;
    const cop_pid actor = scope->self;
    pthread_mutex_unlock(&scope->lock);
    cop_err err = cop_monitor(me, actor, ref);
    if (err != COP_OK) {
        copi_pg_unref(scope);
        return err;
    }
    pthread_mutex_lock(&scope->lock);
    *out = scope;
    return COP_OK;
}

cop_err
cop_pg_monitor(cop_actor *me, const char *scope, cop_str group, cop_ref *ref,
               cop_pg_members *now)
{
    copi_pg *found;
    cop_ref watch;

    COP_TRY(go_in_watching(me, scope, &found, &watch));
    return followed(me, found, watch, follow_group(found, cop_self(me), group, watch, now),
                    ref);
}

cop_err
cop_pg_monitor_scope(cop_actor *me, const char *scope, cop_ref *ref, cop_pg_groups *now)
{
    copi_pg *found;
    cop_ref watch;

    COP_TRY(go_in_watching(me, scope, &found, &watch));
    return followed(me, found, watch, follow_all(found, cop_self(me), watch, now), ref);
}

bool
cop_pg_demonitor(cop_actor *me, const char *scope, cop_ref ref)
{
    copi_pg *found = go_in(me, scope);
    bool was_following = false;

    if (found != NULL) {
        was_following = copi_unfollow(found, cop_self(me), ref);
        go_out(me, found);
    }
    (void)cop_demonitor_flush(me, ref);
    return was_following;
}
