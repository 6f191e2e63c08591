/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 05_timers.c - a metronome, and an alarm that ends it.
 *
 * Timers belong to the actor that armed them: when it stops, they are gone.
 */
#include <stdio.h>

#include <coppice/coppice.h>

#define METRONOME(M, F)                                                                        \
    M(1, tick)                                                                                 \
    M(2, enough)                                                                               \
    M(3, never)
COP_PROTOCOL(METRONOME)

typedef struct metronome {
    int beats;
    cop_timer never;
} metronome;

COP_HANDLER(metronome, cop_start)
{
    COP_TRY(cop_send_every(me, 20, NULL, tick));
    COP_TRY(cop_send_after(me, 110, NULL, enough));
    return cop_send_after(me, 50, &st->never, never);
}

COP_HANDLER(metronome, tick)
{
    printf("tick %d\n", ++st->beats);
    if (st->beats == 1)
        printf("the other alarm had %s\n",
               cop_timer_cancel(me, st->never) ? "time left" : "gone off");
    return COP_OK;
}

COP_HANDLER(metronome, never)
{
    return cop_fail(me, 1, "a cancelled timer went off");
}

COP_HANDLER(metronome, enough)
{
    printf("enough\n");
    return st->beats > 0 ? cop_stop(me) : cop_fail(me, 1, "no beat was heard");
}
COP_BEHAVIOUR(metronome_b, metronome, COP_ON(metronome, cop_start), COP_ON(metronome, tick),
              COP_ON(metronome, never), COP_ON(metronome, enough));

int
main(void)
{
    return cop_run(&metronome_b, NULL);
}
