/* SPDX-License-Identifier: Apache-2.0 */
#include "message/shape.h"

#include <coppice/buf.h>

#include "base/check.h"

size_t
copi_value_size(copi_value value)
{
    switch (value.kind) {
    case COP_FIELD_BOOL: return sizeof(bool);
    case COP_FIELD_I32: return sizeof(int32_t);
    case COP_FIELD_I64: return sizeof(int64_t);
    case COP_FIELD_U32: return sizeof(uint32_t);
    case COP_FIELD_U64: return sizeof(uint64_t);
    case COP_FIELD_F64: return sizeof(double);
    case COP_FIELD_STR: return sizeof(cop_str);
    case COP_FIELD_BYTES: return sizeof(cop_bytes);
    case COP_FIELD_BUF: return sizeof(cop_buf *);
    case COP_FIELD_PID: return sizeof(cop_pid);
    case COP_FIELD_MSG: return value.nested->size;
    case COP_FIELD_LIST: return sizeof(copi_span);
    }
    COPI_CHECK(!"a field kind that there is not");
    return 0;
}

bool
copi_value_is_flat(copi_value value)
{
    switch (value.kind) {
    case COP_FIELD_STR:
    case COP_FIELD_BYTES:
    case COP_FIELD_BUF:
    case COP_FIELD_LIST: return false;
    case COP_FIELD_MSG: return value.nested->flat;
    case COP_FIELD_BOOL:
    case COP_FIELD_I32:
    case COP_FIELD_I64:
    case COP_FIELD_U32:
    case COP_FIELD_U64:
    case COP_FIELD_F64:
    case COP_FIELD_PID: return true;
    }
    return true;
}

copi_span
copi_value_bytes(copi_value value, const void *place)
{
    if (value.kind != COP_FIELD_BUF)
        return copi_span_at(place);
    const cop_bytes bytes = cop_buf_view(copi_buf_at(place));
    return (copi_span){bytes.data, bytes.size};
}

bool
copi_value_has_bufs(copi_value value)
{
    const cop_field_kind kind = value.kind == COP_FIELD_LIST ? value.item : value.kind;

    return kind == COP_FIELD_BUF || (kind == COP_FIELD_MSG && value.nested->has_bufs);
}

static bool
is_default_message(const cop_type *type, const char *message)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const cop_field *field = &type->fields[i];

        if (!copi_value_is_default(copi_value_of(field), message + field->offset))
            return false;
    }
    return true;
}

bool
copi_value_is_default(copi_value value, const void *place)
{
    /* Of a double these are the bits of +0.0: the sign of -0.0 is worth its bytes. */
    static const char zeros[sizeof(cop_pid)];

    switch (value.kind) {
    case COP_FIELD_STR:
    case COP_FIELD_BYTES:
    case COP_FIELD_LIST: return copi_span_at(place).count == 0;
    case COP_FIELD_BUF: return cop_buf_size(copi_buf_at(place)) == 0;
    case COP_FIELD_MSG: return is_default_message(value.nested, place);
    case COP_FIELD_BOOL:
    case COP_FIELD_I32:
    case COP_FIELD_I64:
    case COP_FIELD_U32:
    case COP_FIELD_U64:
    case COP_FIELD_F64:
    case COP_FIELD_PID: break;
    }
    return memcmp(place, zeros, copi_value_size(value)) == 0;
}
