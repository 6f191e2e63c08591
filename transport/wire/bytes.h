/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bytes.h - numbers and texts in a buffer, little end first; neither side runs past it.
 *
 * An error sticks: what is read after it is zero, what is written after it is dropped, and
 * `is_broken` says so at the end.
 */
#ifndef COPPICE_WIRE_BYTES_H
#define COPPICE_WIRE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct copi_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool is_broken;
} copi_reader;

typedef struct copi_writer {
    uint8_t *at;
    uint8_t *end;
    bool is_broken;
} copi_writer;

static inline size_t
copi_left(const copi_reader *self)
{
    return (size_t)(self->end - self->at);
}

/* The next `size` bytes, or NULL. */
static inline const uint8_t *
copi_read_bytes(copi_reader *self, size_t size)
{
    const uint8_t *bytes = self->at;

    if (size > copi_left(self)) {
        self->is_broken = true;
        self->at = self->end;
        return NULL;
    }
    self->at += size;
    return bytes;
}

static inline uint64_t
copi_read_number(copi_reader *self, size_t size)
{
    const uint8_t *bytes = copi_read_bytes(self, size);
    uint64_t number = 0;

    for (size_t i = size; bytes != NULL && i > 0; i--)
        number = number << 8 | bytes[i - 1];
    return number;
}

/* A text of at most `room` - 1 bytes, after its length; zeros in it are an error. */
static inline void
copi_read_text(copi_reader *self, char *text, size_t room)
{
    size_t size = (size_t)copi_read_number(self, 1);
    const uint8_t *bytes = copi_read_bytes(self, size);

    text[0] = '\0';
    if (bytes == NULL || size >= room || memchr(bytes, 0, size) != NULL) {
        self->is_broken = true;
        return;
    }
    memcpy(text, bytes, size);
    text[size] = '\0';
}

static inline void
copi_write_bytes(copi_writer *self, const void *bytes, size_t size)
{
    if (size > (size_t)(self->end - self->at)) {
        self->is_broken = true;
        return;
    }
    if (size > 0)
        memcpy(self->at, bytes, size);
    self->at += size;
}

static inline void
copi_write_number(copi_writer *self, uint64_t number, size_t size)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
    copi_write_bytes(self, bytes, size);
}

/* A text of at most 255 bytes. */
static inline void
copi_write_text(copi_writer *self, const char *text)
{
    size_t size = strlen(text);

    if (size > 255)
        size = 255;
    copi_write_number(self, size, 1);
    copi_write_bytes(self, text, size);
}

#endif /* COPPICE_WIRE_BYTES_H */
