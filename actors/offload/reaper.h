/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reaper.h - the service that has the jobs that were abandoned.
 *
 * A child of the root, started with the first job that may be abandoned.  It is stopped after
 * all that is no service, and then waits for what has not returned yet, for reap_ms of the
 * node's options.  Its state, as cop_debug_status shows it, is the list of its jobs.
 */
#ifndef COPPICE_OFFLOAD_REAPER_H
#define COPPICE_OFFLOAD_REAPER_H

#include <coppice/node.h>

/* Asks the root to start it.  COP_E_NOMEM; COP_E_NOPROC: the node has ended.  Any thread. */
COP_MUST_USE cop_err copi_reaper_start(cop_node *node);
/* The last job that it waits for has returned.  Any thread. */
void copi_reaper_tell(cop_node *node, cop_pid reaper);

#endif /* COPPICE_OFFLOAD_REAPER_H */
