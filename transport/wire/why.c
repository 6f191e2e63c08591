/* SPDX-License-Identifier: Apache-2.0 */
/*
 * why.c - exit records on the wire.
 */
#include "wire/bytes.h"
#include "wire/record.h"

size_t
copi_why_write(uint8_t bytes[COPI_WHY_MAX], const cop_exit *why)
{
    copi_writer out = {bytes, bytes + COPI_WHY_MAX, false};

    copi_write_number(&out, why->kind, 1);
    copi_write_number(&out, (uint32_t)why->code, 4);
    copi_write_number(&out, why->origin.node, 8);
    copi_write_number(&out, why->origin.id, 8);
    copi_write_text(&out, why->text);
    copi_write_text(&out, why->path);
    copi_write_number(&out, why->dropped_causes, 1);
    copi_write_number(&out, why->cause_count, 1);
    for (size_t i = 0; i < why->cause_count; i++) {
        copi_write_number(&out, why->causes[i].kind, 1);
        copi_write_number(&out, (uint32_t)why->causes[i].code, 4);
        copi_write_text(&out, why->causes[i].text);
    }
    return (size_t)(out.at - bytes);
}

static cop_exit_kind
read_kind(copi_reader *in)
{
    uint64_t kind = copi_read_number(in, 1);

    if (kind > COP_EXIT_INTENSITY)
        in->is_broken = true;
    return (cop_exit_kind)kind;
}

static int
read_code(copi_reader *in)
{
    return (int)(int32_t)(uint32_t)copi_read_number(in, 4);
}

bool
copi_why_read(const uint8_t *bytes, size_t size, cop_exit *out)
{
    copi_reader in = {bytes, bytes + size, false};

    *out = (cop_exit){.kind = read_kind(&in)};
    out->code = read_code(&in);
    out->origin.node = copi_read_number(&in, 8);
    out->origin.id = copi_read_number(&in, 8);
    copi_read_text(&in, out->text, sizeof out->text);
    copi_read_text(&in, out->path, sizeof out->path);
    out->dropped_causes = (uint8_t)copi_read_number(&in, 1);
    out->cause_count = (uint8_t)copi_read_number(&in, 1);
    if (out->cause_count > COP_EXIT_CAUSES)
        return false;
    for (size_t i = 0; i < out->cause_count; i++) {
        out->causes[i].kind = read_kind(&in);
        out->causes[i].code = read_code(&in);
        copi_read_text(&in, out->causes[i].text, sizeof out->causes[i].text);
    }
    return !in.is_broken && copi_left(&in) == 0;
}
