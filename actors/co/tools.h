/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools.h - what the tools that watch a program are told of stacks and of switches.
 *
 * AddressSanitizer and valgrind have to know where the stack is, or they take a switch for an
 * overflow; ThreadSanitizer has to know which flow of control runs, or it takes what a
 * coroutine did on one thread and then on another for a race.  Without them nothing is left of
 * this, but a few instructions for valgrind when a stack is taken.
 */
#ifndef COPPICE_CO_TOOLS_H
#define COPPICE_CO_TOOLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "co/stack.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define COPI_HAS_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define COPI_HAS_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define COPI_HAS_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define COPI_HAS_TSAN 1
#endif

#ifdef COPI_HAS_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef COPI_HAS_TSAN
#include <sanitizer/tsan_interface.h>
#endif
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define COPI_HAS_VALGRIND 1
#endif

/* A function that switches: on its way out it is on another stack than on its way in, which a
 * sanitizer's bookkeeping must not notice. */
#define COPI_UNWATCHED __attribute__((no_sanitize("address"), no_sanitize("thread")))

/* Of one context.  Each thread in turn that enters it. */
typedef struct copi_tools {
    void *fake;              /* ASan: its frames that live on the heap, while it is suspended */
    const void *back_bottom; /* ASan: the stack of who entered */
    size_t back_size;
    void *fiber; /* TSan */
    void *back_fiber;
} copi_tools;

/* --------------------------------------------------------------------------- of a stack */

static inline void
copi_tools_take(copi_stack *stack)
{
    (void)stack;
#ifdef COPI_HAS_ASAN
    __asan_unpoison_memory_region(stack->low, stack->size);
#endif
#ifdef COPI_HAS_VALGRIND
    if (RUNNING_ON_VALGRIND) {
        stack->valgrind_id =
            (unsigned)VALGRIND_STACK_REGISTER(stack->low, stack->low + stack->size);
        (void)VALGRIND_MAKE_MEM_UNDEFINED(stack->low, stack->size);
    }
#endif
}

/* Whoever still looks at it is wrong. */
static inline void
copi_tools_give(copi_stack *stack)
{
    (void)stack;
#ifdef COPI_HAS_ASAN
    __asan_poison_memory_region(stack->low, stack->size);
#endif
#ifdef COPI_HAS_VALGRIND
    if (RUNNING_ON_VALGRIND) {
        VALGRIND_STACK_DEREGISTER(stack->valgrind_id);
        (void)VALGRIND_MAKE_MEM_NOACCESS(stack->low, stack->size);
    }
#endif
}

/* Something else may be mapped there later. */
static inline void
copi_tools_unmap(copi_stack *stack)
{
    (void)stack;
#ifdef COPI_HAS_ASAN
    __asan_unpoison_memory_region(stack->low, stack->size);
#endif
}

/* -------------------------------------------------------------------------- of a switch
 *
 *      enter            the context
 *      in      ------>  arrive
 *               ...
 *      back    <------  out
 */

COPI_UNWATCHED COPI_INLINE void
copi_tools_make(copi_tools *self)
{
    *self = (copi_tools){0};
#ifdef COPI_HAS_TSAN
    self->fiber = __tsan_create_fiber(0);
#endif
}

/* `fake` is the enterer's, for copi_tools_back. */
COPI_UNWATCHED COPI_INLINE void
copi_tools_in(copi_tools *self, const copi_stack *stack, void **fake)
{
    (void)self;
    (void)stack;
    (void)fake;
#ifdef COPI_HAS_ASAN
    __sanitizer_start_switch_fiber(fake, stack->low, stack->size);
#endif
#ifdef COPI_HAS_TSAN
    self->back_fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(self->fiber, 0);
#endif
}

COPI_UNWATCHED COPI_INLINE void
copi_tools_arrive(copi_tools *self)
{
    (void)self;
#ifdef COPI_HAS_ASAN
    __sanitizer_finish_switch_fiber(self->fake, &self->back_bottom, &self->back_size);
    self->fake = NULL;
#endif
}

COPI_UNWATCHED COPI_INLINE void
copi_tools_out(copi_tools *self, bool for_ever)
{
    (void)self;
    (void)for_ever;
#ifdef COPI_HAS_ASAN
    __sanitizer_start_switch_fiber(for_ever ? NULL : &self->fake, self->back_bottom,
                                   self->back_size);
#endif
#ifdef COPI_HAS_TSAN
    __tsan_switch_to_fiber(self->back_fiber, 0);
#endif
}

COPI_UNWATCHED COPI_INLINE void
copi_tools_back(void *fake)
{
    (void)fake;
#ifdef COPI_HAS_ASAN
    __sanitizer_finish_switch_fiber(fake, NULL, NULL);
#endif
}

/* It is not entered again. */
COPI_UNWATCHED COPI_INLINE void
copi_tools_drop(copi_tools *self)
{
    (void)self;
#ifdef COPI_HAS_ASAN
    /* A fake stack is freed by who is on it: puts it on for a moment. */
    if (self->fake != NULL) {
        const void *bottom;
        size_t size;
        void *mine;
        __sanitizer_start_switch_fiber(&mine, self->back_bottom, self->back_size);
        __sanitizer_finish_switch_fiber(self->fake, &bottom, &size);
        __sanitizer_start_switch_fiber(NULL, bottom, size);
        __sanitizer_finish_switch_fiber(mine, NULL, NULL);
        self->fake = NULL;
    }
#endif
#ifdef COPI_HAS_TSAN
    if (self->fiber != NULL)
        __tsan_destroy_fiber(self->fiber);
    self->fiber = NULL;
#endif
}

#endif /* COPPICE_CO_TOOLS_H */
