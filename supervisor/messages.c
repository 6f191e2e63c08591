/* SPDX-License-Identifier: Apache-2.0 */
#include "messages.h"

#include "message/local.h"

COPI_LOCAL_TYPE("supervisor", cop_child_started, true,
                COPI_PLAIN(cop_child_started, 1, PID, pid));

const cop_type cop_child_done_type = COPI_LOCAL("supervisor", cop_child_done);

COPI_LOCAL_TYPE("supervisor", cop_child_ready, true,
                COPI_PLAIN(cop_child_ready, 1, U64, cookie));

COPI_LOCAL_TYPE("supervisor", cop_child_info, false, COPI_PLAIN(cop_child_info, 1, STR, name),
                COPI_PLAIN(cop_child_info, 2, PID, pid),
                COPI_PLAIN(cop_child_info, 3, I32, state),
                COPI_PLAIN(cop_child_info, 4, I32, restart),
                COPI_PLAIN(cop_child_info, 5, I32, stop_ms),
                COPI_PLAIN(cop_child_info, 6, U32, restarts),
                COPI_PLAIN(cop_child_info, 7, BOOL, is_supervisor),
                COPI_PLAIN(cop_child_info, 8, BOOL, significant));

COPI_LOCAL_TYPE("supervisor", cop_child_list, false,
                COPI_LISTED(cop_child_list, 1, cop_child_info, children));

COPI_LOCAL_TYPE("supervisor", cop_child_counts, true,
                COPI_PLAIN(cop_child_counts, 1, U32, specs),
                COPI_PLAIN(cop_child_counts, 2, U32, active),
                COPI_PLAIN(cop_child_counts, 3, U32, supervisors),
                COPI_PLAIN(cop_child_counts, 4, U32, workers));

COPI_LOCAL_TYPE("supervisor", cop_child_spec, false, COPI_PLAIN(cop_child_spec, 1, STR, name),
                COPI_PLAIN(cop_child_spec, 2, I32, restart),
                COPI_PLAIN(cop_child_spec, 3, I32, stop_ms),
                COPI_PLAIN(cop_child_spec, 4, I32, ready_ms),
                COPI_PLAIN(cop_child_spec, 5, I32, backoff.first_ms),
                COPI_PLAIN(cop_child_spec, 6, I32, backoff.cap_ms),
                COPI_PLAIN(cop_child_spec, 7, I32, backoff.factor_percent),
                COPI_PLAIN(cop_child_spec, 8, I32, backoff.jitter_percent),
                COPI_PLAIN(cop_child_spec, 9, I32, backoff.healthy_ms),
                COPI_PLAIN(cop_child_spec, 10, I32, own_budget.restarts),
                COPI_PLAIN(cop_child_spec, 11, I32, own_budget.seconds),
                COPI_PLAIN(cop_child_spec, 12, BOOL, is_supervisor),
                COPI_PLAIN(cop_child_spec, 13, BOOL, significant),
                COPI_PLAIN(cop_child_spec, 14, BOOL, anonymous),
                COPI_PLAIN(cop_child_spec, 15, I32, strategy),
                COPI_PLAIN(cop_child_spec, 16, I32, auto_shutdown),
                COPI_PLAIN(cop_child_spec, 17, I32, budget.restarts),
                COPI_PLAIN(cop_child_spec, 18, I32, budget.seconds));

COPI_LOCAL_TYPE("supervisor", cop_tree_line, false, COPI_PLAIN(cop_tree_line, 1, U32, depth),
                COPI_PLAIN(cop_tree_line, 2, I32, state),
                COPI_PLAIN(cop_tree_line, 3, U32, restarts),
                COPI_PLAIN(cop_tree_line, 4, BOOL, is_supervisor),
                COPI_PLAIN(cop_tree_line, 5, PID, pid),
                COPI_PLAIN(cop_tree_line, 6, STR, name));

COPI_LOCAL_TYPE("supervisor", cop_tree, false, COPI_LISTED(cop_tree, 1, cop_tree_line, lines));

COPI_LOCAL_TYPE("supervisor", cop_child_event, false, COPI_PLAIN(cop_child_event, 1, I32, what),
                COPI_PLAIN(cop_child_event, 2, U32, restarts),
                COPI_PLAIN(cop_child_event, 3, BOOL, is_supervisor),
                COPI_PLAIN(cop_child_event, 4, PID, pid),
                COPI_PLAIN(cop_child_event, 5, STR, path),
                COPI_PLAIN(cop_child_event, 6, STR, name),
                COPI_PLAIN(cop_child_event, 7, STR, reason),
                COPI_PLAIN(cop_child_event, 8, BOOL, was_killed),
                COPI_PLAIN(cop_child_event, 9, I32, had_ms));

COPI_LOCAL_TYPE("supervisor", copi_order, false, COPI_PLAIN(copi_order, 1, I32, verb),
                COPI_PLAIN(copi_order, 2, STR, name), COPI_PLAIN(copi_order, 3, PID, pid),
                COPI_PLAIN(copi_order, 4, BYTES, packed),
                COPI_PLAIN(copi_order, 5, U64, pointer));

COPI_LOCAL_TYPE("supervisor", copi_tree_wanted, true,
                COPI_PLAIN(copi_tree_wanted, 1, I32, within_ms));

COPI_LOCAL_TYPE("supervisor", copi_suspend, true, COPI_PLAIN(copi_suspend, 1, BOOL, is_over));

COPI_LOCAL_TYPE("supervisor", copi_watch_wanted, true,
                COPI_PLAIN(copi_watch_wanted, 1, PID, who),
                COPI_PLAIN(copi_watch_wanted, 2, BOOL, is_over));

COPI_LOCAL_TYPE("supervisor", copi_retry, true, COPI_PLAIN(copi_retry, 1, U64, child));

const cop_type copi_late_type = COPI_LOCAL("supervisor", copi_late);
