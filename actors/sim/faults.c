/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "core/badge.h"
#include "sim/sim.h"

cop_err
cop_sim_fault(cop_sim *sim, const cop_fault *fault)
{
    if (fault->kind == NULL || fault->at == 0)
        return COP_E_INVAL;
    if (sim->armed_count == COPI_FAULTS_MAX)
        return COP_E_FULL;
    sim->armed[sim->armed_count] = (copi_armed){.fault = *fault};
    if (fault->ms == 0)
        sim->armed[sim->armed_count].fault.ms = fault->kind->ms;
    sim->armed_count++;
    return COP_OK;
}

/* ------------------------------------------------------------------------ for whom */

/* Something of the user's: not the root, its services, or what a test looks with. */
static bool
is_anybody(const cop_actor *actor)
{
    const cop_actor *owner = copi_owner_of(actor);

    return owner != NULL && !copi_is_probe(actor) &&
           (copi_owner_of(owner) != NULL || actor->cookie != COPI_SERVICE);
}

static bool
is_named(const cop_actor *actor, const char *who)
{
    char room[256];

    if (copi_owner_of(actor) == NULL)
        return false; /* without the root nothing of a node works */
    if (strcmp(actor->behaviour->name == NULL ? "" : actor->behaviour->name, who) == 0 ||
        strcmp(copi_own_label_of(actor), who) == 0)
        return true;
    return strchr(who, '/') != NULL &&
           strcmp(copi_path_write(actor, room, sizeof room), who) == 0;
}

bool
copi_fault_is_for(const cop_fault *fault, const cop_actor *actor, const cop_node *node)
{
    if (fault->who[0] == '\0')
        return actor == NULL || is_anybody(actor);
    return (actor != NULL && is_named(actor, fault->who)) ||
           ((actor == NULL || is_anybody(actor)) && strcmp(fault->who, node->name) == 0);
}

/* ----------------------------------------------------------------------- their life */

static void
note(cop_sim *self, const copi_armed *armed)
{
    copi_sim_note(self, 1 + (uint64_t)armed->state, (uint64_t)(armed - self->armed),
                  (uint64_t)self->simulation.now);
}

void
copi_fault_begin(cop_sim *self, copi_armed *armed)
{
    armed->has_struck = true;
    armed->state = COPI_FAULT_LASTS;
    armed->until = self->simulation.now + armed->fault.ms * COPI_MS;
    note(self, armed);
}

static void
end_fault(cop_sim *self, copi_armed *armed)
{
    armed->state = COPI_FAULT_OVER;
    note(self, armed);
    if (armed->fault.kind->end != NULL)
        armed->fault.kind->end(self, &armed->fault);
}

/* One that comes by the clock. */
static void
strike(cop_sim *self, copi_armed *armed)
{
    armed->state = COPI_FAULT_OVER;
    if (armed->fault.kind->strike(self, &armed->fault))
        copi_fault_begin(self, armed);
}

bool
copi_sim_strikes(cop_sim *self, const cop_fault_kind *kind, const cop_actor *actor,
                 const cop_node *node)
{
    bool is_struck = false;

    for (uint32_t i = 0; i < self->armed_count; i++) {
        copi_armed *armed = &self->armed[i];
        if (armed->fault.kind != kind || armed->state == COPI_FAULT_OVER ||
            !copi_fault_is_for(&armed->fault, actor, node))
            continue;
        is_struck |= armed->state == COPI_FAULT_LASTS;
        if (armed->state == COPI_FAULT_LASTS || ++armed->seen < armed->fault.at)
            continue;
        is_struck = true;
        if (armed->fault.ms > 0) {
            copi_fault_begin(self, armed);
            continue;
        }
        armed->has_struck = true;
        armed->state = COPI_FAULT_OVER;
        note(self, armed);
    }
    return is_struck;
}

bool
cop_strikes(cop_actor *me, const cop_fault_kind *kind)
{
    return me->node->sim != NULL && copi_sim_strikes(me->node->sim, kind, me, me->node);
}

bool
cop_has_memory(cop_actor *me)
{
    return !cop_strikes(me, &cop_fault_nomem);
}

/* ------------------------------------------------------------------------- the clock */

/* When something is to be done about it; false: never. */
static bool
time_of(const copi_armed *armed, int64_t *out)
{
    bool is_to_come = armed->state == COPI_FAULT_WAITS && armed->fault.kind->strike != NULL &&
                      armed->fault.at <= INT64_MAX / COPI_MS;

    *out = is_to_come ? (int64_t)armed->fault.at * COPI_MS : armed->until;
    return is_to_come || armed->state == COPI_FAULT_LASTS;
}

bool
copi_faults_next(const cop_sim *self, int64_t *out)
{
    bool has_any = false;

    for (uint32_t i = 0; i < self->armed_count; i++) {
        int64_t at;
        if (!time_of(&self->armed[i], &at) || (has_any && at >= *out))
            continue;
        *out = at;
        has_any = true;
    }
    return has_any;
}

void
copi_faults_due(cop_sim *self)
{
    int64_t at;

    for (uint32_t i = 0; i < self->armed_count; i++) {
        copi_armed *armed = &self->armed[i];
        if (!time_of(armed, &at) || at > self->simulation.now)
            continue;
        if (armed->state == COPI_FAULT_LASTS)
            end_fault(self, armed);
        else
            strike(self, armed);
    }
    copi_feed(self, false);
}

void
cop_sim_calm(cop_sim *sim)
{
    sim->is_calm = true;
    for (uint32_t i = 0; i < sim->armed_count; i++) {
        if (sim->armed[i].state == COPI_FAULT_LASTS)
            end_fault(sim, &sim->armed[i]);
        sim->armed[i].state = COPI_FAULT_OVER;
    }
    copi_feed(sim, true);
}
