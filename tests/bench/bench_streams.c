/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_streams.c - producers that send as much as goes in, and one consumer.
 *
 * They send in slices and then a message to themselves, so that no handler runs for ever;
 * that is what a well-behaved actor does.
 */
#include "bench.h"

enum {
    MESSAGES = 10000000,
    SLICE = 100,
};

typedef struct producer {
    cop_pid to;
    const char *name; /* not NULL: whom it is for, instead of `to` */
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
        cop_pid to = st->name != NULL ? cop_whereis(me, st->name) : st->to;
        cop_err err = cop_send(me, to, ball, .n = st->left);
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
    producer each = {.to = cop_self(me), .left = MESSAGES / count};

    if (is_case("name-send")) {
        each.name = "consumer";
        COP_TRY(cop_register(me, each.name, cop_self(me)));
    }
    st->expected = each.left * count;
    started = now();
    for (int i = 0; i < count; i++)
        COP_TRY(cop_spawn(me, &producer_b, &(cop_spawn_opts){.arg = &each}, NULL));
    return COP_OK;
}

COP_HANDLER(consumer, cop_start)
{
    return start_producers(me, st, is_case("8-to-one") ? 8 : 1);
}

COP_HANDLER(consumer, ball)
{
    if (++st->seen < st->expected)
        return COP_OK;
    report((double)st->expected / (now() - started) * 1e-6, "M/s");
    return cop_stop(me);
}
COP_BEHAVIOUR(consumer_b, consumer, COP_ON(consumer, cop_start), COP_ON(consumer, ball));
