/* SPDX-License-Identifier: Apache-2.0 */
/*
 * types.c - the messages of debugging, which stay on the node, and words for people.
 */
#include <stddef.h>

#include <coppice/snapshot.h>

#include "debug/debug.h"

/* Written by hand, since the macros of message.h make types that other nodes may send. */
/* clang-format off */
#define PLAIN(T, n, kind, name) \
    {#name, NULL, offsetof(T, name), n, COP_FIELD_##kind, 0}
#define LIST(T, n, item, name) \
    {#name, &item##_type, offsetof(T, name), n, COP_FIELD_LIST, COP_FIELD_MSG}
#define TYPE(T, is_flat, ...)                                               \
    static const cop_field T##_fields[] = {__VA_ARGS__, {0}};               \
    const cop_type T##_type = {                                             \
        .protocol = "debug", .name = #T, .fields = T##_fields,              \
        .size = sizeof(T), .field_count = COP_COUNT(T##_fields) - 1,        \
        .flat = is_flat}
/* clang-format on */

const cop_type cop_debug_done_type = {.protocol = "debug",
                                      .name = "cop_debug_done",
                                      .size = sizeof(cop_debug_done),
                                      .flat = true};

TYPE(copi_debug_order, true, PLAIN(copi_debug_order, 1, I32, verb),
     PLAIN(copi_debug_order, 2, U32, count));

TYPE(cop_actor_status, false, PLAIN(cop_actor_status, 1, STR, path),
     PLAIN(cop_actor_status, 2, STR, behaviour), PLAIN(cop_actor_status, 3, PID, owner),
     PLAIN(cop_actor_status, 4, BOOL, is_ending), PLAIN(cop_actor_status, 5, BOOL, is_stopping),
     PLAIN(cop_actor_status, 6, BOOL, is_suspended),
     PLAIN(cop_actor_status, 7, BOOL, traps_exit), PLAIN(cop_actor_status, 8, BOOL, is_counted),
     PLAIN(cop_actor_status, 9, BOOL, is_traced), PLAIN(cop_actor_status, 10, U32, waiting),
     PLAIN(cop_actor_status, 11, U32, children), PLAIN(cop_actor_status, 12, U32, links),
     PLAIN(cop_actor_status, 13, U32, monitors), PLAIN(cop_actor_status, 14, U32, watchers),
     PLAIN(cop_actor_status, 15, U32, calls), PLAIN(cop_actor_status, 16, U32, deferred),
     PLAIN(cop_actor_status, 17, U32, timers), PLAIN(cop_actor_status, 18, U32, watches),
     PLAIN(cop_actor_status, 19, U32, worker), PLAIN(cop_actor_status, 20, STR, state));

TYPE(cop_actor_statistics, true, PLAIN(cop_actor_statistics, 1, I64, since_ms),
     PLAIN(cop_actor_statistics, 2, I64, now_ms), PLAIN(cop_actor_statistics, 3, U64, messages),
     PLAIN(cop_actor_statistics, 4, I64, busy_us),
     PLAIN(cop_actor_statistics, 5, I64, longest_us));

TYPE(cop_trace_line, false, PLAIN(cop_trace_line, 1, I64, at_ms),
     PLAIN(cop_trace_line, 2, I32, what), PLAIN(cop_trace_line, 3, PID, from),
     PLAIN(cop_trace_line, 4, STR, text));

TYPE(cop_actor_trace, false, PLAIN(cop_actor_trace, 1, U64, seen),
     LIST(cop_actor_trace, 2, cop_trace_line, lines));

/* Rows are copied as they are. */
static const cop_type row_type = {
    .protocol = "debug", .name = "cop_row", .size = sizeof(cop_row), .flat = true};

static const cop_field tree_fields[] = {
    {"rows",                 &row_type, offsetof(cop_snapshot, rows), 1, COP_FIELD_LIST, COP_FIELD_MSG},
    PLAIN(cop_snapshot, 2, U64, left_out),
    {0}
};
const cop_type cop_snapshot_type = {.protocol = "debug",
                                    .name = "cop_snapshot",
                                    .fields = tree_fields,
                                    .size = sizeof(cop_snapshot),
                                    .field_count = COP_COUNT(tree_fields) - 1};

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
