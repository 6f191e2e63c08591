/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.h - what a probe has got, in the order in which it came.
 */
#ifndef COPPICE_SIM_PROBE_H
#define COPPICE_SIM_PROBE_H

#include <coppice/probe.h>

#include "sim/sim.h"

enum {
    COPI_PROBE_ASKS = 16,
};

typedef struct copi_letter {
    struct copi_letter *next;
    const cop_type *type; /* NULL: the end of a call without an answer */
    cop_err err;          /* of that */
    cop_pid from;
    cop_token token; /* of a call; zero if it is none, or answered */
    _Alignas(16) char message[];
} copi_letter;

struct cop_probe {
    struct cop_probe *next;
    cop_sim *sim;
    cop_node *node;
    cop_pid pid;
    copi_letter *first, *last;
    copi_letter *taken; /* what the test looks at */
    struct {
        uint64_t ref; /* 0: free */
        const cop_type *answer;
    } asks[COPI_PROBE_ASKS];
};

/* Takes a letter out of the list for the test to look at, and frees the one before. */
void copi_probe_take(cop_probe *self, copi_letter *letter);

#endif /* COPPICE_SIM_PROBE_H */
