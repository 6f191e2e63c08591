/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debug.h - an actor that is looked at: suspended, counted or traced.
 *
 * What that takes hangs in the actor's ties while it is wanted, and the actor's phase is
 * DEBUGGED as long, which leads run.c off the usual path.  All of it is the runner's.
 *
 * Orders come as COPI_DEBUG, which waits for its turn, or acts at once if the actor is
 * suspended and there are no turns, and as COPI_LOOK, which always acts at once.  Both are
 * answered as calls are, or bounced as calls are, so that who asked is always told.
 */
#ifndef COPPICE_DEBUG_DEBUG_H
#define COPPICE_DEBUG_DEBUG_H

#include <coppice/debug.h>

#include "core/ties.h"
#include "debug/trail.h"

typedef enum copi_debug_verb {
    COPI_DEBUG_SUSPEND,
    COPI_DEBUG_RESUME,
    COPI_DEBUG_STATUS, /* this is a COPI_LOOK, and so is TREE */
    COPI_DEBUG_COUNT,
    COPI_DEBUG_COUNT_NOT,
    COPI_DEBUG_STATISTICS,
    COPI_DEBUG_TRACE,
    COPI_DEBUG_TRACE_NOT,
    COPI_DEBUG_LAST, /* what the trace has */
    COPI_DEBUG_ROWS, /* its rows */
} copi_debug_verb;

/* The message of COPI_DEBUG and COPI_LOOK. */
typedef struct copi_debug_order {
    int32_t verb;   /* copi_debug_verb */
    uint32_t count; /* of TRACE: how many lines; of TREE: how many rows at most */
} copi_debug_order;

extern const cop_type copi_debug_order_type;

typedef struct copi_debug {
    bool is_suspended;
    bool is_counted;
    /* Statistics.  Nanoseconds of copi_worker_now; began: 0 unless something that counts is
     * being handled. */
    int64_t since, began, busy, longest;
    uint64_t messages;
    copi_trail *trail; /* NULL: not traced */
} copi_debug;

static inline bool
copi_is_suspended(const cop_actor *self)
{
    return self->phase == COPI_DEBUGGED && self->ties->debug->is_suspended;
}

/* Does what an order says whose turn has come.  It stays the caller's. */
cop_err copi_debug_obey_in_turn(cop_actor *self, copi_envelope *envelope);
/* The same for one that does not wait, which is freed. */
void copi_debug_obey(cop_actor *self, copi_envelope *envelope);
/* Answers COPI_DEBUG_STATUS or _TREE, and frees the order; also for an actor that is ending. */
void copi_debug_look(cop_actor *self, copi_envelope *envelope);

/* Around the handling of what had to wait for its turn; before `phase` is DEBUGGED. */
void copi_debug_before(cop_actor *self, const copi_envelope *envelope);
void copi_debug_after(cop_actor *self);
/* When something is received that acts now. */
void copi_debug_note_signal(cop_actor *self, const copi_envelope *envelope);

/* The actor has ended: all of it goes. */
void copi_debug_end(cop_actor *self);

/* How many messages wait, those not taken from the mailbox included, but not `handled`, which
 * may still be there.  Safe in a signal handler. */
uint32_t copi_waiting(cop_actor *self, const copi_envelope *handled);
/* What the behaviour prints of the state into `text`; empty if it prints nothing, or may not:
 * no code of an actor's own runs after a kill, or with a state that init has not made. */
void copi_print_state(const cop_actor *self, char *text, size_t size);

/* Answers an order. */
void copi_debug_answer(cop_actor *self, const copi_envelope *order, const cop_type *type,
                       const void *message);

/* status.c */
void copi_status_answer(cop_actor *self, const copi_envelope *envelope);

#endif /* COPPICE_DEBUG_DEBUG_H */
