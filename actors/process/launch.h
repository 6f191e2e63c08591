/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch.h - starts a program in an OS process that cannot outlive us.
 */
#ifndef COPPICE_PROCESS_LAUNCH_H
#define COPPICE_PROCESS_LAUNCH_H

#include <sys/types.h>

#include <coppice/err.h>

/* Everything borrowed. */
typedef struct copi_launch_plan {
    const char *const *argv;
    char *const *envp;
    const char *dir; /* NULL: ours */
    int stdio[3];    /* what its 0, 1 and 2 are to be, none below 3; -1: ours */
    int kept;        /* a descriptor that it gets under the same number, beside those */
} copi_launch_plan;

typedef struct copi_launched {
    pid_t pid;           /* not yet reaped, so it is nobody else's */
    int pidfd;           /* the caller's */
    int error;           /* errno, if it could not be started */
    const char *subject; /* what the error is about; borrowed from the plan */
} copi_launched;

/*
 * Returns when the program runs, as the leader of a group of its own, with no signal
 * blocked and no disposition changed; COP_E_OS if it cannot, and then nothing is left.
 *
 * The process is killed by the kernel when the calling *thread* ends: to be called from a
 * worker, which lives as long as its node, and its node longer than all its actors.
 */
COP_MUST_USE cop_err copi_launch(const copi_launch_plan *plan, copi_launched *out);

#endif /* COPPICE_PROCESS_LAUNCH_H */
