/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unixsig.h - unix signals as messages.
 *
 * No code runs in a signal handler: the signals are blocked in all threads and read from
 * a descriptor.  So a program blocks them first thing in main, before it has threads.  A
 * node with opts.unix_signals, as cop_run makes, does that itself for SIGINT and SIGTERM,
 * and stops in order when one comes.
 *
 * The workers of every node block SIGPIPE: a write to a peer that is gone fails with
 * EPIPE in the actor that wrote.  Programs started by cop_process get no blocked signals
 * and all dispositions as by default.
 */
#ifndef COPPICE_UNIXSIG_H
#define COPPICE_UNIXSIG_H

#include <coppice/actor.h>

/* The process got a signal.  Several of the same number may come as one. */
typedef struct cop_unix_signal {
    int signo;
    int32_t sender; /* the process that sent it; 0: the kernel */
} cop_unix_signal;

extern COP_API const cop_type cop_unix_signal_type;

/* Blocks the signals in the calling thread, and in threads that it starts from now on.
 * COP_E_INVAL for a number that is no signal. */
COP_API COP_MUST_USE cop_err cop_unix_block(const int *signals, size_t count);

/*
 * From now on this actor gets a cop_unix_signal for each of the signals, until it ends.
 * A signal that two actors ask for goes to one of them.  COP_E_INVAL (no signal, cannot
 * be caught, or not blocked here); COP_E_OS, COP_E_NOMEM, COP_E_SIMULATED.
 */
COP_API COP_MUST_USE cop_err cop_unix_signals(cop_actor *me, const int *signals, size_t count);

#endif /* COPPICE_UNIXSIG_H */
