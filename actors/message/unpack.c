/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unpack.c - one walk for both passes: without a block it checks and counts, with a block
 * it stores.  A field that comes twice takes its bytes in the block twice, in both passes.
 *
 * In the second pass what is stored is at each moment a message whose references can be
 * dropped: what is not read yet is zero, wherever there can be buffers.
 */
#include "message/unpack.h"

#include <string.h>

#include <coppice/buf.h>

#include "base/check.h"
#include "message/bufs.h"
#include "message/reader.h"
#include "message/shape.h"
#include "message/tail.h"

typedef struct decoder {
    copi_reader reader;
    copi_tail tail;
    size_t shared; /* bytes in buffers */
    size_t most;   /* bytes that block and buffers may have together */
} decoder;

static cop_err read_value(decoder *self, copi_value value, char *dst, int depth);

/* Fields stand in the order of their numbers, with gaps. */
static const cop_field *
field_of(const cop_type *type, uint64_t number)
{
    size_t i = number < type->field_count ? (size_t)number : type->field_count;

    while (i-- > 0 && type->fields[i].number >= number)
        if (type->fields[i].number == number)
            return &type->fields[i];
    return NULL;
}

static bool
is_too_large(const decoder *self)
{
    return self->tail.used > self->most || self->shared > self->most - self->tail.used;
}

static cop_err
take(decoder *self, size_t align, size_t count, size_t size, char **out)
{
    *out = copi_tail_take(&self->tail, align, count, size);
    return is_too_large(self) ? COP_E_TOO_LARGE : COP_OK;
}

/* Whoever comes twice had buffers the first time. */
static void
forget(copi_value value, char *dst)
{
    copi_value_drop(value, dst);
    memset(dst, 0, copi_value_size(value));
}

/* One key and its value. */
static cop_err
read_field(decoder *self, const cop_type *type, char *dst, int depth)
{
    const copi_token key = copi_reader_next(&self->reader);
    const cop_field *field;

    if (key.kind != COPI_UNSIGNED)
        return COP_E_BAD_MESSAGE;
    field = field_of(type, key.number);
    if (field == NULL)
        return copi_reader_skip(&self->reader, COPI_DEPTH_MAX - depth) ? COP_OK
                                                                       : COP_E_BAD_MESSAGE;
    if (dst == NULL)
        return read_value(self, copi_value_of(field), NULL, depth);
    if (copi_value_has_bufs(copi_value_of(field)))
        forget(copi_value_of(field), dst + field->offset);
    return read_value(self, copi_value_of(field), dst + field->offset, depth);
}

static cop_err
read_message(decoder *self, const cop_type *type, char *dst, int depth)
{
    const copi_token map = copi_reader_next(&self->reader);

    if (map.kind != COPI_MAP || depth == COPI_DEPTH_MAX)
        return COP_E_BAD_MESSAGE;
    if (dst != NULL)
        memset(dst, 0, type->size);
    for (size_t i = 0; i < map.count; i++)
        COP_TRY(read_field(self, type, dst, depth + 1));
    return COP_OK;
}

static cop_err
read_list(decoder *self, copi_value list, char *dst, int depth)
{
    const copi_token array = copi_reader_next(&self->reader);
    const copi_value item = copi_value_item(list);
    const size_t size = copi_value_size(item);
    char *items = NULL;

    if (array.kind != COPI_ARRAY || depth == COPI_DEPTH_MAX)
        return COP_E_BAD_MESSAGE;
    if (array.count > 0)
        COP_TRY(take(self, COPI_TAIL_ALIGN, array.count, size, &items));
    if (items != NULL && copi_value_has_bufs(item))
        memset(items, 0, array.count * size);
    if (dst != NULL)
        memcpy(dst, &(copi_span){items, array.count}, sizeof(copi_span));
    for (size_t i = 0; i < array.count; i++)
        COP_TRY(read_value(self, item, items == NULL ? NULL : items + i * size, depth + 1));
    return COP_OK;
}

static cop_err
read_bytes(decoder *self, copi_token_kind kind, char *dst)
{
    const copi_token token = copi_reader_next(&self->reader);
    char *bytes = NULL;

    if (token.kind != kind)
        return COP_E_BAD_MESSAGE;
    if (token.count > 0)
        COP_TRY(take(self, 1, token.count, 1, &bytes));
    if (bytes != NULL)
        memcpy(bytes, token.data, token.count);
    if (dst != NULL)
        memcpy(dst, &(copi_span){bytes, token.count}, sizeof(copi_span));
    return COP_OK;
}

static cop_err
read_buf(decoder *self, char *dst)
{
    const copi_token token = copi_reader_next(&self->reader);
    cop_buf *buf = NULL;

    if (token.kind != COPI_BIN)
        return COP_E_BAD_MESSAGE;
    self->shared += token.count; /* no more than there are bytes on the wire */
    if (is_too_large(self))
        return COP_E_TOO_LARGE;
    if (dst == NULL)
        return COP_OK;
    if (token.count > 0) {
        buf = cop_buf_new(token.count);
        if (buf == NULL)
            return COP_E_NOMEM;
        memcpy(cop_buf_bytes(buf), token.data, token.count);
    }
    memcpy(dst, &buf, sizeof buf);
    return COP_OK;
}

/* An array of two on the wire, but not a container here: nothing can be inside. */
static cop_err
read_pid(decoder *self, char *dst)
{
    const copi_token array = copi_reader_next(&self->reader);
    const copi_token node = copi_reader_next(&self->reader);
    const copi_token id = copi_reader_next(&self->reader);

    if (array.kind != COPI_ARRAY || array.count != 2 || node.kind != COPI_UNSIGNED ||
        id.kind != COPI_UNSIGNED)
        return COP_E_BAD_MESSAGE;
    if (dst != NULL)
        memcpy(dst, &(cop_pid){node.number, id.number}, sizeof(cop_pid));
    return COP_OK;
}

static bool
fits(cop_field_kind kind, copi_token token)
{
    const bool positive = token.kind == COPI_UNSIGNED;
    const bool integer = positive || token.kind == COPI_NEGATIVE;
    const int64_t value = (int64_t)token.number; /* of a negative token */

    switch (kind) {
    case COP_FIELD_BOOL: return token.kind == COPI_BOOL;
    case COP_FIELD_F64: return token.kind == COPI_FLOAT;
    case COP_FIELD_I32:
        return positive ? token.number <= INT32_MAX : integer && value >= INT32_MIN;
    case COP_FIELD_I64: return positive ? token.number <= INT64_MAX : integer;
    case COP_FIELD_U32: return positive && token.number <= UINT32_MAX;
    case COP_FIELD_U64: return positive;
    case COP_FIELD_STR:
    case COP_FIELD_BYTES:
    case COP_FIELD_BUF:
    case COP_FIELD_PID:
    case COP_FIELD_MSG:
    case COP_FIELD_LIST: break;
    }
    return false;
}

/* Bools, integers and doubles. */
static cop_err
read_scalar(decoder *self, cop_field_kind kind, char *dst)
{
    const copi_token token = copi_reader_next(&self->reader);

    if (!fits(kind, token))
        return COP_E_BAD_MESSAGE;
    if (dst == NULL)
        return COP_OK;
    if (kind == COP_FIELD_BOOL)
        memcpy(dst, &(bool){token.number != 0}, sizeof(bool));
    else if (kind == COP_FIELD_I32 || kind == COP_FIELD_U32)
        memcpy(dst, &(uint32_t){(uint32_t)token.number}, sizeof(uint32_t));
    else
        memcpy(dst, &token.number, sizeof token.number);
    return COP_OK;
}

/* `depth` containers are around this value. */
static cop_err
read_value(decoder *self, copi_value value, char *dst, int depth)
{
    switch (value.kind) {
    case COP_FIELD_BOOL:
    case COP_FIELD_I32:
    case COP_FIELD_I64:
    case COP_FIELD_U32:
    case COP_FIELD_U64:
    case COP_FIELD_F64: return read_scalar(self, value.kind, dst);
    case COP_FIELD_STR: return read_bytes(self, COPI_STR, dst);
    case COP_FIELD_BYTES: return read_bytes(self, COPI_BIN, dst);
    case COP_FIELD_BUF: return read_buf(self, dst);
    case COP_FIELD_PID: return read_pid(self, dst);
    case COP_FIELD_MSG: return read_message(self, value.nested, dst, depth);
    case COP_FIELD_LIST: return read_list(self, value, dst, depth);
    }
    return COP_E_BAD_MESSAGE;
}

static cop_err
read_all(decoder *self, const cop_type *type)
{
    if (is_too_large(self))
        return COP_E_TOO_LARGE;
    COP_TRY(read_message(self, type, self->tail.block, 0));
    return self->reader.left == 0 ? COP_OK : COP_E_BAD_MESSAGE;
}

static decoder
decoder_of(const cop_type *type, const uint8_t *bytes, size_t size, char *block)
{
    return (decoder){
        .reader = {bytes,          size              },
        .tail = {.block = block, .used = type->size},
        .most = copi_block_max(size)
    };
}

cop_err
copi_unpack_size(const cop_type *type, const uint8_t *bytes, size_t size, size_t *block)
{
    decoder self = decoder_of(type, bytes, size, NULL);

    COP_TRY(read_all(&self, type));
    *block = self.tail.used;
    return COP_OK;
}

cop_err
copi_unpack(const cop_type *type, const uint8_t *bytes, size_t size, void *block)
{
    decoder self = decoder_of(type, bytes, size, block);
    cop_err err = read_all(&self, type);

    COPI_CHECK(err == COP_OK || (err == COP_E_NOMEM && type->has_bufs));
    if (err != COP_OK)
        copi_message_drop(type, block);
    return err;
}
