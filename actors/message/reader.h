/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.h - MessagePack from a stranger, one value at a time.
 *
 * A reader cannot run past the end, and never believes a count: what it reports of an
 * array or map is no more than the bytes that are left could hold, as every item takes at
 * least one.
 */
#ifndef COPPICE_MESSAGE_READER_H
#define COPPICE_MESSAGE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct copi_reader {
    const uint8_t *at;
    size_t left;
} copi_reader;

typedef enum copi_token_kind {
    COPI_BROKEN, /* not MessagePack, or cut off */
    COPI_NIL,
    COPI_BOOL,
    COPI_UNSIGNED, /* any integer that is not negative, however it was written */
    COPI_NEGATIVE,
    COPI_FLOAT, /* float or double */
    COPI_STR,
    COPI_BIN,
    COPI_EXT,
    COPI_ARRAY, /* its items are the next values */
    COPI_MAP,   /* its keys and values, by turns, are the next values */
} copi_token_kind;

typedef struct copi_token {
    copi_token_kind kind;
    uint64_t number; /* BOOL, UNSIGNED; bits of FLOAT's double; NEGATIVE as two's complement */
    const uint8_t *data; /* STR, BIN */
    size_t count;        /* bytes of STR, BIN; items of ARRAY; pairs of MAP */
} copi_token;

copi_token copi_reader_next(copi_reader *self);

/* Passes over a whole value; false if it is broken or deeper than `depth` containers. */
bool copi_reader_skip(copi_reader *self, int depth);

#endif /* COPPICE_MESSAGE_READER_H */
