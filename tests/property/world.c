/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "property/world.h"

enum {
    STOP_MS = 60000
};

uint32_t
world_pick(world *self, uint32_t bound)
{
    return copi_rng_below(&self->rng, bound);
}

bool
world_once_in(world *self, uint32_t n)
{
    return world_pick(self, n) == 0;
}

int64_t
world_now(const world *self)
{
    return self->sim == NULL ? 0 : cop_sim_now_ms(self->sim);
}

int
world_any_tree(world *self)
{
    int who = NOBODY;

    /* Mostly one that is alive, and often one of the last. */
    for (int tries = 0; tries < 4; tries++) {
        uint32_t count = (uint32_t)self->tree_count;
        uint32_t range = count > 6 && world_once_in(self, 2) ? 6 : count;
        int one = (int)(count - 1 - world_pick(self, range));
        if (!self->trees[one].has_begun)
            continue;
        who = one;
        if (!self->trees[one].is_disposed)
            break;
    }
    return who == NOBODY ? 0 : who;
}

/* The first must begin, so that there always is one to choose. */
static void
plant_first(world *self)
{
    while (self->failure[0] == '\0' && (self->tree_count == 0 || !self->trees[0].has_begun)) {
        self->tree_count = 0;
        (void)tree_spawn(self, NOBODY, NULL);
    }
}

static void
poke_one(world *self)
{
    int to = world_any_tree(self);
    uint32_t id = note_new(self, NOTE_MESSAGE, OUTSIDE, to);

    if (id == 0)
        return;
    cop_err err = cop_post(self->node, self->trees[to].pid, poke, id);
    if (err == COP_OK)
        note_accepted(self, id);
    else
        note_refused(self, id, err);
}

static void
let_run(world *self)
{
    switch (world_pick(self, 4)) {
    case 0: cop_sim_run_for(self->sim, world_pick(self, 30)); break;
    case 1: cop_sim_settle(self->sim); break;
    default:
        for (uint32_t steps = world_pick(self, 6); steps > 0; steps--)
            (void)cop_sim_step(self->sim);
        return;
    }
    cop_sim_settle(self->sim);
    world_check_quiet(self);
}

static void
live(world *self)
{
    while (self->budget > 0) {
        self->budget--;
        if (world_once_in(self, 8))
            (void)tree_spawn(self, NOBODY, NULL);
        else
            poke_one(self);
        let_run(self);
    }
    if (self->failure[0] == '\0') {
        cop_sim_settle(self->sim);
        world_check_quiet(self);
    }
}

static void
on_dead_letter(void *ctx, const cop_dead_letter *letter)
{
    note_dead(ctx, letter);
}

static void
on_log(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static bool
set_up(world *self, uint64_t seed)
{
    cop_node_opts opts = {.on_dead_letter = on_dead_letter, .on_log = on_log, .ctx = self};

    self->seed = seed;
    self->rng = (copi_rng){seed * 2 + 1};
    self->budget = 60 + (int)world_pick(self, 240);
    memset(self->names, NOBODY, sizeof self->names);
    tree_behaviours(self);
    return cop_sim_new(&self->sim, seed) == COP_OK &&
           cop_sim_node(self->sim, &opts, &self->node) == COP_OK;
}

bool
world_run(world *self, uint64_t seed)
{
    if (!set_up(self, seed)) {
        world_fail(self, "no simulation");
    } else {
        plant_first(self);
        live(self);
        if (self->failure[0] == '\0') {
            EXPECT(self, cop_sim_stop(self->sim, self->node, STOP_MS),
                   "the node does not stop");
            world_check_end(self);
        }
    }
    cop_sim_free(&self->sim);
    return self->failure[0] == '\0';
}
