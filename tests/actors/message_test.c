/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_test.c - what the macros make, copying, printing, comparing and matching.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "message/copy.h"
#include "message/shape.h"
#include "shapes.h"

/* clang-format off */
static const everything sample = {
    .one = {true, -1, INT64_MIN, UINT32_MAX, UINT64_MAX, 0.1, {0xabc, (7ull << 32) | 3}},
    .text = {"a \"b\"\n", 6},
    .raw = {"\x00\xff", 2},
    .at = {1, -2},
    .flags = COP_LIST(bool, true, false),
    .ints = COP_LIST(int32_t, -1, 0, 1),
    .names = COP_LIST(cop_str, {"x", 1}, {0}, {"zz", 2}),
    .corners = COP_LIST(point, {1, 2}, {3, 4}),
    .label = {.text = {"deep", 4}, .bold = true},
    .labels = COP_LIST(label, {{"l0", 2}, true}, {{"l1", 2}, false}),
};
/* clang-format on */

static void
a_protocol_makes_types_with_names_and_numbers(void **state)
{
    (void)state;
    assert_string_equal(counter_add_type.protocol, "COUNTER");
    assert_string_equal(counter_add_type.name, "counter_add");
    assert_int_equal(counter_add_type.number, 1);
    assert_int_equal(counter_reset_type.number, 5);
    assert_int_equal(counter_add_type.size, sizeof(counter_add));
    assert_int_equal(counter_add_type.field_count, 1);
    assert_string_equal(counter_add_type.fields[0].name, "by");
    assert_int_equal(counter_add_type.fields[0].kind, COP_FIELD_I64);
}

static void
a_message_without_fields_has_no_fields(void **state)
{
    (void)state;
    assert_int_equal(counter_get_type.field_count, 0);
    assert_int_equal(counter_reset_type.field_count, 0);
    assert_int_equal(only_gap_type.field_count, 0);
    assert_true(counter_get_type.size > 0);
}

static void
field_numbers_are_places_and_gaps_keep_them(void **state)
{
    (void)state;
    assert_int_equal(everything_type.field_count, 16);
    assert_string_equal(everything_type.fields[1].name, "text");
    assert_int_equal(everything_type.fields[1].number, 2);
    assert_string_equal(everything_type.fields[2].name, "raw");
    assert_int_equal(everything_type.fields[2].number, 4);
    assert_int_equal(everything_type.fields[2].offset, offsetof(everything, raw));
}

static void
a_list_knows_its_items(void **state)
{
    (void)state;
    const cop_field *field = &everything_type.fields[11];

    assert_string_equal(field->name, "corners");
    assert_int_equal(field->kind, COP_FIELD_LIST);
    assert_int_equal(field->item, COP_FIELD_MSG);
    assert_ptr_equal(field->nested, &point_type);
    assert_int_equal(everything_type.fields[5].item, COP_FIELD_I32);
    assert_ptr_equal(everything_type.fields[5].nested, NULL);
}

static void
flatness_goes_through_nested_messages(void **state)
{
    (void)state;
    assert_true(point_type.flat);
    assert_true(scalars_type.flat);
    assert_true(cover_type.flat);
    assert_true(counter_get_type.flat);
    assert_false(label_type.flat);
    assert_false(everything_type.flat);
    assert_false(wide_type.flat);
}

static void
wire_ids_differ_and_are_never_zero(void **state)
{
    (void)state;
    const cop_type *types[] = {&counter_add_type,   &counter_get_type, &counter_value_type,
                               &counter_reset_type, &point_type,       &scalars_type,
                               &everything_type,    &tree_type,        &label_type};

    for (size_t i = 0; i < COP_COUNT(types); i++) {
        assert_int_not_equal(types[i]->wire_id, 0);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(types[i]->wire_id, types[k]->wire_id);
    }
}

/* Another version of the library must compute the same, so the numbers may not change. */
static void
wire_ids_are_these_for_ever(void **state)
{
    (void)state;
    uint32_t hash = 2166136261u;
    const char name[32] = "COUNTER";

    for (size_t i = 0; i < sizeof name; i++)
        hash = (hash ^ (uint8_t)name[i]) * 16777619u;
    assert_int_equal(counter_get_type.wire_id, ((hash + 2) << 1) | 1);
    assert_int_equal(counter_get_type.wire_id, 0x166312b7);
}

static void
cop_msg_makes_an_lvalue_with_and_without_fields(void **state)
{
    (void)state;
    counter_add *add = &COP_MSG(counter_add, .by = 2);
    cover *zero = &COP_MSG(cover);

    add->by++;
    assert_int_equal(add->by, 3);
    assert_int_equal(zero->first.x, 0);
    assert_int_equal(COP_MSG(everything, .ints = COP_LIST(int32_t, 1, 2)).ints.count, 2);
    assert_non_null(&COP_MSG(counter_get));
    assert_ptr_equal(COPI_TYPE_OF(counter_get), &counter_get_type);
    assert_ptr_equal(COPI_TYPE_OF(point, .x = 1, .y = 2), &point_type);
}

static void
strings_borrow_literals_and_terminated_texts(void **state)
{
    (void)state;
    assert_int_equal(COP_STR("abc").size, 3);
    assert_int_equal(cop_str_from(NULL).size, 0);
    assert_true(cop_str_equal(cop_str_from("abc"), "abc"));
    assert_true(cop_str_equal(cop_str_from(NULL), ""));
    assert_false(cop_str_equal(COP_STR("abc"), "ab"));
    assert_false(cop_str_equal(COP_STR("ab"), "abc"));
    assert_false(cop_str_equal(COP_STR("abd"), "abc"));
}

/* A copy in a block of exactly the size that was asked for. */
static void *
copy_of(const cop_type *type, const void *message, size_t *size)
{
    *size = type->size + copi_message_extra(type, message);
    char *block = malloc(*size);

    assert_non_null(block);
    memset(block, 0xee, *size);
    copi_message_copy(type, block, message);
    return block;
}

static void
a_flat_message_needs_nothing_behind_its_struct(void **state)
{
    (void)state;
    scalars copy, from = sample.one;

    assert_int_equal(copi_message_extra(&scalars_type, &from), 0);
    copi_message_copy(&scalars_type, &copy, &from);
    assert_true(cop_message_equal(&scalars_type, &copy, &from));
}

static void
inside(const void *pointer, size_t size, const char *block, size_t block_size)
{
    assert_true((const char *)pointer >= block);
    assert_true((const char *)pointer + size <= block + block_size);
}

static void
a_copy_points_only_into_its_own_block(void **state)
{
    (void)state;
    size_t size;
    everything *copy = copy_of(&everything_type, &sample, &size);
    const char *block = (const char *)copy;

    assert_true(cop_message_equal(&everything_type, copy, &sample));
    inside(copy->text.data, copy->text.size, block, size);
    inside(copy->raw.data, copy->raw.size, block, size);
    inside(copy->label.text.data, copy->label.text.size, block, size);
    inside(copy->names.items, copy->names.count * sizeof(cop_str), block, size);
    inside(copy->names.items[2].data, 2, block, size);
    inside(copy->labels.items[1].text.data, 2, block, size);
    inside(copy->corners.items, 2 * sizeof(point), block, size);
    assert_int_equal((uintptr_t)copy->ints.items % 8, 0);
    assert_int_equal((uintptr_t)copy->labels.items % 8, 0);
    assert_ptr_equal(copy->samples.items, NULL);
    assert_ptr_equal(copy->names.items[1].data, NULL);
    free(copy);
}

static void
a_copy_of_an_empty_message_is_its_struct(void **state)
{
    (void)state;
    everything empty = {
        .text = {"",                   0},
          .ints = {(const int32_t[]){1}, 0}
    };

    assert_int_equal(copi_message_extra(&everything_type, &empty), 0);
}

/* A chain of `depth` trees, each in the list of the next. */
static tree
chain(tree *nodes, size_t depth)
{
    nodes[0] = (tree){.value = 1};
    for (size_t i = 1; i < depth; i++)
        nodes[i] = (tree){
            .children = {&nodes[i - 1], 1}
        };
    return nodes[depth - 1];
}

static void
what_lies_too_deep_is_not_copied(void **state)
{
    (void)state;
    tree nodes[COPI_DEPTH_MAX];
    tree top = chain(nodes, COPI_DEPTH_MAX / 2);

    assert_int_not_equal(copi_message_extra(&tree_type, &top), SIZE_MAX);
    top = chain(nodes, COPI_DEPTH_MAX / 2 + 1);
    assert_int_equal(copi_message_extra(&tree_type, &top), SIZE_MAX);
}

static void
what_no_memory_could_hold_is_not_copied(void **state)
{
    (void)state;
    wide impossible = {
        .rows = {&sample.one, SIZE_MAX / 2}
    };
    label almost = {
        .text = {"x", SIZE_MAX - 8}
    };

    assert_int_equal(copi_message_extra(&wide_type, &impossible), SIZE_MAX);
    assert_int_equal(copi_message_extra(&label_type, &almost), SIZE_MAX);
}

static void
a_message_prints_as_it_would_be_written(void **state)
{
    (void)state;
    char text[1024];

    assert_string_equal(
        cop_message_print(&counter_add_type, &COP_MSG(counter_add, .by = 2), text, sizeof text),
        "counter_add{by: 2}");
    assert_string_equal(
        cop_message_print(&counter_get_type, &COP_MSG(counter_get), text, sizeof text),
        "counter_get{}");
    assert_string_equal(
        cop_message_print(&everything_type, &sample, text, sizeof text),
        "everything{one: scalars{yes: true, i32: -1, i64: -9223372036854775808, "
        "u32: 4294967295, u64: 18446744073709551615, f64: 0.1, who: <abc.3.7>}, "
        "text: \"a \\\"b\\\"\\n\", raw: x\"00ff\", at: point{x: 1, y: -2}, "
        "flags: [true, false], ints: [-1, 0, 1], sizes: [], samples: [], "
        "names: [\"x\", \"\", \"zz\"], blobs: [], crew: [], "
        "corners: [point{x: 1, y: 2}, point{x: 3, y: 4}], "
        "label: label{text: \"deep\", bold: true}, "
        "labels: [label{text: \"l0\", bold: true}, label{text: \"l1\", bold: false}], "
        "page: x\"\", pages: []}");
}

static void
long_values_are_cut_and_say_so(void **state)
{
    (void)state;
    char text[256], chars[100];
    tree many[20] = {0};
    tree parent = {
        .children = {many, 20}
    };
    label long_label = {
        .text = {chars, sizeof chars}
    };

    memset(chars, 'a', sizeof chars);
    cop_message_print(&label_type, &long_label, text, sizeof text);
    assert_non_null(strstr(text, "aaa\"..., bold: false}"));
    assert_true(strlen(text) < 100);
    assert_true(cop_message_match(&label_type, &long_label, text));

    char big[1024];
    cop_message_print(&tree_type, &parent, big, sizeof big);
    assert_non_null(strstr(big, ", ...]}"));
    assert_true(cop_message_match(&tree_type, &parent, big));
}

static void
a_print_fits_into_any_room(void **state)
{
    (void)state;
    char whole[1024];
    size_t length = strlen(cop_message_print(&everything_type, &sample, whole, sizeof whole));

    for (size_t size = 0; size <= length + 1; size++) {
        char *text = malloc(size + 1);

        assert_non_null(text);
        text[size] = '!';
        assert_ptr_equal(cop_message_print(&everything_type, &sample, text, size), text);
        assert_int_equal(text[size], '!');
        if (size > 0) {
            assert_int_equal(strlen(text), size - 1);
            assert_memory_equal(text, whole, size - 1);
        }
        free(text);
    }
}

static void
doubles_print_in_the_fewest_digits_that_read_back(void **state)
{
    (void)state;
    static const struct {
        double number;
        const char *text;
    } cases[] = {
        {0.1,        "0.1"               },
        {2.0,        "2"                 },
        {-1e300,     "-1e+300"           },
        {1.0 / 3,    "0.3333333333333333"},
        {1e308 * 10, "inf"               },
        {-0.0,       "-0"                },
    };

    for (size_t i = 0; i < COP_COUNT(cases); i++) {
        char text[256], want[64];
        scalars message = {.f64 = cases[i].number};

        snprintf(want, sizeof want, "f64: %s,", cases[i].text);
        assert_non_null(
            strstr(cop_message_print(&scalars_type, &message, text, sizeof text), want));
        assert_true(cop_message_match(&scalars_type, &message, text));
    }
}

static void
equality_follows_pointers(void **state)
{
    (void)state;
    size_t size;
    everything *copy = copy_of(&everything_type, &sample, &size);
    point other[] = {
        {1, 2},
        {3, 5}
    };

    assert_true(cop_message_equal(&everything_type, copy, &sample));
    copy->corners.items = other;
    assert_false(cop_message_equal(&everything_type, copy, &sample));
    other[1].y = 4;
    assert_true(cop_message_equal(&everything_type, copy, &sample));
    copy->names.count--;
    assert_false(cop_message_equal(&everything_type, copy, &sample));
    free(copy);
}

static void
a_nan_equals_a_nan(void **state)
{
    (void)state;
    scalars a = {.f64 = strtod("nan", NULL)}, b = {.f64 = strtod("-nan", NULL)}, c = {0};
    char text[256];

    assert_true(cop_message_equal(&scalars_type, &a, &b));
    assert_false(cop_message_equal(&scalars_type, &a, &c));
    cop_message_print(&scalars_type, &a, text, sizeof text);
    assert_true(cop_message_match(&scalars_type, &a, text));
}

static const struct {
    const char *pattern;
    bool matches;
} patterns[] = {
    {"everything{}",                                                   true },
    {" everything { } ",                                               true },
    {"_",                                                              true },
    {"scalars{}",                                                      false},
    {"everything",                                                     false},
    {"everything{",                                                    false},
    {"everything{} x",                                                 false},
    {"",                                                               false},
    {"everything{at: point{x: 1}}",                                    true },
    {"everything{at: point{x: 2}}",                                    false},
    {"everything{at: point{z: 1}}",                                    false},
    {"everything{at: _}",                                              true },
    {"everything{at: _x}",                                             false},
    {"everything{at: point{x: _, y: -2}}",                             true },
    {"everything{at: point{x: 1 y: -2}}",                              false},
    {"everything{at: point{x: 1,}}",                                   false},
    {"everything{at: point{x: 1a}}",                                   false},
    {"everything{at: point{x: }}",                                     false},
    {"everything{at: point{x: 99999999999999999999}}",                 false},
    {"everything{text: \"a \\\"b\\\"\\n\"}",                           true },
    {"everything{text: \"a \\x22b\\x22\\x0a\"}",                       true },
    {"everything{text: \"a\"}",                                        false},
    {"everything{text: \"a\"...}",                                     true },
    {"everything{text: \"\"...}",                                      true },
    {"everything{text: \"b\"...}",                                     false},
    {"everything{text: \"a \\\"b\\\"\\nmore\"}",                       false},
    {"everything{text: \"a",                                           false},
    {"everything{text: \"a \\",                                        false},
    {"everything{text: \"\\q\"}",                                      false},
    {"everything{raw: x\"00ff\"}",                                     true },
    {"everything{raw: x\"00FF\"}",                                     true },
    {"everything{raw: x\"00\"...}",                                    true },
    {"everything{raw: x\"00\"}",                                       false},
    {"everything{raw: x\"00f\"}",                                      false},
    {"everything{ints: [-1, 0, 1]}",                                   true },
    {"everything{ints: [-1, _, 1]}",                                   true },
    {"everything{ints: [-1, ...]}",                                    true },
    {"everything{ints: [-1, 0, 1, ...]}",                              true },
    {"everything{ints: [...]}",                                        true },
    {"everything{ints: [-1, 0]}",                                      false},
    {"everything{ints: [-1, 0, 1, 2]}",                                false},
    {"everything{ints: []}",                                           false},
    {"everything{ints: [-1, 0, 1",                                     false},
    {"everything{sizes: []}",                                          true },
    {"everything{sizes: [...]}",                                       true },
    {"everything{sizes: [1]}",                                         false},
    {"everything{corners: [point{x: 1}, point{y: 4}]}",                true },
    {"everything{corners: [_, _]}",                                    true },
    {"everything{corners: [_, _, _]}",                                 false},
    {"everything{one: scalars{yes: true, u64: 18446744073709551615}}", true },
    {"everything{one: scalars{yes: false}}",                           false},
    {"everything{one: scalars{yes: truest}}",                          false},
    {"everything{one: scalars{u64: -1}}",                              false},
    {"everything{one: scalars{who: <abc.3.7>}}",                       true },
    {"everything{one: scalars{who: <abc.3.8>}}",                       false},
    {"everything{one: scalars{f64: 0.1}}",                             true },
    {"everything{one: scalars{f64: 0.10}}",                            true },
    {"everything{one: scalars{f64: 0.2}}",                             false},
    {"everything{labels: [label{text: \"l0\"}, label{bold: false}]}",  true },
};

static void
patterns_match_what_they_name_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < COP_COUNT(patterns); i++)
        if (cop_message_match(&everything_type, &sample, patterns[i].pattern) !=
            patterns[i].matches)
            fail_msg("%s", patterns[i].pattern);
}

static void
every_message_matches_its_own_print(void **state)
{
    (void)state;
    char text[1024];

    cop_message_print(&everything_type, &sample, text, sizeof text);
    assert_true(cop_message_match(&everything_type, &sample, text));
    assert_false(cop_message_match(&everything_type, &(everything){0}, text));
}

/* Patterns come from tests' authors, but a typing error should fail a test, not crash it. */
static void
broken_patterns_do_no_harm(void **state)
{
    (void)state;
    char text[1024];
    size_t length = strlen(cop_message_print(&everything_type, &sample, text, sizeof text));
    copi_rng rng = {20240611};

    for (size_t cut = 0; cut < length; cut++) {
        char *prefix = strndup(text, cut);

        assert_false(cop_message_match(&everything_type, &sample, prefix));
        free(prefix);
    }
    for (int i = 0; i < 20000; i++) {
        char *broken = strdup(text);

        broken[copi_rng_below(&rng, (uint32_t)length)] = (char)copi_rng_below(&rng, 256);
        (void)cop_message_match(&everything_type, &sample, broken);
        free(broken);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_protocol_makes_types_with_names_and_numbers),
        cmocka_unit_test(a_message_without_fields_has_no_fields),
        cmocka_unit_test(field_numbers_are_places_and_gaps_keep_them),
        cmocka_unit_test(a_list_knows_its_items),
        cmocka_unit_test(flatness_goes_through_nested_messages),
        cmocka_unit_test(wire_ids_differ_and_are_never_zero),
        cmocka_unit_test(wire_ids_are_these_for_ever),
        cmocka_unit_test(cop_msg_makes_an_lvalue_with_and_without_fields),
        cmocka_unit_test(strings_borrow_literals_and_terminated_texts),
        cmocka_unit_test(a_flat_message_needs_nothing_behind_its_struct),
        cmocka_unit_test(a_copy_points_only_into_its_own_block),
        cmocka_unit_test(a_copy_of_an_empty_message_is_its_struct),
        cmocka_unit_test(what_lies_too_deep_is_not_copied),
        cmocka_unit_test(what_no_memory_could_hold_is_not_copied),
        cmocka_unit_test(a_message_prints_as_it_would_be_written),
        cmocka_unit_test(long_values_are_cut_and_say_so),
        cmocka_unit_test(a_print_fits_into_any_room),
        cmocka_unit_test(doubles_print_in_the_fewest_digits_that_read_back),
        cmocka_unit_test(equality_follows_pointers),
        cmocka_unit_test(a_nan_equals_a_nan),
        cmocka_unit_test(patterns_match_what_they_name_and_nothing_else),
        cmocka_unit_test(every_message_matches_its_own_print),
        cmocka_unit_test(broken_patterns_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
