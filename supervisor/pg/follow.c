/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow.c - who is to be told of what.  The targets of a change are written into it when it
 * is made: who follows later has seen it already.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "pg/scope.h"

/* ---------------------------------------------------------------------- followers */

/* The list that it is in. */
static copi_follower **
list_of(copi_pg *self, copi_group *group)
{
    return group == NULL ? &self->of_all : &group->followers;
}

static size_t *
count_of(copi_pg *self, copi_group *group)
{
    return group == NULL ? &self->of_all_count : &group->follower_count;
}

/* Takes over `made`, which has its ref. */
static void
add(copi_pg *self, copi_follower *made, copi_party *party, copi_group *group)
{
    copi_follower **list = list_of(self, group);

    made->party = party;
    made->group = group;
    made->next = *list;
    *list = made;
    ++*count_of(self, group);
    made->next_of_party = party->followers;
    party->followers = made;
    copi_map_add(&self->followers, &made->node);
}

cop_err
copi_follow(copi_pg *self, cop_pid who, const cop_str *group, cop_ref ref)
{
    copi_follower *made = copi_malloc(sizeof *made);
    copi_party *party = copi_party_have(self, who);
    copi_group *followed = group == NULL ? NULL : copi_group_have(self, *group);
    cop_err err = made == NULL || party == NULL || (group != NULL && followed == NULL)
                      ? COP_E_NOMEM
                      : COP_OK;

    if (err == COP_OK) {
        *made = (copi_follower){.node = {.low = ref.bits}};
        add(self, made, party, followed);
    } else {
        free(made);
        if (followed != NULL)
            copi_group_tidy(self, followed);
    }
    if (party != NULL)
        copi_party_tidy(self, party);
    return err;
}

void
copi_follower_drop(copi_pg *self, copi_follower *follower)
{
    copi_group *group = follower->group;
    copi_follower **at = list_of(self, group);

    while (*at != follower)
        at = &(*at)->next;
    *at = follower->next;
    --*count_of(self, group);
    at = &follower->party->followers;
    while (*at != follower)
        at = &(*at)->next_of_party;
    *at = follower->next_of_party;
    copi_map_remove(&self->followers, &follower->node);
    free(follower);
    if (group != NULL)
        copi_group_tidy(self, group);
}

bool
copi_unfollow(copi_pg *self, cop_pid who, cop_ref ref)
{
    copi_map_node *node = copi_map_find(&self->followers, 0, ref.bits);
    copi_follower *found = node == NULL ? NULL : COPI_CONTAINER(node, copi_follower, node);

    if (found == NULL || found->party != copi_party_find(self, who))
        return false;
    copi_party *party = found->party;
    copi_follower_drop(self, found);
    copi_party_tidy(self, party);
    return true;
}

/* ------------------------------------------------------------------------- changes */

static void
add_targets(copi_change *self, const copi_follower *list)
{
    for (; list != NULL; list = list->next)
        self->targets[self->target_count++] = (copi_target){
            .who = {list->party->node.high, list->party->node.low},
              .ref = {list->node.low                     }
        };
}

cop_err
copi_change_new(copi_pg *self, const copi_group *group, const cop_type *type, size_t count,
                copi_change **out)
{
    size_t targets = self->of_all_count + group->follower_count;

    *out = NULL;
    if (targets == 0)
        return COP_OK;
    copi_change *made = copi_malloc(sizeof *made + targets * sizeof *made->targets +
                                    count * sizeof *made->pids + group->name.size);
    if (made == NULL)
        return COP_E_NOMEM;
    *made = (copi_change){.type = type, .targets = (copi_target *)(made + 1)};
    made->pids = (cop_pid *)(made->targets + targets);
    made->group = (cop_str){(char *)(made->pids + count), group->name.size};
    memcpy(made->pids + count, group->name.data, group->name.size);
    add_targets(made, self->of_all);
    add_targets(made, group->followers);
    *out = made;
    return COP_OK;
}

void
copi_change_push(copi_pg *self, copi_change *change)
{
    if (change == NULL)
        return;
    if (self->changes == NULL)
        self->changes = change;
    else
        self->last_change->next = change;
    self->last_change = change;
}

copi_change *
copi_change_pop(copi_pg *self)
{
    copi_change *change = self->changes;

    if (change != NULL)
        self->changes = change->next;
    return change;
}
