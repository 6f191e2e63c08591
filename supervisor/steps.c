/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps.c - carries a plan out: one child after the other is told, awaited, started.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "spec.h"
#include "supervisor.h"

bool
copi_is_busy(const copi_supervisor *self)
{
    return !copi_plan_is_idle(&self->plan);
}

static void
tell_started(cop_actor *me, copi_supervisor *self, copi_child *child, cop_child_news news)
{
    copi_tell_news(me, self, news, false, child, NULL);
    if (copi_spec_is_supervisor(child->spec))
        copi_pass_subscribers(me, self, child);
}

static cop_err
send_retry(cop_actor *me, copi_child *child)
{
    copi_retry retry = {(uintptr_t)child};
    cop_err err = cop_send_message(me, cop_self(me), &copi_retry_type, &retry);

    if (err == COP_E_FULL)
        err = cop_send_after_message(me, 0, NULL, &copi_retry_type, &retry);
    if (err == COP_OK)
        child->pins++;
    return err;
}

/* The plan is given up.  A restart is tried again, behind what waits in the mailbox. */
static cop_err
start_failed(cop_actor *me, copi_supervisor *self, copi_child *child, cop_err err)
{
    copi_plan_abandon(&self->plan);
    copi_tell_news(me, self, COP_NEWS_NOT_STARTED, self->errand == NULL, child, &self->last);
    if (self->is_beginning) {
        copi_begin_to_leave(me, self);
        copi_fail_start(me, self, child, err);
        return COP_OK;
    }
    if (self->errand != NULL) {
        copi_drop_mail(me, child);
        copi_errand_end(me, self, err);
        return COP_OK;
    }
    int64_t wait_ms = copi_next_wait(me, child);
    if (wait_ms > 0) {
        copi_restart_later(self, child, wait_ms);
        return COP_OK;
    }
    copi_child_set_phase(&self->children, child, COPI_CHILD_RESTARTING);
    return send_retry(me, child);
}

static void
start_ignored(cop_actor *me, copi_supervisor *self, copi_child *child)
{
    copi_drop_mail(me, child);
    copi_tell_news(me, self, COP_NEWS_IGNORED, false, child, NULL);
    copi_child_set_phase(&self->children, child, COPI_CHILD_STOPPED);
    copi_child_set_pid(&self->children, child, COP_PID_NONE);
    if (self->is_beginning && child->spec->restart == COP_TEMPORARY)
        copi_children_drop(&self->children, child);
}

/* Or is it somebody's wish, or the beginning? */
static bool
is_restart(const copi_supervisor *self)
{
    return self->errand == NULL && !self->is_beginning;
}

cop_err
copi_start_settled(cop_actor *me, copi_supervisor *self, copi_child *child, cop_err err)
{
    if (err == COP_E_IGNORE) {
        start_ignored(me, self, child);
        return COP_OK;
    }
    if (err != COP_OK)
        return start_failed(me, self, child, err);
    copi_note_start(me, child);
    child->restarts += is_restart(self);
    tell_started(me, self, child, is_restart(self) ? COP_NEWS_RESTARTED : COP_NEWS_STARTED);
    return COP_OK;
}

static cop_err
start_one(cop_actor *me, copi_supervisor *self, copi_child *child)
{
    cop_exit why;
    bool lingers = false;
    cop_pid before = child->pid;
    cop_err err = copi_spawn_child(me, self, child, &why, &lingers);

    if (err == COP_OK) {
        int32_t ready_ms = copi_spec_ready_ms(child->spec, copi_arg_of(child));
        child->comes_back = is_restart(self);
        if (ready_ms != 0)
            return copi_await(me, self, child, before, ready_ms);
    } else if (err != COP_E_IGNORE) {
        self->last = why;
    }
    if (!lingers)
        return copi_start_settled(me, self, child, err);
    copi_child_set_phase(&self->children, child, COPI_CHILD_CLEARING);
    self->clearing = child;
    self->cleared_err = err;
    return COP_OK;
}

void
copi_child_stopped(cop_actor *me, copi_supervisor *self, copi_child *child, const cop_exit *why)
{
    bool is_bad = !copi_stop_was_clean(child->spec, why);

    copi_note_end(me, child);
    copi_tell_news(me, self, is_bad ? COP_NEWS_STOPPED_BADLY : COP_NEWS_ENDED, is_bad, child,
                   why);
    copi_child_set_phase(&self->children, child, COPI_CHILD_STOPPED);
    copi_child_set_pid(&self->children, child, COP_PID_NONE);
}

void
copi_keep_why(copi_child *child, const cop_exit *why)
{
    child->how = (uint8_t)why->kind;
    child->why = copi_malloc(sizeof *why);
    if (child->why != NULL)
        *child->why = *why;
}

cop_exit
copi_take_why(copi_child *child)
{
    cop_exit why = {.kind = (cop_exit_kind)child->how};

    if (child->why != NULL)
        why = *child->why;
    free(child->why);
    child->why = NULL;
    return why;
}

static void
stop_one(cop_actor *me, copi_supervisor *self, copi_child *child)
{
    if (child->phase == COPI_CHILD_ENDED) { /* by itself, before we came to it */
        cop_exit why = copi_take_why(child);
        copi_child_stopped(me, self, child, &why);
    } else if (child->phase == COPI_CHILD_RESTARTING) {
        copi_end_wait(me, self, child);
        copi_child_set_phase(&self->children, child, COPI_CHILD_STOPPED);
    } else if (cop_stop_child(me, child->pid) == COP_OK) {
        copi_child_set_phase(&self->children, child, COPI_CHILD_STOPPING);
        self->told_at = self->now;
    } else {
        copi_child_stopped(me, self, child, &(cop_exit){.kind = COP_EXIT_NOPROC});
    }
}

static cop_err
plan_done(cop_actor *me, copi_supervisor *self)
{
    if (self->wait_ms > 0)
        return copi_begin_wait(me, self);
    if (self->is_beginning)
        copi_begun(me, self);
    else if (self->errand != NULL)
        copi_errand_end(me, self, COP_OK);
    else if (self->children.is_dynamic && self->subject->phase == COPI_CHILD_STOPPED)
        copi_children_drop(&self->children, self->subject); /* its init said ignore */
    return COP_OK;
}

cop_err
copi_carry_out_plan(cop_actor *me, copi_supervisor *self)
{
    while (copi_is_busy(self) && self->clearing == NULL && self->awaited == NULL) {
        copi_step step = copi_plan_next(&self->plan);
        switch (step.deed) {
        case COPI_DEED_WAIT: return COP_OK;
        case COPI_DEED_STOP: stop_one(me, self, step.child); break;
        case COPI_DEED_DROP:
            copi_drop_mail(me, step.child);
            copi_children_drop(&self->children, step.child);
            break;
        case COPI_DEED_START: COP_TRY(start_one(me, self, step.child)); break;
        case COPI_DEED_DONE: COP_TRY(plan_done(me, self)); break;
        }
    }
    return COP_OK;
}

cop_err
copi_start_cleared(cop_actor *me, copi_supervisor *self)
{
    copi_child *child = self->clearing;

    self->clearing = NULL;
    return copi_start_settled(me, self, child, self->cleared_err);
}
