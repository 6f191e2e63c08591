/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leaf.c - children that are no actors: what all of them share.
 */
#include <string.h>

#include "core/node.h"
#include "core/scope.h"

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

cop_leaf
copi_leaf_handle(const copi_leaf *leaf)
{
    return (cop_leaf){{leaf->node.low}};
}

copi_leaf *
copi_leaf_find(cop_actor *self, cop_leaf handle)
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
              cop_callback call, void *arg, void (*dispose)(void *arg), copi_leaf **out)
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
copi_leaf_hold(cop_actor *self, copi_leaf *leaf)
{
    leaf->is_held = true;
    self->ties->held_count++;
}

void
copi_leaf_release(cop_actor *self, copi_leaf *leaf)
{
    if (leaf->is_held)
        self->ties->held_count--;
    leaf->is_held = false;
}

void
copi_leaf_over(cop_actor *self, copi_leaf *leaf)
{
    void (*dispose)(void *) = leaf->dispose;
    void *arg = leaf->arg;

    copi_timer_disarm(self->worker, &leaf->timer);
    copi_unpin_for(self, &leaf->timer);
    detach(self, leaf);
    copi_leaf_release(self, leaf);
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
    copi_leaf *leaf = copi_leaf_find(me, handle);

    /* Whoever disposes may be in the middle of calling off all of them. */
    if (leaf == NULL || !copi_is_open(me))
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
    copi_unpin_for(self, &leaf->timer);
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
    copi_unpin_for(self, &leaf->timer);
    if (leaf->is_over)
        leaf_free(self, leaf);
}

void
copi_leaf_due(copi_worker *worker, copi_timer *timer)
{
    copi_leaf *leaf = COPI_CONTAINER(timer, copi_leaf, timer);

    leaf->is_queued = true;
    copi_push_self(worker, leaf->actor, &leaf->due);
}

cop_err
copi_never_called(cop_actor *me, void *state, void *arg)
{
    (void)me;
    (void)state;
    (void)arg;
    return COP_OK;
}
