/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pulse.h - is the other end alive?  Times in, verdict out; all in milliseconds.
 *
 * It is looked at once in each heartbeat.  Whoever looks a whole one late has been asleep
 * himself, and may not blame the other end for what it could not hear: it gets one more
 * heartbeat.
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

/*
 * Would a beat save one later, since there is something to go along with now?  If so it
 * counts as given.
 */
bool copi_pulse_join(copi_pulse *self, int64_t now, int32_t beat);

/* When to look again if only for signs of life. */
int64_t copi_pulse_look_due(const copi_pulse *self, int32_t beat, int32_t dead);
/* When to look again if for beats as well. */
int64_t copi_pulse_beat_due(const copi_pulse *self, int32_t beat, int32_t dead);

/* How long to wait before try number `failures` + 1; `random` decides within bounds. */
int64_t copi_redial_after(unsigned failures, uint64_t random);

#endif /* COPPICE_LINK_PULSE_H */
