/* SPDX-License-Identifier: Apache-2.0 */

/* Actors that are started, are there, and end. */

#include "peer_caf.hpp"

#include <atomic>
#include <cstdio>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace caf;

namespace
{

void
child(event_based_actor *self, actor parent)
{
    self->send(parent, next_atom::value);
}

/* For half a second: with two workers it can be a hundred times slower. */
behavior
parent(stateful_actor<counting> *self, actor main)
{
    self->send(self, next_atom::value);
    return {[=](next_atom) {
        const long count = self->state.left++;
        const double ns = count % 64 == 0 ? ns_since(self->state.begin) : 0;
        if (ns > 5e8)
            self->send(main, millions_per_second(count, ns));
        else
            self->spawn(child, actor{self});
    }};
}

double
resident_bytes()
{
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (statm == nullptr || fscanf(statm, "%*d %ld", &pages) != 1)
        die("/proc/self/statm");
    fclose(statm);
    return double(pages) * double(sysconf(_SC_PAGESIZE));
}

std::atomic<long> initialised;

behavior
sleeper(event_based_actor *)
{
    initialised++;
    return {[](done_atom) {}};
}

/* A tree */

const uint64_t LEAVES = 1000000;
const int BRANCHES = 10;

struct adding {
    uint64_t sum = 0;
    int missing = BRANCHES;
};

void
leaf(event_based_actor *self, actor parent, uint64_t ordinal)
{
    self->send(parent, ordinal);
}

behavior
branch(stateful_actor<adding> *self, actor parent, uint64_t first, uint64_t leaves)
{
    const uint64_t each = leaves / BRANCHES;
    for (uint64_t from = first; from < first + leaves; from += each) {
        if (each == 1)
            self->spawn(leaf, actor{self}, from);
        else
            self->spawn(branch, actor{self}, from, each);
    }
    return {[=](uint64_t number) {
        self->state.sum += number;
        if (--self->state.missing > 0)
            return;
        self->send(parent, self->state.sum);
        self->quit();
    }};
}

/* Work that can be shared out */

const int ROUNDS = 200;
const uint32_t FORKS = 64;

uint32_t
work(uint32_t x)
{
    for (int i = 0; i < 10000; i++)
        x = (x * 1103515245 + 12345) % 0x80000000;
    return x;
}

struct forking {
    int rounds = 0;
    uint32_t missing = 0;
    uint64_t sum = 0;
    uint64_t expected = 0; /* Of a round. */
    nanoclock::time_point begin;
};

void
forked(event_based_actor *self, actor parent, uint32_t index)
{
    self->send(parent, work(index));
}

void
fork_all(stateful_actor<forking> *self)
{
    self->state.missing = FORKS;
    self->state.sum = 0;
    for (uint32_t i = 0; i < FORKS; i++)
        self->spawn(forked, actor{self}, i);
}

behavior
forker(stateful_actor<forking> *self, actor main)
{
    for (uint32_t i = 0; i < FORKS; i++)
        self->state.expected += work(i);
    self->state.begin = nanoclock::now();
    fork_all(self);
    return {[=](uint32_t number) {
        auto &state = self->state;
        state.sum += number;
        if (--state.missing > 0)
            return;
        if (state.sum != state.expected)
            die("a wrong sum");
        if (++state.rounds < ROUNDS)
            fork_all(self);
        else
            self->send(main, ns_since(state.begin) / ROUNDS / 1e3);
    }};
}

/* Monitors: an entry in a list of the other, under its lock, and no signals. */

const int PAIRS = 100;

behavior
watched(event_based_actor *)
{
    return {[](ping_atom) { return pong_atom::value; }};
}

behavior
watcher(stateful_actor<counting> *self, actor other, long pairs, actor main)
{
    self->state.left = pairs;
    self->send(other, ping_atom::value);
    return {[=](pong_atom) {
        if (self->state.left == 0) {
            self->send(main, ns_since(self->state.begin) / pairs);
            return;
        }
        for (int i = 0; i < PAIRS; i++) {
            self->monitor(other);
            self->demonitor(other);
        }
        self->state.left -= PAIRS;
        self->send(other, ping_atom::value);
    }};
}

} // namespace

double
spawn(actor_system &system)
{
    scoped_actor main{system};
    system.spawn(parent, actor{main});
    return result_of(main);
}

/* A million can take minutes with two workers; a fifth of them have the same size. */
double
idle(actor_system &system)
{
    const long count = 200000;
    std::vector<actor> all;
    all.reserve(count);
    const double before = resident_bytes();
    for (long i = 0; i < count; i++)
        all.push_back(system.spawn(sleeper));
    while (initialised < count)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return (resident_bytes() - before) / double(count);
}

double
skynet(actor_system &system)
{
    scoped_actor main{system};
    const auto begin = nanoclock::now();
    system.spawn(branch, actor{main}, uint64_t(0), LEAVES);
    main->receive([](uint64_t sum) {
        if (sum != LEAVES * (LEAVES - 1) / 2)
            die("a wrong sum");
    });
    return ns_since(begin) / 1e6;
}

double
fork_join(actor_system &system)
{
    scoped_actor main{system};
    system.spawn(forker, actor{main});
    return result_of(main);
}

double
monitor(actor_system &system)
{
    scoped_actor main{system};
    system.spawn(watcher, system.spawn(watched), 2000000L, actor{main});
    return result_of(main);
}
