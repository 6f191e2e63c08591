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

/* Of a node on an application's event base; see guest.h. */
typedef struct copi_lodging {
    bool is_guest;
    void (*detached)(void *ctx, cop_node *node, int status, const cop_exit *why);
    void *ctx;
    int32_t free_ms;
} copi_lodging;

struct cop_node {
    /* Written before the workers start. */
    uint64_t incarnation; /* first: actor.h reads it */
    char name[64];
    cop_node_opts opts;
    copi_sched sched;
    copi_table table;
    copi_registry registry;
    cop_sim *sim; /* NULL: real */
    copi_lodging lodging;
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
    bool is_started;    /* the workers run */
    bool is_joined;     /* they have been joined; a guest: it is off the base */
    bool is_ended;      /* the root is gone */
    bool has_leftovers; /* looked for when that is so and nothing runs any more */
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

/* Starts the workers, and only them; with the signals blocked that they must not get.
 * COP_E_OS. */
cop_err copi_node_run_workers(cop_node *node);
/* Starts the services and the main actor of a node whose workers run.  As cop_node_start. */
cop_err copi_node_start_main(cop_node *node, const cop_behaviour *behaviour,
                             const cop_spawn_opts *opts, cop_pid *out);
/* What is left to do when the root is gone, while the workers' threads are still there. */
void copi_node_close_down(cop_node *node);
/* Nothing runs any more: is there anything that should be gone?  It is logged. */
void copi_node_look_for_leftovers(cop_node *node);
/* What cop_node_wait returns of a node that is over. */
int copi_node_status(cop_node *node);

/* The root is gone: called by its worker as the last thing. */
void copi_node_ended(cop_node *node, const cop_exit *why);

/* Kills what does not end by itself: the main actor, whatever it is doing. */
void copi_node_harden(cop_node *node);

/* Writes a line where the node's log goes. */
void copi_node_log(cop_node *node, const char *line);

/* Where a node is to live; zero: in threads of its own. */
typedef struct copi_site {
    cop_sim *sim;
    copi_simulation *simulation; /* with sim */
    struct event_base *host;
    int64_t turn_ns; /* with host */
} copi_site;

/* Makes a node in memory of its own. */
cop_err copi_node_make(cop_node **out, const cop_node_opts *opts, const copi_site *site,
                       uint64_t incarnation);
/* One that no other node has. */
uint64_t copi_node_new_incarnation(void);
void copi_node_destroy(cop_node *node);

/* Asks the root to run `run(root, ctx)` in its time, or `refuse(ctx)`.  Any thread. */
cop_err copi_node_tell_root(cop_node *node, void (*run)(cop_actor *root, void *ctx),
                            void (*refuse)(void *ctx), void *ctx);
/* Runs `run(root, ctx)` inside the root and waits; false if the node has ended, or the caller
 * is code of an actor of a guest. */
bool copi_node_ask_root(cop_node *node, void (*run)(cop_actor *root, void *ctx), void *ctx);

/* guest.c */

/* Is this the loop's thread of a guest, and none of its turns?  Then nothing of the node
 * runs. */
bool copi_node_is_at_hand(const cop_node *node);
/* Runs `run(root, ctx)` right here, where the node is at hand; false if the root is ending. */
bool copi_node_do(cop_node *node, void (*run)(cop_actor *root, void *ctx), void *ctx);
/* For its worker: it has been stopped, and this is the last that its turn does. */
void copi_node_gone(copi_sched *sched);
/* Ends a guest before cop_node_free returns, whatever has become of the loop. */
void copi_node_finish(cop_node *node);

#endif /* COPPICE_CORE_NODE_H */
