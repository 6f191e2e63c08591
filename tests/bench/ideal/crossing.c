/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crossing.c - how much faster two cores can be than one when all talk to all.
 *
 *      core 0                                core 1
 *      queue -> handle -> to an actor of 0 -> queue
 *                      -> to an actor of 1 -> ring of pointers -> queue -> handle ...
 *
 * Half of the messages cross.  They are handed over in batches, the receiver fetches them
 * ahead of their use, and nothing else is shared: no mailboxes, no bounds, no sleep, actors
 * never move.  Handling a message costs about what it costs in coppice.  What is left is the
 * price of moving one cache line per message, and no runtime can do better on this machine.
 */
#define _GNU_SOURCE
#include "ideal.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

enum {
    ACTORS = 120,
    PINGS = 40000, /* of each */
    WORK = 45,     /* dependent steps per message, of some half a nanosecond */
    BATCH = 16,
    TURN = 32, /* messages until the other core is looked at */
    RING = 1024,
    QUEUE = 4096,
};

typedef struct note {
    alignas(64) struct note *next;
    uint32_t is_pong, from, to;
} note;

/* One writer, one reader. */
typedef struct ring_of_notes {
    alignas(64) _Atomic uint32_t tail;
    note *notes[RING];
} ring_of_notes;

typedef struct core {
    alignas(64) unsigned index;
    unsigned cores;
    note *unused;
    note *queue[QUEUE];
    uint32_t first, last;
    uint32_t written, shown; /* in the ring to the other core */
    uint32_t taken;          /* from the other's */
    uint64_t random, work;
    uint32_t left[ACTORS];
    ring_of_notes *out, *in;
} core;

static _Atomic uint32_t ended;
static _Atomic uint64_t kept; /* so that the work is done */

static void
show(core *self)
{
    if (self->written == self->shown)
        return;
    /* release: the notes are visible. */
    atomic_store_explicit(&self->out->tail, self->written, memory_order_release);
    self->shown = self->written;
}

static void
send_note(core *self, bool is_pong, uint32_t from, uint32_t to)
{
    note *made = self->unused;

    if (made != NULL)
        self->unused = made->next;
    else
        made = must_alloc(sizeof *made);
    made->is_pong = is_pong;
    made->from = from;
    made->to = to;
    if (to % self->cores == self->index) {
        self->queue[self->last++ % QUEUE] = made;
        return;
    }
    self->out->notes[self->written++ % RING] = made;
    if (self->written - self->shown >= BATCH)
        show(self);
}

/* To anybody but itself. */
static void
send_ping(core *self, uint32_t from)
{
    self->random = self->random * 6364136223846793005u + 1442695040888963407u;
    const uint32_t to = (uint32_t)(((self->random >> 32) * (ACTORS - 1)) >> 32);

    send_note(self, false, from, to + (to >= from));
}

static void
handle(core *self, note *one)
{
    const uint32_t me = one->to, from = one->from;
    uint64_t work = self->work;

    for (uint32_t i = 0; i < WORK; i++)
        work = work * 3 + i;
    self->work = work;
    const bool is_pong = one->is_pong;
    one->next = self->unused;
    self->unused = one;
    if (!is_pong)
        send_note(self, true, me, from);
    else if (self->left[me]-- > 1)
        send_ping(self, me);
    else
        atomic_fetch_add(&ended, 1);
}

/* False: nothing has come. */
static bool
take_in(core *self)
{
    /* acquire: pairs with show. */
    const uint32_t tail = atomic_load_explicit(&self->in->tail, memory_order_acquire);
    const bool has_come = self->taken != tail;

    for (uint32_t i = self->taken; i != tail; i++)
        __builtin_prefetch(self->in->notes[i % RING], 1);
    for (; self->taken != tail; self->taken++)
        self->queue[self->last++ % QUEUE] = self->in->notes[self->taken % RING];
    return has_come;
}

static void *
run(void *arg)
{
    core *self = arg;
    cpu_set_t cpus;

    CPU_ZERO(&cpus);
    CPU_SET(self->index, &cpus);
    pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus);
    for (uint32_t i = self->index; i < ACTORS; i += self->cores) {
        self->left[i] = PINGS;
        send_ping(self, i);
    }
    for (;;) {
        const bool has_work = self->first != self->last;
        for (uint32_t i = 0; i < TURN && self->first != self->last; i++)
            handle(self, self->queue[self->first++ % QUEUE]);
        show(self);
        if (!take_in(self) && !has_work && atomic_load(&ended) == ACTORS)
            break;
    }
    atomic_fetch_add(&kept, self->work);
    return NULL;
}

/* Nanoseconds per message. */
static double
with_cores(unsigned count)
{
    core *cores = must_alloc(2 * sizeof *cores);
    ring_of_notes *rings = must_alloc(2 * sizeof *rings);
    pthread_t threads[2];

    memset(cores, 0, 2 * sizeof *cores);
    memset(rings, 0, 2 * sizeof *rings);
    atomic_store(&ended, 0);
    const double begin = now_ns();
    for (unsigned i = 0; i < count; i++) {
        cores[i].index = i;
        cores[i].cores = count;
        cores[i].random = i + 1;
        cores[i].out = &rings[i];
        cores[i].in = &rings[1 - i];
        if (pthread_create(&threads[i], NULL, run, &cores[i]) != 0)
            die("pthread_create");
    }
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    return (now_ns() - begin) / (2.0 * ACTORS * PINGS);
}

double
crossing(void)
{
    return with_cores(1) / with_cores(2);
}
