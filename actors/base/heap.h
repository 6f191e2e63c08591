/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap.h - a 4-ary heap of due times that knows where each entry is.
 *
 * Keys stand in the array beside the pointers, so that sifting touches no entry but the
 * one that moves.  Entries of equal time come out in the order of their turns.
 */
#ifndef COPPICE_BASE_HEAP_H
#define COPPICE_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Embedded in what waits.  Zero: not in a heap. */
typedef struct copi_heap_node {
    uint32_t place; /* in the array, from 1 */
} copi_heap_node;

typedef struct copi_heap_slot {
    int64_t due;
    copi_heap_node *node;
    uint32_t turn; /* breaks ties; runs over, so it compares those that are near each other */
} copi_heap_slot;

typedef struct copi_heap {
    copi_heap_slot *slots; /* slots[0] is unused */
    uint32_t count;
    uint32_t room;
} copi_heap;

static inline bool
copi_heap_has(const copi_heap_node *node)
{
    return node->place != 0;
}

/* For the one below. */
bool copi_heap_grow(copi_heap *self, uint32_t count);

/* Makes room for so many entries in all.  False, and nothing changed, if there is no memory. */
static inline bool
copi_heap_reserve(copi_heap *self, uint32_t count)
{
    return count < self->room || copi_heap_grow(self, count);
}
/* There is room for it. */
void copi_heap_add(copi_heap *self, copi_heap_node *node, int64_t due, uint32_t turn);
void copi_heap_remove(copi_heap *self, copi_heap_node *node);
/* The entry that is due first, or NULL. */
copi_heap_node *copi_heap_first(const copi_heap *self, int64_t *due);
/* Frees the array; entries still in it are forgotten. */
void copi_heap_fini(copi_heap *self);

#endif /* COPPICE_BASE_HEAP_H */
