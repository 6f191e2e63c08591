/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stop.c - the end of a node: asked for, waited for, and told.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/exit.h"
#include "base/memory.h"
#include "core/node.h"
#include "core/ties.h"
#include "io/stopsig.h"

void
copi_node_ended(cop_node *node, const cop_exit *why)
{
    /* Else by who waits for it. */
    if (node->sim != NULL)
        copi_offload_close(node->offload);
    pthread_mutex_lock(&node->lock);
    node->is_ended = true;
    node->why = *why;
    pthread_cond_broadcast(&node->changed);
    pthread_mutex_unlock(&node->lock);
    if (node->lodging.is_guest)
        copi_sched_stop(&node->sched);
}

static void
run_stop(cop_actor *root, void *ctx)
{
    cop_exit *why = ctx;

    if (cop_pid_is_none(root->node->main) ||
        copi_stop_child(root, root->node->main, why) != COP_OK)
        (void)cop_stop_with(root, why);
    copi_after_handler(root, COP_OK);
    free(why);
}

void
cop_node_stop(cop_node *node, const cop_exit *why)
{
    cop_exit *kept = copi_malloc(sizeof *kept);

    COPI_CHECK(kept != NULL);
    *kept = why != NULL ? *why : (cop_exit){.kind = COP_EXIT_SHUTDOWN};
    if (copi_node_tell_root(node, run_stop, free, kept) != COP_OK)
        free(kept); /* it has ended */
}

static void
run_harden(cop_actor *root, void *ctx)
{
    (void)ctx;
    copi_children_kill(root);
}

static void
refuse_harden(void *ctx)
{
    (void)ctx; /* it has ended: there is nothing left to kill */
}

void
copi_node_harden(cop_node *node)
{
    /* relaxed: the request that follows brings it along. */
    atomic_store_explicit(&node->is_hard, true, memory_order_relaxed);
    (void)copi_node_tell_root(node, run_harden, refuse_harden, node);
}

static void
log_failure(cop_node *node)
{
    char text[512], line[600];

    if (!copi_exit_is_bad(&node->why) || node->unix_signal != 0)
        return;
    cop_exit_print(&node->why, text, sizeof text);
    snprintf(line, sizeof line, "node %s failed: %s", node->name, text);
    copi_node_log(node, line);
}

int
copi_node_status(cop_node *node)
{
    pthread_mutex_lock(&node->lock);
    int signo = node->unix_signal;
    pthread_mutex_unlock(&node->lock);
    if (signo != 0)
        return 128 + signo;
    if (copi_exit_is_bad(&node->why))
        return 1;
    return copi_offload_left(node->offload) > 0 ? COP_STATUS_LEFTOVER : 0;
}

void
copi_node_close_down(cop_node *node)
{
    copi_offload_close(node->offload);
    copi_watchdog_stop(node);
    copi_stopsig_end(node);
    log_failure(node);
}

/* A guest is closed down in its own thread. */
static bool
is_over(const cop_node *node)
{
    return node->lodging.is_guest ? node->is_joined : node->is_ended;
}

int
cop_node_wait(cop_node *node, cop_exit *why)
{
    COPI_CHECK(!copi_node_is_at_hand(node));
    pthread_mutex_lock(&node->lock);
    while (!is_over(node))
        pthread_cond_wait(&node->changed, &node->lock);
    bool is_mine = !node->is_joined;
    node->is_joined = true;
    pthread_mutex_unlock(&node->lock);
    if (is_mine) {
        copi_node_close_down(node);
        copi_sched_stop(&node->sched);
        copi_sched_join(&node->sched);
    }
    if (why != NULL)
        *why = node->why;
    return copi_node_status(node);
}

void
cop_node_free(cop_node **node)
{
    cop_node *self = node == NULL ? NULL : *node;

    if (self == NULL)
        return;
    COPI_CHECK(self->sim == NULL);
    if (self->lodging.is_guest) {
        copi_node_finish(self);
        copi_node_destroy(self);
        *node = NULL;
        return;
    }
    /* Even a node that never ran may have services to be ended in order. */
    if (!self->is_started && copi_node_run_workers(self) != COP_OK)
        COPI_CHECK(!"no thread for the end of a node");
    if (!self->is_joined) {
        cop_node_stop(self, NULL);
        (void)cop_node_wait(self, NULL);
    }
    copi_unixsig_restore(&self->signals);
    copi_node_destroy(self);
    *node = NULL;
}
