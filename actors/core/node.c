/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.c - what any thread may do with a node.
 */
#include <stdio.h>

#include "core/node.h"
#include "message/bufs.h"

void
copi_node_log(cop_node *node, const char *line)
{
    if (node->opts.on_log != NULL)
        node->opts.on_log(node->opts.ctx, line);
    else
        fprintf(stderr, "%s\n", line);
}

cop_err
cop_post_message(cop_node *node, cop_pid to, const cop_type *type, const void *message)
{
    copi_worker *worker = node->sim != NULL ? &node->sched.workers[0] : NULL;

    cop_err err = copi_send(
        node, worker,
        &(copi_parcel){.kind = COPI_USER_MESSAGE, .to = to, .type = type, .body = message});
    return copi_taken(type, message, err);
}

const char *
cop_node_name(const cop_node *node)
{
    return node->name;
}

uint64_t
cop_node_incarnation(const cop_node *node)
{
    return node->incarnation;
}

void
cop_node_stats_read(cop_node *node, cop_node_stats *out)
{
    int64_t ended = 0, timers = 0, watches = 0;
    int64_t live = atomic_load_explicit(&node->foreign_messages, memory_order_relaxed);

    *out = (cop_node_stats){.dead_letters = atomic_load_explicit(&node->foreign_dead_letters,
                                                                 memory_order_relaxed)};
    for (unsigned i = 0; i < node->sched.worker_count; i++) {
        copi_counters *from = &node->sched.workers[i].counters;
#define READ(field) atomic_load_explicit(&from->field, memory_order_relaxed)
        out->spawned += READ(spawned);
        out->messages += READ(messages);
        out->dead_letters += READ(dead_letters);
        out->late_replies += READ(late_replies);
        out->unhandled += READ(unhandled);
        ended += (int64_t)READ(ended);
        timers += READ(timers);
        watches += READ(watches);
        live += READ(live_messages);
#undef READ
    }
    out->actors = out->spawned - (uint64_t)ended;
    out->timers = (uint64_t)timers;
    out->watches = (uint64_t)watches;
    out->live_messages = (uint64_t)live;
    copi_offload_count(node->offload, out);
}
