/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h - what a process writes to one of its pipes, as messages.
 *
 *      open, launch the process, watch, then on_ready and on_resume as messages say; when the
 *      process has ended finish, and in the end drain
 */
#ifndef COPPICE_PROCESS_OUTPUT_H
#define COPPICE_PROCESS_OUTPUT_H

#include <coppice/watch.h>

#include "process/lines.h"

/* A part of the state of the actor that reads it. */
typedef struct copi_output {
    int fd;         /* -1: nothing to read, or no more */
    int32_t stream; /* of the messages */
    cop_pid to;
    bool is_raw;    /* pieces as they come, not lines */
    bool is_paused; /* the receiver has no room */
    bool is_last;   /* no more than `left` bytes are read */
    int left;
    cop_watch watch;
    copi_lines lines;
} copi_output;

/* To itself: the receiver may have room again. */
typedef struct copi_output_resume {
    int32_t stream;
} copi_output_resume;

extern const cop_type copi_output_resume_type;

/* Opens the pipe; `given` is the end for the process.  COP_E_OS with errno. */
COP_MUST_USE cop_err copi_output_open(copi_output *self, int *given);
COP_MUST_USE cop_err copi_output_watch(cop_actor *me, copi_output *self);

/* Sends what there is.  While the receiver has no room the pipe is not read. */
cop_err copi_output_on_ready(cop_actor *me, copi_output *self);
cop_err copi_output_on_resume(cop_actor *me, copi_output *self);

/* The process has ended: what it has written until now is the last.  What it left behind may
 * still hold the pipe, and is not waited for. */
cop_err copi_output_finish(cop_actor *me, copi_output *self);

/* Sends all that is left, whether there is room or not; after finish. */
void copi_output_drain(cop_actor *me, copi_output *self);

#endif /* COPPICE_PROCESS_OUTPUT_H */
