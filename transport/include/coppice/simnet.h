/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simnet.h - a network between the nodes of one simulation, with faults.
 *
 * Given to cop_cluster_start in place of the real carrier.  Each frame takes a while,
 * chosen by the seed; frames of one line stay in order.  One thread, as the simulation.
 */
#ifndef COPPICE_SIMNET_H
#define COPPICE_SIMNET_H

#include <coppice/node.h>

typedef struct cop_net cop_net;

/* The caller frees it, after the simulation.  Delays are up to 5 ms.  COP_E_NOMEM. */
COP_API COP_MUST_USE cop_err cop_net_new(cop_net **out, uint64_t seed);
COP_API void cop_net_free(cop_net **net);

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

/* The node falls silent and its addresses are free again; with cop_sim_crash. */
COP_API void cop_net_crash(cop_net *net, cop_node *node);

#endif /* COPPICE_SIMNET_H */
