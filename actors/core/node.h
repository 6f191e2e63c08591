/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.h - a node's parts; <coppice/node.h> is what it promises.
 */
#ifndef COPPICE_CORE_NODE_H
#define COPPICE_CORE_NODE_H

#include <coppice/node.h>
#include <coppice/sim.h>

#include "core/post.h"
#include "core/registry.h"
#include "core/table.h"
#include "debug/event.h"
#include "debug/watchdog.h"
#include "io/unixsig.h"
#include "offload/offload.h"
#include "process/census.h"
#include "sched/sched.h"

struct cop_node {
    /* Written before the workers start. */
    uint64_t incarnation; /* first: actor.h reads it */
    char name[64];
    cop_node_opts opts;
    copi_sched sched;
    copi_table table;
    copi_registry registry;
    cop_sim *sim; /* NULL: real */
    copi_offload *offload;
    cop_actor *root;
    cop_pid main; /* whose end is the node's; the root's runner, and read-only once started */
    cop_pid last_service; /* that was started with the node; as `main` */

    /* Everything is to end without waiting: stops are kills.  Relaxed: a hint. */
    _Atomic bool is_hard;
    bool is_crashed; /* simulator: runs no more */

    copi_census census; /* of OS processes */
    bool are_signals_blocked;
    copi_unixsig signals; /* what the thread that starts and frees the node had blocked */
    struct copi_stopsig *stopsig; /* NULL: none; set before main starts */

    /*
     * The way to other nodes.  Set once, by the transport's actor while it starts and
     * before any actor can know a remote pid; release, and acquire by who reads it.
     */
    _Atomic(const copi_route *) route;

    /* Messages and dead letters of threads that are no workers.  Relaxed counters. */
    _Atomic int64_t foreign_messages;
    _Atomic uint64_t foreign_dead_letters;

    /* Of what hangs above the core; NULL until needed.  Stored once, under the lock, with
     * release; acquired by who reads it. */
    _Atomic(struct copi_annex *) annex;

    copi_event_counts events;
    /* NULL until somebody needs it.  Stored once, under the lock, with release; acquired by
     * who reads it. */
    _Atomic(copi_watchdog *) watchdog;
    struct copi_lookout *lookout; /* NULL until somebody needs it; under the lock */

    /* How the node ends; `lock` guards all of it. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_started; /* the workers run */
    bool is_joined;  /* they have been joined */
    bool is_ended;   /* the root is gone */
    cop_exit why;
    int unix_signal; /* the first that told us to stop */
};

/* Makes and starts the root.  Before the workers start, or in the simulator. */
cop_err copi_root_start(cop_node *node);

/* What a child of the root is to the node. */
typedef enum copi_role {
    COPI_GUEST,   /* its failure is logged, and nothing else */
    COPI_SERVICE, /* the node cannot go on without it */
    COPI_MAIN,    /* its end is the node's */
} copi_role;

/* Spawns under the root: from the root's runner, before the workers start, or in the
 * simulator between two steps. */
cop_err copi_root_spawn(cop_node *node, const cop_behaviour *behaviour,
                        const cop_spawn_opts *opts, copi_role role, cop_pid *out);

/* The root is gone: called by its worker as the last thing. */
void copi_node_ended(cop_node *node, const cop_exit *why);

/* Kills what does not end by itself: the main actor, whatever it is doing. */
void copi_node_harden(cop_node *node);

/* Writes a line where the node's log goes. */
void copi_node_log(cop_node *node, const char *line);

/* Makes a node in memory of its own; simulation NULL for a real one. */
cop_err copi_node_make(cop_node **out, const cop_node_opts *opts, cop_sim *sim,
                       copi_simulation *simulation, uint64_t incarnation);
void copi_node_destroy(cop_node *node);

/* Asks the root to run `run(root, ctx)` in its time, or `refuse(ctx)`.  Any thread. */
cop_err copi_node_tell_root(cop_node *node, void (*run)(cop_actor *root, void *ctx),
                            void (*refuse)(void *ctx), void *ctx);
/* Runs `run(root, ctx)` inside the root and waits; false if the node has ended. */
bool copi_node_ask_root(cop_node *node, void (*run)(cop_actor *root, void *ctx), void *ctx);

#endif /* COPPICE_CORE_NODE_H */
