/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capture.h - what a thread that is stuck in a handler is doing, told by that thread.
 *
 * Another thread may not look into an actor: it may end meanwhile, and nothing of it is
 * shared.  But while a signal handler runs on a worker's own thread, the actor that it is
 * running can neither end nor change.  So the thread is sent a real-time signal, whose
 * handler fills in the struct that came with it, which nobody has to allocate.
 *
 *      FREE --ask--> ASKED --the handler--> FILLED or MISSED --read--> FREE
 *
 * From ASKED until the handler has run the struct is the handler's, however long it takes.
 */
#ifndef COPPICE_DEBUG_CAPTURE_H
#define COPPICE_DEBUG_CAPTURE_H

#include <semaphore.h>
#include <stdatomic.h>

#include "core/actor.h"

enum {
    COPI_STACK_MAX = 48
};

/* What a worker is at.  As long as both are the same, it is in the same handler or init. */
typedef struct copi_moment {
    uint64_t messages; /* whose handling it has begun */
    uint64_t receipts; /* of signals, some at once */
} copi_moment;

/* Any thread. */
static inline copi_moment
copi_moment_of(copi_worker *worker)
{
    /* relaxed: the watchdog compares what it reads with what it read before; nothing else is
     * concluded from it. */
    return (copi_moment){
        .messages = atomic_load_explicit(&worker->counters.messages, memory_order_relaxed),
        .receipts = atomic_load_explicit(&worker->counters.receipts, memory_order_relaxed),
    };
}

static inline bool
copi_moment_equal(copi_moment a, copi_moment b)
{
    return a.messages == b.messages && a.receipts == b.receipts;
}

typedef struct copi_capture {
    /* See above.  Released by who hands the rest over, acquired by who gets it. */
    _Atomic int state;
    sem_t done; /* posted by the handler */

    /* Asked. */
    copi_worker *worker;
    copi_moment at;

    /* Filled in. */
    cop_pid who, from;
    char path[256], behaviour[64], message[64];
    uint32_t waiting;
    cop_stuck policy;
    void *stack[COPI_STACK_MAX];
    size_t first, depth; /* of the stack; frames before the first are the handler's own */
} copi_capture;

typedef enum copi_captured {
    COPI_CAPTURED,
    COPI_CAPTURE_MISSED, /* it has gone on meanwhile */
    COPI_CAPTURE_SILENT, /* the thread takes no signals, or has not taken an earlier one */
} copi_captured;

/* The number of a signal that nobody else uses, with our handler; 0: there is none.  Makes the
 * rest of the process ready, too. */
int copi_capture_prepare(void);

/* False: no memory. */
bool copi_capture_init(copi_capture *self);
/* After the threads that were asked have ended. */
void copi_capture_fini(copi_capture *self);

/* Has the worker's thread fill it in, if it is still at that moment.  Waits for it, but not
 * for ever. */
copi_captured copi_capture_take(copi_capture *self, int signal, copi_worker *worker,
                                copi_moment at);

#endif /* COPPICE_DEBUG_CAPTURE_H */
