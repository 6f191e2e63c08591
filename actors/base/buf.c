/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.c - counted buffers, and where freed ones wait for their next use.
 *
 * Why this is correct.  A block of memory is in one place at a time:
 *      in use       whoever holds references; the last one frees it, and no other does
 *      `mine`       of the thread that freed it; no other thread can name it
 *      the depot    under its lock
 * and goes from one to another by the hands of one thread, which has taken it out before it
 * puts it in.  So nobody gets a block that somebody else has.
 *
 * What was written into a block in one life happens before its next one: from the other
 * holders to the last one by the release and acquire of the count; from there to the next
 * use on the same thread by the order of the program, or on another one by the depot's lock,
 * which the first released after it had put the block in, and the second acquired before it
 * took the block out.
 *
 * The class follows from the size that the buffer keeps, so it is the same when it is freed.
 */
#include "base/buf.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"
#include "base/pool.h"

/* A block that is not in use; it begins where its cop_buf did. */
typedef struct block {
    struct block *next;
    struct block *next_batch; /* in the depot, of the first of a batch */
    uint32_t count;           /* likewise: how many there are in the batch */
} block;

typedef struct list {
    block *first;
    uint32_t count;
} list;

/* A thread's. */
typedef struct cache {
    list lists[COPI_BUF_CLASSES];
    size_t bytes;
    bool will_end; /* `on_thread_end` is going to be called */
} cache;

static _Thread_local cache mine;

/* Everything under the lock. */
static struct {
    pthread_mutex_t lock;
    block *batches[COPI_BUF_CLASSES];
    size_t bytes;
} depot = {.lock = PTHREAD_MUTEX_INITIALIZER};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t end_key;
static bool has_end_key;

/* ------------------------------------------------------------------------- classes */

/* COPI_BUF_CLASSES or more: none, it is malloc's. */
static unsigned
class_of(size_t size)
{
    if (!COPI_IS_POOLING || size <= COPI_BUF_SMALLEST / 2)
        return COPI_BUF_CLASSES;
    if (size <= COPI_BUF_SMALLEST)
        return 0;
    return (unsigned)(__builtin_clzl(COPI_BUF_SMALLEST - 1) - __builtin_clzl(size - 1));
}

static size_t
bytes_of(unsigned class)
{
    return (size_t)COPI_BUF_SMALLEST << class;
}

static uint32_t
batch_of(unsigned class)
{
    size_t fits = COPI_BUF_BATCH / bytes_of(class);

    return fits == 0 ? 1 : fits < COPI_BUF_BATCH_COUNT ? (uint32_t)fits : COPI_BUF_BATCH_COUNT;
}

/* --------------------------------------------------------------------------- depot */

static void
free_batch(block *batch)
{
    for (block *next; batch != NULL; batch = next) {
        next = batch->next;
        free(batch);
    }
}

/* Takes `count` linked blocks. */
static void
give_batch(unsigned class, block *first, uint32_t count)
{
    size_t bytes = count * bytes_of(class);

    first->count = count;
    pthread_mutex_lock(&depot.lock);
    bool has_room = depot.bytes + bytes <= COPI_BUF_DEPOT_MAX;
    if (has_room) {
        first->next_batch = depot.batches[class];
        depot.batches[class] = first;
        depot.bytes += bytes;
    }
    pthread_mutex_unlock(&depot.lock);
    if (!has_room)
        free_batch(first);
}

static list
take_batch(unsigned class)
{
    list taken = {0};

    pthread_mutex_lock(&depot.lock);
    block *first = depot.batches[class];
    if (first != NULL) {
        taken = (list){first, first->count};
        depot.batches[class] = first->next_batch;
        depot.bytes -= first->count * bytes_of(class);
    }
    pthread_mutex_unlock(&depot.lock);
    return taken;
}

size_t
copi_bufs_kept(void)
{
    pthread_mutex_lock(&depot.lock);
    size_t bytes = depot.bytes;
    pthread_mutex_unlock(&depot.lock);
    return bytes;
}

void
copi_bufs_trim(void)
{
    for (unsigned class = 0; class < COPI_BUF_CLASSES; class ++)
        for (list batch; (batch = take_batch(class)).first != NULL;)
            free_batch(batch.first);
}

/* ------------------------------------------------------------------ a thread's own */

static void
give_all(void)
{
    for (unsigned class = 0; class < COPI_BUF_CLASSES; class ++)
        if (mine.lists[class].count > 0) {
            give_batch(class, mine.lists[class].first, mine.lists[class].count);
            mine.lists[class] = (list){0};
        }
    mine.bytes = 0;
}

static void
on_thread_end(void *unused)
{
    (void)unused;
    give_all();
    mine.will_end = false; /* a buffer that is freed later in the end asks for it again */
}

static void
make_end_key(void)
{
    has_end_key = pthread_key_create(&end_key, on_thread_end) == 0;
}

/* A thread whose end would not be heard of keeps nothing. */
static bool
can_keep(void)
{
    if (mine.will_end)
        return true;
    pthread_once(&once, make_end_key);
    /* Any value but NULL makes the key's function be called. */
    mine.will_end = has_end_key && pthread_setspecific(end_key, &mine) == 0;
    return mine.will_end;
}

/*
 * The main thread has no end of its own, and the depot has none but the program's, or the
 * library's if that is unloaded before; then nobody may call into it any more.
 */
__attribute__((destructor)) static void
on_program_end(void)
{
    give_all();
    copi_bufs_trim();
    if (has_end_key)
        pthread_key_delete(end_key);
}

/* Of the newest, which are at hand; a batch is made by going along it once. */
static void
give_some(unsigned class)
{
    list *from = &mine.lists[class];
    block *first = from->first, *last = first;
    uint32_t count = batch_of(class);

    for (uint32_t i = 1; i < count; i++)
        last = last->next;
    from->first = last->next;
    from->count -= count;
    mine.bytes -= count * bytes_of(class);
    last->next = NULL;
    give_batch(class, first, count);
}

static void
keep(unsigned class, void *memory)
{
    block *freed = memory;
    list *to = &mine.lists[class];

    freed->next = to->first;
    to->first = freed;
    to->count++;
    mine.bytes += bytes_of(class);
    if (to->count >= 2 * batch_of(class))
        give_some(class);
    if (mine.bytes > COPI_BUF_THREAD_MAX)
        give_all();
}

/* NULL if neither this thread nor the depot has one. */
static void *
kept(unsigned class)
{
    list *from = &mine.lists[class];

    if (from->first == NULL) {
        if (!can_keep())
            return NULL;
        *from = take_batch(class);
        mine.bytes += from->count * bytes_of(class);
    }
    block *taken = from->first;
    if (taken == NULL)
        return NULL;
    from->first = taken->next;
    from->count--;
    mine.bytes -= bytes_of(class);
    return taken;
}

/* ------------------------------------------------------------------------- buffers */

static cop_buf *
allocate(size_t size)
{
    unsigned class = class_of(size);
    size_t room;

    if (class < COPI_BUF_CLASSES) {
        cop_buf *self = kept(class);
        return self != NULL ? self : copi_malloc(sizeof(cop_buf) + bytes_of(class));
    }
    return __builtin_add_overflow(sizeof(cop_buf), size, &room) ? NULL : copi_malloc(room);
}

static void
release(cop_buf *self)
{
    unsigned class = class_of(self->size);

    if (class < COPI_BUF_CLASSES && can_keep())
        keep(class, self);
    else
        free(self);
}

cop_buf *
cop_buf_new(size_t size)
{
    cop_buf *self = allocate(size);

    if (self == NULL)
        return NULL;
    atomic_init(&self->references, 1);
    self->size = size;
    return self;
}

/* acquire: pairs with the release of unref; what those who have left did to the bytes is
 * over.  After true no other thread can come to the buffer any more (buf.h). */
static bool
is_only(cop_buf *self)
{
    return atomic_load_explicit(&self->references, memory_order_acquire) == 1;
}

cop_buf *
cop_buf_ref(cop_buf *self)
{
    /* relaxed: the buffer is in sight already, and who gets the new reference gets it by
     * way of a mailbox, which orders. */
    if (self != NULL)
        COPI_CHECK(atomic_fetch_add_explicit(&self->references, 1, memory_order_relaxed) > 0);
    return self;
}

void
cop_buf_unref(cop_buf *self)
{
    if (self == NULL)
        return;
    /* Who is alone stays alone, and needs no atomic write to learn that it was the last:
     * most buffers are moved and never shared.  Else, release: what this thread did to the
     * bytes comes before the free.  acquire: of the last one, for its free. */
    if (is_only(self) ||
        atomic_fetch_sub_explicit(&self->references, 1, memory_order_acq_rel) == 1)
        release(self);
}

void *
cop_buf_bytes(cop_buf *self)
{
    return self != NULL && is_only(self) ? self->bytes : NULL;
}

cop_bytes
cop_buf_view(const cop_buf *self)
{
    return self == NULL ? (cop_bytes){0} : (cop_bytes){self->bytes, self->size};
}

size_t
cop_buf_size(const cop_buf *self)
{
    return self == NULL ? 0 : self->size;
}
