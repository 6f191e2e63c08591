/* SPDX-License-Identifier: Apache-2.0 */
#include <coppice/sim.h>

#include <stdlib.h>

#include "base/clock.h"
#include "core/node.h"
#include "core/ties.h"

struct cop_sim {
    copi_simulation simulation;
    cop_node **nodes;
    size_t count;
};

cop_err
cop_sim_new(cop_sim **out, uint64_t seed)
{
    cop_sim *self = calloc(1, sizeof *self);

    if (self == NULL)
        return COP_E_NOMEM;
    self->simulation.rng = (copi_rng){seed};
    *out = self;
    return COP_OK;
}

void
cop_sim_free(cop_sim **sim)
{
    cop_sim *self = sim == NULL ? NULL : *sim;

    if (self == NULL)
        return;
    for (size_t i = 0; i < self->count; i++)
        copi_node_destroy(self->nodes[i]);
    free(self->nodes);
    free(self);
    *sim = NULL;
}

cop_err
cop_sim_node(cop_sim *sim, const cop_node_opts *opts, cop_node **out)
{
    cop_node_opts mine = opts == NULL ? (cop_node_opts){0} : *opts;
    cop_node **bigger = realloc(sim->nodes, (sim->count + 1) * sizeof(cop_node *));

    if (bigger == NULL)
        return COP_E_NOMEM;
    sim->nodes = bigger;
    if (mine.seed == 0)
        mine.seed = cop_sim_random(sim) | 1;
    COP_TRY(copi_node_make(&sim->nodes[sim->count], &mine, sim, &sim->simulation,
                           cop_sim_random(sim) | 1));
    *out = sim->nodes[sim->count++];
    return COP_OK;
}

cop_err
cop_sim_spawn(cop_node *node, const cop_behaviour *behaviour, const cop_spawn_opts *opts,
              cop_pid *out)
{
    if (node->sim == NULL || node->is_ended || !copi_is_open(node->root))
        return COP_E_GONE;
    return copi_root_spawn(node, behaviour, opts, COPI_GUEST, out);
}

static bool
is_runnable(const cop_node *node)
{
    return !node->is_crashed && node->sched.runnable_count > 0;
}

/* One task of one node, both chosen by the seed.  False if there is none. */
static bool
run_one(cop_sim *self)
{
    uint32_t runnable = 0;

    for (size_t i = 0; i < self->count; i++)
        runnable += is_runnable(self->nodes[i]);
    if (runnable == 0)
        return false;
    uint32_t chosen = copi_rng_below(&self->simulation.rng, runnable);
    for (size_t i = 0;; i++)
        if (is_runnable(self->nodes[i]) && chosen-- == 0)
            return copi_sched_run_one(&self->nodes[i]->sched);
}

/* When the next timer is due; false if there is none. */
static bool
next_due(cop_sim *self, int64_t *out)
{
    bool has_any = false;

    for (size_t i = 0; i < self->count; i++) {
        int64_t due = 0;
        if (self->nodes[i]->is_crashed ||
            !copi_wheel_first(&self->nodes[i]->sched.workers[0].timers, &due))
            continue;
        if (!has_any || due < *out)
            *out = due;
        has_any = true;
    }
    return has_any;
}

static void
pass_time(cop_sim *self, int64_t to)
{
    if (to > self->simulation.now)
        self->simulation.now = to;
    for (size_t i = 0; i < self->count; i++)
        if (!self->nodes[i]->is_crashed)
            copi_worker_fire_timers(&self->nodes[i]->sched.workers[0]);
}

bool
cop_sim_step(cop_sim *sim)
{
    int64_t due = 0;

    if (run_one(sim))
        return true;
    if (!next_due(sim, &due))
        return false;
    pass_time(sim, due);
    return true;
}

void
cop_sim_settle(cop_sim *sim)
{
    while (run_one(sim))
        continue;
}

/* Steps until `end`; true if it stopped before because nothing was left to do. */
static bool
run_until(cop_sim *self, int64_t end)
{
    for (;;) {
        int64_t due = 0;
        if (run_one(self))
            continue;
        if (!next_due(self, &due))
            return true;
        if (due > end)
            return false;
        pass_time(self, due);
    }
}

void
cop_sim_run_for(cop_sim *sim, int64_t ms)
{
    int64_t end = sim->simulation.now + ms * COPI_MS;

    (void)run_until(sim, end);
    pass_time(sim, end);
}

bool
cop_sim_run_until_idle(cop_sim *sim, int64_t ms)
{
    return run_until(sim, sim->simulation.now + ms * COPI_MS);
}

bool
cop_sim_stop(cop_sim *sim, cop_node *node, int64_t ms)
{
    int64_t end = sim->simulation.now + ms * COPI_MS;

    cop_node_stop(node, NULL);
    while (!node->is_ended && sim->simulation.now <= end)
        if (!cop_sim_step(sim))
            break;
    return node->is_ended;
}

void
cop_sim_crash(cop_sim *sim, cop_node *node)
{
    (void)sim;
    node->is_crashed = true;
}

int64_t
cop_sim_now_ms(const cop_sim *sim)
{
    return sim->simulation.now / COPI_MS;
}

uint64_t
cop_sim_random(cop_sim *sim)
{
    return copi_rng_next(&sim->simulation.rng);
}
