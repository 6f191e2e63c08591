/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shrink.h - makes a plan that fails smaller, as long as it goes on failing in the same way.
 */
#ifndef COPPICE_TESTS_TREES_SHRINK_H
#define COPPICE_TESTS_TREES_SHRINK_H

#include "structured/trees/plan.h"

enum {
    VERDICT = 256,
};

/*
 * Plays a plan in a process of its own and says in `verdict`, of VERDICT bytes, what is wrong
 * with it; empty: nothing.  A crash, and an end that does not come, are wrong as well.
 */
void trial(const plan *self, char *verdict);

/* Fewer nodes, fewer acts, plainer ones.  `verdict` is what is wrong with it before, and then
 * what is wrong with what is left.  How many plans have been tried. */
int plan_shrink(plan *self, char *verdict);

#endif /* COPPICE_TESTS_TREES_SHRINK_H */
