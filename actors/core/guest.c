/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest.c - a node as a guest: it moves in, is detached, or is taken off its host's base and
 * run to its end.  How its worker gets its turns: sched/guest.h.
 */
#include <coppice/guest.h>

#include <event2/event.h>

#include "base/check.h"
#include "base/clock.h"
#include "core/node.h"
#include "core/ties.h"
#include "sched/guest.h"

enum {
    TURN_US = 1000,
    FREE_MS = 5000,
};

static copi_worker *
worker_of(cop_node *node)
{
    return &node->sched.workers[0];
}

bool
copi_node_is_at_hand(const cop_node *node)
{
    return node->lodging.is_guest && copi_guest_is_between_turns(&node->sched.workers[0]);
}

bool
copi_node_do(cop_node *node, void (*run)(cop_actor *root, void *ctx), void *ctx)
{
    copi_guest_begin(worker_of(node));
    bool is_open = copi_is_open(node->root);
    if (is_open)
        run(node->root, ctx);
    copi_guest_end(worker_of(node));
    return is_open;
}

/* ------------------------------------------------------------------------------ attach */

/* Its signals are the host's. */
static cop_err
check(const struct event_base *base, const cop_guest_opts *opts)
{
    if (base == NULL || opts->node.workers > 1 || opts->node.unix_signals ||
        opts->node.tree_signal > 0)
        return COP_E_INVAL;
    return opts->free_ms < 0 && opts->free_ms != COP_INFINITY ? COP_E_INVAL : COP_OK;
}

static void
move_in(cop_node *node, const cop_guest_opts *opts)
{
    node->lodging = (copi_lodging){.is_guest = true,
                                   .detached = opts->detached,
                                   .ctx = opts->ctx,
                                   .free_ms = opts->free_ms != 0 ? opts->free_ms : FREE_MS};
    node->is_started = true;
}

cop_err
cop_guest_attach(cop_node **out, struct event_base *base, const cop_behaviour *behaviour,
                 const cop_guest_opts *opts, cop_pid *pid)
{
    static const cop_guest_opts defaults = {0};
    cop_node *node = NULL;

    if (opts == NULL)
        opts = &defaults;
    COP_TRY(check(base, opts));
    uint32_t turn_us = opts->turn_us != 0 ? opts->turn_us : TURN_US;
    copi_site site = {.host = base, .turn_ns = turn_us * INT64_C(1000)};
    COP_TRY(copi_node_make(&node, &opts->node, &site, copi_node_new_incarnation()));
    move_in(node, opts);
    cop_err err = copi_node_start_main(node, behaviour, &opts->spawn, pid);
    if (err == COP_OK)
        *out = node;
    else
        cop_node_free(&node);
    return err;
}

/* ------------------------------------------------------------------------------ detach */

void
cop_guest_detach(cop_node *node)
{
    cop_node_stop(node, NULL);
}

/* The root is gone, and nothing runs any more. */
static void
move_away(cop_node *node)
{
    copi_worker_leave_base(worker_of(node));
    copi_node_close_down(node);
    copi_node_look_for_leftovers(node);
    pthread_mutex_lock(&node->lock);
    node->is_joined = true;
    pthread_cond_broadcast(&node->changed);
    pthread_mutex_unlock(&node->lock);
}

void
copi_node_gone(copi_sched *sched)
{
    cop_node *node = COPI_CONTAINER(sched, cop_node, sched);
    copi_lodging lodging = node->lodging;

    move_away(node);
    cop_exit why = node->why;
    if (lodging.detached != NULL)
        lodging.detached(lodging.ctx, node, copi_node_status(node), &why);
}

/* -------------------------------------------------------------------------- an early end */

static void
move_watches(cop_actor *actor, void *base)
{
    if (actor->phase != COPI_FREE && actor->ties != NULL)
        copi_watches_move(actor, base);
}

static void
on_patience(evutil_socket_t fd, short what, void *node)
{
    (void)fd;
    (void)what;
    copi_node_harden(node);
}

/* Counted as a watch, so that a worker that is busy looks at it. */
static struct event *
limit(cop_node *node)
{
    int32_t ms = node->lodging.free_ms;
    const struct timeval after = {ms / 1000, ms % 1000 * 1000};

    if (ms == COP_INFINITY)
        return NULL;
    struct event *patience = event_new(worker_of(node)->base, -1, 0, on_patience, node);
    COPI_CHECK(patience != NULL && event_add(patience, &after) == 0);
    worker_of(node)->watch_count++;
    return patience;
}

static void
run_to_the_end(cop_node *node)
{
    copi_worker *worker = worker_of(node);

    if (!copi_guest_move_out(worker))
        COPI_CHECK(!"no event base for the end of a node");
    copi_table_each(&node->table, move_watches, worker->base);
    struct event *patience = limit(node);
    cop_node_stop(node, NULL);
    copi_worker_main(worker);
    if (patience != NULL)
        event_free(patience);
}

void
copi_node_finish(cop_node *node)
{
    COPI_CHECK(!worker_of(node)->has_turn);
    if (node->is_joined)
        return;
    run_to_the_end(node);
    move_away(node);
}
