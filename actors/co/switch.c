/* SPDX-License-Identifier: Apache-2.0 */
#include "co/switch.h"

COPI_UNWATCHED void
copi_jump_arrive(copi_jump_place *place)
{
    copi_context *self = COPI_CONTAINER(place, copi_context, place);

    copi_tools_arrive(&self->tools);
    self->entry(self->arg);
    self->is_over = true;
    copi_tools_out(&self->tools, true);
    copi_jump(place);
    COPI_CHECK(!"a context that is over was entered");
    __builtin_unreachable();
}

void
copi_context_make(copi_context *self, copi_stack *stack, void (*entry)(void *arg), void *arg)
{
    *self = (copi_context){.stack = stack, .entry = entry, .arg = arg};
    copi_tools_make(&self->tools);
    copi_jump_make(&self->place, stack);
}

void
copi_context_drop(copi_context *self)
{
    copi_tools_drop(&self->tools);
    self->is_over = true;
}
