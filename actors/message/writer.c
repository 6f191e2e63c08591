/* SPDX-License-Identifier: Apache-2.0 */
#include "message/writer.h"

#include <float.h>
#include <math.h>
#include <string.h>

static void
put(copi_writer *self, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    if (self->out != NULL)
        memcpy(self->out + self->size, bytes, size);
    if (__builtin_add_overflow(self->size, size, &self->size))
        self->size = SIZE_MAX;
}

/* A tag and the lower `width` bytes of a number, biggest first. */
static void
put_tagged(copi_writer *self, unsigned tag, uint64_t number, unsigned width)
{
    uint8_t bytes[9] = {(uint8_t)tag};

    for (unsigned i = 0; i < width; i++)
        bytes[1 + i] = (uint8_t)(number >> (8 * (width - 1 - i)));
    put(self, bytes, 1 + width);
}

void
copi_write_bool(copi_writer *self, bool value)
{
    put_tagged(self, value ? 0xc3 : 0xc2, 0, 0);
}

void
copi_write_unsigned(copi_writer *self, uint64_t value)
{
    if (value < 0x80)
        put_tagged(self, (unsigned)value, 0, 0);
    else if (value <= UINT8_MAX)
        put_tagged(self, 0xcc, value, 1);
    else if (value <= UINT16_MAX)
        put_tagged(self, 0xcd, value, 2);
    else if (value <= UINT32_MAX)
        put_tagged(self, 0xce, value, 4);
    else
        put_tagged(self, 0xcf, value, 8);
}

void
copi_write_signed(copi_writer *self, int64_t value)
{
    const uint64_t bits = (uint64_t)value;

    if (value >= 0)
        copi_write_unsigned(self, bits);
    else if (value >= -32)
        put_tagged(self, (unsigned)bits & 0xff, 0, 0);
    else if (value >= INT8_MIN)
        put_tagged(self, 0xd0, bits, 1);
    else if (value >= INT16_MIN)
        put_tagged(self, 0xd1, bits, 2);
    else if (value >= INT32_MIN)
        put_tagged(self, 0xd2, bits, 4);
    else
        put_tagged(self, 0xd3, bits, 8);
}

/* NaNs are no floats here: their bits may mean something. */
static bool
fits_float(double value)
{
    return isinf(value) ||
           (value >= -FLT_MAX && value <= FLT_MAX && (double)(float)value == value);
}

void
copi_write_double(copi_writer *self, double value)
{
    uint64_t bits;
    uint32_t short_bits;

    if (fits_float(value)) {
        memcpy(&short_bits, &(float){(float)value}, sizeof short_bits);
        put_tagged(self, 0xca, short_bits, 4);
    } else {
        memcpy(&bits, &value, sizeof bits);
        put_tagged(self, 0xcb, bits, 8);
    }
}

/* A length behind a tag; the tags for 2 and for 4 bytes follow each other. */
static void
put_length(copi_writer *self, unsigned tag16, size_t length)
{
    if (length <= UINT16_MAX)
        put_tagged(self, tag16, length, 2);
    else if (length <= UINT32_MAX)
        put_tagged(self, tag16 + 1, length, 4);
    else
        copi_write_impossible(self);
}

void
copi_write_str(copi_writer *self, const void *data, size_t size)
{
    if (size < 32)
        put_tagged(self, 0xa0 | (unsigned)size, 0, 0);
    else if (size <= UINT8_MAX)
        put_tagged(self, 0xd9, size, 1);
    else
        put_length(self, 0xda, size);
    put(self, data, size);
}

void
copi_write_bin(copi_writer *self, const void *data, size_t size)
{
    if (size <= UINT8_MAX)
        put_tagged(self, 0xc4, size, 1);
    else
        put_length(self, 0xc5, size);
    put(self, data, size);
}

void
copi_write_array(copi_writer *self, size_t count)
{
    if (count < 16)
        put_tagged(self, 0x90 | (unsigned)count, 0, 0);
    else
        put_length(self, 0xdc, count);
}

void
copi_write_map(copi_writer *self, size_t count)
{
    if (count < 16)
        put_tagged(self, 0x80 | (unsigned)count, 0, 0);
    else
        put_length(self, 0xde, count);
}
