/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim.h - whole nodes on one thread, with a seeded schedule and virtual time.
 *
 * The same library with other tables: which actor runs next, how many messages it may
 * handle in a row, every random number and every delay come from the seed, and time
 * passes only when nobody can run.  The same seed gives the same run.  File descriptors,
 * OS processes and unix signals answer COP_E_SIMULATED, so the only system calls that are
 * left are those for memory.
 *
 *      fault.h      what goes wrong: kills, starving, no memory, crashes
 *      probe.h      an actor whose mailbox the test reads
 *      sim_run.h    a test under many seeds; what it fails with is made small, and replayed
 *      simnet.h     the network between nodes, and its faults
 *
 * All of it is for the one thread that made the simulation.
 */
#ifndef COPPICE_SIM_H
#define COPPICE_SIM_H

#include <coppice/node.h>

typedef struct cop_sim cop_sim;

/* The caller frees it.  COP_E_NOMEM. */
COP_API COP_MUST_USE cop_err cop_sim_new(cop_sim **out, uint64_t seed);

/*
 * From now on the seed has no say in who runs: of the actors of a node that can, it is the one
 * that has waited longest.  One schedule that is easy to follow, and no more than one: what has
 * to hold under all of them is tested with seeds.
 */
COP_API void cop_sim_in_order(cop_sim *sim);

/* Frees all nodes with whatever still runs on them, without ending it in order, and the
 * probes and nets that belong to it. */
COP_API void cop_sim_free(cop_sim **sim);

/* -------------------------------------------------------------------------- nodes */

/* A node of this simulation, started, without a main actor: spawn with cop_sim_spawn.
 * Owned by the simulation.  As cop_node_new. */
COP_API COP_MUST_USE cop_err cop_sim_node(cop_sim *sim, const cop_node_opts *opts,
                                          cop_node **out);

/* Starts an actor under the root of a node.  As cop_spawn. */
COP_API COP_MUST_USE cop_err cop_sim_spawn(cop_node *node, const cop_behaviour *behaviour,
                                           const cop_spawn_opts *opts, cop_pid *out);

/* Starts what runs on a node: its cluster, its trees. */
typedef cop_err (*cop_sim_boot)(cop_node *node, void *ctx);

/*
 * A node that can be started again after a crash.  `opts` is copied with its name, which it
 * must have; `ctx` is borrowed while the simulation exists.  What `boot` returned, or as
 * cop_sim_node; COP_E_INVAL without a name, COP_E_NAME_TAKEN if there is one of that name.
 */
COP_API COP_MUST_USE cop_err cop_sim_host(cop_sim *sim, const cop_node_opts *opts,
                                          cop_sim_boot boot, void *ctx);

/* The run of a node of that name that is up, owned by the simulation; NULL: it is down. */
COP_API cop_node *cop_sim_find(cop_sim *sim, const char *name);

/* Crashes a host, if it is up, and starts it again as a new run.  As cop_sim_host;
 * COP_E_NO_NODE if there is none of that name. */
COP_API COP_MUST_USE cop_err cop_sim_restart(cop_sim *sim, const char *name);

/* A node dies as by SIGKILL: no code of it runs any more, its sessions fall silent. */
COP_API void cop_sim_crash(cop_sim *sim, cop_node *node);

/* Tells a node to stop and steps until all of it is gone; true if it is within `ms`. */
COP_API bool cop_sim_stop(cop_sim *sim, cop_node *node, int64_t ms);

/* --------------------------------------------------------------------------- time */

/* Lets one actor run one slice, or if none can, moves time to the next timer or fault.
 * False if there is neither. */
COP_API bool cop_sim_step(cop_sim *sim);

/* The same, but time does not go beyond `until` in milliseconds: where it is then.  False
 * if nothing is to be done before. */
COP_API bool cop_sim_step_until(cop_sim *sim, int64_t until);

/* Steps until no actor can run; time stands still. */
COP_API void cop_sim_settle(cop_sim *sim);

/* Steps for `ms` of virtual time, which has passed when it returns. */
COP_API void cop_sim_run_for(cop_sim *sim, int64_t ms);

/* Steps until nothing is left to do, or `ms` have passed.  True if nothing is left. */
COP_API bool cop_sim_run_until_idle(cop_sim *sim, int64_t ms);

/* Virtual milliseconds since the start; a random number of the seed. */
COP_API int64_t cop_sim_now_ms(const cop_sim *sim);
COP_API uint64_t cop_sim_random(cop_sim *sim);
COP_API uint64_t cop_sim_seed(const cop_sim *sim);

/* A number made from all that has happened so far: two runs with one trace are the same. */
COP_API uint64_t cop_sim_trace(const cop_sim *sim);

/* ------------------------------------------------------------------------ verdicts */

/* Runs when a check fails, and must not return: cmocka's _fail, or abort.  `text` has the
 * place, the seed and what is wrong; borrowed.  Default: prints it and aborts.  In a
 * cop_sim_run it is not called: the run ends, and is reported there. */
COP_API void cop_sim_on_fail(cop_sim *sim,
                             void (*fail)(void *ctx, const char *file, int line,
                                          const char *text),
                             void *ctx);

/* Ends the test as failed.  From within a handler, too. */
COP_API void cop_sim_fail_at(cop_sim *sim, const char *file, int line, const char *format, ...)
    COP_PRINTF(4, 5) __attribute__((noreturn));
#define cop_sim_fail(sim, ...) cop_sim_fail_at(sim, __FILE__, __LINE__, __VA_ARGS__)

/* Fails the test if the condition does not hold. */
#define cop_sim_check(sim, condition)                                                          \
    do {                                                                                       \
        if (!(condition))                                                                      \
            cop_sim_fail(sim, "not true: %s", #condition);                                     \
    } while (0)

/* Steps until the condition holds; fails the test if it does not within `ms`. */
#define cop_sim_expect_until(sim, ms, condition)                                               \
    do {                                                                                       \
        const int64_t copi_until_ = cop_sim_now_ms(sim) + (ms);                                \
        while (!(condition))                                                                   \
            if (!cop_sim_step_until(sim, copi_until_))                                         \
                cop_sim_fail(sim, "not within %d ms: %s", (int)(ms), #condition);              \
    } while (0)

/*
 * What is left when all is over: stops every node, gives it `ms` for that, and counts what
 * has not gone: actors, timers, watches, messages, sessions, and of actors their paths.
 * Writes a line for each into `text` of `size` bytes, and returns how many there are; 0:
 * nothing is left.  No faults strike meanwhile.
 */
COP_API size_t cop_sim_left(cop_sim *sim, int64_t ms, char *text, size_t size);

/* Fails the test if anything is left after a minute, and says what. */
#define cop_sim_expect_nothing_left(sim) cop_sim_expect_nothing_left_at(sim, __FILE__, __LINE__)
COP_API void cop_sim_expect_nothing_left_at(cop_sim *sim, const char *file, int line);

#endif /* COPPICE_SIM_H */
