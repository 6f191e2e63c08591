/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait.c - how a body waits, and what ends a wait.
 */
#include "base/check.h"
#include "base/clock.h"
#include "co/co.h"
#include "core/node.h"

cop_force
copi_co_force_in(const cop_co *co, const copi_scope *innermost)
{
    cop_force force = COP_FORCE_NONE;

    for (const copi_scope *scope = innermost; scope != NULL; scope = scope->outer) {
        if (scope->force > force)
            force = (cop_force)scope->force;
        if (scope->opts.shield)
            return force;
    }
    return co->force > force ? (cop_force)co->force : force;
}

bool
copi_co_set_timer(cop_co *co)
{
    cop_actor *self = co->actor;
    int64_t at = co->wait_until;

    if (co->force == COP_FORCE_SOFT && co->soft_until != 0 && (at == 0 || co->soft_until < at))
        at = co->soft_until;
    copi_timer_disarm(self->worker, &co->timer.timer);
    if (at == 0) {
        copi_unpin_for(self, &co->timer.timer);
        return true;
    }
    if (!copi_timer_arm(self->worker, &co->timer.timer, at)) {
        copi_unpin_for(self, &co->timer.timer);
        return false;
    }
    copi_pin_for(self, &co->timer.timer);
    return true;
}

cop_err
copi_wait_begin_timed(cop_co *co, int64_t within_ms)
{
    if (within_ms < 0)
        return COP_E_INVAL;
    co->wait_until = copi_worker_after(co->actor->worker, within_ms);
    if (within_ms == 0)
        co->has_timed_out = true; /* it has, when it has looked once */
    else if (!copi_co_set_timer(co))
        return COP_E_NOMEM;
    return COP_OK;
}

void
copi_wait_end_timed(cop_co *co)
{
    co->wait_until = 0;
    (void)copi_co_set_timer(co); /* to a time that was set before, or to none */
}

void
copi_wait_look_at_clock(cop_co *co)
{
    int64_t now = copi_worker_now(co->actor->worker);
    if (co->wait_until != 0 && co->wait_until <= now)
        co->has_timed_out = true;
    if (co->force == COP_FORCE_SOFT && co->soft_until != 0 && co->soft_until <= now) {
        cop_exit why = co->why != NULL ? *co->why : (cop_exit){.kind = COP_EXIT_SHUTDOWN};
        why.kind = COP_EXIT_SHUTDOWN;
        (void)cop_sequence.cancel(co->actor, COP_FORCE_HARD, &why);
    }
    (void)copi_co_set_timer(co); /* there was room for one */
}

/* A body that does not stop asking what it has been told must not keep others from running. */
static void
give_way(cop_co *co)
{
    co->actor->worker->spent += COPI_SEND_COST;
    co->is_ready = true;
    copi_co_leave(co);
}

cop_err
copi_wait_in_vain(cop_co *co)
{
    give_way(co);
    return COP_E_CANCELLED;
}

void
copi_warn_unbounded(cop_co *co, const copi_scope *scope)
{
    cop_actor *self = co->actor;

    if (copi_deadline_around(self) != 0 || copi_scope_deadline(scope) != 0)
        return;
    const char *site = co->site != NULL ? co->site : "an unknown place";
    if (copi_note_site(self->node, site))
        cop_log(self, "unbounded wait at %s", site);
}

cop_err
cop_sleep(cop_co *co, int64_t ms)
{
    copi_check_bounded(co, co->here, ms);
    COP_TRY(copi_wait_begin(co, ms));
    cop_err err = COP_OK;
    while (err == COP_OK)
        err = copi_wait_on(co);
    copi_wait_end(co);
    return err == COP_E_TIMEOUT ? COP_OK : err;
}

cop_err
cop_yield(cop_co *co)
{
    give_way(co);
    return copi_co_force(co) >= COP_FORCE_HARD ? COP_E_CANCELLED : COP_OK;
}

void
cop_look(cop_co *co, cop_scope_state *out)
{
    cop_actor *self = co->actor;

    (void)cop_scope_look(self, copi_scope_handle(self, co->here), out);
    out->force = copi_co_force(co);
    if (out->force == (cop_force)co->force && co->why != NULL)
        out->why = *co->why;
    int64_t left = cop_time_left(self);
    if (left != COP_INFINITY && (out->left_ms == COP_INFINITY || left < out->left_ms))
        out->left_ms = left;
}

const char *
copi_wait_reason(const cop_actor *self)
{
    const cop_co *co = self->state;

    if (!co->has_begun)
        return "its beginning";
    if (co->choice != NULL)
        return "a message";
    if (self->ties != NULL && self->ties->calls.count > 0)
        return NULL;
    if (self->ties != NULL && self->ties->watches.count > 0)
        return "a descriptor";
    if (co->here != NULL && co->here->is_awaited && co->here->is_closing)
        return "the end of a scope";
    return co->wait_until != 0 ? "its time" : NULL;
}

const char *
copi_wait_site(const cop_actor *self)
{
    const cop_co *co = self->state;

    return co->has_begun ? co->site : NULL;
}
