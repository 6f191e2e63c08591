/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.h - the rows of one actor in a tree: itself, and what hangs in its ties.
 */
#ifndef COPPICE_DEBUG_ROWS_H
#define COPPICE_DEBUG_ROWS_H

#include <coppice/snapshot.h>

#include "core/ties.h"

/* Being written: the first `room` rows are kept, and the rest is counted. */
typedef struct copi_rows {
    cop_row *items;
    size_t count, room;
    uint64_t left_out;
} copi_rows;

/* A cleared row, now the next one; NULL: there is no room. */
cop_row *copi_rows_add(copi_rows *self, cop_row_kind kind, uint32_t depth);

/* What is written of a child, which would stand at `depth`. */
typedef void (*copi_rows_visit)(cop_actor *child, uint32_t depth, copi_rows *out);

/* The row of itself at `depth`, and below it those of all else but its children, for each of
 * which `visit` is called in its place.  The actor's runner. */
void copi_rows_of(cop_actor *actor, uint32_t depth, copi_rows *out, copi_rows_visit visit);
/* A row of a child as far as its owner knows it.  The owner's runner. */
void copi_rows_of_child(cop_actor *child, uint32_t depth, copi_rows *out);

/* What its owner knows of it besides.  The owner's runner. */
void copi_row_told(const cop_actor *child, cop_row *row);

/* As copi_rows_of what a kind of leaf adds, by its own file. */
void copi_rows_of_watches(const cop_actor *actor, uint32_t depth, copi_rows *out);
void copi_rows_of_alarms(const cop_actor *actor, uint32_t depth, copi_rows *out);

/* rows_scope.c: what is in the actor's own scope and in the others, children included. */
void copi_rows_of_brood(cop_actor *actor, const copi_brood *brood, uint32_t depth,
                        copi_rows *out, copi_rows_visit visit);
/* Milliseconds until `at`, rounded up; nanoseconds of copi_worker_now. */
int64_t copi_rows_left(const cop_actor *actor, int64_t at);
enum {
    COPI_ROWS_EACH = 16 /* so many of a kind have rows of their own; the others share one */
};

/* Answers COPI_DEBUG_ROWS: at most order->count rows.  The actor's runner. */
void copi_rows_answer(cop_actor *self, copi_envelope *order);

/* "busy in db_write for 350 ms or more": what an actor's row says it is doing. */
char *copi_row_print_doing(const cop_snapshot *tree, size_t row, char *text, size_t size);

/* Fills a text that is cut off if need be. */
void copi_row_text(char *to, size_t size, const char *text);

#endif /* COPPICE_DEBUG_ROWS_H */
