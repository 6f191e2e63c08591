/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jump.h - the bare switch of stacks: what is in jump_boost.c and jump_ucontext.c, one of which
 * is built.
 */
#ifndef COPPICE_CO_JUMP_H
#define COPPICE_CO_JUMP_H

#include "co/switch.h"

/* Sets `place` so that the first jump there is copi_jump_arrive(self) on its stack. */
void copi_jump_make(copi_context *self);

/* To `place`, which from then on is where this was called from; returns when somebody jumps
 * there.  In and out are the same. */
void copi_jump(copi_context *self);

/* switch.c: where a context begins. */
_Noreturn void copi_jump_arrive(copi_context *self);

#endif /* COPPICE_CO_JUMP_H */
