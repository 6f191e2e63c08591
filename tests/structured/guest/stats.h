/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats.h - a subsystem of the server: it counts what was echoed, takes a sample of that every
 * few milliseconds, and reports, with the load that a probe tells it.
 *
 * The server neither knows nor cares how it is made: stats_0.c is callbacks on the server's
 * event base, stats_1.c to stats_3.c are what becomes of that, step by step.
 *
 * The probe is a descriptor.  A byte that is written to it is a question, a digit that comes
 * from it is the load.  When it is cut the statistics fail.
 */
#ifndef COPPICE_TESTS_STATS_H
#define COPPICE_TESTS_STATS_H

#include <stdbool.h>
#include <stdio.h>

struct event_base;
typedef struct stats stats;

enum {
    STATS_SAMPLE_MS = 2,
};

/* In how many places this version uses the escape hatch. */
extern const unsigned stats_hatches;

/* Starts them; they borrow the descriptor until `ended` is called, once, with nothing of them
 * left on the base, and with *self freed. */
stats *stats_start(struct event_base *base, int probe, int report_ms,
                   void (*ended)(void *ctx, bool have_failed), void *ctx);

/* So many bytes were echoed. */
void stats_count(stats *self, size_t bytes);

/* `told` is called once: with a line about what was counted, and the load, if the probe tells
 * it within report_ms; NULL: the statistics have ended first. */
void stats_report(stats *self, void (*told)(void *ctx, const char *line), void *ctx);

/* They end; the loop goes on. */
void stats_stop(stats *self);

/* What is counted, and how it is told; all versions have it. */
typedef struct tally {
    unsigned lines;
    size_t bytes;
    unsigned samples;
} tally;

static inline void
tally_print(const tally *self, char load, char *line, size_t size)
{
    snprintf(line, size, "%u lines, %zu bytes, %s, load %c", self->lines, self->bytes,
             self->samples == 0 ? "no samples" : "samples", load);
}

#endif /* COPPICE_TESTS_STATS_H */
