/* SPDX-License-Identifier: Apache-2.0 */
#include "message/pack.h"

#include "base/check.h"
#include "message/bufs.h"
#include "message/copy.h"
#include "message/shape.h"
#include "message/unpack.h"
#include "message/writer.h"

static void pack_value(copi_writer *writer, copi_value value, const void *place, int depth);

static const char *
place_of(const cop_field *field, const void *message)
{
    return (const char *)message + field->offset;
}

static bool
is_written(const cop_field *field, const void *message)
{
    return !copi_value_is_default(copi_value_of(field), place_of(field, message));
}

static size_t
written_count(const cop_type *type, const void *message)
{
    size_t count = 0;

    for (size_t i = 0; i < type->field_count; i++)
        count += is_written(&type->fields[i], message);
    return count;
}

static void
pack_message(copi_writer *writer, const cop_type *type, const void *message, int depth)
{
    copi_write_map(writer, written_count(type, message));
    for (size_t i = 0; i < type->field_count; i++) {
        const cop_field *field = &type->fields[i];

        if (!is_written(field, message))
            continue;
        copi_write_unsigned(writer, field->number);
        pack_value(writer, copi_value_of(field), place_of(field, message), depth + 1);
    }
}

static void
pack_list(copi_writer *writer, copi_value list, copi_span items, int depth)
{
    const copi_value item = copi_value_item(list);
    const size_t size = copi_value_size(item);

    copi_write_array(writer, items.count);
    for (size_t i = 0; i < items.count && writer->size != SIZE_MAX; i++)
        pack_value(writer, item, copi_span_item(items, size, i), depth + 1);
}

static void
pack_pid(copi_writer *writer, const cop_pid *pid)
{
    copi_write_array(writer, 2);
    copi_write_unsigned(writer, pid->node);
    copi_write_unsigned(writer, pid->id);
}

static void
pack_value(copi_writer *writer, copi_value value, const void *place, int depth)
{
    copi_span bytes;

    switch (value.kind) {
    case COP_FIELD_BOOL: copi_write_bool(writer, *(const bool *)place); return;
    case COP_FIELD_I32: copi_write_signed(writer, *(const int32_t *)place); return;
    case COP_FIELD_I64: copi_write_signed(writer, *(const int64_t *)place); return;
    case COP_FIELD_U32: copi_write_unsigned(writer, *(const uint32_t *)place); return;
    case COP_FIELD_U64: copi_write_unsigned(writer, *(const uint64_t *)place); return;
    case COP_FIELD_F64: copi_write_double(writer, *(const double *)place); return;
    case COP_FIELD_STR:
        bytes = copi_span_at(place);
        copi_write_str(writer, bytes.data, bytes.count);
        return;
    case COP_FIELD_BYTES:
    case COP_FIELD_BUF:
        bytes = copi_value_bytes(value, place);
        copi_write_bin(writer, bytes.data, bytes.count);
        return;
    case COP_FIELD_PID: pack_pid(writer, place); return;
    case COP_FIELD_MSG:
    case COP_FIELD_LIST: break;
    }

    if (depth >= COPI_DEPTH_MAX)
        copi_write_impossible(writer);
    else if (value.kind == COP_FIELD_LIST)
        pack_list(writer, value, copi_span_at(place), depth);
    else
        pack_message(writer, value.nested, place, depth);
}

/* The receiver has to build it in a block; what it would refuse is not even sent. */
static bool
can_be_received(const cop_type *type, const void *message, size_t size)
{
    size_t block = copi_message_extra(type, message);

    return !__builtin_add_overflow(block, type->size, &block) &&
           !__builtin_add_overflow(block, copi_message_bufs_extra(type, message), &block) &&
           block <= copi_block_max(size);
}

size_t
copi_pack_size(const cop_type *type, const void *message)
{
    copi_writer writer = {0};

    pack_message(&writer, type, message, 0);
    if (writer.size == SIZE_MAX || !can_be_received(type, message, writer.size))
        return SIZE_MAX;
    return writer.size;
}

size_t
copi_pack(const cop_type *type, const void *message, uint8_t *out)
{
    copi_writer writer = {.out = out};

    pack_message(&writer, type, message, 0);
    COPI_CHECK(writer.size != SIZE_MAX);
    return writer.size;
}
