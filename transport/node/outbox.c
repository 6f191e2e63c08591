/* SPDX-License-Identifier: Apache-2.0 */
#include "node/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "wire/bytes.h"
#include "wire/frame.h"

enum {
    FIRST_ROOM = 16 * 1024
};

/* Room for `size` more at the end; NULL without memory. */
static uint8_t *
reserve(copi_outbox *self, size_t size)
{
    size_t waiting = copi_outbox_size(self), room = self->room;

    if (self->start > 0 && self->end + size > room) {
        memmove(self->bytes, self->bytes + self->start, waiting);
        self->start = 0;
        self->end = waiting;
    }
    if (room == 0)
        room = FIRST_ROOM;
    while (room < self->end + size)
        room *= 2;
    if (room != self->room) {
        uint8_t *bigger = copi_realloc(self->bytes, room);
        if (bigger == NULL)
            return NULL;
        self->bytes = bigger;
        self->room = room;
    }
    return self->bytes + self->end;
}

static void
write_fragment(uint8_t *at, const uint8_t *part, size_t size, size_t whole)
{
    uint8_t head[COPI_SIGNAL_HEAD];
    copi_record record = {.kind = COPI_RECORD_FRAGMENT, .size = 4 + size};
    size_t head_size = copi_record_write(head, &record);
    copi_writer out = {at, at + head_size + 4 + size, false};

    copi_write_bytes(&out, head, head_size);
    copi_write_number(&out, whole, 4);
    copi_write_bytes(&out, part, size);
}

static bool
add_fragments(copi_outbox *self, const uint8_t *record, size_t size)
{
    size_t pieces = (size + COPI_FRAGMENT_MAX - 1) / COPI_FRAGMENT_MAX;
    const size_t extra = COPI_RECORD_HEAD + 4;
    uint8_t *at = reserve(self, size + pieces * extra);

    if (at == NULL)
        return false;
    for (size_t done = 0; done < size; done += COPI_FRAGMENT_MAX) {
        size_t part = size - done < COPI_FRAGMENT_MAX ? size - done : COPI_FRAGMENT_MAX;
        write_fragment(at, record + done, part, size);
        at += extra + part;
    }
    self->end += size + pieces * extra;
    return true;
}

bool
copi_outbox_add(copi_outbox *self, const uint8_t *record, size_t size)
{
    if (size > COPI_FRAGMENT_MAX)
        return add_fragments(self, record, size);
    uint8_t *at = reserve(self, size);
    if (at == NULL)
        return false;
    memcpy(at, record, size);
    self->end += size;
    return true;
}

bool
copi_outbox_put(copi_outbox *self, const copi_record *record)
{
    uint8_t head[COPI_SIGNAL_HEAD];
    size_t head_size = copi_record_write(head, record);
    uint8_t *at = reserve(self, head_size + record->size);

    if (at == NULL)
        return false;
    memcpy(at, head, head_size);
    if (record->size > 0)
        memcpy(at + head_size, record->body, record->size);
    self->end += head_size + record->size;
    return true;
}

static size_t
record_size(const uint8_t *record)
{
    copi_reader in = {record, record + 4, false};

    return 4 + (size_t)copi_read_number(&in, 4);
}

size_t
copi_outbox_next(const copi_outbox *self, const uint8_t **records)
{
    size_t size = 0, waiting = copi_outbox_size(self);

    *records = self->bytes + self->start;
    while (size < waiting) {
        size_t more = record_size(*records + size);
        if (size + more > COPI_FRAME_FILL)
            break;
        size += more;
    }
    return size;
}

void
copi_outbox_drop(copi_outbox *self, size_t size)
{
    self->start += size;
    if (self->start == self->end)
        self->start = self->end = 0;
}

void
copi_outbox_fini(copi_outbox *self)
{
    free(self->bytes);
    *self = (copi_outbox){0};
}
