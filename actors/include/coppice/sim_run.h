/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim_run.h - a test under many seeds and faults; what it fails with is made small.
 *
 *      static void a_transfer_is_never_lost(cop_sim *sim, void *ctx) { ... }
 *
 *      cop_sim_run(a_transfer_is_never_lost, NULL, &(cop_sim_plan){
 *          .name = "transfers", .seeds = 1000,
 *          .faults = COP_FAULTS({&cop_fault_kill, "ledger", .up_to = 2}, {&cop_fault_nomem})});
 *
 * Each seed runs twice: once without faults, which shows how much there is to be hit, and
 * once with faults drawn from the seed.  When a run fails (a check, a leftover at the end, a
 * crash), faults are taken away as long as it goes on failing, and then one line is printed
 * that does exactly this run again:
 *
 *      COPPICE_SEED=17 COPPICE_FAULTS='kill ledger 3' ./bank_test transfers
 *
 * The runs are in child processes with their output thrown away, but for the last, smallest
 * one; a replay is in this process, for the debugger.
 */
#ifndef COPPICE_SIM_RUN_H
#define COPPICE_SIM_RUN_H

#include <coppice/fault.h>
#include <coppice/probe.h>

/* One run.  The simulation is the runner's, and what belongs to it. */
typedef void (*cop_sim_test)(cop_sim *sim, void *ctx);

/* What came of it. */
typedef struct cop_sim_report {
    bool has_failed;
    uint64_t runs;     /* with and without faults, but for those to make it smaller */
    uint64_t seed;     /* of the failure, if there is one; the same for what follows */
    uint64_t trace;    /* of the smallest run; 0: it crashed */
    uint32_t drawn;    /* faults at first */
    uint32_t faults;   /* and in the end */
    char plan[512];    /* those, as COPPICE_FAULTS has them */
    char text[512];    /* what was wrong */
    char replay[1024]; /* the line */
} cop_sim_report;

/* Zero is a default everywhere. */
typedef struct cop_sim_plan {
    const char *name;        /* the argument with which the program does this test alone */
    uint64_t first;          /* seed; 0: 1 */
    uint32_t seeds;          /* 0: 100 */
    const cop_fault *faults; /* ends with zero: COP_FAULTS(...); 16 at most */
    bool may_leave; /* nodes are not stopped at the end, and what is left is no failure */
    uint64_t steps; /* a run with more has failed; 0: 10 million */
    void (*say)(void *ctx, const char *line); /* the report; NULL: standard error */
    void *say_ctx;
    cop_sim_report *report; /* NULL, or filled in */
} cop_sim_plan;

/*
 * Runs the test under all seeds, or until one fails.  0: all went well; else 1, and the
 * report has been said.  COPPICE_SEED=n in the environment: that seed alone; with
 * COPPICE_FAULTS with these faults, which may be none.  COPPICE_SEEDS=n: so many seeds.
 * `plan` may be NULL.
 */
COP_API COP_MUST_USE int cop_sim_run(cop_sim_test test, void *ctx, const cop_sim_plan *plan);

#endif /* COPPICE_SIM_RUN_H */
