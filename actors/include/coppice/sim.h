/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim.h - whole nodes on one thread, with a seeded schedule and virtual time.
 *
 * The same library with other tables: which actor runs next, how many messages it may
 * handle in a row, every random number and every delay come from the seed, and time
 * passes only when nobody can run.  The same seed gives the same run.  File descriptors,
 * OS processes and unix signals answer COP_E_SIMULATED.
 */
#ifndef COPPICE_SIM_H
#define COPPICE_SIM_H

#include <coppice/node.h>

typedef struct cop_sim cop_sim;

/* The caller frees it.  COP_E_NOMEM. */
COP_API COP_MUST_USE cop_err cop_sim_new(cop_sim **out, uint64_t seed);

/* Frees all nodes with whatever still runs on them, without ending it in order. */
COP_API void cop_sim_free(cop_sim **sim);

/* A node of this simulation, started, without a main actor: spawn with cop_sim_spawn.
 * Owned by the simulation.  As cop_node_new. */
COP_API COP_MUST_USE cop_err cop_sim_node(cop_sim *sim, const cop_node_opts *opts,
                                          cop_node **out);

/* Starts an actor under the root of a node.  As cop_spawn. */
COP_API COP_MUST_USE cop_err cop_sim_spawn(cop_node *node, const cop_behaviour *behaviour,
                                           const cop_spawn_opts *opts, cop_pid *out);

/* Lets one actor run one slice, or if none can, moves time to the next timer.  False if
 * there is neither. */
COP_API bool cop_sim_step(cop_sim *sim);

/* Steps until no actor can run; time stands still. */
COP_API void cop_sim_settle(cop_sim *sim);

/* Steps for `ms` of virtual time, which has passed when it returns. */
COP_API void cop_sim_run_for(cop_sim *sim, int64_t ms);

/* Steps until nothing is left to do, or `ms` have passed.  True if nothing is left. */
COP_API bool cop_sim_run_until_idle(cop_sim *sim, int64_t ms);

/* Tells a node to stop and steps until all of it is gone; true if it is within `ms`. */
COP_API bool cop_sim_stop(cop_sim *sim, cop_node *node, int64_t ms);

/* A node dies as by SIGKILL: no code of it runs any more, its sessions fall silent. */
COP_API void cop_sim_crash(cop_sim *sim, cop_node *node);

/* Virtual milliseconds since the start; a random number of the seed. */
COP_API int64_t cop_sim_now_ms(const cop_sim *sim);
COP_API uint64_t cop_sim_random(cop_sim *sim);

#endif /* COPPICE_SIM_H */
