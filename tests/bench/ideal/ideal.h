/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ideal.h - what an actor runtime cannot do without, and nothing else.
 *
 * Mailboxes that any thread may push to, a run queue, a list of free messages, a function
 * pointer per actor.  No pids, links, timeouts, statistics, second worker.  It is the
 * bound the other programs are held against, not a competitor.
 *
 * What is on the path of a message stands here, so that the compiler may inline it.
 */
#ifndef COPPICE_BENCH_IDEAL_H
#define COPPICE_BENCH_IDEAL_H

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef struct actor actor;
typedef struct message message;

struct message {
    _Atomic(message *) next;
    actor *from;
    uint64_t tag;
    uint64_t value;
};

struct actor {
    /* Senders: the newest message; ASLEEP is set while the owner is in no queue. */
    alignas(64) _Atomic(uintptr_t) newest;

    /* Owner: the message handled last, whose `next` is the one to handle now. */
    alignas(64) message *handled;
    void (*run)(actor *self);
    bool (*on_message)(actor *self, message *msg); /* False: it has crashed. */
    actor *next_ready; /* In the run queue, or in the list of free records. */

    /* The state of the actor. */
    actor *peer;
    uint64_t left;
    uint64_t total;

    message first; /* What a new mailbox holds, handled before it begins. */
    char rest[96]; /* The records measured by `idle` have the size of a real one. */
};

static_assert(sizeof(actor) == 256, "the size that the README states");

enum {
    GO,
    REPLY
};

enum {
    ASLEEP = 1,
    SLICE = 64,   /* Messages a producer sends before others get their turn. */
    BUDGET = 1024 /* Messages handled before that: more than eight producers send. */
};

/* Ends the program, with errno's text. */
_Noreturn void die(const char *what);

/* The same for a result that is wrong. */
void must_be(bool condition, const char *what);

/* Aligned for an actor; never freed. */
void *must_alloc(size_t size);

double now_ns(void);

/* Below `bound`; the same numbers each time. */
uint32_t random_below(uint32_t bound);

static inline double
millions_per_second(uint64_t count, double ns)
{
    return (double)count / ns * 1e3;
}

extern message *free_messages;
extern struct run_queue {
    actor *head, *tail;
} ready;

void refill_messages(void);

static inline message *
take_message(void)
{
    if (free_messages == NULL)
        refill_messages();
    message *msg = free_messages;
    free_messages = atomic_load_explicit(&msg->next, memory_order_relaxed);
    return msg;
}

static inline void
give_message(message *msg)
{
    atomic_store_explicit(&msg->next, free_messages, memory_order_relaxed);
    free_messages = msg;
}

static inline void
make_ready(actor *self)
{
    self->next_ready = NULL;
    if (ready.head == NULL)
        ready.head = self;
    else
        ready.tail->next_ready = self;
    ready.tail = self;
}

/* Runs before all others. */
static inline void
make_ready_first(actor *self)
{
    self->next_ready = ready.head;
    if (ready.head == NULL)
        ready.tail = self;
    ready.head = self;
}

static inline void
post(actor *to, actor *from, uint64_t tag, uint64_t value)
{
    message *msg = take_message();
    msg->from = from;
    msg->tag = tag;
    msg->value = value;
    atomic_store_explicit(&msg->next, NULL, memory_order_relaxed);

    /* Release: what is in the message.  Acquire: the one before it is complete. */
    const uintptr_t before =
        atomic_exchange_explicit(&to->newest, (uintptr_t)msg, memory_order_acq_rel);
    message *older = (message *)(before & ~(uintptr_t)ASLEEP);
    /* Pairs with the acquire in run_mail. */
    atomic_store_explicit(&older->next, msg, memory_order_release);
    if (before & ASLEEP)
        make_ready(to);
}

/* What `run` is while an actor waits for messages. */
void run_mail(actor *self);

/* What `run` is after a crash. */
void restart(actor *self);

void actor_init(actor *self, bool (*on_message)(actor *, message *), actor *peer,
                uint64_t left);
actor *actor_new(bool (*on_message)(actor *, message *), actor *peer, uint64_t left);

/* Records of actors that have ended. */
actor *take_record(void);
void give_record(actor *self);

/* Runs until nobody has anything to do; returns nanoseconds. */
double run_all(void);

/* The cases, one function each; what it returns has the unit that stands in main.c. */
double ping_pong(void), call(void), ring(void), rings_8(void), big(void), monitor(void);
double one_to_one(void), eight_to_one(void), name_send(void), move_1k(void), move_64k(void);
double spawn(void), idle(void), skynet(void), fork_join(void);
double restart_one(void), restart_10k(void), start_10k(void), stop_10k(void), deep_stop(void);
double scope_1(void), scope_10(void), scope_1k(void), scope_100k(void), scope_cancel_10k(void);
double timers_armed(void), timers_cancelled(void);
double node_to_node(void), node_rtt(void);
double crossing(void); /* two threads; how many times faster they are than one */

#endif /* COPPICE_BENCH_IDEAL_H */
