/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unixsig.h - what a node does about unix signals; messages of them are <coppice/unixsig.h>.
 *
 *      before the workers start: copi_unixsig_block
 *      once they run:            copi_unixsig_started
 *      when the node is freed:   copi_unixsig_restore
 *
 * All three in the same thread.  Workers inherit what was blocked when they were made.
 *
 * SIGPIPE is blocked in every worker of every node, so that a write to a peer that is
 * gone is an error of the actor that wrote, and not the end of the process.  Blocked and
 * not ignored: dispositions belong to the whole process, and so to the program.
 */
#ifndef COPPICE_IO_UNIXSIG_H
#define COPPICE_IO_UNIXSIG_H

#include <signal.h>

#include <coppice/node.h>

/* What the caller's thread had blocked before. */
typedef struct copi_unixsig {
    sigset_t before;
    sigset_t served; /* what the service waits for */
} copi_unixsig;

/* Blocks SIGPIPE, and what the node's options want to be told of, in the calling thread. */
void copi_unixsig_block(copi_unixsig *self, const cop_node_opts *opts);
/* Takes back what only the workers need. */
void copi_unixsig_started(const copi_unixsig *self);
/* Takes back all of it. */
void copi_unixsig_restore(const copi_unixsig *self);

/* Is it neither a signal that can be waited for, nor 0 or -1 for none? */
bool copi_unixsig_is_bad(int tree_signal);

/* SIGUSR1, if the program has no use of its own for it, else none; the calling thread. */
int copi_unixsig_for_tree(void);

/* For the root of a node with a tree_signal: prints the tree when it comes.  SIGINT and SIGTERM
 * are stopsig.h's. */
extern const cop_behaviour copi_tree_service;

#endif /* COPPICE_IO_UNIXSIG_H */
