/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wheel.h - what is due when: in exact order soon, in no order later.
 *
 *      now        horizon
 *      |   heap   | bucket | bucket | ... 256 |        bucket        | ...
 *
 * Most timers are deadlines that are called off long before they are due.  Such a one is
 * written to the end of a bucket and later crossed out there, which touches no other entry
 * however many there are.  When the horizon comes to a bucket, its entries move to finer
 * buckets, and from the finest (a quarter of a second) into the heap, which has them in
 * order.
 *
 * Entries of equal time come out in the order in which they were added.
 */
#ifndef COPPICE_BASE_WHEEL_H
#define COPPICE_BASE_WHEEL_H

#include "base/heap.h"

enum {
    COPI_WHEEL_LEVELS = 3, /* 69 seconds, 5 hours, 52 days; the heap has what is later */
    COPI_WHEEL_BUCKETS = 256,
    COPI_WHEEL_ALL = COPI_WHEEL_LEVELS * COPI_WHEEL_BUCKETS,
};

/* Embedded in what waits.  Zero: not in a wheel. */
typedef struct copi_wheel_node {
    copi_heap_node heap;
    uint32_t turn;
    int64_t due;
    uint32_t index;  /* in its bucket */
    uint32_t bucket; /* 1 + the number of that; 0: it is in none */
} copi_wheel_node;

typedef struct copi_wheel_bucket {
    copi_wheel_node **entries; /* NULL: crossed out */
    uint32_t count;
    uint32_t crossed; /* of them */
    uint32_t room;
} copi_wheel_bucket;

/* Zero is an empty one. */
typedef struct copi_wheel {
    copi_heap heap;
    int64_t horizon; /* whatever is due before it is in the heap */
    uint32_t turn;
    uint32_t bucketed;                  /* entries in buckets */
    uint64_t used[COPI_WHEEL_ALL / 64]; /* a bit for each bucket with entries */
    copi_wheel_bucket buckets[COPI_WHEEL_ALL];
} copi_wheel;

static inline bool
copi_wheel_has(const copi_wheel_node *node)
{
    return node->bucket != 0 || copi_heap_has(&node->heap);
}

/* Nanoseconds; `now` may be somewhat late.  False, and nothing changed, without memory. */
bool copi_wheel_add(copi_wheel *self, copi_wheel_node *node, int64_t due, int64_t now);

/* For the one below: most of a bucket is crossed out. */
void copi_wheel_tidy(copi_wheel *self, uint32_t bucket);

static inline void
copi_wheel_remove(copi_wheel *self, copi_wheel_node *node)
{
    if (node->bucket == 0) {
        copi_heap_remove(&self->heap, &node->heap);
        return;
    }
    copi_wheel_bucket *bucket = &self->buckets[node->bucket - 1];
    bucket->entries[node->index] = NULL;
    self->bucketed--;
    bucket->crossed++;
    /* Tidying up is a cache miss for each that stays. */
    if (bucket->count - bucket->crossed <= bucket->count / 8)
        copi_wheel_tidy(self, node->bucket - 1);
    node->bucket = 0;
}

/* Removes the first of those that are due at `now`; NULL: none is. */
copi_wheel_node *copi_wheel_pop(copi_wheel *self, int64_t now);
/* A time before which nothing is due, and the last such time if all goes well: somebody who
 * sleeps until then may have to look once more.  False: nothing ever is. */
bool copi_wheel_next(const copi_wheel *self, int64_t *out);
/* When the first entry is due, exactly.  False: there is none. */
bool copi_wheel_first(copi_wheel *self, int64_t *out);

/* Frees the arrays; entries still in it are forgotten. */
void copi_wheel_fini(copi_wheel *self);

#endif /* COPPICE_BASE_WHEEL_H */
