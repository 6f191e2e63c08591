/* SPDX-License-Identifier: Apache-2.0 */
/*
 * play.h - a plan played by real actors on a simulated node, and the log of what was seen.
 *
 *      play.c    the run: the script, the clock, what an onlooker sees when nobody can run
 *      start.c   beginning: actors, scopes and calls, under whom the plan has them
 *      obey.c    what an actor does that is told something by the script
 *      actor.c   the actors with handlers
 *      body.c    the sequential ones
 *      ask.c     calls, and those who are asked
 *      lend.c    limiters, and loans of their tokens
 *      mail.c    letters and monitors
 *      supervise.c  supervisors, and the lives of their rows
 *      log.c     the log
 *
 * Each time that a node of the plan is started is a *life*, a number; life 0 is the boss, an
 * actor that owns the first node, does what strangers do, and watches everybody.  What is in
 * the log has been seen by user code: by handlers, callbacks, `dispose`, or by looking at a
 * scope while nobody runs.
 */
#ifndef COPPICE_TESTS_TREES_PLAY_H
#define COPPICE_TESTS_TREES_PLAY_H

#include <coppice/co.h>
#include <coppice/limiter.h>
#include <coppice/sim.h>
#include <coppice/timer.h>

#include "structured/trees/plan.h"

#define TREES(M, F)                                                                            \
    M(1, order, F(u32, deed) F(i32, life) F(i32, arg))                                         \
    M(2, question, F(i32, life))                                                               \
    M(3, reply, F(i32, life))                                                                  \
    M(4, letter, F(i32, number))
COP_PROTOCOL(TREES)

enum {
    LIVES = 1000,
    BOSS = 0,
    CODE = 1000,       /* the error code of a life that fails: CODE + life */
    BAD_CLOSED = 9000, /* ... of a scope's `closed` that does */
    NO_LIMIT = -1,
};

typedef enum what {
    TRIED,     /* who: a life is to begin; a: under which, b: node */
    STARTED,   /* it is accepted */
    REFUSED,   /* it is not; a: the error */
    BEGAN,     /* an actor's init or body runs */
    HAS_TIME,  /* of an actor that begins; a: until when, or NO_LIMIT */
    FAILED,    /* it fails by itself, with the code of its life */
    LEAVES,    /* it ends well by itself */
    SEES_END,  /* it has seen that it is to end */
    RAN,       /* user code of it ran; a: what */
    WHY,       /* its cop_end; a: kind, b: code */
    ENDED,     /* its dispose: the last there is */
    ARG_GONE,  /* the dispose of an actor's argument */
    OUTCOME,   /* of a scope; a: kind, b: code, c: force, d: kept, e: dropped */
    KEPT,      /* one record of that; a: life or NOBODY, b: kind, c: code */
    TOLD,      /* who is told of a child's end; a: life or NOBODY, b: kind, c: code */
    DOWN,      /* of `who`, as the boss sees it; a: kind, b: code, c: the origin's life */
    CAUSE,     /* one cause in that; a: kind, b: code */
    MORE,      /* a: so many more causes */
    CANCEL,    /* of a scope, with success; a: force */
    LEAVING,   /* a block is left: cancelled */
    CLOSE,     /* of a scope, with success */
    MOVE,      /* of a scope's deadline, with success; a: to when */
    STOP,      /* an actor is told by its owner, with success */
    KILL,      /* an actor is killed by the boss */
    CALL_OFF,  /* of a call, with success */
    RETURNS,   /* a body */
    CLEANS,    /* a body has opened (a: 1) or left (a: -1) a shield of its own there */
    WAITED,    /* a body is cancelled and waits again; a: where it stands, b: the error */
    ASKS,      /* an ask or a loan; a: whom, or NOBODY; b: within so long; c: its way */
    ASKED,     /* an ask has reached a: whom */
    ANSWERS,   /* it is answered */
    GETS,      /* its end; a: the error, b: who was answered */
    RETURNED,  /* a loan */
    WRITES,    /* a letter; a: its number, b: to whom, c: the error */
    READS,     /* a letter; a: its number */
    DEAD,      /* a letter; a: its number; who: to whom it was */
    WATCHES,   /* somebody; a: the monitor's number, b: whom */
    UNWATCHES, /* a: the monitor's number, b: whether it was active */
    SEES_DOWN, /* a: the monitor's number, b: the kind, c: the code */
    GIVES_UP,  /* a supervisor */
    START_ROW, /* of a supervisor, by its administration */
    NO_MORE,   /* an ask or a loan has ended with its actor: nothing was told */
    SHIELDED, /* a body's sleep in a shield has ended; a: the error, b: until when it was to be */
    /* When nobody can run: */
    FORCE,  /* a scope's force has changed; a: to what */
    LIMIT,  /* a scope's nearest deadline has changed; a: to when, or NO_LIMIT */
    COUNT,  /* how many children a scope has has changed; a: to how many */
    ENDING, /* an actor has begun to end */
    LENT,   /* by a limiter; a: how many tokens, b: how many wait */
    QUIET,  /* all that has changed until now has been told; who: NOBODY */
    LEFT,   /* a: so many things were left at the end; who: NOBODY */
    WHATS
} what;

/* As what an ask is made. */
typedef enum way {
    IN_SCOPE,  /* a child */
    OF_ITSELF, /* the actor's own */
    AWAITED,   /* by its body */
} way;

typedef struct entry {
    int64_t at; /* virtual milliseconds */
    what what;
    int who;
    int64_t a, b, c, d, e;
} entry;

typedef struct play play;

/* One monitor, from 1 on. */
typedef struct watching {
    cop_ref ref;
    int who;
} watching;

/* What the player knows of a life. */
typedef struct life {
    play *play;
    int self;
    int node, parent, host; /* the last two are lives */
    int64_t began_at;
    cop_pid pid;
    cop_scope scope;
    cop_leaf leaf;
    cop_ref watch;
    int last_monitor; /* its number; 0: none */
    int runs;         /* of EVERY */
    cop_token token;  /* of an ask: of whoever is to answer */
    cop_loan loan;
    bool is_asking, is_called_off;
    bool has_begun; /* an actor: its init or body runs, or has run */
    bool is_open;   /* a scope that may be looked at */
    bool is_over;   /* ENDED was logged */
    deed wish;      /* of a body: how it is to end */
    bool has_wish;
    /* What the onlooker has seen last. */
    cop_force force;
    int64_t limit;
    int64_t count;
    bool is_ending;
    uint32_t lent, waiting;
    bool is_started; /* a row */
} life;

/* The argument of a row, of which lives are made: a life has the same beginning. */
typedef struct seat {
    play *play;
    int self; /* NOBODY */
    int node;
} seat;

struct play {
    const plan *plan;
    cop_sim *sim;
    cop_node *node;
    life lives[LIVES];
    int life_count;
    int now[NODES]; /* the last life of each node, or NOBODY */
    bool is_closing;
    cop_behaviour limiter; /* the library's, which notes its lives */
    seat seats[NODES];
    char names[NODES][16];
    cop_child rows[NODES], tables[2 * NODES]; /* of each node; those of a supervisor together */
    cop_reporter reporter;
    watching monitors[ACTS + 1];
    int monitor_count, letter_count;
    int reporting; /* the life of which a supervisor has told last */

    entry *log;
    size_t entry_count, entry_room;
    uint64_t trace;    /* of the simulation */
    char trouble[200]; /* what is wrong with the play itself; empty: nothing */
};

/* play.c */
/* The play is fresh memory; play_free frees what it has made. */
void play_run(play *self, const plan *plan);
void play_free(play *self);
int64_t play_now(const play *self);
const plan_node *play_node(const life *who);
play *play_of(cop_actor *me);
/* The play itself is wrong; the first word stays. */
void play_trouble(play *self, const char *what);

/* log.c */
void note(play *self, what what, int who, int64_t a, int64_t b);
void note_more(play *self, const entry *one);
uint64_t log_hash(const play *self);
void log_print(const play *self, FILE *out);

/* start.c */
/* Starts the children of `parent`, those that are blocks excepted, now or in their time. */
void start_children(play *self, cop_actor *me, life *parent);
/* Starts one life of a node under `parent`, whose host is `me`. */
void start_one(play *self, cop_actor *me, life *parent, int node);
life *life_new(play *self, life *parent, int node);
/* After init or in the body: the boss watches it. */
void watch(life *who, cop_actor *me);
/* Init or the body runs. */
void note_begin(life *who, cop_actor *me);
/* The options of a scope. */
cop_scope_opts scope_opts(life *who);
/* The pid of the last life of a node; none if it has not begun. */
cop_pid pid_of_node(const play *self, int node);
/* Is it played where its body stands? */
bool is_block(const play *self, const life *parent, int node);
/* What is told of a child's end. */
void note_child(life *who, const cop_child_down *down);
void note_outcome(life *who, const cop_outcome *outcome);
void life_over(life *who);
int life_of_pid(const play *self, cop_pid pid);
int life_of_record(const life *host, const cop_child_record *record);

/* obey.c */
/* Does what it is told; what the handler is to return.  A body has a wish then. */
cop_err obey(life *self, cop_actor *me, const order *msg);
/* Sends `me` an order in its time. */
void order_later(cop_actor *me, int ms, deed deed, int life, int arg);
cop_err fail_as(life *self, cop_actor *me);
/* TO_END or TO_FAIL, by itself. */
cop_err end_as_wished(life *self, cop_actor *me, deed how);

/* ask.c */
void start_ask(life *who, cop_actor *me);
/* Is it no child of a scope? */
bool is_plain_ask(const life *who);
/* Whoever is asked: what the handler is to return. */
cop_err answer_question(life *self, cop_actor *me, const question *msg);
void answer_late(life *asked, cop_actor *me);
/* A body asks, and waits. */
cop_err ask_and_wait(life *who, cop_co *co);
/* The ask or loan of which `me` is told. */
life *life_of_call(play *self, cop_actor *me);

/* lend.c */
void make_limiter(play *self);
void start_loan(life *who, cop_actor *me);
void return_loan(life *who, cop_actor *me);
void look_at_limiter(life *who, const cop_actor *record);

/* mail.c */
void write_letter(life *who, cop_actor *me, int node);
void watch_node(life *who, cop_actor *me, int node);
void unwatch(life *who, cop_actor *me);
void read_letter(life *who, const letter *msg);
void see_down(life *who, const cop_down *down);

/* supervise.c */
void make_rows(play *self);
/* The life of an actor that begins with that argument; NULL: there is no room for more. */
life *life_of_arg(const void *arg, cop_actor *me);
/* The end of an actor's lifetime is noted, whoever has started it. */
cop_err note_end(life *who, cop_actor *me);
/* What the boss does with rows. */
void end_row(life *supervisor, cop_actor *me, int node);
void start_row(life *supervisor, cop_actor *me, int node);

/* actor.c, body.c */
const cop_behaviour *behaviour_of(const plan_node *node);
const cop_behaviour *body_of(const plan_node *node);
extern const cop_behaviour boss_b;

#endif /* COPPICE_TESTS_TREES_PLAY_H */
