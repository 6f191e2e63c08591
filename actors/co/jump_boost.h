/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jump_boost.h - a part of jump.h: the switch of Boost.Context, whose two functions in
 * assembler have C linkage; their header is C++.  It saves the registers that a call preserves,
 * and no signal mask.  Source: boost/context/detail/fcontext.hpp of Boost 1.74; the same since
 * 1.61.
 */
#ifndef COPPICE_CO_JUMP_BOOST_H
#define COPPICE_CO_JUMP_BOOST_H

#include <stddef.h>

#include "co/tools.h"

/* To whom a jump comes: from where, and what was given along. */
typedef struct copi_transfer {
    void *from;
    void *data;
} copi_transfer;

/* `top` is the end of the stack; it grows down from there. */
void *make_fcontext(void *top, size_t size, void (*begin)(copi_transfer));
copi_transfer jump_fcontext(void *to, void *data);

/* In line, as all around it is: a processor foresees where functions return to by who called
 * them, and after a switch of stacks that is wrong for each that has not returned. */
COPI_UNWATCHED static inline void
copi_jump(void **self)
{
    *self = jump_fcontext(*self, self).from;
}

#endif /* COPPICE_CO_JUMP_BOOST_H */
