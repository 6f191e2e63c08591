/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 15_hatch.c - the same, its callbacks on the escape hatch (docs/structured.md, step 1).
 *
 * Each call of the loop has become one of coppice, where it stood.  Now every callback has an
 * owner: if one fails the station fails, in order, and the program says so; when the station
 * ends, the sweep is disposed of.
 */
#include <coppice/coppice.h>
#include <stdio.h>

typedef struct station {
    cop_leaf tick;
    int readings, sum;
} station;

static cop_err
on_report(cop_actor *me, void *state, void *arg)
{
    station *self = state;

    (void)arg;
    printf("the sum is %d\n", self->sum);
    return cop_stop(me);
}

static cop_err
on_tick(cop_actor *me, void *state, void *arg)
{
    station *self = state;

    (void)arg;
    self->sum += ++self->readings;
    printf("reading %d\n", self->readings);
    if (self->readings < 3)
        return COP_OK;
    COP_TRY(cop_leaf_cancel(me, self->tick));
    return cop_soon(me, on_report, NULL, NULL);
}

static cop_err
on_sweep(cop_actor *me, void *state, void *arg)
{
    (void)me;
    (void)state;
    (void)arg;
    return COP_OK;
}

static void
sweep_gone(void *arg)
{
    printf("%s\n", (const char *)arg);
}

COP_HANDLER(station, cop_start)
{
    COP_TRY(cop_every(me, 10, on_tick, NULL, NULL, &st->tick));
    return cop_after(me, 3600 * 1000, on_sweep, "no sweep today", sweep_gone, NULL);
}
static COP_BEHAVIOUR(station_b, station, COP_ON(station, cop_start));

int
main(void)
{
    int status = cop_run(&station_b, NULL);

    printf("the hatch is used in %u places\n", cop_hatch_report(stderr));
    return status;
}
