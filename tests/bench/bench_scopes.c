/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_scopes.c - scopes that are opened, filled and closed, and bodies that wait.
 */
#include <stdio.h>

#include <coppice/co.h>

#include "bench.h"

/* ------------------------------------------------------------------- scope-1 ... -100k */

enum {
    CHILDREN = 4000000 /* in all, over the scopes of a case */
};

COP_BODY(ends_at_once, void, arg)
{
    return arg == NULL ? COP_OK : COP_E_FAILED;
}
static COP_SEQUENTIAL(ends_at_once_b, ends_at_once);

static int
children_of_case(void)
{
    return is_case("scope-1")    ? 1
           : is_case("scope-10") ? 10
           : is_case("scope-1k") ? 1000
                                 : 100000;
}

COP_BODY(opener, void, arg)
{
    int children = children_of_case();
    cop_outcome outcome;

    (void)arg;
    for (int round = 0; round < 2; round++) { /* the first one for the memory */
        started = now();
        for (int scopes = CHILDREN / 4 / children; scopes > 0; scopes--)
            COP_SCOPE(co, here, &outcome, .name = "s")
        for (int i = 0; i < children; i++)
            COP_TRY(
                cop_spawn(me, &ends_at_once_b, &(cop_spawn_opts){.scope = here.scope}, NULL));
    }
    report((now() - started) / (CHILDREN / 4) * 1e9, "ns");
    return COP_OK;
}
COP_SEQUENTIAL(opener_b, opener);

/* -------------------------------------------------------------------- scope-cancel-10k */

enum {
    SLEEPERS = 10000,
};

COP_BODY(sleeper, void, arg)
{
    COP_TRY(cop_sleep(co, 3600 * 1000));
    return arg == NULL ? COP_OK : COP_E_FAILED;
}
static COP_SEQUENTIAL(sleeper_b, sleeper);

COP_BODY(canceller, void, arg)
{
    cop_outcome outcome;

    (void)arg;
    for (int round = 0; round < 3; round++) {
        COP_SCOPE(co, here, &outcome, .name = "s")
        {
            for (int i = 0; i < SLEEPERS; i++)
                COP_TRY(
                    cop_spawn(me, &sleeper_b, &(cop_spawn_opts){.scope = here.scope}, NULL));
            COP_TRY(cop_sleep(co, 100)); /* all of them have begun */
            started = now();
            COP_TRY(cop_spawn(me, &ends_at_once_b,
                              &(cop_spawn_opts){.scope = here.scope, .arg = me}, NULL));
        }
    }
    report((now() - started) * 1e3, "ms");
    return outcome.why.kind == COP_EXIT_ERROR ? COP_OK : COP_E_FAILED;
}
COP_SEQUENTIAL(canceller_b, canceller);

/* ------------------------------------------------------------------------ co-ping-pong */

enum {
    ROUND_TRIPS = 3000000
};

COP_BODY(echo_body, void, arg)
{
    const ball *got;

    (void)arg;
    for (;;) {
        COP_TRY(cop_receive_a(co, COP_INFINITY, ball, &got));
        COP_TRY(cop_send(me, cop_sender(me), ball, .n = got->n));
    }
}
static COP_SEQUENTIAL(echo_body_b, echo_body);

COP_BODY(pinger_body, void, arg)
{
    const ball *got;
    cop_pid echo;

    (void)arg;
    COP_TRY(cop_spawn(me, &echo_body_b, NULL, &echo));
    started = now();
    for (int64_t i = 0; i < ROUND_TRIPS; i++) {
        COP_TRY(cop_send(me, echo, ball, .n = i));
        COP_TRY(cop_receive_a(co, COP_INFINITY, ball, &got));
    }
    report((now() - started) / ROUND_TRIPS * 1e9, "ns");
    return COP_OK;
}
COP_SEQUENTIAL(co_ping_pong_b, pinger_body);

/* ----------------------------------------------------------------------------- co-idle */

enum {
    IDLE = 100000
};

static long
resident(void)
{
    long pages = 0, skipped = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file == NULL || fscanf(file, "%ld %ld", &skipped, &pages) != 2)
        pages = 0;
    if (file != NULL)
        fclose(file);
    return pages * 4096;
}

COP_BODY(host, void, arg)
{
    long before = resident();
    cop_outcome outcome;

    (void)arg;
    COP_SCOPE(co, here, &outcome, .name = "s")
    {
        for (int i = 0; i < IDLE; i++)
            COP_TRY(cop_spawn(me, &echo_body_b, &(cop_spawn_opts){.scope = here.scope}, NULL));
        COP_TRY(cop_sleep(co, 500));
        report((double)(resident() - before) / IDLE, "B");
        break;
    }
    return COP_OK;
}
COP_SEQUENTIAL(co_idle_b, host);
