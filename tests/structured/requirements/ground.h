/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ground.h - one actor in which a test does what it likes, in the simulator or for real.
 *
 * What happens is said into a trace of words.  In the simulator ground_await steps until a word
 * has been said, and ground_settle until nobody can run; on a real node the first one waits,
 * and the second does nothing that could be relied upon.  Nothing may be left at the end.
 *
 * There is one at a time.  Handlers say; only the test's own thread asserts.
 */
#ifndef COPPICE_TESTS_STRUCTURED_GROUND_H
#define COPPICE_TESTS_STRUCTURED_GROUND_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/co.h>
#include <coppice/hatch.h>
#include <coppice/sim.h>

typedef struct ground {
    cop_sim *sim; /* NULL: the node is a real one */
    cop_node *node;
    cop_pid owner;
    void (*on_down)(const cop_down *msg); /* what the owner does with one; NULL: it says so */
    pthread_mutex_t lock;                 /* of what follows */
    pthread_cond_t changed;
    char trace[8192]; /* words, each with a blank before it and behind it */
    char logs[8192];  /* lines of the log, in the same way */
    unsigned done;    /* acts that have run */
} ground;

extern ground here;

/* Says "down:KIND" of what it monitors, "child:KIND" of children it is told of, "end". */
extern const cop_behaviour ground_b;         /* fails fast */
extern const cop_behaviour ground_isolate_b; /* does not */

typedef enum ground_kind {
    GROUND_SIM,
    GROUND_REAL,
} ground_kind;

/* For a stage of one's own: nothing has been said. */
void ground_clear(void);
void ground_open(ground_kind kind, const cop_behaviour *owner, uint64_t seed);
/* The node ends in order, and nothing is left of it. */
void ground_close(void);
/* Only that the node ends: what cop_node_wait says, or in the simulator 0. */
int ground_stop(void);

/* Any thread. */
void ground_say(const char *format, ...) COP_PRINTF(1, 2);

/* Runs `call` in the owner and returns when it has; in the simulator when nobody can run. */
void ground_do(cop_callback call, void *arg);
/* Until `word` has been said; fails the test otherwise. */
void ground_await(const char *word);
/* As often as in the trace, or in the log if it begins with "log:". */
unsigned ground_count(const char *words);
/* Until nobody can run.  Simulator. */
void ground_settle(void);
void ground_pass(int64_t ms);
/* The whole trace is this; it is empty afterwards.  Simulator. */
void ground_expect(const char *trace);
void ground_forget(void);

/* An act: cop_err NAME(cop_actor *me, void *state, void *arg). */
#define ACT(name)                                                                              \
    static cop_err name(COP_UNUSED cop_actor *me, COP_UNUSED void *state, COP_UNUSED void *arg)

#endif /* COPPICE_TESTS_STRUCTURED_GROUND_H */
