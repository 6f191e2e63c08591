/* SPDX-License-Identifier: Apache-2.0 */
#include "message/bufs.h"

#include <stdint.h>

/* Is shown each reference. */
typedef struct visitor {
    void (*visit)(struct visitor *self, cop_buf *buf);
    size_t size; /* for the one that counts */
} visitor;

static void visit_value(visitor *self, copi_value value, const char *place, int depth);

static void
visit_fields(visitor *self, const cop_type *type, const char *message, int depth)
{
    if (!type->has_bufs)
        return;
    for (size_t i = 0; i < type->field_count; i++)
        visit_value(self, copi_value_of(&type->fields[i]), message + type->fields[i].offset,
                    depth + 1);
}

static void
visit_list(visitor *self, copi_value list, copi_span items, int depth)
{
    const copi_value item = copi_value_item(list);
    const size_t size = copi_value_size(item);

    if (depth + (item.kind == COP_FIELD_MSG) >= COPI_DEPTH_MAX) /* as in copy.c */
        return;
    for (size_t i = 0; i < items.count; i++)
        visit_value(self, item, copi_span_item(items, size, i), depth + 1);
}

/* `depth` messages and lists are around this value. */
static void
visit_value(visitor *self, copi_value value, const char *place, int depth)
{
    if (!copi_value_has_bufs(value))
        return;
    if (value.kind == COP_FIELD_BUF)
        self->visit(self, copi_buf_at(place));
    else if (value.kind == COP_FIELD_LIST)
        visit_list(self, value, copi_span_at(place), depth);
    else
        visit_fields(self, value.nested, place, depth);
}

static void
drop(visitor *self, cop_buf *buf)
{
    (void)self;
    cop_buf_unref(buf);
}

void
copi_message_drop(const cop_type *type, const void *message)
{
    visit_fields(&(visitor){.visit = drop}, type, message, 0);
}

static void
hold(visitor *self, cop_buf *buf)
{
    (void)self;
    (void)cop_buf_ref(buf);
}

void
copi_message_hold(const cop_type *type, const void *message)
{
    visit_fields(&(visitor){.visit = hold}, type, message, 0);
}

void
copi_value_drop(copi_value value, const void *place)
{
    visit_value(&(visitor){.visit = drop}, value, place, 0);
}

static void
add_extra(visitor *self, cop_buf *buf)
{
    const size_t wider = sizeof(cop_bytes) - sizeof(cop_buf *);

    if (__builtin_add_overflow(self->size, wider, &self->size) ||
        __builtin_add_overflow(self->size, cop_buf_size(buf), &self->size))
        self->size = SIZE_MAX;
}

size_t
copi_message_bufs_extra(const cop_type *type, const void *message)
{
    visitor counter = {.visit = add_extra};

    visit_fields(&counter, type, message, 0);
    return counter.size;
}
