/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - what must be true of every log, whatever the plan was.
 *
 *      seen.c      what the log says of each life
 *      order.c     starts and ends: who may begin where, and who goes before whom
 *      limits.c    being cancelled, deadlines, shields, and how long an end may take
 *      failures.c  where each failure has gone
 *
 * The checker knows the plan and the log, and of the library nothing but its promises.
 */
#ifndef COPPICE_TESTS_TREES_CHECK_H
#define COPPICE_TESTS_TREES_CHECK_H

#include "structured/trees/play.h"

/* Of things that happen once: where in the log, from 1, and when. */
typedef struct moment {
    size_t place; /* 0: it never happened */
    int64_t at;
} moment;

/* What the log says of one life. */
typedef struct seen {
    const plan_node *node;
    int self, parent, host; /* of an actor the host is itself */
    moment tried, started, refused, began, failed, leaves, sees_end, returns, ending, ended;
    moment cancelled; /* a scope, by hand */
    moment forced;    /* a scope was seen to be cancelled */
    moment told_to_stop, killed;
    cop_err error; /* of the refusal */
    int ended_count, arg_gone_count, down_count, outcome_count;
    int kept_count; /* records of it, of all kinds */
    int told_count;
    cop_exit_kind kind; /* of its end, as the boss saw it */
    int code;
    struct {
        int kind, code;
    } causes[COP_EXIT_CAUSES];
    int cause_count, more_causes;
    cop_exit_kind outcome;
    int outcome_code, kept, dropped;

    /* While the log is read, as far as it has been read. */
    int force, count, cleans;
    int64_t limit, deadline; /* seen; its own.  Or NO_LIMIT */
    int64_t began_with;      /* the deadline around an actor when it was started, or as moved */
} seen;

typedef struct check {
    const play *play;
    seen lives[LIVES];
    int life_count;
    size_t place;          /* in the log, while it is read */
    int64_t now, moved_at; /* ... and when a deadline was moved last */
    char fault[256];       /* what is wrong; empty: nothing */
} check;

/* Reads the log.  True if all is right; else `fault` says what is not.  Fresh memory. */
bool check_play(check *self, const play *play);

/* The first fault stays. */
void fault(check *self, const char *format, ...) COP_PRINTF(2, 3);

/* seen.c */
void check_gather(check *self);
bool is_actor(const seen *one);
bool is_scope(const seen *one);
/* It was a child of somebody, if only for a moment. */
bool has_lived(const seen *one);
/* At the place to which the log has been read. */
bool has_been(const check *self, const moment *when);
/* Has it begun, and not ended? */
bool is_alive(const check *self, const seen *one);
const seen *host_of(const check *self, const seen *one);
bool is_below(const check *self, const seen *one, int above);

/* The others: called for each entry in order, and at the end. */
void check_order_entry(check *self, const entry *one);
void check_order_end(check *self);
void check_limits_entry(check *self, const entry *one);
void check_limits_end(check *self);
void check_failures_end(check *self);

#endif /* COPPICE_TESTS_TREES_CHECK_H */
