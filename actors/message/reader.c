/* SPDX-License-Identifier: Apache-2.0 */
#include "message/reader.h"

#include <string.h>

/*
 * What the first bytes 0xc0 to 0xdf say: a kind, in how many bytes a number follows, and
 * the number if none does (the length of a fixext, true or false).
 */
static const struct head {
    uint8_t kind, width, fixed;
} heads[32] = {
    {COPI_NIL,      0, 0 },
    {COPI_BROKEN,   0, 0 },
    {COPI_BOOL,     0, 0 },
    {COPI_BOOL,     0, 1 },
    {COPI_BIN,      1, 0 },
    {COPI_BIN,      2, 0 },
    {COPI_BIN,      4, 0 },
    {COPI_EXT,      1, 0 },
    {COPI_EXT,      2, 0 },
    {COPI_EXT,      4, 0 },
    {COPI_FLOAT,    4, 0 },
    {COPI_FLOAT,    8, 0 },
    {COPI_UNSIGNED, 1, 0 },
    {COPI_UNSIGNED, 2, 0 },
    {COPI_UNSIGNED, 4, 0 },
    {COPI_UNSIGNED, 8, 0 },
    {COPI_NEGATIVE, 1, 0 },
    {COPI_NEGATIVE, 2, 0 },
    {COPI_NEGATIVE, 4, 0 },
    {COPI_NEGATIVE, 8, 0 },
    {COPI_EXT,      0, 1 },
    {COPI_EXT,      0, 2 },
    {COPI_EXT,      0, 4 },
    {COPI_EXT,      0, 8 },
    {COPI_EXT,      0, 16},
    {COPI_STR,      1, 0 },
    {COPI_STR,      2, 0 },
    {COPI_STR,      4, 0 },
    {COPI_ARRAY,    2, 0 },
    {COPI_ARRAY,    4, 0 },
    {COPI_MAP,      2, 0 },
    {COPI_MAP,      4, 0 },
};

/* The first byte of a value, with the number that is inside it. */
static struct head
head_of(uint8_t byte)
{
    if (byte < 0x80)
        return (struct head){COPI_UNSIGNED, 0, byte};
    if (byte < 0x90)
        return (struct head){COPI_MAP, 0, byte & 0x0f};
    if (byte < 0xa0)
        return (struct head){COPI_ARRAY, 0, byte & 0x0f};
    if (byte < 0xc0)
        return (struct head){COPI_STR, 0, byte & 0x1f};
    if (byte >= 0xe0)
        return (struct head){COPI_NEGATIVE, 0, byte};
    return heads[byte - 0xc0];
}

/* The next bytes; NULL if there are not so many. */
static const uint8_t *
take(copi_reader *self, uint64_t size)
{
    const uint8_t *taken = self->at;

    if (size > self->left)
        return NULL;
    self->at += size;
    self->left -= (size_t)size;
    return taken;
}

static uint64_t
big_endian(const uint8_t *bytes, unsigned width)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < width; i++)
        number = number << 8 | bytes[i];
    return number;
}

/* The signed forms may hold what is not negative. */
static copi_token
signed_token(uint64_t number, unsigned width)
{
    const unsigned unused = 64 - 8 * (width == 0 ? 1 : width);
    const int64_t value = (int64_t)(number << unused) >> unused;

    return (copi_token){.kind = value < 0 ? COPI_NEGATIVE : COPI_UNSIGNED,
                        .number = (uint64_t)value};
}

static copi_token
float_token(uint64_t number, unsigned width)
{
    copi_token token = {.kind = COPI_FLOAT, .number = number};

    if (width == 4) {
        const uint32_t bits = (uint32_t)number;
        float value;

        memcpy(&value, &bits, sizeof value);
        memcpy(&token.number, &(double){value}, sizeof token.number);
    }
    return token;
}

static copi_token
bytes_token(copi_reader *self, copi_token_kind kind, uint64_t size)
{
    const uint8_t *data = take(self, size);

    if (data == NULL)
        return (copi_token){.kind = COPI_BROKEN};
    return (copi_token){.kind = kind, .data = data, .count = (size_t)size};
}

static copi_token
container_token(const copi_reader *self, copi_token_kind kind, uint64_t count)
{
    if (count > (kind == COPI_MAP ? self->left / 2 : self->left))
        return (copi_token){.kind = COPI_BROKEN};
    return (copi_token){.kind = kind, .count = (size_t)count};
}

copi_token
copi_reader_next(copi_reader *self)
{
    const uint8_t *first = take(self, 1);
    if (first == NULL)
        return (copi_token){.kind = COPI_BROKEN};

    const struct head head = head_of(*first);
    const uint8_t *bytes = take(self, head.width);
    if (bytes == NULL)
        return (copi_token){.kind = COPI_BROKEN};

    const uint64_t number = head.width == 0 ? head.fixed : big_endian(bytes, head.width);
    switch ((copi_token_kind)head.kind) {
    case COPI_BROKEN:
    case COPI_NIL:
    case COPI_BOOL:
    case COPI_UNSIGNED: return (copi_token){.kind = head.kind, .number = number};
    case COPI_NEGATIVE: return signed_token(number, head.width);
    case COPI_FLOAT: return float_token(number, head.width);
    case COPI_STR:
    case COPI_BIN: return bytes_token(self, head.kind, number);
    case COPI_EXT: return bytes_token(self, COPI_EXT, number + 1); /* a byte for its type */
    case COPI_ARRAY:
    case COPI_MAP: return container_token(self, head.kind, number);
    }
    return (copi_token){.kind = COPI_BROKEN};
}

bool
copi_reader_skip(copi_reader *self, int depth)
{
    const copi_token token = copi_reader_next(self);
    size_t count = token.count;

    if (token.kind != COPI_ARRAY && token.kind != COPI_MAP)
        return token.kind != COPI_BROKEN;
    if (depth <= 0)
        return false;
    if (token.kind == COPI_MAP)
        count *= 2;
    while (count > 0 && copi_reader_skip(self, depth - 1))
        count--;
    return count == 0;
}
