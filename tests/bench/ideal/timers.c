/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timers.c - a heap with four children per node, and where each timer is.
 */
#include "ideal.h"

#include <string.h>

enum {
    TIMERS = 1000000,
    TIMER_ROUNDS = 3
};

typedef struct entry {
    uint64_t due;
    uint64_t timer;
} entry;

typedef struct timer_times {
    double arm_ns;
    double cancel_ns;
} timer_times;

static struct {
    entry *at;
    uint32_t *where;
    size_t size;
} heap;

static void
place(size_t slot, entry what)
{
    heap.at[slot] = what;
    heap.where[what.timer] = (uint32_t)slot;
}

static void
rise(size_t slot, entry what)
{
    while (slot > 0 && heap.at[(slot - 1) / 4].due > what.due) {
        place(slot, heap.at[(slot - 1) / 4]);
        slot = (slot - 1) / 4;
    }
    place(slot, what);
}

static size_t
earliest_child(size_t slot)
{
    size_t best = slot * 4 + 1;

    for (size_t i = best + 1; i < slot * 4 + 5 && i < heap.size; i++)
        if (heap.at[i].due < heap.at[best].due)
            best = i;
    return best;
}

static void
sink(size_t slot, entry what)
{
    while (slot * 4 + 1 < heap.size) {
        const size_t child = earliest_child(slot);
        if (heap.at[child].due >= what.due)
            break;
        place(slot, heap.at[child]);
        slot = child;
    }
    place(slot, what);
}

static void
timer_arm(uint64_t timer, uint64_t due)
{
    rise(heap.size++, (entry){due, timer});
}

static void
timer_cancel(uint64_t timer)
{
    const size_t slot = heap.where[timer];
    const entry last = heap.at[--heap.size];

    if (slot == heap.size)
        return;
    if (slot > 0 && heap.at[(slot - 1) / 4].due > last.due)
        rise(slot, last);
    else
        sink(slot, last);
}

/* Between 10 and 60 seconds, in nanoseconds; the same ones each time. */
static uint64_t
some_delay(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return 10000000000u + (*seed >> 33) * 50000000000u / (1u << 31);
}

static timer_times
timers(void)
{
    timer_times sum = {0, 0};
    uint64_t seed = 1;

    heap.at = must_alloc(TIMERS * sizeof *heap.at);
    heap.where = must_alloc(TIMERS * sizeof *heap.where);
    /* Page faults would be most of it. */
    memset(heap.at, 1, TIMERS * sizeof *heap.at);
    memset(heap.where, 1, TIMERS * sizeof *heap.where);

    for (int round = 0; round < TIMER_ROUNDS; round++) {
        const double begin = now_ns();
        for (uint64_t i = 0; i < TIMERS; i++)
            timer_arm(i, some_delay(&seed));
        const double armed = now_ns();
        for (uint64_t i = 0; i < TIMERS; i++)
            timer_cancel(i);
        sum.arm_ns += (armed - begin) / TIMERS / TIMER_ROUNDS;
        sum.cancel_ns += (now_ns() - armed) / TIMERS / TIMER_ROUNDS;
    }
    return sum;
}

double
timers_armed(void)
{
    return timers().arm_ns;
}

double
timers_cancelled(void)
{
    return timers().cancel_ns;
}
