/* SPDX-License-Identifier: Apache-2.0 */
/*
 * far.h - two simulated nodes, "a" and "b", with a session between them.
 *
 * What is said on either of them is said on the ground; see ground.h.
 */
#ifndef COPPICE_TESTS_STRUCTURED_FAR_H
#define COPPICE_TESTS_STRUCTURED_FAR_H

#include <coppice/cluster.h>

#include "structured/requirements/ground.h"

enum {
    FAR_DEAD_MS = 1000, /* of silence end the session */
};

typedef struct far {
    cop_sim *sim;
    cop_net *net;
    cop_node *nodes[2];
} far;

/* Each node offers the behaviours; the session is there when it returns. */
void far_open(far *self, uint64_t seed, const cop_behaviour *const *offered);
/* Nothing is left of either. */
void far_close(far *self);

#endif /* COPPICE_TESTS_STRUCTURED_FAR_H */
