/* SPDX-License-Identifier: Apache-2.0 */
#include "base/slots.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/check.h"

enum {
    GENERATIONS = 1 << (COPI_SLOTS_BITS - 32)
};

static bool
grow(copi_slots *self)
{
    uint32_t room = self->room == 0 ? 64 : self->room * 2;
    copi_place *places = realloc(self->places, room * sizeof *places);

    if (places == NULL)
        return false;
    self->places = places;
    self->room = room;
    if (self->count == 0)
        self->count = 1;
    return true;
}

/* A place that nobody uses, or 0. */
static uint32_t
take_place(copi_slots *self)
{
    uint32_t place = self->free;

    if (place != 0) {
        self->free = self->places[place].next;
        return place;
    }
    if (self->count == self->room && !grow(self))
        return 0;
    place = self->count++;
    self->places[place] = (copi_place){.generation = 1};
    return place;
}

uint64_t
copi_slots_add(copi_slots *self, void *thing)
{
    uint32_t place = take_place(self);

    if (place == 0)
        return 0;
    copi_place *slot = &self->places[place];
    slot->thing = thing;
    slot->is_used = 1;
    return (uint64_t)slot->generation << 32 | place;
}

void *
copi_slots_find(const copi_slots *self, uint64_t number)
{
    uint32_t place = (uint32_t)number;

    if (place == 0 || place >= self->count)
        return NULL;
    const copi_place *slot = &self->places[place];
    return slot->is_used && slot->generation == number >> 32 ? slot->thing : NULL;
}

void
copi_slots_remove(copi_slots *self, uint64_t number)
{
    COPI_CHECK(copi_slots_find(self, number) != NULL);
    copi_place *slot = &self->places[(uint32_t)number];
    slot->is_used = 0;
    if (++slot->generation == GENERATIONS)
        return;
    slot->next = self->free;
    self->free = (uint32_t)number;
}

void
copi_slots_fini(copi_slots *self)
{
    free(self->places);
    *self = (copi_slots){0};
}
