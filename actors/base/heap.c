/* SPDX-License-Identifier: Apache-2.0 */
#include "base/heap.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"

static bool
is_before(const copi_heap_slot *a, const copi_heap_slot *b)
{
    return a->due < b->due || (a->due == b->due && (int32_t)(a->turn - b->turn) < 0);
}

static void
put(copi_heap *self, uint32_t place, copi_heap_slot slot)
{
    self->slots[place] = slot;
    slot.node->place = place;
}

static uint32_t
parent_of(uint32_t place)
{
    return (place - 2) / 4 + 1;
}

static void
sift_up(copi_heap *self, uint32_t place, copi_heap_slot slot)
{
    while (place > 1 && is_before(&slot, &self->slots[parent_of(place)])) {
        put(self, place, self->slots[parent_of(place)]);
        place = parent_of(place);
    }
    put(self, place, slot);
}

static void
sift_down(copi_heap *self, uint32_t place, copi_heap_slot slot)
{
    for (;;) {
        uint32_t first = (place - 1) * 4 + 2;
        uint32_t least = 0;

        for (uint32_t child = first; child < first + 4 && child <= self->count; child++)
            if (least == 0 || is_before(&self->slots[child], &self->slots[least]))
                least = child;
        if (least == 0 || !is_before(&self->slots[least], &slot))
            break;
        put(self, place, self->slots[least]);
        place = least;
    }
    put(self, place, slot);
}

bool
copi_heap_grow(copi_heap *self, uint32_t count)
{
    uint32_t room = self->room == 0 ? 64 : self->room;

    while (room <= count)
        room *= 2;
    copi_heap_slot *slots = copi_realloc(self->slots, room * sizeof *slots);
    if (slots == NULL)
        return false;
    self->slots = slots;
    self->room = room;
    return true;
}

void
copi_heap_add(copi_heap *self, copi_heap_node *node, int64_t due, uint32_t turn)
{
    COPI_CHECK(!copi_heap_has(node) && self->count + 1 < self->room);
    self->count++;
    sift_up(self, self->count, (copi_heap_slot){due, node, turn});
}

void
copi_heap_remove(copi_heap *self, copi_heap_node *node)
{
    uint32_t place = node->place;

    COPI_CHECK(place != 0 && place <= self->count && self->slots[place].node == node);
    node->place = 0;
    copi_heap_slot last = self->slots[self->count--];
    if (last.node == node)
        return;
    if (place > 1 && is_before(&last, &self->slots[parent_of(place)]))
        sift_up(self, place, last);
    else
        sift_down(self, place, last);
}

copi_heap_node *
copi_heap_first(const copi_heap *self, int64_t *due)
{
    if (self->count == 0)
        return NULL;
    *due = self->slots[1].due;
    return self->slots[1].node;
}

void
copi_heap_fini(copi_heap *self)
{
    free(self->slots);
    *self = (copi_heap){0};
}
