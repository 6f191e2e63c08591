/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_lives.c - actors that are started, are there, and end.
 */
#include "bench.h"

#include <stdio.h>
#include <unistd.h>

/* ---------------------------------------------------------------------------- spawn */

enum {
    SPAWNS = 2000000
};

typedef struct mayfly {
    int unused;
} mayfly;

COP_HANDLER(mayfly, cop_start)
{
    COP_TRY(cop_send(me, cop_owner(me), born));
    return cop_stop(me);
}
COP_BEHAVIOUR(mayfly_b, mayfly, COP_ON(mayfly, cop_start));

/* Starts its children one at a time: the next when the one before has run. */
typedef struct spawner {
    int64_t left;
} spawner;

COP_HANDLER(spawner, born)
{
    if (st->left-- > 0)
        return cop_spawn(me, &mayfly_b, NULL, NULL);
    report(SPAWNS / (now() - started) * 1e-6, "M/s");
    return cop_stop(me);
}

COP_HANDLER(spawner, cop_start)
{
    st->left = SPAWNS;
    started = now();
    return cop_send(me, cop_self(me), born);
}
COP_BEHAVIOUR(spawner_b, spawner, COP_ON(spawner, cop_start), COP_ON(spawner, born));

/* ----------------------------------------------------------------------------- idle */

enum {
    IDLE = 1000000
};

static double
resident_bytes(void)
{
    long pages = 0, ignored = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file == NULL || fscanf(file, "%ld %ld", &ignored, &pages) != 2)
        pages = 0;
    if (file != NULL)
        fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

typedef struct idler {
    int64_t n;
} idler;

COP_HANDLER(idler, ball)
{
    st->n += msg->n;
    return COP_OK;
}
COP_BEHAVIOUR(idler_b, idler, COP_ON(idler, ball));

typedef struct crowd {
    int unused;
} crowd;

COP_HANDLER(crowd, cop_start)
{
    double before = resident_bytes();

    for (int i = 0; i < IDLE; i++)
        COP_TRY(cop_spawn(me, &idler_b, NULL, NULL));
    report((resident_bytes() - before) / IDLE, "B");
    fflush(stdout);
    _exit(0); /* taking them down is another case */
}
COP_BEHAVIOUR(idle_b, crowd, COP_ON(crowd, cop_start));

/* --------------------------------------------------------------------------- skynet */

enum {
    LEAVES = 1000000,
    BRANCHES = 10,
};

/* One actor of the tree, and what its spawner tells it. */
typedef struct branch {
    int64_t first;  /* ordinal of its first leaf */
    int64_t leaves; /* 1: it is one */
    int64_t sum;
    int unanswered;
} branch;

/* Only a leaf works in here, for a spawn returns when this has ended: an inner actor that
 * did would build all that is below it before its sibling began. */
COP_HANDLER(branch, cop_start)
{
    *st = *(const branch *)msg->arg;
    if (st->leaves > 1)
        return cop_send(me, cop_self(me), more);
    COP_TRY(cop_send(me, cop_owner(me), answer, .n = st->first));
    return cop_stop(me);
}

extern const cop_behaviour branch_b;

COP_HANDLER(branch, more)
{
    branch each = {.first = st->first, .leaves = st->leaves / BRANCHES};

    st->unanswered = BRANCHES;
    for (int i = 0; i < BRANCHES; i++, each.first += each.leaves)
        COP_TRY(cop_spawn(me, &branch_b, &(cop_spawn_opts){.arg = &each}, NULL));
    return COP_OK;
}

COP_HANDLER(branch, answer)
{
    st->sum += msg->n;
    if (--st->unanswered > 0)
        return COP_OK;
    COP_TRY(cop_send(me, cop_owner(me), answer, .n = st->sum));
    return cop_stop(me);
}
COP_BEHAVIOUR(branch_b, branch, COP_ON(branch, cop_start), COP_ON(branch, more),
              COP_ON(branch, answer));

typedef struct skynet {
    int unused;
} skynet;

COP_HANDLER(skynet, cop_start)
{
    branch whole = {.first = 0, .leaves = LEAVES};

    started = now();
    return cop_spawn(me, &branch_b, &(cop_spawn_opts){.arg = &whole}, NULL);
}

COP_HANDLER(skynet, answer)
{
    double ms = (now() - started) * 1e3;

    COP_REQUIRE(me, msg->n == (int64_t)LEAVES * (LEAVES - 1) / 2);
    report(ms, "ms");
    return cop_stop(me);
}
COP_BEHAVIOUR(skynet_b, skynet, COP_ON(skynet, cop_start), COP_ON(skynet, answer));

/* ------------------------------------------------------------------------ fork-join */

enum {
    ROUNDS = 200,
    FORKS = 64,
    STEPS = 10000,
};

static int64_t
work(int64_t seed)
{
    uint32_t x = (uint32_t)seed;

    for (int i = 0; i < STEPS; i++)
        x = (x * 1103515245u + 12345u) & 0x7fffffffu;
    return x;
}

typedef struct forked {
    int64_t index;
} forked;

/* The work waits for a message, so that the others can be spawned meanwhile. */
COP_HANDLER(forked, cop_start)
{
    st->index = *(const int64_t *)msg->arg;
    return cop_send(me, cop_self(me), more);
}

COP_HANDLER(forked, more)
{
    COP_TRY(cop_send(me, cop_owner(me), answer, .n = work(st->index)));
    return cop_stop(me);
}
COP_BEHAVIOUR(forked_b, forked, COP_ON(forked, cop_start), COP_ON(forked, more));

typedef struct fork_join {
    int rounds;
    int unanswered;
    int64_t sum;
    int64_t expected; /* of one round */
} fork_join;

static cop_err
fork_all(cop_actor *me, fork_join *st)
{
    st->unanswered = FORKS;
    st->sum = 0;
    for (int64_t i = 0; i < FORKS; i++)
        COP_TRY(cop_spawn(me, &forked_b, &(cop_spawn_opts){.arg = &i}, NULL));
    return COP_OK;
}

COP_HANDLER(fork_join, cop_start)
{
    for (int64_t i = 0; i < FORKS; i++)
        st->expected += work(i);
    started = now();
    return fork_all(me, st);
}

COP_HANDLER(fork_join, answer)
{
    st->sum += msg->n;
    if (--st->unanswered > 0)
        return COP_OK;
    COP_REQUIRE(me, st->sum == st->expected);
    if (++st->rounds < ROUNDS)
        return fork_all(me, st);
    report((now() - started) / ROUNDS * 1e6, "us");
    return cop_stop(me);
}
COP_BEHAVIOUR(fork_join_b, fork_join, COP_ON(fork_join, cop_start), COP_ON(fork_join, answer));

/* -------------------------------------------------------------------------- monitor */

enum {
    PAIRS = 2000000,
    BATCH = 100,
};

typedef struct watched {
    int unused;
} watched;

COP_HANDLER(watched, ping)
{
    return cop_send(me, cop_sender(me), pong);
}
COP_BEHAVIOUR(watched_b, watched, COP_ON(watched, ping));

typedef struct watcher {
    cop_pid watched;
    int64_t pairs;
} watcher;

COP_HANDLER(watcher, cop_start)
{
    COP_TRY(cop_spawn(me, &watched_b, NULL, &st->watched));
    started = now();
    return cop_send(me, st->watched, ping);
}

/* The pong of a batch comes when all its signals have acted on the other. */
COP_HANDLER(watcher, pong)
{
    if (st->pairs == PAIRS) {
        report((now() - started) / PAIRS * 1e9, "ns");
        return cop_stop(me);
    }
    for (int i = 0; i < BATCH; i++) {
        cop_ref watch;
        COP_TRY(cop_monitor(me, st->watched, &watch));
        COP_REQUIRE(me, cop_demonitor(me, watch));
    }
    st->pairs += BATCH;
    return cop_send(me, st->watched, ping);
}
COP_BEHAVIOUR(monitor_b, watcher, COP_ON(watcher, cop_start), COP_ON(watcher, pong));
