/* SPDX-License-Identifier: Apache-2.0 */
/*
 * co.h - what a sequential actor is made of.
 *
 *      body.c    its life: start, steps, being cancelled, the end
 *      inbox.c   which of the waiting envelopes are messages for it, and which is picked
 *      wait.c    waiting, and what ends it
 *      receive.c, call.c, block.c, job.c    what it can wait for
 *      annex.c   the stacks of a node
 *
 *      switch.h  from one stack to another (jump_*.c), and what sanitizers are told (tools.h)
 *      stacks.h  a pool of stacks (stack.h: one of them); overflow.h names who ran over its end
 *
 * The body runs on its own stack as the actor's runner, and all that is not its code - signals,
 * answers, calls that are due - runs on the worker's stack while it waits.  So everything here
 * is the runner's.
 */
#ifndef COPPICE_CO_CO_H
#define COPPICE_CO_CO_H

#include <coppice/co.h>
/* In here they are the functions. */
#undef cop_receive
#undef cop_receive_if
#undef cop_scope_join
#undef cop_sleep
#undef cop_wait_fd
#undef cop_work

#include "co/stacks.h"
#include "co/switch.h"
#include "core/node.h"
#include "core/scope.h"
#include "core/sequence.h"

/* Which messages a wait is for. */
typedef struct copi_choice {
    const cop_type *type;                                  /* NULL: any */
    bool (*wants)(const cop_received *message, void *ctx); /* NULL: all of them */
    void *ctx;
} copi_choice;

struct cop_co {
    const char *site; /* first, see copi_at: where in the program it waits, or did last */
    copi_context context;
    copi_stack *stack;
    cop_actor *actor;
    void *arg;
    void (*dispose)(void *arg);
    cop_err result;
    copi_scope *here;               /* the innermost block that it stands in; NULL: none */
    copi_wake timer;                /* ends a wait, or being soft */
    int64_t wait_until, soft_until; /* nanoseconds; 0: not */
    cop_exit *why; /* the first reason of being cancelled, or NULL without memory */
    uint8_t force; /* cop_force, of the actor itself */
    bool has_begun, is_over;
    bool is_ready; /* something may have happened that it waits for */
    bool has_timed_out;
    uint32_t slice;            /* of its turn; not of one with a letter lent, see end_turn */
    const copi_choice *choice; /* of the messages that it waits for; NULL: for none */

    /* The inbox: what stands behind `sorted` in the batch has not been looked at yet, and what
     * stands behind `seen` was not offered to the wait that goes on. */
    copi_mail *head, *sorted, *seen;
    copi_envelope *captured; /* what handling one that is sorted has made */
    copi_envelope *letter;   /* received; kept until the next one is */
    /* The only message there was, left in the mailbox while the body runs, and only then: see
     * run_with in body.c. */
    copi_envelope *lent;

    /* The call that it waits for. */
    cop_err call_err;
    bool is_answered;
    const cop_type *answer_type;
    copi_envelope *answer;  /* kept until the next call */
    cop_child_record *kept; /* of the last join */

    /* The job that it waits for. */
    bool is_job_over;
    cop_exit job_why;
};

static inline cop_co *
copi_co_of(cop_actor *self)
{
    return self->state;
}

/* Runs others until something has happened; on the body's stack. */
static inline void
copi_co_leave(cop_co *co)
{
    copi_context_leave(&co->context);
}

/* annex.c */
/* True the first time that a place is noted, while there is room. */
bool copi_note_site(cop_node *node, const char *site);
/* The stacks of a node, made when they are first needed; NULL without memory. */
copi_stack_cache *copi_stacks_of(cop_node *node, unsigned worker);

/* inbox.c */
/* Looks at what has come: all that is no message for the body is handled.  On the worker's
 * stack.  False if the actor has begun to end. */
bool copi_inbox_sort(cop_co *co);
/* Has all that has come been looked at, and if mail is wanted, been offered? */
static inline bool
copi_inbox_is_sorted(const cop_co *co)
{
    const cop_actor *self = co->actor;

    return co->head == self->batch &&
           co->sorted == (self->batch == NULL ? NULL : self->batch_last) &&
           !(co->choice != NULL && co->seen != co->sorted);
}

/* Is there something that the wait has not seen? */
static inline bool
copi_inbox_has_more(const cop_co *co)
{
    return co->seen != co->sorted;
}
/* From here on all messages are offered again. */
static inline void
copi_inbox_rewind(cop_co *co)
{
    co->seen = NULL;
}
/* Somebody has taken one out: everything is looked at again. */
void copi_inbox_forget(cop_actor *self);
/* Takes the next one that the wait has not seen and that is wanted; NULL if there is none. */
copi_envelope *copi_inbox_pick(cop_co *co, const copi_choice *choice);

/* wait.c */
/* The force that holds where the body stands. */
cop_force copi_co_force_in(const cop_co *co, const copi_scope *innermost);
static inline cop_force
copi_co_force(const cop_co *co)
{
    return COPI_LIKELY(co->here == NULL) ? (cop_force)co->force
                                         : copi_co_force_in(co, co->here);
}
/* From now on the wait ends after so long.  COP_E_NOMEM, COP_E_INVAL. */
cop_err copi_wait_begin_timed(cop_co *co, int64_t within_ms);
static inline cop_err
copi_wait_begin(cop_co *co, int64_t within_ms)
{
    co->has_timed_out = false;
    co->wait_until = 0;
    return within_ms == COP_INFINITY ? COP_OK : copi_wait_begin_timed(co, within_ms);
}
/* copi_wait_on for one who has been cancelled: COP_E_CANCELLED. */
cop_err copi_wait_in_vain(cop_co *co);
/* Which of the times has come. */
void copi_wait_look_at_clock(cop_co *co);
/* Waits until something has happened.  COP_OK: look again; COP_E_CANCELLED, COP_E_TIMEOUT. */
static inline cop_err
copi_wait_on(cop_co *co)
{
    if (COPI_UNLIKELY(copi_co_force(co) >= COP_FORCE_HARD))
        return copi_wait_in_vain(co);
    if (co->has_timed_out)
        return COP_E_TIMEOUT;
    copi_co_leave(co);
    if (COPI_UNLIKELY(co->wait_until != 0 || co->force == COP_FORCE_SOFT))
        copi_wait_look_at_clock(co);
    /* A time that has come is there already, also if the body was cancelled meanwhile. */
    return co->has_timed_out ? COP_E_TIMEOUT : COP_OK;
}
void copi_wait_end_timed(cop_co *co);
static inline void
copi_wait_end(cop_co *co)
{
    co->choice = NULL;
    if (co->wait_until != 0)
        copi_wait_end_timed(co);
}
/* What the body waits for; see sequence.h. */
const char *copi_wait_reason(const cop_actor *self);
const char *copi_wait_site(const cop_actor *self);
/* If nobody has seen to it that a wait for so long, in that scope, ends: says so, once for each
 * place.  For nodes with opts.warn_unbounded. */
void copi_warn_unbounded(cop_co *co, const copi_scope *scope);
static inline void
copi_check_bounded(cop_co *co, const copi_scope *scope, int64_t within_ms)
{
    if (COPI_UNLIKELY(co->actor->node->opts.warn_unbounded) && within_ms == COP_INFINITY)
        copi_warn_unbounded(co, scope);
}
/* Has the timer stand at the first of the times that matter. */
bool copi_co_set_timer(cop_co *co);

#endif /* COPPICE_CO_CO_H */
