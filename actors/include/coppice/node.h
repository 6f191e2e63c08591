/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.h - a node: the workers and the tree of actors that they run.
 *
 * A process may have any number of nodes; nothing is global.  A node has one root actor,
 * which owns everything else.  It ends when its main actor has ended or when it is told
 * to, and then stops the whole tree in order.
 *
 * These functions may be called from any thread that is not a worker, except where noted.
 */
#ifndef COPPICE_NODE_H
#define COPPICE_NODE_H

#include <stdio.h>

#include <coppice/actor.h>
#include <coppice/event.h>

/* A message that nobody got. */
typedef struct cop_dead_letter {
    cop_pid from, to;
    const cop_type *type; /* NULL: it came from another node and was never decoded */
    const void *message;  /* borrowed for the call; NULL with type */
    cop_err why;          /* COP_E_NOPROC, COP_E_FULL, COP_E_NO_HANDLER, ... */
} cop_dead_letter;

typedef struct cop_node_opts {
    const char *name; /* of the node; copied; default "local" */
    unsigned workers; /* threads, up to 63; 0: one per core that this process may use */
    uint64_t seed;    /* of random numbers; 0: from the system */
    /* The first SIGINT or SIGTERM stops the tree in order; the second one kills it; the third
     * one, if a handler or a job does not return, kills the OS processes that it has started
     * and leaves by _exit.  A thread of the node's own reads them. */
    bool unix_signals;

    /* Called for each dead letter, by any worker, several at once. */
    void (*on_dead_letter)(void *ctx, const cop_dead_letter *letter);
    /* Where lines of cop_log and failure reports go; default: standard error. */
    void (*on_log)(void *ctx, const char *line);
    void *ctx; /* for all of these */

    /* Gets what event.h tells of, by any worker and by the watchdog's thread, several at
     * once, and must not block.  NULL: one line to the log for each, but for progress. */
    void (*on_event)(void *ctx, const cop_event *event);
    uint32_t events_per_second; /* of one kind; 0: 10 */

    /* How long a handler of any actor may run that does not say so itself, in milliseconds;
     * 0: for ever. */
    int32_t stuck_ms;
    cop_stuck on_stuck; /* for all actors */

    /* For jobs, see job.h. */
    uint32_t job_threads; /* at most; up to 256; 0: 4 for each core, and no less than 4 */
    uint32_t job_queue;   /* so many may wait; 0: 1024 */
    /* At the end, how long the reaper waits for jobs that were abandoned, in milliseconds;
     * 0: 5000.  What has not returned by then is told of as COP_EVENT_LEFTOVER, and left. */
    int32_t reap_ms;
    int32_t job_jitter_ms; /* simulator: a job takes from 0 to so long; 0: 10 */

    /* Of every actor it is kept where it was spawned and when (snapshot.h); else only of those
     * with a label or a name.  Costs a spawn an allocation. */
    bool origins;
    /* Logs each place in the program, once, where a body waits for what may never come: without
     * a time of its own, and with no deadline around it. */
    bool warn_unbounded;
    /* The unix signal that prints the tree of actors to the log, a line for each (snapshot.h);
     * blocked in the thread that starts the node.  0: none, but for cop_run and cop_main
     * SIGUSR1, if the program neither handles nor blocks that itself; -1: none. */
    int tree_signal;
} cop_node_opts;

/* What a node has counted since it started.  Exact when the node is idle. */
typedef struct cop_node_stats {
    uint64_t actors;         /* alive now */
    uint64_t spawned;        /* ever */
    uint64_t messages;       /* handled */
    uint64_t dead_letters;   /* messages that nobody got */
    uint64_t late_replies;   /* answers to calls that had ended */
    uint64_t unhandled;      /* messages without a handler; also dead letters */
    uint64_t timers;         /* armed now */
    uint64_t watches;        /* open now */
    uint64_t live_messages;  /* allocated and not yet freed */
    uint64_t jobs_queued;    /* now */
    uint64_t jobs_running;   /* now, but for those ... */
    uint64_t jobs_abandoned; /* ... that were abandoned and have not ended */
    uint64_t job_threads;    /* now; none of those that were left behind */
} cop_node_stats;

/* Makes a node that does not run yet; the caller frees it.  COP_E_NOMEM, COP_E_OS,
 * COP_E_INVAL (a name that is empty, too long, or has '@', '/' or a blank; too many
 * workers; a tree_signal that is none). */
COP_API COP_MUST_USE cop_err cop_node_new(cop_node **out, const cop_node_opts *opts);

/* Starts the workers and, under the root, the main actor: when it ends, the node ends.
 * What init of `behaviour` returned; COP_E_OS if a thread cannot be started. */
COP_API COP_MUST_USE cop_err cop_node_start(cop_node *node, const cop_behaviour *behaviour,
                                            const cop_spawn_opts *opts, cop_pid *out);

/* Starts an actor under the root of a running node and waits for its init.  As cop_spawn.
 * COP_E_GONE if the node has ended. */
COP_API COP_MUST_USE cop_err cop_node_spawn(cop_node *node, const cop_behaviour *behaviour,
                                            const cop_spawn_opts *opts, cop_pid *out);

enum {
    COP_STATUS_LEFTOVER = 3
};

/* Asks the node to end: the main actor is told to stop, and if there is none, the root
 * ends with `why` (NULL: shutdown).  Any thread, workers too. */
COP_API void cop_node_stop(cop_node *node, const cop_exit *why);

/*
 * Waits until all is gone.  Returns what a process should exit with: 0 if the main actor
 * ended well, 128 + n after unix signal n, else 1, and then the record has been logged;
 * COP_STATUS_LEFTOVER instead of 0 if a job that was abandoned has not returned.
 * `why` may be NULL.
 */
COP_API int cop_node_wait(cop_node *node, cop_exit *why);

/* Stops it if it runs, waits, frees it and nulls the pointer. */
COP_API void cop_node_free(cop_node **node);

/* New, start, wait, free with unix signals on.  What main should return. */
COP_API int cop_run(const cop_behaviour *behaviour, const cop_node_opts *opts);

/* cop_post(node, to, T, fields...): cop_send from a thread that is no actor. */
#define cop_post(node, to, ...)                                                                \
    cop_post_message(node, to, COPI_TYPE_OF(__VA_ARGS__), &COP_MSG(__VA_ARGS__))
COP_API COP_MUST_USE cop_err cop_post_message(cop_node *node, cop_pid to, const cop_type *type,
                                              const void *message);

/* cop_whereis from any thread. */
COP_API cop_pid cop_node_whereis(cop_node *node, const char *name);

/* Any thread, workers too. */
COP_API void cop_node_stats_read(cop_node *node, cop_node_stats *out);
COP_API const char *cop_node_name(const cop_node *node);
COP_API uint64_t cop_node_incarnation(const cop_node *node);

#endif /* COPPICE_NODE_H */
