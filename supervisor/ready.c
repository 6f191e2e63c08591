/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ready.c - children that say themselves when they have started.
 *
 * One of them is awaited at a time, and the plan waits with it.  It is over when the child
 * says so, or when it has ended: by itself, or because its time has passed, or because its
 * supervisor was told to stop.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "core/actor.h"
#include "core/dispatch.h"
#include "core/post.h"
#include "spec.h"
#include "supervisor.h"

/* ---------------------------------------------------------------------- the child's side */

cop_err
cop_say_ready(cop_actor *me)
{
    /* It lives at least as long as this one, and what it does was written before that. */
    const cop_actor *owner = copi_owner_of(me);
    const cop_child_ready ready = {me->cookie};

    if (owner == NULL || copi_handler_for(owner->behaviour, &cop_child_ready_type) == NULL)
        return COP_E_NO_HANDLER;
    copi_envelope *news =
        copi_envelope_typed(me->worker, COPI_NEWS, &cop_child_ready_type, &ready);
    if (news == NULL)
        return COP_E_NOMEM;
    news->from = copi_pid_of(me);
    /* Refused only if the owner is ending, and then it does not matter. */
    if (copi_push(me->node, me->worker, cop_owner(me), news) != COP_OK)
        copi_envelope_free(me->worker, news);
    return COP_OK;
}

/* ----------------------------------------------------------------- the supervisor's side */

cop_err
copi_await(cop_actor *me, copi_supervisor *self, copi_child *child, cop_pid before,
           int32_t ready_ms)
{
    copi_child_set_phase(&self->children, child, COPI_CHILD_STARTING);
    self->awaited = child;
    self->before = before;
    self->is_late = false;
    self->patience = (cop_timer){0};
    if (ready_ms == COP_INFINITY)
        return COP_OK;
    return cop_send_after_message(me, ready_ms, &self->patience, &copi_late_type,
                                  &(copi_late){0});
}

static void
await_no_longer(cop_actor *me, copi_supervisor *self)
{
    (void)cop_timer_cancel(me, self->patience);
    self->awaited = NULL;
}

cop_err
copi_on_ready(cop_actor *me, copi_supervisor *self, const cop_child_ready *ready)
{
    copi_child *child = copi_children_of_cookie(&self->children, ready->cookie, cop_sender(me));

    if (child == NULL || child != self->awaited || self->is_late || self->told != NULL)
        return COP_OK;
    await_no_longer(me, self);
    copi_child_set_phase(&self->children, child, COPI_CHILD_RUNNING);
    COP_TRY(copi_start_settled(me, self, child, COP_OK));
    return copi_go_on(me, self);
}

void
copi_on_late(cop_actor *me, copi_supervisor *self)
{
    if (self->awaited == NULL || self->told != NULL)
        return;
    self->is_late = true;
    cop_kill(me, self->awaited->pid);
}

/* What a handler returned that wanted to say that. */
static bool
is_ignore(const cop_exit *why)
{
    return why->kind == COP_EXIT_ERROR && why->code == COP_E_IGNORE &&
           strcmp(why->text, cop_err_text(COP_E_IGNORE)) == 0;
}

/* A supervisor's record has the number that its spawn would have returned. */
static cop_err
err_of(const copi_child *child, const cop_exit *why)
{
    if (is_ignore(why))
        return COP_E_IGNORE;
    if (copi_spec_is_supervisor(child->spec) && why->kind == COP_EXIT_ERROR && why->code != 0)
        return (cop_err)why->code;
    return COP_E_FAILED;
}

static cop_exit
lateness(cop_actor *me, const copi_child *child)
{
    cop_exit why = {.kind = COP_EXIT_ERROR,
                    .code = COP_E_TIMEOUT,
                    .origin = child->pid,
                    .text = "not ready in time"};

    snprintf(why.path, sizeof why.path, "%s/%s", cop_path(me), child->spec->name);
    return why;
}

/* Nothing came of it, since its supervisor was told to stop. */
static cop_err
leave_at_last(cop_actor *me, copi_supervisor *self, const copi_child *child,
              const cop_exit *why)
{
    cop_exit told = *self->told;

    copi_plan_abandon(&self->plan);
    copi_tell_news(me, self, COP_NEWS_NOT_STARTED, cop_exit_is_abnormal(why), child, why);
    free(self->told);
    self->told = NULL;
    return copi_leave(me, self, &told);
}

cop_err
copi_awaited_ended(cop_actor *me, copi_supervisor *self, copi_child *child, const cop_exit *why)
{
    cop_err err = self->is_late ? COP_E_TIMEOUT : err_of(child, why);
    cop_exit because = self->is_late ? lateness(me, child) : *why;

    await_no_longer(me, self);
    copi_child_set_phase(&self->children, child, COPI_CHILD_STOPPED);
    copi_child_set_pid(&self->children, child, self->before);
    if (self->told != NULL)
        return leave_at_last(me, self, child, &because);
    if (err != COP_E_IGNORE)
        self->last = because;
    return copi_start_settled(me, self, child, err);
}

bool
copi_may_leave(cop_actor *me, copi_supervisor *self, const cop_exit *why)
{
    if (self->awaited == NULL)
        return true;
    if (self->told != NULL)
        return false;
    self->told = copi_malloc(sizeof *self->told);
    if (self->told == NULL)
        return true;
    *self->told = *why;
    self->told_at = self->now;
    /* If its end is on its way it is not found, and need not be told. */
    if (!self->is_late)
        (void)!cop_stop_child(me, self->awaited->pid);
    return false;
}
