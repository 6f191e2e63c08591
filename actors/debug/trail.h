/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trail.h - the last so many things that happened to an actor.  Its runner's.
 */
#ifndef COPPICE_DEBUG_TRAIL_H
#define COPPICE_DEBUG_TRAIL_H

#include <coppice/event.h>

#include "core/envelope.h"

enum {
    COPI_TRAIL_TEXT = 104 /* of a line, with its end */
};

typedef struct copi_trail_line {
    int64_t at; /* nanoseconds of copi_worker_now */
    cop_pid from;
    uint8_t what; /* cop_trace_what */
    char text[COPI_TRAIL_TEXT];
} copi_trail_line;

typedef struct copi_trail {
    uint32_t room;
    uint64_t seen; /* lines ever; the next goes to seen % room */
    copi_trail_line lines[];
} copi_trail;

/* NULL if there is no memory. */
copi_trail *copi_trail_new(uint32_t room);
void copi_trail_free(copi_trail **self);

/* Notes an envelope of any kind but the debugger's own, which are left out. */
void copi_trail_note(copi_trail *self, cop_actor *actor, const copi_envelope *envelope);

/* The last lines, oldest first, at most `room`; they point into the trail.  How many. */
size_t copi_trail_last(const copi_trail *self, cop_trace_line *out, size_t room);

#endif /* COPPICE_DEBUG_TRAIL_H */
