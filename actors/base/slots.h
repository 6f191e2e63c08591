/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slots.h - records with numbers: a number finds its record at once, and never another one.
 *
 * A record is one cache line and stays where it is until all of them go.  Its number is a
 * place and the generation of the place's tenant.  A place whose generations are used up is
 * not given out again.
 */
#ifndef COPPICE_BASE_SLOTS_H
#define COPPICE_BASE_SLOTS_H

#include <stddef.h>
#include <stdint.h>

enum {
    COPI_SLOTS_BITS = 56, /* numbers are below 2 to this */
    COPI_SLOTS_CHUNK = 256,
    COPI_PLACE_SIZE = 64,
};

/* The first member of every record. */
typedef struct copi_place {
    uint32_t generation; /* odd: it is in use */
    uint32_t index;
} copi_place;

/* Zero is an empty one. */
typedef struct copi_slots {
    char **chunks;
    uint32_t chunk_count;
    uint32_t chunk_room;
    uint32_t count; /* places that have ever been used; place 0 never is */
    /* Places that are free again, the last one on top: room for all.  A list through the
     * records would be a chain of cache misses. */
    uint32_t *free;
    uint32_t free_count;
} copi_slots;

/* For copi_slots_add: one that nobody has used yet. */
copi_place *copi_slots_new(copi_slots *self);
/* The record is in use. */
void copi_slots_remove(copi_slots *self, copi_place *place);
/* All records go. */
void copi_slots_fini(copi_slots *self);

static inline uint64_t
copi_place_number(const copi_place *place)
{
    return (uint64_t)place->generation << 32 | place->index;
}

/* The place has been used. */
static inline copi_place *
copi_slots_at(const copi_slots *self, uint32_t index)
{
    return (copi_place *)(void *)(self->chunks[index / COPI_SLOTS_CHUNK] +
                                  (size_t)(index % COPI_SLOTS_CHUNK) * COPI_PLACE_SIZE);
}

/* A record that nobody uses, in use from now on, with what its last user left in it; zero if
 * there was none.  NULL if there is no memory. */
static inline copi_place *
copi_slots_add(copi_slots *self)
{
    copi_place *place = self->free_count > 0
                            ? copi_slots_at(self, self->free[--self->free_count])
                            : copi_slots_new(self);

    if (place != NULL)
        place->generation++;
    return place;
}

/* NULL if the number is nobody's any more, or never was. */
static inline copi_place *
copi_slots_find(const copi_slots *self, uint64_t number)
{
    uint32_t index = (uint32_t)number;

    if (index == 0 || index >= self->count)
        return NULL;
    copi_place *place = copi_slots_at(self, index);
    return place->generation == number >> 32 && place->generation % 2 == 1 ? place : NULL;
}

#endif /* COPPICE_BASE_SLOTS_H */
