/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restart.h - a random tree of supervisors and workers that own all that can be owned, and
 * what is known of each of them; see restart_test.c.
 */
#ifndef COPPICE_TESTS_PROPERTY_RESTART_H
#define COPPICE_TESTS_PROPERTY_RESTART_H

#include <stdbool.h>
#include <stdint.h>

#include <coppice/sim.h>
#include <coppice/supervisor.h>
#include <coppice/timer.h>

#include "base/rng.h"

#define GROWTH(M, F)                                                                           \
    M(1, look, F(i32, life))                                                                   \
    M(2, strike, F(i32, life))                                                                 \
    M(3, ask)                                                                                  \
    M(4, say)                                                                                  \
    M(5, fall)                                                                                 \
    M(6, leave)                                                                                \
    M(7, finish)                                                                               \
    M(8, tick, F(i32, life))
COP_PROTOCOL(GROWTH)

enum {
    ROWS = 96,
    SLOTS = 24,
    LIVES = 2048,
    HELPERS = 2, /* of a worker, and one of each of them */
    TOKENS = 4,
    NOBODY = -1,
};

typedef struct wood wood;

/* A place for a worker, and its name. */
typedef struct slot {
    wood *wood;
    int number;
    int last; /* life, or NOBODY */
    char name[16];
} slot;

/* One actor, from the beginning of its init. */
typedef struct life {
    cop_pid pid;
    int parent;       /* life, or NOBODY */
    const slot *slot; /* whose name it has; NULL: none */
    bool is_supervisor;
    bool is_gone;  /* its dispose has run; not of supervisors */
    bool is_asked; /* by the eye, and has not answered */
    int calls;     /* its own that are under way */
    cop_ref question;
} life;

struct wood {
    copi_rng rng;
    cop_sim *sim;
    cop_node *node;
    cop_pid eye;
    cop_child rows[ROWS];
    char names[ROWS][16];
    int row_count;
    slot slots[SLOTS];
    int slot_count;
    life lives[LIVES];
    int life_count;
    bool is_calm; /* nothing random happens any more */
    uint64_t restarts, downs, bereaved;
    char failure[256]; /* empty: none */
};

/* One of 0 .. bound - 1. */
uint32_t wood_pick(wood *self, uint32_t bound);
/* The first one stays. */
void wood_fail(wood *self, const char *format, ...) COP_PRINTF(2, 3);
/* A new life that begins in its init, and is looked at; NOBODY if there were too many. */
int wood_begin(wood *self, cop_actor *me, bool is_supervisor);
/* Nothing of it, nor of what is below it, may be left. */
void wood_expect_gone(wood *self, int who, const char *when);
/* The same for what is below it alone. */
void wood_expect_bereaved(wood *self, int who, const char *when);

extern const cop_behaviour wood_worker;
extern const cop_behaviour wood_eye;

#define EXPECT(wood, condition, ...)                                                           \
    do {                                                                                       \
        if (!(condition))                                                                      \
            wood_fail(wood, __VA_ARGS__);                                                      \
    } while (0)

#endif /* COPPICE_TESTS_PROPERTY_RESTART_H */
