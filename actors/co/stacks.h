/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stacks.h - the stacks of a node's coroutines: a cache per worker over one pool per node.
 *
 *      worker 0                 pool                    worker 1
 *      first, spare  <- batches -> warm, cold  <- batches ->  first, spare
 *                                  quarry (stack.h)
 *
 * A worker takes and gives without a lock.  What it has too much of goes to the pool in
 * batches, and what it lacks comes from there: a stack that was taken on one worker and
 * given back on another finds its way back for a lock per batch.  The stack that was given
 * last is taken first, since its pages are in the caches.
 *
 * The pool keeps so many stacks warm of each size, and has the others give their pages back
 * when a worker has nothing else to do: that takes longer than the life of many a body, and who
 * ends ten thousand of them may start as many soon.  Of what is far too much they go at once.
 * What is left of a cold stack is addresses; they stay with the pool until the node is gone.
 */
#ifndef COPPICE_CO_STACKS_H
#define COPPICE_CO_STACKS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <coppice/err.h>

#include "co/stack.h"

enum {
    /* Bytes of idle stacks of a class that the pool keeps warm; a small part of them is in
     * memory. */
    COPI_STACKS_WARM = 256 * 1024 * 1024,
    /* The same while there is no time to cool any. */
    COPI_STACKS_WARM_MOST = 1024 * 1024 * 1024,
};

typedef struct copi_stack_cache copi_stack_cache;

typedef struct copi_stacks {
    pthread_mutex_t lock; /* what follows */
    copi_quarry quarry;
    copi_stack_cache *caches;
    struct {
        copi_stack *warm, *cold; /* batches */
        uint32_t warm_count;     /* stacks */
    } classes[COPI_STACK_CLASSES];
    size_t cut; /* stacks there are */

    /* Is a class beyond what is kept warm?  Written under the lock; relaxed: whether to
     * look. */
    _Atomic bool has_surplus;
    /* Bytes.  Anybody may raise it; relaxed: a fact of its own. */
    _Atomic size_t deepest;
} copi_stacks;

/* Of one worker; everything that is no atomic is for its thread only. */
struct copi_stack_cache {
    copi_stacks *stacks;
    size_t least;           /* copi_stack_least() */
    copi_stack_cache *next; /* under the lock */
    struct {
        copi_stack *first; /* `count` of them, the newest first */
        copi_stack *spare; /* a whole batch, or NULL */
        uint32_t count;
    } classes[COPI_STACK_CLASSES];
    /* Written by the worker, read by anybody: relaxed, each on its own. */
    _Atomic size_t taken, given;
};

typedef struct copi_stacks_stats {
    size_t alive;    /* stacks taken and not given back */
    size_t pooled;   /* idle stacks, warm or cold */
    size_t mapped;   /* bytes of addresses, with the guards */
    size_t resident; /* bytes in memory */
    size_t deepest;  /* bytes: the deepest use of a stack ever seen, in whole pages */
} copi_stacks_stats;

void copi_stacks_init(copi_stacks *self);
/* After all workers have ended, with all stacks given back.  Caches are void then. */
void copi_stacks_fini(copi_stacks *self);
/* Before the worker starts.  There is nothing to be done when it ends. */
void copi_stack_cache_init(copi_stack_cache *self, copi_stacks *stacks);

/*
 * A stack of at least `size` bytes, 0: of COPI_STACK_DEFAULT; the caller's until it is given
 * to the cache of any worker.  Its name is not set.  The cache's worker.  COP_E_INVAL: larger
 * than COPI_STACK_MOST; COP_E_NOMEM: no memory or addresses; COP_E_OS: no more mappings (an
 * older kernel, see stack.h).
 */
COP_MUST_USE cop_err copi_stack_take(copi_stack_cache *from, size_t size, copi_stack **out);
/* Nobody runs on it any more.  The cache's worker. */
void copi_stack_give(copi_stack_cache *to, copi_stack **stack);

/* Cools some of the stacks that are too many.  True if there were any: call it again when there
 * is nothing better to do.  Any thread. */
bool copi_stacks_tidy(copi_stacks *self);

/* Any thread; counts of a moment while workers run.  Asks the kernel about each stack: some
 * ten milliseconds for 100,000. */
void copi_stacks_count(copi_stacks *self, copi_stacks_stats *out);

#endif /* COPPICE_CO_STACKS_H */
