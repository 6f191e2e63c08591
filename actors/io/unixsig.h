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

#include <coppice/actor.h>

/* What the caller's thread had blocked before. */
typedef struct copi_unixsig {
    sigset_t before;
    bool stop_signals;
} copi_unixsig;

/* Blocks SIGPIPE, and with `stop_signals` SIGINT and SIGTERM, in the calling thread. */
void copi_unixsig_block(copi_unixsig *self, bool stop_signals);
/* Takes back what only the workers need. */
void copi_unixsig_started(const copi_unixsig *self);
/* Takes back all of it. */
void copi_unixsig_restore(const copi_unixsig *self);

/*
 * For the root of a node with opts.unix_signals: the first SIGINT or SIGTERM stops the
 * node and is kept as node->unix_signal, any further one hardens the end.
 */
extern const cop_behaviour copi_signal_service;

#endif /* COPPICE_IO_UNIXSIG_H */
