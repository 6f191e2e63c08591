/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* program_invocation_name */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/shrink.h"
#include "sim/words.h"

/* ------------------------------------------------------------------ the environment */

static uint64_t
number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL || text[0] == '\0' ? otherwise : strtoull(text, NULL, 0);
}

/* ----------------------------------------------------------------------- the report */

static void
say(const cop_sim_plan *plan, const char *line)
{
    if (plan->say != NULL)
        plan->say(plan->say_ctx, line);
    else
        fprintf(stderr, "%s\n", line);
}

static void
write_replay(const cop_sim_plan *plan, cop_sim_report *report)
{
    snprintf(report->replay, sizeof report->replay,
             "COPPICE_SEED=%llu COPPICE_FAULTS='%s' %s%s%s", (unsigned long long)report->seed,
             report->plan, program_invocation_name, plan->name == NULL ? "" : " ",
             plan->name == NULL ? "" : plan->name);
}

static void
fill_in(const cop_sim_plan *plan, const copi_trial *trial, cop_sim_report *report)
{
    report->has_failed = true;
    report->seed = trial->seed;
    report->trace = trial->trace;
    report->faults = trial->count;
    snprintf(report->text, sizeof report->text, "%s", trial->text);
    copi_faults_print(trial->faults, trial->count, report->plan, sizeof report->plan);
    write_replay(plan, report);
}

static void
say_failure(const cop_sim_plan *plan, const cop_sim_report *report)
{
    char line[600];

    say(plan, report->text);
    snprintf(line, sizeof line, "with %s, trace %016llx",
             report->faults == 0 ? "no faults" : report->plan,
             (unsigned long long)report->trace);
    say(plan, line);
    say(plan, report->replay);
}

/* ----------------------------------------------------------------------- many seeds */

/* From the seed that is in there until one fails, or all are done. */
static void
run_seeds(const copi_job *job, copi_trial *trial)
{
    uint64_t last = trial->seed + number("COPPICE_SEEDS", job->plan->seeds) - 1;

    for (;; trial->seed++) {
        copi_trial_seed(job, trial);
        if (trial->has_failed || trial->seed == last)
            return;
    }
}

static void
run_with_faults(const copi_job *job, copi_trial *trial)
{
    copi_trial_run(job, trial, true);
}

/* Once more, for all to see; it must be the same run again. */
static void
show(const copi_job *job, copi_trial *trial)
{
    uint64_t trace = trial->trace;

    if (copi_trial_apart(job, trial, run_with_faults, true) && trace != trial->trace)
        say(job->plan, "this run is not the same each time: something outside of the "
                       "simulation decides (time, addresses, threads?)");
}

static void
run_all(const copi_job *job, copi_trial *trial, cop_sim_report *report)
{
    trial->seed = job->plan->first;
    if (!copi_trial_apart(job, trial, run_seeds, false))
        run_seeds(job, trial);
    report->runs = trial->runs;
    report->drawn = trial->count;
    if (!trial->has_failed)
        return;
    copi_shrink(job, trial);
    show(job, trial);
}

/* ------------------------------------------------------------------------ one again */

static bool
replay(const copi_job *job, copi_trial *trial, cop_sim_report *report)
{
    const char *words = getenv("COPPICE_FAULTS");

    trial->seed = number("COPPICE_SEED", 0);
    if (words == NULL) {
        copi_trial_seed(job, trial);
    } else if (copi_faults_parse(words, job->entries, trial->faults, COPI_FAULTS_MAX,
                                 &trial->count)) {
        copi_trial_run(job, trial, true);
    } else {
        say(job->plan, "COPPICE_FAULTS is no list of faults that this test knows");
        return false;
    }
    report->runs = trial->runs;
    report->drawn = trial->count;
    return true;
}

int
cop_sim_run(cop_sim_test test, void *ctx, const cop_sim_plan *plan)
{
    static const cop_fault none = {0};
    cop_sim_plan mine = plan == NULL ? (cop_sim_plan){0} : *plan;
    cop_sim_report report = {0};
    copi_trial *trial = copi_trial_new();
    bool is_known = true;

    mine.first = mine.first == 0 ? 1 : mine.first;
    mine.seeds = mine.seeds == 0 ? 100 : mine.seeds;
    copi_job job = {test, ctx, &mine, mine.faults == NULL ? &none : mine.faults};
    COPI_CHECK(trial != NULL);
    if (getenv("COPPICE_SEED") != NULL)
        is_known = replay(&job, trial, &report);
    else
        run_all(&job, trial, &report);
    if (trial->has_failed) {
        fill_in(&mine, trial, &report);
        say_failure(&mine, &report);
    }
    if (mine.report != NULL)
        *mine.report = report;
    copi_trial_free(trial);
    return !is_known || report.has_failed;
}
