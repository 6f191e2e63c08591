/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stack.h - one stack of a coroutine, and what it is cut from.
 *
 *      slab, one mapping
 *      | guard | .......... stack | guard | .......... stack | guard | ...
 *               low       <- grows
 *
 * A stack costs addresses until it is used, and then the pages that were touched.  Whoever
 * grows over its end meets the guard and dies.
 *
 * A guard is made in one of two ways.  Linux 6.13 and later mark its pages as guarded inside
 * the mapping.  Before that they have to be a mapping of their own, so that a stack costs
 * two of the process's mappings, of which there are few (vm.max_map_count, usually 65530).
 */
#ifndef COPPICE_CO_STACK_H
#define COPPICE_CO_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <coppice/err.h>

/* Bytes. */
enum {
    COPI_STACK_LEAST = 16 * 1024,
    COPI_STACK_DEFAULT = 64 * 1024,
    COPI_STACK_MOST = 8 * 1024 * 1024,
    COPI_STACK_CLASSES = 10, /* powers of two, from the least to the most */
    /* More than a page: a frame as large as this would step over the guard. */
    COPI_STACK_GUARD = 16 * 1024,
};

/* Who uses a stack: the result is in `room` of `size` bytes, or constant.  Called in a signal
 * handler, on the thread that runs on the stack: may not lock, allocate or use stdio. */
typedef const char *copi_stack_name(const void *who, char *room, size_t size);

/* Part of its slab.  Belongs to who took it, and to the pool while it is idle. */
typedef struct copi_stack {
    /* Constant. */
    char *low;     /* the lowest byte; the guard is below */
    uint32_t size; /* bytes */
    uint8_t class; /* size is COPI_STACK_LEAST << class */

    bool is_taken;

    /* Its user's.  No name: the stack is called a coroutine's. */
    copi_stack_name *name;
    const void *who; /* for name */

    unsigned valgrind_id;

    /* The pool's, while it is idle. */
    struct copi_stack *next;
    struct copi_stack *next_batch; /* of the first of a batch */
} copi_stack;

typedef enum copi_guard {
    COPI_GUARD_UNKNOWN, /* not tried yet */
    COPI_GUARD_PAGES,   /* marked pages: Linux 6.13 */
    COPI_GUARD_MAPPING, /* a mapping without access */
} copi_guard;

/* Never changed once it is listed, but for `used`. */
typedef struct copi_stack_slab {
    struct copi_stack_slab *older;
    char *bytes;
    size_t size;   /* bytes mapped */
    uint32_t room; /* stacks */
    uint32_t used; /* of them have been cut; under the pool's lock */
    copi_stack stacks[];
} copi_stack_slab;

/* What stacks a pool can still cut.  Everything is under the pool's lock. */
typedef struct copi_quarry {
    copi_stack_slab *slabs;                       /* newest first */
    copi_stack_slab *current[COPI_STACK_CLASSES]; /* has room, or NULL */
    size_t mapped;                                /* bytes */
    copi_guard guard;                             /* a test may set it beforehand */
    uint32_t mappings;                            /* that guards have cost */
    uint32_t mappings_most; /* 0: not asked yet.  A test may set it beforehand. */
} copi_quarry;

/* Bytes: no stack is smaller than a page, which may be large. */
size_t copi_stack_least(void);
/* The smallest class of at least so many bytes; size is at most COPI_STACK_MOST. */
uint8_t copi_stack_class(size_t size);

/*
 * A new stack, with its guard.  COP_E_NOMEM: no memory, or no addresses (RLIMIT_AS).
 * COP_E_OS: no more mappings: three quarters of vm.max_map_count are guards', the rest is for
 * the process, which does not live long without.  An error changes nothing.
 */
COP_MUST_USE cop_err copi_quarry_cut(copi_quarry *self, uint8_t class, copi_stack **out);
/* Unmaps all stacks. */
void copi_quarry_fini(copi_quarry *self);

/* Its pages that are in memory. */
typedef struct copi_stack_pages {
    size_t resident; /* bytes */
    size_t depth;    /* bytes from the top to the lowest of them: how deep it was used */
} copi_stack_pages;

/* Any thread; who has the stack may be using it.  Asks the kernel: a microsecond or so.  What
 * has been swapped out does not count. */
copi_stack_pages copi_stack_look(const copi_stack *self);

/* Gives its pages back: it is all zeros again.  Nobody uses the stack. */
void copi_stack_cool(copi_stack *self);

#endif /* COPPICE_CO_STACK_H */
