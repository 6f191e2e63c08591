/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "property/world.h"

typedef struct plant {
    world *world;
    int who;
} plant;

enum {
    SLOW_MS = 60
};

static tree *
tree_of(const plant *self)
{
    return &self->world->trees[self->who];
}

/* A handler's last act; what happens in it may end the actor. */
static cop_err
leave(plant *st, cop_actor *me, int acts)
{
    cop_err err = tree_acts(st->world, st->who, me, acts);

    life_leave(st->world, st->who);
    return err;
}

static cop_err
fail_start(world *self, cop_actor *me)
{
    switch (world_pick(self, 3)) {
    case 0: return COP_E_IGNORE;
    case 1: return COP_E_NO_NODE;
    default: return cop_fail(me, 77, "did not take root");
    }
}

COP_HANDLER(plant, cop_start)
{
    const tree_arg *arg = msg->arg;
    tree *one = &arg->world->trees[arg->who];

    *st = (plant){arg->world, arg->who};
    one->pid = cop_self(me);
    one->has_begun = true;
    life_enter(st->world, st->who, "start", one->owner);
    cop_trap_exit(me, one->traps);
    cop_err err = leave(st, me, (int)world_pick(st->world, 3));
    if (err == COP_OK && world_once_in(st->world, 8))
        err = fail_start(st->world, me);
    one->is_started = err == COP_OK;
    one->has_failed = err != COP_OK;
    return err;
}

COP_HANDLER(plant, cop_end)
{
    tree *one = tree_of(st);

    one->is_finishing |= !one->is_doomed;
    life_enter(st->world, st->who, "end", msg->why.kind);
    life_ended(st->world, st->who, &msg->why);
    (void)leave(st, me, (int)world_pick(st->world, 2));
    one->has_ended = true;
    return COP_OK;
}

COP_HANDLER(plant, poke)
{
    life_enter(st->world, st->who, "poke", msg->id);
    note_handled(st->world, msg->id, st->who, cop_sender(me));
    return leave(st, me, 1 + (int)world_pick(st->world, 3));
}

COP_HANDLER(plant, question)
{
    life_enter(st->world, st->who, "question", msg->id);
    note_handled(st->world, msg->id, st->who, cop_sender(me));
    tree_of(st)->asked_until = st->world->calls[msg->call].deadline;
    cop_err err = tree_answers(st->world, st->who, me, msg);
    tree_of(st)->asked_until = 0;
    life_leave(st->world, st->who);
    return err;
}

COP_HANDLER(plant, tick)
{
    tree *one = tree_of(st);

    life_enter(st->world, st->who, "tick", msg->timer);
    alarm_fired(st->world, msg->timer, st->who);
    if (one->stop_timer == msg->timer + 1) {
        one->has_wish = true;
        one->wish = one->stopping;
        life_leave(st->world, st->who);
        return cop_stop(me);
    }
    return leave(st, me, (int)world_pick(st->world, 3));
}

COP_HANDLER(plant, cop_down)
{
    life_enter(st->world, st->who, "down", life_find(st->world, msg->who));
    watching_down(st->world, st->who, msg);
    return leave(st, me, (int)world_pick(st->world, 2));
}

COP_HANDLER(plant, cop_exited)
{
    life_enter(st->world, st->who, msg->by_link ? "exited" : "signal", msg->why.code);
    EXPECT(st->world, tree_of(st)->traps || tree_of(st)->has_toggled, "#%d does not trap",
           st->who);
    if (msg->by_link)
        link_exited(st->world, st->who, life_find(st->world, msg->who), &msg->why);
    else
        note_handled(st->world, (uint32_t)msg->why.code, st->who, msg->who);
    return leave(st, me, (int)world_pick(st->world, 2));
}

COP_HANDLER(plant, cop_child_down)
{
    life_enter(st->world, st->who, "child down", msg->why.kind);
    life_child(st->world, st->who, msg->who, &msg->why, NULL);
    return leave(st, me, (int)world_pick(st->world, 2));
}

static cop_err
on_child(cop_actor *me, void *state, const cop_child_end *end)
{
    plant *st = state;

    life_enter(st->world, st->who, "on_child", end->why->kind);
    life_child(st->world, st->who, end->pid, end->why, end);
    return leave(st, me, (int)world_pick(st->world, 2));
}

/* An ordered owner tells a child only when those that it started later are gone. */
static void
check_turn(world *self, int who)
{
    const tree *one = &self->trees[who];

    if (one->owner == NOBODY || !self->trees[one->owner].ordered || one->is_told ||
        one->spawner != one->owner)
        return;
    for (int i = who + 1; i < self->tree_count; i++) {
        const tree *younger = &self->trees[i];
        EXPECT(self,
               younger->owner != one->owner || younger->spawner != one->owner ||
                   !younger->has_begun || younger->is_disposed,
               "#%d was told to stop before #%d", who, i);
    }
}

COP_HANDLER(plant, cop_stopping)
{
    tree *one = tree_of(st);
    uint32_t index;
    int64_t ms = 1 + world_pick(st->world, SLOW_MS);

    life_enter(st->world, st->who, "stopping", msg->why.kind);
    EXPECT(st->world, !one->is_stopping, "#%d was told to stop twice", st->who);
    check_turn(st->world, st->who);
    one->is_stopping = true;
    one->stopping = msg->why;
    if (world_once_in(st->world, 6))
        return leave(st, me, 1); /* and is killed for it */
    index = world_once_in(st->world, 4) ? TIMERS : alarm_new(st->world, st->who, ms, 0);
    if (index < TIMERS) {
        one->stop_timer = index + 1;
        cop_err err = cop_send_after(me, ms, &st->world->timers[index].timer, tick, index);
        EXPECT(st->world, err == COP_OK, "no timer: %s", cop_err_name(err));
        return leave(st, me, 1);
    }
    one->has_wish = true;
    one->wish = one->stopping;
    life_leave(st->world, st->who);
    return cop_stop(me);
}

COP_REPLY(plant, answer)
{
    tree *one = tree_of(st);

    one->is_finishing |= err == COP_E_CANCELLED && !one->is_doomed;
    life_enter(st->world, st->who, "answer", err);
    asking_over(st->world, st->who, cop_current_call(me), err, msg);
    return leave(st, me, (int)world_pick(st->world, 2));
}

const cop_then tree_then_answer = {&answer_type, plant_then_answer};

static void
dispose(void *state)
{
    plant *self = state;

    if (self->world != NULL)
        life_disposed(self->world, self->who);
}

#define HANDLERS                                                                               \
    COP_ON(plant, cop_start), COP_ON(plant, cop_end), COP_ON(plant, poke),                     \
        COP_ON(plant, question), COP_ON(plant, tick), COP_ON(plant, cop_down),                 \
        COP_ON(plant, cop_exited), COP_ON(plant, cop_child_down)

static const cop_handler quick[] = {HANDLERS, {0}};
static const cop_handler slow[] = {HANDLERS, COP_ON(plant, cop_stopping), {0}};

/* Policy, ordered, slow. */
void
tree_behaviours(world *self)
{
    for (int i = 0; i < BEHAVIOURS; i++)
        self->behaviours[i] =
            (cop_behaviour){.name = "tree",
                            .state_size = sizeof(plant),
                            .handlers = i / 6 == 1 ? slow : quick,
                            .policy = (cop_policy)(i % 3),
                            .ordered = i / 3 % 2 == 1,
                            .on_child = i % 3 == COP_SUPERVISE ? on_child : NULL,
                            .dispose = dispose};
}

/* ------------------------------------------------------------------------------ spawn */

typedef struct plan {
    cop_spawn_opts opts;
    tree_arg arg;
    cop_ref ref;
    bool lingers;
    int name; /* or NAMES */
    char text[2];
} plan;

static void
choose_owner(world *self, int spawner, cop_actor *me, int who, plan *out)
{
    tree *one = &self->trees[who];

    one->owner = one->spawner = spawner;
    if (me == NULL || world_pick(self, 10) < 6)
        return;
    if (world_once_in(self, 2)) {
        one->owner = NOBODY;
        out->opts.owner = cop_root(me);
        return;
    }
    one->owner = world_any_tree(self);
    out->opts.owner = self->trees[one->owner].pid;
}

static void
make_plan(world *self, int spawner, cop_actor *me, int who, plan *out)
{
    static const int32_t patience[] = {0, COP_STOP_BRUTAL, COP_STOP_NO_WAIT, 1, 20, 100};

    *out = (plan){
        .arg = {self, who},
          .name = (int)world_pick(self, 4 * NAMES)
    };
    choose_owner(self, spawner, me, who, out);
    out->opts.arg = &out->arg;
    out->opts.why = &self->trees[who].why;
    out->opts.lingers = &out->lingers;
    out->opts.stop_ms = patience[world_pick(self, COP_COUNT(patience))];
    out->opts.cookie = world_pick(self, 4);
    out->opts.mailbox = self->trees[who].bound;
    if (me != NULL && world_once_in(self, 3))
        out->opts.link = true;
    if (me != NULL && world_once_in(self, 3))
        out->opts.monitor = &out->ref;
    if (out->name < NAMES) {
        out->text[0] = (char)('a' + out->name);
        out->opts.name = out->text;
    }
}

static void
judge_spawn(world *self, int who, const plan *done, bool is_taken, cop_err err)
{
    const tree *one = &self->trees[who];
    bool is_gone = one->owner != NOBODY && !life_is_alive(self, one->owner);

    world_note(self, "spawned", one->spawner, who, err);
    if (one->has_begun) {
        EXPECT(self, (err == COP_OK) == one->is_started, "#%d: start said %s", who,
               cop_err_name(err));
        EXPECT(self, !is_taken, "#%d was started with a name that is taken", who);
        EXPECT(self, err == COP_OK || done->ref.bits == 0, "#%d failed but is monitored", who);
        return;
    }
    EXPECT(
        self,
        (err == COP_E_NAME_TAKEN && is_taken) || (err == COP_E_GONE && is_gone) ||
            (err == COP_E_GONE && one->spawner != NOBODY && !life_is_alive(self, one->spawner)),
        "#%d was not started: %s", who, cop_err_name(err));
}

static void
note_spawn(world *self, int spawner, int who, const plan *done, cop_err err)
{
    tree *one = &self->trees[who];

    if (err == COP_OK && done->opts.monitor != NULL)
        watching_new(self, spawner, who, done->ref, false);
    if (err != COP_OK && done->opts.link)
        link_unsure(self, spawner, who);
    one->has_lingered = done->lingers;
    if (!one->has_begun && done->name < NAMES && self->names[done->name] == who)
        self->names[done->name] = NOBODY;
}

int
tree_spawn(world *self, int spawner, cop_actor *me)
{
    plan made;
    cop_err err;
    int which = (int)world_pick(self, BEHAVIOURS);

    if (self->tree_count == TREES || self->depth > 3)
        return NOBODY;
    int who = self->tree_count++;
    self->trees[who] = (tree){.policy = (cop_policy)(which % 3),
                              .ordered = which / 3 % 2 == 1,
                              .slow = which / 6 == 1,
                              .traps = world_once_in(self, 2),
                              .bound = world_once_in(self, 6) ? 1 + world_pick(self, 3) : 1000};
    make_plan(self, spawner, me, who, &made);
    bool is_taken = made.name < NAMES && name_is_held(self, made.name);
    if (made.name < NAMES && !is_taken)
        self->names[made.name] = who;
    if (made.opts.link)
        link_made(self, spawner, who);
    world_note(self, "spawn", spawner, who, self->trees[who].owner);
    self->depth++;
    if (me == NULL)
        err = cop_sim_spawn(self->node, &self->behaviours[which], &made.opts, NULL);
    else
        err = cop_spawn(me, &self->behaviours[which], &made.opts, NULL);
    self->depth--;
    judge_spawn(self, who, &made, is_taken, err);
    note_spawn(self, spawner, who, &made, err);
    return who;
}
