/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope_cancel.c - being cancelled: a force that only rises, and spreads inwards.
 */
#include "core/scope.h"

#include "base/clock.h"
#include "core/node.h"

cop_force
copi_scope_force(const copi_scope *scope)
{
    cop_force force = COP_FORCE_NONE;

    for (; scope != NULL; scope = scope->opts.shield ? NULL : scope->outer)
        if (scope->force > force)
            force = (cop_force)scope->force;
    return force;
}

void
copi_scope_tell(cop_actor *self, copi_brood *brood, cop_force force, const cop_exit *why,
                bool services)
{
    for (cop_actor *child = brood->youngest; child != NULL; child = child->older) {
        if (force == COP_FORCE_KILL)
            copi_child_kill(self, child);
        else if (child->is_service == services)
            copi_child_tell(self, child, why);
    }
}

/* What its children are told: that it was not their fault. */
static cop_exit
told_reason(const copi_scope *scope)
{
    cop_exit why = scope->why;

    why.kind = COP_EXIT_SHUTDOWN;
    return why;
}

/* The scope has that force now, by itself or through what is around it. */
static void
spread(cop_actor *self, copi_scope *scope, cop_force force, const cop_exit *why)
{
    for (copi_scope *inner = scope->brood.scopes; inner != NULL; inner = inner->older)
        if (!inner->opts.shield)
            copi_scope_raise(self, inner, force, why);
    if (scope->inside != NULL && !copi_scope_is_shielded(scope->inside, scope))
        copi_scope_raise(self, scope->inside, force, why);
    copi_scope_tell(self, &scope->brood, force, why, false);
    if (force >= COP_FORCE_HARD)
        copi_leaves_cancel(self, &scope->brood, force);
    copi_body_wake(self);
    copi_scope_settle(self, scope);
}

void
copi_scope_raise(cop_actor *self, copi_scope *scope, cop_force force, const cop_exit *why)
{
    if (force == COP_FORCE_SOFT && scope->opts.drain_ms == 0)
        force = COP_FORCE_HARD;
    if (force <= scope->force || scope->is_over)
        return;
    if (scope->force == COP_FORCE_NONE)
        scope->why = *why;
    scope->force = (uint8_t)force;
    if (force == COP_FORCE_SOFT)
        scope->soft_until = copi_worker_after(self->worker, scope->opts.drain_ms);
    /* Without memory for a timer it is not soft for long. */
    if (!copi_scope_set_timer(self, scope))
        scope->force = COP_FORCE_HARD;
    cop_exit told = told_reason(scope);
    spread(self, scope, (cop_force)scope->force, &told);
}

cop_err
cop_scope_cancel(cop_actor *me, cop_scope handle, cop_force force, const cop_exit *why)
{
    copi_scope *scope;
    cop_exit reason = {.kind = COP_EXIT_SHUTDOWN};

    COP_TRY(copi_scope_find(me, handle, &scope));
    if (scope == NULL || force > COP_FORCE_KILL)
        return COP_E_INVAL;
    if (!copi_is_open(me))
        return COP_E_GONE;
    if (why != NULL) {
        reason = *why;
        reason.kind = COP_EXIT_SHUTDOWN;
    }
    copi_exit_by(me, &reason);
    copi_scope_raise(me, scope, force, &reason);
    return COP_OK;
}

static void
stop_in(cop_actor *self, copi_brood *brood)
{
    cop_exit why = {.kind = COP_EXIT_SHUTDOWN};

    for (copi_scope *scope = brood->scopes; scope != NULL; scope = scope->older) {
        if (scope->is_over)
            continue; /* as it ended, and nobody has been told yet */
        if (scope->force == COP_FORCE_NONE)
            scope->why = why;
        if (scope->force < COP_FORCE_HARD)
            scope->force = COP_FORCE_HARD;
        copi_scope_forget_timer(self, scope);
        stop_in(self, &scope->brood);
    }
    copi_leaves_cancel(self, brood, COP_FORCE_HARD);
}

void
copi_scopes_stop(cop_actor *self)
{
    stop_in(self, &self->ties->own);
}
