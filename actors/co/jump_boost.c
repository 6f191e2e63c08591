/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jump_boost.c - the switch of Boost.Context, whose two functions in assembler have C linkage;
 * their header is C++.  It saves the registers that a call preserves, and no signal mask.
 * Source: boost/context/detail/fcontext.hpp of Boost 1.74; the same since 1.61.
 */
#include "co/jump.h"

typedef void *fcontext;

/* To whom a jump comes: from where, and what was given along. */
typedef struct transfer {
    fcontext from;
    void *data;
} transfer;

/* `top` is the end of the stack; it grows down from there. */
fcontext make_fcontext(void *top, size_t size, void (*begin)(transfer));
transfer jump_fcontext(fcontext to, void *data);

COPI_UNWATCHED static void
begin(transfer arrival)
{
    copi_context *self = arrival.data;

    self->place = arrival.from;
    copi_jump_arrive(self);
}

void
copi_jump_make(copi_context *self)
{
    const copi_stack *stack = self->stack;

    self->place = make_fcontext(stack->low + stack->size, stack->size, begin);
}

COPI_UNWATCHED void
copi_jump(copi_context *self)
{
    self->place = jump_fcontext(self->place, self).from;
}
