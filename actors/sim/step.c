/* SPDX-License-Identifier: Apache-2.0 */
/*
 * step.c - who runs next, and how time passes: both as the seed says.
 */
#include "sim/sim.h"

#include "base/clock.h"
#include "core/ties.h"

static bool
is_runnable(const cop_node *node)
{
    return !node->is_crashed && node->sched.runnable_count > 0;
}

static cop_node *
choose_node(cop_sim *self)
{
    uint32_t runnable = 0;

    for (size_t i = 0; i < self->count; i++)
        runnable += is_runnable(self->nodes[i]);
    if (runnable == 0)
        return NULL;
    uint32_t chosen = copi_rng_below(&self->simulation.rng, runnable);
    for (size_t i = 0;; i++)
        if (is_runnable(self->nodes[i]) && chosen-- == 0)
            return self->nodes[i];
}

static uint64_t
handled(const cop_node *node)
{
    /* relaxed: one thread. */
    return atomic_load_explicit(&node->sched.workers[0].counters.messages,
                                memory_order_relaxed);
}

/* Has code of a node run: only then do allocations fail. */
static void
enter(cop_sim *self, cop_node *node)
{
    self->running = node;
    (void)copi_memory_set_watch(&self->watch);
}

static void
leave(cop_sim *self)
{
    (void)copi_memory_set_watch(NULL);
    self->running = NULL;
}

static void
count_step(cop_sim *self)
{
    if (++self->steps == self->steps_max)
        cop_sim_fail(self, "no end after %llu steps", (unsigned long long)self->steps);
}

static void
run_job(cop_sim *self, cop_node *node, copi_task *task)
{
    enter(self, node);
    node->sched.run_other(&node->sched.workers[0], task);
    leave(self);
    copi_sim_note(self, node->incarnation, 0, 0);
}

/* One task of one node, both chosen by the seed.  False if there is none. */
static bool
run_one(cop_sim *self)
{
    cop_node *node = choose_node(self);

    if (node == NULL)
        return false;
    count_step(self);
    copi_task *task = copi_sched_draw(&node->sched);
    if (task->home == COPI_NO_ACTOR) {
        run_job(self, node, task);
        return true;
    }
    uint64_t before = handled(node);
    uint64_t id = copi_pid_of(COPI_CONTAINER(task, cop_actor, task)).id;
    copi_turn turn = copi_turn_begin(self, node, task);
    if (turn.is_refused)
        return true;
    enter(self, node);
    node->sched.run(&node->sched.workers[0], task);
    leave(self);
    copi_turn_end(self, turn, handled(node) - before);
    copi_sim_note(self, node->incarnation, id, handled(node) - before);
    return true;
}

/* When the next timer or fault is due; false if there is none. */
static bool
next_due(cop_sim *self, int64_t *out)
{
    bool has_any = copi_faults_next(self, out);

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
fire_timers(cop_sim *self, cop_node *node)
{
    enter(self, node);
    copi_worker_fire_timers(&node->sched.workers[0]);
    leave(self);
}

static void
pass_time(cop_sim *self, int64_t to)
{
    count_step(self);
    if (to > self->simulation.now)
        self->simulation.now = to;
    for (size_t i = 0; i < self->count; i++)
        if (!self->nodes[i]->is_crashed)
            fire_timers(self, self->nodes[i]);
    copi_faults_due(self);
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

bool
cop_sim_step_until(cop_sim *sim, int64_t until)
{
    int64_t due = 0, end = until * COPI_MS;

    if (run_one(sim))
        return true;
    if (next_due(sim, &due) && due <= end) {
        pass_time(sim, due);
        return true;
    }
    if (sim->simulation.now < end)
        pass_time(sim, end);
    return false;
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

int64_t
cop_sim_now_ms(const cop_sim *sim)
{
    return sim->simulation.now / COPI_MS;
}
