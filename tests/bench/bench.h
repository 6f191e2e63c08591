/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.h - what the files of bench_coppice share: messages, clock, result line, and the
 * main actor of each case.
 *
 * A main actor builds what it needs, takes the time around the work, reports and stops,
 * and with it the node.  Which case it is for it reads in case_name, if it serves several.
 */
#ifndef COPPICE_BENCH_H
#define COPPICE_BENCH_H

#include <coppice/coppice.h>

#define BENCH(M, F)                                                                            \
    M(1, ball, F(i64, n))                                                                      \
    M(2, more)                                                                                 \
    M(3, done)                                                                                 \
    M(4, hop, F(i64, left))                                                                    \
    M(5, question)                                                                             \
    M(6, answer, F(i64, n))                                                                    \
    M(7, crash)                                                                                \
    M(8, alarm_rings)                                                                          \
    M(9, next, F(pid, to))                                                                     \
    M(10, born)                                                                                \
    M(11, ping)                                                                                \
    M(12, pong)
COP_PROTOCOL(BENCH)

/* From the command line; constant once the node runs. */
extern unsigned workers;
extern const char *case_name;

/* When the measured work began: written and read by the main actor only. */
extern double started;

/* Seconds of a clock that only goes forward.  Any thread. */
double now(void);

/* Prints the result line of the case that runs.  Any thread, once. */
void report(double value, const char *unit);

/* Is it this one that runs?  Any thread. */
bool is_case(const char *name);

/* bench_messages.c: few messages at a time, between few actors or many. */
extern const cop_behaviour ping_pong_b, caller_b, ring_b, rings_b, big_b;

/* bench_streams.c: as many messages as go in, one way. */
extern const cop_behaviour consumer_b;

/* bench_payloads.c: the same with buffers that are handed over. */
extern const cop_behaviour move_b;

/* bench_lives.c: actors that are started, are there, and end. */
extern const cop_behaviour spawner_b, idle_b, skynet_b, fork_join_b, monitor_b;

/* bench_scopes.c: scopes, and actors with a body. */
extern const cop_behaviour opener_b, canceller_b, co_ping_pong_b, co_switch_b, co_idle_b;

/* bench_supervisors.c: trees that are started, repaired and stopped. */
extern const cop_behaviour restart_b, start_stop_b, deep_stop_b;

/* bench_timers.c: timers that never ring. */
extern const cop_behaviour clockmaker_b;

#endif /* COPPICE_BENCH_H */
