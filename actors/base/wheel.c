/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wheel.c - a bucket of level n is as wide as all buckets of level n - 1 together.
 *
 * The bucket that the horizon is in has no entries, except on the finest level: an entry is
 * put on the finest level whose 256 buckets reach it, and when the horizon comes to a
 * bucket, `step` empties it.
 */
#include "base/wheel.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"

enum {
    FINEST_SHIFT = 28, /* a bucket of 0.27 seconds */
    LEVEL_BITS = 8,
    KEEP = 32,        /* entries of a bucket that is not worth tidying up */
    KEEP_ROOM = 1024, /* what an empty bucket may keep for the next time */
};

_Static_assert(1 << LEVEL_BITS == COPI_WHEEL_BUCKETS, "a level is one bucket of the next");

static const int64_t finest = INT64_C(1) << FINEST_SHIFT;

static int
shift_of(int level)
{
    return FINEST_SHIFT + level * LEVEL_BITS;
}

/* The number of the bucket for `at`, a time in units of the level. */
static uint32_t
bucket_at(int level, int64_t at)
{
    return (uint32_t)level * COPI_WHEEL_BUCKETS + (uint32_t)at % COPI_WHEEL_BUCKETS;
}

static void
mark(copi_wheel *self, uint32_t bucket, bool is_used)
{
    uint64_t bit = UINT64_C(1) << bucket % 64;

    if (is_used)
        self->used[bucket / 64] |= bit;
    else
        self->used[bucket / 64] &= ~bit;
}

/* Without those that are crossed out. */
static void
compact(copi_wheel_bucket *bucket)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < bucket->count; i++) {
        copi_wheel_node *node = bucket->entries[i];
        if (node == NULL)
            continue;
        node->index = count;
        bucket->entries[count++] = node;
    }
    bucket->count = count;
    bucket->crossed = 0;
}

/* For one more in a bucket that is full. */
COPI_COLD static bool
make_room(copi_wheel_bucket *bucket)
{
    if (bucket->crossed > bucket->count / 2) {
        compact(bucket);
        return true;
    }
    uint32_t room = bucket->room == 0 ? KEEP : 2 * bucket->room;
    copi_wheel_node **entries = copi_realloc(bucket->entries, room * sizeof(copi_wheel_node *));
    if (entries == NULL)
        return false;
    bucket->entries = entries;
    bucket->room = room;
    return true;
}

static bool
append(copi_wheel *self, uint32_t number, copi_wheel_node *node)
{
    copi_wheel_bucket *bucket = &self->buckets[number];

    if (bucket->count == bucket->room && !make_room(bucket))
        return false;
    if (bucket->count == 0)
        mark(self, number, true);
    node->index = bucket->count;
    node->bucket = number + 1;
    bucket->entries[bucket->count++] = node;
    self->bucketed++;
    return true;
}

/* Where it belongs as the horizon is now; without memory for that, the heap, which has room
 * for all. */
static void
place(copi_wheel *self, copi_wheel_node *node)
{
    for (int level = 0; node->due >= self->horizon && level < COPI_WHEEL_LEVELS; level++) {
        int64_t at = node->due >> shift_of(level);
        if (at - (self->horizon >> shift_of(level)) >= COPI_WHEEL_BUCKETS)
            continue;
        if (append(self, bucket_at(level, at), node))
            return;
        break;
    }
    copi_heap_add(&self->heap, &node->heap, node->due, node->turn);
}

/* Where the horizon is at least: what is due within a bucket's width is in the heap, and who
 * sleeps until then is woken once. */
static int64_t
reach_of(int64_t now)
{
    return now > INT64_MAX - 2 * finest ? INT64_MAX / finest * finest
                                        : (now / finest + 2) * finest;
}

bool
copi_wheel_add(copi_wheel *self, copi_wheel_node *node, int64_t due, int64_t now)
{
    COPI_CHECK(!copi_wheel_has(node));
    if (!copi_heap_reserve(&self->heap, self->heap.count + self->bucketed + 1))
        return false;
    /* While there are no buckets to step over, the horizon keeps up by itself. */
    if (self->bucketed == 0 && self->horizon < reach_of(now))
        self->horizon = reach_of(now);
    node->due = due;
    node->turn = self->turn++;
    place(self, node);
    return true;
}

/* Nothing is in it any more.  A large array is given back. */
static void
clear(copi_wheel *self, uint32_t number)
{
    copi_wheel_bucket *bucket = &self->buckets[number];

    bucket->count = bucket->crossed = 0;
    mark(self, number, false);
    if (bucket->room > KEEP_ROOM) {
        free(bucket->entries);
        bucket->entries = NULL;
        bucket->room = 0;
    }
}

void
copi_wheel_tidy(copi_wheel *self, uint32_t number)
{
    copi_wheel_bucket *bucket = &self->buckets[number];

    if (bucket->crossed == bucket->count)
        clear(self, number);
    else if (bucket->crossed > KEEP)
        compact(bucket);
}

/* How many buckets after the one of `at` the first with entries is; COPI_WHEEL_BUCKETS: none
 * of that level is. */
static uint32_t
distance(const copi_wheel *self, int level, int64_t at)
{
    for (uint32_t i = 0; i < COPI_WHEEL_BUCKETS;) {
        uint32_t bucket = bucket_at(level, at + i);
        uint64_t rest = self->used[bucket / 64] >> bucket % 64;
        if (rest != 0)
            return i + (uint32_t)__builtin_ctzll(rest);
        i += 64 - bucket % 64;
    }
    return COPI_WHEEL_BUCKETS;
}

/* When the first bucket with entries begins; INT64_MAX: there is none. */
static int64_t
next_start(const copi_wheel *self)
{
    int64_t first = INT64_MAX;

    for (int level = 0; self->bucketed > 0 && level < COPI_WHEEL_LEVELS; level++) {
        int64_t at = self->horizon >> shift_of(level);
        uint32_t away = distance(self, level, at);
        if (away >= COPI_WHEEL_BUCKETS)
            continue;
        int64_t start = (at + away) << shift_of(level);
        if (start < first)
            first = start;
    }
    return first > self->horizon ? first : self->horizon;
}

/* Moves what is in the horizon's bucket of a level to where it belongs by now. */
static void
pour(copi_wheel *self, int level, int64_t at)
{
    uint32_t number = bucket_at(level, at);
    copi_wheel_bucket *bucket = &self->buckets[number];

    for (uint32_t i = 0; i < bucket->count; i++) {
        copi_wheel_node *node = bucket->entries[i];
        if (node == NULL)
            continue;
        node->bucket = 0;
        self->bucketed--;
        place(self, node);
    }
    clear(self, number);
}

/* The horizon goes to the start of the first bucket with entries, and over it; what was there
 * is in finer buckets or in the heap. */
static void
step(copi_wheel *self, int64_t start)
{
    self->horizon = start;
    for (int level = COPI_WHEEL_LEVELS - 1; level > 0; level--)
        pour(self, level, start >> shift_of(level));
    self->horizon += finest;
    pour(self, 0, start >> FINEST_SHIFT);
}

static copi_wheel_node *
first_in_heap(copi_wheel *self, int64_t *due)
{
    copi_heap_node *node = copi_heap_first(&self->heap, due);

    return node == NULL ? NULL : COPI_CONTAINER(node, copi_wheel_node, heap);
}

copi_wheel_node *
copi_wheel_pop(copi_wheel *self, int64_t now)
{
    int64_t reach = reach_of(now), start, due;

    if (self->horizon < reach) {
        while (self->bucketed > 0 && (start = next_start(self)) < reach)
            step(self, start);
        if (self->horizon < reach)
            self->horizon = reach;
    }
    copi_wheel_node *node = first_in_heap(self, &due);
    if (node == NULL || due > now)
        return NULL;
    copi_heap_remove(&self->heap, &node->heap);
    return node;
}

bool
copi_wheel_next(const copi_wheel *self, int64_t *out)
{
    bool has_heap = copi_heap_first(&self->heap, out) != NULL;

    if (self->bucketed == 0)
        return has_heap;
    int64_t start = next_start(self);
    if (!has_heap || start < *out)
        *out = start;
    return true;
}

bool
copi_wheel_first(copi_wheel *self, int64_t *out)
{
    for (;;) {
        bool has_heap = copi_heap_first(&self->heap, out) != NULL;
        if (self->bucketed == 0)
            return has_heap;
        int64_t start = next_start(self);
        if (has_heap && *out < start)
            return true;
        step(self, start);
    }
}

void
copi_wheel_fini(copi_wheel *self)
{
    for (uint32_t i = 0; i < COPI_WHEEL_ALL; i++)
        free(self->buckets[i].entries);
    copi_heap_fini(&self->heap);
    *self = (copi_wheel){0};
}
