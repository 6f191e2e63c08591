/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simnet.h - a simulated network: its faults, and the carriers that are on it.
 */
#ifndef COPPICE_CARRIER_SIMNET_H
#define COPPICE_CARRIER_SIMNET_H

#include <coppice/simnet.h>

#include "base/rng.h"
#include "sim/sim.h"

/* Frames that are lost between two nodes. */
typedef struct copi_cut {
    struct copi_cut *next;
    cop_node *a, *b;
    unsigned frames;     /* so many from a to b; 0: all, both ways */
    const cop_fault *by; /* NULL: the test */
} copi_cut;

struct cop_net {
    copi_sim_guest guest; /* of `sim` */
    cop_sim *sim;         /* that it belongs to; NULL: none */
    copi_rng rng;
    struct copi_loopback *carriers;
    copi_cut *cuts;
    uint64_t pipes;     /* the number of the last line */
    uint32_t addresses; /* given out */
    int32_t min_ms, max_ms;
};

bool copi_net_is_cut(const cop_net *self, const cop_node *a, const cop_node *b);
/* Whether a frame that is being sent gets lost; counts it. */
bool copi_net_is_lost(cop_net *self, const cop_node *from, const cop_node *to);

/* A cut by a fault, beside any others. */
void copi_net_cut_by(cop_net *self, cop_node *a, cop_node *b, const cop_fault *fault);
/* Ends those. */
void copi_net_heal_by(cop_net *self, const cop_fault *fault);

/* netfaults.c: a fault that is counted strikes what `node` does. */
bool copi_net_strikes(const cop_net *self, const cop_fault_kind *kind, const cop_node *node);
/* The net of a simulation, or NULL. */
cop_net *copi_net_of(const cop_sim *sim);
extern const copi_sim_guest_ops copi_net_guest_ops;

#endif /* COPPICE_CARRIER_SIMNET_H */
