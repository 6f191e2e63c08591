/* SPDX-License-Identifier: Apache-2.0 */
/*
 * party.c - who has to do with a scope, so that its actor can watch them.
 *
 * A party that is of no more use is freed by whoever sees that, unless the actor watches it
 * or has it to look at: then it is the actor who frees it.
 */
#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"
#include "pg/scope.h"

copi_party *
copi_party_find(copi_pg *self, cop_pid who)
{
    copi_map_node *node = copi_map_find(&self->parties, who.node, who.id);

    return node == NULL ? NULL : COPI_CONTAINER(node, copi_party, node);
}

copi_party *
copi_party_have(copi_pg *self, cop_pid who)
{
    copi_party *party = copi_party_find(self, who);

    if (party != NULL)
        return party;
    party = copi_calloc(1, sizeof *party);
    if (party == NULL)
        return NULL;
    party->node = (copi_map_node){.high = who.node, .low = who.id};
    copi_map_add(&self->parties, &party->node);
    return party;
}

void
copi_party_free(copi_pg *self, copi_party *party)
{
    copi_map_remove(&self->parties, &party->node);
    free(party->groups);
    free(party);
}

bool
copi_party_is_wanted(const copi_party *self)
{
    return self->group_count > 0 || self->followers != NULL;
}

void
copi_party_tidy(copi_pg *self, copi_party *party)
{
    bool is_wanted = copi_party_is_wanted(party);

    if (party->is_stale)
        return;
    if (is_wanted != party->is_watched) {
        party->is_stale = true;
        party->next_stale = self->stale;
        self->stale = party;
    } else if (!is_wanted) {
        copi_party_free(self, party);
    }
}

copi_party *
copi_party_next(copi_pg *self)
{
    copi_party *party = self->stale;

    if (party == NULL)
        return NULL;
    self->stale = party->next_stale;
    party->is_stale = false;
    return party;
}

cop_err
copi_party_enter(copi_party *self, copi_group *group)
{
    if (self->group_count == self->group_room) {
        size_t room = self->group_room == 0 ? 1 : self->group_room * 2;
        copi_group **groups = copi_realloc(self->groups, room * sizeof *groups);
        if (groups == NULL)
            return COP_E_NOMEM;
        self->groups = groups;
        self->group_room = room;
    }
    self->groups[self->group_count++] = group;
    return COP_OK;
}

void
copi_party_leave(copi_party *self, copi_group *group)
{
    size_t at = self->group_count;

    do
        COPI_CHECK(at > 0);
    while (self->groups[--at] != group);
    self->groups[at] = self->groups[--self->group_count];
}
