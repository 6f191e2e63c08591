/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shrink.c - leaves out pieces of the list of faults, large ones first.
 *
 * Any failure is as good as the first: what matters is that a short list makes one.
 */
#include "sim/shrink.h"

static void
run_again(const copi_job *job, copi_trial *trial)
{
    copi_trial_run(job, trial, true);
}

/* Without those from `from` to `to`. */
static void
leave_out(copi_trial *trial, uint32_t from, uint32_t to)
{
    for (uint32_t i = to; i < trial->count; i++) {
        trial->faults[from + i - to] = trial->faults[i];
        trial->has_struck[from + i - to] = trial->has_struck[i];
    }
    trial->count -= to - from;
}

/* What has not struck has not been needed, nor does it disturb. */
static void
leave_out_idle(copi_trial *trial)
{
    for (uint32_t i = trial->count; i-- > 0;)
        if (!trial->has_struck[i])
            leave_out(trial, i, i + 1);
}

/* True if it still fails without these; then `trial` is that run. */
static bool
fails_without(const copi_job *job, copi_trial *trial, uint32_t from, uint32_t to)
{
    copi_trial *shorter = copi_trial_new();
    bool fails = false;

    if (shorter == NULL)
        return false;
    *shorter = *trial;
    leave_out(shorter, from, to);
    if (copi_trial_apart(job, shorter, run_again, false) && shorter->has_failed) {
        *trial = *shorter;
        leave_out_idle(trial);
        fails = true;
    }
    copi_trial_free(shorter);
    return fails;
}

void
copi_shrink(const copi_job *job, copi_trial *trial)
{
    leave_out_idle(trial);
    for (uint32_t piece = trial->count; piece > 0; piece /= 2) {
        for (uint32_t from = 0; from < trial->count;) {
            uint32_t to = from + piece < trial->count ? from + piece : trial->count;
            if (!fails_without(job, trial, from, to))
                from = to;
            else if (piece == 1)
                from = 0; /* one that was needed may not be so any more */
        }
        if (piece > trial->count)
            piece = trial->count;
    }
}
