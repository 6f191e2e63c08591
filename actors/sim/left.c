/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "sim/sim.h"

enum {
    PATIENCE = 60000 /* milliseconds */
};

/* What is written so far. */
typedef struct list {
    char *text;
    size_t size, used, lines;
} list;

static void
tell(void *ctx, const char *line)
{
    list *self = ctx;

    self->lines++;
    if (self->used >= self->size)
        return;
    int used = snprintf(self->text + self->used, self->size - self->used, "%s%s",
                        self->used == 0 ? "" : "\n", line);
    self->used += used < 0 ? 0 : (size_t)used;
}

static void
tell_actor(cop_actor *actor, void *ctx)
{
    static const char *const phases[] = {[COPI_STARTING] = "starting",
                                         [COPI_RUNNING] = "running",
                                         [COPI_DEBUGGED] = "running, debugged",
                                         [COPI_ENDING] = "ending",
                                         [COPI_ENDED] = "ended, but its owner has not looked"};
    char line[512], room[256];

    if (actor->phase == COPI_FREE)
        return;
    snprintf(line, sizeof line, "%s: actor %s (%s): %s", actor->node->name,
             copi_path_write(actor, room, sizeof room),
             actor->behaviour->name == NULL ? "?" : actor->behaviour->name,
             phases[actor->phase]);
    tell(ctx, line);
}

static void
tell_count(list *all, const cop_node *node, const char *what, uint64_t count)
{
    char line[128];

    if (count == 0)
        return;
    snprintf(line, sizeof line, "%s: %s: %lld", node->name, what, (long long)count);
    tell(all, line);
}

static void
look_at(list *all, cop_node *node)
{
    cop_node_stats stats;

    cop_node_stats_read(node, &stats);
    if (stats.actors != 0 || !node->is_ended)
        copi_table_each(&node->table, tell_actor, all);
    tell_count(all, node, "timers", stats.timers);
    tell_count(all, node, "watches", stats.watches);
    tell_count(all, node, "messages", stats.live_messages);
}

/* All at once: one may need another to end. */
static void
stop_all(cop_sim *self, int64_t ms)
{
    int64_t end = cop_sim_now_ms(self) + ms;
    bool are_all_gone = false;

    for (size_t i = self->count; i-- > 0;)
        if (!self->nodes[i]->is_crashed)
            cop_node_stop(self->nodes[i], NULL);
    while (!are_all_gone && cop_sim_step_until(self, end)) {
        are_all_gone = true;
        for (size_t i = 0; i < self->count; i++)
            are_all_gone &= self->nodes[i]->is_crashed || self->nodes[i]->is_ended;
    }
}

size_t
cop_sim_left(cop_sim *sim, int64_t ms, char *text, size_t size)
{
    list all = {text, size, 0, 0};

    if (size > 0)
        text[0] = '\0';
    cop_sim_calm(sim);
    stop_all(sim, ms);
    for (size_t i = 0; i < sim->count; i++)
        if (!sim->nodes[i]->is_crashed)
            look_at(&all, sim->nodes[i]);
    for (copi_sim_guest *guest = sim->guests; guest != NULL; guest = guest->next)
        guest->ops->left(guest, tell, &all);
    return all.lines;
}

void
cop_sim_expect_nothing_left_at(cop_sim *sim, const char *file, int line)
{
    char text[400];

    if (cop_sim_left(sim, PATIENCE, text, sizeof text) > 0)
        cop_sim_fail_at(sim, file, line, "left at the end:\n%s", text);
}
