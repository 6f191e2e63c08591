/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protocol.h - what coordinator and workers say to each other.
 *
 *      worker                      board (on the coordinator)
 *        | --- worker_ready ------------> |   once, when it has found the board
 *        | <-- count_file --------------- |   one file at a time
 *        | --- counted_words -----------> |   its table, in pieces
 *        | --- counted_file ------------> |   ... and this makes it count
 */
#ifndef WORDCOUNT_PROTOCOL_H
#define WORDCOUNT_PROTOCOL_H

#include <coppice/coppice.h>

#define WORDCOUNT(M, F)                                                                        \
    M(1, worker_ready, F(str, name) F(i32, os_pid))                                            \
    M(2, count_file, F(u64, file) F(str, path))                                                \
    M(3, word_total, F(str, word) F(u64, count))                                               \
    M(4, counted_words, F(u64, file) F(list, word_total, words))                               \
    M(5, counted_file, F(u64, file) F(bool, is_readable))                                      \
    M(6, read_on)                                                                              \
    M(7, send_rest)                                                                            \
    M(8, merge_on)
COP_PROTOCOL(WORDCOUNT)

#endif /* WORDCOUNT_PROTOCOL_H */
