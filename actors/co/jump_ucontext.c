/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jump_ucontext.c - the switch of <ucontext.h>, which is in every C library and saves the
 * signal mask, with a system call each time.
 *
 * A place is a ucontext_t on the stack that it belongs to: at the top of the stack before the
 * first jump, and then in the frame of who has jumped away.
 */
#include "co/jump.h"

#include <stdint.h>
#include <ucontext.h>

enum {
    HALF = 32 /* bits: the arguments of a new context are ints */
};

COPI_UNWATCHED static void
begin(unsigned high, unsigned low)
{
    copi_jump_arrive((copi_jump_place *)(uintptr_t)((uint64_t)high << HALF | low));
}

/* At the top of a stack that nobody uses yet. */
static ucontext_t *
first_place(const copi_stack *stack)
{
    uintptr_t at = (uintptr_t)stack->low + stack->size - sizeof(ucontext_t);

    return (ucontext_t *)(at / 64 * 64);
}

void
copi_jump_make(copi_jump_place *self, const copi_stack *stack)
{
    ucontext_t *place = first_place(stack);
    uint64_t word = (uintptr_t)self;

    getcontext(place); /* which cannot fail: the mask has somewhere to go */
    place->uc_link = NULL;
    place->uc_stack.ss_sp = stack->low;
    place->uc_stack.ss_size = (size_t)((char *)place - stack->low);
    makecontext(place, (void (*)(void))begin, 2, (unsigned)(word >> HALF), (unsigned)word);
    *self = place;
}

COPI_UNWATCHED void
copi_jump(copi_jump_place *self)
{
    ucontext_t here, *there = *self;

    /* AddressSanitizer looks there for a stack to clear. */
    here.uc_stack.ss_sp = NULL;
    here.uc_stack.ss_size = 0;
    *self = &here;
    /* It cannot fail either: both are in memory. */
    (void)swapcontext(&here, there);
}
