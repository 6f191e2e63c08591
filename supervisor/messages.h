/* SPDX-License-Identifier: Apache-2.0 */
/*
 * messages.h - what is sent to supervisors.  None of it leaves the process: it holds
 * pointers, and whoever may stop children should be one of us.
 */
#ifndef COPPICE_SUPERVISOR_MESSAGES_H
#define COPPICE_SUPERVISOR_MESSAGES_H

#include <coppice/supervisor.h>

/* The last ones only look. */
typedef enum copi_verb {
    COPI_START_CHILD,
    COPI_START_DYNAMIC,
    COPI_TERMINATE_CHILD,
    COPI_TERMINATE_DYNAMIC,
    COPI_RESTART_CHILD,
    COPI_DELETE_CHILD,
    COPI_WHICH_CHILDREN,
    COPI_COUNT_CHILDREN,
    COPI_GET_CHILDSPEC,
} copi_verb;

/* A request that waits for its turn.  Each verb uses what it needs. */
typedef struct copi_order {
    int32_t verb;
    cop_str name;
    cop_pid pid;
    cop_bytes packed; /* a spec (spec.h), or an argument */
    uint64_t pointer; /* an argument that is borrowed */
} copi_order;

/* Answered by cop_tree, at once. */
typedef struct copi_tree_wanted {
    int32_t within_ms;
} copi_tree_wanted;

/* Answered by cop_child_done. */
typedef struct copi_suspend {
    bool is_over;
} copi_suspend;

typedef struct copi_watch_wanted {
    cop_pid who;
    bool is_over;
} copi_watch_wanted;

/* To itself: another try to restart a child. */
typedef struct copi_retry {
    uint64_t child;
} copi_retry;

/* To itself: the child that is awaited has had its time. */
typedef struct copi_late {
    char copi_empty;
} copi_late;

extern const cop_type copi_order_type, copi_tree_wanted_type, copi_suspend_type,
    copi_watch_wanted_type, copi_retry_type, copi_late_type;

#endif /* COPPICE_SUPERVISOR_MESSAGES_H */
