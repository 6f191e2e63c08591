/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - what must be true of every log, whatever the plan was.
 *
 *      seen.c      what the log says of each life
 *      order.c     starts and ends: who may begin where, and who goes before whom
 *      limits.c    being cancelled, deadlines, shields, and how long an end may take
 *      failures.c  where each failure has gone
 *      causes.c    why each actor has ended, and services last
 *      requests.c  what has been asked
 *      supervised.c  who is started again, how often, and in which order they end
 *      post.c      letters and monitors
 *      loans.c     limiters and their tokens
 *
 * The checker knows the plan and the log, and of the library nothing but its promises.
 */
#ifndef COPPICE_TESTS_TREES_CHECK_H
#define COPPICE_TESTS_TREES_CHECK_H

#include "structured/trees/play.h"

enum {
    SLACK_MS = 2,
};

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
    moment told_to_stop, told_to_close, killed;
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
    moment gives_up;
    int started_rows; /* of a supervisor, by its administration */
    moment asks, asked, answers, gets, returned, no_more, called_off;
    int gets_count, whom; /* a life, or NOBODY */
    way way;
    cop_err got;
    int got_whom;
    cop_exit_kind outcome;
    int outcome_code, kept, dropped;

    /* While the log is read, as far as it has been read. */
    int force, count, cleans;
    int64_t limit, deadline; /* seen; its own.  Or NO_LIMIT */
    int64_t began_with;      /* the deadline around an actor when it was started, or as moved */
    int64_t until;           /* it may ask */
    int lent, waiting;       /* by a limiter */
} seen;

/* A letter, or a monitor. */
typedef struct post {
    int from, to; /* lives; `to` may be NOBODY */
    int count;    /* how often it came */
    bool is_sent, is_off;
} post;

typedef struct check {
    const play *play;
    seen lives[LIVES];
    int life_count;
    post letters[ACTS + 1], monitors[ACTS + 1];
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
/* Has a supervisor started it? */
bool is_row(const check *self, const seen *one);
/* It was a child of somebody, if only for a moment. */
bool has_lived(const seen *one);
/* At the place to which the log has been read. */
bool has_been(const check *self, const moment *when);
/* Has it begun, and not ended? */
bool is_alive(const check *self, const seen *one);
const seen *host_of(const check *self, const seen *one);
bool is_below(const check *self, const seen *one, int above);
/* Does it ask another one for something, once? */
bool is_request(const seen *one);
/* An actor that has begun to end, as far as one can see until now. */
bool is_seen_ending(const check *self, const seen *actor);
/* It has happened, and not after `one` has ended. */
bool is_before_end(const moment *when, const seen *one);

/* The others: called for each entry in order, and at the end. */
void check_order_entry(check *self, const entry *one);
void check_order_end(check *self);
void check_limits_entry(check *self, const entry *one);
void check_limits_end(check *self);
void check_failures_end(check *self);
void check_causes_entry(check *self, const entry *one);
void check_causes_end(check *self);
void check_requests_entry(check *self, const entry *one);
void check_requests_end(check *self);
void check_post_entry(check *self, const entry *one);
void check_post_end(check *self);
void check_loans_entry(check *self, const entry *one);
void check_supervised_entry(check *self, const entry *one);
void check_supervised_end(check *self);

/* requests.c */
/* Of a request of a body, which has no longer than a shield in which it stands. */
bool may_be_in_shield(const check *self, const seen *one);

/* supervised.c */
/* The administration has been asked to stop a life of that row: this one, or as it may have
 * been busy, a later one. */
bool is_row_stopped(const check *self, const seen *row);

/* limits.c */
/* The nearest on the way up: to the next shield, or to the actor, which had it from above. */
int64_t deadline_from_above(const check *self, const seen *who);
/* From being told to being gone. */
int64_t time_when_told(const check *self, const seen *actor);
/* NO_LIMIT is the farthest. */
int64_t nearer(int64_t a, int64_t b);

#endif /* COPPICE_TESTS_TREES_CHECK_H */
