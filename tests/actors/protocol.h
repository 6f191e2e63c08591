/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protocol.h - the messages of the actor tests.
 */
#ifndef COPPICE_TESTS_ACTORS_PROTOCOL_H
#define COPPICE_TESTS_ACTORS_PROTOCOL_H

#include <coppice/message.h>

#define PROBE(M, F)                                                                            \
    M(1, say, F(i64, n))                                                                       \
    M(2, ask_n)                                                                                \
    M(3, answer_n, F(i64, n))                                                                  \
    M(4, leave)                                                                                \
    M(5, crash, F(i64, code))                                                                  \
    M(6, go)                                                                                   \
    M(7, tick, F(i64, n))                                                                      \
    M(8, unknown)                                                                              \
    M(9, ask_later)
COP_PROTOCOL(PROBE)

#endif /* COPPICE_TESTS_ACTORS_PROTOCOL_H */
