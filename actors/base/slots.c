/* SPDX-License-Identifier: Apache-2.0 */
#include "base/slots.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"

enum {
    GENERATIONS = 1 << (COPI_SLOTS_BITS - 32)
};

static bool
make_room(copi_slots *self)
{
    if (self->chunk_count < self->chunk_room)
        return true;
    uint32_t room = self->chunk_room == 0 ? 4 : 2 * self->chunk_room;
    char **chunks = copi_realloc(self->chunks, room * sizeof *chunks);
    if (chunks == NULL)
        return false;
    self->chunks = chunks;
    uint32_t *freed =
        copi_realloc(self->free, (size_t)room * COPI_SLOTS_CHUNK * sizeof *self->free);
    if (freed == NULL)
        return false;
    self->free = freed;
    self->chunk_room = room;
    return true;
}

static bool
add_chunk(copi_slots *self)
{
    if (!make_room(self))
        return false;
    char *chunk = copi_aligned_alloc(COPI_PLACE_SIZE, COPI_SLOTS_CHUNK * COPI_PLACE_SIZE);
    if (chunk == NULL)
        return false;
    self->chunks[self->chunk_count++] = chunk;
    if (self->count == 0)
        self->count = 1;
    return true;
}

copi_place *
copi_slots_new(copi_slots *self)
{
    if (self->count >= self->chunk_count * COPI_SLOTS_CHUNK && !add_chunk(self))
        return NULL;
    copi_place *place = copi_slots_at(self, self->count);
    memset(place, 0, COPI_PLACE_SIZE);
    place->index = self->count++;
    return place;
}

void
copi_slots_remove(copi_slots *self, copi_place *place)
{
    COPI_CHECK(place->generation % 2 == 1);
    if (++place->generation < GENERATIONS)
        self->free[self->free_count++] = place->index;
}

void
copi_slots_fini(copi_slots *self)
{
    for (uint32_t i = 0; i < self->chunk_count; i++)
        free(self->chunks[i]);
    free(self->chunks);
    free(self->free);
    *self = (copi_slots){0};
}
