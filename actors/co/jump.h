/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jump.h - the bare switch of stacks: jump_boost.h or what is in jump_ucontext.c.
 */
#ifndef COPPICE_CO_JUMP_H
#define COPPICE_CO_JUMP_H

#include "co/stack.h"
#include "co/tools.h"

/* Where a flow of control is suspended; while it runs, where the one is that jumped to it. */
typedef void *copi_jump_place;

/* The first jump there is copi_jump_arrive(self) on the stack.  Cannot fail. */
void copi_jump_make(copi_jump_place *self, const copi_stack *stack);

/* There; the place is then where this was called from, and it returns when somebody jumps
 * there.  In and out are the same. */
#ifdef COPI_HAS_BOOST_CONTEXT
#include "co/jump_boost.h"
#else
void copi_jump(copi_jump_place *self);
#endif

/* switch.c: where it begins. */
_Noreturn void copi_jump_arrive(copi_jump_place *self);

#endif /* COPPICE_CO_JUMP_H */
