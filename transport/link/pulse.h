/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pulse.h - is the other end alive?  Times in, verdict out; all in milliseconds.
 *
 * Whoever looks late has been asleep himself, and may not blame the other end for what it
 * could not hear: it gets one more heartbeat.
 */
#ifndef COPPICE_LINK_PULSE_H
#define COPPICE_LINK_PULSE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct copi_pulse {
    int64_t heard;  /* the last sign of life */
    int64_t beaten; /* our last beat */
    int64_t looked;
} copi_pulse;

typedef enum copi_pulse_verdict {
    COPI_PULSE_QUIET, /* nothing to do */
    COPI_PULSE_BEAT,  /* it is time to give a sign of life */
    COPI_PULSE_DEAD,
} copi_pulse_verdict;

void copi_pulse_start(copi_pulse *self, int64_t now);
/* The verdict BEAT counts as a beat given. */
copi_pulse_verdict copi_pulse_look(copi_pulse *self, int64_t now, int32_t beat, int32_t dead);

/* How long to wait before try number `failures` + 1; `random` decides within bounds. */
int64_t copi_redial_after(unsigned failures, uint64_t random);

#endif /* COPPICE_LINK_PULSE_H */
