/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/node.h"
#include "structured/trees/play.h"

enum {
    HORIZON_MS = 300,    /* then the first is told to stop */
    PATIENCE_MS = 60000, /* more than any budget */
    JOBS = 256,          /* at once: none waits for another */
    MOST_STEPS = 200000,
};

int64_t
play_now(const play *self)
{
    return self->sim == NULL ? 0 : cop_sim_now_ms(self->sim);
}

const plan_node *
play_node(const life *who)
{
    static const plan_node boss = {.kind = ACTOR, .policy = COP_COLLECT};

    return who->node == NOBODY ? &boss : &who->play->plan->nodes[who->node];
}

play *
play_of(cop_actor *me)
{
    return cop_node_of(me)->opts.ctx;
}

void
play_trouble(play *self, const char *what)
{
    if (self->trouble[0] == '\0')
        strcpy(self->trouble, what);
}

static cop_actor *
record_of(const play *self, const life *who)
{
    cop_actor *record = copi_table_find(&self->node->table, copi_slot(who->pid.id));

    return record != NULL && cop_pid_equal(copi_pid_of(record), who->pid) ? record : NULL;
}

/* ---------------------------------------------------------------------- looking on */

static void
look_at_scope(play *self, life *who)
{
    cop_actor *host = record_of(self, &self->lives[who->host]);
    cop_scope_state now;

    if (host == NULL || cop_scope_look(host, who->scope, &now) != COP_OK)
        return;
    int64_t limit = now.left_ms == COP_INFINITY ? NO_LIMIT : play_now(self) + now.left_ms;
    /* Of one that has passed nothing more is told than that. */
    bool is_past = now.left_ms == 0 && who->limit != NO_LIMIT && who->limit <= limit;
    if (now.force != who->force)
        note(self, FORCE, who->self, now.force, 0);
    if (limit != who->limit && !is_past)
        note(self, LIMIT, who->self, limit, 0);
    if (now.children != who->count)
        note(self, COUNT, who->self, now.children, 0);
    who->force = now.force;
    who->limit = is_past ? who->limit : limit;
    who->count = now.children;
}

static void
look_on(play *self)
{
    for (int i = 1; i < self->life_count; i++) {
        life *who = &self->lives[i];
        if (who->is_over)
            continue;
        if (who->is_open)
            look_at_scope(self, who);
        if (play_node(who)->kind == LIMITER && who->has_begun)
            look_at_limiter(who, record_of(self, who));
        if (who->has_begun && !who->is_ending && !cop_is_alive(self->node->root, who->pid)) {
            who->is_ending = true;
            note(self, ENDING, i, 0, 0);
        }
    }
    note(self, QUIET, NOBODY, 0, 0);
}

static void
rest(play *self)
{
    int64_t now = play_now(self);
    int steps = 0;

    while (cop_sim_step_until(self->sim, now))
        if (++steps > MOST_STEPS) {
            play_trouble(self, "it never comes to rest");
            return;
        }
    look_on(self);
}

static void
run_until(play *self, int64_t until)
{
    rest(self);
    while (self->trouble[0] == '\0' && play_now(self) < until) {
        (void)cop_sim_step_until(self->sim, until);
        rest(self);
    }
}

/* ---------------------------------------------------------------------- the script */

static void
tell(play *self, const life *host, deed deed, int life, int arg)
{
    /* It may be gone. */
    cop_err err = cop_post(self->node, host->pid, order, (uint32_t)deed, life, arg);

    (void)err;
}

static void
act_start(play *self, int node)
{
    int parent = self->now[self->plan->nodes[node].parent];

    if (parent == NOBODY)
        return;
    const life *one = &self->lives[parent];
    if (node_is_row(self->plan, node)) {
        tell(self, &self->lives[BOSS], TO_START_ROW, parent, node);
        return;
    }
    bool is_actor = kind_is_actor(play_node(one)->kind);
    if (is_actor ? one->has_begun : one->scope.ref.bits != 0)
        tell(self, is_actor ? one : &self->lives[one->host], TO_START, parent, node);
}

static void
act(play *self, const plan_act *what)
{
    if (what->deed == TO_START) {
        act_start(self, what->node);
        return;
    }
    int who = self->now[what->node];
    if (who == NOBODY)
        return;
    const life *one = &self->lives[who];
    switch (what->deed) {
    case TO_END:
    case TO_FAIL:
    case TO_WRITE:
    case TO_WATCH:
    case TO_UNWATCH: tell(self, one, what->deed, who, what->arg); break;
    case TO_KILL: tell(self, &self->lives[BOSS], TO_KILL, who, 0); break;
    case TO_STOP:
        if (node_is_row(self->plan, what->node))
            tell(self, &self->lives[BOSS], TO_END_ROW, one->parent, what->node);
        else
            tell(self, &self->lives[one->host], TO_STOP, who, 0);
        break;
    default: tell(self, &self->lives[one->host], what->deed, who, what->arg); break;
    }
}

static void
play_script(play *self)
{
    const plan *plan = self->plan;

    for (int i = 0; i < plan->act_count && self->trouble[0] == '\0'; i++) {
        if (plan->acts[i].at_ms > play_now(self))
            run_until(self, plan->acts[i].at_ms);
        act(self, &plan->acts[i]);
    }
    run_until(self, HORIZON_MS);
}

static void
close_all(play *self)
{
    int first = self->now[0];

    self->is_closing = true;
    tell(self, &self->lives[BOSS], TO_STOP, first, 0);
    rest(self);
    int64_t until = play_now(self) + PATIENCE_MS;
    while (self->trouble[0] == '\0' && !self->lives[first].is_over && play_now(self) < until) {
        (void)cop_sim_step_until(self->sim, until);
        rest(self);
    }
}

/* ---------------------------------------------------------------------- the run */

static void
on_log(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static void
on_event(void *ctx, const cop_event *event)
{
    (void)ctx;
    (void)event;
}

/* Nobody got it, and that is told here. */
static void
on_dead_letter(void *ctx, const cop_dead_letter *dead)
{
    play *self = ctx;

    if (dead->type == &letter_type) {
        const letter *lost = dead->message;
        note(self, DEAD, life_of_pid(self, dead->to), lost->number, 0);
    }
    if (dead->type != &cop_child_down_type)
        return;
    const cop_child_down *down = dead->message;
    int owner = life_of_pid(self, dead->to);
    if (owner != NOBODY)
        note_child(&self->lives[owner], down);
}

static bool
begin(play *self)
{
    cop_node_opts opts = {.on_dead_letter = on_dead_letter,
                          .on_log = on_log,
                          .on_event = on_event,
                          .job_threads = JOBS,
                          .ctx = self};

    self->lives[BOSS] = (life){.play = self, .node = NOBODY, .parent = NOBODY, .host = BOSS};
    self->life_count = 1;
    for (int i = 0; i < NODES; i++)
        self->now[i] = NOBODY;
    make_limiter(self);
    make_rows(self);
    return cop_sim_new(&self->sim, self->plan->seed) == COP_OK &&
           cop_sim_node(self->sim, &opts, &self->node) == COP_OK &&
           cop_sim_spawn(self->node, &boss_b, &(cop_spawn_opts){.arg = &self->lives[BOSS]},
                         NULL) == COP_OK;
}

void
play_run(play *self, const plan *plan)
{
    char text[400];

    self->plan = plan;
    if (!begin(self)) {
        play_trouble(self, "no simulation");
        return;
    }
    tell(self, &self->lives[BOSS], TO_START, BOSS, 0);
    run_until(self, 0);
    play_script(self);
    close_all(self);
    if (self->trouble[0] == '\0')
        note(self, LEFT, NOBODY,
             (int64_t)cop_sim_left(self->sim, PATIENCE_MS, text, sizeof text), 0);
    self->trace = cop_sim_trace(self->sim);
}

void
play_free(play *self)
{
    cop_sim_free(&self->sim);
    free(self->log);
    self->log = NULL;
}
