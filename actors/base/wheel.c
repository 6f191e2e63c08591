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

#include "base/check.h"

enum {
    FINEST_SHIFT = 28, /* a bucket of 0.27 seconds */
    LEVEL_BITS = 8,
};

_Static_assert(1 << LEVEL_BITS == COPI_WHEEL_BUCKETS, "a level is one bucket of the next");

static const int64_t finest = INT64_C(1) << FINEST_SHIFT;

static int
shift_of(int level)
{
    return FINEST_SHIFT + level * LEVEL_BITS;
}

static void
mark(copi_wheel_level *level, uint32_t bucket, bool is_used)
{
    uint64_t bit = UINT64_C(1) << bucket % 64;

    if (is_used)
        level->used[bucket / 64] |= bit;
    else
        level->used[bucket / 64] &= ~bit;
}

static void
link_in(copi_wheel *self, int level, uint32_t bucket, copi_wheel_node *node)
{
    copi_wheel_node **link = &self->levels[level].buckets[bucket];

    node->next = *link;
    node->link = link;
    if (node->next != NULL)
        node->next->link = &node->next;
    *link = node;
    mark(&self->levels[level], bucket, true);
    self->bucketed++;
}

/* Where it belongs as the horizon is now.  The heap has room. */
static void
place(copi_wheel *self, copi_wheel_node *node)
{
    for (int level = 0; node->due >= self->horizon && level < COPI_WHEEL_LEVELS; level++) {
        int64_t at = node->due >> shift_of(level);
        if (at - (self->horizon >> shift_of(level)) < COPI_WHEEL_BUCKETS) {
            link_in(self, level, (uint32_t)at % COPI_WHEEL_BUCKETS, node);
            return;
        }
    }
    copi_heap_add(&self->heap, &node->heap, node->due, node->turn);
}

bool
copi_wheel_add(copi_wheel *self, copi_wheel_node *node, int64_t due, int64_t now)
{
    COPI_CHECK(!copi_wheel_has(node));
    if (!copi_heap_reserve(&self->heap, self->heap.count + self->bucketed + 1))
        return false;
    /* While there are no buckets to step over, the horizon keeps up by itself. */
    if (self->bucketed == 0 && self->horizon < now)
        self->horizon = (now / finest + 1) * finest;
    node->due = due;
    node->turn = self->turn++;
    place(self, node);
    return true;
}

/* `link` has become NULL; if it is a bucket, that is empty now. */
static void
unmark(copi_wheel *self, copi_wheel_node **link)
{
    for (int level = 0; level < COPI_WHEEL_LEVELS; level++) {
        copi_wheel_level *one = &self->levels[level];
        uintptr_t offset = (uintptr_t)link - (uintptr_t)one->buckets;
        if (offset < sizeof one->buckets)
            mark(one, (uint32_t)(offset / sizeof *one->buckets), false);
    }
}

static void
unlink(copi_wheel *self, copi_wheel_node *node)
{
    *node->link = node->next;
    if (node->next != NULL)
        node->next->link = node->link;
    else
        unmark(self, node->link);
    node->link = NULL;
    self->bucketed--;
}

void
copi_wheel_remove(copi_wheel *self, copi_wheel_node *node)
{
    if (node->link != NULL)
        unlink(self, node);
    else
        copi_heap_remove(&self->heap, &node->heap);
}

/* How many buckets after `from` the first with entries is; COPI_WHEEL_BUCKETS: none is. */
static uint32_t
distance(const copi_wheel_level *level, uint32_t from)
{
    for (uint32_t i = 0; i < COPI_WHEEL_BUCKETS;) {
        uint32_t bucket = (from + i) % COPI_WHEEL_BUCKETS;
        uint64_t rest = level->used[bucket / 64] >> bucket % 64;
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
        uint32_t away = distance(&self->levels[level], (uint32_t)at % COPI_WHEEL_BUCKETS);
        if (away >= COPI_WHEEL_BUCKETS)
            continue;
        int64_t start = (at + away) << shift_of(level);
        if (start < first)
            first = start;
    }
    return first > self->horizon ? first : self->horizon;
}

/* Moves what is in one bucket to where it belongs. */
static void
empty(copi_wheel *self, int level)
{
    uint32_t bucket = (uint32_t)(self->horizon >> shift_of(level)) % COPI_WHEEL_BUCKETS;

    for (copi_wheel_node *node; (node = self->levels[level].buckets[bucket]) != NULL;) {
        unlink(self, node);
        place(self, node);
    }
}

/* The horizon goes to the start of the first bucket with entries, and that one into the
 * heap. */
static void
step(copi_wheel *self, int64_t start)
{
    self->horizon = start;
    for (int level = COPI_WHEEL_LEVELS - 1; level > 0; level--)
        empty(self, level);
    self->horizon += finest;
    uint32_t bucket = (uint32_t)(start >> FINEST_SHIFT) % COPI_WHEEL_BUCKETS;
    for (copi_wheel_node *node; (node = self->levels[0].buckets[bucket]) != NULL;) {
        unlink(self, node);
        copi_heap_add(&self->heap, &node->heap, node->due, node->turn);
    }
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
    int64_t start, due;

    while (self->bucketed > 0 && self->horizon <= now && (start = next_start(self)) <= now)
        step(self, start);
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
    copi_heap_fini(&self->heap);
    *self = (copi_wheel){0};
}
