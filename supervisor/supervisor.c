/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor.c - the actor: hears of ends, asks strategy.h what to do, lets it be done.
 */
#include "supervisor.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/exit.h"
#include "core/actor.h"
#include "spec.h"

/* -------------------------------------------------------------------- a child's end */

cop_err
copi_leave(cop_actor *me, copi_supervisor *self, const cop_exit *why)
{
    copi_begin_to_leave(me, self);
    self->told_at = self->now;
    return cop_stop_with(me, why);
}

static cop_err
give_up(cop_actor *me, copi_supervisor *self, copi_child *child, const cop_exit *why,
        const copi_budget *spent)
{
    cop_exit because = {.kind = COP_EXIT_SHUTDOWN};
    bool is_own = spent != &self->budget;

    snprintf(because.text, sizeof because.text, "restart intensity%s%.18s reached",
             is_own ? " of " : "", is_own ? child->spec->name : "");
    copi_tell_news(me, self, COP_NEWS_GAVE_UP, true, child, why);
    copi_exit_because(&because, why);
    copi_budget_blame(spent, &because);
    return copi_leave(me, self, &because);
}

static cop_err
restart(cop_actor *me, copi_supervisor *self, copi_child *child, const cop_exit *why,
        bool has_waited)
{
    const copi_budget *spent = copi_pay_restart(self, child, why);

    if (spent != NULL)
        return give_up(me, self, child, why, spent);
    int64_t wait_ms = has_waited ? 0 : copi_next_wait(me, child);
    if (wait_ms == 0) {
        copi_restart_now(self, child);
        return COP_OK;
    }
    child->is_paid = true;
    copi_restart_later(self, child, wait_ms);
    return COP_OK;
}

/* It ended by itself and stays away. */
static cop_err
stays_away(cop_actor *me, copi_supervisor *self, copi_child *child)
{
    bool was_significant = child->spec->significant;

    copi_drop_mail(me, child);
    if (child->spec->restart == COP_TEMPORARY || self->children.is_dynamic)
        copi_children_drop(&self->children, child);
    if (!was_significant ||
        !copi_auto_shutdown_due(self->spec->auto_shutdown, self->children.significant))
        return COP_OK;
    return copi_leave(me, self, &(cop_exit){.kind = COP_EXIT_SHUTDOWN});
}

static cop_err
ended(cop_actor *me, copi_supervisor *self, copi_child *child, const cop_exit *why)
{
    bool is_wanted = copi_restart_wanted(child->spec->restart, why->kind);

    if (cop_exit_is_abnormal(why))
        self->last = *why;
    copi_tell_news(me, self, COP_NEWS_ENDED, is_wanted || cop_exit_is_abnormal(why), child,
                   why);
    copi_child_set_phase(&self->children, child, COPI_CHILD_STOPPED);
    if (!self->children.is_dynamic)
        copi_child_set_pid(&self->children, child, COP_PID_NONE);
    if (is_wanted) {
        copi_note_end(me, child);
        return restart(me, self, child, why, false);
    }
    return stays_away(me, self, child);
}

static void
child_waits(copi_supervisor *self, copi_child *child, copi_turn *turn, copi_turn_kind kind)
{
    if (turn->is_waiting) /* from an end or a retry that has become void */
        return;
    child->pins++;
    copi_wait_for_turn(self, turn, kind);
}

static void
end_waits(copi_supervisor *self, copi_child *child, const cop_exit *why)
{
    copi_child_set_phase(&self->children, child, COPI_CHILD_ENDED);
    copi_keep_why(child, why);
    child_waits(self, child, &child->end_turn, COPI_TURN_END);
}

/* Once for each handler: a look at the clock costs more than a look at a child. */
static void
look_at_clock(cop_actor *me, copi_supervisor *self)
{
    self->now = cop_now_ms(me);
    self->second = self->now / 1000;
}

static cop_err
on_child(cop_actor *me, void *state, const cop_child_end *end)
{
    copi_supervisor *self = state;
    copi_child *child = copi_children_of_cookie(&self->children, end->cookie, end->pid);

    look_at_clock(me, self);
    if (end->start_failed) {
        if (self->clearing == NULL || end->cookie != self->clearing->cookie)
            return COP_OK;
        COP_TRY(copi_start_cleared(me, self));
        return copi_go_on(me, self);
    }
    if (child == NULL) /* somebody else gave it to us */
        return COP_OK;
    copi_keep_mail(me, self, child, end);
    if (child->phase == COPI_CHILD_STARTING)
        COP_TRY(copi_awaited_ended(me, self, child, end->why));
    else if (child->phase == COPI_CHILD_STOPPING)
        copi_child_stopped(me, self, child, end->why);
    else if (copi_is_busy(self) || self->is_suspended)
        end_waits(self, child, end->why);
    else
        COP_TRY(ended(me, self, child, end->why));
    return copi_go_on(me, self);
}

/* ------------------------------------------------------------------------------ turns */

void
copi_wait_for_turn(copi_supervisor *self, copi_turn *turn, copi_turn_kind kind)
{
    turn->kind = (uint8_t)kind;
    turn->is_waiting = true;
    turn->next = NULL;
    *(self->first_turn == NULL ? &self->first_turn : &self->last_turn->next) = turn;
    self->last_turn = turn;
}

static cop_err
end_turn(cop_actor *me, copi_supervisor *self, copi_child *child)
{
    if (!copi_children_unpin(&self->children, child) || child->phase != COPI_CHILD_ENDED)
        return COP_OK;
    cop_exit why = copi_take_why(child);
    return ended(me, self, child, &why);
}

/* One that has become void may still wait for its turn when a new wait has begun. */
static cop_err
retry_turn(cop_actor *me, copi_supervisor *self, copi_child *child)
{
    if (!copi_children_unpin(&self->children, child) || child->phase != COPI_CHILD_RESTARTING ||
        child->retry.ref.bits != 0)
        return COP_OK;
    if (!child->is_paid)
        return restart(me, self, child, &self->last, true);
    copi_restart_now(self, child);
    return COP_OK;
}

static cop_err
take_turn(cop_actor *me, copi_supervisor *self)
{
    copi_turn *turn = self->first_turn;

    self->first_turn = turn->next;
    turn->is_waiting = false;
    switch ((copi_turn_kind)turn->kind) {
    case COPI_TURN_END: return end_turn(me, self, COPI_CONTAINER(turn, copi_child, end_turn));
    case COPI_TURN_RETRY:
        return retry_turn(me, self, COPI_CONTAINER(turn, copi_child, retry_turn));
    case COPI_TURN_ERRAND: return copi_errand_begin(me, self, copi_errand_of(turn));
    }
    return COP_OK;
}

cop_err
copi_go_on(cop_actor *me, copi_supervisor *self)
{
    COP_TRY(copi_carry_out_plan(me, self));
    while (!copi_is_busy(self) && !self->is_suspended && !self->is_leaving &&
           self->first_turn != NULL) {
        COP_TRY(take_turn(me, self));
        COP_TRY(copi_carry_out_plan(me, self));
    }
    return COP_OK;
}

/* --------------------------------------------------------------------------- messages */

COP_HANDLER(copi_supervisor, copi_order)
{
    look_at_clock(me, st);
    return copi_on_order(me, st, msg);
}

COP_HANDLER(copi_supervisor, copi_retry)
{
    copi_child *child = (copi_child *)(uintptr_t)msg->child;

    look_at_clock(me, st);
    if (!copi_children_unpin(&st->children, child))
        return COP_OK;
    child->retry = (cop_timer){0};
    child_waits(st, child, &child->retry_turn, COPI_TURN_RETRY);
    return copi_go_on(me, st);
}

COP_HANDLER(copi_supervisor, copi_suspend)
{
    look_at_clock(me, st);
    st->is_suspended = !msg->is_over;
    (void)cop_reply_message(me, &cop_child_done_type, &(cop_child_done){0});
    return copi_go_on(me, st);
}

COP_HANDLER(copi_supervisor, copi_tree_wanted)
{
    return copi_on_tree_wanted(me, st, msg);
}

COP_HANDLER(copi_supervisor, copi_watch_wanted)
{
    return copi_on_watch_wanted(me, st, msg);
}

COP_HANDLER(copi_supervisor, cop_down)
{
    copi_on_subscriber_down(st, msg);
    return COP_OK;
}

COP_HANDLER(copi_supervisor, cop_child_ready)
{
    look_at_clock(me, st);
    return copi_on_ready(me, st, msg);
}

COP_HANDLER(copi_supervisor, copi_late)
{
    copi_on_late(me, st);
    return COP_OK;
}

static cop_err
told_to_end(cop_actor *me, copi_supervisor *self, const cop_exit *why)
{
    look_at_clock(me, self);
    return copi_may_leave(me, self, why) ? copi_leave(me, self, why) : COP_OK;
}

COP_HANDLER(copi_supervisor, cop_stopping)
{
    return told_to_end(me, st, &msg->why);
}

/* Strangers' signals mean nothing; the owner's means what it says. */
COP_HANDLER(copi_supervisor, cop_exited)
{
    return cop_pid_equal(msg->who, cop_owner(me)) ? told_to_end(me, st, &msg->why) : COP_OK;
}

/* -------------------------------------------------------------------- the behaviour */

/* Like cop_supervisor, but its children are told to stop all together. */
static const cop_behaviour dynamic_supervisor;

static cop_err
init(cop_actor *me, void *state, const void *arg)
{
    copi_supervisor *self = state;

    self->spec = arg;
    /* Nobody but the table knows which kind it is; all else is the same for both. */
    if (self->spec != NULL && self->spec->strategy == COP_DYNAMIC)
        me->behaviour = &dynamic_supervisor;
    return copi_begin(me, self);
}

static void
child_gone(cop_actor *me, void *state, const cop_child_end *end)
{
    look_at_clock(me, state);
    copi_child_ended_with_us(me, state, end);
}

static void
terminate(cop_actor *me, void *state, const cop_exit *why)
{
    (void)why;
    copi_report_bad_ends(me, state);
}

static void
dispose(void *state)
{
    copi_supervisor *self = state;

    for (copi_turn *turn = self->first_turn, *next; turn != NULL; turn = next) {
        next = turn->next;
        if (turn->kind == COPI_TURN_ERRAND)
            copi_errand_free(copi_errand_of(turn));
    }
    copi_errand_free(self->errand);
    copi_mail_fini(self);
    copi_children_fini(&self->children);
    if (self->budget.bursts != self->first_bursts)
        free(self->budget.bursts);
    free(self->told);
    copi_ending_fini(self);
    copi_news_fini(self);
    copi_tree_fini(self);
}

#define BEHAVIOUR                                                                              \
    .name = "supervisor", .state_size = sizeof(copi_supervisor), .policy = COP_SUPERVISE,      \
    .trap_exit = true, .init = init, .on_child = on_child, .child_gone = child_gone,           \
    .terminate = terminate, .dispose = dispose,                                                \
    .handlers = COP_HANDLERS(                                                                  \
        COP_ON(copi_supervisor, copi_order), COP_ON(copi_supervisor, copi_retry),              \
        COP_ON(copi_supervisor, copi_suspend), COP_ON(copi_supervisor, copi_tree_wanted),      \
        COP_ON(copi_supervisor, copi_watch_wanted), COP_ON(copi_supervisor, cop_down),         \
        COP_ON(copi_supervisor, cop_exited), COP_ON(copi_supervisor, cop_child_ready),         \
        COP_ON(copi_supervisor, copi_late), COP_ON(copi_supervisor, cop_stopping))

const cop_behaviour cop_supervisor = {BEHAVIOUR, .ordered = true};
static const cop_behaviour dynamic_supervisor = {BEHAVIOUR, .ordered = false};
