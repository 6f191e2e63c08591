/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_timers.c - timers that are armed and cancelled before they are due.
 */
#include "bench.h"

#include <stdlib.h>

enum {
    TIMERS = 1000000
};

typedef struct clockmaker {
    int unused;
} clockmaker;

/* Arms all of them and cancels them in the same order; the times go to `armed`, `cancelled`. */
static cop_err
run_round(cop_actor *me, const int32_t *delays, cop_timer *timers, double *armed,
          double *cancelled)
{
    double begin = now();

    for (int i = 0; i < TIMERS; i++)
        COP_TRY(cop_send_after(me, delays[i], &timers[i], alarm_rings));
    double middle = now();
    for (int i = 0; i < TIMERS; i++)
        (void)cop_timer_cancel(me, timers[i]);
    *armed = middle - begin;
    *cancelled = now() - middle;
    return COP_OK;
}

/* The first round is where fresh memory is touched, which costs more than all the rest. */
COP_HANDLER(clockmaker, cop_start)
{
    cop_timer *timers = malloc(TIMERS * sizeof *timers);
    int32_t *delays = malloc(TIMERS * sizeof *delays);
    double armed, cancelled;

    COP_REQUIRE(me, timers != NULL && delays != NULL);
    for (int i = 0; i < TIMERS; i++)
        delays[i] = 10000 + (int32_t)(cop_random(me) % 50000);
    COP_TRY(run_round(me, delays, timers, &armed, &cancelled));
    COP_TRY(run_round(me, delays, timers, &armed, &cancelled));
    report((is_case("timer-arm") ? armed : cancelled) / TIMERS * 1e9, "ns");
    free(timers);
    free(delays);
    return cop_stop(me);
}
COP_BEHAVIOUR(clockmaker_b, clockmaker, COP_ON(clockmaker, cop_start));
