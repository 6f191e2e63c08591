/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leaf.c - children that are no actors: what all of them share, and those that call something
 * soon, later, or again and again.
 */
#include <string.h>

#include <coppice/hatch.h>

#include "base/check.h"
#include "base/clock.h"
#include "core/node.h"
#include "core/scope.h"

/* A century, as of timers. */
static const int64_t ms_max = INT64_C(100) * 366 * 24 * 3600 * 1000;

void
copi_dispose(cop_actor *self, void (*dispose)(void *arg), void *arg)
{
    uint8_t phase = self->phase;

    if (dispose == NULL)
        return;
    if (copi_is_open(self))
        self->phase = COPI_DISPOSING;
    dispose(arg);
    self->phase = phase;
}

/* ------------------------------------------------------------------------- all kinds */

cop_leaf
copi_leaf_handle(const copi_leaf *leaf)
{
    return (cop_leaf){{leaf->node.low}};
}

static copi_leaf *
find(cop_actor *self, cop_leaf handle)
{
    if (self->ties == NULL)
        return NULL;
    copi_map_node *node = copi_map_find(&self->ties->leaves, 0, handle.ref.bits);
    return node == NULL ? NULL : COPI_CONTAINER(node, copi_leaf, node);
}

static void
attach(cop_actor *self, copi_leaf *leaf)
{
    copi_brood *brood = copi_brood_of(self, leaf->scope);

    leaf->older = brood->leaves;
    if (brood->leaves != NULL)
        brood->leaves->younger = leaf;
    brood->leaves = leaf;
    brood->leaf_count++;
    if (leaf->scope != NULL)
        leaf->scope->started++;
    copi_map_add(&self->ties->leaves, &leaf->node);
}

static void
detach(cop_actor *self, copi_leaf *leaf)
{
    copi_brood *brood = copi_brood_of(self, leaf->scope);

    *(leaf->younger == NULL ? &brood->leaves : &leaf->younger->older) = leaf->older;
    if (leaf->older != NULL)
        leaf->older->younger = leaf->younger;
    brood->leaf_count--;
    copi_map_remove(&self->ties->leaves, &leaf->node);
}

cop_err
copi_leaf_new(cop_actor *self, cop_scope handle, const copi_leaf_kind *kind, size_t size,
              cop_call call, void *arg, void (*dispose)(void *arg), copi_leaf **out)
{
    copi_scope *scope = NULL;
    copi_leaf *leaf = NULL;

    cop_err err = call == NULL ? COP_E_INVAL : copi_scope_enter(self, handle, &scope);
    if (err == COP_OK && (leaf = copi_pool_take(&self->worker->pool, size)) == NULL)
        err = COP_E_NOMEM;
    if (err != COP_OK) {
        copi_dispose(self, dispose, arg);
        return err;
    }
    memset(leaf, 0, size);
    leaf->node.low = copi_new_ref(self->worker);
    leaf->scope = scope;
    leaf->actor = self;
    leaf->kind = kind;
    leaf->call = call;
    leaf->arg = arg;
    leaf->dispose = dispose;
    leaf->size = (uint32_t)size;
    leaf->due.kind = COPI_LEAF;
    attach(self, leaf);
    *out = leaf;
    return COP_OK;
}

static void
leaf_free(cop_actor *self, copi_leaf *leaf)
{
    copi_pool_give(&self->worker->pool, leaf, leaf->size);
}

void
copi_leaf_over(cop_actor *self, copi_leaf *leaf)
{
    void (*dispose)(void *) = leaf->dispose;
    void *arg = leaf->arg;

    if (copi_timer_disarm(self->worker, &leaf->timer))
        copi_unpin(self);
    detach(self, leaf);
    if (leaf->is_held)
        self->ties->held_count--;
    leaf->is_over = true;
    if (!leaf->is_queued)
        leaf_free(self, leaf);
    copi_dispose(self, dispose, arg);
}

cop_err
copi_leaf_ended(cop_actor *self, copi_leaf *leaf, cop_err err)
{
    copi_scope *scope = leaf->scope;
    cop_leaf handle = copi_leaf_handle(leaf);

    copi_leaf_over(self, leaf);
    err = copi_scope_blame(self, scope, err, handle);
    copi_scope_settle(self, scope);
    return err;
}

void
copi_leaves_cancel(cop_actor *self, copi_brood *brood, cop_force force)
{
    for (copi_leaf *leaf = brood->leaves, *older; leaf != NULL; leaf = older) {
        older = leaf->older;
        leaf->kind->cancel(self, leaf, force);
        if (!leaf->is_held)
            copi_leaf_over(self, leaf);
    }
}

cop_err
cop_leaf_cancel(cop_actor *me, cop_leaf handle)
{
    copi_leaf *leaf = find(me, handle);

    if (leaf == NULL)
        return COP_E_GONE;
    copi_scope *scope = leaf->scope;
    leaf->kind->cancel(me, leaf, COP_FORCE_HARD);
    if (leaf->is_held)
        return COP_OK; /* it is waited for */
    copi_leaf_over(me, leaf);
    copi_scope_settle(me, scope);
    return COP_OK;
}

cop_err
copi_handle_leaf(cop_actor *self, copi_envelope *envelope)
{
    copi_leaf *leaf = COPI_CONTAINER(envelope, copi_leaf, due);

    leaf->is_queued = false;
    if (!leaf->is_over)
        return leaf->kind->run(self, leaf);
    leaf_free(self, leaf);
    return COP_OK;
}

void
copi_drop_leaf(cop_actor *self, copi_envelope *envelope)
{
    copi_leaf *leaf = COPI_CONTAINER(envelope, copi_leaf, due);

    leaf->is_queued = false;
    if (leaf->is_over)
        leaf_free(self, leaf);
}

void
copi_leaf_due(copi_worker *worker, copi_timer *timer)
{
    copi_leaf *leaf = COPI_CONTAINER(timer, copi_leaf, timer);

    copi_unpin(leaf->actor);
    leaf->is_queued = true;
    copi_push_self(worker, leaf->actor, &leaf->due);
}

/* ------------------------------------------------------------------------- calls */

static bool
arm(cop_actor *self, copi_leaf *leaf, int64_t at)
{
    leaf->timer.what = COPI_LEAF;
    if (!copi_timer_arm(self->worker, &leaf->timer, at))
        return false;
    copi_pin(self);
    return true;
}

/* The next time; if nothing is caught up, one that is still to come. */
static int64_t
next_of(const cop_actor *self, const copi_leaf *leaf)
{
    int64_t now = copi_worker_now(self->worker), due = leaf->timer.node.due + leaf->period;

    if (due <= now && !leaf->catches_up)
        due += (now - due) / leaf->period * leaf->period + leaf->period;
    return due;
}

/* It may have been called off by itself, or its scope cancelled. */
static cop_err
run_call(cop_actor *self, copi_leaf *leaf)
{
    cop_leaf handle = copi_leaf_handle(leaf);
    copi_scope *scope = leaf->scope;
    uint32_t number = scope == NULL ? 0 : (uint32_t)scope->node.low;

    cop_err err = leaf->call(self, copi_user_state(self), leaf->arg);
    if (find(self, handle) != leaf) /* it is over; its scope is there until a later turn */
        return copi_scope_blame(self, copi_scope_numbered(self, number), err, handle);
    if (err != COP_OK || leaf->period == 0 || !copi_is_open(self))
        return copi_leaf_ended(self, leaf, err);
    return arm(self, leaf, next_of(self, leaf)) ? COP_OK
                                                : copi_leaf_ended(self, leaf, COP_E_NOMEM);
}

static void
cancel_call(cop_actor *self, copi_leaf *leaf, cop_force force)
{
    (void)self;
    (void)leaf;
    (void)force;
}

static const copi_leaf_kind call_kind = {
    .name = "call", .run = run_call, .cancel = cancel_call};

cop_err
cop_scope_soon(cop_actor *me, cop_scope scope, cop_call call, void *arg,
               void (*dispose)(void *arg), cop_leaf *out)
{
    copi_leaf *leaf;

    COP_TRY(copi_leaf_new(me, scope, &call_kind, sizeof *leaf, call, arg, dispose, &leaf));
    leaf->is_queued = true;
    copi_append(me, &leaf->due);
    if (out != NULL)
        *out = copi_leaf_handle(leaf);
    return COP_OK;
}

static cop_err
later(cop_actor *me, cop_scope scope, int64_t ms, int64_t period, cop_missed missed,
      cop_call call, void *arg, void (*dispose)(void *arg), cop_leaf *out)
{
    copi_leaf *leaf;

    COP_TRY(copi_leaf_new(me, scope, &call_kind, sizeof *leaf, call, arg, dispose, &leaf));
    leaf->period = period;
    leaf->catches_up = missed == COP_MISSED_CATCH_UP;
    if (!arm(me, leaf, copi_worker_after(me->worker, ms))) {
        copi_leaf_over(me, leaf);
        return COP_E_NOMEM;
    }
    if (out != NULL)
        *out = copi_leaf_handle(leaf);
    return COP_OK;
}

cop_err
cop_scope_after(cop_actor *me, cop_scope scope, int64_t ms, cop_call call, void *arg,
                void (*dispose)(void *arg), cop_leaf *out)
{
    if (ms < 0 || ms > ms_max) {
        copi_dispose(me, dispose, arg);
        return COP_E_INVAL;
    }
    return later(me, scope, ms, 0, COP_MISSED_SKIP, call, arg, dispose, out);
}

cop_err
cop_scope_every_with(cop_actor *me, cop_scope scope, int64_t ms, cop_missed missed,
                     cop_call call, void *arg, void (*dispose)(void *arg), cop_leaf *out)
{
    if (ms <= 0 || ms > ms_max || missed > COP_MISSED_CATCH_UP) {
        copi_dispose(me, dispose, arg);
        return COP_E_INVAL;
    }
    return later(me, scope, ms, ms * COPI_MS, missed, call, arg, dispose, out);
}

cop_err
cop_scope_every(cop_actor *me, cop_scope scope, int64_t ms, cop_call call, void *arg,
                void (*dispose)(void *arg), cop_leaf *out)
{
    return cop_scope_every_with(me, scope, ms, COP_MISSED_SKIP, call, arg, dispose, out);
}

/* ------------------------------------------------------------------------- from outside */

cop_err
copi_handle_closure(cop_actor *self, copi_envelope *envelope)
{
    copi_closure closure = *(copi_closure *)copi_payload(envelope);

    cop_err err = closure.call(self, copi_user_state(self), closure.arg);
    copi_dispose(self, closure.dispose, closure.arg);
    return err;
}

static cop_err
post_call(cop_node *node, cop_pid to, const copi_closure *closure)
{
    copi_worker *worker = node->sim != NULL ? &node->sched.workers[0] : NULL;

    if (closure->call == NULL || to.node != node->incarnation)
        return COP_E_INVAL;
    copi_envelope *made = copi_envelope_new(worker, COPI_CLOSURE, sizeof *closure);
    if (made == NULL)
        return COP_E_NOMEM;
    *(copi_closure *)copi_payload(made) = *closure;
    if (worker == NULL)
        atomic_fetch_add_explicit(&node->foreign_messages, 1, memory_order_relaxed);
    cop_err err = copi_push(node, worker, to, made);
    if (err != COP_OK) {
        if (worker == NULL)
            atomic_fetch_sub_explicit(&node->foreign_messages, 1, memory_order_relaxed);
        copi_envelope_free(worker, made);
    }
    return err;
}

cop_err
cop_post_call(cop_node *node, cop_pid to, cop_call call, void *arg, void (*dispose)(void *arg))
{
    cop_err err = post_call(node, to, &(copi_closure){call, arg, dispose});

    if (err != COP_OK && dispose != NULL)
        dispose(arg);
    return err;
}
