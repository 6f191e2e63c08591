/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    STEPS_MAX = 10000000,
    WELL_DONE = 0,
};

/* --------------------------------------------------------------------------- one run */

static void
arm(cop_sim *sim, const copi_job *job, const copi_trial *trial, bool with_faults)
{
    if (!with_faults)
        copi_chances_arm(sim, job->entries);
    for (uint32_t i = 0; with_faults && i < trial->count; i++)
        COPI_CHECK(cop_sim_fault(sim, &trial->faults[i]) == COP_OK);
}

static void
read_out(const cop_sim *sim, const copi_job *job, copi_trial *trial, bool with_faults)
{
    trial->trace = cop_sim_trace(sim);
    if (!with_faults)
        copi_chances_read(sim, job->entries, &trial->chances);
    for (uint32_t i = 0; with_faults && i < trial->count; i++)
        trial->has_struck[i] = sim->armed[i].has_struck;
}

/* Apart from who calls setjmp, so that nothing here is lost by a jump. */
static void
run_test(const copi_job *job, copi_trial *trial, cop_sim *sim, bool with_faults)
{
    job->test(sim, job->ctx);
    if (!with_faults) /* before the end, which no fault reaches */
        copi_chances_read(sim, job->entries, &trial->chances);
    if (!job->plan->may_leave)
        cop_sim_expect_nothing_left_at(sim, job->plan->name == NULL ? "test" : job->plan->name,
                                       0);
}

void
copi_trial_run(const copi_job *job, copi_trial *trial, bool with_faults)
{
    cop_sim *sim = NULL;
    jmp_buf escape;

    trial->runs++;
    trial->has_failed = true; /* if nothing more is heard of it */
    trial->trace = 0;
    memset(trial->has_struck, with_faults, sizeof trial->has_struck);
    COPI_CHECK(cop_sim_new(&sim, trial->seed) == COP_OK);
    sim->escape = &escape;
    sim->steps_max = job->plan->steps == 0 ? STEPS_MAX : job->plan->steps;
    arm(sim, job, trial, with_faults);
    if (setjmp(escape) == 0) {
        run_test(job, trial, sim, with_faults);
        trial->has_failed = false;
    }
    snprintf(trial->text, sizeof trial->text, "%s", sim->failure);
    read_out(sim, job, trial, with_faults);
    cop_sim_free(&sim);
}

void
copi_trial_seed(const copi_job *job, copi_trial *trial)
{
    trial->count = 0;
    copi_trial_run(job, trial, false);
    if (trial->has_failed || job->entries[0].kind == NULL)
        return;
    trial->count = copi_draw(trial->seed, job->entries, &trial->chances, trial->faults);
    if (trial->count > 0)
        copi_trial_run(job, trial, true);
}

/* ------------------------------------------------------------------- a child process */

static void
be_quiet(void)
{
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (nowhere < 0)
        return;
    (void)dup2(nowhere, STDOUT_FILENO);
    (void)dup2(nowhere, STDERR_FILENO);
}

static void
judge(copi_trial *trial, int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == WELL_DONE)
        return;
    trial->has_failed = true;
    trial->trace = 0;
    if (WIFSIGNALED(status))
        snprintf(trial->text, sizeof trial->text, "seed %llu: ended by signal %d (%s)",
                 (unsigned long long)trial->seed, WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(trial->text, sizeof trial->text, "seed %llu: the process ended with %d",
                 (unsigned long long)trial->seed, WEXITSTATUS(status));
}

bool
copi_trial_apart(const copi_job *job, copi_trial *trial,
                 void (*work)(const copi_job *, copi_trial *), bool is_loud)
{
    int status;

    (void)fflush(NULL); /* or it would be written twice */
    pid_t child = fork();
    if (child < 0)
        return false;
    if (child == 0) {
        if (!is_loud)
            be_quiet();
        work(job, trial);
        (void)fflush(NULL);
        _exit(WELL_DONE);
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    judge(trial, status);
    return true;
}

copi_trial *
copi_trial_new(void)
{
    void *made = mmap(NULL, sizeof(copi_trial), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return made == MAP_FAILED ? NULL : made;
}

void
copi_trial_free(copi_trial *trial)
{
    if (trial != NULL)
        (void)munmap(trial, sizeof *trial);
}
