/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shrink.h - fewer faults that make the same seed fail.
 */
#ifndef COPPICE_SIM_SHRINK_H
#define COPPICE_SIM_SHRINK_H

#include "sim/trial.h"

/* `trial` has failed and is made smaller: none of the faults that are left can be left out.
 * Does nothing if there can be no child processes. */
void copi_shrink(const copi_job *job, copi_trial *trial);

#endif /* COPPICE_SIM_SHRINK_H */
