/* SPDX-License-Identifier: Apache-2.0 */
#include "co/stacks.h"

#include "base/check.h"
#include "co/overflow.h"
#include "co/tools.h"

enum {
    BATCH_BYTES = 1024 * 1024,
    BATCH_MOST = 16,
};

/* How many stacks move at once. */
static uint32_t
batch_of(uint8_t class)
{
    uint32_t count = BATCH_BYTES / ((uint32_t)COPI_STACK_LEAST << class);

    if (count == 0)
        return 1;
    return count < BATCH_MOST ? count : BATCH_MOST;
}

/* That make so many bytes. */
static uint32_t
count_in(uint32_t bytes, uint8_t class)
{
    return bytes / ((uint32_t)COPI_STACK_LEAST << class);
}

void
copi_stacks_init(copi_stacks *self)
{
    *self = (copi_stacks){0};
    pthread_mutex_init(&self->lock, NULL);
    atomic_init(&self->has_surplus, false);
    atomic_init(&self->deepest, 0);
}

void
copi_stack_cache_init(copi_stack_cache *self, copi_stacks *stacks)
{
    *self = (copi_stack_cache){.stacks = stacks, .least = copi_stack_least()};
    atomic_init(&self->taken, 0);
    atomic_init(&self->given, 0);
    pthread_mutex_lock(&stacks->lock);
    self->next = stacks->caches;
    stacks->caches = self;
    pthread_mutex_unlock(&stacks->lock);
}

static void
forget_all(copi_stacks *self)
{
    for (copi_stack_slab *slab = self->quarry.slabs; slab != NULL; slab = slab->older)
        for (uint32_t i = 0; i < slab->used; i++) {
            COPI_CHECK(!slab->stacks[i].is_taken);
            copi_tools_unmap(&slab->stacks[i]);
        }
}

void
copi_stacks_fini(copi_stacks *self)
{
    forget_all(self);
    copi_quarry_fini(&self->quarry);
    pthread_mutex_destroy(&self->lock);
}

/* ----------------------------------------------------------------- between cache and pool */

static void
note_depth(copi_stacks *self, size_t depth)
{
    size_t before = atomic_load_explicit(&self->deepest, memory_order_relaxed);

    while (before < depth &&
           !atomic_compare_exchange_weak_explicit(&self->deepest, &before, depth,
                                                  memory_order_relaxed, memory_order_relaxed))
        continue;
}

static void
push_batch(copi_stack **list, copi_stack *batch)
{
    batch->next_batch = *list;
    *list = batch;
}

static copi_stack *
pop_batch(copi_stack **list)
{
    copi_stack *batch = *list;

    if (batch != NULL)
        *list = batch->next_batch;
    return batch;
}

static bool
keep_warm(copi_stacks *self, uint8_t class, copi_stack *batch)
{
    uint32_t count = batch_of(class);

    pthread_mutex_lock(&self->lock);
    uint32_t all = self->classes[class].warm_count + count;
    bool has_room = all <= count_in(COPI_STACKS_WARM_MOST, class);
    if (has_room) {
        push_batch(&self->classes[class].warm, batch);
        self->classes[class].warm_count = all;
        if (all > count_in(COPI_STACKS_WARM, class))
            atomic_store_explicit(&self->has_surplus, true, memory_order_relaxed);
    }
    pthread_mutex_unlock(&self->lock);
    return has_room;
}

/* Without the lock: the kernel takes its time. */
static void
cool(copi_stacks *self, uint8_t class, copi_stack *batch)
{
    for (copi_stack *stack = batch; stack != NULL; stack = stack->next) {
        note_depth(self, copi_stack_look(stack).depth);
        copi_stack_cool(stack);
    }
    pthread_mutex_lock(&self->lock);
    push_batch(&self->classes[class].cold, batch);
    pthread_mutex_unlock(&self->lock);
}

static void
give_batch(copi_stacks *self, uint8_t class, copi_stack *batch)
{
    if (!keep_warm(self, class, batch))
        cool(self, class, batch);
}

/* A batch of a class of which too much is warm; NULL: there is none. */
static copi_stack *
take_surplus(copi_stacks *self)
{
    for (uint8_t class = 0; class < COPI_STACK_CLASSES; class ++) {
        if (self->classes[class].warm_count <= count_in(COPI_STACKS_WARM, class))
            continue;
        self->classes[class].warm_count -= batch_of(class);
        return pop_batch(&self->classes[class].warm);
    }
    return NULL;
}

bool
copi_stacks_tidy(copi_stacks *self)
{
    if (!atomic_load_explicit(&self->has_surplus, memory_order_relaxed))
        return false;
    pthread_mutex_lock(&self->lock);
    copi_stack *batch = take_surplus(self);
    if (batch == NULL)
        atomic_store_explicit(&self->has_surplus, false, memory_order_relaxed);
    pthread_mutex_unlock(&self->lock);
    if (batch == NULL)
        return false;
    cool(self, batch->class, batch);
    return true;
}

/* A batch, or one new stack. */
static cop_err
take_batch(copi_stacks *self, uint8_t class, copi_stack **batch, uint32_t *count)
{
    cop_err err = COP_OK;

    *count = batch_of(class);
    pthread_mutex_lock(&self->lock);
    *batch = pop_batch(&self->classes[class].warm);
    if (*batch != NULL) {
        self->classes[class].warm_count -= *count;
    } else if ((*batch = pop_batch(&self->classes[class].cold)) == NULL) {
        err = copi_quarry_cut(&self->quarry, class, batch);
        if (err == COP_OK)
            self->cut++;
        *count = 1;
    }
    pthread_mutex_unlock(&self->lock);
    copi_overflow_prepare();
    return err;
}

/* ------------------------------------------------------------------------------- caches */

/* The cache has none of that class; finds some. */
static cop_err
refill(copi_stack_cache *self, uint8_t class)
{
    copi_stack *batch = self->classes[class].spare;
    uint32_t count = batch_of(class);

    if (batch != NULL)
        self->classes[class].spare = NULL;
    else
        COP_TRY(take_batch(self->stacks, class, &batch, &count));
    self->classes[class].first = batch;
    self->classes[class].count = count;
    return COP_OK;
}

/* Has one writer. */
static void
tally(_Atomic size_t *counter)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

cop_err
copi_stack_take(copi_stack_cache *from, size_t size, copi_stack **out)
{
    if (size > COPI_STACK_MOST)
        return COP_E_INVAL;
    if (size == 0)
        size = COPI_STACK_DEFAULT;

    uint8_t class = copi_stack_class(size > from->least ? size : from->least);
    if (from->classes[class].first == NULL)
        COP_TRY(refill(from, class));
    copi_stack *stack = from->classes[class].first;
    from->classes[class].first = stack->next;
    from->classes[class].count--;
    tally(&from->taken);

    stack->is_taken = true;
    stack->name = NULL;
    stack->who = NULL;
    copi_tools_take(stack);
    *out = stack;
    return COP_OK;
}

void
copi_stack_give(copi_stack_cache *to, copi_stack **given)
{
    copi_stack *stack = *given;
    uint8_t class = stack->class;

    COPI_CHECK(stack->is_taken);
    *given = NULL;
    stack->is_taken = false;
    copi_tools_give(stack);
    if (to->classes[class].count == batch_of(class)) {
        if (to->classes[class].spare != NULL)
            give_batch(to->stacks, class, to->classes[class].spare);
        to->classes[class].spare = to->classes[class].first;
        to->classes[class].first = NULL;
        to->classes[class].count = 0;
    }
    stack->next = to->classes[class].first;
    to->classes[class].first = stack;
    to->classes[class].count++;
    tally(&to->given);
}

/* --------------------------------------------------------------------------- statistics */

/* Slabs stay until fini, and stacks that have been cut stay what they are. */
static void
count_pages(copi_stacks *self, const copi_stack_slab *slab, copi_stacks_stats *out)
{
    pthread_mutex_lock(&self->lock);
    uint32_t used = slab->used;
    pthread_mutex_unlock(&self->lock);

    for (uint32_t i = 0; i < used; i++) {
        copi_stack_pages pages = copi_stack_look(&slab->stacks[i]);
        out->resident += pages.resident;
        note_depth(self, pages.depth);
    }
}

void
copi_stacks_count(copi_stacks *self, copi_stacks_stats *out)
{
    size_t taken = 0, given = 0;

    *out = (copi_stacks_stats){0};
    pthread_mutex_lock(&self->lock);
    const copi_stack_slab *newest = self->quarry.slabs;
    out->mapped = self->quarry.mapped;
    for (copi_stack_cache *cache = self->caches; cache != NULL; cache = cache->next) {
        given += atomic_load_explicit(&cache->given, memory_order_relaxed);
        taken += atomic_load_explicit(&cache->taken, memory_order_relaxed);
    }
    /* While workers run it may look as if more had been given than taken, and the other way. */
    out->alive = taken > given ? taken - given : 0;
    out->pooled = self->cut > out->alive ? self->cut - out->alive : 0;
    pthread_mutex_unlock(&self->lock);

    for (const copi_stack_slab *slab = newest; slab != NULL; slab = slab->older)
        count_pages(self, slab, out);
    out->deepest = atomic_load_explicit(&self->deepest, memory_order_relaxed);
}
