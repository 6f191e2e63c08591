/* SPDX-License-Identifier: Apache-2.0 */
/*
 * strike.c - faults that count an actor's messages.
 *
 * Messages are not looked at one by one.  Before an actor's turn it is known how many it may
 * handle until a fault strikes, and it gets a slice of no more than that; after it, they are
 * counted.  If there are none left it is struck instead of getting a turn.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "core/post.h"
#include "sim/sim.h"

static bool
is_waiting_for(const copi_armed *armed, const cop_actor *actor)
{
    const cop_fault_kind *kind = armed->fault.kind;

    return armed->state == COPI_FAULT_WAITS &&
           (kind == &cop_fault_kill || kind == &cop_fault_starve) &&
           copi_fault_is_for(&armed->fault, actor, actor->node);
}

static void
starve(cop_sim *self, cop_node *node, copi_task *task, int64_t until)
{
    copi_starving **at = &self->starving, *made = malloc(sizeof *made);

    COPI_CHECK(made != NULL);
    while (*at != NULL)
        at = &(*at)->next;
    *made = (copi_starving){NULL, node, task, until};
    *at = made;
}

/* The signal is handled in the turn that follows, before any message. */
static void
kill_actor(cop_actor *actor)
{
    cop_exit why = {.kind = COP_EXIT_KILL};

    copi_signal(actor->node, actor->worker,
                &(copi_parcel){.kind = COPI_EXIT, .to = copi_pid_of(actor), .why = &why});
}

copi_turn
copi_turn_begin(cop_sim *self, cop_node *node, copi_task *task)
{
    cop_actor *actor = COPI_CONTAINER(task, cop_actor, task);
    copi_turn turn = {0};
    uint64_t most = UINT32_MAX;

    self->simulation.slice_max = UINT32_MAX;
    if (self->is_calm || !copi_has_turns(actor))
        return turn;
    for (uint32_t i = 0; i < self->armed_count; i++) {
        copi_armed *armed = &self->armed[i];
        if (!is_waiting_for(armed, actor))
            continue;
        uint64_t left = armed->fault.at - 1 - armed->seen;
        if (left > 0) {
            turn.counted |= UINT64_C(1) << i;
            most = left < most ? left : most;
            continue;
        }
        copi_fault_begin(self, armed);
        if (armed->fault.kind == &cop_fault_kill)
            kill_actor(actor);
        else if (!turn.is_refused) /* of two at once one is enough: it stands in one queue */
            starve(self, node, task, armed->until);
        turn.is_refused |= armed->fault.kind == &cop_fault_starve;
    }
    self->simulation.slice_max = (uint32_t)most;
    return turn;
}

void
copi_turn_end(cop_sim *self, copi_turn turn, uint64_t messages)
{
    for (uint32_t i = 0; i < self->armed_count; i++)
        if ((turn.counted >> i & 1) != 0)
            self->armed[i].seen += messages;
}

void
copi_feed(cop_sim *self, bool all)
{
    for (copi_starving **at = &self->starving; *at != NULL;) {
        copi_starving *entry = *at;
        if (!all && entry->until > self->simulation.now) {
            at = &entry->next;
            continue;
        }
        *at = entry->next;
        copi_sched_submit(&entry->node->sched, &entry->node->sched.workers[0], entry->task);
        free(entry);
    }
}

void
copi_starving_free(cop_sim *self)
{
    for (copi_starving *entry = self->starving, *next; entry != NULL; entry = next) {
        next = entry->next;
        free(entry);
    }
}
