/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lives.c - actors that are started, are there, and end.
 */
#include "ideal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The whole life of a child: tell the parent, be gone. */
static void
run_child(actor *self)
{
    post(self->peer, self, REPLY, 0);
    give_record(self);
}

static bool
spawn_next(actor *self, message *msg)
{
    (void)msg;
    if (self->left-- == 0)
        return true;
    actor *child = take_record();
    actor_init(child, NULL, self, 0);
    child->run = run_child;
    make_ready(child);
    return true;
}

double
spawn(void)
{
    const uint64_t children = 20000000;

    post(actor_new(spawn_next, NULL, children), NULL, GO, 0);
    return millions_per_second(children, run_all());
}

static double
resident_bytes(void)
{
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");

    if (statm == NULL || fscanf(statm, "%*d %ld", &pages) != 1)
        die("/proc/self/statm");
    fclose(statm);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

double
idle(void)
{
    const size_t actors = 1000000;
    const double before = resident_bytes();
    actor *all = must_alloc(actors * sizeof *all);

    for (size_t i = 0; i < actors; i++) {
        actor_init(&all[i], NULL, NULL, 0);
        memset(all[i].rest, 0, sizeof all[i].rest);
    }
    return (resident_bytes() - before) / (double)actors;
}

/* Depth first: what was spawned last runs first, and its parent when all of it is done. */

enum {
    LEAVES = 1000000,
    BRANCHES = 10,
    TREES = 10
};

static void
run_leaf(actor *self)
{
    post(self->peer, self, REPLY, self->total);
    give_record(self);
}

/* All answers are there: the children have run before. */
static void
run_sum(actor *self)
{
    uint64_t sum = 0;

    for (int i = 0; i < BRANCHES; i++) {
        message *msg = atomic_load_explicit(&self->handled->next, memory_order_acquire);
        if (self->handled != &self->first)
            give_message(self->handled);
        self->handled = msg;
        sum += msg->value;
    }
    give_message(self->handled);
    post(self->peer, self, REPLY, sum);
    give_record(self);
}

static void run_branch(actor *self);

/* `left` is how many leaves it has, `total` the ordinal of the first. */
static void
grow(actor *parent, uint64_t first, uint64_t leaves)
{
    actor *self = take_record();

    actor_init(self, NULL, parent, leaves);
    self->total = first;
    self->run = leaves > 1 ? run_branch : run_leaf;
    make_ready_first(self);
}

static void
run_branch(actor *self)
{
    const uint64_t each = self->left / BRANCHES;

    /* In the run queue, below its children, hence awake: no answer has to wake it. */
    atomic_init(&self->newest, (uintptr_t)&self->first);
    self->run = run_sum;
    make_ready_first(self);
    for (uint64_t i = 0; i < BRANCHES; i++)
        grow(self, self->total + i * each, each);
}

static bool
add_up(actor *self, message *msg)
{
    self->total += msg->value;
    return true;
}

double
skynet(void)
{
    actor *root = actor_new(add_up, NULL, 0);
    double ns = 0;

    for (int i = 0; i < TREES; i++) {
        root->total = 0;
        grow(root, 0, LEAVES);
        ns += run_all();
        must_be(root->total == (uint64_t)LEAVES * (LEAVES - 1) / 2, "the sum");
    }
    return ns / TREES / 1e6;
}

enum {
    ROUNDS = 200,
    FORKS = 64,
    STEPS = 10000
};

static uint64_t
work(uint64_t seed)
{
    uint32_t x = (uint32_t)seed;

    for (int i = 0; i < STEPS; i++)
        x = (x * 1103515245u + 12345u) & 0x7fffffffu;
    return x;
}

static void
run_forked(actor *self)
{
    post(self->peer, self, REPLY, work(self->total));
    give_record(self);
}

static void
fork_all(actor *self)
{
    for (uint64_t i = 0; i < FORKS; i++) {
        actor *child = take_record();
        actor_init(child, NULL, self, 0);
        child->total = i;
        child->run = run_forked;
        make_ready(child);
    }
}

/* `left` answers are missing, of all rounds. */
static bool
join(actor *self, message *msg)
{
    self->total += msg->value;
    if (--self->left > 0 && self->left % FORKS == 0)
        fork_all(self);
    return true;
}

double
fork_join(void)
{
    actor *parent = actor_new(join, NULL, ROUNDS * FORKS);
    uint64_t expected = 0;

    for (uint64_t i = 0; i < FORKS; i++)
        expected += work(i);
    fork_all(parent);
    const double ns = run_all();
    must_be(parent->left == 0 && parent->total == ROUNDS * expected, "the sum");
    return ns / ROUNDS / 1e3;
}
