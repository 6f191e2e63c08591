/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_supervisors.c - supervisors that restart, start and stop their children.
 */
#include "bench.h"

#include <stdio.h>

enum {
    RESTARTS = 1000000,
    MANY = 10000,
};

/* Rows have to outlive the supervisor. */
static cop_child rows[MANY + 1];
static char names[MANY][sizeof "child-2147483648"];
static const cop_child many = {
    .name = "many",
    .budget = {RESTARTS + 1, 3600},
    .sup = rows,
};

/* The table of one supervisor with so many children. */
static const cop_child *
table_of(int children, const cop_behaviour *run)
{
    for (int i = 0; i < children; i++) {
        snprintf(names[i], sizeof names[i], "child%d", i);
        rows[i] = (cop_child){.name = names[i], .run = run, .anonymous = true};
    }
    return &many;
}

/* ------------------------------------------------------------- restart, restart-10k */

/* A child that is restarted knows nothing but this. */
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

typedef struct driver {
    uint32_t children;
    uint32_t alive;  /* how many have reported for the first time */
    uint32_t victim; /* who crashes now */
    int restarts;
    cop_pid pids[MANY];
} driver;

COP_HANDLER(driver, cop_start)
{
    st->children = is_case("restart-10k") ? MANY : 1;
    restart_driver = cop_self(me);
    return cop_supervisor_spawn(me, table_of((int)st->children, &victim_b), NULL);
}

static cop_err
crash_one(cop_actor *me, driver *st)
{
    st->victim = (uint32_t)(((cop_random(me) >> 32) * st->children) >> 32);
    return cop_send(me, st->pids[st->victim], crash);
}

COP_HANDLER(driver, born)
{
    if (st->alive < st->children) {
        st->pids[st->alive++] = cop_sender(me);
        if (st->alive < st->children)
            return COP_OK;
        started = now();
        return crash_one(me, st);
    }
    st->pids[st->victim] = cop_sender(me);
    if (++st->restarts < RESTARTS)
        return crash_one(me, st);
    report(RESTARTS / (now() - started) * 1e-6, "M/s");
    return cop_stop(me);
}
COP_BEHAVIOUR(restart_b, driver, COP_ON(driver, cop_start), COP_ON(driver, born));

/* -------------------------------------------------------------- start-10k, stop-10k */

enum {
    START_ROUNDS = 100
};

typedef struct placid {
    int unused;
} placid;

COP_HANDLER(placid, ping)
{
    return cop_send(me, cop_sender(me), pong);
}
COP_BEHAVIOUR(placid_b, placid, COP_ON(placid, ping));

typedef struct starter {
    const cop_child *tree;
    int rounds;
    double told; /* when the supervisor was told to stop */
    double start_s, stop_s;
} starter;

COP_HANDLER(starter, cop_start)
{
    st->tree = table_of(MANY, &placid_b);
    return cop_send(me, cop_self(me), more);
}

COP_HANDLER(starter, more)
{
    cop_pid supervisor;
    cop_ref watch;
    double begin = now();

    COP_TRY(cop_supervisor_spawn(me, st->tree, &supervisor));
    st->start_s += now() - begin;
    COP_TRY(cop_monitor(me, supervisor, &watch));
    st->told = now();
    return cop_stop_child(me, supervisor);
}

COP_HANDLER(starter, cop_down)
{
    st->stop_s += now() - st->told;
    COP_REQUIRE(me, msg->why.kind == COP_EXIT_SHUTDOWN);
    if (++st->rounds < START_ROUNDS)
        return cop_send(me, cop_self(me), more);
    double seconds = is_case("start-10k") ? st->start_s : st->stop_s;
    report(seconds / START_ROUNDS / MANY * 1e9, "ns");
    return cop_stop(me);
}
COP_BEHAVIOUR(start_stop_b, starter, COP_ON(starter, cop_start), COP_ON(starter, more),
              COP_ON(starter, cop_down));

/* ------------------------------------------------------------------------ deep-stop */

enum {
    DEPTH = 10000,
    DEEP_ROUNDS = 20,
};

/* Levels are added one by one: a table starts its levels within each other, and 10,000 of
 * them may be more than a stack holds. */
static const cop_child level = {.name = "level", .sup = COP_NO_CHILDREN, .anonymous = true};
static const cop_child bottom = {.name = "bottom", .run = &placid_b, .anonymous = true};

typedef struct chain {
    cop_pid top;
    int depth;
    int rounds;
    double told;
    double stop_s;
} chain;

static cop_err add_level(cop_actor *me, const chain *st, cop_pid to);

COP_REPLY(chain, cop_child_started)
{
    COP_TRY(err);
    if (st->depth++ < DEPTH)
        return add_level(me, st, msg->pid);
    cop_ref watch;
    COP_TRY(cop_monitor(me, st->top, &watch));
    st->told = now();
    return cop_stop_child(me, st->top);
}

static cop_err
add_level(cop_actor *me, const chain *st, cop_pid to)
{
    return cop_start_child(me, to, st->depth < DEPTH ? &level : &bottom, 10000,
                           COP_THEN(chain, cop_child_started));
}

COP_HANDLER(chain, cop_start)
{
    return cop_send(me, cop_self(me), more);
}

COP_HANDLER(chain, more)
{
    st->depth = 1;
    COP_TRY(cop_supervisor_spawn(me, &level, &st->top));
    return add_level(me, st, st->top);
}

COP_HANDLER(chain, cop_down)
{
    st->stop_s += now() - st->told;
    COP_REQUIRE(me, msg->why.kind == COP_EXIT_SHUTDOWN);
    if (++st->rounds < DEEP_ROUNDS)
        return cop_send(me, cop_self(me), more);
    report(st->stop_s / DEEP_ROUNDS * 1e3, "ms");
    return cop_stop(me);
}
COP_BEHAVIOUR(deep_stop_b, chain, COP_ON(chain, cop_start), COP_ON(chain, more),
              COP_ON(chain, cop_down));
