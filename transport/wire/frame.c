/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/frame.h"

#include "wire/bytes.h"

static const uint32_t magic = 0x31504f43; /* "COP1" */

void
copi_frame_write(uint8_t head[COPI_FRAME_HEAD], copi_frame_type type, uint64_t link,
                 uint64_t counter)
{
    copi_writer out = {head, head + COPI_FRAME_HEAD, false};

    copi_write_number(&out, type, 4);
    copi_write_number(&out, link, 8);
    copi_write_number(&out, counter, 8);
}

bool
copi_frame_read(const uint8_t *bytes, size_t size, copi_frame *out)
{
    copi_reader in = {bytes, bytes + size, false};
    uint64_t type = copi_read_number(&in, 4);

    out->link = copi_read_number(&in, 8);
    out->counter = copi_read_number(&in, 8);
    if (in.is_broken || type < COPI_FRAME_HELLO || type > COPI_FRAME_REFUSE ||
        size > COPI_FRAME_MAX)
        return false;
    out->type = (copi_frame_type)type;
    out->size = copi_left(&in);
    out->payload = in.at;
    return true;
}

size_t
copi_hello_write(uint8_t payload[COPI_HELLO_MAX], const copi_hello *hello)
{
    copi_writer out = {payload, payload + COPI_HELLO_MAX, false};

    copi_write_number(&out, magic, 4);
    copi_write_number(&out, hello->version, 2);
    copi_write_number(&out, hello->incarnation, 8);
    copi_write_number(&out, hello->message_max, 4);
    copi_write_text(&out, hello->name);
    copi_write_text(&out, hello->address);
    copi_write_number(&out, hello->auth_size, 1);
    copi_write_bytes(&out, hello->auth, hello->auth_size);
    return (size_t)(out.at - payload);
}

static bool
is_sound(const copi_hello *hello)
{
    return hello->incarnation != 0 && hello->name[0] != '\0' &&
           strpbrk(hello->name, "@/ \t\r\n") == NULL;
}

cop_err
copi_hello_read(const uint8_t *payload, size_t size, copi_hello *out)
{
    copi_reader in = {payload, payload + size, false};
    bool is_ours = copi_read_number(&in, 4) == magic;

    *out = (copi_hello){.version = (uint16_t)copi_read_number(&in, 2)};
    if (in.is_broken || !is_ours)
        return COP_E_BAD_MESSAGE;
    /* What other versions say after this is not known. */
    if (out->version != COPI_PROTOCOL_VERSION)
        return COP_E_VERSION;
    out->incarnation = copi_read_number(&in, 8);
    out->message_max = (uint32_t)copi_read_number(&in, 4);
    copi_read_text(&in, out->name, sizeof out->name);
    copi_read_text(&in, out->address, sizeof out->address);
    out->auth_size = (uint8_t)copi_read_number(&in, 1);
    out->auth = copi_read_bytes(&in, out->auth_size);
    if (in.is_broken || copi_left(&in) != 0 || !is_sound(out))
        return COP_E_BAD_MESSAGE;
    return COP_OK;
}

void
copi_refuse_write(uint8_t payload[6], cop_err why)
{
    copi_writer out = {payload, payload + 6, false};

    copi_write_number(&out, COPI_PROTOCOL_VERSION, 2);
    copi_write_number(&out, why, 4);
}

bool
copi_refuse_read(const copi_frame *frame, uint16_t *version, cop_err *why)
{
    copi_reader in = {frame->payload, frame->payload + frame->size, false};

    *version = (uint16_t)copi_read_number(&in, 2);
    *why = (cop_err)copi_read_number(&in, 4);
    return !in.is_broken;
}

void
copi_ack_write(uint8_t payload[8], uint64_t taken)
{
    copi_writer out = {payload, payload + 8, false};

    copi_write_number(&out, taken, 8);
}

bool
copi_ack_read(const copi_frame *frame, uint64_t *taken)
{
    copi_reader in = {frame->payload, frame->payload + frame->size, false};

    *taken = copi_read_number(&in, 8);
    return !in.is_broken && copi_left(&in) == 0;
}
