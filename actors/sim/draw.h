/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draw.h - the faults of one seed, from a plan and what a run without them was like.
 */
#ifndef COPPICE_SIM_DRAW_H
#define COPPICE_SIM_DRAW_H

#include "sim/sim.h"

enum {
    COPI_ENTRIES_MAX = 16, /* of a plan */
};

/* How often there was something for an entry to hit; of those that come by the clock, how
 * many milliseconds the run took. */
typedef struct copi_chances {
    uint64_t of[COPI_ENTRIES_MAX];
} copi_chances;

/* Has a simulation count them: with faults that never strike. */
void copi_chances_arm(cop_sim *sim, const cop_fault *plan);
/* ... which is read when the run is over. */
void copi_chances_read(const cop_sim *sim, const cop_fault *plan, copi_chances *out);

/* What the seed makes of the plan; up to COPI_FAULTS_MAX, how many is returned. */
uint32_t copi_draw(uint64_t seed, const cop_fault *plan, const copi_chances *chances,
                   cop_fault *out);

#endif /* COPPICE_SIM_DRAW_H */
