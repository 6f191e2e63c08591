/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask_leaf.c - a call as a child of a scope.
 *
 * The call and the leaf have the same number.  The call tells the leaf of its end, and the leaf
 * whoever asked; cancelled, the leaf takes a turn of its own for that, so that an answer that
 * waits already comes first.
 */
#include "core/node.h"
#include "core/scope.h"
#include "message/bufs.h"

typedef struct ask_leaf {
    copi_leaf base; /* first */
    cop_then then;
} ask_leaf;

static ask_leaf *
of(copi_leaf *leaf)
{
    return (ask_leaf *)leaf;
}

/* The handler may end the actor, or cancel the scope. */
static cop_err
on_end(cop_actor *me, void *state, cop_err err, const void *message)
{
    cop_leaf handle = {cop_current_call(me)};
    copi_leaf *leaf = copi_leaf_find(me, handle);
    cop_then then = of(leaf)->then;

    cop_err said = then.call(me, state, err, message);
    if (copi_leaf_find(me, handle) != leaf)
        return said;
    /* Who was called off alone, and passes that on, has not failed. */
    if (said == COP_E_CANCELLED && err == said &&
        copi_scope_force(leaf->scope) == COP_FORCE_NONE)
        said = COP_OK;
    return copi_leaf_ended(me, leaf, said);
}

static cop_err
run_cancelled(cop_actor *self, copi_leaf *leaf)
{
    return copi_ask_cancelled(self, leaf->node.low);
}

/* An actor that ends completes its calls itself, as the last of what it owns. */
static void
cancel(cop_actor *self, copi_leaf *leaf, cop_force force)
{
    (void)force;
    if (!copi_is_open(self)) {
        copi_ask_redirect(self, leaf->node.low, &of(leaf)->then,
                          copi_scope_number(leaf->scope));
        copi_leaf_release(self, leaf);
    } else if (!leaf->is_held) {
        copi_leaf_hold(self, leaf);
        leaf->is_queued = true;
        copi_append(self, &leaf->due);
    }
}

static const copi_leaf_kind ask_kind = {.name = "ask", .run = run_cancelled, .cancel = cancel};

static int32_t
bounded(cop_actor *me, const copi_scope *scope, int32_t within_ms)
{
    return copi_no_longer(within_ms, copi_ms_left(me, copi_scope_deadline(scope)));
}

cop_err
cop_scope_ask_message(cop_actor *me, cop_scope scope, cop_pid to, int32_t within_ms,
                      const cop_then *then, const cop_type *type, const void *message,
                      cop_leaf *out)
{
    copi_leaf *leaf = NULL;
    cop_err err = COP_E_INVAL;

    if (within_ms > 0 && then != NULL)
        err = copi_leaf_new(me, scope, &ask_kind, sizeof(ask_leaf), copi_never_called, NULL,
                            NULL, &leaf);
    if (err == COP_OK && (within_ms = bounded(me, leaf->scope, within_ms)) == 0)
        err = COP_E_TIMEOUT;
    if (err != COP_OK) {
        if (leaf != NULL)
            copi_leaf_over(me, leaf);
        return copi_taken(type, message, err);
    }
    of(leaf)->then = *then;
    err = copi_ask_numbered(me, leaf->node.low, to, within_ms, true,
                            &(cop_then){then->type, on_end}, type, message);
    if (err != COP_OK)
        copi_leaf_over(me, leaf);
    else if (out != NULL)
        *out = copi_leaf_handle(leaf);
    return err;
}

void
copi_ask_given_up(cop_actor *self, cop_ref ref)
{
    copi_leaf *leaf = copi_leaf_find(self, (cop_leaf){ref});

    if (leaf == NULL)
        return;
    copi_scope *scope = leaf->scope;
    copi_leaf_over(self, leaf);
    copi_scope_settle(self, scope);
}
