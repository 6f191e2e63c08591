/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope.c - local scopes: how they are opened, cancelled and closed.
 */
#include "core/scope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "core/dispatch.h"
#include "core/node.h"

/* ------------------------------------------------------------------------- finding one */

/* Half of what says whose handle it is; another actor of the same slot has another one. */
static uint32_t
mark_of(const cop_actor *self)
{
    uint64_t id = copi_pid_of(self).id;

    return copi_slot(id) ^ copi_generation(id) * UINT32_C(0x9e3779b1);
}

cop_scope
copi_scope_handle(const cop_actor *self, const copi_scope *scope)
{
    return scope == NULL
               ? (cop_scope){{0}}
               : (cop_scope){{(uint64_t)mark_of(self) << 32 | (uint32_t)scope->node.low}};
}

copi_scope *
copi_scope_known(cop_actor *self, uint32_t number)
{
    copi_map_node *node = copi_map_find(&self->ties->scopes, 0, number);
    return node == NULL ? NULL : COPI_CONTAINER(node, copi_scope, node);
}

cop_err
copi_scope_find(cop_actor *self, cop_scope handle, copi_scope **out)
{
    *out = NULL;
    if (handle.ref.bits == 0)
        return COP_OK;
    if (handle.ref.bits >> 32 != mark_of(self))
        return COP_E_NOT_MINE;
    if (self->ties != NULL)
        *out = copi_scope_numbered(self, (uint32_t)handle.ref.bits);
    return *out == NULL || (*out)->is_over ? COP_E_GONE : COP_OK;
}

cop_err
copi_scope_enter(cop_actor *self, cop_scope handle, copi_scope **out)
{
    if (!copi_is_open(self))
        return COP_E_GONE;
    if (copi_ties_of(self) == NULL)
        return COP_E_NOMEM;
    COP_TRY(copi_scope_find(self, handle, out));
    copi_scope *scope = *out;
    if (scope == NULL)
        return COP_OK;
    if (copi_scope_force(scope) >= COP_FORCE_HARD || scope->force != COP_FORCE_NONE)
        return COP_E_CANCELLED;
    const copi_brood *brood = &scope->brood;
    if (scope->opts.children != 0 &&
        brood->child_count + brood->leaf_count + brood->scope_count >= scope->opts.children)
        return COP_E_FULL;
    return COP_OK;
}

cop_force
copi_scope_force(const copi_scope *scope)
{
    cop_force force = COP_FORCE_NONE;

    for (; scope != NULL; scope = scope->opts.shield ? NULL : scope->outer)
        if (scope->force > force)
            force = (cop_force)scope->force;
    return force;
}

int64_t
copi_scope_deadline(const copi_scope *scope)
{
    int64_t nearest = 0;

    for (; scope != NULL; scope = scope->opts.shield ? NULL : scope->outer)
        if (scope->deadline != 0 && (nearest == 0 || scope->deadline < nearest))
            nearest = scope->deadline;
    return nearest;
}

size_t
copi_scope_names(const copi_scope *scope, char *room, size_t size)
{
    if (scope == NULL || size == 0)
        return 0;
    size_t used = copi_scope_names(scope->outer, room, size);
    size_t length = strlen(scope->name), left = size - used - 1;
    if (used > 0 && left > 0) {
        room[used++] = '/';
        left--;
    }
    if (length > left)
        length = left;
    memcpy(room + used, scope->name, length);
    room[used + length] = '\0';
    return used + length;
}

void
copi_path_in(const cop_actor *self, const copi_scope *scope, char *room, size_t size)
{
    char names[COPI_PATH_MAX], path[COPI_PATH_MAX], whole[2 * COPI_PATH_MAX];
    size_t used = copi_scope_names(scope, names, sizeof names);

    const char *base = copi_path_write(self, path, sizeof path);
    int length =
        snprintf(whole, sizeof whole, "%s%s%.*s", base, used > 0 ? "/" : "", (int)used, names);
    size_t skip = length < (int)size ? 0 : (size_t)length - size + 1;
    snprintf(room, size, "%s", whole + skip);
}

/* ------------------------------------------------------------------------- its timer */

static void
forget_timer(cop_actor *self, copi_scope *scope)
{
    if (copi_timer_disarm(self->worker, &scope->timer))
        copi_unpin(self);
}

/* For the nearer of the two times that still mean something. */
static bool
set_timer(cop_actor *self, copi_scope *scope)
{
    int64_t at = scope->force < COP_FORCE_HARD ? scope->deadline : 0;

    if (scope->force == COP_FORCE_SOFT && (at == 0 || scope->soft_until < at))
        at = scope->soft_until;
    forget_timer(self, scope);
    if (at == 0)
        return true;
    scope->timer.what = COPI_SCOPE_DUE;
    if (!copi_timer_arm(self->worker, &scope->timer, at))
        return false;
    copi_pin(self);
    return true;
}

void
copi_scope_due(copi_worker *worker, copi_timer *timer)
{
    copi_scope *scope = COPI_CONTAINER(timer, copi_scope, timer);

    copi_unpin(scope->actor);
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
    else
        COPI_CHECK(set_timer(self, scope)); /* it was moved meanwhile; the room is there */
}

/* ------------------------------------------------------------------------- opening */

static cop_err
check_opts(const cop_actor *me, const cop_scope_opts *opts)
{
    if (!copi_is_open(me))
        return COP_E_GONE;
    if (opts->policy == COP_SUPERVISE || opts->policy > COP_RACE || opts->deadline_ms < 0 ||
        opts->drain_ms < 0 || (opts->shield && opts->deadline_ms == 0))
        return COP_E_INVAL;
    return COP_OK;
}

static size_t
size_of(const copi_scope *scope)
{
    return sizeof *scope + strlen(scope->name) + 1;
}

static copi_scope *
scope_new(cop_actor *me, const cop_scope_opts *opts, copi_scope *outer)
{
    const char *name = opts->name != NULL ? opts->name : "scope";
    size_t length = strlen(name);
    copi_scope *scope = copi_pool_take(&me->worker->pool, sizeof *scope + length + 1);

    if (scope == NULL)
        return NULL;
    *scope = (copi_scope){
        .node.low = ++me->ties->scope_number,
        .outer = outer,
        .actor = me,
        .opts = *opts,
        .depth = (uint8_t)(outer == NULL ? 1 : outer->depth + 1),
    };
    memcpy(scope->name, name, length + 1);
    scope->opts.name = scope->name;
    if (scope->opts.keep == 0)
        scope->opts.keep = COP_SCOPE_KEEP;
    if (opts->deadline_ms > 0)
        scope->deadline = copi_worker_after(me->worker, opts->deadline_ms);
    return scope;
}

static void
scope_free(cop_actor *self, copi_scope *scope)
{
    free(scope->kept);
    copi_pool_give(&self->worker->pool, scope, size_of(scope));
}

cop_err
cop_scope_open(cop_actor *me, const cop_scope_opts *opts, cop_scope *out)
{
    static const cop_scope_opts none = {0};
    copi_scope *outer;

    if (opts == NULL)
        opts = &none;
    COP_TRY(check_opts(me, opts));
    COP_TRY(copi_scope_find(me, opts->within, &outer));
    if (outer != NULL && outer->depth >= COP_SCOPE_DEPTH_MAX)
        return COP_E_INVAL;
    /* A shield may be opened in what is cancelled: it is for cleaning up there. */
    if (!opts->shield || outer == NULL)
        COP_TRY(copi_scope_enter(me, opts->within, &outer));
    else if (copi_ties_of(me) == NULL)
        return COP_E_NOMEM;
    copi_scope *scope = scope_new(me, opts, outer);
    if (scope == NULL)
        return COP_E_NOMEM;
    if (!set_timer(me, scope)) {
        scope_free(me, scope);
        return COP_E_NOMEM;
    }
    copi_brood *around = copi_brood_of(me, outer);
    scope->older = around->scopes;
    around->scopes = scope;
    around->scope_count++;
    if (outer != NULL)
        outer->started++;
    copi_map_add(&me->ties->scopes, &scope->node);
    *out = copi_scope_handle(me, scope);
    return COP_OK;
}

/* ------------------------------------------------------------------------- cancelling */

static void
tell_children(cop_actor *self, copi_brood *brood, cop_force force, const cop_exit *why,
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
    tell_children(self, &scope->brood, force, why, false);
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
    if (force <= scope->force)
        return;
    if (scope->force == COP_FORCE_NONE)
        scope->why = *why;
    scope->force = (uint8_t)force;
    if (force == COP_FORCE_SOFT)
        scope->soft_until = copi_worker_after(self->worker, scope->opts.drain_ms);
    /* Without memory for a timer it is not soft for long. */
    if (!set_timer(self, scope))
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
    copi_scope_raise(me, scope, force, &reason);
    return COP_OK;
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
    scope->deadline = ms == COP_INFINITY ? 0 : copi_worker_after(me->worker, ms);
    return set_timer(me, scope) ? COP_OK : COP_E_NOMEM;
}

/* ------------------------------------------------------------------------- looking */

static int64_t
left_until(const cop_actor *me, int64_t deadline)
{
    if (deadline == 0)
        return COP_INFINITY;
    int64_t left = deadline - copi_worker_now(me->worker);
    return left <= 0 ? 0 : (left + COPI_MS - 1) / COPI_MS;
}

/* Who is to blame for the force that holds here. */
static const cop_exit *
reason_of(const copi_scope *scope)
{
    const copi_scope *hardest = scope;

    for (; scope != NULL; scope = scope->opts.shield ? NULL : scope->outer)
        if (scope->force > hardest->force)
            hardest = scope;
    return &hardest->why;
}

cop_err
cop_scope_look(cop_actor *me, cop_scope handle, cop_scope_state *out)
{
    copi_scope *scope;

    COP_TRY(copi_scope_find(me, handle, &scope));
    *out = (cop_scope_state){.left_ms = COP_INFINITY};
    if (me->ties == NULL)
        return COP_OK;
    const copi_brood *brood = copi_brood_of(me, scope);
    out->children = brood->child_count + brood->leaf_count + brood->scope_count;
    if (scope == NULL)
        return COP_OK;
    out->force = copi_scope_force(scope);
    if (out->force != COP_FORCE_NONE)
        out->why = *reason_of(scope);
    out->left_ms = left_until(me, copi_scope_deadline(scope));
    out->is_closing = scope->is_closing;
    return COP_OK;
}

int64_t
cop_time_left(const cop_actor *me)
{
    return left_until(me, copi_deadline_around(me));
}

cop_err
cop_scope_check(cop_actor *me, cop_scope handle)
{
    copi_scope *scope;

    COP_TRY(copi_scope_find(me, handle, &scope));
    if (!copi_is_open(me))
        return COP_E_GONE;
    return scope != NULL && copi_scope_force(scope) != COP_FORCE_NONE ? COP_E_CANCELLED
                                                                      : COP_OK;
}

/* ------------------------------------------------------------------------- the end */

static bool
has_ordinary(const copi_brood *brood)
{
    return brood->child_count > brood->service_count || brood->leaf_count > 0 ||
           brood->scope_count > 0;
}

/* A race in which everybody has lost. */
static void
lose(cop_actor *self, copi_scope *scope)
{
    scope->has_failed = true;
    if (scope->kept_count > 0)
        scope->why = scope->kept[0].why;
    (void)self;
}

void
copi_scope_settle(cop_actor *self, copi_scope *scope)
{
    if (scope == NULL || scope->is_over || has_ordinary(&scope->brood))
        return;
    /* A body that stands in it is a part of it, until it says that it is done. */
    if (!scope->is_closing && (scope->is_awaited || scope->force == COP_FORCE_NONE))
        return;
    if (scope->brood.child_count > 0) {
        cop_exit why = {.kind = COP_EXIT_SHUTDOWN};
        tell_children(self, &scope->brood, COP_FORCE_SOFT, &why, true);
        return;
    }
    if (scope->opts.policy == COP_RACE && scope->force == COP_FORCE_NONE && scope->failed > 0)
        lose(self, scope);
    scope->is_over = true;
    forget_timer(self, scope);
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

/* From the list of those around it. */
static void
unlink_scope(cop_actor *self, copi_scope *scope)
{
    copi_brood *around = copi_brood_of(self, scope->outer);
    copi_scope **at = &around->scopes;

    while (*at != scope)
        at = &(*at)->older;
    *at = scope->older;
    around->scope_count--;
}

void
copi_scope_remove(cop_actor *self, copi_scope *scope)
{
    unlink_scope(self, scope);
    copi_map_remove(&self->ties->scopes, &scope->node);
    forget_timer(self, scope);
    scope->is_gone = true;
    if (scope->opts.dispose != NULL)
        copi_dispose(self, scope->opts.dispose, scope->opts.ctx);
    copi_scope *outer = scope->outer;
    if (!scope->is_due_queued && !scope->is_end_queued)
        scope_free(self, scope);
    copi_scope_settle(self, outer);
}

void
copi_drop_scope(cop_actor *self, copi_envelope *envelope)
{
    copi_scope *scope = envelope->kind == COPI_SCOPE_DUE
                            ? COPI_CONTAINER(envelope, copi_scope, due)
                            : COPI_CONTAINER(envelope, copi_scope, end);

    *(envelope->kind == COPI_SCOPE_DUE ? &scope->is_due_queued : &scope->is_end_queued) = false;
    if (scope->is_gone && !scope->is_due_queued && !scope->is_end_queued)
        scope_free(self, scope);
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
    bool is_unheard = scope->has_failed && scope->opts.closed == NULL;
    cop_exit why = scope->why;

    cop_err err = tell_closed(self, scope);
    if (err != COP_OK)
        err = copi_scope_blame(self, outer, err, (cop_leaf){0});
    scope->is_end_queued = false;
    copi_scope_remove(self, scope);
    if (is_unheard)
        copi_scope_fail(self, outer, &why);
    return err;
}

static void
stop_in(cop_actor *self, copi_brood *brood)
{
    cop_exit why = {.kind = COP_EXIT_SHUTDOWN};

    for (copi_scope *scope = brood->scopes; scope != NULL; scope = scope->older) {
        if (scope->force == COP_FORCE_NONE)
            scope->why = why;
        if (scope->force < COP_FORCE_HARD)
            scope->force = COP_FORCE_HARD;
        forget_timer(self, scope);
        stop_in(self, &scope->brood);
    }
    copi_leaves_cancel(self, brood, COP_FORCE_HARD);
}

void
copi_scopes_stop(cop_actor *self)
{
    stop_in(self, &self->ties->own);
}

/* Inner ones first. */
static void
end_in(cop_actor *self, copi_brood *brood)
{
    while (brood->scopes != NULL) {
        copi_scope *scope = brood->scopes;
        end_in(self, &scope->brood);
        scope->is_over = true;
        if (!self->is_killed && self->is_started)
            (void)tell_closed(self, scope);
        copi_scope_remove(self, scope);
    }
}

void
copi_scopes_end(cop_actor *self)
{
    end_in(self, &self->ties->own);
    copi_map_fini(&self->ties->scopes);
    copi_map_fini(&self->ties->leaves);
}

static void
discard_in(cop_actor *self, copi_brood *brood)
{
    for (copi_scope *scope = brood->scopes, *older; scope != NULL; scope = older) {
        older = scope->older;
        discard_in(self, &scope->brood);
        if (scope->opts.dispose != NULL)
            scope->opts.dispose(scope->opts.ctx);
        scope_free(self, scope);
    }
    for (copi_leaf *leaf = brood->leaves, *older; leaf != NULL; leaf = older) {
        older = leaf->older;
        if (leaf->kind->discard != NULL)
            leaf->kind->discard(leaf);
        if (leaf->dispose != NULL)
            leaf->dispose(leaf->arg);
        copi_pool_give(&self->worker->pool, leaf, leaf->size);
    }
}

void
copi_scopes_discard(cop_actor *self)
{
    discard_in(self, &self->ties->own);
    copi_map_fini(&self->ties->scopes);
    copi_map_fini(&self->ties->leaves);
}
