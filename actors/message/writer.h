/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer.h - MessagePack, each value in its smallest form.
 *
 * A writer without memory only counts, so that a walk over a message with the same code
 * first learns how much memory it takes.
 */
#ifndef COPPICE_MESSAGE_WRITER_H
#define COPPICE_MESSAGE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct copi_writer {
    uint8_t *out; /* NULL: only count */
    size_t size;  /* SIZE_MAX: it cannot be written */
} copi_writer;

void copi_write_bool(copi_writer *self, bool value);
void copi_write_unsigned(copi_writer *self, uint64_t value);
void copi_write_signed(copi_writer *self, int64_t value);

/* As a float if that loses nothing. */
void copi_write_double(copi_writer *self, double value);

void copi_write_str(copi_writer *self, const void *data, size_t size);
void copi_write_bin(copi_writer *self, const void *data, size_t size);

/* The head; `count` items, or pairs of key and value, follow. */
void copi_write_array(copi_writer *self, size_t count);
void copi_write_map(copi_writer *self, size_t count);

/* Notes that this message has no encoding. */
static inline void
copi_write_impossible(copi_writer *self)
{
    self->size = SIZE_MAX;
}

#endif /* COPPICE_MESSAGE_WRITER_H */
