/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codec_test.c - messages to MessagePack and back, and what strangers may send instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec.h"
#include "message/shape.h"

/* Items that take one byte on the wire and some hundred in memory. */
#define SPARSE(M, F) M(1, sparse, F(list, everything, rows))
COP_PROTOCOL(SPARSE)

/* ---------------------------------------------------------------------- what is sent */

static void
zero_values_are_left_out(void **state)
{
    (void)state;
    assert_packs(&counter_get_type, &COP_MSG(counter_get), WIRE(0x80));
    assert_packs(&everything_type, &COP_MSG(everything), WIRE(0x80));
    assert_packs(&point_type, &COP_MSG(point, .y = 7), WIRE(0x81, 2, 7));
    assert_packs(&everything_type, &COP_MSG(everything, .at = {.x = 1}),
                 WIRE(0x81, 5, 0x81, 1, 1));
}

static void
items_of_lists_are_never_left_out(void **state)
{
    (void)state;
    everything message = {.ints = COP_LIST(int32_t, 0, 0), .corners = COP_LIST(point, {0, 0})};

    assert_packs(&everything_type, &message, WIRE(0x82, 7, 0x92, 0, 0, 13, 0x91, 0x80));
}

static void
each_kind_has_its_form(void **state)
{
    (void)state;
    everything message = {
        .one = {.yes = true, .i64 = -1,       .u64 = 1ull << 40, .f64 = 0.5, .who = {1, 300}},
        .text = {"hi", 2},
        .raw = {"\xff",        1                     },
    };

    assert_packs(&everything_type, &message,
                 WIRE(0x83, 1, 0x85, 1, 0xc3, 3, 0xff, 5, 0xcf, 0, 0, 1, 0, 0, 0, 0, 0, 6, 0xca,
                      0x3f, 0, 0, 0, 7, 0x92, 1, 0xcd, 1, 0x2c, 2, 0xa2, 'h', 'i', 4, 0xc4, 1,
                      0xff));
}

static void
integers_take_their_smallest_form(void **state)
{
    (void)state;
    static const struct {
        int64_t number;
        size_t size;
    } sizes[] = {
        {1,                1},
        {127,              1},
        {128,              2},
        {255,              2},
        {256,              3},
        {65535,            3},
        {65536,            5},
        {UINT32_MAX,       5},
        {UINT32_MAX + 1ll, 9},
        {INT64_MAX,        9},
        {-1,               1},
        {-32,              1},
        {-33,              2},
        {-128,             2},
        {-129,             3},
        {-32768,           3},
        {-32769,           5},
        {INT32_MIN,        5},
        {INT32_MIN - 1ll,  9},
        {INT64_MIN,        9},
    };

    for (size_t i = 0; i < COP_COUNT(sizes); i++) {
        counter_add message = {.by = sizes[i].number};

        assert_int_equal(copi_pack_size(&counter_add_type, &message), 2 + sizes[i].size);
        assert_round_trip(&counter_add_type, &message);
    }
}

static void
doubles_keep_their_bits(void **state)
{
    (void)state;
    const double numbers[] = {0.1, -0.0, 1e300, 5e-324, 1e308 * 10, -1e308 * 10, 3.5, 1e39};

    for (size_t i = 0; i < COP_COUNT(numbers); i++) {
        cop_err err;
        wire bytes = packed(&scalars_type, &COP_MSG(scalars, .f64 = numbers[i]));
        scalars *got = unpacked(&scalars_type, bytes, &err);

        assert_int_equal(err, COP_OK);
        assert_memory_equal(&got->f64, &numbers[i], sizeof(double));
        release(&scalars_type, got);
        free(bytes.bytes);
    }
}

static void
lengths_at_the_borders_of_their_forms_come_back(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536, 70000};
    uint8_t *bytes = calloc(70000, 8);

    assert_non_null(bytes);
    memset(bytes, 1, 70000 * sizeof(int32_t));
    for (size_t i = 0; i < COP_COUNT(lengths); i++) {
        everything message = {
            .text = {(const char *)bytes,            lengths[i]},
            .raw = {bytes,                          lengths[i]},
            .flags = {(const bool *)bytes,            lengths[i]},
            .ints = {(const int32_t *)(void *)bytes, lengths[i]}
        };

        assert_round_trip(&everything_type, &message);
    }
    free(bytes);
}

static void
what_the_receiver_would_refuse_is_not_sent(void **state)
{
    (void)state;
    tree nodes[17] = {{.value = 1}};
    /* Over there the row's buffer may be a field of kind `bytes`, which is wider. */
    const size_t row = sizeof(everything) - sizeof(cop_buf *) + sizeof(cop_bytes);
    const size_t fits = ((1 << 20) - sizeof(sparse)) / row;
    everything *rows = calloc(fits + 1, sizeof *rows);
    sparse message = {
        .rows = {rows, fits}
    };

    for (size_t i = 1; i < 17; i++)
        nodes[i] = (tree){
            .children = {&nodes[i - 1], 1}
        };
    assert_round_trip(&tree_type, &nodes[15]);
    assert_int_equal(copi_pack_size(&tree_type, &nodes[16]), SIZE_MAX);

    assert_non_null(rows);
    assert_round_trip(&sparse_type, &message);
    message.rows.count++;
    assert_int_equal(copi_pack_size(&sparse_type, &message), SIZE_MAX);
    free(rows);
}

/* ------------------------------------------------------------- what is understood */

static void
integers_may_come_in_any_form(void **state)
{
    (void)state;
    const void *seven = &COP_MSG(point, .y = 7), *minus = &COP_MSG(point, .y = -7);
    const cop_type *type = &point_type;

    assert_unpacks(type, WIRE(0x81, 2, 0xcc, 7), seven);
    assert_unpacks(type, WIRE(0x81, 0xcd, 0, 2, 0xcd, 0, 7), seven);
    assert_unpacks(type, WIRE(0xde, 0, 1, 0xd0, 2, 0xce, 0, 0, 0, 7), seven);
    assert_unpacks(type, WIRE(0xdf, 0, 0, 0, 1, 2, 0xcf, 0, 0, 0, 0, 0, 0, 0, 7), seven);
    assert_unpacks(type, WIRE(0x81, 2, 0xd0, 7), seven);
    assert_unpacks(type, WIRE(0x81, 2, 0xd1, 0, 7), seven);
    assert_unpacks(type, WIRE(0x81, 2, 0xd2, 0, 0, 0, 7), seven);
    assert_unpacks(type, WIRE(0x81, 2, 0xd3, 0, 0, 0, 0, 0, 0, 0, 7), seven);
    assert_unpacks(type, WIRE(0x81, 2, 0xf9), minus);
    assert_unpacks(type, WIRE(0x81, 2, 0xd0, 0xf9), minus);
    assert_unpacks(type, WIRE(0x81, 2, 0xd1, 0xff, 0xf9), minus);
    assert_unpacks(type, WIRE(0x81, 2, 0xd2, 0xff, 0xff, 0xff, 0xf9), minus);
    assert_unpacks(type, WIRE(0x81, 2, 0xd3, 255, 255, 255, 255, 255, 255, 255, 0xf9), minus);
}

static void
unknown_fields_are_skipped(void **state)
{
    (void)state;
    tree leaf[2] = {{.value = 1}, {.value = 2}};
    tree top = {
        .children = {leaf, 2}
    };
    newer message = {
        .x = 1, .y = 2, .name = COP_STR("n"), .trees = {&top, 1},
                   .who = {3,    4}
    };

    assert_unpacks(&point_type, packed(&newer_type, &message), &COP_MSG(point, .x = 1, .y = 2));
    assert_unpacks(&newer_type, packed(&point_type, &COP_MSG(point, .x = 1)),
                   &COP_MSG(newer, .x = 1));
    /* A field with a number that is no number of ours, of each kind there is. */
    assert_unpacks(&point_type,
                   WIRE(0x8a, 9, 0xc0, 10, 0xc2, 11, 0xca, 0, 0, 0, 0, 12, 0xd4, 1, 2, 13, 0xc7,
                        1, 5, 6, 14, 0x82, 0, 0xc0, 0xa1, 'k', 0x90, 0, 0, 2, 7, 0xcf, 255, 0,
                        0, 0, 0, 0, 0, 0, 0xd8, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
                        14, 15, 16, 0xcd, 1, 0, 0xc4, 0),
                   &COP_MSG(point, .y = 7));
    /* The number of a field that was removed. */
    assert_unpacks(&everything_type, WIRE(0x82, 3, 0xa1, 'x', 2, 0xa1, 'y'),
                   &COP_MSG(everything, .text = COP_STR("y")));
}

static void
of_a_field_that_comes_twice_the_last_counts(void **state)
{
    (void)state;
    assert_unpacks(&point_type, WIRE(0x83, 1, 5, 2, 1, 1, 6), &COP_MSG(point, .x = 6, .y = 1));
    assert_unpacks(&label_type, WIRE(0x82, 1, 0xa3, 'a', 'b', 'c', 1, 0xa1, 'd'),
                   &COP_MSG(label, .text = COP_STR("d")));
    assert_unpacks(&label_type, WIRE(0x82, 1, 0xa1, 'd', 1, 0xa0), &COP_MSG(label));
    /* All of the first is gone, even what the second does not mention. */
    assert_unpacks(&everything_type, WIRE(0x82, 5, 0x81, 1, 1, 5, 0x81, 2, 2),
                   &COP_MSG(everything, .at = {.y = 2}));
    assert_unpacks(&everything_type, WIRE(0x82, 7, 0x93, 1, 2, 3, 7, 0x91, 4),
                   &COP_MSG(everything, .ints = COP_LIST(int32_t, 4)));
}

/* ----------------------------------------------------------------- what is refused */

static void
numbers_out_of_range_are_refused(void **state)
{
    (void)state;
    const cop_type *type = &scalars_type;
    const cop_err bad = COP_E_BAD_MESSAGE;

    assert_refuses(type, WIRE(0x81, 2, 0xce, 0x80, 0, 0, 0), bad);
    assert_refuses(type, WIRE(0x81, 2, 0xd3, 255, 255, 255, 255, 0x7f, 255, 255, 255), bad);
    assert_refuses(type, WIRE(0x81, 3, 0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0), bad);
    assert_refuses(type, WIRE(0x81, 4, 0xcf, 0, 0, 0, 1, 0, 0, 0, 0), bad);
    assert_refuses(type, WIRE(0x81, 4, 0xff), bad);
    assert_refuses(type, WIRE(0x81, 5, 0xd0, 0x80), bad);
    assert_unpacks(type, WIRE(0x81, 2, 0xd2, 0x80, 0, 0, 0),
                   &COP_MSG(scalars, .i32 = INT32_MIN));
    assert_unpacks(type, WIRE(0x81, 2, 0xce, 0x7f, 255, 255, 255),
                   &COP_MSG(scalars, .i32 = INT32_MAX));
}

static void
values_of_another_kind_are_refused(void **state)
{
    (void)state;
    const cop_err bad = COP_E_BAD_MESSAGE;

    assert_refuses(&scalars_type, WIRE(0x81, 1, 1), bad);
    assert_refuses(&scalars_type, WIRE(0x81, 2, 0xc3), bad);
    assert_refuses(&scalars_type, WIRE(0x81, 2, 0xc0), bad);
    assert_refuses(&scalars_type, WIRE(0x81, 6, 1), bad);
    assert_refuses(&scalars_type, WIRE(0x81, 7, 0x91, 1), bad);
    assert_refuses(&scalars_type, WIRE(0x81, 7, 0x93, 1, 1, 1), bad);
    assert_refuses(&scalars_type, WIRE(0x81, 7, 0x92, 1, 0xff), bad);
    assert_refuses(&scalars_type, WIRE(0x81, 7, 1), bad);
    assert_refuses(&everything_type, WIRE(0x81, 2, 0xc4, 0), bad);
    assert_refuses(&everything_type, WIRE(0x81, 4, 0xa0), bad);
    assert_refuses(&everything_type, WIRE(0x81, 5, 0x90), bad);
    assert_refuses(&everything_type, WIRE(0x81, 7, 0x80), bad);
    assert_refuses(&everything_type, WIRE(0x81, 7, 0x91, 0xa0), bad);
    assert_refuses(&everything_type, WIRE(0x81, 13, 0x91, 0), bad);
}

static void
what_is_no_message_is_refused(void **state)
{
    (void)state;
    const cop_err bad = COP_E_BAD_MESSAGE;

    assert_refuses(&point_type, wire_of("", 0), bad);
    assert_refuses(&point_type, WIRE(0xc1), bad);
    assert_refuses(&point_type, WIRE(0x90), bad);
    assert_refuses(&point_type, WIRE(0xc0), bad);
    assert_refuses(&point_type, WIRE(0x81, 0xa1, 'x', 1), bad);
    assert_refuses(&point_type, WIRE(0x81, 0xff, 1), bad);
    assert_refuses(&point_type, WIRE(0x81, 9, 0xc1), bad);
    assert_refuses(&point_type, WIRE(0x80, 0x80), bad);
    assert_refuses(&point_type, WIRE(0x81, 1), bad);
    size_t block = 77;
    assert_int_equal(copi_unpack_size(&point_type, NULL, 0, &block), bad);
    assert_int_equal(block, 77);
}

static void
a_count_that_lies_gets_no_memory(void **state)
{
    (void)state;
    const cop_err bad = COP_E_BAD_MESSAGE;

    assert_refuses(&everything_type, WIRE(0xdf, 255, 255, 255, 255), bad);
    assert_refuses(&everything_type, WIRE(0x81, 7, 0xdd, 0x7f, 255, 255, 255), bad);
    assert_refuses(&everything_type, WIRE(0x81, 2, 0xdb, 0x7f, 255, 255, 255), bad);
    assert_refuses(&everything_type, WIRE(0x81, 4, 0xc6, 255, 255, 255, 255), bad);
    assert_refuses(&everything_type, WIRE(0x81, 3, 0xc9, 255, 255, 255, 255, 0), bad);
    assert_refuses(&everything_type, WIRE(0x81, 7, 0x92, 1), bad);
    assert_refuses(&everything_type, WIRE(0x81, 3, 0xdf, 255, 255, 255, 255), bad);
}

/* A list of `count` messages without a single field. */
static wire
sparse_list(size_t count)
{
    wire made = {malloc(count + 7), count + 7};
    const uint8_t head[] = {0x81,
                            1,
                            0xdd,
                            (uint8_t)(count >> 24),
                            (uint8_t)(count >> 16),
                            (uint8_t)(count >> 8),
                            (uint8_t)count};

    assert_non_null(made.bytes);
    memset(made.bytes, 0x80, made.size);
    memcpy(made.bytes, head, sizeof head);
    return made;
}

static void
a_block_grows_to_64_times_its_bytes_or_a_mebibyte(void **state)
{
    (void)state;
    const size_t fits = ((1 << 20) - sizeof(sparse)) / sizeof(everything);
    cop_err err;

    wire bytes = sparse_list(fits);
    release(&sparse_type, unpacked(&sparse_type, bytes, &err));
    free(bytes.bytes);
    assert_int_equal(err, COP_OK);
    assert_refuses(&sparse_type, sparse_list(fits + 1), COP_E_TOO_LARGE);
    assert_refuses(&sparse_type, sparse_list(1 << 20), COP_E_TOO_LARGE);
    assert_int_equal(copi_block_max(0), 1 << 20);
    assert_int_equal(copi_block_max(SIZE_MAX), 1 << 24);
}

/* `levels` containers in each other behind a head. */
static wire
bomb(wire head, uint8_t level, size_t levels)
{
    wire made = {calloc(1, head.size + levels + 1), head.size + levels + 1};

    assert_non_null(made.bytes);
    memcpy(made.bytes, head.bytes, head.size);
    memset(made.bytes + head.size, level, levels);
    free(head.bytes);
    return made;
}

static void
depth_bombs_are_refused(void **state)
{
    (void)state;
    cop_err err;

    assert_refuses(&point_type, bomb(WIRE(0x81, 9), 0x91, 1000000), COP_E_BAD_MESSAGE);
    assert_refuses(&point_type, bomb(WIRE(0x81, 9), 0x91, COPI_DEPTH_MAX), COP_E_BAD_MESSAGE);
    wire most = bomb(WIRE(0x81, 9), 0x91, COPI_DEPTH_MAX - 1);
    release(&point_type, unpacked(&point_type, most, &err));
    assert_int_equal(err, COP_OK);
    free(most.bytes);

    /* tree in tree in tree: 81 02 91 again and again */
    wire trees = {malloc(300000), 300000};
    for (size_t i = 0; i < trees.size; i++)
        trees.bytes[i] = (const uint8_t[]){0x81, 2, 0x91}[i % 3];
    assert_refuses(&tree_type, trees, COP_E_BAD_MESSAGE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_values_are_left_out),
        cmocka_unit_test(items_of_lists_are_never_left_out),
        cmocka_unit_test(each_kind_has_its_form),
        cmocka_unit_test(integers_take_their_smallest_form),
        cmocka_unit_test(doubles_keep_their_bits),
        cmocka_unit_test(lengths_at_the_borders_of_their_forms_come_back),
        cmocka_unit_test(what_the_receiver_would_refuse_is_not_sent),
        cmocka_unit_test(integers_may_come_in_any_form),
        cmocka_unit_test(unknown_fields_are_skipped),
        cmocka_unit_test(of_a_field_that_comes_twice_the_last_counts),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(values_of_another_kind_are_refused),
        cmocka_unit_test(what_is_no_message_is_refused),
        cmocka_unit_test(a_count_that_lies_gets_no_memory),
        cmocka_unit_test(a_block_grows_to_64_times_its_bytes_or_a_mebibyte),
        cmocka_unit_test(depth_bombs_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
