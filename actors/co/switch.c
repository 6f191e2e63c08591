/* SPDX-License-Identifier: Apache-2.0 */
#include "co/switch.h"

#include "base/check.h"
#include "co/jump.h"
#include "co/overflow.h"

COPI_UNWATCHED void
copi_jump_arrive(copi_context *self)
{
    copi_tools_arrive(&self->tools);
    self->entry(self->arg);
    self->is_over = true;
    copi_tools_out(&self->tools, true);
    copi_jump(self);
    COPI_CHECK(!"a context that is over was entered");
    __builtin_unreachable();
}

void
copi_context_make(copi_context *self, copi_stack *stack, void (*entry)(void *arg), void *arg)
{
    *self = (copi_context){.stack = stack, .entry = entry, .arg = arg};
    copi_tools_make(&self->tools);
    copi_jump_make(self);
}

COPI_UNWATCHED bool
copi_context_enter(copi_context *self)
{
    const copi_stack *before = copi_footing_here.stack;
    void *fake = NULL;

    COPI_CHECK(!self->is_over);
    if (COPI_UNLIKELY(!copi_footing_here.is_ready))
        copi_overflow_ready();
    copi_footing_here.stack = self->stack;
    copi_tools_in(&self->tools, self->stack, &fake);
    copi_jump(self);
    copi_tools_back(fake);
    copi_footing_here.stack = before;
    if (self->is_over)
        copi_tools_drop(&self->tools);
    return !self->is_over;
}

COPI_UNWATCHED void
copi_context_leave(copi_context *self)
{
    copi_tools_out(&self->tools, false);
    copi_jump(self);
    copi_tools_arrive(&self->tools);
}

void
copi_context_drop(copi_context *self)
{
    copi_tools_drop(&self->tools);
    self->is_over = true;
}
