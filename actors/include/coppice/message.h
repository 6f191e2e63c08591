/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h - typed messages: one list gives structs, wire format, printer and matcher.
 *
 *      #define COUNTER(M, F)                  \
 *          M(1, counter_add,   F(i64, by))    \
 *          M(2, counter_get)                  \
 *          M(3, counter_value, F(i64, n))
 *      COP_PROTOCOL(COUNTER)
 *
 * stands in a header that everybody who sends or handles these messages includes.  It
 * makes `typedef struct counter_add { int64_t by; } counter_add;` and its descriptor
 * `counter_add_type`, and the same for the others.
 *
 * A field is one of
 *      F(kind, name)           kind: bool i32 i64 u32 u64 f64 str bytes buf pid
 *      F(msg, type, name)      a message by value, of this protocol (further up) or another
 *      F(list, item, name)     struct { T const *items; size_t count; }; item: a kind or a
 *                              message type, even one further down or the same
 *      F(gap)                  nothing, in the place of a field that was removed
 * and fields follow each other without commas.  Up to 32 fields in a message, up to 64
 * messages in a protocol.
 *
 * On the wire a message is known by its protocol's name and its number, a field by its
 * place.  So names of messages and fields may change, and fields may be added at the end:
 * who does not know them skips them, who misses them sees zero.  What may not change is a
 * protocol's name, a number, a place and a kind; but `bytes` and `buf` are one on the wire.
 *
 * A message owns nothing but its references to buffers.  Sending copies it deeply, and what
 * a handler sees lives as long as the call.  Buffers are not copied: a send takes over the
 * references in the message, whatever it returns, and what a handler wants to keep takes
 * one of its own (buf.h).  An empty string or list has a size of zero and any pointer, an
 * empty buffer is NULL.
 */
#ifndef COPPICE_MESSAGE_H
#define COPPICE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <coppice/api.h>
#include <coppice/buf.h>
#include <coppice/type.h>

/* Declares and defines the messages of a protocol; without a semicolon, outside functions. */
#define COP_PROTOCOL(P) COPI_PROTOCOL(P, P(COPI_MESSAGE, COPI_FIELD))

/*
 * A message as an lvalue that lives to the end of the block:
 * COP_MSG(counter_get), COP_MSG(counter_add, .by = 2).
 */
#define COP_MSG(...) COPI_MSG(__VA_ARGS__, )

/* A string literal as cop_str. */
#define COP_STR(literal) ((cop_str){"" literal "", sizeof(literal) - 1})

/* The value of a list field, with its items: .samples = COP_LIST(int64_t, 1, 2, 3). */
#define COP_LIST(T, ...)                                                                       \
    {                                                                                          \
        (T const[]){__VA_ARGS__}, COP_COUNT(((T const[]){__VA_ARGS__}))                        \
    }

/* Borrows a terminated text; NULL is the empty one.  Any thread. */
COP_API cop_str cop_str_from(const char *text);

/* Has `str` these and no other characters?  Any thread. */
COP_API bool cop_str_equal(cop_str str, const char *text);

/*
 * Writes a message as `counter_add{by: 2}` into `text` of `size` bytes, cut off if need be,
 * and returns `text`.  Long strings, bytes and lists end in "...".  Any thread.
 */
COP_API char *cop_message_print(const cop_type *type, const void *message, char *text,
                                size_t size);

/* Are all fields equal, and what they point to?  A NaN equals a NaN.  Any thread. */
COP_API bool cop_message_equal(const cop_type *type, const void *a, const void *b);

/*
 * Does the message look like this?  A pattern is written as cop_message_print writes:
 *      counter_add{by: 2}      a counter_add whose field `by` is 2
 *      counter_add{}           any counter_add: fields that are not named may be anything
 *      pair{a: _, b: "x"...}   `_` is any value, `...` any rest of a string, bytes or list
 * False, too, if the pattern is malformed or names a field that there is not.  Any thread.
 */
COP_API bool cop_message_match(const cop_type *type, const void *message, const char *pattern);

/* ------------------------------------------------------------------- how it is done
 *
 * COUNTER(COPI_MESSAGE, COPI_FIELD) becomes a list of tuples, one for each message, with a
 * tuple for each field inside.  The preprocessor cannot loop, so COPI_EACH_MESSAGE and
 * COPI_EACH_FIELD spell out all places; what is not used holds a tuple that says so.
 */

/* The `{}` of a message without fields is C23; it is what `{0}` is, but no compiler warns
 * about missing braces when the first member is a struct. */
#define COPI_MSG(T, ...) (__extension__(T){__VA_ARGS__})

/* &counter_add_type, from what COP_MSG takes. */
#define COPI_TYPE_OF(...)     COPI_TYPE_OF_(__VA_ARGS__, )
#define COPI_TYPE_OF_(T, ...) (&T##_type)

#define COPI_MESSAGE(...)     , (1, __VA_ARGS__, COPI_GAPS)
#define COPI_FIELD(...)       , (__VA_ARGS__, , , )

#define COPI_PROTOCOL(P, ...)                                                                  \
    _Static_assert(sizeof #P <= 33, "a protocol's name has up to 32 characters");              \
    COPI_EACH_MESSAGE(COPI_DECLARE, P, __VA_ARGS__)                                            \
    COPI_EACH_MESSAGE(COPI_DEFINE, P, __VA_ARGS__)

/* First the names of all messages, so that a list can hold what comes further down. */
#define COPI_DECLARE(P, n, T, ...)                                                             \
    typedef struct T T;                                                                        \
    extern COP_API const cop_type T##_type;

/* Then all the rest.  The first enumerator is there so that it cannot be there twice. */
#define COPI_DEFINE(P, n, T, ...)                                                              \
    struct T {                                                                                 \
        COPI_EACH_FIELD(COPI_MEMBER, T, __VA_ARGS__)                                           \
        COPI_FIRST_FIELD(COPI_DUMMY, T, __VA_ARGS__)                                           \
    };                                                                                         \
    enum {                                                                                     \
        copi_number_##P##_##n = (n),                                                           \
        copi_flat_##T = 1 COPI_EACH_FIELD(COPI_FLAT, T, __VA_ARGS__),                          \
        copi_has_bufs_##T = 0 COPI_EACH_FIELD(COPI_HAS_BUFS, T, __VA_ARGS__),                  \
        copi_count_##T = 0 COPI_EACH_FIELD(COPI_COUNT, T, __VA_ARGS__)                         \
    };                                                                                         \
    __attribute__((weak)) const cop_type T##_type = {                                          \
        .protocol = #P,                                                                        \
        .name = #T,                                                                            \
        .fields = (const cop_field[]){COPI_EACH_FIELD(COPI_ENTRY, T, __VA_ARGS__){0}},         \
        .number = (n),                                                                         \
        .wire_id = COPI_WIRE_ID(#P, n),                                                        \
        .size = sizeof(T),                                                                     \
        .field_count = copi_count_##T,                                                         \
        .flat = copi_flat_##T,                                                                 \
        .has_bufs = copi_has_bufs_##T,                                                         \
    };

/* F(kind, a, b) as a member of the struct. */
#define COPI_MEMBER(T, n, kind, a, b)     COPI_CAT(COPI_MEMBER_, COPI_SHAPE(kind))(kind, a, b)
#define COPI_MEMBER_ONE(kind, name, none) COPI_KIND_TYPE(kind) name;
#define COPI_MEMBER_MSG(kind, type, name) type name;
#define COPI_MEMBER_LIST(kind, item, name)                                                     \
    struct {                                                                                   \
        COPI_ITEM_TYPE(item) const *items;                                                     \
        size_t count;                                                                          \
    } name;
#define COPI_MEMBER_GAP(kind, a, b)

/* ISO C has no empty structs. */
#define COPI_DUMMY(T, n, kind, a, b) COPI_CAT(COPI_DUMMY_, COPI_IS_FIELD(kind))
#define COPI_DUMMY_1
#define COPI_DUMMY_0 char copi_empty;

/* ... as a row of the table. */
#define COPI_ENTRY(T, n, kind, a, b) COPI_CAT(COPI_ENTRY_, COPI_SHAPE(kind))(T, n, kind, a, b)
#define COPI_ENTRY_ONE(T, n, kind, name, none)                                                 \
    {#name, NULL, (uint32_t)offsetof(T, name), n, COPI_KIND_NUMBER(kind), 0},
#define COPI_ENTRY_MSG(T, n, kind, type, name)                                                 \
    {#name, &type##_type, (uint32_t)offsetof(T, name), n, COP_FIELD_MSG, 0},
#define COPI_ENTRY_LIST(T, n, kind, item, name)                                                \
    {#name, COPI_ITEM_NESTED(item), (uint32_t)offsetof(T, name),                               \
     n,     COP_FIELD_LIST,         COPI_KIND_NUMBER(item)},
#define COPI_ENTRY_GAP(T, n, kind, a, b)

/* ... as a term of "all fields are flat". */
#define COPI_FLAT(T, n, kind, a, b)      COPI_CAT(COPI_FLAT_, COPI_SHAPE(kind))(kind, a, b)
#define COPI_FLAT_ONE(kind, name, none)  &&COPI_KIND_FLAT(kind)
#define COPI_FLAT_MSG(kind, type, name)  &&copi_flat_##type
#define COPI_FLAT_LIST(kind, item, name) &&0
#define COPI_FLAT_GAP(kind, a, b)

/* ... as a term of "there may be a buffer".  A list may hold messages that come further
 * down, of which nothing is known here. */
#define COPI_HAS_BUFS(T, n, kind, a, b)      COPI_CAT(COPI_HAS_BUFS_, COPI_SHAPE(kind))(kind, a, b)
#define COPI_HAS_BUFS_ONE(kind, name, none)  || COPI_KIND_HAS_BUFS(kind)
#define COPI_HAS_BUFS_MSG(kind, type, name)  || copi_has_bufs_##type
#define COPI_HAS_BUFS_LIST(kind, item, name) || COPI_KIND_HAS_BUFS(item)
#define COPI_HAS_BUFS_GAP(kind, a, b)

/* ... as one of how many there are. */
#define COPI_COUNT(T, n, kind, a, b) +COPI_IS_FIELD(kind)

/* ... as an error, when it is the 33rd. */
#define COPI_TOO_MANY(T, n, kind, a, b) COPI_CAT(COPI_TOO_MANY_, COPI_IS_FIELD(kind))
#define COPI_TOO_MANY_1                 COPI_MORE_THAN_32_FIELDS
#define COPI_TOO_MANY_0

/* What kinds are.  All but these three are simple ... */
#define COPI_SHAPE(kind)    COPI_2ND(COPI_SHAPE_##kind, ONE, )
#define COPI_SHAPE_msg      ~, MSG
#define COPI_SHAPE_list     ~, LIST
#define COPI_SHAPE_gap      ~, GAP
#define COPI_IS_FIELD(kind) COPI_2ND(COPI_IS_FIELD_##kind, 1, )
#define COPI_IS_FIELD_gap   ~, 0

/* ... and have a row here: type, number, nested type, is it flat, is it a buffer?  An item
 * without a row is a message, which may have buffers.  (<stdbool.h> may turn bool into
 * _Bool before we see it.) */
#define COPI_KIND_bool           ~, bool, COP_FIELD_BOOL, NULL, 1, 0
#define COPI_KIND__Bool          ~, bool, COP_FIELD_BOOL, NULL, 1, 0
#define COPI_KIND_i32            ~, int32_t, COP_FIELD_I32, NULL, 1, 0
#define COPI_KIND_i64            ~, int64_t, COP_FIELD_I64, NULL, 1, 0
#define COPI_KIND_u32            ~, uint32_t, COP_FIELD_U32, NULL, 1, 0
#define COPI_KIND_u64            ~, uint64_t, COP_FIELD_U64, NULL, 1, 0
#define COPI_KIND_f64            ~, double, COP_FIELD_F64, NULL, 1, 0
#define COPI_KIND_str            ~, cop_str, COP_FIELD_STR, NULL, 0, 0
#define COPI_KIND_bytes          ~, cop_bytes, COP_FIELD_BYTES, NULL, 0, 0
#define COPI_KIND_buf            ~, cop_buf *, COP_FIELD_BUF, NULL, 0, 1
#define COPI_KIND_pid            ~, cop_pid, COP_FIELD_PID, NULL, 1, 0

#define COPI_KIND_TYPE(kind)     COPI_2ND(COPI_KIND_##kind, COPI_KIND_##kind, )
#define COPI_KIND_NUMBER(kind)   COPI_3RD(COPI_KIND_##kind, ~, COP_FIELD_MSG, )
#define COPI_KIND_FLAT(kind)     COPI_5TH(COPI_KIND_##kind, ~, ~, ~, 0, )
#define COPI_KIND_HAS_BUFS(kind) COPI_6TH(COPI_KIND_##kind, ~, ~, ~, ~, 1, )
#define COPI_ITEM_TYPE(item)     COPI_2ND(COPI_KIND_##item, item, )
#define COPI_ITEM_NESTED(item)   COPI_4TH(COPI_KIND_##item, ~, ~, &item##_type, )

/*
 * 31 bits of FNV-1a over the protocol's name, plus the number: within a protocol no two are
 * the same.  Odd, so never zero.
 */
#define COPI_WIRE_ID(protocol, n)                                                              \
    (((COPI_HASH(protocol COPI_ZEROS) + (uint32_t)(n)) << 1) | UINT32_C(1))
#define COPI_ZEROS "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define COPI_HASH(s)                                                                           \
    COPI_HASH_8(s, 24, COPI_HASH_8(s, 16, COPI_HASH_8(s, 8, COPI_HASH_8(s, 0, 2166136261u))))
#define COPI_HASH_8(s, i, h)             COPI_HASH_4(s, i + 4, COPI_HASH_4(s, i, h))
#define COPI_HASH_4(s, i, h)             COPI_HASH_2(s, i + 2, COPI_HASH_2(s, i, h))
#define COPI_HASH_2(s, i, h)             COPI_HASH_1(s, i + 1, COPI_HASH_1(s, i, h))
#define COPI_HASH_1(s, i, h)             ((h ^ (uint8_t)(s)[i]) * UINT32_C(16777619))

#define COPI_CAT(a, b)                   COPI_CAT_(a, b)
#define COPI_CAT_(a, b)                  a##b
#define COPI_2ND(...)                    COPI_2ND_(__VA_ARGS__)
#define COPI_2ND_(a, b, ...)             b
#define COPI_3RD(...)                    COPI_3RD_(__VA_ARGS__)
#define COPI_3RD_(a, b, c, ...)          c
#define COPI_4TH(...)                    COPI_4TH_(__VA_ARGS__)
#define COPI_4TH_(a, b, c, d, ...)       d
#define COPI_5TH(...)                    COPI_5TH_(__VA_ARGS__)
#define COPI_5TH_(a, b, c, d, e, ...)    e
#define COPI_6TH(...)                    COPI_6TH_(__VA_ARGS__)
#define COPI_6TH_(a, b, c, d, e, f, ...) f
#define COPI_OPEN(...)                   __VA_ARGS__

/* op(T, place, kind, a, b) for each field.  `skip` is what stands before the first comma. */
#define COPI_EACH_FIELD(op, T, ...) COPI_EACH_FIELD_(op, T, __VA_ARGS__, ~)
/* clang-format off */
#define COPI_EACH_FIELD_(op, T, skip, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13,  \
                         f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27, \
                         f28, f29, f30, f31, f32, f33, ...)                                    \
    COPI_8_FIELDS(op, T, 0, f1, f2, f3, f4, f5, f6, f7, f8)                                    \
    COPI_8_FIELDS(op, T, 8, f9, f10, f11, f12, f13, f14, f15, f16)                             \
    COPI_8_FIELDS(op, T, 16, f17, f18, f19, f20, f21, f22, f23, f24)                           \
    COPI_8_FIELDS(op, T, 24, f25, f26, f27, f28, f29, f30, f31, f32)                           \
    COPI_FIELD_CALL(COPI_TOO_MANY, T, 33, f33)
#define COPI_8_FIELDS(op, T, n, f1, f2, f3, f4, f5, f6, f7, f8)                                \
    COPI_FIELD_CALL(op, T, n + 1, f1)                                                          \
    COPI_FIELD_CALL(op, T, n + 2, f2)                                                          \
    COPI_FIELD_CALL(op, T, n + 3, f3)                                                          \
    COPI_FIELD_CALL(op, T, n + 4, f4)                                                          \
    COPI_FIELD_CALL(op, T, n + 5, f5)                                                          \
    COPI_FIELD_CALL(op, T, n + 6, f6)                                                          \
    COPI_FIELD_CALL(op, T, n + 7, f7)                                                          \
    COPI_FIELD_CALL(op, T, n + 8, f8)
/* clang-format on */
#define COPI_FIRST_FIELD(op, T, ...)                 COPI_FIRST_FIELD_(op, T, __VA_ARGS__)
#define COPI_FIRST_FIELD_(op, T, skip, first, ...)   COPI_FIELD_CALL(op, T, 1, first)
#define COPI_FIELD_CALL(op, T, n, field)             COPI_FIELD_CALL_(op, T, n, COPI_OPEN field)
#define COPI_FIELD_CALL_(...)                        COPI_FIELD_CALL__(__VA_ARGS__)
#define COPI_FIELD_CALL__(op, T, n, kind, a, b, ...) op(T, n, kind, a, b)
/* clang-format off */
#define COPI_GAPS COPI_GAPS_8, COPI_GAPS_8, COPI_GAPS_8, COPI_GAPS_8, COPI_GAP, COPI_GAP
/* clang-format on */
#define COPI_GAPS_8                                                                            \
    COPI_GAP, COPI_GAP, COPI_GAP, COPI_GAP, COPI_GAP, COPI_GAP, COPI_GAP, COPI_GAP
#define COPI_GAP (gap, , , , )

/* op(P, number, T, skip, fields...) for each message; a tuple that begins with 0 is none. */
#define COPI_EACH_MESSAGE(op, P, ...)                                                          \
    COPI_EACH_MESSAGE_(op, P, __VA_ARGS__, COPI_NO_MESSAGES, ~)
#define COPI_EACH_MESSAGE_(...) COPI_EACH_MESSAGE__(__VA_ARGS__)
/* clang-format off */
#define COPI_EACH_MESSAGE__(op, P, skip, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12,    \
                            m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25,   \
                            m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36, m37, m38,   \
                            m39, m40, m41, m42, m43, m44, m45, m46, m47, m48, m49, m50, m51,   \
                            m52, m53, m54, m55, m56, m57, m58, m59, m60, m61, m62, m63, m64,   \
                            m65, ...)                                                          \
    COPI_8_MESSAGES(op, P, m1, m2, m3, m4, m5, m6, m7, m8)                                     \
    COPI_8_MESSAGES(op, P, m9, m10, m11, m12, m13, m14, m15, m16)                              \
    COPI_8_MESSAGES(op, P, m17, m18, m19, m20, m21, m22, m23, m24)                             \
    COPI_8_MESSAGES(op, P, m25, m26, m27, m28, m29, m30, m31, m32)                             \
    COPI_8_MESSAGES(op, P, m33, m34, m35, m36, m37, m38, m39, m40)                             \
    COPI_8_MESSAGES(op, P, m41, m42, m43, m44, m45, m46, m47, m48)                             \
    COPI_8_MESSAGES(op, P, m49, m50, m51, m52, m53, m54, m55, m56)                             \
    COPI_8_MESSAGES(op, P, m57, m58, m59, m60, m61, m62, m63, m64)                             \
    COPI_MESSAGE_CALL(COPI_MORE_THAN_64_MESSAGES, P, m65)
#define COPI_8_MESSAGES(op, P, m1, m2, m3, m4, m5, m6, m7, m8)                                 \
    COPI_MESSAGE_CALL(op, P, m1)                                                               \
    COPI_MESSAGE_CALL(op, P, m2)                                                               \
    COPI_MESSAGE_CALL(op, P, m3)                                                               \
    COPI_MESSAGE_CALL(op, P, m4)                                                               \
    COPI_MESSAGE_CALL(op, P, m5)                                                               \
    COPI_MESSAGE_CALL(op, P, m6)                                                               \
    COPI_MESSAGE_CALL(op, P, m7)                                                               \
    COPI_MESSAGE_CALL(op, P, m8)
/* clang-format on */
#define COPI_MORE_THAN_64_MESSAGES(P, ...)  _Static_assert(0, #P " has more than 64 messages");
#define COPI_MESSAGE_CALL(op, P, message)   COPI_MESSAGE_CALL_(op, P, COPI_OPEN message)
#define COPI_MESSAGE_CALL_(...)             COPI_MESSAGE_CALL__(__VA_ARGS__)
#define COPI_MESSAGE_CALL__(op, P, is, ...) COPI_MESSAGE_CALL_##is(op, P, __VA_ARGS__)
#define COPI_MESSAGE_CALL_1(op, ...)        op(__VA_ARGS__)
#define COPI_MESSAGE_CALL_0(...)
#define COPI_NO_MESSAGES                                                                       \
    COPI_NONE_16, COPI_NONE_16, COPI_NONE_16, COPI_NONE_16, COPI_NONE, COPI_NONE
#define COPI_NONE_16 COPI_NONE_4, COPI_NONE_4, COPI_NONE_4, COPI_NONE_4
#define COPI_NONE_4  COPI_NONE, COPI_NONE, COPI_NONE, COPI_NONE
#define COPI_NONE    (0, )

#endif /* COPPICE_MESSAGE_H */
