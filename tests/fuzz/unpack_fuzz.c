/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unpack_fuzz.c - any bytes decode to a message that behaves as one, or are refused.
 *
 * The first byte chooses the type.  Without libFuzzer the program runs the files that it is
 * given, or makes up inputs: half of them noise, half of them damaged messages.
 * COPPICE_SEED repeats a run.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <coppice/message.h>

#include "base/check.h"
#include "base/rng.h"
#include "message/bufs.h"
#include "message/copy.h"
#include "message/pack.h"
#include "message/unpack.h"

/* clang-format off */
#define FUZZED(M, F)                                                                           \
    M(1, fuzz_point, F(i32, x) F(u32, y))                                                      \
    M(2, fuzz_empty)                                                                           \
    M(3, fuzz_all,                                                                             \
        F(bool, yes) F(i64, i64) F(u64, u64) F(f64, f64) F(pid, who) F(gap)                    \
        F(str, text) F(bytes, raw) F(msg, fuzz_point, at)                                      \
        F(list, fuzz_point, corners) F(list, str, names) F(list, i32, ints)                    \
        F(list, bool, flags) F(list, pid, crew) F(list, f64, samples)                          \
        F(buf, page) F(list, buf, pages))                                                      \
    M(4, fuzz_tree,                                                                            \
        F(str, name) F(list, fuzz_tree, children) F(list, bytes, blobs) F(list, buf, pages))   \
    M(5, fuzz_rows, F(list, fuzz_all, rows) F(msg, fuzz_all, last))                            \
    M(6, fuzz_share, F(buf, raw) F(list, buf, blobs) F(list, fuzz_share, parts))               \
    M(7, fuzz_twin, F(bytes, raw) F(list, bytes, blobs) F(list, fuzz_twin, parts))
/* clang-format on */
COP_PROTOCOL(FUZZED)

static const cop_type *const types[] = {&fuzz_point_type, &fuzz_empty_type, &fuzz_all_type,
                                        &fuzz_tree_type,  &fuzz_rows_type,  &fuzz_share_type};

/* So many bytes cannot ask for a block that is too large for one twin and not the other. */
enum {
    TWINS_MAX = 8192
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *
allocate(size_t size)
{
    void *block = malloc(size);

    COPI_CHECK(block != NULL);
    return block;
}

/* The message; NULL if the bytes are refused. */
static void *
decode(const cop_type *type, const uint8_t *bytes, size_t size)
{
    size_t block_size = 0;
    cop_err err = copi_unpack_size(type, bytes, size, &block_size);

    COPI_CHECK(err == COP_OK || err == COP_E_BAD_MESSAGE || err == COP_E_TOO_LARGE);
    if (err != COP_OK)
        return NULL;
    COPI_CHECK(block_size >= type->size && block_size <= copi_block_max(size));
    void *block = allocate(block_size);
    COPI_CHECK(copi_unpack(type, bytes, size, block) == COP_OK);
    return block;
}

static void
release(const cop_type *type, void *message)
{
    if (message != NULL)
        copi_message_drop(type, message);
    free(message);
}

/* It matches its own print, unless that had to be cut off. */
static void
check_print(const cop_type *type, const void *message)
{
    static char text[1 << 16];

    cop_message_print(type, message, text, sizeof text);
    COPI_CHECK(strlen(text) == sizeof text - 1 || cop_message_match(type, message, text));
}

static void
check_copy(const cop_type *type, const void *message)
{
    size_t extra = copi_message_extra(type, message);

    COPI_CHECK(extra != SIZE_MAX);
    void *copy = allocate(type->size + extra);
    (void)copi_message_copy(type, copy, message);
    COPI_CHECK(cop_message_equal(type, copy, message));
    free(copy); /* and the references stay where they were */
}

/*
 * Encoded again it is the same message.  Only a big one may be refused: its smallest
 * encoding can be too small for the block that it asks for.
 */
static void
check_again(const cop_type *type, const void *message, size_t wire_size)
{
    size_t size = copi_pack_size(type, message);

    if (size == SIZE_MAX) {
        COPI_CHECK(copi_block_max(wire_size) > copi_block_max(0));
        return;
    }
    COPI_CHECK(size <= 2 * wire_size); /* all is smallest, but a NaN is always a double */
    uint8_t *bytes = allocate(size);
    COPI_CHECK(copi_pack(type, message, bytes) == size);
    void *again = decode(type, bytes, size);
    COPI_CHECK(again != NULL && cop_message_equal(type, again, message));
    release(type, again);
    free(bytes);
}

/* Buffers and bytes are one on the wire: both read it, and write it, in the same way. */
static void
check_twin(const void *message, const uint8_t *bytes, size_t size)
{
    void *twin = decode(&fuzz_twin_type, bytes, size);

    COPI_CHECK((twin == NULL) == (message == NULL));
    if (twin == NULL)
        return;
    size_t packed = copi_pack_size(&fuzz_twin_type, twin);
    COPI_CHECK(packed == copi_pack_size(&fuzz_share_type, message));
    uint8_t *one = allocate(packed), *other = allocate(packed);
    copi_pack(&fuzz_share_type, message, one);
    copi_pack(&fuzz_twin_type, twin, other);
    COPI_CHECK(memcmp(one, other, packed) == 0);
    free(one);
    free(other);
    free(twin);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const cop_type *type = types[data[0] % COP_COUNT(types)];
    /* Exactly as big as it is, so that a sanitizer sees a step beyond its end. */
    uint8_t *bytes = allocate(size);
    memcpy(bytes, data + 1, size - 1);
    void *message = decode(type, bytes, size - 1);

    if (message != NULL) {
        check_print(type, message);
        check_copy(type, message);
        check_again(type, message, size - 1);
    }
    if (type == &fuzz_share_type && size <= TWINS_MAX)
        check_twin(message, bytes, size - 1);
    release(type, message);
    free(bytes);
    return 0;
}

#ifndef COPPICE_LIBFUZZER

enum {
    INPUTS = 200000,
    INPUT_MAX = 4096
};

static uint8_t input[INPUT_MAX];

/* First bytes that open something, more often than chance would have it. */
static const uint8_t openers[] = {0x80, 0x81, 0x82, 0x8f, 0x90, 0x91, 0x92, 0x9f, 0xa0,
                                  0xa3, 0xc0, 0xc2, 0xc3, 0xc4, 0xc6, 0xc7, 0xc9, 0xca,
                                  0xcb, 0xcc, 0xcf, 0xd0, 0xd3, 0xd4, 0xd8, 0xd9, 0xdb,
                                  0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xff};

static size_t
noise(copi_rng *rng)
{
    size_t size = 1 + copi_rng_below(rng, 40);

    for (size_t i = 0; i < size; i++)
        input[i] = copi_rng_below(rng, 3) == 0
                       ? openers[copi_rng_below(rng, COP_COUNT(openers))]
                       : (uint8_t)copi_rng_below(rng, 17);
    return size;
}

static const fuzz_all all_sample = {
    .yes = true,
    .i64 = -70000,
    .u64 = UINT64_MAX,
    .f64 = 0.1,
    .who = {1u << 20,   7     },
    .text = {"text",     4     },
    .raw = {"\x00\x01", 2     },
    .at = {.x = -1,    .y = 1},
    .corners = COP_LIST(fuzz_point, {1,          2     },
      {0,          0     },
      {3,          4     }
      ),
    .names = COP_LIST(cop_str, {"a",        1     },
      {0         }
      ),
    .ints = COP_LIST(int32_t, 1, -1000, 100000),
    .flags = COP_LIST(bool, true, false),
    .crew = COP_LIST(cop_pid, {1,         2      },
      {3,         4}
      ),
    .samples = COP_LIST(double, 1, 0.1),
};

static cop_buf *
buf_of(const char *text)
{
    cop_buf *made = cop_buf_new(strlen(text));

    COPI_CHECK(made != NULL);
    memcpy(cop_buf_bytes(made), text, strlen(text));
    return made;
}

static size_t
sample(copi_rng *rng)
{
    cop_buf *page = buf_of("page"), *empty = buf_of("");
    cop_buf *const pages[] = {page, NULL, empty, page};
    const fuzz_tree leaf = {
        .name = {"leaf", 4},
          .blobs = COP_LIST(cop_bytes, {"x",    1}
          ), .pages = {pages,  4}
    };
    const fuzz_tree branch = {
        .children = {(const fuzz_tree[]){leaf, leaf}, 2}
    };
    const fuzz_tree root = {
        .children = {(const fuzz_tree[]){branch, leaf, branch}, 3}
    };
    fuzz_all all = all_sample;
    all.page = page;
    all.pages.items = pages;
    all.pages.count = 4;
    const fuzz_rows rows = {
        .rows = {&all, 1},
          .last = {.yes = true   }
    };
    const fuzz_share part = {
        .raw = page, .blobs = {pages, 4}
    };
    const fuzz_share share = {
        .raw = page, .parts = {(const fuzz_share[]){part, part}, 2}
    };
    const void *const messages[] = {
        &COP_MSG(fuzz_point, .x = 1), &COP_MSG(fuzz_empty), &all, &root, &rows, &share};
    const size_t chosen = copi_rng_below(rng, COP_COUNT(messages));

    COPI_CHECK(copi_pack_size(types[chosen], messages[chosen]) < sizeof input);
    input[0] = (uint8_t)chosen;
    const size_t size = 1 + copi_pack(types[chosen], messages[chosen], input + 1);
    cop_buf_unref(page); /* the messages have only borrowed them */
    cop_buf_unref(empty);
    return size;
}

/* Some bytes changed, and perhaps a piece put somewhere else. */
static size_t
damaged(copi_rng *rng)
{
    const size_t size = sample(rng);

    for (uint32_t i = copi_rng_below(rng, 4); i > 0; i--)
        input[copi_rng_below(rng, (uint32_t)size)] = (uint8_t)copi_rng_next(rng);
    if (copi_rng_below(rng, 3) == 0) {
        const size_t from = copi_rng_below(rng, (uint32_t)size);
        const size_t to = copi_rng_below(rng, (uint32_t)size);
        const size_t count = copi_rng_below(rng, (uint32_t)(size - (from > to ? from : to)));

        memmove(input + to, input + from, count);
    }
    return copi_rng_below(rng, 4) == 0 ? 1 + copi_rng_below(rng, (uint32_t)size) : size;
}

static void
run_file(const char *path)
{
    static uint8_t bytes[1 << 20];
    FILE *file = fopen(path, "rb");

    COPI_CHECK(file != NULL);
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    (void)LLVMFuzzerTestOneInput(bytes, size);
}

int
main(int argc, char **argv)
{
    const char *wanted = getenv("COPPICE_SEED");
    copi_rng rng = {wanted == NULL ? copi_rng_entropy() : strtoull(wanted, NULL, 0)};

    for (int i = 1; i < argc; i++)
        run_file(argv[i]);
    if (argc > 1)
        return 0;

    printf("COPPICE_SEED=%#llx\n", (unsigned long long)rng.state);
    fflush(stdout);
    for (int i = 0; i < INPUTS; i++)
        (void)LLVMFuzzerTestOneInput(input, i % 2 == 0 ? noise(&rng) : damaged(&rng));
    return 0;
}

#endif /* COPPICE_LIBFUZZER */
