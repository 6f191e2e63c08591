/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/record.h"

#include "wire/bytes.h"

size_t
copi_record_write(uint8_t head[COPI_SIGNAL_HEAD], const copi_record *record)
{
    size_t size = copi_record_is_signal(record->kind) ? COPI_SIGNAL_HEAD : COPI_RECORD_HEAD;
    copi_writer out = {head, head + size, false};

    copi_write_number(&out, size - 4 + record->size, 4);
    copi_write_number(&out, record->kind, 1);
    if (copi_record_is_signal(record->kind)) {
        copi_write_number(&out, record->from, 8);
        copi_write_number(&out, record->to, 8);
        copi_write_number(&out, record->ref, 8);
    }
    return size;
}

static bool
is_kind(uint64_t kind)
{
    return (kind >= COPI_RECORD_MESSAGE && kind < COPI_RECORD_SIGNALS_END) ||
           (kind >= COPI_RECORD_NAME && kind < COPI_RECORD_KINDS_END);
}

copi_read
copi_record_read(const uint8_t **bytes, size_t *size, copi_record *out)
{
    copi_reader in = {*bytes, *bytes + *size, false};

    if (*size == 0)
        return COPI_READ_END;
    size_t length = (size_t)copi_read_number(&in, 4);
    if (in.is_broken || length == 0 || length > copi_left(&in))
        return COPI_READ_BROKEN;
    in.end = in.at + length;
    uint64_t kind = copi_read_number(&in, 1);
    if (!is_kind(kind))
        return COPI_READ_BROKEN;
    *out = (copi_record){.kind = (copi_record_kind)kind};
    if (copi_record_is_signal(out->kind)) {
        out->from = copi_read_number(&in, 8);
        out->to = copi_read_number(&in, 8);
        out->ref = copi_read_number(&in, 8);
    }
    if (in.is_broken)
        return COPI_READ_BROKEN;
    out->body = in.at;
    out->size = copi_left(&in);
    *size -= 4 + length;
    *bytes = in.end;
    return COPI_READ_ONE;
}
