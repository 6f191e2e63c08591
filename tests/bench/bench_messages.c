/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_messages.c - few messages at a time, each sent because another one came.
 */
#include "bench.h"

/* ------------------------------------------------------------------------ ping-pong */

enum {
    ROUND_TRIPS = 5000000
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
    report((now() - started) / ROUND_TRIPS * 1e9, "ns");
    return cop_stop(me);
}
COP_BEHAVIOUR(ping_pong_b, pinger, COP_ON(pinger, cop_start), COP_ON(pinger, ball));

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
    report(CALLS / (now() - started) * 1e-6, "M/s");
    return cop_stop(me);
}

COP_HANDLER(caller, cop_start)
{
    COP_TRY(cop_spawn(me, &answerer_b, NULL, &st->to));
    started = now();
    return cop_ask(me, st->to, 10000, COP_THEN(caller, answer), question);
}
COP_BEHAVIOUR(caller_b, caller, COP_ON(caller, cop_start));

/* -------------------------------------------------------------------- ring, rings-8 */

enum {
    RING = 503,
    HOPS = 10000000,

    RINGS = 8,
    SMALL_RING = 64,
    SMALL_RING_HOPS = 1000000,
};

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

/* Spawns a ring of up to RING members; no message goes round yet. */
static cop_err
make_ring(cop_actor *me, int members, cop_pid *first)
{
    cop_pid pids[RING];

    for (int i = 0; i < members; i++)
        COP_TRY(cop_spawn(me, &ring_link_b, NULL, &pids[i]));
    for (int i = 0; i < members; i++)
        COP_TRY(cop_send(me, pids[i], next, .to = pids[(i + 1) % members]));
    *first = pids[0];
    return COP_OK;
}

typedef struct ring {
    int unused;
} ring;

COP_HANDLER(ring, cop_start)
{
    cop_pid first;

    COP_TRY(make_ring(me, RING, &first));
    started = now();
    return cop_send(me, first, hop, .left = HOPS);
}

COP_HANDLER(ring, done)
{
    report(HOPS / (now() - started) * 1e-6, "M/s");
    return cop_stop(me);
}
COP_BEHAVIOUR(ring_b, ring, COP_ON(ring, cop_start), COP_ON(ring, done));

typedef struct rings {
    int ended;
} rings;

COP_HANDLER(rings, cop_start)
{
    cop_pid firsts[RINGS];

    for (int i = 0; i < RINGS; i++)
        COP_TRY(make_ring(me, SMALL_RING, &firsts[i]));
    started = now();
    for (int i = 0; i < RINGS; i++)
        COP_TRY(cop_send(me, firsts[i], hop, .left = SMALL_RING_HOPS));
    return COP_OK;
}

COP_HANDLER(rings, done)
{
    if (++st->ended < RINGS)
        return COP_OK;
    report(RINGS * (double)SMALL_RING_HOPS / (now() - started) * 1e-6, "M/s");
    return cop_stop(me);
}
COP_BEHAVIOUR(rings_b, rings, COP_ON(rings, cop_start), COP_ON(rings, done));

/* ------------------------------------------------------------------------------ big */

enum {
    TALKERS = 120,
    PINGS = 40000, /* of each */
};

typedef struct talker {
    const cop_pid *all; /* the main actor's, complete when `more` comes */
    uint32_t number;    /* its own place there */
    int32_t left;
} talker;

COP_HANDLER(talker, cop_start)
{
    *st = *(const talker *)msg->arg;
    return COP_OK;
}

/* To anybody but itself. */
static cop_err
send_ping(cop_actor *me, talker *st)
{
    uint32_t to = (uint32_t)(((cop_random(me) >> 32) * (TALKERS - 1)) >> 32);

    st->left--;
    return cop_send(me, st->all[to + (to >= st->number)], ping);
}

COP_HANDLER(talker, more)
{
    return send_ping(me, st);
}

COP_HANDLER(talker, ping)
{
    return cop_send(me, cop_sender(me), pong);
}

COP_HANDLER(talker, pong)
{
    return st->left > 0 ? send_ping(me, st) : cop_send(me, cop_owner(me), done);
}
COP_BEHAVIOUR(talker_b, talker, COP_ON(talker, cop_start), COP_ON(talker, more),
              COP_ON(talker, ping), COP_ON(talker, pong));

typedef struct big {
    cop_pid all[TALKERS];
    int ended;
} big;

COP_HANDLER(big, cop_start)
{
    for (uint32_t i = 0; i < TALKERS; i++) {
        talker each = {st->all, i, PINGS};
        COP_TRY(cop_spawn(me, &talker_b, &(cop_spawn_opts){.arg = &each}, &st->all[i]));
    }
    started = now();
    for (int i = 0; i < TALKERS; i++)
        COP_TRY(cop_send(me, st->all[i], more));
    return COP_OK;
}

/* Who has had its last pong still answers the others. */
COP_HANDLER(big, done)
{
    if (++st->ended < TALKERS)
        return COP_OK;
    report(2.0 * TALKERS * PINGS / (now() - started) * 1e-6, "M/s");
    return cop_stop(me);
}
COP_BEHAVIOUR(big_b, big, COP_ON(big, cop_start), COP_ON(big, done));
