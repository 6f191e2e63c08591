/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gather.h - the actor that goes around and asks everybody, for <coppice/snapshot.h>.
 *
 * It asks from an actor down, so many at a time, and when all have answered or had their time
 * it gives the tree away and ends.  Its owner is the root.  It is not in the tree itself.
 */
#ifndef COPPICE_DEBUG_GATHER_H
#define COPPICE_DEBUG_GATHER_H

#include <coppice/snapshot.h>

#include "core/actor.h"

/* What is wanted of it. */
typedef struct copi_errand {
    cop_snapshot_opts opts;
    /* Called once if the actor has been started, by its runner: with the tree, which is
     * borrowed for the call, or NULL if there is none.  NULL: somebody asks it for a
     * cop_snapshot, by a copi_snapshot_wanted. */
    void (*done)(void *ctx, const cop_snapshot *tree);
    void *ctx;
} copi_errand;

typedef struct copi_snapshot_wanted {
    char copi_empty;
} copi_snapshot_wanted;

extern const cop_type copi_snapshot_wanted_type;

/* COP_E_INVAL, or COP_OK with defaults where nothing was said. */
cop_err copi_snapshot_opts_check(const cop_node *node, const cop_snapshot_opts *opts,
                                 cop_snapshot_opts *out);

/* Starts one under the root; the options have been checked.  COP_E_GONE, COP_E_NOMEM.  The
 * runner of `me`, which is open. */
cop_err copi_gather(cop_actor *me, const copi_errand *errand, cop_pid *out);

/* The same asked of the root, by any thread; `refuse(ctx)` instead of done if it cannot be.
 * The errand is copied. */
cop_err copi_gather_from_outside(cop_node *node, const copi_errand *errand,
                                 void (*refuse)(void *ctx));

#endif /* COPPICE_DEBUG_GATHER_H */
