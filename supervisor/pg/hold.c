/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold.c - walks as copi_message_drop does, which drops what is taken here.
 */
#include "pg/hold.h"

#include <coppice/buf.h>

#include "message/shape.h"

static void hold_value(copi_value value, const char *place, int depth);

static void
hold_fields(const cop_type *type, const char *message, int depth)
{
    if (!type->has_bufs)
        return;
    for (size_t i = 0; i < type->field_count; i++)
        hold_value(copi_value_of(&type->fields[i]), message + type->fields[i].offset,
                   depth + 1);
}

static void
hold_list(copi_value list, copi_span items, int depth)
{
    const copi_value item = copi_value_item(list);
    const size_t size = copi_value_size(item);

    if (depth + (item.kind == COP_FIELD_MSG) >= COPI_DEPTH_MAX)
        return;
    for (size_t i = 0; i < items.count; i++)
        hold_value(item, copi_span_item(items, size, i), depth + 1);
}

static void
hold_value(copi_value value, const char *place, int depth)
{
    if (!copi_value_has_bufs(value))
        return;
    if (value.kind == COP_FIELD_BUF)
        (void)cop_buf_ref(copi_buf_at(place));
    else if (value.kind == COP_FIELD_LIST)
        hold_list(value, copi_span_at(place), depth);
    else
        hold_fields(value.nested, place, depth);
}

void
copi_message_hold(const cop_type *type, const void *message)
{
    hold_fields(type, message, 0);
}
