/* SPDX-License-Identifier: Apache-2.0 */
/*
 * types.c - the messages of debugging, which stay on the node, and words for people.
 */
#include <coppice/snapshot.h>

#include "debug/debug.h"
#include "message/local.h"

const cop_type cop_debug_done_type = COPI_LOCAL("debug", cop_debug_done);

COPI_LOCAL_TYPE("debug", copi_debug_order, true, COPI_PLAIN(copi_debug_order, 1, I32, verb),
                COPI_PLAIN(copi_debug_order, 2, U32, count));

COPI_LOCAL_TYPE("debug", cop_actor_status, false, COPI_PLAIN(cop_actor_status, 1, STR, path),
                COPI_PLAIN(cop_actor_status, 2, STR, behaviour),
                COPI_PLAIN(cop_actor_status, 3, PID, owner),
                COPI_PLAIN(cop_actor_status, 4, BOOL, is_ending),
                COPI_PLAIN(cop_actor_status, 5, BOOL, is_stopping),
                COPI_PLAIN(cop_actor_status, 6, BOOL, is_suspended),
                COPI_PLAIN(cop_actor_status, 7, BOOL, traps_exit),
                COPI_PLAIN(cop_actor_status, 8, BOOL, is_counted),
                COPI_PLAIN(cop_actor_status, 9, BOOL, is_traced),
                COPI_PLAIN(cop_actor_status, 10, U32, waiting),
                COPI_PLAIN(cop_actor_status, 11, U32, children),
                COPI_PLAIN(cop_actor_status, 12, U32, links),
                COPI_PLAIN(cop_actor_status, 13, U32, monitors),
                COPI_PLAIN(cop_actor_status, 14, U32, watchers),
                COPI_PLAIN(cop_actor_status, 15, U32, calls),
                COPI_PLAIN(cop_actor_status, 16, U32, deferred),
                COPI_PLAIN(cop_actor_status, 17, U32, timers),
                COPI_PLAIN(cop_actor_status, 18, U32, watches),
                COPI_PLAIN(cop_actor_status, 19, U32, worker),
                COPI_PLAIN(cop_actor_status, 20, STR, state));

COPI_LOCAL_TYPE("debug", cop_actor_statistics, true,
                COPI_PLAIN(cop_actor_statistics, 1, I64, since_ms),
                COPI_PLAIN(cop_actor_statistics, 2, I64, now_ms),
                COPI_PLAIN(cop_actor_statistics, 3, U64, messages),
                COPI_PLAIN(cop_actor_statistics, 4, I64, busy_us),
                COPI_PLAIN(cop_actor_statistics, 5, I64, longest_us));

COPI_LOCAL_TYPE("debug", cop_trace_line, false, COPI_PLAIN(cop_trace_line, 1, I64, at_ms),
                COPI_PLAIN(cop_trace_line, 2, I32, what),
                COPI_PLAIN(cop_trace_line, 3, PID, from),
                COPI_PLAIN(cop_trace_line, 4, STR, text));

COPI_LOCAL_TYPE("debug", cop_actor_trace, false, COPI_PLAIN(cop_actor_trace, 1, U64, seen),
                COPI_LISTED(cop_actor_trace, 2, cop_trace_line, lines));

/* Rows are copied as they are. */
static const cop_type cop_row_type = COPI_LOCAL("debug", cop_row);

COPI_LOCAL_TYPE("debug", cop_snapshot, false, COPI_LISTED(cop_snapshot, 1, cop_row, rows),
                COPI_PLAIN(cop_snapshot, 2, U64, left_out));

const char *
cop_trace_what_name(cop_trace_what what)
{
    switch (what) {
    case COP_TRACE_MESSAGE: return "message";
    case COP_TRACE_CALL: return "call";
    case COP_TRACE_REPLY: return "reply";
    case COP_TRACE_TIMER: return "timer";
    case COP_TRACE_DEADLINE: return "deadline";
    case COP_TRACE_READY: return "ready";
    case COP_TRACE_EXIT: return "exit";
    case COP_TRACE_LINK: return "link";
    case COP_TRACE_UNLINK: return "unlink";
    case COP_TRACE_MONITOR: return "monitor";
    case COP_TRACE_DEMONITOR: return "demonitor";
    case COP_TRACE_STOP: return "stop";
    case COP_TRACE_KILL: return "kill";
    case COP_TRACE_CHILD_END: return "child end";
    }
    return "unknown";
}
