/* SPDX-License-Identifier: Apache-2.0 */
#include "co/jump_boost.h"
#include "co/jump.h"

COPI_UNWATCHED static void
begin(copi_transfer arrival)
{
    copi_jump_place *self = arrival.data;

    *self = arrival.from;
    copi_jump_arrive(self);
}

void
copi_jump_make(copi_jump_place *self, const copi_stack *stack)
{
    *self = make_fcontext(stack->low + stack->size, stack->size, begin);
}
