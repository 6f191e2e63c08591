/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cluster.h - nodes that know each other: sends, calls, links, monitors and names across.
 *
 * Every node listens at one address and keeps a session with every other node that it
 * hears of: from its seeds, and from the nodes that it meets.  A session is lost as soon
 * as anything of it is: then all links, monitors and calls across it end with
 * noconnection, and whatever comes later belongs to another session.  Between the two, a
 * message arrives at most once, and between two actors in order.
 *
 * A node is known by its name; each run of it by its incarnation, which is part of its
 * actors' pids.  When two runs of one name are alive at once, the one that others have a
 * session with keeps it: they refuse the other with COP_E_NAME_CONFLICT until the first
 * is gone, and two such nodes that meet refuse each other.  Both ends log it.  A node's
 * own address among its seeds is ignored.
 *
 * There is no encryption yet, so only addresses on this machine are taken.
 */
#ifndef COPPICE_CLUSTER_H
#define COPPICE_CLUSTER_H

#include <coppice/node.h>
#include <coppice/simnet.h>

typedef struct cop_cluster_opts {
    const char *listen;   /* "tcp://127.0.0.1:7001", "ipc:///run/app/a.sock"; copied.  NULL: a
                           free port of 127.0.0.1 */
    const char *join;     /* seeds: addresses of other nodes, with commas or spaces; copied */
    int32_t heartbeat_ms; /* 0: 250; at most an hour, as dead_ms */
    int32_t dead_ms;      /* silence after which a node is lost; 0: 4 heartbeats */
    size_t message_max;   /* bytes of one packed message; 0: 1 MiB; at most 8 MiB */
    /* What other nodes may start here, by name; ends with NULL.  The array is copied, the
     * behaviours are borrowed while the node exists. */
    const cop_behaviour *const *behaviours;
    cop_net *net; /* in a simulation */
} cop_cluster_opts;

/*
 * Lets a node take part.  Before cop_node_start or on a running node, once; `opts` may be
 * NULL.  What it starts is one of the node's services: it ends after all others.
 * COP_E_ADDRESS (malformed, a host name, a port of 0, a path that is too long),
 * COP_E_ADDRESS_IN_USE, COP_E_REFUSED (not an address of this machine), COP_E_INVAL
 * (times or sizes), COP_E_RUNNING (it does already), COP_E_SIMULATED (a simulation without
 * a net), COP_E_OS, COP_E_NOMEM, COP_E_GONE.  A line in the log says more.
 */
COP_API COP_MUST_USE cop_err cop_cluster_start(cop_node *node, const cop_cluster_opts *opts);

/* Where the node listens; NULL without a cluster.  Lives as long as the node.  Any thread. */
COP_API const char *cop_cluster_address(cop_node *node);

/* ------------------------------------------------------------------- nodes that come and go */

/* A session with a node has begun: its names are known, it can be sent to. */
typedef struct cop_node_up {
    cop_str node;
    uint64_t incarnation;
} cop_node_up;

/* The session has ended, and everything across it has been told.  why.text says how. */
typedef struct cop_node_down {
    cop_str node;
    uint64_t incarnation;
    cop_exit why;
} cop_node_down;

extern COP_API const cop_type cop_node_up_type, cop_node_down_type;

/* From now on cop_node_up and cop_node_down come, in turns for each node; first one
 * cop_node_up for each that is there.  Ends with this actor.  COP_E_NO_NODE without a
 * cluster; else as cop_send. */
COP_API COP_MUST_USE cop_err cop_watch_nodes(cop_actor *me);

/* ---------------------------------------------------------------- starting actors elsewhere */

/* The answer to cop_spawn_at. */
typedef struct cop_spawned {
    cop_pid pid;   /* the actor, on the other node */
    cop_pid child; /* who stands for it here */
} cop_spawned;

extern COP_API const cop_type cop_spawned_type;

/*
 * cop_spawn_at(me, "b", "counter", within_ms, COP_THEN(S, cop_spawned), Arg, fields...):
 * starts an actor of a behaviour that node "b" offers.  Here a child of `me` stands for
 * it: it ends with the same record when the other ends, or noconnection when the session
 * does.  Told to stop, it passes that on and waits: unless it is killed, its end says that
 * the actor is gone or the session lost.  There the actor ends with the session, or when
 * its stand-in has gone.
 *
 * As a send it takes over the references to buffers in the argument, whatever it returns;
 * there init borrows them.
 *
 * Returns COP_E_NO_NODE, COP_E_INVAL, and what cop_spawn and cop_ask return.  The answer is
 * COP_OK, COP_E_NO_BEHAVIOUR, COP_E_BAD_MESSAGE (not the argument's type), what init
 * returned, or how a call can end; then there is no such actor.
 */
#define cop_spawn_at(me, node, behaviour, within_ms, then, ...)                                \
    cop_spawn_at_with(me, node, behaviour, COPI_TYPE_OF(__VA_ARGS__), &COP_MSG(__VA_ARGS__),   \
                      within_ms, then)

/* The same without the typed argument: `arg_type` and `arg` may be NULL. */
COP_API COP_MUST_USE cop_err cop_spawn_at_with(cop_actor *me, const char *node,
                                               const char *behaviour, const cop_type *arg_type,
                                               const void *arg, int32_t within_ms,
                                               const cop_then *then);

#endif /* COPPICE_CLUSTER_H */
