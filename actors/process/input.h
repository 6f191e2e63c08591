/* SPDX-License-Identifier: Apache-2.0 */
/*
 * input.h - what messages bring for the standard input of a process, in bounded memory.
 *
 *      open, launch the process, watch, then put and on_ready as messages say, fini
 */
#ifndef COPPICE_PROCESS_INPUT_H
#define COPPICE_PROCESS_INPUT_H

#include <coppice/watch.h>

enum {
    COPI_INPUT_WAITERS = 16
};

/* Somebody who wants to know when there is room. */
typedef struct copi_input_waiter {
    cop_token token;
    uint32_t bytes;
} copi_input_waiter;

/* A part of the state of the actor that writes it. */
typedef struct copi_input {
    int fd;            /* -1: not a pipe, or closed */
    bool is_closing;   /* as soon as all is written */
    bool is_waiting;   /* for the pipe to take more */
    char *bytes;       /* `room`, and behind it the last words */
    uint32_t room;     /* so many may wait */
    uint32_t farewell; /* size of the last words */
    uint32_t first;    /* of those that wait */
    uint32_t end;
    cop_watch watch;
    uint32_t waiter_count;
    copi_input_waiter waiters[COPI_INPUT_WAITERS]; /* in the order in which they came */
} copi_input;

/* Opens the pipe; `given` is the end for the process.  `farewell`, copied, is what it is told
 * last by quit; may be NULL.  COP_E_NOMEM; COP_E_OS with errno. */
COP_MUST_USE cop_err copi_input_open(copi_input *self, uint32_t room, const char *farewell,
                                     int *given);
COP_MUST_USE cop_err copi_input_watch(cop_actor *me, copi_input *self);

/*
 * Takes all of the bytes, or none: COP_E_FULL, COP_E_TOO_LARGE (they never would fit),
 * COP_E_GONE (closed, or nobody reads it any more).
 */
cop_err copi_input_put(cop_actor *me, copi_input *self, cop_bytes bytes);
/* Writes what the pipe takes. */
cop_err copi_input_on_ready(cop_actor *me, copi_input *self);
/* How many bytes would be taken now. */
uint32_t copi_input_free(const copi_input *self);
/* Answers the request being handled when so many bytes are free, with how many there are. */
void copi_input_await(cop_actor *me, copi_input *self, uint32_t bytes);
/* Closes it when all that was put has been written. */
cop_err copi_input_close(cop_actor *me, copi_input *self);
/* The same, and the last words before. */
cop_err copi_input_quit(cop_actor *me, copi_input *self);
/* Closes it at once: nobody is there to read it. */
void copi_input_cut(cop_actor *me, copi_input *self);
/* Frees what it holds. */
void copi_input_fini(copi_input *self);

#endif /* COPPICE_PROCESS_INPUT_H */
