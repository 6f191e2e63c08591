/* SPDX-License-Identifier: Apache-2.0 */
/*
 * again.c - a child that should come back: whom it takes along, and how long it waits.
 *
 * A restart without a wait is one plan: those of its span are stopped, then started.  One
 * with a wait is two, and nothing goes on between them.
 */
#include "spec.h"
#include "supervisor.h"

typedef struct span {
    copi_child *first, *last;
} span;

static span
span_of(const copi_supervisor *self, copi_child *child)
{
    switch (copi_strategy_span(self->spec->strategy)) {
    case COPI_SPAN_ONE: break;
    case COPI_SPAN_REST: return (span){child, self->children.youngest};
    case COPI_SPAN_ALL: return (span){self->children.oldest, self->children.youngest};
    }
    return (span){child, child};
}

void
copi_restart_now(copi_supervisor *self, copi_child *child)
{
    span all = span_of(self, child);

    self->subject = child;
    copi_plan_restart(&self->plan, all.first, all.last);
}

void
copi_restart_later(copi_supervisor *self, copi_child *child, int64_t wait_ms)
{
    span all = span_of(self, child);

    copi_child_set_phase(&self->children, child, COPI_CHILD_STOPPED);
    self->subject = child;
    self->wait_ms = wait_ms;
    copi_plan_clear(&self->plan, all.first, all.last);
}

const copi_budget *
copi_pay_restart(copi_supervisor *self, copi_child *child, const cop_exit *why)
{
    if (child->own_budget != NULL && !copi_budget_spend(child->own_budget, self->second, why))
        return child->own_budget;
    return copi_budget_spend(&self->budget, self->second, why) ? NULL : &self->budget;
}

/* -------------------------------------------------------------------------- the wait */

static bool
has_backoff(const copi_child *child)
{
    return child->spec->backoff.first_ms != 0;
}

void
copi_note_start(cop_actor *me, copi_child *child)
{
    if (has_backoff(child))
        child->started_at = cop_now_ms(me);
}

void
copi_note_end(cop_actor *me, copi_child *child)
{
    if (has_backoff(child) &&
        cop_now_ms(me) - child->started_at >= copi_backoff_healthy(&child->spec->backoff))
        child->in_row = 0;
}

int64_t
copi_next_wait(cop_actor *me, copi_child *child)
{
    const cop_backoff *backoff = &child->spec->backoff;

    if (!has_backoff(child))
        return 0;
    if (child->in_row < UINT32_MAX)
        child->in_row++;
    return copi_backoff_wait(backoff, child->in_row,
                             backoff->jitter_percent == 0 ? 0 : cop_random(me));
}

cop_err
copi_begin_wait(cop_actor *me, copi_supervisor *self)
{
    copi_child *child = self->subject;
    copi_retry retry = {(uintptr_t)child};
    cop_err err =
        cop_send_after_message(me, self->wait_ms, &child->retry, &copi_retry_type, &retry);

    self->wait_ms = 0;
    copi_child_set_phase(&self->children, child, COPI_CHILD_RESTARTING);
    if (err == COP_OK)
        child->pins++;
    return err;
}

void
copi_end_wait(cop_actor *me, copi_supervisor *self, copi_child *child)
{
    child->is_paid = false;
    if (child->retry.ref.bits == 0)
        return;
    if (cop_timer_cancel(me, child->retry))
        (void)copi_children_unpin(&self->children, child);
    child->retry = (cop_timer){0};
}
