/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch.h - a context: a flow of control with a stack of its own, which a worker enters and
 * which comes back when it has nothing to do.
 *
 *      worker                    the context
 *      make
 *      enter ----------------->  entry(arg)
 *            <-----------------    leave
 *      enter ----------------->    ...        perhaps on another thread
 *      false <-----------------  returns
 *
 * A context is entered by one thread at a time, and by the next one only after the enter
 * before has returned; what hands it over makes what was written visible.  After
 * leave it may be on another thread: nothing that belongs to the old one may be kept across it,
 * which includes the address of errno.
 *
 * The switch is Boost.Context's, or that of <ucontext.h> where it is not to be had
 * (COPPICE_CONTEXT in CMake); see jump.h.
 */
#ifndef COPPICE_CO_SWITCH_H
#define COPPICE_CO_SWITCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "co/jump.h"
#include "co/overflow.h"
#include "co/stack.h"
#include "co/tools.h"

/* Of whoever made it; it may not move. */
typedef struct copi_context {
    copi_jump_place place;
    copi_stack *stack;
    void (*entry)(void *arg);
    void *arg;
    bool is_over; /* entry has returned */
    copi_tools tools;
} copi_context;

/* A suspended context, which will begin with entry(arg).  The stack is borrowed until it is
 * over or dropped.  Cannot fail. */
void copi_context_make(copi_context *self, copi_stack *stack, void (*entry)(void *arg),
                       void *arg);

/*
 * Runs it until it leaves or its entry returns.  False: it has returned, it is over, and the
 * stack is free.  Any thread; on the stack of another context, too.
 */
COPI_UNWATCHED static inline bool
copi_context_enter(copi_context *self)
{
    const copi_stack *before = copi_footing_here.stack;
    void *fake = NULL;

    COPI_CHECK(!self->is_over);
    if (COPI_UNLIKELY(!copi_footing_here.is_ready))
        copi_overflow_ready();
    copi_footing_here.stack = self->stack;
    copi_tools_in(&self->tools, self->stack, &fake);
    copi_jump(&self->place);
    copi_tools_back(fake);
    copi_footing_here.stack = before;
    if (self->is_over)
        copi_tools_drop(&self->tools);
    return !self->is_over;
}

/* Back to who entered; returns when it is entered again.  From inside. */
COPI_UNWATCHED static inline void
copi_context_leave(copi_context *self)
{
    copi_tools_out(&self->tools, false);
    copi_jump(&self->place);
    copi_tools_arrive(&self->tools);
}

/* A suspended one is never entered again: what it has on its stack is forgotten, and the stack
 * is free.  One that is over may be dropped, too.  Any thread. */
void copi_context_drop(copi_context *self);

#endif /* COPPICE_CO_SWITCH_H */
