/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.h - the state of the actor around an OS process.
 *
 *      start.c     from its spec to a process that runs
 *      process.c   what it does with messages
 *      ending.c    the ladder down which it is stopped, and its end
 */
#ifndef COPPICE_PROCESS_PROCESS_H
#define COPPICE_PROCESS_PROCESS_H

#include <sys/types.h>

#include <coppice/process.h>

#include "process/census.h"
#include "process/input.h"
#include "process/output.h"

enum {
    COPI_PROCESS_KILL_MS = 5000,
    COPI_PROCESS_ROOM = 65536,
};

typedef struct copi_process {
    bool is_set;  /* the descriptors mean something */
    bool is_told; /* to stop */
    bool is_late; /* nothing is waited for any more */
    pid_t pid;    /* 0: there is none, or it has been reaped */
    copi_census_entry entry;
    int pidfd;
    int lifeline;
    int stop_signal;
    int32_t close_ms, kill_ms;
    cop_watch end;
    int how, status; /* si_code and si_status, once it has been reaped */
    copi_input input;
    copi_output outputs[2];
} copi_process;

typedef enum copi_rung {
    COPI_RUNG_SIGNAL,
    COPI_RUNG_KILL, /* and nothing is waited for any more */
} copi_rung;

/* To itself: the time on the rung above is over. */
typedef struct copi_process_rung {
    copi_rung next;
} copi_process_rung;

extern const cop_type copi_process_rung_type;

/* Runs the process; what fails is left to copi_process_dispose. */
COP_MUST_USE cop_err copi_process_start(cop_actor *me, copi_process *self,
                                        const cop_process_spec *spec);

/* Begins at the top of the ladder. */
cop_err copi_process_tell(cop_actor *me, copi_process *self);
cop_err copi_process_descend(cop_actor *me, copi_process *self, copi_rung next);
/* If it has ended, takes its exit status; what is left of its group dies. */
cop_err copi_process_reap(cop_actor *me, copi_process *self);
/* Ends the actor, if the process has been reaped and all that it wrote has been sent. */
cop_err copi_process_settle(cop_actor *me, const copi_process *self);
/* Also of an actor that was killed: who sees it down sees the process gone. */
void copi_process_dispose(void *state);

#endif /* COPPICE_PROCESS_PROCESS_H */
