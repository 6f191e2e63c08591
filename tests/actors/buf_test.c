/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf_test.c - buffers, messages that hold references to them, and their form on the wire.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "codec.h"

/* clang-format off */
#define SHARING(M, F)                                                                          \
    M(1, leaf, F(buf, data) F(i32, n))                                                         \
    M(2, branch, F(msg, leaf, one) F(list, leaf, many) F(list, buf, bufs) F(str, name))        \
    M(3, chain, F(buf, data) F(list, chain, next))                                             \
    M(4, plain, F(str, text) F(list, str, texts))
COP_PROTOCOL(SHARING)

/* The same places, with bytes. */
#define COPYING(M, F)                                                                          \
    M(1, copied_leaf, F(bytes, data) F(i32, n))                                                \
    M(2, copied_branch,                                                                        \
        F(msg, copied_leaf, one) F(list, copied_leaf, many) F(list, bytes, bufs) F(str, name))
COP_PROTOCOL(COPYING)
/* clang-format on */

/* How many more buffers there is memory for. */
static unsigned budget = UINT32_MAX;

cop_buf *__real_cop_buf_new(size_t size);
cop_buf *__wrap_cop_buf_new(size_t size);

cop_buf *
__wrap_cop_buf_new(size_t size)
{
    if (budget == 0)
        return NULL;
    budget--;
    return __real_cop_buf_new(size);
}

static cop_buf *
buf_of(const char *text)
{
    cop_buf *made = cop_buf_new(strlen(text));

    assert_non_null(made);
    memcpy(cop_buf_bytes(made), text, strlen(text));
    return made;
}

static size_t
references(cop_buf *buf)
{
    return atomic_load(&buf->references);
}

/* ------------------------------------------------------------------------- buffers */

static void
a_buffer_holds_bytes(void **state)
{
    (void)state;
    cop_buf *buf = cop_buf_new(100000), *empty = cop_buf_new(0);

    assert_non_null(buf);
    memset(cop_buf_bytes(buf), 7, 100000);
    assert_int_equal(cop_buf_size(buf), 100000);
    assert_int_equal(cop_buf_view(buf).size, 100000);
    assert_ptr_equal(cop_buf_view(buf).data, cop_buf_bytes(buf));
    assert_int_equal(((const char *)cop_buf_view(buf).data)[99999], 7);
    assert_int_equal((uintptr_t)cop_buf_bytes(buf) % alignof(max_align_t), 0);
    cop_buf_unref(buf);
    assert_non_null(empty);
    assert_int_equal(cop_buf_size(empty), 0);
    cop_buf_unref(empty);
}

static void
null_is_the_empty_buffer(void **state)
{
    (void)state;
    assert_null(cop_buf_ref(NULL));
    assert_null(cop_buf_bytes(NULL));
    assert_int_equal(cop_buf_size(NULL), 0);
    assert_int_equal(cop_buf_view(NULL).size, 0);
    cop_buf_unref(NULL);
}

static void
what_no_memory_could_hold_is_not_made(void **state)
{
    (void)state;
    assert_null(cop_buf_new(SIZE_MAX));
    assert_null(cop_buf_new(SIZE_MAX - sizeof(cop_buf) + 1));
}

static void
only_the_holder_of_the_only_reference_may_write(void **state)
{
    (void)state;
    cop_buf *buf = buf_of("abc");

    assert_non_null(cop_buf_bytes(buf));
    assert_ptr_equal(cop_buf_ref(buf), buf);
    assert_null(cop_buf_bytes(buf));
    assert_memory_equal(cop_buf_view(buf).data, "abc", 3);
    cop_buf_unref(buf);
    assert_non_null(cop_buf_bytes(buf));
    cop_buf_unref(buf);
}

enum {
    THREADS = 4,
    ROUNDS = 2000,
};

/* Each owns a reference when it begins, and none when it ends. */
static void *
share_and_drop(void *ctx)
{
    cop_buf *buf = ctx;
    uintptr_t sum = 0;

    for (int i = 0; i < ROUNDS; i++) {
        cop_buf *mine = cop_buf_ref(buf);
        sum += ((const unsigned char *)cop_buf_view(mine).data)[0];
        cop_buf_unref(mine);
    }
    cop_buf_unref(buf);
    return (void *)sum;
}

static void
threads_share_a_buffer_and_the_last_can_write_again(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    cop_buf *buf = buf_of("\x01");
    void *sum;

    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, share_and_drop, cop_buf_ref(buf)),
                         0);
    while (cop_buf_bytes(buf) == NULL) /* it is all that orders this thread's write */
        sched_yield();
    memcpy(cop_buf_bytes(buf), "\x02", 1);
    cop_buf_unref(buf);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &sum), 0);
        assert_int_equal((uintptr_t)sum, ROUNDS);
    }
}

/* ------------------------------------------------------------------------ messages */

static void
types_say_whether_there_may_be_buffers(void **state)
{
    (void)state;
    assert_true(leaf_type.has_bufs);
    assert_true(branch_type.has_bufs);
    assert_true(everything_type.has_bufs);
    assert_true(chain_type.has_bufs);
    assert_true(tree_type.has_bufs); /* for all it knows */
    assert_false(plain_type.has_bufs);
    assert_false(point_type.has_bufs);
    assert_false(copied_leaf_type.has_bufs);
    assert_false(leaf_type.flat);
    assert_int_equal(leaf_type.fields[0].kind, COP_FIELD_BUF);
    assert_int_equal(branch_type.fields[2].item, COP_FIELD_BUF);
}

/* References: 2 to `a`, 2 to `b`. */
typedef struct pair {
    cop_buf *a, *b;
    leaf leaves[2];
    cop_buf *bufs[3];
    branch message;
} pair;

static void
pair_init(pair *self)
{
    self->a = buf_of("aaa");
    self->b = buf_of("b");
    self->leaves[0] = (leaf){.n = 1};
    self->leaves[1] = (leaf){.data = cop_buf_ref(self->b)};
    self->bufs[0] = cop_buf_ref(self->a);
    self->bufs[1] = NULL;
    self->bufs[2] = cop_buf_ref(self->b);
    self->message = (branch){
        .one = {.data = cop_buf_ref(self->a)},
        .many = { self->leaves,                           2},
        .bufs = { self->bufs,                           3},
        .name = COP_STR("pair")
    };
}

static void
pair_fini(pair *self)
{
    copi_message_drop(&branch_type, &self->message);
    assert_int_equal(references(self->a), 1);
    assert_int_equal(references(self->b), 1);
    cop_buf_unref(self->a);
    cop_buf_unref(self->b);
}

static void
a_copy_moves_references_and_no_bytes(void **state)
{
    (void)state;
    pair from;

    pair_init(&from);
    size_t extra = copi_message_extra(&branch_type, &from.message);
    branch *copy = malloc(sizeof *copy + extra);
    assert_non_null(copy);
    assert_int_equal(extra, 2 * sizeof(leaf) + 3 * sizeof(cop_buf *) + 4);
    assert_true(copi_message_copy(&branch_type, copy, &from.message));
    assert_ptr_equal(copy->one.data, from.a);
    assert_ptr_equal(copy->many.items[1].data, from.b);
    assert_ptr_equal(copy->bufs.items[0], from.a);
    assert_ptr_not_equal(copy->bufs.items, from.bufs);
    assert_int_equal(references(from.a), 3);
    assert_int_equal(references(from.b), 3);
    free(copy);
    pair_fini(&from);
}

static void
a_copy_says_whether_there_are_buffers(void **state)
{
    (void)state;
    char copy[256];
    branch none = {
        .many = {(const leaf[]){{.n = 1}}, 1}
    };

    assert_false(copi_message_copy(&branch_type, copy, &none));
    assert_false(copi_message_copy(&tree_type, copy, &COP_MSG(tree, .value = 1)));
    assert_false(copi_message_copy(&point_type, copy, &COP_MSG(point, .x = 1)));
}

static void
references_are_counted_by_bytes_and_dropped_wherever_they_are(void **state)
{
    (void)state;
    pair from;

    pair_init(&from);
    /* Six places, one of them in the list's first leaf, are 8 bytes wider. */
    assert_int_equal(copi_message_bufs_extra(&branch_type, &from.message),
                     3 + 1 + 3 + 1 + 6 * (sizeof(cop_bytes) - sizeof(cop_buf *)));
    pair_fini(&from);

    cop_buf *data = buf_of("x");
    chain end = {.data = cop_buf_ref(data)};
    chain top = {
        .data = cop_buf_ref(data), .next = {&end, 1}
    };
    copi_message_drop(&chain_type, &top);
    assert_int_equal(references(data), 1);
    cop_buf_unref(data);
}

static void
buffers_print_match_and_equal_as_bytes(void **state)
{
    (void)state;
    char text[256];
    leaf message = {.data = buf_of("\x01\xff")}, other = {.data = buf_of("\x01\xff")},
         third = {.data = buf_of("\x01\xfe")}, none = {0}, empty = {.data = buf_of("")};

    assert_string_equal(cop_message_print(&leaf_type, &message, text, sizeof text),
                        "leaf{data: x\"01ff\", n: 0}");
    assert_string_equal(cop_message_print(&leaf_type, &none, text, sizeof text),
                        "leaf{data: x\"\", n: 0}");
    assert_true(cop_message_match(&leaf_type, &message, "leaf{data: x\"01ff\"}"));
    assert_true(cop_message_match(&leaf_type, &message, "leaf{data: x\"01\"...}"));
    assert_false(cop_message_match(&leaf_type, &message, "leaf{data: x\"01\"}"));
    assert_true(cop_message_match(&leaf_type, &none, "leaf{data: x\"\"}"));
    assert_true(cop_message_equal(&leaf_type, &message, &other));
    assert_false(cop_message_equal(&leaf_type, &message, &third));
    assert_false(cop_message_equal(&leaf_type, &message, &none));
    assert_true(cop_message_equal(&leaf_type, &none, &empty));
    copi_message_drop(&leaf_type, &message);
    copi_message_drop(&leaf_type, &other);
    copi_message_drop(&leaf_type, &third);
    copi_message_drop(&leaf_type, &empty);
}

/* ------------------------------------------------------------------------- on the wire */

static void
a_buffer_travels_as_bin(void **state)
{
    (void)state;
    cop_buf *data = buf_of("hi"), *empty = buf_of("");
    cop_buf *const bufs[] = {data, NULL, empty};
    branch message = {
        .bufs = {bufs, 3}
    };

    assert_packs(&leaf_type, &COP_MSG(leaf, .data = data), WIRE(0x81, 1, 0xc4, 2, 'h', 'i'));
    assert_packs(&leaf_type, &COP_MSG(leaf, .data = empty), WIRE(0x80));
    assert_packs(&leaf_type, &COP_MSG(leaf), WIRE(0x80));
    assert_packs(&branch_type, &message,
                 WIRE(0x81, 3, 0x93, 0xc4, 2, 'h', 'i', 0xc4, 0, 0xc4, 0));
    cop_buf_unref(data);
    cop_buf_unref(empty);
}

static void
a_decoded_buffer_is_new_and_an_empty_one_null(void **state)
{
    (void)state;
    cop_err err;
    wire bytes = WIRE(0x81, 3, 0x92, 0xc4, 2, 'h', 'i', 0xc4, 0);
    branch *got = unpacked(&branch_type, bytes, &err);

    assert_int_equal(err, COP_OK);
    assert_int_equal(got->bufs.count, 2);
    assert_int_equal(references(got->bufs.items[0]), 1);
    assert_memory_equal(cop_buf_view(got->bufs.items[0]).data, "hi", 2);
    assert_null(got->bufs.items[1]);
    assert_null(got->one.data);
    release(&branch_type, got);
    free(bytes.bytes);
}

static void
bytes_and_buffers_understand_each_other(void **state)
{
    (void)state;
    pair from;
    copied_leaf leaves[] = {{.n = 1}, {.data = {"b", 1}}};
    copied_branch copied = {
        .one = {.data = {"aaa", 3}},
        .many = {   leaves,                 2},
        .bufs = COP_LIST(cop_bytes, {   "aaa",                 3},
          {   0                 },
          { "b",                  1}
          ),
        .name = COP_STR("pair")
    };

    pair_init(&from);
    assert_unpacks(&branch_type, packed(&copied_branch_type, &copied), &from.message);
    assert_unpacks(&copied_branch_type, packed(&branch_type, &from.message), &copied);
    pair_fini(&from);
}

static void
another_kind_than_bin_is_refused(void **state)
{
    (void)state;
    assert_refuses(&leaf_type, WIRE(0x81, 1, 0xa2, 'h', 'i'), COP_E_BAD_MESSAGE);
    assert_refuses(&leaf_type, WIRE(0x81, 1, 0xc0), COP_E_BAD_MESSAGE);
    assert_refuses(&leaf_type, WIRE(0x81, 1, 0x91, 1), COP_E_BAD_MESSAGE);
    assert_refuses(&leaf_type, WIRE(0x81, 1, 0xc6, 255, 255, 255, 255), COP_E_BAD_MESSAGE);
    assert_refuses(&leaf_type, WIRE(0x82, 1, 0xc4, 2, 'h', 'i', 1, 7), COP_E_BAD_MESSAGE);
}

/* The first is freed, in whatever the field is. */
static void
of_a_buffer_that_comes_twice_the_last_counts(void **state)
{
    (void)state;
    leaf b = {.data = buf_of("b")};
    branch bufs = {
        .bufs = {&b.data, 1}
    };
    branch one = {.one = b};
    branch many = {
        .many = {&b, 1}
    };

    assert_unpacks(&leaf_type, WIRE(0x82, 1, 0xc4, 1, 'a', 1, 0xc4, 1, 'b'), &b);
    assert_unpacks(&leaf_type, WIRE(0x82, 1, 0xc4, 1, 'a', 1, 0xc4, 0), &COP_MSG(leaf));
    assert_unpacks(&branch_type,
                   WIRE(0x82, 3, 0x92, 0xc4, 1, 'x', 0xc4, 1, 'y', 3, 0x91, 0xc4, 1, 'b'),
                   &bufs);
    assert_unpacks(&branch_type, WIRE(0x82, 1, 0x81, 1, 0xc4, 1, 'a', 1, 0x81, 1, 0xc4, 1, 'b'),
                   &one);
    assert_unpacks(
        &branch_type,
        WIRE(0x82, 2, 0x92, 0x81, 1, 0xc4, 1, 'a', 0x80, 2, 0x91, 0x81, 1, 0xc4, 1, 'b'),
        &many);
    cop_buf_unref(b.data);
}

/* Whichever allocation fails: the sanitizers see what would leak or be freed twice. */
static void
without_memory_for_a_buffer_nothing_is_decoded(void **state)
{
    (void)state;
    pair from;
    wire twice =
        WIRE(0x84, 1, 0x81, 1, 0xc4, 1, 'a', 1, 0x82, 1, 0xc4, 1, 'b', 2, 5, 3, 0x93, 0xc4, 1,
             'c', 0xc4, 0, 0xc4, 1, 'd', 2, 0x92, 0x80, 0x81, 1, 0xc4, 1, 'e');
    size_t size;
    unsigned need;

    pair_init(&from);
    wire once = packed(&branch_type, &from.message);
    for (int which = 0; which < 2; which++) {
        const wire bytes = which == 0 ? once : twice;

        assert_int_equal(copi_unpack_size(&branch_type, bytes.bytes, bytes.size, &size),
                         COP_OK);
        branch *got = malloc(size);
        assert_non_null(got);
        for (need = 0;; need++) {
            memset(got, 0xee, size);
            budget = need;
            cop_err err = copi_unpack(&branch_type, bytes.bytes, bytes.size, got);
            budget = UINT32_MAX;
            if (err == COP_OK)
                break;
            assert_int_equal(err, COP_E_NOMEM);
        }
        assert_int_equal(need, which == 0 ? 4 : 5);
        release(&branch_type, got);
        free(bytes.bytes);
    }
    pair_fini(&from);
}

/* As much as a peer could take that has `bytes` there; buffers count like their bytes. */
static void
what_a_peer_with_bytes_would_refuse_is_not_sent(void **state)
{
    (void)state;
    const size_t most = ((size_t)1 << 24) - sizeof(copied_leaf);
    leaf fits = {.data = cop_buf_new(most)}, over = {.data = cop_buf_new(most + 1)};
    copied_leaf copied = {
        .data = {calloc(1, most + 1), most + 1}
    };

    assert_non_null(fits.data);
    assert_non_null(over.data);
    assert_non_null(copied.data.data);
    assert_int_not_equal(copi_pack_size(&leaf_type, &fits), SIZE_MAX);
    assert_int_equal(copi_pack_size(&leaf_type, &over), SIZE_MAX);
    assert_int_equal(copi_pack_size(&copied_leaf_type, &copied), SIZE_MAX);
    copied.data.size = most;
    assert_int_equal(copi_pack_size(&copied_leaf_type, &copied),
                     copi_pack_size(&leaf_type, &fits));
    free((void *)(uintptr_t)copied.data.data);
    cop_buf_unref(fits.data);
    cop_buf_unref(over.data);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_holds_bytes),
        cmocka_unit_test(null_is_the_empty_buffer),
        cmocka_unit_test(what_no_memory_could_hold_is_not_made),
        cmocka_unit_test(only_the_holder_of_the_only_reference_may_write),
        cmocka_unit_test(threads_share_a_buffer_and_the_last_can_write_again),
        cmocka_unit_test(types_say_whether_there_may_be_buffers),
        cmocka_unit_test(a_copy_moves_references_and_no_bytes),
        cmocka_unit_test(a_copy_says_whether_there_are_buffers),
        cmocka_unit_test(references_are_counted_by_bytes_and_dropped_wherever_they_are),
        cmocka_unit_test(buffers_print_match_and_equal_as_bytes),
        cmocka_unit_test(a_buffer_travels_as_bin),
        cmocka_unit_test(a_decoded_buffer_is_new_and_an_empty_one_null),
        cmocka_unit_test(bytes_and_buffers_understand_each_other),
        cmocka_unit_test(another_kind_than_bin_is_refused),
        cmocka_unit_test(of_a_buffer_that_comes_twice_the_last_counts),
        cmocka_unit_test(without_memory_for_a_buffer_nothing_is_decoded),
        cmocka_unit_test(what_a_peer_with_bytes_would_refuse_is_not_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
