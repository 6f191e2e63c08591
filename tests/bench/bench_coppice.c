/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_coppice.c - the cases of tests/bench/README.md on coppice, through its public API.
 *
 *      bench_coppice --workers N CASE      prints "CASE coppice N VALUE UNIT"
 *
 * Each case is a main actor that builds what it needs, takes the time around the work and
 * stops the node.  Producers send in slices and then a message to themselves, so that no
 * handler runs for ever; that is what a well-behaved actor does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <coppice/coppice.h>

#include "bench_nodes.h"

#define BENCH(M, F)                                                                            \
    M(1, ball, F(i64, n))                                                                      \
    M(2, more)                                                                                 \
    M(3, done)                                                                                 \
    M(4, hop, F(i64, left))                                                                    \
    M(5, question)                                                                             \
    M(6, answer, F(i64, n))                                                                    \
    M(7, crash)                                                                                \
    M(8, alarm_rings)                                                                          \
    M(9, next, F(pid, to))                                                                     \
    M(10, born)
COP_PROTOCOL(BENCH)

static unsigned workers = 1;
static const char *case_name;

static double
now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static void
report(const char *name, double value, const char *unit)
{
    printf("%s coppice %u %.4g %s\n", name, workers, value, unit);
}

static double started;

/* ------------------------------------------------------------------ ping-pong, ring */

enum {
    ROUND_TRIPS = 5000000,
    RING = 503,
    HOPS = 10000000,
};

typedef struct echo {
    int unused;
} echo;

COP_HANDLER(echo, ball)
{
    return cop_send(me, cop_sender(me), ball, .n = msg->n);
}
COP_BEHAVIOUR(echo_b, echo, COP_ON(echo, ball));

typedef struct pinger {
    cop_pid echo;
} pinger;

COP_HANDLER(pinger, cop_start)
{
    COP_TRY(cop_spawn(me, &echo_b, NULL, &st->echo));
    started = now();
    return cop_send(me, st->echo, ball, .n = 0);
}

COP_HANDLER(pinger, ball)
{
    if (msg->n < ROUND_TRIPS)
        return cop_send(me, st->echo, ball, .n = msg->n + 1);
    report("ping-pong", (now() - started) / ROUND_TRIPS * 1e9, "ns");
    return cop_stop(me);
}
COP_BEHAVIOUR(ping_pong_b, pinger, COP_ON(pinger, cop_start), COP_ON(pinger, ball));

typedef struct link_in_ring {
    cop_pid next;
    cop_pid main;
} link_in_ring;

COP_HANDLER(link_in_ring, next)
{
    st->next = msg->to;
    st->main = cop_sender(me);
    return COP_OK;
}

COP_HANDLER(link_in_ring, hop)
{
    if (msg->left > 0)
        return cop_send(me, st->next, hop, .left = msg->left - 1);
    return cop_send(me, st->main, done);
}
COP_BEHAVIOUR(ring_link_b, link_in_ring, COP_ON(link_in_ring, next), COP_ON(link_in_ring, hop));

typedef struct ring {
    int unused;
} ring;

COP_HANDLER(ring, cop_start)
{
    cop_pid pids[RING];

    for (int i = 0; i < RING; i++)
        COP_TRY(cop_spawn(me, &ring_link_b, NULL, &pids[i]));
    for (int i = 0; i < RING; i++)
        COP_TRY(cop_send(me, pids[i], next, .to = pids[(i + 1) % RING]));
    started = now();
    return cop_send(me, pids[0], hop, .left = HOPS);
}

COP_HANDLER(ring, done)
{
    report("ring", HOPS / (now() - started) * 1e-6, "M/s");
    return cop_stop(me);
}
COP_BEHAVIOUR(ring_b, ring, COP_ON(ring, cop_start), COP_ON(ring, done));

/* ------------------------------------------------------------ one-to-one, 8-to-one */

enum {
    MESSAGES = 10000000,
    SLICE = 100,
};

typedef struct producer {
    cop_pid to;
    int64_t left;
} producer;

COP_HANDLER(producer, cop_start)
{
    *st = *(const producer *)msg->arg;
    return cop_send(me, cop_self(me), more);
}

COP_HANDLER(producer, more)
{
    for (int i = 0; i < SLICE && st->left > 0; i++) {
        cop_err err = cop_send(me, st->to, ball, .n = st->left);
        if (err == COP_E_FULL)
            break; /* the consumer gets its turn before ours comes again */
        COP_TRY(err);
        st->left--;
    }
    return st->left > 0 ? cop_send(me, cop_self(me), more) : COP_OK;
}
COP_BEHAVIOUR(producer_b, producer, COP_ON(producer, cop_start), COP_ON(producer, more));

typedef struct consumer {
    int64_t seen;
    int64_t expected;
} consumer;

static cop_err
start_producers(cop_actor *me, consumer *st, int count)
{
    producer each = {cop_self(me), MESSAGES / count};

    st->expected = each.left * count;
    started = now();
    for (int i = 0; i < count; i++)
        COP_TRY(cop_spawn(me, &producer_b, &(cop_spawn_opts){.arg = &each}, NULL));
    return COP_OK;
}

COP_HANDLER(consumer, cop_start)
{
    return start_producers(me, st, strcmp(case_name, "8-to-one") == 0 ? 8 : 1);
}

COP_HANDLER(consumer, ball)
{
    if (++st->seen < st->expected)
        return COP_OK;
    report(case_name, (double)st->expected / (now() - started) * 1e-6, "M/s");
    return cop_stop(me);
}
COP_BEHAVIOUR(consumer_b, consumer, COP_ON(consumer, cop_start), COP_ON(consumer, ball));

/* ---------------------------------------------------------------------- spawn, idle */

enum {
    SPAWNS = 2000000,
    IDLE = 1000000,
};

typedef struct mayfly {
    int64_t n;
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
    report("spawn", SPAWNS / (now() - started) * 1e-6, "M/s");
    return cop_stop(me);
}

COP_HANDLER(spawner, cop_start)
{
    st->left = SPAWNS;
    started = now();
    return cop_send(me, cop_self(me), born);
}
COP_BEHAVIOUR(spawner_b, spawner, COP_ON(spawner, cop_start), COP_ON(spawner, born));

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
    report("idle", (resident_bytes() - before) / IDLE, "B");
    fflush(stdout);
    _exit(0); /* taking them down is another case */
}
COP_BEHAVIOUR(idle_b, crowd, COP_ON(crowd, cop_start));

/* ----------------------------------------------------------------------------- call */

enum {
    CALLS = 2000000
};

typedef struct answerer {
    int64_t n;
} answerer;

COP_HANDLER(answerer, question)
{
    return cop_reply(me, answer, .n = ++st->n);
}
COP_BEHAVIOUR(answerer_b, answerer, COP_ON(answerer, question));

typedef struct caller {
    cop_pid to;
} caller;

COP_REPLY(caller, answer)
{
    COP_TRY(err);
    if (msg->n < CALLS)
        return cop_ask(me, st->to, 10000, COP_THEN(caller, answer), question);
    report("call", CALLS / (now() - started) * 1e-6, "M/s");
    return cop_stop(me);
}

COP_HANDLER(caller, cop_start)
{
    COP_TRY(cop_spawn(me, &answerer_b, NULL, &st->to));
    started = now();
    return cop_ask(me, st->to, 10000, COP_THEN(caller, answer), question);
}
COP_BEHAVIOUR(caller_b, caller, COP_ON(caller, cop_start));

/* -------------------------------------------------------------------------- restart */

enum {
    RESTARTS = 300000
};

static cop_pid restart_driver;

typedef struct victim {
    int unused;
} victim;

COP_HANDLER(victim, cop_start)
{
    return cop_send(me, restart_driver, born);
}

COP_HANDLER(victim, crash)
{
    return cop_fail(me, 1, "as told");
}
COP_BEHAVIOUR(victim_b, victim, COP_ON(victim, cop_start), COP_ON(victim, crash));

static const cop_child victims = {
    .name = "victims",
    .budget = {RESTARTS + 1,      3600             },
    .sup = COP_CHILDREN({ .name = "victim", .run = &victim_b, .anonymous = true}
      ),
};

typedef struct driver {
    int64_t seen;
} driver;

COP_HANDLER(driver, cop_start)
{
    restart_driver = cop_self(me);
    return cop_supervisor_spawn(me, &victims, NULL);
}

COP_HANDLER(driver, born)
{
    if (st->seen++ == 0)
        started = now();
    if (st->seen <= RESTARTS)
        return cop_send(me, cop_sender(me), crash);
    report("restart", RESTARTS / (now() - started) * 1e-6, "M/s");
    return cop_stop(me);
}
COP_BEHAVIOUR(driver_b, driver, COP_ON(driver, cop_start), COP_ON(driver, born));

/* --------------------------------------------------------------------------- timers */

enum {
    TIMERS = 1000000
};

typedef struct clockmaker {
    int unused;
} clockmaker;

COP_HANDLER(clockmaker, cop_start)
{
    cop_timer *timers = malloc(TIMERS * sizeof *timers);

    int32_t *delays = malloc(TIMERS * sizeof *delays);
    COP_REQUIRE(me, timers != NULL && delays != NULL);
    for (int i = 0; i < TIMERS; i++)
        delays[i] = 10000 + (int32_t)(cop_random(me) % 50000);
    started = now();
    for (int i = 0; i < TIMERS; i++)
        COP_TRY(cop_send_after(me, delays[i], &timers[i], alarm_rings));
    double armed = now();
    for (int i = 0; i < TIMERS; i++)
        (void)cop_timer_cancel(me, timers[i]);
    double cancelled = now();
    if (strcmp(case_name, "timer-arm") == 0)
        report("timer-arm", (armed - started) / TIMERS * 1e9, "ns");
    else
        report("timer-cancel", (cancelled - armed) / TIMERS * 1e9, "ns");
    free(timers);
    free(delays);
    return cop_stop(me);
}
COP_BEHAVIOUR(clockmaker_b, clockmaker, COP_ON(clockmaker, cop_start));

/* ---------------------------------------------------------------------------- main */

static const struct {
    const char *name;
    const cop_behaviour *run;
} cases[] = {
    {"ping-pong",    &ping_pong_b },
    {"one-to-one",   &consumer_b  },
    {"8-to-one",     &consumer_b  },
    {"ring",         &ring_b      },
    {"spawn",        &spawner_b   },
    {"idle",         &idle_b      },
    {"call",         &caller_b    },
    {"restart",      &driver_b    },
    {"timer-arm",    &clockmaker_b},
    {"timer-cancel", &clockmaker_b},
    {"node-to-node", NULL         },
    {"node-rtt",     NULL         },
};

/* The reports of a child that crashes 300,000 times. */
static void
ignore(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static int
usage(void)
{
    fprintf(stderr, "usage: bench_coppice [--workers N] CASE\ncases:");
    for (size_t i = 0; i < COP_COUNT(cases); i++)
        fprintf(stderr, " %s", cases[i].name);
    fprintf(stderr, "\n");
    return 2;
}

int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--peer") == 0 && i + 1 < argc)
            return bench_nodes_peer(argv[++i]);
        if (strcmp(argv[i], "--workers") == 0 && i + 1 < argc)
            workers = (unsigned)atoi(argv[++i]);
        else
            case_name = argv[i];
    }
    for (size_t i = 0; case_name != NULL && workers > 0 && i < COP_COUNT(cases); i++) {
        if (strcmp(cases[i].name, case_name) != 0)
            continue;
        if (cases[i].run == NULL)
            return bench_nodes(case_name, workers);
        return cop_run(cases[i].run, &(cop_node_opts){.workers = workers, .on_log = ignore});
    }
    return usage();
}
