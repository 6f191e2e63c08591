/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - where the library gets its memory: malloc and the like, which a simulation may
 * let fail.
 *
 * Whoever gets NULL from here must answer COP_E_NOMEM.  What is taken is freed by free().
 * Outside of simulations it costs a load of a word that nobody writes.
 */
#ifndef COPPICE_BASE_MEMORY_H
#define COPPICE_BASE_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* Asked about each allocation of one thread; true: it fails. */
typedef struct copi_memory_watch {
    bool (*refuses)(void *ctx);
    void *ctx;
} copi_memory_watch;

/* How many threads have a watch.  Relaxed: a thread sees what it has itself added. */
extern __attribute__((visibility("hidden"))) _Atomic int copi_memory_watches;

/* Sets this thread's watch, NULL for none, and returns the one before.  Borrowed. */
const copi_memory_watch *copi_memory_set_watch(const copi_memory_watch *watch);

/* Asks this thread's watch, if it has one. */
bool copi_memory_refuses(void);

/*
 * For what there is no going on without: a refusal of this thread's watch is not taken, real
 * memory that is not there ends the process.  `is_had` is evaluated again then.
 */
#define COPI_INSIST(is_had)                                                                    \
    do {                                                                                       \
        if (COPI_UNLIKELY(!(is_had))) {                                                        \
            const copi_memory_watch *copi_watch_ = copi_memory_set_watch(NULL);                \
            COPI_CHECK(copi_watch_ != NULL && (is_had));                                       \
            (void)copi_memory_set_watch(copi_watch_);                                          \
        }                                                                                      \
    } while (0)

static inline bool
copi_memory_fails(void)
{
    return COPI_UNLIKELY(atomic_load_explicit(&copi_memory_watches, memory_order_relaxed) !=
                         0) &&
           copi_memory_refuses();
}

static inline void *
copi_malloc(size_t size)
{
    return copi_memory_fails() ? NULL : malloc(size);
}

static inline void *
copi_calloc(size_t count, size_t size)
{
    return copi_memory_fails() ? NULL : calloc(count, size);
}

static inline void *
copi_realloc(void *block, size_t size)
{
    return copi_memory_fails() ? NULL : realloc(block, size);
}

static inline void *
copi_aligned_alloc(size_t alignment, size_t size)
{
    return copi_memory_fails() ? NULL : aligned_alloc(alignment, size);
}

static inline char *
copi_strdup(const char *text)
{
    return copi_memory_fails() ? NULL : strdup(text);
}

#endif /* COPPICE_BASE_MEMORY_H */
