/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch_leaf.c - a watch as a child of a local scope: the leaf and the watch end together.
 */
#include "core/node.h"
#include "io/watch.h"

typedef struct watch_leaf {
    copi_leaf base;    /* first */
    copi_watch *watch; /* NULL: it is closed, and the leaf's end follows */
} watch_leaf;

/* To be closed is no way of ending well: nobody wins a race by it. */
static cop_err
run_closed(cop_actor *self, copi_leaf *leaf)
{
    copi_scope *scope = leaf->scope;

    copi_leaf_over(self, leaf);
    copi_scope_settle(self, scope);
    return COP_OK;
}

static void
cancel(cop_actor *self, copi_leaf *leaf, cop_force force)
{
    copi_watch *watch = ((watch_leaf *)leaf)->watch;

    (void)force;
    if (watch != NULL)
        copi_watch_remove(self, watch);
}

/* Its own envelope tells only that it was closed: the watch has another one. */
static const copi_leaf_kind watch_kind = {.name = "watch", .run = run_closed, .cancel = cancel};

cop_err
cop_scope_watch(cop_actor *me, cop_scope scope, int fd, unsigned events, cop_watch *out)
{
    copi_watch *watch;
    copi_leaf *leaf;

    COP_TRY(copi_leaf_new(me, scope, &watch_kind, sizeof(watch_leaf), copi_never_called, NULL,
                          NULL, &leaf));
    cop_err err = copi_watch_open(me, fd, events, &watch);
    if (err != COP_OK) {
        copi_leaf_over(me, leaf);
        return err;
    }
    watch->leaf = leaf;
    ((watch_leaf *)leaf)->watch = watch;
    *out = (cop_watch){{watch->node.low}};
    return COP_OK;
}

/* Whoever disposes may be in the middle of calling off all of them: then its end takes a turn
 * of its own, or at the actor's end it is called off like the others. */
void
copi_watch_leaf_closed(cop_actor *me, copi_leaf *leaf)
{
    if (copi_is_open(me)) {
        (void)run_closed(me, leaf);
        return;
    }
    ((watch_leaf *)leaf)->watch = NULL;
    if (me->phase == COPI_DISPOSING) {
        leaf->is_queued = true;
        copi_append(me, &leaf->due);
    }
}

/* A watch whose handler has failed ends as any child does that fails. */
cop_err
copi_watch_blame(cop_actor *self, copi_watch *watch, uint32_t scope, cop_err err)
{
    if (scope == 0)
        return err;
    if (watch == NULL)
        return copi_scope_blame(self, copi_scope_numbered(self, scope), err, (cop_leaf){0});
    copi_leaf *leaf = watch->leaf;
    copi_watch_remove(self, watch);
    return copi_leaf_ended(self, leaf, err);
}
