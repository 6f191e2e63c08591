/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storm.h - random things on real threads, and what must be true without a global order.
 *
 * What is sent, handled and thrown away is counted, and the numbers must agree at the
 * end; what one actor can see of another's order and end, it checks itself.
 */
#ifndef COPPICE_TESTS_PROPERTY_STORM_H
#define COPPICE_TESTS_PROPERTY_STORM_H

#include <stdatomic.h>
#include <stdbool.h>

#include <coppice/node.h>
#include <coppice/timer.h>

#define STORM(M, F)                                                                            \
    M(1, gust, F(pid, from) F(pid, to) F(u64, seq) F(u32, hops))                               \
    M(2, shout, F(u32, how))                                                                   \
    M(3, echo, F(u32, how))                                                                    \
    M(4, drip, F(i64, due) F(u32, place))                                                      \
    M(5, litter)
COP_PROTOCOL(STORM)

enum {
    BOARD = 128, /* pids that everybody knows */
    CROWD = 200, /* more are not started */
    HEARD = 32,  /* senders whose last number a leaf remembers */
    WATCHED = 8,
    DRIPS = 4,
    DEFERRED = 4,
    STORM_NAMES = 8,
    HOPS = 30,
};

/* How many, and the sum of their numbers, so that one lost and one doubled do not cancel. */
typedef struct tally {
    _Atomic uint64_t count, sum;
} tally;

typedef struct storm {
    cop_node *node;
    _Atomic uint64_t board[BOARD]; /* ids; 0: none */
    _Atomic int64_t alive;
    tally sent, handled, dead;
    _Atomic uint64_t asked, ended_calls, lost_calls;
    _Atomic uint64_t started, disposed;
    _Atomic uint64_t litters, litters_seen; /* children of keepers, and their ends */
    _Atomic bool is_over;
    _Atomic(const char *) failure; /* the first */
} storm;

void storm_fail(storm *self, const char *what);
void storm_count(tally *self, const gust *one);
/* Somebody from the board, who may have ended. */
cop_pid storm_anybody(storm *self, uint64_t random);

/* leaf.c: actors that do random things, and keepers, who look at each end. */
extern const cop_behaviour trunk_behaviour;
extern const cop_behaviour keeper_behaviour;
/* Starts a leaf from a thread that is no actor. */
cop_err leaf_plant(storm *self, uint64_t random);

#define STORM_EXPECT(storm, condition)                                                         \
    do {                                                                                       \
        if (!(condition))                                                                      \
            storm_fail(storm, #condition);                                                     \
    } while (0)

#endif /* COPPICE_TESTS_PROPERTY_STORM_H */
