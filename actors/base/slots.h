/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slots.h - numbers for things: a number finds its thing at once, and never another one.
 *
 * A number is a place and the generation of its tenant.  A place whose generations are
 * used up is not given out again.
 */
#ifndef COPPICE_BASE_SLOTS_H
#define COPPICE_BASE_SLOTS_H

#include <stdint.h>

enum {
    COPI_SLOTS_BITS = 56 /* numbers are below 2 to this */
};

typedef struct copi_place {
    union {
        void *thing;   /* of a place in use */
        uint32_t next; /* of a free one; the list ends with 0 */
    };
    uint32_t generation; /* of the tenant, or the next one */
    uint32_t is_used;
} copi_place;

typedef struct copi_slots {
    copi_place *places; /* places[0] is unused */
    uint32_t count;     /* places that have ever been used, and the unused one */
    uint32_t room;
    uint32_t free;
} copi_slots;

/* The thing's number; 0 if there is no memory. */
uint64_t copi_slots_add(copi_slots *self, void *thing);
/* NULL if the number is nobody's any more, or never was. */
void *copi_slots_find(const copi_slots *self, uint64_t number);
/* The number is somebody's. */
void copi_slots_remove(copi_slots *self, uint64_t number);
void copi_slots_fini(copi_slots *self);

#endif /* COPPICE_BASE_SLOTS_H */
