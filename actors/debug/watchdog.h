/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watchdog.h - a thread that looks for handlers which do not return.
 *
 * It exists once something has a stuck_ms, and costs those it watches nothing: now and then
 * it reads what every worker writes anyway, its counters of messages and signals, and the
 * actor that it runs.  Who is seen at the same message for longer than its limit is stuck.
 * capture.h has how it is found out what that is.
 */
#ifndef COPPICE_DEBUG_WATCHDOG_H
#define COPPICE_DEBUG_WATCHDOG_H

#include <stdint.h>

#include <coppice/err.h>

typedef struct cop_node cop_node;
typedef struct copi_watchdog copi_watchdog;

/* Has it running, for limits as short as this.  Not in the simulator, where nothing happens.
 * COP_E_NOMEM, COP_E_OS.  Any thread, while the workers run. */
cop_err copi_watchdog_need(cop_node *node, int32_t limit_ms);
/* Ends its thread, if there is one; before the workers' are joined, and not from a worker. */
void copi_watchdog_stop(cop_node *node);
/* After that. */
void copi_watchdog_free(cop_node *node);

#endif /* COPPICE_DEBUG_WATCHDOG_H */
