/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loopback.h - the carrier between nodes of one simulation, over a cop_net.
 */
#ifndef COPPICE_CARRIER_LOOPBACK_H
#define COPPICE_CARRIER_LOOPBACK_H

#include <coppice/simnet.h>

#include "carrier/carrier.h"

/* A frame that is due; the actor of the carrier hands it to copi_loopback_due. */
typedef struct copi_arrived {
    copi_carrier *carrier;
} copi_arrived;

extern const cop_type copi_arrived_type;

COP_MUST_USE cop_err copi_loopback_new(cop_actor *me, cop_net *net,
                                       const copi_carrier_told *told, void *ctx,
                                       copi_carrier **out);
void copi_loopback_due(copi_carrier *self);

/* Calls `tell` for each carrier that has not been freed, with how many lines it has. */
void copi_loopback_left(const cop_net *net, void (*tell)(void *ctx, const char *line),
                        void *ctx);

/* An address that nobody has. */
void copi_loopback_address(cop_net *net, char *text, size_t size);

#endif /* COPPICE_CARRIER_LOOPBACK_H */
