/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stopsig.h - a thread that obeys SIGINT and SIGTERM.
 *
 *      the first one       stops the node in order; it is kept as node->unix_signal
 *      the second one      kills what does not end by itself
 *      the third one       kills the processes that were started, and leaves by _exit
 *
 * A thread, and not an actor, since the last two are for when the workers do not get on.
 */
#ifndef COPPICE_IO_STOPSIG_H
#define COPPICE_IO_STOPSIG_H

#include <coppice/err.h>

typedef struct cop_node cop_node;
typedef struct copi_stopsig copi_stopsig;

/* The signals are blocked in all threads.  COP_E_NOMEM; COP_E_OS. */
COP_MUST_USE cop_err copi_stopsig_start(cop_node *node);
/* Ends it, if it was started; not from a worker. */
void copi_stopsig_end(cop_node *node);

#endif /* COPPICE_IO_STOPSIG_H */
