/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame_test.c - frames, records and exit records: what goes in comes out, and what comes
 * from strangers is taken whole or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "node/outbox.h"
#include "wire/frame.h"
#include "wire/record.h"

static const copi_hello sample = {
    .version = COPI_PROTOCOL_VERSION,
    .incarnation = UINT64_C(0x1122334455667788),
    .message_max = 1 << 20,
    .name = "a",
    .address = "tcp://127.0.0.1:7001",
};

static void
a_frame_comes_out_as_it_went_in(void **state)
{
    uint8_t bytes[COPI_FRAME_HEAD + 3] = {0};
    copi_frame frame;

    (void)state;
    copi_frame_write(bytes, COPI_FRAME_DATA, UINT64_C(0xa1b2c3d4e5f60718), 42);
    memcpy(bytes + COPI_FRAME_HEAD, "xyz", 3);
    assert_true(copi_frame_read(bytes, sizeof bytes, &frame));
    assert_int_equal(frame.type, COPI_FRAME_DATA);
    assert_true(frame.link == UINT64_C(0xa1b2c3d4e5f60718));
    assert_int_equal(frame.counter, 42);
    assert_int_equal(frame.size, 3);
    assert_memory_equal(frame.payload, "xyz", 3);
}

static void
a_frame_that_is_cut_short_is_none(void **state)
{
    uint8_t bytes[COPI_FRAME_HEAD];
    copi_frame frame;

    (void)state;
    copi_frame_write(bytes, COPI_FRAME_BEAT, 1, 2);
    for (size_t size = 0; size < sizeof bytes; size++)
        assert_false(copi_frame_read(bytes, size, &frame));
    assert_true(copi_frame_read(bytes, sizeof bytes, &frame));
}

static void
a_frame_of_an_unknown_type_is_none(void **state)
{
    uint8_t bytes[COPI_FRAME_HEAD];
    copi_frame frame;

    (void)state;
    copi_frame_write(bytes, COPI_FRAME_BEAT, 1, 2);
    for (unsigned type = 0; type < 256; type++) {
        bytes[0] = (uint8_t)type;
        bool is_known = type >= COPI_FRAME_HELLO && type <= COPI_FRAME_REFUSE;
        assert_int_equal(copi_frame_read(bytes, sizeof bytes, &frame), is_known);
    }
    bytes[0] = COPI_FRAME_BEAT;
    bytes[2] = 1; /* must be zero */
    assert_false(copi_frame_read(bytes, sizeof bytes, &frame));
}

static void
a_hello_comes_out_as_it_went_in(void **state)
{
    uint8_t bytes[COPI_HELLO_MAX];
    copi_hello hello;
    size_t size = copi_hello_write(bytes, &sample);

    (void)state;
    assert_int_equal(copi_hello_read(bytes, size, &hello), COP_OK);
    assert_true(hello.incarnation == sample.incarnation);
    assert_int_equal(hello.message_max, sample.message_max);
    assert_string_equal(hello.name, sample.name);
    assert_string_equal(hello.address, sample.address);
}

static void
a_hello_of_another_version_says_so_whatever_follows(void **state)
{
    uint8_t bytes[COPI_HELLO_MAX];
    copi_hello hello = sample;

    (void)state;
    hello.version = 77;
    size_t size = copi_hello_write(bytes, &hello);
    memset(bytes + 6, 0xff, size - 6);
    assert_int_equal(copi_hello_read(bytes, size, &hello), COP_E_VERSION);
    assert_int_equal(hello.version, 77);
}

static void
a_hello_that_is_cut_or_changed_is_refused(void **state)
{
    uint8_t bytes[COPI_HELLO_MAX], longer[COPI_HELLO_MAX];
    copi_hello hello;
    size_t size = copi_hello_write(bytes, &sample);

    (void)state;
    for (size_t cut = 0; cut < size; cut++)
        assert_int_not_equal(copi_hello_read(bytes, cut, &hello), COP_OK);
    memcpy(longer, bytes, size);
    longer[size] = 0;
    assert_int_equal(copi_hello_read(longer, size + 1, &hello), COP_E_BAD_MESSAGE);
    for (size_t i = 0; i < 4; i++) {
        memcpy(longer, bytes, size);
        longer[i] ^= 1;
        assert_int_equal(copi_hello_read(longer, size, &hello), COP_E_BAD_MESSAGE);
    }
}

static void
a_hello_without_a_good_name_is_refused(void **state)
{
    static const char *const names[] = {"", "a@b", "a/b", "a b", "a\nb"};
    uint8_t bytes[COPI_HELLO_MAX];
    copi_hello hello;

    (void)state;
    for (size_t i = 0; i < COP_COUNT(names); i++) {
        hello = sample;
        strcpy(hello.name, names[i]);
        size_t size = copi_hello_write(bytes, &hello);
        assert_int_equal(copi_hello_read(bytes, size, &hello), COP_E_BAD_MESSAGE);
    }
}

/* ------------------------------------------------------------------------ records */

static void
a_signal_comes_out_as_it_went_in(void **state)
{
    copi_record in = {COPI_RECORD_MONITOR, 1, UINT64_C(1) << 63, 3, NULL, 0}, out;
    uint8_t bytes[COPI_SIGNAL_HEAD];
    const uint8_t *at = bytes;
    size_t size = copi_record_write(bytes, &in);

    (void)state;
    assert_int_equal(copi_record_read(&at, &size, &out), COPI_READ_ONE);
    assert_int_equal(out.kind, in.kind);
    assert_true(out.from == in.from && out.to == in.to && out.ref == in.ref);
    assert_int_equal(out.size, 0);
    assert_int_equal(copi_record_read(&at, &size, &out), COPI_READ_END);
}

static void
records_that_are_cut_short_are_broken(void **state)
{
    copi_outbox outbox = {0};
    const uint8_t *bytes;
    copi_record record = {COPI_RECORD_ERROR, 1, 2, 3, (const uint8_t *)"1234", 4};

    (void)state;
    assert_true(copi_outbox_put(&outbox, &record));
    size_t size = copi_outbox_next(&outbox, &bytes);
    for (size_t cut = 1; cut < size; cut++) {
        /* A copy of just that size, for the address sanitizer. */
        uint8_t *part = malloc(cut);
        memcpy(part, bytes, cut);
        const uint8_t *at = part;
        size_t left = cut;
        assert_int_equal(copi_record_read(&at, &left, &record), COPI_READ_BROKEN);
        free(part);
    }
    copi_outbox_fini(&outbox);
}

static void
a_record_cannot_claim_more_than_there_is(void **state)
{
    uint8_t bytes[COPI_SIGNAL_HEAD];
    copi_record record = {.kind = COPI_RECORD_LINK};

    (void)state;
    copi_record_write(bytes, &record);
    memset(bytes, 0xff, 4);
    const uint8_t *at = bytes;
    size_t size = sizeof bytes;
    assert_int_equal(copi_record_read(&at, &size, &record), COPI_READ_BROKEN);
}

static const cop_exit full_exit = {
    .kind = COP_EXIT_ERROR,
    .code = -7,
    .origin = {5,                                                                     6},
    .text = "0123456789012345678901234567890123456789012345",
    .path = "app/one/two/three/four/five/six/seven/eight/nine/ten/eleven/t",
    .cause_count = COP_EXIT_CAUSES,
    .dropped_causes = 9,
    .causes = { {COP_EXIT_KILLED, 1, "killed"},
               {COP_EXIT_SIGNAL, 11, ""},
               {COP_EXIT_ERROR, 1, "0123456789012345678901234567890123456789012345"},
               {COP_EXIT_ERROR, 2, "0123456789012345678901234567890123456789012345"}},
};

static void
an_exit_record_comes_out_as_it_went_in(void **state)
{
    uint8_t bytes[COPI_WHY_MAX];
    cop_exit out;
    size_t size = copi_why_write(bytes, &full_exit);

    (void)state;
    assert_true(size < COPI_WHY_MAX);
    assert_true(copi_why_read(bytes, size, &out));
    assert_memory_equal(&out, &full_exit, sizeof out);
    for (size_t cut = 0; cut < size; cut++)
        assert_false(copi_why_read(bytes, cut, &out));
}

static void
an_exit_record_with_impossible_values_is_refused(void **state)
{
    uint8_t bytes[COPI_WHY_MAX];
    cop_exit out;
    size_t size = copi_why_write(bytes, &full_exit);

    (void)state;
    bytes[0] = 200; /* kind */
    assert_false(copi_why_read(bytes, size, &out));
    size = copi_why_write(bytes, &(cop_exit){.kind = COP_EXIT_NORMAL});
    bytes[size - 1] = COP_EXIT_CAUSES + 1;
    assert_false(copi_why_read(bytes, size, &out));
}

/* ------------------------------------------------------------------------- outbox */

static void
records_leave_in_order_in_frames_that_fit(void **state)
{
    copi_outbox outbox = {0};
    copi_rng rng = {1};
    uint64_t put = 0, taken = 0;
    static uint8_t filling[8000];

    (void)state;
    for (int i = 0; i < 5000; i++) {
        copi_record record = {
            COPI_RECORD_MESSAGE, 1, 2, put, filling, copi_rng_below(&rng, sizeof filling)};
        if (copi_rng_below(&rng, 3) > 0) {
            assert_true(copi_outbox_put(&outbox, &record));
            put++;
            continue;
        }
        const uint8_t *bytes;
        size_t size = copi_outbox_next(&outbox, &bytes), left = size;
        assert_true(size <= COPI_FRAME_FILL);
        while (copi_record_read(&bytes, &left, &record) == COPI_READ_ONE)
            assert_int_equal(record.ref, taken++);
        copi_outbox_drop(&outbox, size);
    }
    assert_true(taken > 1000);
    copi_outbox_fini(&outbox);
}

static void
a_large_record_leaves_in_fragments(void **state)
{
    enum {
        LARGE = 300000
    };
    copi_outbox outbox = {0};
    uint8_t *large = malloc(LARGE), *got = malloc(LARGE);
    size_t done = 0, size;
    const uint8_t *bytes;
    copi_record record;

    (void)state;
    for (size_t i = 0; i < LARGE; i++)
        large[i] = (uint8_t)(i * 7 >> 3);
    assert_true(copi_outbox_add(&outbox, large, LARGE));
    while ((size = copi_outbox_next(&outbox, &bytes)) > 0) {
        size_t left = size;
        assert_true(size <= COPI_FRAME_FILL);
        while (copi_record_read(&bytes, &left, &record) == COPI_READ_ONE) {
            assert_int_equal(record.kind, COPI_RECORD_FRAGMENT);
            memcpy(got + done, record.body + 4, record.size - 4);
            done += record.size - 4;
        }
        copi_outbox_drop(&outbox, size);
    }
    assert_int_equal(done, LARGE);
    assert_memory_equal(got, large, LARGE);
    free(large);
    free(got);
    copi_outbox_fini(&outbox);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_comes_out_as_it_went_in),
        cmocka_unit_test(a_frame_that_is_cut_short_is_none),
        cmocka_unit_test(a_frame_of_an_unknown_type_is_none),
        cmocka_unit_test(a_hello_comes_out_as_it_went_in),
        cmocka_unit_test(a_hello_of_another_version_says_so_whatever_follows),
        cmocka_unit_test(a_hello_that_is_cut_or_changed_is_refused),
        cmocka_unit_test(a_hello_without_a_good_name_is_refused),
        cmocka_unit_test(a_signal_comes_out_as_it_went_in),
        cmocka_unit_test(records_that_are_cut_short_are_broken),
        cmocka_unit_test(a_record_cannot_claim_more_than_there_is),
        cmocka_unit_test(an_exit_record_comes_out_as_it_went_in),
        cmocka_unit_test(an_exit_record_with_impossible_values_is_refused),
        cmocka_unit_test(records_leave_in_order_in_frames_that_fit),
        cmocka_unit_test(a_large_record_leaves_in_fragments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
