/* SPDX-License-Identifier: Apache-2.0 */
/*
 * messages.c - few messages at a time, each sent because another one came.
 */
#include "ideal.h"

static bool
ping(actor *self, message *msg)
{
    if (self->left-- > 0)
        post(self->peer, self, GO, msg->value + 1);
    return true;
}

static bool
pong(actor *self, message *msg)
{
    post(msg->from, self, REPLY, msg->value);
    return true;
}

double
ping_pong(void)
{
    const uint64_t trips = 20000000;
    actor *server = actor_new(pong, NULL, 0);
    actor *client = actor_new(ping, server, trips);

    post(client, NULL, GO, 0);
    return run_all() / (double)trips;
}

/* A call that cannot fail is a pair of messages. */
double
call(void)
{
    return 1e3 / ping_pong();
}

static bool
pass_on(actor *self, message *msg)
{
    if (msg->value > 0)
        post(self->peer, self, GO, msg->value - 1);
    return true;
}

/* Members of a ring in which nothing goes round yet. */
static actor *
make_ring(int members)
{
    actor *first = actor_new(pass_on, NULL, 0), *last = first;

    for (int i = 1; i < members; i++)
        last = last->peer = actor_new(pass_on, NULL, 0);
    last->peer = first;
    return first;
}

double
ring(void)
{
    const uint64_t hops = 30000000;

    post(make_ring(503), NULL, GO, hops);
    return millions_per_second(hops, run_all());
}

double
rings_8(void)
{
    const uint64_t hops = 1000000;

    for (int i = 0; i < 8; i++)
        post(make_ring(64), NULL, GO, hops);
    return millions_per_second(8 * hops, run_all());
}

enum {
    TALKERS = 120,
    PINGS = 40000 /* Of each. */
};

static actor *talkers[TALKERS];

/* `total` is its own place among them. */
static void
ping_another(actor *self)
{
    const uint32_t to = random_below(TALKERS - 1);

    self->left--;
    post(talkers[to + (to >= self->total)], self, GO, 0);
}

static bool
talk(actor *self, message *msg)
{
    if (msg->tag == GO)
        post(msg->from, self, REPLY, 0);
    else if (self->left > 0)
        ping_another(self);
    return true;
}

double
big(void)
{
    for (uint64_t i = 0; i < TALKERS; i++) {
        talkers[i] = actor_new(talk, NULL, PINGS);
        talkers[i]->total = i;
    }
    for (int i = 0; i < TALKERS; i++)
        ping_another(talkers[i]);
    const double ns = run_all();
    for (int i = 0; i < TALKERS; i++)
        must_be(talkers[i]->left == 0, "pings were lost");
    return millions_per_second(2 * (uint64_t)TALKERS * PINGS, ns);
}

/* Monitors: two messages, and a link in a list that the watched one keeps. */

enum {
    PAIRS = 2000000,
    BATCH = 100,
    ADD = REPLY + 1,
    REMOVE
};

typedef struct watch {
    struct watch *next, *previous;
    actor *watcher;
} watch;

typedef struct watched {
    actor actor; /* First: a message handler gets a pointer to it. */
    watch all;   /* A ring. */
    uint64_t added;
} watched;

static watch watches[BATCH];

static bool
be_watched(actor *actor, message *msg)
{
    watched *self = (watched *)actor;
    watch *one = (watch *)(uintptr_t)msg->value;

    switch (msg->tag) {
    case ADD:
        one->watcher = msg->from;
        one->next = self->all.next;
        one->previous = &self->all;
        one->next->previous = self->all.next = one;
        self->added++;
        break;
    case REMOVE:
        one->next->previous = one->previous;
        one->previous->next = one->next;
        break;
    default: post(msg->from, actor, REPLY, 0);
    }
    return true;
}

static bool
watch_batch(actor *self, message *msg)
{
    (void)msg;
    if (self->left == 0)
        return true;
    for (int i = 0; i < BATCH; i++) {
        post(self->peer, self, ADD, (uintptr_t)&watches[i]);
        post(self->peer, self, REMOVE, (uintptr_t)&watches[i]);
    }
    self->left -= BATCH;
    post(self->peer, self, GO, 0);
    return true;
}

double
monitor(void)
{
    watched *other = must_alloc(sizeof *other);

    actor_init(&other->actor, be_watched, NULL, 0);
    other->all.next = other->all.previous = &other->all;
    other->added = 0;
    post(actor_new(watch_batch, &other->actor, PAIRS), NULL, GO, 0);
    const double ns = run_all();
    must_be(other->added == PAIRS && other->all.next == &other->all, "signals were lost");
    return ns / PAIRS;
}
