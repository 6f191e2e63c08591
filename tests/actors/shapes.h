/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shapes.h - messages of every kind of field, for the message tests.
 */
#ifndef COPPICE_TESTS_ACTORS_SHAPES_H
#define COPPICE_TESTS_ACTORS_SHAPES_H

#include <coppice/message.h>

#define COUNTER(M, F)                                                                          \
    M(1, counter_add, F(i64, by))                                                              \
    M(2, counter_get)                                                                          \
    M(3, counter_value, F(i64, n))                                                             \
    M(5, counter_reset, )
COP_PROTOCOL(COUNTER)

#define LABEL(M, F) M(1, label, F(str, text) F(bool, bold))
COP_PROTOCOL(LABEL)

/* clang-format off */
#define SHAPES(M, F)                                                                           \
    M(1, point, F(i32, x) F(i32, y))                                                           \
    M(2, scalars,                                                                              \
        F(bool, yes) F(i32, i32) F(i64, i64) F(u32, u32) F(u64, u64) F(f64, f64) F(pid, who))  \
    M(3, everything,                                                                           \
        F(msg, scalars, one)                                                                   \
        F(str, text)                                                                           \
        F(gap)                                                                                 \
        F(bytes, raw)                                                                          \
        F(msg, point, at)                                                                      \
        F(list, bool, flags)                                                                   \
        F(list, i32, ints)                                                                     \
        F(list, u64, sizes)                                                                    \
        F(list, f64, samples)                                                                  \
        F(list, str, names)                                                                    \
        F(list, bytes, blobs)                                                                  \
        F(list, pid, crew)                                                                     \
        F(list, point, corners)                                                                \
        F(msg, label, label)                                                                   \
        F(list, label, labels)                                                                 \
        F(buf, page)                                                                           \
        F(list, buf, pages))                                                                   \
    M(4, tree, F(i32, value) F(list, tree, children))                                          \
    M(5, only_gap, F(gap))                                                                     \
    M(6, newer, F(i32, x) F(i32, y) F(str, name) F(list, tree, trees) F(pid, who))             \
    M(7, wide, F(list, scalars, rows))                                                         \
    M(8, cover, F(gap) F(msg, point, first) F(gap) F(bool, last))
/* clang-format on */
COP_PROTOCOL(SHAPES)

#endif /* COPPICE_TESTS_ACTORS_SHAPES_H */
