/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/node.h"
#include "core/ties.h"
#include "structured/trees/play.h"

life *
life_new(play *self, life *parent, int node)
{
    if (self->life_count == LIVES)
        return NULL;
    int number = self->life_count++;
    life *made = &self->lives[number];
    *made = (life){.play = self, .self = number, .node = node, .parent = parent->self};
    made->host =
        node == NOBODY || kind_is_actor(play_node(parent)->kind) || parent->self == BOSS
            ? parent->self
            : parent->host;
    made->limit = NO_LIMIT;
    self->now[node] = number;
    note(self, TRIED, number, parent->self, node);
    return made;
}

/* Of what it had asked for nothing will be told any more. */
static void
end_requests(const life *of)
{
    play *self = of->play;

    for (int i = 1; i < self->life_count; i++) {
        life *one = &self->lives[i];
        if ((one->host != of->self && one->parent != of->self) || !one->is_asking ||
            one->is_over)
            continue;
        note(self, NO_MORE, i, 0, 0);
        life_over(one);
    }
}

void
life_over(life *who)
{
    if (!kind_is_call(play_node(who)->kind))
        end_requests(who);
    who->is_over = true;
    who->is_open = false;
    note(who->play, ENDED, who->self, 0, 0);
}

cop_pid
pid_of_node(const play *self, int node)
{
    bool is_there = node != NOBODY && !self->plan->nodes[node].is_gone &&
                    kind_is_actor(self->plan->nodes[node].kind);
    int now = is_there ? self->now[node] : NOBODY;

    return now == NOBODY ? COP_PID_NONE : self->lives[now].pid;
}

void
note_child(life *who, const cop_child_down *down)
{
    /* A loan is none of those that have a cookie. */
    int child = down->cookie != 0 ? (int)down->cookie : life_of_pid(who->play, down->who);

    /* One that has failed with its limiter is no longer there. */
    if (child != NOBODY && who->play->lives[child].is_asking &&
        !who->play->lives[child].is_over)
        life_over(&who->play->lives[child]);
    note_more(who->play, &(entry){.what = TOLD,
                                  .who = who->self,
                                  .a = child,
                                  .b = down->why.kind,
                                  .c = down->why.code});
}

int
life_of_pid(const play *self, cop_pid pid)
{
    for (int i = self->life_count - 1; i >= 0 && !cop_pid_is_none(pid); i--)
        if (cop_pid_equal(self->lives[i].pid, pid))
            return i;
    return NOBODY;
}

int
life_of_record(const life *host, const cop_child_record *record)
{
    const play *self = host->play;

    if (!cop_pid_is_none(record->pid))
        return life_of_pid(self, record->pid);
    if (record->leaf.ref.bits == 0)
        return NOBODY;
    for (int i = self->life_count - 1; i >= 0; i--)
        if (self->lives[i].host == host->self &&
            self->lives[i].leaf.ref.bits == record->leaf.ref.bits)
            return i;
    return NOBODY;
}

/* In one thread, and as a spawn does it: no end can come before it. */
void
watch(life *who, cop_actor *me)
{
    play *self = who->play;
    cop_actor *boss = copi_table_find(&self->node->table, copi_slot(self->lives[BOSS].pid.id));

    if (copi_monitor_child(boss, me, &who->watch) != COP_OK)
        play_trouble(self, "no monitor");
}

void
note_begin(life *who, cop_actor *me)
{
    int64_t left = cop_time_left(me);

    note(who->play, BEGAN, who->self, 0, 0);
    note(who->play, HAS_TIME, who->self,
         left == COP_INFINITY ? NO_LIMIT : play_now(who->play) + left, 0);
}

/* ------------------------------------------------------------------------------ scopes */

static void
note_record(const life *who, what what, const cop_child_record *record)
{
    const life *host = &who->play->lives[who->host];

    note_more(who->play, &(entry){.what = what,
                                  .who = who->self,
                                  .a = life_of_record(host, record),
                                  .b = record->why.kind,
                                  .c = record->why.code});
}

void
note_outcome(life *who, const cop_outcome *outcome)
{
    note_more(who->play, &(entry){.what = OUTCOME,
                                  .who = who->self,
                                  .a = outcome->why.kind,
                                  .b = outcome->why.code,
                                  .c = outcome->force,
                                  .d = outcome->kept_count,
                                  .e = outcome->dropped});
    for (uint32_t i = 0; i < outcome->kept_count; i++)
        note_record(who, KEPT, &outcome->kept[i]);
}

static cop_err
on_closed(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome)
{
    life *who = ctx;

    (void)state;
    who->is_open = false;
    note_outcome(who, outcome);
    return play_node(who)->hears == HEARD_BADLY
               ? cop_fail(me, BAD_CLOSED + who->self, "it was bad to hear")
               : COP_OK;
}

static cop_err
on_child(cop_actor *me, void *state, void *ctx, const cop_child_record *record)
{
    (void)me;
    (void)state;
    note_record(ctx, TOLD, record);
    return COP_OK;
}

static void
scope_gone(void *ctx)
{
    life_over(ctx);
}

cop_scope_opts
scope_opts(life *who)
{
    const plan_node *node = play_node(who);

    return (cop_scope_opts){.within = who->play->lives[who->parent].scope,
                            .policy = node->policy,
                            .deadline_ms = node->deadline_ms,
                            .moves_on = node->moves_on,
                            .shield = node->shield,
                            .drain_ms = node->drain_ms,
                            .children = (uint32_t)node->children,
                            .keep = (uint32_t)node->keep,
                            .on_child = on_child,
                            .closed = node->hears == NOT_HEARD ? NULL : on_closed,
                            .dispose = scope_gone,
                            .ctx = who};
}

static void
start_scope(life *who, cop_actor *me)
{
    const plan_node *node = play_node(who);
    cop_scope_opts opts = scope_opts(who);
    play *self = who->play;

    cop_err err = cop_scope_open(me, &opts, &who->scope);
    if (err != COP_OK) {
        note(self, REFUSED, who->self, err, 0);
        return;
    }
    note(self, STARTED, who->self, 0, 0);
    who->is_open = true;
    start_children(self, me, who);
    if (node->does == ENDS)
        order_later(me, node->act_ms, TO_CLOSE, who->self, 0);
    else if (node->does == FAILS)
        order_later(me, node->act_ms, TO_CANCEL, who->self, (int)node->force);
}

/* ------------------------------------------------------------------------------- calls */

static cop_err
on_call(cop_actor *me, void *state, void *arg)
{
    life *who = arg;
    const plan_node *node = play_node(who);

    (void)state;
    note(who->play, RAN, who->self, 0, 0);
    who->runs++;
    if (node->does == FAILS && (node->kind != EVERY || who->runs == node->times))
        return fail_as(who, me);
    return COP_OK;
}

static void
call_gone(void *arg)
{
    life_over(arg);
}

static void
start_call(life *who, cop_actor *me)
{
    const plan_node *node = play_node(who);
    cop_scope scope = who->play->lives[who->parent].scope;
    cop_err err;

    if (node->kind == SOON)
        err = cop_scope_soon(me, scope, on_call, who, call_gone, &who->leaf);
    else if (node->kind == AFTER)
        err = cop_scope_after(me, scope, node->act_ms, on_call, who, call_gone, &who->leaf);
    else
        err = cop_scope_every(me, scope, node->act_ms, on_call, who, call_gone, &who->leaf);
    note(who->play, err == COP_OK ? STARTED : REFUSED, who->self, err, 0);
}

static cop_err
work(cop_job *job, void *arg)
{
    const life *who = arg;

    note(who->play, RAN, who->self, 0, 0);
    if (play_node(who)->does != FAILS)
        return COP_OK;
    note(who->play, FAILED, who->self, 0, 0);
    return cop_job_fail(job, CODE + who->self, "life %d", who->self);
}

static void
start_job(life *who, cop_actor *me)
{
    cop_job_spec spec = {.work = work, .dispose = call_gone, .arg = who};

    cop_err err =
        cop_job_start(me, who->play->lives[who->parent].scope, &spec, NULL, &who->leaf);
    note(who->play, err == COP_OK ? STARTED : REFUSED, who->self, err, 0);
    if (err != COP_OK)
        call_gone(who); /* it is still ours */
}

/* ------------------------------------------------------------------------------ actors */

static void
arg_gone(void *arg)
{
    life *who = arg;

    note(who->play, ARG_GONE, who->self, 0, 0);
    if (play_node(who)->kind == BODY)
        life_over(who);
}

static const cop_behaviour *
behaviour_for(life *who)
{
    const plan_node *node = play_node(who);

    switch (node->kind) {
    case BODY: return body_of(node);
    case LIMITER: return &who->play->limiter;
    case SUPERVISOR: return &cop_supervisor;
    default: return behaviour_of(node);
    }
}

static void
start_actor(life *who, cop_actor *me)
{
    const plan_node *node = play_node(who);
    play *self = who->play;
    const life *parent = &self->lives[who->parent];

    bool is_table = node->kind == SUPERVISOR;
    const void *arg = is_table ? (const void *)&self->rows[who->node] : who;

    cop_err err = cop_spawn(me, behaviour_for(who),
                            &(cop_spawn_opts){.arg = arg,
                                              .dispose = is_table ? NULL : arg_gone,
                                              .scope = parent->scope,
                                              .service = node->service,
                                              .stop_ms = node->stop_ms,
                                              .cookie = (uint64_t)who->self},
                            &who->pid);
    note(self, err == COP_OK ? STARTED : REFUSED, who->self, err, 0);
    if (err == COP_OK && node->kind == BODY)
        watch(who, copi_table_find(&self->node->table, copi_slot(who->pid.id)));
}

/* ------------------------------------------------------------------------------- all */

void
start_one(play *self, cop_actor *me, life *parent, int node)
{
    life *made = life_new(self, parent, node);

    if (made == NULL)
        return;
    if (kind_is_actor(play_node(made)->kind))
        start_actor(made, me);
    else if (play_node(made)->kind == SCOPE)
        start_scope(made, me);
    else if (play_node(made)->kind == JOB)
        start_job(made, me);
    else if (play_node(made)->kind == ASK)
        start_ask(made, me);
    else if (play_node(made)->kind == LOAN)
        start_loan(made, me);
    else
        start_call(made, me);
}

bool
is_block(const play *self, const life *parent, int node)
{
    const plan_node *one = &self->plan->nodes[node];
    const life *host =
        kind_is_actor(play_node(parent)->kind) ? parent : &self->lives[parent->host];

    return (one->kind == SCOPE || one->kind == ASK) && one->block &&
           play_node(host)->kind == BODY;
}

void
start_children(play *self, cop_actor *me, life *parent)
{
    for (int i = parent->node + 1; i < self->plan->node_count; i++) {
        const plan_node *node = &self->plan->nodes[i];
        if (node->parent != parent->node || node->is_gone || is_block(self, parent, i))
            continue;
        if (node->start_ms > 0)
            order_later(me, node->start_ms, TO_START, parent->self, i);
        else
            start_one(self, me, parent, i);
    }
}
