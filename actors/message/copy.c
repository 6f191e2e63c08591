/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.c - the bytes of a struct or of a list's items are copied as they are; then what is
 * not flat in them is walked, and each pointer gets a copy of its own in the tail; but for
 * those to buffers, which with their references move as they are.
 */
#include "message/copy.h"

#include <string.h>

#include "base/check.h"
#include "message/shape.h"
#include "message/tail.h"

static void copy_value(copi_tail *tail, copi_value value, char *dst, const char *src,
                       int depth);

/* A place inside the copy; there is none while only counting. */
static char *
at(char *dst, size_t offset)
{
    return dst == NULL ? NULL : dst + offset;
}

static char *
copy_span(copi_tail *tail, size_t align, size_t size, char *dst, copi_span from)
{
    char *items = from.count == 0 ? NULL : copi_tail_take(tail, align, from.count, size);
    if (items != NULL)
        memcpy(items, from.data, from.count * size);
    if (dst != NULL)
        memcpy(dst, &(copi_span){items, from.count}, sizeof from);
    return items;
}

static void
copy_list(copi_tail *tail, copi_value list, char *dst, const char *src, int depth)
{
    const copi_value item = copi_value_item(list);
    const size_t size = copi_value_size(item);
    const copi_span from = copi_span_at(src);
    char *items = copy_span(tail, COPI_TAIL_ALIGN, size, dst, from);

    /* Only lists can make a message deeper than its type is. */
    if (from.count > 0 && depth + (item.kind == COP_FIELD_MSG) >= COPI_DEPTH_MAX)
        tail->used = SIZE_MAX;
    if (copi_value_is_flat(item))
        return;
    for (size_t i = 0; i < from.count && tail->used != SIZE_MAX; i++)
        copy_value(tail, item, at(items, i * size), copi_span_item(from, size, i), depth + 1);
}

static void
copy_fields(copi_tail *tail, const cop_type *type, char *dst, const char *src, int depth)
{
    if (type->flat)
        return;
    for (size_t i = 0; i < type->field_count; i++) {
        const cop_field *field = &type->fields[i];

        copy_value(tail, copi_value_of(field), at(dst, field->offset), src + field->offset,
                   depth + 1);
    }
}

/* `depth` messages and lists are around this value, whose own bytes are copied already. */
static void
copy_value(copi_tail *tail, copi_value value, char *dst, const char *src, int depth)
{
    switch (value.kind) {
    case COP_FIELD_STR:
    case COP_FIELD_BYTES: copy_span(tail, 1, 1, dst, copi_span_at(src)); break;
    case COP_FIELD_BUF: tail->has_bufs |= copi_buf_at(src) != NULL; break;
    case COP_FIELD_MSG: copy_fields(tail, value.nested, dst, src, depth); break;
    case COP_FIELD_LIST: copy_list(tail, value, dst, src, depth); break;
    case COP_FIELD_BOOL:
    case COP_FIELD_I32:
    case COP_FIELD_I64:
    case COP_FIELD_U32:
    case COP_FIELD_U64:
    case COP_FIELD_F64:
    case COP_FIELD_PID: break;
    }
}

size_t
copi_message_extra(const cop_type *type, const void *src)
{
    copi_tail tail = {.used = type->size};

    copy_fields(&tail, type, NULL, src, 0);
    return tail.used == SIZE_MAX ? SIZE_MAX : tail.used - type->size;
}

bool
copi_message_copy(const cop_type *type, void *dst, const void *src)
{
    copi_tail tail = {.block = dst, .used = type->size};

    memcpy(dst, src, type->size);
    copy_fields(&tail, type, dst, src, 0);
    COPI_CHECK(tail.used != SIZE_MAX);
    return tail.has_bufs;
}
