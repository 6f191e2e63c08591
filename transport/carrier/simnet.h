/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simnet.h - a simulated network: its faults, and the carriers that are on it.
 */
#ifndef COPPICE_CARRIER_SIMNET_H
#define COPPICE_CARRIER_SIMNET_H

#include <coppice/simnet.h>

#include "base/rng.h"

/* Frames that are lost between two nodes. */
typedef struct copi_cut {
    struct copi_cut *next;
    cop_node *a, *b;
    unsigned frames; /* so many from a to b; 0: all, both ways */
} copi_cut;

struct cop_net {
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

#endif /* COPPICE_CARRIER_SIMNET_H */
