/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"

enum {
    FEW = 8
};

static uint32_t
bucket_of(const copi_map *self, uint64_t high, uint64_t low)
{
    uint64_t mixed = (high ^ (low * UINT64_C(0x9e3779b97f4a7c15)));

    mixed ^= mixed >> 32;
    mixed *= UINT64_C(0xd6e8feb86659fd93);
    return (uint32_t)(mixed >> 32) & (self->bucket_count - 1);
}

static copi_map_node **
list_of(copi_map *self, uint64_t high, uint64_t low)
{
    return self->buckets == NULL ? &self->few : &self->buckets[bucket_of(self, high, low)];
}

static void
append(copi_map_node **list, copi_map_node *node)
{
    while (*list != NULL)
        list = &(*list)->next;
    node->next = NULL;
    *list = node;
}

static void
move(copi_map *to, copi_map_node *list)
{
    while (list != NULL) {
        copi_map_node *node = list;
        list = node->next;
        append(list_of(to, node->high, node->low), node);
    }
}

static void
grow(copi_map *self)
{
    copi_map bigger = {.bucket_count =
                           self->buckets == NULL ? 4 * FEW : 4 * self->bucket_count};

    bigger.buckets = copi_calloc(bigger.bucket_count, sizeof(copi_map_node *));
    if (bigger.buckets == NULL)
        return;
    for (uint32_t i = 0; i < (self->buckets == NULL ? 1 : self->bucket_count); i++)
        move(&bigger, self->buckets == NULL ? self->few : self->buckets[i]);
    bigger.count = self->count;
    free(self->buckets);
    *self = bigger;
}

void
copi_map_add(copi_map *self, copi_map_node *node)
{
    if (self->count >= (self->buckets == NULL ? FEW : 2 * self->bucket_count))
        grow(self);
    append(list_of(self, node->high, node->low), node);
    self->count++;
}

copi_map_node *
copi_map_find(const copi_map *self, uint64_t high, uint64_t low)
{
    copi_map_node *node = *list_of((copi_map *)(uintptr_t)self, high, low);

    while (node != NULL && (node->high != high || node->low != low))
        node = node->next;
    return node;
}

void
copi_map_remove(copi_map *self, copi_map_node *node)
{
    copi_map_node **at = list_of(self, node->high, node->low);

    while (*at != node) {
        COPI_CHECK(*at != NULL);
        at = &(*at)->next;
    }
    *at = node->next;
    node->next = NULL;
    self->count--;
}

copi_map_node *
copi_map_next(const copi_map *self, const copi_map_node *node)
{
    uint32_t bucket = 0;

    if (node != NULL && node->next != NULL)
        return node->next;
    if (self->buckets == NULL)
        return node == NULL ? self->few : NULL;
    if (node != NULL)
        bucket = bucket_of(self, node->high, node->low) + 1;
    for (; bucket < self->bucket_count; bucket++)
        if (self->buckets[bucket] != NULL)
            return self->buckets[bucket];
    return NULL;
}

copi_map_node *
copi_map_pop(copi_map *self)
{
    if (self->count == 0)
        return NULL;
    if (self->buckets == NULL) {
        copi_map_node *node = self->few;
        copi_map_remove(self, node);
        return node;
    }
    /* Emptying a big map looks at each bucket once. */
    while (self->buckets[self->popped % self->bucket_count] == NULL)
        self->popped++;
    copi_map_node *node = self->buckets[self->popped % self->bucket_count];
    copi_map_remove(self, node);
    return node;
}

void
copi_map_fini(copi_map *self)
{
    free(self->buckets);
    *self = (copi_map){0};
}
