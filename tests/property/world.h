/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - one random run of a simulated node, and a ledger of all that happens in it.
 *
 * One seed is one run: actors ("trees") get messages that tell them to do random things
 * to each other.  Beside them the ledger holds what was done and what may follow from it,
 * kept in the most obvious way; the first thing that does not fit ends the run.
 *
 *      world.c   the run: who is told to do something, when time passes, the end
 *      tree.c    the actors: what the runtime calls, told to the ledger
 *      acts.c    the random things that they do
 *      ledger.c  messages, signals, monitors, calls, timers
 *      lives.c   beginnings and ends, links, names
 *      quiet.c   what must hold when nobody can run
 *      trace.c   the last events, for people; and a hash of all events
 */
#ifndef COPPICE_TESTS_PROPERTY_WORLD_H
#define COPPICE_TESTS_PROPERTY_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include <coppice/sim.h>
#include <coppice/timer.h>

#include "base/rng.h"

#define WOOD(M, F)                                                                             \
    M(1, poke, F(u32, id))                                                                     \
    M(2, question, F(u32, id) F(u32, call))                                                    \
    M(3, answer, F(u32, id) F(u32, call))                                                      \
    M(4, tick, F(u32, timer))                                                                  \
    M(5, stranger, F(u32, id))
COP_PROTOCOL(WOOD)

enum {
    TREES = 48,
    NOTES = 4096,
    MONITORS = 512,
    CALLS = 512,
    TIMERS = 512,
    TOKENS = 8,
    NAMES = 4,
    EVENTS = 80,
    OUTSIDE = TREES, /* the sender of what comes from no actor */
    NOBODY = -1,
    BEHAVIOURS = 12,
};

/* Something sent from one to another that has a place in their order. */
typedef struct note {
    enum {
        NOTE_MESSAGE,
        NOTE_QUESTION,
        NOTE_ANSWER,
        NOTE_SIGNAL
    } kind;
    enum {
        NOTE_SENT,
        NOTE_REFUSED,
        NOTE_HANDLED,
        NOTE_DEAD
    } state;
    int from, to;
    uint32_t seq;
    cop_exit_kind exit; /* of a signal */
    bool is_due;        /* a signal that, as far as known, must be handled */
} note;

typedef struct watching {
    int watcher, watched;
    cop_ref ref;
    bool was_gone; /* the watched had ended before */
    enum {
        WATCH_ACTIVE,
        WATCH_MAY_COME,
        WATCH_OVER
    } state;
} watching;

typedef struct asking {
    int caller, callee;
    cop_ref ref;
    uint32_t note;
    int64_t deadline;
    cop_err outcome; /* what the callee has answered, if has_outcome */
    bool has_outcome, is_over;
} asking;

typedef struct alarm_note {
    int who;
    cop_timer timer;
    int64_t due, period;
    bool is_over;
} alarm_note;

/* One actor, from the start of its init. */
typedef struct tree {
    cop_pid pid;
    int owner; /* NOBODY: the root */
    int spawner;
    cop_policy policy;
    bool ordered, slow, traps;
    bool has_toggled;  /* so nobody knows what a signal in flight will do */
    bool has_begun;    /* init was called */
    bool is_started;   /* init went well */
    bool has_failed;   /* init did not */
    bool is_running;   /* a handler is on the stack */
    bool is_stopping;  /* cop_stopping was handled */
    bool is_finishing; /* its last handlers run */
    bool is_doomed;    /* killed: no more code of its own */
    bool is_shot;      /* so, but for its last handlers: an exit signal that it does not trap */
    bool is_told;      /* cop_stop_child */
    bool has_ended;    /* cop_end was handled */
    bool is_disposed;
    bool has_lingered;
    uint32_t bound;
    uint32_t pending; /* messages accepted and not handled */
    int reports;      /* how often its owner was told of its end */
    bool has_wish;    /* it has said how it ends */
    cop_exit wish, why;
    bool has_slipped; /* the handler of a call has failed while it was ending already */
    cop_exit slip;
    cop_exit stopping; /* why it was told to stop */
    cop_token tokens[TOKENS];
    uint32_t token_calls[TOKENS];
    int token_count;
    uint32_t stop_timer;
    int64_t asked_until; /* of the question that it handles: its own have no longer; 0: none */
    uint64_t entered_at, disposed_at; /* events: its last handler began; its end */
    int cancelled;                    /* calls that ended so when it finished */
} tree;

/* Is there a link?  What one side did last is known; what both did at once is not. */
typedef struct pair {
    enum {
        PAIR_APART,
        PAIR_LINKED,
        PAIR_UNSURE
    } state;
    /* Of each side, the lower number first: */
    uint8_t acted[2]; /* since all was quiet; bit 0: linked, bit 1: unlinked */
    bool was_linked;
    bool has_exited[2]; /* it had the other's exit, and has not linked again */
    uint16_t late[2];   /* links that it made when the other had ended: a noproc for each */
} pair;

typedef struct event {
    const char *what;
    int who;
    int64_t a, b, at;
} event;

typedef struct world {
    uint64_t seed;
    copi_rng rng;
    cop_sim *sim;
    cop_node *node;
    cop_behaviour behaviours[BEHAVIOURS];
    int budget; /* actions that are left */
    int depth;  /* of spawns inside inits */
    bool is_over;

    tree trees[TREES];
    int tree_count;
    note notes[NOTES];
    uint32_t note_count;
    watching monitors[MONITORS];
    uint32_t monitor_count;
    asking calls[CALLS];
    uint32_t call_count;
    alarm_note timers[TIMERS];
    uint32_t timer_count;
    int names[NAMES];            /* who has it, or NOBODY */
    pair pairs[TREES][TREES];    /* the lower number first */
    bool unlinked[TREES][TREES]; /* [by][from]: nothing of that link may act any more */
    uint32_t sent[TREES + 1][TREES], seen[TREES + 1][TREES];
    uint64_t dead_letters;

    event events[EVENTS];
    uint64_t event_count, hash;
    char failure[256]; /* empty: none */
} world;

/* world.c */

/* A run; false, and `failure` says why, if something did not fit.  The world is fresh. */
bool world_run(world *self, uint64_t seed);
/* One of 0 .. bound - 1. */
uint32_t world_pick(world *self, uint32_t bound);
/* True once in `n` times. */
bool world_once_in(world *self, uint32_t n);
int64_t world_now(const world *self);
/* An actor that may or may not still be there; NOBODY if there never was one. */
int world_any_tree(world *self);

/* trace.c */

void world_note(world *self, const char *what, int who, int64_t a, int64_t b);
/* The first failure stays. */
void world_fail(world *self, const char *format, ...) COP_PRINTF(2, 3);
void world_print(const world *self);

#define EXPECT(world, condition, ...)                                                          \
    do {                                                                                       \
        if (!(condition))                                                                      \
            world_fail(world, __VA_ARGS__);                                                    \
    } while (0)

/* tree.c */

typedef struct tree_arg {
    world *world;
    int who;
} tree_arg;

void tree_behaviours(world *self);
/* Starts an actor with random properties; `me` and `spawner` are NULL and NOBODY for one
 * from outside.  Its number, or NOBODY. */
int tree_spawn(world *self, int spawner, cop_actor *me);
extern const cop_then tree_then_answer;

/* acts.c */

/* Does up to `count` random things; what the handler is to return. */
cop_err tree_acts(world *self, int who, cop_actor *me, int count);
/* What `who` does with a question. */
cop_err tree_answers(world *self, int who, cop_actor *me, const question *msg);

/* ledger.c */

/* The end of `from` is seen by `who`: all that came before it must have been. */
void note_all_seen(world *self, int from, int who);

/* A new note, with its place in the order of the two; 0 if there were enough. */
uint32_t note_new(world *self, int kind, int from, int to);
void note_refused(world *self, uint32_t id, cop_err err);
/* It was accepted; a message counts against the receiver's bound. */
void note_accepted(world *self, uint32_t id);
void note_handled(world *self, uint32_t id, int who, cop_pid sender);
void note_dead(world *self, const cop_dead_letter *letter);

void watching_new(world *self, int watcher, int watched, cop_ref ref, bool was_gone);
void watching_ended(world *self, uint32_t index, bool is_flush, bool was_active);
void watching_down(world *self, int who, const cop_down *down);

/* The place of a new call, or CALLS. */
uint32_t asking_new(world *self, int caller, int callee, int32_t within_ms);
void asking_answered(world *self, uint32_t call, cop_err err);
void asking_over(world *self, int who, cop_ref ref, cop_err err, const answer *msg);

uint32_t alarm_new(world *self, int who, int64_t ms, int64_t period);
void alarm_fired(world *self, uint32_t index, int who);
void alarm_cancelled(world *self, uint32_t index, int64_t left);

/* lives.c */

/* A handler of `who` begins, or ends. */
void life_enter(world *self, int who, const char *what, int64_t a);
void life_leave(world *self, int who);
void life_ended(world *self, int who, const cop_exit *why);
void life_disposed(world *self, int who);
/* A reason of the end of `who` that somebody was told. */
void life_reason(world *self, int who, const cop_exit *why, const char *where);
void life_child(world *self, int owner, cop_pid pid, const cop_exit *why,
                const cop_child_end *end);

void link_made(world *self, int by, int with);
void link_cut(world *self, int by, int with);
void link_unsure(world *self, int a, int b);
void link_exited(world *self, int who, int from, const cop_exit *why);

/* Is it somebody's who has not ended? */
bool name_is_held(const world *self, int name);
void name_taken(world *self, int name, int who, cop_err err);
void name_freed(world *self, int name, cop_err err);
void name_found(world *self, int name, cop_pid pid);

/* Whether the node says that it is alive. */
bool life_is_alive(const world *self, int who);
int life_find(const world *self, cop_pid pid);
/* Nobody can run: what must have happened by now, must have. */
void world_check_quiet(world *self);
/* The node has ended: nothing may be left. */
void world_check_end(world *self);

#endif /* COPPICE_TESTS_PROPERTY_WORLD_H */
