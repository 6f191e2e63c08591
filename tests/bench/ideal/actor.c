/* SPDX-License-Identifier: Apache-2.0 */
/*
 * actor.c - mailboxes, records and the run queue.
 */
#define _GNU_SOURCE
#include "ideal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

message *free_messages;
struct run_queue ready;
static actor *free_actors;

_Noreturn void
die(const char *what)
{
    fprintf(stderr, "ideal: %s: %s\n", what, strerror(errno));
    exit(1);
}

void
must_be(bool condition, const char *what)
{
    if (condition)
        return;
    errno = EPROTO;
    die(what);
}

void *
must_alloc(size_t size)
{
    void *memory = aligned_alloc(64, (size + 63) / 64 * 64);
    if (memory == NULL)
        die("out of memory");
    return memory;
}

double
now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

uint32_t
random_below(uint32_t bound)
{
    static uint64_t seed = 1;

    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(((seed >> 32) * bound) >> 32);
}

void
refill_messages(void)
{
    const size_t count = 1024;
    message *chunk = must_alloc(count * sizeof *chunk);

    for (size_t i = 0; i < count; i++) {
        atomic_init(&chunk[i].next, free_messages);
        free_messages = &chunk[i];
    }
}

static bool
fall_asleep(actor *self)
{
    uintptr_t expected = (uintptr_t)self->handled;
    /* Release: whoever wakes it up must see the owner's fields as they are now. */
    return atomic_compare_exchange_strong_explicit(&self->newest, &expected, expected | ASLEEP,
                                                   memory_order_release, memory_order_relaxed);
}

void
run_mail(actor *self)
{
    for (int budget = BUDGET; budget > 0; budget--) {
        message *msg = atomic_load_explicit(&self->handled->next, memory_order_acquire);
        if (msg == NULL && fall_asleep(self))
            return;
        if (msg == NULL)
            break; /* A sender is half-way through. */
        if (self->handled != &self->first)
            give_message(self->handled);
        self->handled = msg;
        if (!self->on_message(self, msg)) {
            self->run = restart;
            break;
        }
    }
    make_ready(self);
}

void
actor_init(actor *self, bool (*on_message)(actor *, message *), actor *peer, uint64_t left)
{
    atomic_init(&self->first.next, NULL);
    atomic_init(&self->newest, (uintptr_t)&self->first | ASLEEP);
    self->handled = &self->first;
    self->run = run_mail;
    self->on_message = on_message;
    self->peer = peer;
    self->left = left;
    self->total = 0;
}

actor *
actor_new(bool (*on_message)(actor *, message *), actor *peer, uint64_t left)
{
    actor *self = must_alloc(sizeof *self);
    actor_init(self, on_message, peer, left);
    return self;
}

actor *
take_record(void)
{
    actor *self = free_actors;

    if (self == NULL)
        return must_alloc(sizeof *self);
    free_actors = self->next_ready;
    return self;
}

void
give_record(actor *self)
{
    self->next_ready = free_actors;
    free_actors = self;
}

double
run_all(void)
{
    const double begin = now_ns();

    while (ready.head != NULL) {
        actor *self = ready.head;
        ready.head = self->next_ready;
        self->run(self);
    }
    return now_ns() - begin;
}
