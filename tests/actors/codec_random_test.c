/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codec_random_test.c - messages with everything in them, made up, against an obvious model.
 *
 * COPPICE_SEED repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "codec.h"

/* One message at a time, with room for all it points to. */
static uint64_t room[4096];
static size_t room_used;
static copi_rng rng;

static uint32_t
below(uint32_t bound)
{
    return copi_rng_below(&rng, bound);
}

static void *
make_room(size_t size)
{
    void *made = &room[room_used];

    room_used += (size + 7) / 8;
    assert_true(room_used <= COP_COUNT(room));
    return made;
}

/* Small, big and all between, of both signs. */
static int64_t
any_number(void)
{
    return (int64_t)(copi_rng_next(&rng) >> below(64)) * (below(2) ? 1 : -1);
}

static double
any_double(void)
{
    uint64_t bits = copi_rng_next(&rng);
    double number;

    memcpy(&number, &bits, sizeof number);
    return below(2) ? number : (double)any_number();
}

static cop_str
any_str(void)
{
    cop_str str = {NULL, below(3) ? below(5) : below(300)};
    char *chars = make_room(str.size);

    for (size_t i = 0; i < str.size; i++)
        chars[i] = (char)below(256);
    str.data = chars;
    return str;
}

static cop_bytes
any_bytes(void)
{
    cop_str str = any_str();

    return (cop_bytes){str.data, str.size};
}

/* Sometimes NULL, and sometimes a buffer without bytes. */
static cop_buf *
any_buf(void)
{
    if (below(4) == 0)
        return NULL;
    const cop_str str = any_str();
    cop_buf *made = cop_buf_new(str.size);
    assert_non_null(made);
    if (str.size > 0)
        memcpy(cop_buf_bytes(made), str.data, str.size);
    return made;
}

static cop_pid
any_pid(void)
{
    return (cop_pid){(uint64_t)any_number(), copi_rng_next(&rng)};
}

static point
any_point(void)
{
    return (point){(int32_t)any_number(), (int32_t)any_number()};
}

static scalars
any_scalars(void)
{
    return (scalars){below(2),
                     (int32_t)any_number(),
                     any_number(),
                     (uint32_t)any_number(),
                     (uint64_t)any_number(),
                     any_double(),
                     any_pid()};
}

/* A list with up to 19 items, each made by `make`. */
#define ANY_LIST(list, T, make)                                                                \
    do {                                                                                       \
        size_t count_ = below(3) ? below(4) : below(20);                                       \
        T *items_ = make_room(count_ * sizeof(T));                                             \
        for (size_t i_ = 0; i_ < count_; i_++)                                                 \
            items_[i_] = (make);                                                               \
        (list).items = items_;                                                                 \
        (list).count = count_;                                                                 \
    } while (0)

/* Its buffers are to be dropped. */
static everything
any_everything(void)
{
    everything made = {0};

    room_used = 0;
    if (below(2))
        made.one = any_scalars();
    made.text = any_str();
    made.raw = any_bytes();
    if (below(2))
        made.at = any_point();
    ANY_LIST(made.flags, bool, below(2) != 0);
    ANY_LIST(made.ints, int32_t, (int32_t)any_number());
    ANY_LIST(made.sizes, uint64_t, (uint64_t)any_number());
    ANY_LIST(made.samples, double, any_double());
    ANY_LIST(made.names, cop_str, any_str());
    ANY_LIST(made.blobs, cop_bytes, any_bytes());
    ANY_LIST(made.crew, cop_pid, any_pid());
    ANY_LIST(made.corners, point, any_point());
    made.label = (label){any_str(), below(2)};
    ANY_LIST(made.labels, label, ((label){any_str(), below(2)}));
    made.page = any_buf();
    ANY_LIST(made.pages, cop_buf *, any_buf());
    return made;
}

/* The model: everything written out by hand, each value in the widest form there is, in any
 * order of fields, with fields in between that nobody knows. */
static uint8_t model[1 << 16];
static size_t model_size;

static void
say(unsigned tag, uint64_t number, int width)
{
    model[model_size++] = (uint8_t)tag;
    while (width-- > 0)
        model[model_size++] = (uint8_t)(number >> (8 * width));
    assert_true(model_size < sizeof model - 400);
}

static void
say_bytes(unsigned tag, const void *data, size_t size)
{
    say(tag, size, 4);
    if (size > 0)
        memcpy(model + model_size, data, size);
    model_size += size;
}

static void
say_buf(const cop_buf *buf)
{
    say_bytes(0xc6, cop_buf_view(buf).data, cop_buf_size(buf));
}

static void
say_double(double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof bits);
    say(0xcb, bits, 8);
}

static void
say_pid(cop_pid pid)
{
    say(0xdd, 2, 4);
    say(0xcf, pid.node, 8);
    say(0xcf, pid.id, 8);
}

static void
say_point(point at)
{
    say(0xdf, 2, 4);
    say(2, 0, 0);
    say(0xd3, (uint64_t)(int64_t)at.y, 8);
    say(1, 0, 0);
    say(0xd3, (uint64_t)(int64_t)at.x, 8);
}

static void
say_label(label what)
{
    say(0xdf, 3, 4);
    say(1, 0, 0);
    say_bytes(0xdb, what.text.data, what.text.size);
    say(2, 0, 0);
    say(what.bold ? 0xc3 : 0xc2, 0, 0);
    say(0xcf, UINT64_MAX, 8); /* a field from the far future */
    say_bytes(0xdb, "?", 1);
}

static void
say_scalars(scalars what)
{
    say(0xdf, 7, 4);
    say(7, 0, 0);
    say_pid(what.who);
    say(6, 0, 0);
    say_double(what.f64);
    say(5, 0, 0);
    say(0xcf, what.u64, 8);
    say(4, 0, 0);
    say(0xcf, what.u32, 8);
    say(3, 0, 0);
    say(0xd3, (uint64_t)what.i64, 8);
    say(2, 0, 0);
    say(0xd3, (uint64_t)(int64_t)what.i32, 8);
    say(1, 0, 0);
    say(what.yes ? 0xc3 : 0xc2, 0, 0);
}

#define SAY_LIST(number, list, say_item)                                                       \
    do {                                                                                       \
        say(number, 0, 0);                                                                     \
        say(0xdd, (list).count, 4);                                                            \
        for (size_t i = 0; i < (list).count; i++)                                              \
            say_item;                                                                          \
    } while (0)

static void
say_everything(const everything *what)
{
    model_size = 0;
    say(0xdf, 17, 4);
    SAY_LIST(17, what->pages, say_buf(what->pages.items[i]));
    say(16, 0, 0);
    say_buf(what->page);
    SAY_LIST(15, what->labels, say_label(what->labels.items[i]));
    SAY_LIST(13, what->corners, say_point(what->corners.items[i]));
    say(1, 0, 0);
    say_scalars(what->one);
    say(2, 0, 0);
    say_bytes(0xdb, what->text.data, what->text.size);
    say(3, 0, 0); /* the gap */
    say(0xc0, 0, 0);
    say(4, 0, 0);
    say_bytes(0xc6, what->raw.data, what->raw.size);
    say(5, 0, 0);
    say_point(what->at);
    SAY_LIST(6, what->flags, say(what->flags.items[i] ? 0xc3 : 0xc2, 0, 0));
    SAY_LIST(7, what->ints, say(0xd3, (uint64_t)(int64_t)what->ints.items[i], 8));
    SAY_LIST(8, what->sizes, say(0xcf, what->sizes.items[i], 8));
    SAY_LIST(9, what->samples, say_double(what->samples.items[i]));
    SAY_LIST(10, what->names,
             say_bytes(0xdb, what->names.items[i].data, what->names.items[i].size));
    SAY_LIST(11, what->blobs,
             say_bytes(0xc6, what->blobs.items[i].data, what->blobs.items[i].size));
    SAY_LIST(12, what->crew, say_pid(what->crew.items[i]));
    say(14, 0, 0);
    say_label(what->label);
}

static void
any_message_comes_back_from_the_wire(void **state)
{
    (void)state;
    for (int i = 0; i < 3000; i++) {
        everything message = any_everything();

        assert_round_trip(&everything_type, &message);
        copi_message_drop(&everything_type, &message);
    }
}

static void
any_message_written_by_another_hand_is_understood(void **state)
{
    (void)state;
    for (int i = 0; i < 3000; i++) {
        everything message = any_everything();

        say_everything(&message);
        assert_unpacks(&everything_type, wire_of(model, model_size), &message);
        copi_message_drop(&everything_type, &message);
    }
}

static void
any_copy_prints_and_equals_as_its_original(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        everything message = any_everything();
        char *text = malloc(1 << 16), *again = malloc(1 << 16);
        void *copy = malloc(sizeof message + copi_message_extra(&everything_type, &message));

        copi_message_copy(&everything_type, copy, &message);
        assert_true(cop_message_equal(&everything_type, copy, &message));
        cop_message_print(&everything_type, &message, text, 1 << 16);
        cop_message_print(&everything_type, copy, again, 1 << 16);
        assert_string_equal(text, again);
        if (!cop_message_match(&everything_type, copy, text))
            fail_msg("does not match itself: %s", text);
        copi_message_drop(&everything_type, copy); /* the references have moved */
        free(copy);
        free(again);
        free(text);
    }
}

static void
no_beginning_of_a_message_is_a_message(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        everything message = any_everything();
        wire whole = packed(&everything_type, &message);

        for (size_t size = 0; size < whole.size; size++)
            assert_refuses(&everything_type, wire_of(whole.bytes, size), COP_E_BAD_MESSAGE);
        free(whole.bytes);
        copi_message_drop(&everything_type, &message);
    }
}

/* What does decode in spite of the damage is a message like any other. */
static void
try_damaged(const cop_type *type, wire damaged)
{
    cop_err err;
    void *got = unpacked(type, damaged, &err);

    if (got != NULL) {
        assert_round_trip(type, got);
        release(type, got);
    } else {
        assert_true(err == COP_E_BAD_MESSAGE || err == COP_E_TOO_LARGE);
    }
}

static void
damaged_messages_are_refused_or_decode(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        everything message = any_everything();
        wire whole = packed(&everything_type, &message);

        for (int k = 0; k < 20; k++) {
            wire damaged = wire_of(whole.bytes, whole.size);

            for (uint32_t flips = 1 + below(3); flips > 0; flips--)
                damaged.bytes[below((uint32_t)damaged.size)] ^= (uint8_t)(1 << below(8));
            try_damaged(&everything_type, damaged);
            free(damaged.bytes);
        }
        free(whole.bytes);
        copi_message_drop(&everything_type, &message);
    }
}

static void
choose_seed(void)
{
    const char *wanted = getenv("COPPICE_SEED");

    rng.state = wanted == NULL ? copi_rng_entropy() : strtoull(wanted, NULL, 0);
    print_message("COPPICE_SEED=%#llx\n", (unsigned long long)rng.state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_message_comes_back_from_the_wire),
        cmocka_unit_test(any_message_written_by_another_hand_is_understood),
        cmocka_unit_test(any_copy_prints_and_equals_as_its_original),
        cmocka_unit_test(no_beginning_of_a_message_is_a_message),
        cmocka_unit_test(damaged_messages_are_refused_or_decode),
    };

    choose_seed();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
