/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "structured/trees/play.h"

life *
life_of_arg(const void *arg, cop_actor *me)
{
    const seat *given = arg;
    play *self = given->play;

    if (given->self != NOBODY)
        return (life *)(uintptr_t)arg;                 /* it is ours */
    int supervisor = life_of_pid(self, cop_owner(me)); /* there may be several of a node */
    return supervisor == NOBODY ? NULL : life_new(self, &self->lives[supervisor], given->node);
}

static void
gone(void *ctx)
{
    life *who = ctx;

    if (node_is_row(who->play->plan, who->node) && !who->is_started &&
        play_node(who)->does != FAILS_TO_START)
        note(who->play, REFUSED, who->self, COP_E_FAILED, 0);
    life_over(who);
}

/* A scope that is not cancelled with the actor is gone with it. */
cop_err
note_end(life *who, cop_actor *me)
{
    cop_scope_opts opts = {
        .shield = true, .deadline_ms = 1000 * 1000, .dispose = gone, .ctx = who};
    cop_scope scope;

    return cop_scope_open(me, &opts, &scope);
}

/* A supervisor begins; one that is no row has its life from who has started it. */
static cop_err
begin(cop_actor *me, const cop_child *row)
{
    play *self = row->reporter->ctx;
    const seat *given = &self->seats[atoi(row->name + 1)];
    bool is_row = node_is_row(self->plan, given->node);
    life *who = is_row ? life_of_arg(given, me) : &self->lives[self->now[given->node]];

    if (who == NULL)
        return COP_E_IGNORE;
    who->pid = cop_self(me);
    who->has_begun = true;
    note_begin(who, me);
    watch(who, me);
    COP_TRY(note_end(who, me));
    if (play_node(who)->does != FAILS_TO_START)
        return COP_OK;
    if (is_row)
        note(self, REFUSED, who->self, COP_E_FAILED, 0);
    return fail_as(who, me);
}

/* Tells in time what becomes of each child.  Of one without an actor the last one is meant that
 * was tried. */
static void
on_report(void *ctx, const cop_report *report)
{
    play *self = ctx;
    int child = life_of_pid(self, report->pid);

    if (report->what == COP_NEWS_NOT_STARTED)
        self->reporting = self->now[atoi(report->name + 1)];
    else if (child != NOBODY)
        self->reporting = child;
    else if (report->what != COP_NEWS_GAVE_UP)
        return; /* a body that has not yet run */
    int supervisor = self->reporting == NOBODY ? NOBODY : self->lives[self->reporting].parent;
    switch (report->what) {
    case COP_NEWS_STARTED:
    case COP_NEWS_RESTARTED:
        self->lives[child].is_started = true;
        note(self, STARTED, child, 0, 0);
        break;
    case COP_NEWS_ENDED:
    case COP_NEWS_STOPPED_BADLY:
        note_more(self, &(entry){.what = TOLD,
                                 .who = supervisor,
                                 .a = child,
                                 .b = report->why->kind,
                                 .c = report->why->code});
        break;
    case COP_NEWS_GAVE_UP: note(self, GIVES_UP, supervisor, 0, 0); break;
    default: break;
    }
}

static cop_child
row_of(play *self, int node)
{
    const plan_node *one = &self->plan->nodes[node];
    cop_child row = {.name = self->names[node],
                     .restart = one->restart,
                     .stop_ms = one->stop_ms,
                     .anonymous = true};

    if (one->kind != SUPERVISOR) {
        row.arg = &self->seats[node];
        row.run = one->kind == BODY ? body_of(one) : behaviour_of(one);
        return row;
    }
    row.strategy = one->strategy;
    row.budget = (cop_budget){one->restarts, 100};
    row.init = begin;
    row.reporter = &self->reporter;
    return row;
}

/* Children come after their parents, so the last ones are first. */
void
make_rows(play *self)
{
    const plan *plan = self->plan;
    int used = 0;

    self->reporting = NOBODY;
    self->reporter = (cop_reporter){on_report, self};
    for (int i = plan->node_count - 1; i >= 0; i--) {
        self->seats[i] = (seat){self, NOBODY, i};
        snprintf(self->names[i], sizeof self->names[i], "n%d", i);
        if (plan->nodes[i].kind == SUPERVISOR || node_is_row(plan, i))
            self->rows[i] = row_of(self, i);
        if (plan->nodes[i].kind != SUPERVISOR)
            continue;
        self->rows[i].sup = &self->tables[used];
        for (int k = i + 1; k < plan->node_count; k++)
            if (plan->nodes[k].parent == i && !plan->nodes[k].is_gone)
                self->tables[used++] = self->rows[k];
        self->tables[used++] = (cop_child){0};
    }
}
