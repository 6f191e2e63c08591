/* SPDX-License-Identifier: Apache-2.0 */
#include "messages.h"

#include <stddef.h>

/* Written by hand, since the macros of message.h make types that other nodes may send. */
/* clang-format off */
#define PLAIN(T, n, kind, name) \
    {#name, NULL, offsetof(T, name), n, COP_FIELD_##kind, 0}
#define LIST(T, n, item, name) \
    {#name, &item##_type, offsetof(T, name), n, COP_FIELD_LIST, COP_FIELD_MSG}
#define TYPE(T, is_flat, ...)                                               \
    static const cop_field T##_fields[] = {__VA_ARGS__, {0}};               \
    const cop_type T##_type = {                                             \
        .protocol = "supervisor", .name = #T, .fields = T##_fields,         \
        .size = sizeof(T), .field_count = COP_COUNT(T##_fields) - 1,        \
        .flat = is_flat}
/* clang-format on */

TYPE(cop_child_started, true, PLAIN(cop_child_started, 1, PID, pid));

#define EMPTY(T)                                                                               \
    const cop_type T##_type = {                                                                \
        .protocol = "supervisor", .name = #T, .size = sizeof(T), .flat = true}

EMPTY(cop_child_done);

TYPE(cop_child_ready, true, PLAIN(cop_child_ready, 1, U64, cookie));

TYPE(cop_child_info, false, PLAIN(cop_child_info, 1, STR, name),
     PLAIN(cop_child_info, 2, PID, pid), PLAIN(cop_child_info, 3, I32, state),
     PLAIN(cop_child_info, 4, I32, restart), PLAIN(cop_child_info, 5, I32, stop_ms),
     PLAIN(cop_child_info, 6, U32, restarts), PLAIN(cop_child_info, 7, BOOL, is_supervisor),
     PLAIN(cop_child_info, 8, BOOL, significant));

TYPE(cop_child_list, false, LIST(cop_child_list, 1, cop_child_info, children));

TYPE(cop_child_counts, true, PLAIN(cop_child_counts, 1, U32, specs),
     PLAIN(cop_child_counts, 2, U32, active), PLAIN(cop_child_counts, 3, U32, supervisors),
     PLAIN(cop_child_counts, 4, U32, workers));

TYPE(cop_child_spec, false, PLAIN(cop_child_spec, 1, STR, name),
     PLAIN(cop_child_spec, 2, I32, restart), PLAIN(cop_child_spec, 3, I32, stop_ms),
     PLAIN(cop_child_spec, 4, I32, ready_ms), PLAIN(cop_child_spec, 5, I32, backoff.first_ms),
     PLAIN(cop_child_spec, 6, I32, backoff.cap_ms),
     PLAIN(cop_child_spec, 7, I32, backoff.factor_percent),
     PLAIN(cop_child_spec, 8, I32, backoff.jitter_percent),
     PLAIN(cop_child_spec, 9, I32, backoff.healthy_ms),
     PLAIN(cop_child_spec, 10, I32, own_budget.restarts),
     PLAIN(cop_child_spec, 11, I32, own_budget.seconds),
     PLAIN(cop_child_spec, 12, BOOL, is_supervisor),
     PLAIN(cop_child_spec, 13, BOOL, significant), PLAIN(cop_child_spec, 14, BOOL, anonymous),
     PLAIN(cop_child_spec, 15, I32, strategy), PLAIN(cop_child_spec, 16, I32, auto_shutdown),
     PLAIN(cop_child_spec, 17, I32, budget.restarts),
     PLAIN(cop_child_spec, 18, I32, budget.seconds));

TYPE(cop_tree_line, false, PLAIN(cop_tree_line, 1, U32, depth),
     PLAIN(cop_tree_line, 2, I32, state), PLAIN(cop_tree_line, 3, U32, restarts),
     PLAIN(cop_tree_line, 4, BOOL, is_supervisor), PLAIN(cop_tree_line, 5, PID, pid),
     PLAIN(cop_tree_line, 6, STR, name));

TYPE(cop_tree, false, LIST(cop_tree, 1, cop_tree_line, lines));

TYPE(cop_child_event, false, PLAIN(cop_child_event, 1, I32, what),
     PLAIN(cop_child_event, 2, U32, restarts), PLAIN(cop_child_event, 3, BOOL, is_supervisor),
     PLAIN(cop_child_event, 4, PID, pid), PLAIN(cop_child_event, 5, STR, path),
     PLAIN(cop_child_event, 6, STR, name), PLAIN(cop_child_event, 7, STR, reason),
     PLAIN(cop_child_event, 8, BOOL, was_killed), PLAIN(cop_child_event, 9, I32, had_ms));

TYPE(copi_order, false, PLAIN(copi_order, 1, I32, verb), PLAIN(copi_order, 2, STR, name),
     PLAIN(copi_order, 3, PID, pid), PLAIN(copi_order, 4, BYTES, packed),
     PLAIN(copi_order, 5, U64, pointer));

TYPE(copi_tree_wanted, true, PLAIN(copi_tree_wanted, 1, I32, within_ms));

TYPE(copi_suspend, true, PLAIN(copi_suspend, 1, BOOL, is_over));

TYPE(copi_watch_wanted, true, PLAIN(copi_watch_wanted, 1, PID, who),
     PLAIN(copi_watch_wanted, 2, BOOL, is_over));

TYPE(copi_retry, true, PLAIN(copi_retry, 1, U64, child));

EMPTY(copi_late);
