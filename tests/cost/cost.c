/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cost.c - so many operations of one kind on one worker, for run.sh to count instructions.
 *
 *      cost CASE N         does them
 *      cost --cases        names the cases
 *      cost --made-with    compiler, version, architecture, flags
 *
 * The same operations are always nearly the same instructions: the seed is fixed, and no
 * timer comes due while a case runs.  What is left is the runtime's looking at the clock,
 * the more often the slower the machine, but never so often that it counts.
 */
#include <coppice/co.h>
#include <coppice/coppice.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COST(M, F)                                                                             \
    M(1, ball, F(i64, n))                                                                      \
    M(2, more)                                                                                 \
    M(3, question)                                                                             \
    M(4, answer, F(i64, n))                                                                    \
    M(5, born)                                                                                 \
    M(6, crash)                                                                                \
    M(7, alarm_rings)
COP_PROTOCOL(COST)

enum {
    /* Operations of one handler, which then sends itself a message, so that it does not run
     * for ever: as a well-behaved actor does. */
    SLICE = 100,
    /* Timers that are armed all the time. */
    TIMERS = 1000,
    /* More than any run takes, so that no timer fires and no call times out. */
    LATER_MS = 3600 * 1000,
};

/* From the command line; constant once the node runs. */
static int64_t operations;

/* ------------------------------------------------- hop: a message there, or one back */

typedef struct player {
    int unused;
} player;

COP_HANDLER(player, ball)
{
    return cop_send(me, cop_sender(me), ball, .n = msg->n - 1);
}
static COP_BEHAVIOUR(player_b, player, COP_ON(player, ball));

typedef struct server {
    cop_pid other;
} server;

COP_HANDLER(server, cop_start)
{
    COP_TRY(cop_spawn(me, &player_b, NULL, &st->other));
    return cop_send(me, st->other, ball, .n = operations);
}

COP_HANDLER(server, ball)
{
    return msg->n > 0 ? cop_send(me, st->other, ball, .n = msg->n - 1) : cop_stop(me);
}
static COP_BEHAVIOUR(server_b, server, COP_ON(server, cop_start), COP_ON(server, ball));

/* --------------------------------------------- send: many messages one way, handled */

typedef struct producer {
    int64_t left;
} producer;

COP_HANDLER(producer, cop_start)
{
    st->left = operations;
    return cop_send(me, cop_self(me), more);
}

COP_HANDLER(producer, more)
{
    for (int i = 0; i < SLICE && st->left > 0; i++)
        COP_TRY(cop_send(me, cop_owner(me), ball, .n = st->left--));
    return st->left > 0 ? cop_send(me, cop_self(me), more) : COP_OK;
}
static COP_BEHAVIOUR(producer_b, producer, COP_ON(producer, cop_start), COP_ON(producer, more));

typedef struct consumer {
    int64_t seen;
} consumer;

COP_HANDLER(consumer, cop_start)
{
    return cop_spawn(me, &producer_b, NULL, NULL);
}

COP_HANDLER(consumer, ball)
{
    return ++st->seen < operations ? COP_OK : cop_stop(me);
}
static COP_BEHAVIOUR(consumer_b, consumer, COP_ON(consumer, cop_start), COP_ON(consumer, ball));

/* ------------------------------------------------------------ call: a question, answered */

typedef struct answerer {
    int64_t n;
} answerer;

COP_HANDLER(answerer, question)
{
    return cop_reply(me, answer, .n = ++st->n);
}
static COP_BEHAVIOUR(answerer_b, answerer, COP_ON(answerer, question));

typedef struct caller {
    cop_pid to;
} caller;

COP_REPLY(caller, answer)
{
    COP_TRY(err);
    if (msg->n >= operations)
        return cop_stop(me);
    return cop_ask(me, st->to, LATER_MS, COP_THEN(caller, answer), question);
}

COP_HANDLER(caller, cop_start)
{
    COP_TRY(cop_spawn(me, &answerer_b, NULL, &st->to));
    return cop_ask(me, st->to, LATER_MS, COP_THEN(caller, answer), question);
}
static COP_BEHAVIOUR(caller_b, caller, COP_ON(caller, cop_start));

/* ---------------------------------- spawn: a start, a message of the new actor, its end */

typedef struct mayfly {
    int unused;
} mayfly;

COP_HANDLER(mayfly, cop_start)
{
    COP_TRY(cop_send(me, cop_owner(me), born));
    return cop_stop(me);
}
static COP_BEHAVIOUR(mayfly_b, mayfly, COP_ON(mayfly, cop_start));

typedef struct spawner {
    int64_t lives;
} spawner;

COP_HANDLER(spawner, cop_start)
{
    return cop_spawn(me, &mayfly_b, NULL, NULL);
}

COP_HANDLER(spawner, born)
{
    return ++st->lives < operations ? cop_spawn(me, &mayfly_b, NULL, NULL) : cop_stop(me);
}
static COP_BEHAVIOUR(spawner_b, spawner, COP_ON(spawner, cop_start), COP_ON(spawner, born));

/* ------------------------------- restart: a crash, its report, and a message once it is up */

typedef struct victim {
    int unused;
} victim;

COP_HANDLER(victim, cop_start)
{
    return cop_send(me, *(const cop_pid *)msg->arg, born);
}

COP_HANDLER(victim, crash)
{
    return cop_fail(me, 1, "as told");
}
static COP_BEHAVIOUR(victim_b, victim, COP_ON(victim, cop_start), COP_ON(victim, crash));

typedef struct tormentor {
    int64_t crashes;
    cop_pid self; /* the victim's argument */
    cop_child rows[2];
    cop_child tree;
} tormentor;

COP_HANDLER(tormentor, cop_start)
{
    st->self = cop_self(me);
    st->rows[0] = (cop_child){.name = "victim", .run = &victim_b, .arg = &st->self};
    st->tree = (cop_child){.name = "supervisor", .sup = st->rows};
    st->tree.budget = (cop_budget){.restarts = INT32_MAX, .seconds = 1};
    return cop_supervisor_spawn(me, &st->tree, NULL);
}

COP_HANDLER(tormentor, born)
{
    return st->crashes++ < operations ? cop_send(me, cop_sender(me), crash) : cop_stop(me);
}
static COP_BEHAVIOUR(tormentor_b, tormentor, COP_ON(tormentor, cop_start),
                     COP_ON(tormentor, born));

/* --------------------------------------------- timer, monitor, whereis: one actor alone */

typedef struct loner {
    int64_t left;
    cop_pid neighbour; /* is registered as that, and does nothing */
} loner;

/* Which of the following it is; constant once the node runs. */
static cop_err (*once)(cop_actor *me, const loner *st);

/* Armed and cancelled, while others are armed. */
static cop_err
timer_once(cop_actor *me, const loner *st)
{
    (void)st;
    int64_t ms = LATER_MS + (int64_t)(cop_random(me) % 50000);
    cop_timer timer;

    COP_TRY(cop_send_after(me, ms, &timer, alarm_rings));
    return cop_timer_cancel(me, timer) ? COP_OK : COP_E_NOT_FOUND;
}

/* Begun and ended. */
static cop_err
monitor_once(cop_actor *me, const loner *st)
{
    cop_ref monitor;

    COP_TRY(cop_monitor(me, st->neighbour, &monitor));
    return cop_demonitor(me, monitor) ? COP_OK : COP_E_NOT_FOUND;
}

static cop_err
whereis_once(cop_actor *me, const loner *st)
{
    cop_pid found = cop_whereis(me, "neighbour");

    return cop_pid_equal(found, st->neighbour) ? COP_OK : COP_E_NO_NAME;
}

COP_HANDLER(loner, cop_start)
{
    cop_spawn_opts opts = {.name = "neighbour"};

    st->left = operations;
    COP_TRY(cop_spawn(me, &player_b, &opts, &st->neighbour));
    for (int64_t i = 0; i < TIMERS; i++)
        COP_TRY(cop_send_after(me, LATER_MS + i * 50, NULL, alarm_rings));
    return cop_send(me, cop_self(me), more);
}

COP_HANDLER(loner, more)
{
    for (int i = 0; i < SLICE && st->left > 0; i++, st->left--)
        COP_TRY(once(me, st));
    return st->left > 0 ? cop_send(me, cop_self(me), more) : cop_stop(me);
}
static COP_BEHAVIOUR(loner_b, loner, COP_ON(loner, cop_start), COP_ON(loner, more));

/* --------------------- letter: a message there, or one back, of bodies that wait for it */

COP_BODY(pen_friend, void, unused)
{
    const ball *got;

    (void)unused;
    for (;;) {
        COP_TRY(cop_receive_a(co, COP_INFINITY, ball, &got));
        COP_TRY(cop_send(me, cop_sender(me), ball, .n = got->n - 1));
    }
}
static COP_SEQUENTIAL(pen_friend_b, pen_friend);

COP_BODY(writer, void, unused)
{
    const ball *got;
    cop_pid friend;
    int64_t left = operations;

    (void)unused;
    COP_TRY(cop_spawn(me, &pen_friend_b, NULL, &friend));
    while (left > 0) {
        COP_TRY(cop_send(me, friend, ball, .n = left - 1));
        COP_TRY(cop_receive_a(co, COP_INFINITY, ball, &got));
        left = got->n;
    }
    return COP_OK;
}
static COP_SEQUENTIAL(writer_b, writer);

/* --------------- scope, body: a block with one child that ends at once, an actor or a body */

typedef struct moment {
    int unused;
} moment;

COP_HANDLER(moment, cop_start)
{
    return cop_stop(me);
}
static COP_BEHAVIOUR(moment_b, moment, COP_ON(moment, cop_start));

COP_BODY(instant, void, unused)
{
    (void)co;
    (void)unused;
    return COP_OK;
}
static COP_SEQUENTIAL(instant_b, instant);

static cop_err
open_and_close(cop_co *co, const cop_behaviour *child)
{
    cop_outcome outcome;

    for (int64_t left = operations; left > 0; left--) {
        COP_SCOPE(co, here, &outcome, .name = "s")
        COP_TRY(
            cop_spawn(cop_actor_of(co), child, &(cop_spawn_opts){.scope = here.scope}, NULL));
        if (outcome.started != 1)
            return COP_E_FAILED;
    }
    return COP_OK;
}

COP_BODY(opener, void, unused)
{
    (void)unused;
    return open_and_close(co, &moment_b);
}
static COP_SEQUENTIAL(opener_b, opener);

COP_BODY(body_opener, void, unused)
{
    (void)unused;
    return open_and_close(co, &instant_b);
}
static COP_SEQUENTIAL(body_opener_b, body_opener);

/* ---------------------------------------------------------------------- command line */

static const struct {
    const char *name;
    const cop_behaviour *run;
    cop_err (*once)(cop_actor *me, const loner *st);
} cases[] = {
    {"hop",     &server_b,      NULL        },
    {"send",    &consumer_b,    NULL        },
    {"call",    &caller_b,      NULL        },
    {"spawn",   &spawner_b,     NULL        },
    {"restart", &tormentor_b,   NULL        },
    {"timer",   &loner_b,       timer_once  },
    {"monitor", &loner_b,       monitor_once},
    {"whereis", &loner_b,       whereis_once},
    {"letter",  &writer_b,      NULL        },
    {"scope",   &opener_b,      NULL        },
    {"body",    &body_opener_b, NULL        },
};

/* The reports of all the crashes. */
static void
ignore(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static int
run_case(const char *name)
{
    for (size_t i = 0; i < COP_COUNT(cases); i++) {
        if (strcmp(name, cases[i].name) != 0)
            continue;
        once = cases[i].once;
        return cop_run(cases[i].run,
                       &(cop_node_opts){.workers = 1, .seed = 1, .on_log = ignore});
    }
    fprintf(stderr, "cost: there is no case \"%s\"\n", name);
    return 2;
}

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--cases") == 0) {
        for (size_t i = 0; i < COP_COUNT(cases); i++)
            printf("%s\n", cases[i].name);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--made-with") == 0) {
        printf("%s\n", COST_MADE_WITH);
        return 0;
    }
    if (argc == 3 && (operations = strtoll(argv[2], NULL, 10)) > 0)
        return run_case(argv[1]);
    fprintf(stderr, "usage: cost CASE N | --cases | --made-with\n");
    return 2;
}
