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
#include "base/pool.h"
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
static _Atomic unsigned budget = UINT32_MAX;

cop_buf *__real_cop_buf_new(size_t size);
cop_buf *__wrap_cop_buf_new(size_t size);

cop_buf *
__wrap_cop_buf_new(size_t size)
{
    unsigned left = atomic_load(&budget);

    while (left > 0 && !atomic_compare_exchange_weak(&budget, &left, left - 1))
        continue;
    return left > 0 ? __real_cop_buf_new(size) : NULL;
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

/* ------------------------------------------------------------- freed ones, kept for use */

/* In the sanitizers' builds each buffer is malloc's, and there is nothing to see. */
#define ONLY_IF_KEPT()                                                                         \
    do {                                                                                       \
        if (!COPI_IS_POOLING)                                                                  \
            skip();                                                                            \
    } while (0)

/* A buffer whose every byte says which one it is. */
static cop_buf *
marked(size_t size, unsigned mark)
{
    cop_buf *made = cop_buf_new(size);

    assert_non_null(made);
    memset(cop_buf_bytes(made), (int)(mark & 0xff), size);
    return made;
}

static bool
is_marked(const cop_buf *buf, unsigned mark)
{
    cop_bytes all = cop_buf_view(buf);

    for (size_t i = 0; i < all.size; i++)
        if (((const uint8_t *)all.data)[i] != (uint8_t)mark)
            return false;
    return true;
}

static void
a_freed_buffer_is_the_next_one_of_its_class(void **state)
{
    (void)state;
    ONLY_IF_KEPT();
    cop_buf *first = marked(1000, 1), *other = marked(1025, 2);

    cop_buf_unref(first);
    cop_buf *smaller = cop_buf_new(513), *second = cop_buf_new(1024);
    assert_ptr_equal(smaller, first);
    assert_int_equal(cop_buf_size(smaller), 513);
    assert_int_equal(references(smaller), 1);
    assert_ptr_not_equal(second, first);
    cop_buf_unref(other);
    cop_buf *larger = cop_buf_new(2048);
    assert_ptr_equal(larger, other);
    cop_buf_unref(smaller);
    cop_buf_unref(second);
    cop_buf_unref(larger);
}

static void
one_that_is_shared_is_not_given_to_another(void **state)
{
    (void)state;
    cop_buf *shared = marked(5000, 3), *mine = cop_buf_ref(shared);

    cop_buf_unref(shared);
    cop_buf *next = marked(5000, 4);
    assert_ptr_not_equal(next, mine);
    assert_true(is_marked(mine, 3));
    cop_buf_unref(mine);
    cop_buf_unref(next);
}

/* At the borders of all classes, all alive at once; the second time they are used again. */
static void
buffers_of_all_sizes_hold_what_is_theirs(void **state)
{
    enum {
        BITS = 21
    };
    cop_buf *bufs[3 * BITS];

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < COP_COUNT(bufs); i++)
            bufs[i] = marked(((size_t)1 << i / 3) - 1 + i % 3, i);
        for (unsigned i = 0; i < COP_COUNT(bufs); i++) {
            assert_int_equal(cop_buf_size(bufs[i]), ((size_t)1 << i / 3) - 1 + i % 3);
            assert_true(is_marked(bufs[i], i));
            cop_buf_unref(bufs[i]);
        }
    }
}

static void *
make_and_free(void *size)
{
    cop_buf *bufs[3];

    for (size_t i = 0; i < COP_COUNT(bufs); i++)
        bufs[i] = cop_buf_new((size_t)(uintptr_t)size);
    for (size_t i = 0; i < COP_COUNT(bufs); i++)
        cop_buf_unref(bufs[i]);
    return NULL;
}

static void
a_thread_that_ends_leaves_what_it_kept_to_others(void **state)
{
    pthread_t thread;

    (void)state;
    ONLY_IF_KEPT();
    copi_bufs_trim();
    assert_int_equal(copi_bufs_kept(), 0);
    assert_int_equal(pthread_create(&thread, NULL, make_and_free, (void *)(uintptr_t)40000), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(copi_bufs_kept(), 3 * 65536);
    cop_buf *taken = cop_buf_new(40000); /* a batch, of all three */
    assert_int_equal(copi_bufs_kept(), 0);
    cop_buf_unref(taken); /* to this thread, which has room for it */
    assert_int_equal(copi_bufs_kept(), 0);
}

static void
no_more_is_kept_than_the_bounds_allow(void **state)
{
    enum {
        SIZE = 1024 * 1024,
        COUNT = (COPI_BUF_DEPOT_MAX + COPI_BUF_THREAD_MAX) / SIZE + 10
    };
    cop_buf *bufs[COUNT];

    (void)state;
    ONLY_IF_KEPT();
    copi_bufs_trim();
    for (int i = 0; i < COUNT; i++) {
        bufs[i] = cop_buf_new(SIZE);
        assert_non_null(bufs[i]);
    }
    for (int i = 0; i < COUNT; i++)
        cop_buf_unref(bufs[i]);
    assert_int_equal(copi_bufs_kept(), COPI_BUF_DEPOT_MAX);
    copi_bufs_trim();
    assert_int_equal(copi_bufs_kept(), 0);
}

/* Buffers on their way from the threads that make them to those that free them. */
typedef struct belt {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    cop_buf *bufs[64];
    unsigned count;
    unsigned makers; /* that are still at work */
    unsigned moved, damaged;
} belt;

static const size_t belt_sizes[] = {300, 1024, 5000, 65536, 200000};

static void
belt_put(belt *self, cop_buf *buf)
{
    pthread_mutex_lock(&self->lock);
    while (self->count == COP_COUNT(self->bufs))
        pthread_cond_wait(&self->changed, &self->lock);
    self->bufs[self->count++] = buf;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

/* NULL when all has been made and taken. */
static cop_buf *
belt_take(belt *self)
{
    pthread_mutex_lock(&self->lock);
    while (self->count == 0 && self->makers > 0)
        pthread_cond_wait(&self->changed, &self->lock);
    cop_buf *taken = self->count == 0 ? NULL : self->bufs[--self->count];
    self->moved += taken != NULL;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    return taken;
}

/* The first byte and the last are the same in a buffer that nobody else writes to. */
static void *
make_for_belt(void *ctx)
{
    belt *to = ctx;

    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t size = belt_sizes[i % COP_COUNT(belt_sizes)];
        cop_buf *made = cop_buf_new(size);
        uint8_t *bytes = cop_buf_bytes(made);
        bytes[0] = bytes[size - 1] = (uint8_t)i;
        belt_put(to, made);
    }
    pthread_mutex_lock(&to->lock);
    to->makers--;
    pthread_cond_broadcast(&to->changed);
    pthread_mutex_unlock(&to->lock);
    return NULL;
}

static void *
free_from_belt(void *ctx)
{
    belt *from = ctx;
    unsigned damaged = 0;

    for (cop_buf *taken; (taken = belt_take(from)) != NULL;) {
        uint8_t *bytes = cop_buf_bytes(taken);
        size_t size = cop_buf_size(taken);
        damaged += bytes == NULL || bytes[0] != bytes[size - 1];
        bytes[0] = 1; /* which the next maker must not see, and nobody else */
        bytes[size - 1] = 2;
        cop_buf_unref(taken);
    }
    pthread_mutex_lock(&from->lock);
    from->damaged += damaged;
    pthread_mutex_unlock(&from->lock);
    return NULL;
}

static void
what_one_thread_makes_another_can_free(void **state)
{
    (void)state;
    belt belt = {.lock = PTHREAD_MUTEX_INITIALIZER,
                 .changed = PTHREAD_COND_INITIALIZER,
                 .makers = THREADS / 2};
    pthread_t threads[THREADS];

    copi_bufs_trim();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL,
                                        i % 2 == 0 ? make_for_belt : free_from_belt, &belt),
                         0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(belt.moved, THREADS / 2 * ROUNDS);
    assert_int_equal(belt.damaged, 0);
    if (COPI_IS_POOLING)
        assert_in_range(copi_bufs_kept(), 1, COPI_BUF_DEPOT_MAX);
    copi_bufs_trim();
    assert_int_equal(copi_bufs_kept(), 0);
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
        cmocka_unit_test(a_freed_buffer_is_the_next_one_of_its_class),
        cmocka_unit_test(one_that_is_shared_is_not_given_to_another),
        cmocka_unit_test(buffers_of_all_sizes_hold_what_is_theirs),
        cmocka_unit_test(a_thread_that_ends_leaves_what_it_kept_to_others),
        cmocka_unit_test(no_more_is_kept_than_the_bounds_allow),
        cmocka_unit_test(what_one_thread_makes_another_can_free),
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
