/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim.c - a simulation and its nodes, what it says when a check fails, and its trace.
 */
#include "sim/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/ties.h"

static bool
refuses_memory(void *ctx)
{
    cop_sim *self = ctx;
    cop_actor *actor = copi_current(&self->running->sched.workers[0]);

    return actor != NULL && copi_sim_strikes(self, &cop_fault_nomem, actor, self->running);
}

cop_err
cop_sim_new(cop_sim **out, uint64_t seed)
{
    cop_sim *self = calloc(1, sizeof *self);

    if (self == NULL)
        return COP_E_NOMEM;
    self->seed = seed;
    self->simulation = (copi_simulation){.rng = {seed}, .slice_max = UINT32_MAX};
    self->watch = (copi_memory_watch){refuses_memory, self};
    *out = self;
    return COP_OK;
}

void
cop_sim_in_order(cop_sim *sim)
{
    sim->simulation.in_order = true;
}

static void
free_guests(cop_sim *self)
{
    for (copi_sim_guest *guest = self->guests, *next; guest != NULL; guest = next) {
        next = guest->next;
        guest->ops->free(guest);
    }
}

void
cop_sim_free(cop_sim **sim)
{
    cop_sim *self = sim == NULL ? NULL : *sim;

    if (self == NULL)
        return;
    for (size_t i = 0; i < self->count; i++)
        copi_node_destroy(self->nodes[i]);
    copi_probes_free(self);
    free_guests(self);
    copi_hosts_free(self);
    copi_starving_free(self);
    free(self->nodes);
    free(self);
    *sim = NULL;
}

void
copi_sim_add_guest(cop_sim *self, copi_sim_guest *guest)
{
    guest->next = self->guests;
    self->guests = guest;
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
    copi_site site = {.sim = sim, .simulation = &sim->simulation};
    COP_TRY(copi_node_make(&sim->nodes[sim->count], &mine, &site, cop_sim_random(sim) | 1));
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

void
cop_sim_crash(cop_sim *sim, cop_node *node)
{
    node->is_crashed = true;
    copi_sim_note(sim, 0, node->incarnation, (uint64_t)sim->simulation.now);
    for (copi_sim_guest *guest = sim->guests; guest != NULL; guest = guest->next)
        guest->ops->crashed(guest, node);
}

uint64_t
cop_sim_random(cop_sim *sim)
{
    return copi_rng_next(&sim->simulation.rng);
}

uint64_t
cop_sim_seed(const cop_sim *sim)
{
    return sim->seed;
}

/* ------------------------------------------------------------------------ verdicts */

void
cop_sim_on_fail(cop_sim *sim,
                void (*fail)(void *ctx, const char *file, int line, const char *text),
                void *ctx)
{
    sim->on_fail = fail;
    sim->fail_ctx = ctx;
}

void
cop_sim_fail_at(cop_sim *sim, const char *file, int line, const char *format, ...)
{
    va_list args;
    int used = snprintf(sim->failure, sizeof sim->failure, "%s:%d: seed %llu: ", file, line,
                        (unsigned long long)sim->seed);

    va_start(args, format);
    if (used > 0 && (size_t)used < sizeof sim->failure)
        vsnprintf(sim->failure + used, sizeof sim->failure - (size_t)used, format, args);
    va_end(args);
    (void)copi_memory_set_watch(NULL);
    if (sim->escape != NULL)
        longjmp(*sim->escape, 1);
    if (sim->on_fail != NULL)
        sim->on_fail(sim->fail_ctx, file, line, sim->failure);
    else
        fprintf(stderr, "%s\n", sim->failure);
    abort();
}

/* --------------------------------------------------------------------------- trace */

void
copi_sim_note(cop_sim *self, uint64_t what, uint64_t a, uint64_t b)
{
    copi_rng mixed = {self->trace ^ what};

    mixed.state = copi_rng_next(&mixed) ^ a;
    mixed.state = copi_rng_next(&mixed) ^ b;
    self->trace = copi_rng_next(&mixed);
}

uint64_t
cop_sim_trace(const cop_sim *sim)
{
    return sim->trace ^ sim->simulation.rng.state ^ (uint64_t)sim->simulation.now;
}
