/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 17_scopes.c - the same, its parts in scopes of their own (docs/structured.md, step 3).
 *
 * The readings are a body that waits where it stands, inside a block that is their scope: with
 * a deadline, and with all that belongs to it gone when the block is left.  Nothing is on the
 * hatch any more.
 */
#include <coppice/coppice.h>
#include <stdio.h>

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

COP_BODY(station, void, arg)
{
    int sum = 0;

    (void)arg;
    COP_SCOPE(co, house, NULL, .name = "house")
    {
        COP_TRY(cop_scope_after(me, house.scope, 3600 * 1000, on_sweep, "no sweep today",
                                sweep_gone, NULL));
        COP_SCOPE(co, readings, NULL, .name = "readings", .deadline_ms = 10000)
        {
            for (int reading = 1; reading <= 3; reading++) {
                COP_TRY(cop_sleep(co, 10));
                printf("reading %d\n", reading);
                sum += reading;
            }
        }
        printf("the sum is %d\n", sum);
        break; /* with the sweep */
    }
    return COP_OK;
}
static COP_SEQUENTIAL(station_b, station);

int
main(void)
{
    int status = cop_run(&station_b, NULL);

    printf("the hatch is used in %u places\n", cop_hatch_report(stderr));
    return status;
}
