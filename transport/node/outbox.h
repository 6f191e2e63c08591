/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbox.h - records that wait to be sent to one node, in order, cut into frames.
 */
#ifndef COPPICE_NODE_OUTBOX_H
#define COPPICE_NODE_OUTBOX_H

#include "wire/record.h"

typedef struct copi_outbox {
    uint8_t *bytes;
    size_t start, end, room; /* what waits is from start to end */
} copi_outbox;

static inline size_t
copi_outbox_size(const copi_outbox *self)
{
    return self->end - self->start;
}

/* One whole record, as fragments if it is large.  False without memory. */
bool copi_outbox_add(copi_outbox *self, const uint8_t *record, size_t size);
/* The same from its parts, for small ones. */
bool copi_outbox_put(copi_outbox *self, const copi_record *record);
/* As many whole records as fit into one frame; their size, 0 if none waits. */
size_t copi_outbox_next(const copi_outbox *self, const uint8_t **records);
/* They are gone. */
void copi_outbox_drop(copi_outbox *self, size_t size);
void copi_outbox_fini(copi_outbox *self);

#endif /* COPPICE_NODE_OUTBOX_H */
