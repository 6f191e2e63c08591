/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join.c - what changes who is a member.  All that can fail comes first, and then the
 * change is made in one go.
 */
#include <stdlib.h>

#include "pg/scope.h"

static cop_err
enter(copi_pg *self, cop_pid who, copi_group *group)
{
    copi_party *party = copi_party_have(self, who);

    if (party == NULL)
        return COP_E_NOMEM;
    cop_err err = copi_party_enter(party, group);
    copi_party_tidy(self, party);
    return err;
}

static void
leave(copi_pg *self, cop_pid who, copi_group *group)
{
    copi_party *party = copi_party_find(self, who);

    copi_party_leave(party, group);
    copi_party_tidy(self, party);
}

/* All of them, or none. */
static cop_err
enter_all(copi_pg *self, const cop_pid *pids, size_t count, copi_group *group)
{
    cop_err err = COP_OK;
    size_t done = 0;

    while (done < count && (err = enter(self, pids[done], group)) == COP_OK)
        done++;
    while (err != COP_OK && done > 0)
        leave(self, pids[--done], group);
    return err;
}

static cop_err
join(copi_pg *self, copi_group *group, const cop_pid *pids, size_t count)
{
    copi_change *change;

    COP_TRY(copi_members_open(&group->members, count));
    COP_TRY(copi_change_new(self, group, &cop_pg_joined_type, count, &change));
    cop_err err = enter_all(self, pids, count, group);
    if (err != COP_OK) {
        free(change);
        return err;
    }
    copi_members_append(group->members, pids, count);
    for (size_t i = 0; change != NULL && i < count; i++)
        change->pids[change->pid_count++] = pids[i];
    copi_change_push(self, change);
    return COP_OK;
}

cop_err
copi_pg_join(copi_pg *self, cop_str name, const cop_pid *pids, size_t count)
{
    if (count == 0)
        return COP_OK;
    copi_group *group = copi_group_have(self, name);
    if (group == NULL)
        return COP_E_NOMEM;
    cop_err err = join(self, group, pids, count);
    copi_group_tidy(self, group);
    return err;
}

cop_err
copi_pg_leave(copi_pg *self, cop_str name, const cop_pid *pids, size_t count)
{
    copi_group *group = copi_group_find(self, name);
    copi_change *change;
    size_t left = 0;

    if (group == NULL || group->members == NULL)
        return COP_E_NOT_FOUND;
    COP_TRY(copi_members_open(&group->members, 0));
    COP_TRY(copi_change_new(self, group, &cop_pg_left_type, count, &change));
    for (size_t i = 0; i < count; i++) {
        if (!copi_members_remove(group->members, pids[i]))
            continue;
        leave(self, pids[i], group);
        left++;
        if (change != NULL)
            change->pids[change->pid_count++] = pids[i];
    }
    if (left == 0) {
        free(change);
        return COP_E_NOT_FOUND;
    }
    copi_change_push(self, change);
    copi_group_tidy(self, group);
    return COP_OK;
}

/* Ends all memberships in one group. */
static cop_err
forget_in(copi_pg *self, copi_party *party, cop_pid who, copi_group *group)
{
    copi_change *change;
    size_t kept = 0, count = party->group_count;

    COP_TRY(copi_members_open(&group->members, 0));
    for (size_t i = 0; i < count; i++)
        kept += party->groups[i] != group;
    COP_TRY(copi_change_new(self, group, &cop_pg_left_type, count - kept, &change));
    kept = 0;
    for (size_t i = 0; i < count; i++)
        if (party->groups[i] != group)
            party->groups[kept++] = party->groups[i];
    party->group_count = kept;
    for (; change != NULL && kept < count; kept++)
        change->pids[change->pid_count++] = who;
    (void)copi_members_remove_all(group->members, who);
    copi_change_push(self, change);
    copi_group_tidy(self, group);
    return COP_OK;
}

cop_err
copi_pg_forget(copi_pg *self, cop_pid who)
{
    copi_party *party = copi_party_find(self, who);

    if (party == NULL)
        return COP_OK;
    party->is_watched = false;
    while (party->followers != NULL)
        copi_follower_drop(self, party->followers);
    while (party->group_count > 0)
        COP_TRY(forget_in(self, party, who, party->groups[0]));
    copi_party_tidy(self, party);
    return COP_OK;
}
