/* SPDX-License-Identifier: Apache-2.0 */
/*
 * streams.c - producers that send as much as they can, and one consumer.
 */
#include "ideal.h"

#include <string.h>

enum {
    MESSAGES = 64000000
};

/* A slice, then to the end of the run queue, so that the consumer keeps up. */
static void
run_producer(actor *self)
{
    for (int i = 0; i < SLICE; i++)
        post(self->peer, self, GO, 1);
    self->left -= SLICE;
    if (self->left > 0)
        make_ready(self);
}

static bool
consume(actor *self, message *msg)
{
    self->total += msg->value;
    return true;
}

static double
fan_in(int producers)
{
    const uint64_t each = (uint64_t)(MESSAGES / producers);
    actor *consumer = actor_new(consume, NULL, 0);

    for (int i = 0; i < producers; i++) {
        actor *producer = actor_new(NULL, consumer, each);
        producer->run = run_producer;
        make_ready(producer);
    }
    const double ns = run_all();
    must_be(consumer->total == each * (uint64_t)producers, "messages were lost");
    return millions_per_second(consumer->total, ns);
}

double
one_to_one(void)
{
    return fan_in(1);
}

double
eight_to_one(void)
{
    return fan_in(8);
}

/* Names: a hash table with open addressing. */

enum {
    NAMES = 64
};

static struct {
    const char *name;
    actor *who;
} names[NAMES];

/* Where it is, or where there is room for it. */
static size_t
place_of(const char *name)
{
    uint32_t hash = 2166136261u;

    for (const char *c = name; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    size_t place = hash % NAMES;
    while (names[place].name != NULL && strcmp(names[place].name, name) != 0)
        place = (place + 1) % NAMES;
    return place;
}

/* Volatile, or the compiler hashes it once and for all. */
static const char *volatile receiver = "consumer";

static void
run_naming_producer(actor *self)
{
    for (int i = 0; i < SLICE; i++)
        post(names[place_of(receiver)].who, self, GO, 1);
    self->left -= SLICE;
    if (self->left > 0)
        make_ready(self);
}

double
name_send(void)
{
    actor *consumer = actor_new(consume, NULL, 0);
    actor *producer = actor_new(NULL, NULL, MESSAGES);
    const size_t place = place_of(receiver);

    names[place].name = receiver;
    names[place].who = consumer;
    producer->run = run_naming_producer;
    make_ready(producer);
    const double ns = run_all();
    must_be(consumer->total == MESSAGES, "messages were lost");
    return millions_per_second(MESSAGES, ns);
}

/* Payloads: a stack of those that are free, for which they need not be touched. */

static struct {
    uint64_t *at[SLICE];
    size_t count;
} payloads;

static void
run_mover(actor *self)
{
    for (int i = 0; i < SLICE; i++) {
        uint64_t *payload = payloads.at[--payloads.count];
        *payload = 1;
        post(self->peer, self, GO, (uintptr_t)payload);
    }
    self->left -= SLICE;
    if (self->left > 0)
        make_ready(self);
}

static bool
take_payload(actor *self, message *msg)
{
    uint64_t *payload = (uint64_t *)(uintptr_t)msg->value;

    self->total += *payload;
    payloads.at[payloads.count++] = payload;
    return true;
}

static double
move(size_t size)
{
    actor *consumer = actor_new(take_payload, NULL, 0);
    actor *producer = actor_new(NULL, consumer, MESSAGES);

    for (payloads.count = 0; payloads.count < SLICE; payloads.count++) {
        payloads.at[payloads.count] = must_alloc(size);
        memset(payloads.at[payloads.count], 0, size);
    }
    producer->run = run_mover;
    make_ready(producer);
    const double ns = run_all();
    must_be(consumer->total == MESSAGES, "messages were lost");
    return millions_per_second(MESSAGES, ns);
}

double
move_1k(void)
{
    return move(1024);
}

double
move_64k(void)
{
    return move(65536);
}
