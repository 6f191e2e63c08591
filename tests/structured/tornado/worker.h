/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h - a worker of a cluster as dask's was, with everything that it threw at its loop.
 *
 * Outside of tests and dashboards dask.distributed had 36 places that call loop.add_callback
 * and 3 that call loop.call_later.  Each is a row of SHAPES here: how it came to the loop, and
 * what was called in the end.  What is called is in work.c; how it gets there is in two
 * versions of the program, of which a test has one:
 *
 *      hatch.c     each on the escape hatch, where it stood: <coppice/hatch.h>
 *      scopes.c    local scopes, named children and messages, and no hatch at all
 *
 * What a worker does is seen as lines, "w1 heartbeat ticks 2"; both versions say the same.
 */
#ifndef COPPICE_TESTS_STRUCTURED_TORNADO_WORKER_H
#define COPPICE_TESTS_STRUCTURED_TORNADO_WORKER_H

#include <coppice/node.h>
#include <coppice/scope.h>

/* How a callback comes to its worker. */
typedef enum worker_way {
    WAY_SOON,  /* from a function of the worker */
    WAY_POST,  /* from another thread */
    WAY_AFTER, /* from a function of the worker, after `ms` */
    WAY_EVERY, /* the same, again and again */
} worker_way;

/* S(name, way, ms, what it does) */
#define WORKER_SHAPES(S)                                                                       \
    /* batched, client, scheduler, inproc, pubsub: something goes out on a stream */           \
    S(flush_batch, SOON, 0, "sends")                                                           \
    S(tell_scheduler, POST, 0, "sends")                                                        \
    S(tell_worker, SOON, 0, "sends")                                                           \
    S(feed_peer_queue, POST, 0, "sends")                                                       \
    S(end_peer_queue, POST, 0, "sends")                                                        \
    S(publish, SOON, 0, "sends")                                                               \
    S(log_event, SOON, 0, "sends")                                                             \
    /* comm, listener, client, nanny: something is closed, or torn down */                     \
    S(close_refused_comm, SOON, 0, "closes")                                                   \
    S(close_idle_comm, SOON, 0, "closes")                                                      \
    S(stop_listening, SOON, 0, "closes")                                                       \
    S(abort_comm, SOON, 0, "aborts")                                                           \
    S(abort_all_comms, POST, 0, "aborts")                                                      \
    S(close_client, POST, 0, "closes")                                                         \
    /* core, adaptive, semaphore, profile, progress: a periodic is started */                  \
    S(heartbeat, EVERY, 500, "ticks")                                                          \
    S(adapt, EVERY, 1000, "ticks")                                                             \
    S(refresh_leases, EVERY, 10000, "ticks")                                                   \
    S(sample_profile, EVERY, 10, "ticks")                                                      \
    S(draw_progress, EVERY, 100, "ticks")                                                      \
    S(balance, EVERY, 100, "ticks")                                                            \
    /* utils, process, multi_lock, queues: an event is set, or somebody who waits is woken */  \
    S(loop_started, POST, 0, "sets")                                                           \
    S(loop_stopped, POST, 0, "sets")                                                           \
    S(process_started, POST, 0, "sets")                                                        \
    S(process_exited, POST, 0, "sets")                                                         \
    S(wake_connecting, SOON, 0, "wakes")                                                       \
    S(wake_lock_waiter, SOON, 0, "wakes")                                                      \
    S(wake_queue_waiter, SOON, 0, "wakes")                                                     \
    /* client, variable, pubsub: references are counted */                                     \
    S(take_future, SOON, 0, "takes")                                                           \
    S(drop_future, POST, 0, "drops")                                                           \
    S(drop_variable, SOON, 0, "drops")                                                         \
    S(drop_subscribers, POST, 0, "drops")                                                      \
    /* client, actor, threads of tasks: a callback is installed, a result comes back */        \
    S(when_done, SOON, 0, "installs")                                                          \
    S(as_completed, SOON, 0, "installs")                                                       \
    S(actor_result, POST, 0, "installs")                                                       \
    S(task_secedes, POST, 0, "installs")                                                       \
    /* worker, plugins: it is to end */                                                        \
    S(close_after_error, SOON, 0, "ends itself")                                               \
    S(close_gracefully, POST, 0, "ends itself")                                                \
    /* and what was call_later */                                                              \
    S(forget_events, AFTER, 3600 * 1000, "forgets")                                            \
    S(retry_busy_peer, AFTER, 150, "sends")                                                    \
    S(lifetime_over, AFTER, 60 * 1000, "ends itself")

typedef enum worker_shape {
#define WORKER_ENUM(name, way, ms, verb) SHAPE_##name,
    WORKER_SHAPES(WORKER_ENUM)
#undef WORKER_ENUM
    SHAPE_COUNT
} worker_shape;

typedef struct worker_about {
    const char *name;
    worker_way way;
    int64_t ms;
    const char *verb;
} worker_about;
extern const worker_about worker_abouts[SHAPE_COUNT];

/* How often each of them has been called. */
typedef struct worker_tally {
    unsigned runs[SHAPE_COUNT];
} worker_tally;

/* ------------------------------------------------------------------------------ work.c */

/* What is called in the end, wherever that is: says so, or fails if the test wants it to. */
cop_err worker_work(cop_actor *me, unsigned index, worker_tally *tally, worker_shape what);

/* Defined by the test: hears a line; and which callback of which worker fails, at what run. */
void worker_said(const char *line);
typedef struct worker_fault {
    unsigned index;
    worker_shape what;
    unsigned run; /* 0: none fails */
} worker_fault;
extern worker_fault worker_fault_of_test;

/* The argument of a callback: on the heap, disposed of once; how many there were. */
typedef struct worker_order {
    worker_shape what;
} worker_order;
worker_order *worker_order_new(worker_shape what);
void worker_order_dispose(void *order);
extern unsigned worker_orders_made, worker_orders_disposed;

/* ------------------------------------------------------------- hatch.c, or scopes.c */

/* The worker; the argument of its init is a `const unsigned *`, its number. */
extern const cop_behaviour worker_b;

/* Begins one that does not come from another thread, by the worker itself; `ms` is the delay
 * or the period. */
cop_err worker_begin(cop_actor *me, void *state, worker_shape what, int64_t ms);
/* Begins one that does. */
cop_err worker_post(cop_node *node, cop_pid to, worker_shape what);
/* cop_hatch_report of that version. */
unsigned worker_hatches(FILE *out);
extern const unsigned worker_hatches_expected;

#endif /* COPPICE_TESTS_STRUCTURED_TORNADO_WORKER_H */
