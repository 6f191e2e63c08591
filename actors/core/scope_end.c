/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope_end.c - how a local scope ends, and who is told.
 */
#include "core/scope.h"

#include "core/dispatch.h"
#include "core/node.h"

static bool
has_ordinary(const copi_brood *brood)
{
    return brood->child_count > brood->service_count || brood->leaf_count > 0 ||
           brood->scope_count > 0;
}

/* A race in which everybody has lost. */
static void
lose(copi_scope *scope)
{
    scope->has_failed = true;
    if (scope->kept_count > 0)
        scope->why = scope->kept[0].why;
}

void
copi_scope_settle(cop_actor *self, copi_scope *scope)
{
    if (scope == NULL || scope->is_over || has_ordinary(&scope->brood))
        return;
    if (!scope->is_closing && scope->force == COP_FORCE_NONE)
        return;
    /* A body that stands in it is a part of it, until it comes out or is killed. */
    if (scope->is_entered && copi_is_open(self))
        return;
    if (scope->brood.child_count > 0) {
        cop_exit why = {.kind = COP_EXIT_SHUTDOWN};
        copi_scope_tell(self, &scope->brood, COP_FORCE_SOFT, &why, true);
        return;
    }
    if (scope->opts.policy == COP_RACE && scope->force == COP_FORCE_NONE && scope->failed > 0)
        lose(scope);
    scope->is_over = true;
    copi_scope_forget_timer(self, scope);
    if (scope->is_awaited) {
        copi_body_wake(self);
    } else if (copi_is_open(self)) {
        scope->is_end_queued = true;
        scope->end = (copi_envelope){.kind = COPI_SCOPE_END};
        copi_append(self, &scope->end);
    }
}

cop_err
cop_scope_close(cop_actor *me, cop_scope handle)
{
    copi_scope *scope;

    COP_TRY(copi_scope_find(me, handle, &scope));
    if (scope == NULL)
        return COP_E_INVAL;
    if (!copi_is_open(me))
        return COP_E_GONE;
    scope->is_closing = true;
    copi_scope_settle(me, scope);
    return COP_OK;
}

void
copi_scope_outcome(const copi_scope *scope, cop_outcome *out)
{
    *out = (cop_outcome){.force = (cop_force)scope->force,
                         .timed_out = scope->timed_out,
                         .winner = scope->winner,
                         .started = scope->started,
                         .failed = scope->failed,
                         .kept = scope->kept,
                         .kept_count = scope->kept_count,
                         .dropped = scope->dropped};
    if (scope->has_failed || (scope->force != COP_FORCE_NONE && !scope->has_won))
        out->why = scope->why;
}

/* It was cancelled with what is around it, and what went wrong then is known there, too.
 * False: it was not. */
static bool
hand_over(cop_actor *self, const copi_scope *scope, copi_scope *outer)
{
    if (scope->opts.policy == COP_COLLECT ||
        (outer->force == COP_FORCE_NONE && copi_is_open(self)))
        return false;
    for (uint32_t i = 0; i < scope->kept_count; i++)
        copi_scope_keep(outer, &scope->kept[i]);
    outer->dropped += scope->dropped;
    return true;
}

void
copi_scope_pass_on(cop_actor *self, copi_scope *scope)
{
    uint32_t passed_on = 0; /* of the kept ones */

    if (scope->has_failed) {
        copi_scope_fail(self, scope->outer, &scope->why);
        passed_on = scope->why.kind == COP_EXIT_DEADLINE ? 0 : 1; /* that is nobody's end */
    } else if (scope->opts.policy == COP_FAIL_FAST && scope->failed > 0 &&
               scope->kept_count > 0) {
        copi_scope_fail(self, scope->outer, &scope->kept[0].why);
        passed_on = 1;
    } else if (scope->outer != NULL && hand_over(self, scope, scope->outer)) {
        return;
    }
    copi_scope_log(self, scope, passed_on);
}

/* Tells whoever opened it.  What becomes of a failure is said there, or around it. */
static cop_err
tell_closed(cop_actor *self, copi_scope *scope)
{
    cop_outcome outcome;

    copi_scope_outcome(scope, &outcome);
    if (scope->opts.closed != NULL)
        return scope->opts.closed(self, copi_user_state(self), scope->opts.ctx, &outcome);
    return COP_OK;
}

cop_err
copi_handle_scope_end(cop_actor *self, copi_envelope *envelope)
{
    copi_scope *scope = COPI_CONTAINER(envelope, copi_scope, end), *outer = scope->outer;

    cop_err err = tell_closed(self, scope);
    if (err != COP_OK)
        err = copi_scope_blame(self, outer, err, (cop_leaf){0});
    if (scope->opts.closed == NULL)
        copi_scope_pass_on(self, scope);
    scope->is_end_queued = false;
    copi_scope_remove(self, scope);
    return err;
}

/* The actor is ending; its own end can still say that something failed. */
static void
end_heard(cop_actor *self, copi_scope *scope)
{
    cop_exit why;

    copi_last_words_begin(self, &why);
    cop_err err = tell_closed(self, scope);
    copi_last_words_end(self, err, &why);
    why.origin = copi_pid_of(self);
    if (scope->opts.closed == NULL)
        copi_scope_pass_on(self, scope);
    else if (err != COP_OK)
        copi_scope_fail(self, scope->outer, &why);
}

/* Inner ones first. */
static void
end_in(cop_actor *self, copi_brood *brood)
{
    while (brood->scopes != NULL) {
        copi_scope *scope = brood->scopes;
        end_in(self, &scope->brood);
        scope->is_over = true;
        if (!self->is_killed)
            end_heard(self, scope);
        copi_scope_remove(self, scope);
    }
}

void
copi_scopes_end(cop_actor *self)
{
    self->ties->shield = NULL; /* a killed body stood in it */
    end_in(self, &self->ties->own);
    copi_map_fini(&self->ties->scopes);
    copi_map_fini(&self->ties->leaves);
}
