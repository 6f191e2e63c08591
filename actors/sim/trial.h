/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h - one run of a test under one seed and given faults, here or in a child process.
 */
#ifndef COPPICE_SIM_TRIAL_H
#define COPPICE_SIM_TRIAL_H

#include <coppice/sim_run.h>

#include "sim/draw.h"

/* What is to be run. */
typedef struct copi_job {
    cop_sim_test test;
    void *ctx;
    const cop_sim_plan *plan;
    const cop_fault *entries; /* of the plan; ends with zero */
} copi_job;

/* What came of it.  In memory that a child process shares, so that there is something to
 * look at even if it crashed. */
typedef struct copi_trial {
    uint64_t seed;
    cop_fault faults[COPI_FAULTS_MAX];
    bool has_struck[COPI_FAULTS_MAX];
    uint32_t count;
    bool has_failed;
    uint64_t trace;
    uint64_t runs; /* counted up */
    copi_chances chances;
    char text[512];
} copi_trial;

/* Runs with the faults that are in there, if `with_faults`. */
void copi_trial_run(const copi_job *job, copi_trial *trial, bool with_faults);

/* Runs the seed that is in there without faults, and with those that it draws. */
void copi_trial_seed(const copi_job *job, copi_trial *trial);

/*
 * Has a child process do it with `trial`, which is shared memory.  Its end by a signal, or
 * by an exit of its own, is a failure of the run.  `is_loud`: its output is not thrown away.
 * False if there can be no child.
 */
bool copi_trial_apart(const copi_job *job, copi_trial *trial,
                      void (*work)(const copi_job *job, copi_trial *trial), bool is_loud);

/* Shared memory for one; NULL if there is none. */
copi_trial *copi_trial_new(void);
void copi_trial_free(copi_trial *trial);

#endif /* COPPICE_SIM_TRIAL_H */
