/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 16_children.c - the same, its work a child with a name (docs/structured.md, step 2).
 *
 * What takes the readings is an actor of its own: it can be supervised, stopped and looked
 * at, and the station hears of its end.  The sweep is still on the hatch.
 */
#include <coppice/coppice.h>
#include <stdio.h>

#define SENSOR(M, F)                                                                           \
    M(1, take_reading)                                                                         \
    M(2, sum_is, F(i32, sum))
COP_PROTOCOL(SENSOR)

typedef struct sensor {
    int readings, sum;
} sensor;

COP_HANDLER(sensor, cop_start)
{
    return cop_send_every(me, 10, NULL, take_reading);
}
COP_HANDLER(sensor, take_reading)
{
    st->sum += ++st->readings;
    printf("reading %d\n", st->readings);
    if (st->readings < 3)
        return COP_OK;
    COP_TRY(cop_send(me, cop_owner(me), sum_is, .sum = st->sum));
    return cop_stop(me);
}
static COP_BEHAVIOUR(sensor_b, sensor, COP_ON(sensor, cop_start), COP_ON(sensor, take_reading));

typedef struct station {
    int unused;
} station;

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
    COP_TRY(cop_after(me, 3600 * 1000, on_sweep, "no sweep today", sweep_gone, NULL));
    return cop_spawn(me, &sensor_b, &(cop_spawn_opts){.name = "sensor"}, NULL);
}
COP_HANDLER(station, sum_is)
{
    printf("the sum is %d\n", (int)msg->sum);
    return cop_stop(me);
}
static COP_BEHAVIOUR(station_b, station, COP_ON(station, cop_start), COP_ON(station, sum_is));

int
main(void)
{
    int status = cop_run(&station_b, NULL);

    printf("the hatch is used in %u places\n", cop_hatch_report(stderr));
    return status;
}
