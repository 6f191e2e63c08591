/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope.c - local scopes: finding, opening and freeing one.
 */
#include "core/scope.h"

#include <stdlib.h>
#include <string.h>

#include "core/node.h"
#include "core/sequence.h"

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
        return copi_is_cancelled(self) ? COP_E_CANCELLED : COP_OK;
    if (copi_scope_force(scope) >= COP_FORCE_HARD || scope->force != COP_FORCE_NONE)
        return COP_E_CANCELLED;
    const copi_brood *brood = &scope->brood;
    if (scope->opts.children != 0 &&
        brood->child_count + brood->leaf_count + brood->scope_count >= scope->opts.children)
        return COP_E_FULL;
    return COP_OK;
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
    (void)copi_scope_measure(scope);
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
    if (!opts->shield)
        COP_TRY(copi_scope_enter(me, opts->within, &outer));
    else if (copi_ties_of(me) == NULL)
        return COP_E_NOMEM;
    copi_scope *scope = scope_new(me, opts, outer);
    if (scope == NULL)
        return COP_E_NOMEM;
    if (!copi_scope_set_timer(me, scope)) {
        scope_free(me, scope);
        return COP_E_NOMEM;
    }
    copi_brood *around = copi_brood_of(me, outer);
    scope->older = around->scopes;
    if (scope->older != NULL)
        scope->older->younger = scope;
    around->scopes = scope;
    around->scope_count++;
    if (outer != NULL)
        outer->started++;
    copi_map_add(&me->ties->scopes, &scope->node);
    *out = copi_scope_handle(me, scope);
    return COP_OK;
}

/* ------------------------------------------------------------------------- removing */

/* From the list of those around it. */
static void
unlink_scope(cop_actor *self, copi_scope *scope)
{
    copi_brood *around = copi_brood_of(self, scope->outer);

    if (scope->younger == NULL)
        around->scopes = scope->older;
    else
        scope->younger->older = scope->older;
    if (scope->older != NULL)
        scope->older->younger = scope->younger;
    around->scope_count--;
}

void
copi_scope_remove(cop_actor *self, copi_scope *scope)
{
    unlink_scope(self, scope);
    copi_map_remove(&self->ties->scopes, &scope->node);
    copi_scope_forget_timer(self, scope);
    if (scope->stood_in != NULL)
        scope->stood_in->inside = NULL;
    if (scope->inside != NULL) /* of a body that was killed there */
        scope->inside->stood_in = NULL;
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
    if (envelope->kind == COPI_SCOPE_DUE)
        copi_unpin_for(self, &scope->timer);
    if (scope->is_gone && !scope->is_due_queued && !scope->is_end_queued)
        scope_free(self, scope);
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
