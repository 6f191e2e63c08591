/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codec.h - what the codec's tests have in common; to be included after cmocka.h.
 */
#ifndef COPPICE_TESTS_ACTORS_CODEC_H
#define COPPICE_TESTS_ACTORS_CODEC_H

#include <stdlib.h>
#include <string.h>

#include "message/bufs.h"
#include "message/copy.h"
#include "message/pack.h"
#include "message/unpack.h"
#include "shapes.h"

/* Bytes of a message, by malloc so that a sanitizer sees each step beyond them. */
typedef struct wire {
    uint8_t *bytes;
    size_t size;
} wire;

static inline wire
wire_of(const void *bytes, size_t size)
{
    wire made = {malloc(size == 0 ? 1 : size), size};

    assert_non_null(made.bytes);
    memcpy(made.bytes, bytes, size);
    return made;
}

#define WIRE(...)                                                                              \
    wire_of((const uint8_t[]){__VA_ARGS__}, COP_COUNT(((const uint8_t[]){__VA_ARGS__})))

static inline wire
packed(const cop_type *type, const void *message)
{
    wire made = {.size = copi_pack_size(type, message)};

    assert_int_not_equal(made.size, SIZE_MAX);
    made.bytes = malloc(made.size);
    assert_non_null(made.bytes);
    assert_int_equal(copi_pack(type, message, made.bytes), made.size);
    return made;
}

/* The decoded message; NULL if it is refused, and then `*err` says why. */
static inline void *
unpacked(const cop_type *type, wire from, cop_err *err)
{
    size_t size = 0;
    void *block = NULL;

    *err = copi_unpack_size(type, from.bytes, from.size, &size);
    if (*err == COP_OK) {
        assert_true(size >= type->size);
        assert_true(size <= copi_block_max(from.size));
        block = malloc(size);
        assert_non_null(block);
        memset(block, 0xee, size);
        assert_int_equal(copi_unpack(type, from.bytes, from.size, block), COP_OK);
    }
    return block;
}

/* Frees what unpacked has returned. */
static inline void
release(const cop_type *type, void *message)
{
    if (message != NULL)
        copi_message_drop(type, message);
    free(message);
}

static inline void
assert_packs(const cop_type *type, const void *message, wire want)
{
    wire got = packed(type, message);

    assert_int_equal(got.size, want.size);
    assert_memory_equal(got.bytes, want.bytes, want.size);
    free(got.bytes);
    free(want.bytes);
}

static inline void
assert_unpacks(const cop_type *type, wire from, const void *want)
{
    cop_err err;
    void *got = unpacked(type, from, &err);

    assert_int_equal(err, COP_OK);
    assert_true(cop_message_equal(type, got, want));
    release(type, got);
    free(from.bytes);
}

static inline void
assert_refuses(const cop_type *type, wire from, cop_err want)
{
    cop_err err;

    assert_null(unpacked(type, from, &err));
    assert_int_equal(err, want);
    free(from.bytes);
}

static inline void
assert_round_trip(const cop_type *type, const void *message)
{
    wire bytes = packed(type, message);
    size_t block;

    assert_int_equal(copi_unpack_size(type, bytes.bytes, bytes.size, &block), COP_OK);
    assert_int_equal(block, type->size + copi_message_extra(type, message));
    assert_unpacks(type, bytes, message);
}

#endif /* COPPICE_TESTS_ACTORS_CODEC_H */
