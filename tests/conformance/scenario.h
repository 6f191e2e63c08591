/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario.h - a supervision scenario, read from a file and played on coppice.
 *
 * FORMAT.md beside this file has the language and the trace.  The player only reads: what
 * stands in the trace was told by the public API - reports of supervisors, down messages of
 * monitors, answers to calls - and put down in the order in which it was told.
 *
 *      parse       the file becomes names, with their keys, and a script of deeds
 *      names       a name, its tree, and the rows that coppice is given
 *      reasons     words for exit records, and back
 *      worker      supervised actors that start and stop as their plans say
 *      plain       actors without a supervisor, which obey one deed at a time
 *      stage       the actor that owns the root and those, and watches everybody
 *      asker       one call to a supervisor, or one command to a plain actor
 *      trace       the lines of one step
 *      normalise   rules N1 to N5
 *      main        one step after the other, in virtual or in real time
 */
#ifndef TESTS_CONFORMANCE_SCENARIO_H
#define TESTS_CONFORMANCE_SCENARIO_H

#include <pthread.h>
#include <stdatomic.h>

#include <coppice/node.h>
#include <coppice/sim.h>
#include <coppice/supervisor.h>

enum {
    WORDS_MAX = 40,
    LINE_MAX_SIZE = 1024,
};

typedef struct world world;

/* The words of a line; the last one is followed by NULL. */
typedef struct words {
    char *at[WORDS_MAX + 1];
    size_t count;
} words;

/* `key=value` of a declaration; the newest first. */
typedef struct pair {
    struct pair *next;
    const char *key, *value;
} pair;

/* Everything about one name.  Made by the parser; the rest as it says. */
typedef struct name {
    struct name *next;
    world *world;
    const char *text;
    pair *keys;
    struct name *parent; /* its supervisor */
    struct name **kids;  /* in start order */
    size_t kid_count;
    bool is_sup;
    bool is_plain;
    cop_child row;     /* how it is started; its `sup` is made for it */
    _Atomic int tries; /* of its init, which follows the start plan */

    /* The trace's; guarded by its lock. */
    int attempts;
    int k;                       /* the last attempt that came up */
    cop_pid pid;                 /* of it */
    cop_pid at_gate;             /* who waits, or has waited, to be released */
    char why_not[LINE_MAX_SIZE]; /* why the last start failed, as the report said */
    int live;                    /* for the rules: which one is up as far as they have read */

    cop_pid suspended; /* the one that was, and has not been resumed */
} name;

/* One who came up. */
typedef struct life {
    name *who;
    int k;
    cop_pid pid;
    bool is_watched;
    bool is_missed; /* it was gone before we could watch it: its supervisor will tell */
    bool is_down;
    char why[LINE_MAX_SIZE];
} life;

/* Lines that grow. */
typedef struct text {
    char **lines;
    size_t count;
} text;

/* One action of the script, and what came of it. */
typedef struct deed {
    world *world;
    words words; /* without `async` and `within` */
    bool is_async;
    int64_t within; /* 0: not asked for */
    text results;
    cop_pid until_down; /* it is over when that one is gone, too; none: nobody */
    _Atomic bool is_done;
} deed;

struct world {
    name *names; /* newest first */
    name *root;
    words *script;
    size_t script_count;
    words needs;
    int report_level; /* 0 none, 1 errors, 2 all */
    bool has_gates;   /* then every worker has to say that it is ready */
    bool is_slow;     /* ... and does it after its init, as if all were behind a gate */
    bool has_gated_sups;

    cop_sim *sim; /* NULL: in real time */
    cop_node *node;
    cop_pid stage;
    cop_reporter reporter;

    /* Guarded by `lock`. */
    pthread_mutex_t lock;
    text events; /* of this step */
    life *lives;
    size_t life_count;
    size_t unwatched;
    text reasons;                 /* words that have a number */
    char sentence[LINE_MAX_SIZE]; /* of the last child that was refused */
    char crash[LINE_MAX_SIZE];    /* of a start that is not reported as failed yet; or empty */
};

/* parse.c: exits with a message if the file is wrong */

void scenario_read(world *self, const char *path);
void split(char *line, words *out);

/* pace.c: how time passes, and when a step is over */

enum {
    QUIET_MS = 15, /* without an event, two times over */
};

int64_t now_ms(const world *self);
void run_for(world *self, int64_t ms);
void run_until_done(world *self, deed *what);
/* Until all is quiet and no supervisor is busy; but behind gates they may be. */
void settle(world *self);
void free_deed(deed *self);

/* names.c */

name *name_get(world *self, const char *text); /* made if need be */
name *name_find(world *self, const char *text);
const char *name_key(const name *self, const char *key, const char *otherwise);
void name_set(name *self, const char *key, const char *value);
void name_set_all(name *self, char *const *pairs);
bool name_is_under(const name *self, const name *supervisor);
bool name_is_dynamic(const name *self);
/* Fills the row, and the rows below it. */
void name_make_row(name *self);

/* reasons.c */

cop_exit reason_exit(world *self, const char *word);
/* The number that stands for a word where only a number goes. */
int reason_code(world *self, const char *word);
void reason_print(world *self, const cop_exit *why, char *out, size_t size);
/* OTP's word for what is wrong with a table. */
void reason_of_sentence(world *self, const char *sentence, char *out, size_t size);

/* trace.c */

void text_add(text *self, const char *format, ...) COP_PRINTF(2, 3);
void text_clear(text *self);
void trace_event(world *self, const char *format, ...) COP_PRINTF(2, 3);
void trace_up(world *self, name *who, cop_pid pid);
void trace_not_up(world *self, name *who, const cop_exit *why); /* NULL: ignored */
void trace_down(world *self, cop_pid pid, const cop_exit *why);
/* Those of whom nobody has told how they ended. */
void trace_missed(world *self);
void trace_crash(void *ctx, const cop_event *event);
void trace_report(void *ctx, const cop_report *report);
void trace_log(void *ctx, const char *line);
/* "a.1" in `out`; "undefined" for none. */
const char *trace_pid(world *self, cop_pid pid, char out[LINE_MAX_SIZE]);
/* The name alone; NULL: unknown. */
name *trace_who(world *self, cop_pid pid, int *k);
bool trace_is_down(world *self, cop_pid pid);
const char *trace_why_down(world *self, cop_pid pid);

/* worker.c, plain.c, stage.c, asker.c */

extern const cop_behaviour worker_b, plain_b, stage_b, asker_b;

cop_err plan_outcome(name *who);
void result(deed *self, const char *format, ...) COP_PRINTF(2, 3);
void deed_done(deed *self);
bool is_supervisor_call(const deed *self);

#define PLAY(M, F)                                                                             \
    M(1, act, F(u64, deed))                                                                    \
    M(2, watch_new)                                                                            \
    M(3, tick)                                                                                 \
    M(4, leave, F(str, why))                                                                   \
    M(5, plan_goes_on)                                                                         \
    M(6, word, F(str, text))                                                                   \
    M(7, command, F(u64, deed))                                                                \
    M(8, confirm)                                                                              \
    M(9, confirmed)                                                                            \
    M(10, released)
COP_PROTOCOL(PLAY)

/* normalise.c: of the events of one step; `target` may be NULL */

void normalise(world *self, text *events, const name *target);

#endif /* TESTS_CONFORMANCE_SCENARIO_H */
