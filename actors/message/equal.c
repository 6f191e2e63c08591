/* SPDX-License-Identifier: Apache-2.0 */
#include <coppice/message.h>

#include "message/shape.h"

static bool equal_value(copi_value value, const void *a, const void *b);

static bool
equal_double(double a, double b)
{
    return a == b || (a != a && b != b);
}

static bool
equal_bytes(copi_span a, copi_span b)
{
    return a.count == b.count && (a.count == 0 || memcmp(a.data, b.data, a.count) == 0);
}

static bool
equal_list(copi_value list, copi_span a, copi_span b)
{
    const copi_value item = copi_value_item(list);
    const size_t size = copi_value_size(item);

    if (a.count != b.count)
        return false;
    for (size_t i = 0; i < a.count; i++)
        if (!equal_value(item, copi_span_item(a, size, i), copi_span_item(b, size, i)))
            return false;
    return true;
}

static bool
equal_value(copi_value value, const void *a, const void *b)
{
    switch (value.kind) {
    case COP_FIELD_BOOL:
    case COP_FIELD_I32:
    case COP_FIELD_I64:
    case COP_FIELD_U32:
    case COP_FIELD_U64:
    case COP_FIELD_PID: return memcmp(a, b, copi_value_size(value)) == 0;
    case COP_FIELD_F64: return equal_double(*(const double *)a, *(const double *)b);
    case COP_FIELD_STR:
    case COP_FIELD_BYTES:
    case COP_FIELD_BUF:
        return equal_bytes(copi_value_bytes(value, a), copi_value_bytes(value, b));
    case COP_FIELD_MSG: return cop_message_equal(value.nested, a, b);
    case COP_FIELD_LIST: return equal_list(value, copi_span_at(a), copi_span_at(b));
    }
    return false;
}

bool
cop_message_equal(const cop_type *type, const void *a, const void *b)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const cop_field *field = &type->fields[i];

        if (!equal_value(copi_value_of(field), (const char *)a + field->offset,
                         (const char *)b + field->offset))
            return false;
    }
    return true;
}
