/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h - what a process writes to one of its pipes, as messages.
 *
 *      open, launch the process, watch, then ready and resume as messages say, drain
 */
#ifndef COPPICE_IO_OUTPUT_H
#define COPPICE_IO_OUTPUT_H

#include <coppice/watch.h>

#include "io/lines.h"

/* A part of the state of the actor that reads it. */
typedef struct copi_output {
    int fd;         /* -1: nothing to read, or no more */
    int32_t stream; /* of the messages */
    cop_pid to;
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

/* Sends all that was written, whether there is room or not: the process has ended.  What
 * it left behind may still write, and is not waited for. */
void copi_output_drain(cop_actor *me, copi_output *self);

#endif /* COPPICE_IO_OUTPUT_H */
