/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simnet.h - a network between the nodes of one simulation, with faults.
 *
 * Given to cop_cluster_start in place of the real carrier.  Each frame takes a while,
 * chosen by the seed; frames of one line stay in order.  One thread, as the simulation.
 */
#ifndef COPPICE_SIMNET_H
#define COPPICE_SIMNET_H

#include <coppice/fault.h>

typedef struct cop_net cop_net;

/* The caller frees it, after the simulation.  Delays are up to 5 ms.  COP_E_NOMEM. */
COP_API COP_MUST_USE cop_err cop_net_new(cop_net **out, uint64_t seed);
COP_API void cop_net_free(cop_net **net);

/* The net of a simulation: its faults reach it, cop_sim_left counts its sessions, a crash of a
 * node is seen by it, and it goes with the simulation.  As cop_net_new. */
COP_API COP_MUST_USE cop_err cop_sim_net(cop_sim *sim, cop_net **out);

/* Each frame takes from `min_ms` to `max_ms`, from now on. */
COP_API void cop_net_delay(cop_net *net, int32_t min_ms, int32_t max_ms);

/* From now on nothing gets from one to the other, either way, and nobody is told: what is
 * under way is lost, what is sent is lost. */
COP_API COP_MUST_USE cop_err cop_net_cut(cop_net *net, cop_node *a, cop_node *b);
/* Ends a cut; harmless without one. */
COP_API void cop_net_heal(cop_net *net, cop_node *a, cop_node *b);

/* Breaks the lines between two nodes: what is under way is lost, both ends are told. */
COP_API void cop_net_break(cop_net *net, cop_node *a, cop_node *b);

/* Loses the next frame from one to the other; nobody is told. */
COP_API void cop_net_lose(cop_net *net, cop_node *from, cop_node *to);

/* Cuts every node of the group from every node outside of it, which ends with NULL. */
COP_API COP_MUST_USE cop_err cop_net_partition(cop_net *net, cop_node *const *group);
/* Ends all cuts but those of nodes that have crashed. */
COP_API void cop_net_heal_all(cop_net *net);

/* The node falls silent and its addresses are free again; cop_sim_crash does it for the net
 * of its simulation. */
COP_API void cop_net_crash(cop_net *net, cop_node *node);

/* ------------------------------------------------------------------------------ faults
 *
 * Of the net of a simulation, see fault.h.  By the clock: two nodes ("a+b", or any two) are
 * cut from each other, a node is cut from all others, the lines between two nodes break.
 */
extern COP_API const cop_fault_kind cop_fault_cut, cop_fault_isolate, cop_fault_break;

/* Counted: the `at`-th frame that a node sends is lost; its `at`-th try to open a line fails
 * with COP_E_OS, its `at`-th frame is not taken now: what a failing system call does to a
 * real carrier. */
extern COP_API const cop_fault_kind cop_fault_lose, cop_fault_refuse, cop_fault_busy;

#endif /* COPPICE_SIMNET_H */
