/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_scopes.c - scopes that are opened, filled and closed, and bodies that wait.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <coppice/co.h>

#include "bench.h"

/* ------------------------------------------------ scope-1 ... -100k, co-scope-1 ... -100k */

enum {
    CHILDREN = 1000000 /* of a round, over all its scopes */
};

typedef struct mayfly {
    int unused;
} mayfly;

COP_HANDLER(mayfly, cop_start)
{
    return cop_stop(me);
}
static COP_BEHAVIOUR(mayfly_b, mayfly, COP_ON(mayfly, cop_start));

COP_BODY(co_mayfly, void, arg)
{
    (void)arg;
    return COP_OK;
}
static COP_SEQUENTIAL(co_mayfly_b, co_mayfly);

/* What stands behind the last dash: 10, 100k. */
static int
children_of_case(void)
{
    char *unit;
    long count = strtol(strrchr(case_name, '-') + 1, &unit, 10);

    return (int)(*unit == 'k' ? 1000 * count : count);
}

static cop_err
open_and_close(cop_co *co, const cop_behaviour *child, int children)
{
    cop_actor *me = cop_actor_of(co);
    cop_outcome outcome;

    COP_SCOPE(co, here, &outcome, .name = "s")
    for (int i = 0; i < children; i++)
        COP_TRY(cop_spawn(me, child, &(cop_spawn_opts){.scope = here.scope}, NULL));
    return outcome.started == (uint32_t)children ? COP_OK : COP_E_FAILED;
}

COP_BODY(opener, void, arg)
{
    const cop_behaviour *child = strncmp(case_name, "co-", 3) == 0 ? &co_mayfly_b : &mayfly_b;
    int children = children_of_case();

    (void)arg;
    for (int round = 0; round < 2; round++) { /* the first one for the memory */
        started = now();
        for (int scopes = CHILDREN / children; scopes > 0; scopes--)
            COP_TRY(open_and_close(co, child, children));
    }
    report((now() - started) / CHILDREN * 1e9, "ns");
    return COP_OK;
}
COP_SEQUENTIAL(opener_b, opener);

/* -------------------------------------------------------------------- scope-cancel-10k */

enum {
    SLEEPERS = 10000,
    CANCEL_ROUNDS = 10,
};

COP_BODY(sleeper, void, arg)
{
    (void)arg;
    return cop_sleep(co, 3600 * 1000);
}
static COP_SEQUENTIAL(sleeper_b, sleeper);

COP_BODY(failure, double, failed)
{
    (void)co;
    *failed = now();
    return COP_E_FAILED;
}
static COP_SEQUENTIAL(failure_b, failure);

/* Until the scope is closed, in seconds. */
static cop_err
cancel(cop_co *co, double *took)
{
    cop_actor *me = cop_actor_of(co);
    cop_outcome outcome;
    double failed = 0;

    COP_SCOPE(co, here, &outcome, .name = "s")
    {
        cop_spawn_opts in_it = {.scope = here.scope};
        for (int i = 0; i < SLEEPERS; i++)
            COP_TRY(cop_spawn(me, &sleeper_b, &in_it, NULL));
        COP_TRY(cop_sleep(co, 50)); /* all of them have begun */
        in_it.arg = &failed;
        COP_TRY(cop_spawn(me, &failure_b, &in_it, NULL));
    }
    *took = now() - failed;
    return outcome.why.kind == COP_EXIT_ERROR && outcome.failed == 1 ? COP_OK : COP_E_FAILED;
}

COP_BODY(canceller, void, arg)
{
    double took = 0, in_all = 0;

    (void)arg;
    COP_TRY(cancel(co, &took)); /* for the memory */
    for (int round = 0; round < CANCEL_ROUNDS; round++) {
        COP_TRY(cancel(co, &took));
        in_all += took;
    }
    report(in_all / CANCEL_ROUNDS * 1e6, "us");
    return COP_OK;
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

/* --------------------------------------------------------------------------- co-switch */

enum {
    YIELDS = 5000000
};

COP_BODY(yielder, void, arg)
{
    (void)arg;
    started = now();
    for (int i = 0; i < YIELDS; i++)
        COP_TRY(cop_yield(co));
    report((now() - started) / YIELDS * 1e9, "ns");
    return COP_OK;
}
COP_SEQUENTIAL(co_switch_b, yielder);

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

COP_BODY(idler, void, arg)
{
    cop_received got;

    (void)arg;
    COP_TRY(cop_send(me, cop_owner(me), born));
    return cop_receive(co, COP_INFINITY, &got);
}
static COP_SEQUENTIAL(idler_b, idler);

COP_BODY(host, void, arg)
{
    long before = resident();
    const born *got;
    cop_outcome outcome;

    (void)arg;
    COP_SCOPE(co, here, &outcome, .name = "s")
    {
        for (int i = 0; i < IDLE; i++)
            COP_TRY(cop_spawn(me, &idler_b, &(cop_spawn_opts){.scope = here.scope}, NULL));
        for (int i = 0; i < IDLE; i++)
            COP_TRY(cop_receive_a(co, COP_INFINITY, born, &got));
        report((double)(resident() - before) / IDLE, "B");
        break;
    }
    return COP_OK;
}
COP_SEQUENTIAL(co_idle_b, host);
