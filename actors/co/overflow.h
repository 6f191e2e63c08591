/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overflow.h - a coroutine that has used up its stack says so before the process dies of it.
 *
 * The guard below a stack makes it a SIGSEGV, whose handler runs on another stack, of the
 * thread's own.  It knows the stack that its thread runs on, and nothing else has to be found:
 * an address in the guard of that one is an overflow, and everything else goes to the handler
 * that was there before.
 */
#ifndef COPPICE_CO_OVERFLOW_H
#define COPPICE_CO_OVERFLOW_H

#include <stdbool.h>

#include "co/stack.h"

/* Of each thread. */
typedef struct copi_footing {
    const copi_stack *stack; /* it runs on; NULL: on its own */
    bool is_ready;           /* to take the signal, as far as it can be */
} copi_footing;

/* A handler may not have it made where it is needed, so it is there from the start. */
extern _Thread_local copi_footing copi_footing_here __attribute__((tls_model("initial-exec")));

/* Any thread, any number of times.  The first installs the handlers of SIGSEGV and SIGBUS, for
 * good: dispositions belong to the whole process. */
void copi_overflow_prepare(void);

/* Gives this thread a stack for signals, until it ends, if it has none.  Without memory an
 * overflow is a silent SIGSEGV.  After copi_overflow_prepare. */
void copi_overflow_ready(void);

#endif /* COPPICE_CO_OVERFLOW_H */
