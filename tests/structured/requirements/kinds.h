/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinds.h - a child of every kind, for tests with one row for each.
 *
 * A kid is started in a scope and then ends by itself, fails with code 7 and the text "broke"
 * (as far as its kind has texts), or lasts until it is told to end.  It says
 *
 *      ran           code of it has run, where it could have gone on (once for a call)
 *      told[TEXT]    it was told to end, and that is the reason that it was given
 *      gone          its argument is disposed of, which is the last of it
 *
 * Its argument is a block of its own which "gone" frees: a sanitizer sees who touches it later.
 */
#ifndef COPPICE_TESTS_STRUCTURED_KINDS_H
#define COPPICE_TESTS_STRUCTURED_KINDS_H

#include "structured/requirements/ground.h"

typedef enum kid_way {
    KID_ENDS,
    KID_FAILS,
    KID_LASTS,
} kid_way;

typedef struct child_kind child_kind;
struct child_kind {
    const char *name;
    const char *later; /* it is not in these tables, for this reason; NULL */
    ground_kind ground;
    /* One that is a call does not last: it has to be told before its turn. */
    bool is_instant;
    bool is_queued; /* one at a time: the second waits until the first is over */
    bool is_eager;  /* its first step is a part of its start */
    /* What it is that ended, as the record of its failure says. */
    const char *kind;
    int code;
    const char *text; /* ... begins with this */
    const char *path;
    cop_err (*start)(cop_actor *me, cop_scope in, const child_kind *kind, kid_way way);
};

enum {
    KINDS = 11,
};

extern const child_kind kinds[KINDS];

/* Starts a kid of that kind; what is refused is disposed of, and says "gone" as well. */
cop_err kid_start(cop_actor *me, cop_scope in, const child_kind *kind, kid_way way);

/* Cancels the kid that was started last, and only it. */
cop_err kid_cancel(cop_actor *me);

/* A process is monitored by whoever started it, and this says what it has to say. */
void kid_down(const cop_down *msg);

/* Runs `test` for each kind there is, on a ground of its own, and says which are left out. */
void for_every_kind(void (*test)(const child_kind *kind));

#endif /* COPPICE_TESTS_STRUCTURED_KINDS_H */
