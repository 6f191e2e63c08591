/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope_time.c - the deadlines of local scopes, and how long they are soft.
 */
#include "core/scope.h"

#include "base/check.h"
#include "base/clock.h"
#include "core/node.h"

bool
copi_scope_is_shielded(const copi_scope *block, const copi_scope *scope)
{
    bool is_shielded = false;

    if (block->opts.shield)
        return true;
    for (const copi_scope *at = block->outer; at != NULL; at = at->outer) {
        if (at == scope)
            return is_shielded;
        is_shielded |= at->opts.shield;
    }
    return false;
}

/* Zero is no time. */
static int64_t
first_of(int64_t one, int64_t other)
{
    return one == 0 || (other != 0 && other < one) ? other : one;
}

bool
copi_scope_measure(copi_scope *scope)
{
    int64_t before = scope->nearest;

    scope->nearest = scope->deadline;
    if (!scope->opts.shield)
        scope->nearest = first_of(scope->nearest, copi_scope_deadline(scope->outer));
    if (scope->stood_in != NULL && !copi_scope_is_shielded(scope, scope->stood_in))
        scope->nearest = first_of(scope->nearest, scope->stood_in->nearest);
    return scope->nearest != before;
}

int64_t
copi_scope_deadline(const copi_scope *scope)
{
    return scope == NULL ? 0 : scope->nearest;
}

int64_t
copi_deadline_in(const cop_actor *self, copi_scope *scope)
{
    int64_t nearest = copi_scope_deadline(scope);

    return copi_scope_shield(scope) != NULL ? nearest : first_of(nearest, self->ties->deadline);
}

copi_scope *
copi_scope_shield(copi_scope *scope)
{
    while (scope != NULL && !scope->opts.shield)
        scope = scope->outer;
    return scope;
}

void
copi_scope_forget_timer(cop_actor *self, copi_scope *scope)
{
    copi_timer_disarm(self->worker, &scope->timer);
    copi_unpin_for(self, &scope->timer);
}

bool
copi_scope_set_timer(cop_actor *self, copi_scope *scope)
{
    int64_t at = scope->force < COP_FORCE_HARD ? scope->deadline : 0;

    if (scope->force == COP_FORCE_SOFT && (at == 0 || scope->soft_until < at))
        at = scope->soft_until;
    copi_scope_forget_timer(self, scope);
    if (at == 0)
        return true;
    scope->timer.what = COPI_SCOPE_DUE;
    if (!copi_timer_arm(self->worker, &scope->timer, at))
        return false;
    copi_pin_for(self, &scope->timer);
    return true;
}

void
copi_scope_due(copi_worker *worker, copi_timer *timer)
{
    copi_scope *scope = COPI_CONTAINER(timer, copi_scope, timer);

    if (scope->is_due_queued)
        return;
    scope->is_due_queued = true;
    scope->due = (copi_envelope){.kind = COPI_SCOPE_DUE};
    copi_push_self(worker, scope->actor, &scope->due);
}

static void
time_out(cop_actor *self, copi_scope *scope)
{
    cop_exit why = {.kind = COP_EXIT_DEADLINE, .text = "the scope's time is over"};

    scope->timed_out = true;
    if (scope->opts.moves_on)
        why.kind = COP_EXIT_SHUTDOWN;
    else if (scope->force == COP_FORCE_NONE)
        scope->has_failed = true;
    copi_scope_raise(self, scope, COP_FORCE_HARD, &why);
}

void
copi_on_scope_due(cop_actor *self, copi_envelope *envelope)
{
    copi_scope *scope = COPI_CONTAINER(envelope, copi_scope, due);
    int64_t now = copi_worker_now(self->worker);

    scope->is_due_queued = false;
    copi_unpin_for(self, &scope->timer);
    if (scope->is_gone) {
        copi_drop_scope(self, envelope);
        return;
    }
    if (scope->is_over || !copi_is_open(self))
        return;
    if (scope->deadline != 0 && scope->deadline <= now && scope->force < COP_FORCE_HARD)
        time_out(self, scope);
    else if (scope->force == COP_FORCE_SOFT && scope->soft_until <= now)
        copi_scope_raise(self, scope, COP_FORCE_HARD, &scope->why);
    else /* it was moved meanwhile; the room is there */
        COPI_CHECK(copi_scope_set_timer(self, scope));
}

/* ------------------------------------------------------- what those in it have left */

/* Those who were there when it was moved.  Without memory one goes on with what it had. */
static void
tell_children(cop_actor *self, copi_scope *scope, const copi_brood *brood)
{
    int64_t deadline = copi_deadline_in(self, scope);

    for (cop_actor *child = brood->oldest; child != NULL; child = child->younger)
        (void)copi_try_signal(self->node, self->worker,
                              &(copi_parcel){.kind = COPI_TIME_MOVED,
                                             .from = copi_pid_of(self),
                                             .to = copi_pid_of(child),
                                             .ref = (uint64_t)deadline});
}

/* The actor's own was moved. */
static void
tell_all(cop_actor *self, copi_scope *scope, const copi_brood *brood)
{
    tell_children(self, scope, brood);
    for (copi_scope *inner = brood->scopes; inner != NULL; inner = inner->older)
        if (!inner->opts.shield)
            tell_all(self, inner, &inner->brood);
}

/* That of the scope was moved, or of something around it.  Blocks that hang in each other in
 * turn are come to on many ways, but who has no other time than before is passed by. */
static void
renew(cop_actor *self, copi_scope *scope)
{
    if (!copi_scope_measure(scope))
        return;
    tell_children(self, scope, &scope->brood);
    for (copi_scope *inner = scope->brood.scopes; inner != NULL; inner = inner->older)
        renew(self, inner);
    if (scope->inside != NULL)
        renew(self, scope->inside);
}

void
copi_on_time_moved(cop_actor *self, copi_envelope *envelope)
{
    int64_t deadline = (int64_t)envelope->ref;

    copi_envelope_free(self->worker, envelope);
    /* One that is ending may have children who are not. */
    copi_ties *ties = copi_is_open(self) ? copi_ties_of(self) : self->ties;
    if (ties == NULL || ties->deadline == deadline)
        return;
    ties->deadline = deadline;
    tell_all(self, NULL, &self->ties->own);
}

cop_err
cop_scope_set_deadline(cop_actor *me, cop_scope handle, int32_t ms)
{
    copi_scope *scope;

    COP_TRY(copi_scope_find(me, handle, &scope));
    if (scope == NULL || (ms < 0 && ms != COP_INFINITY) ||
        (ms == COP_INFINITY && scope->opts.shield))
        return COP_E_INVAL;
    if (!copi_is_open(me))
        return COP_E_GONE;
    if (scope->deadline != 0 && scope->deadline <= copi_worker_now(me->worker))
        return COP_OK; /* it has come, if it has not been dealt with yet */
    int64_t before = scope->deadline, at = copi_worker_after(me->worker, ms);
    if (at == 0)
        at = 1; /* a simulation begins at 0, which is none */
    scope->deadline = ms == COP_INFINITY ? 0 : at;
    if (!copi_scope_set_timer(me, scope)) {
        scope->deadline = before; /* for which there was room */
        (void)copi_scope_set_timer(me, scope);
        return COP_E_NOMEM;
    }
    renew(me, scope);
    return COP_OK;
}

int64_t
copi_ms_left(const cop_actor *me, int64_t deadline)
{
    if (deadline == 0)
        return COP_INFINITY;
    int64_t left = deadline - copi_worker_now(me->worker);
    return left <= 0 ? 0 : (left + COPI_MS - 1) / COPI_MS;
}

int64_t
cop_time_left(const cop_actor *me)
{
    return copi_ms_left(me, copi_deadline_around(me));
}
