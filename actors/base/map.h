/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map.h - an intrusive map from two words to what holds them; most maps here have one
 * entry or none.
 *
 * Up to a few entries it is a list, oldest first; beyond that a table of lists, which
 * grows.  Adding cannot fail: without memory for a bigger table the lists get longer.
 */
#ifndef COPPICE_BASE_MAP_H
#define COPPICE_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

/* Embedded in what is found.  Belongs to the map while it is in one. */
typedef struct copi_map_node {
    struct copi_map_node *next;
    uint64_t high, low; /* the key */
} copi_map_node;

typedef struct copi_map {
    copi_map_node **buckets; /* NULL: all are in `few` */
    copi_map_node *few;
    uint32_t bucket_count; /* a power of two */
    uint32_t count;
    uint32_t popped; /* the bucket that copi_map_pop looks at first */
} copi_map;

/* Adds an entry whose key is set and not in the map. */
void copi_map_add(copi_map *self, copi_map_node *node);
/* The entry of that key, or NULL. */
copi_map_node *copi_map_find(const copi_map *self, uint64_t high, uint64_t low);
/* Removes an entry that is in the map. */
void copi_map_remove(copi_map *self, copi_map_node *node);
/* Removes and returns some entry, or NULL; the order depends on the keys alone. */
copi_map_node *copi_map_pop(copi_map *self);
/* The entry after `node`, the first for NULL, or NULL; not while the map changes. */
copi_map_node *copi_map_next(const copi_map *self, const copi_map_node *node);
/* Frees the table; the map is empty. */
void copi_map_fini(copi_map *self);

#endif /* COPPICE_BASE_MAP_H */
