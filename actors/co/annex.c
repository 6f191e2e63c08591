/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "co/co.h"
#include "core/node.h"

enum {
    SITES = 256,
};

typedef struct annex {
    copi_annex base; /* first */
    copi_stacks stacks;
    const char *sites[SITES]; /* noted; under the node's lock */
    unsigned site_count;
    copi_stack_cache caches[]; /* one per worker */
} annex;

static void
annex_free(copi_annex *base)
{
    annex *self = (annex *)base;

    copi_stacks_fini(&self->stacks);
    free(self);
}

static bool
annex_tidy(copi_annex *base)
{
    return copi_stacks_tidy(&((annex *)base)->stacks);
}

static annex *
annex_new(const cop_node *node)
{
    unsigned workers = node->sched.worker_count;
    annex *self = calloc(1, sizeof *self + workers * sizeof self->caches[0]);

    if (self == NULL)
        return NULL;
    self->base = (copi_annex){.free = annex_free, .tidy = annex_tidy};
    copi_stacks_init(&self->stacks);
    for (unsigned i = 0; i < workers; i++)
        copi_stack_cache_init(&self->caches[i], &self->stacks);
    return self;
}

static annex *
annex_of(cop_node *node)
{
    /* acquire: pairs with the store below. */
    annex *self = (annex *)atomic_load_explicit(&node->annex, memory_order_acquire);

    if (self != NULL)
        return self;
    pthread_mutex_lock(&node->lock);
    self = (annex *)atomic_load_explicit(&node->annex, memory_order_relaxed);
    if (self == NULL && (self = annex_new(node)) != NULL)
        atomic_store_explicit(&node->annex, &self->base, memory_order_release);
    pthread_mutex_unlock(&node->lock);
    return self;
}

copi_stack_cache *
copi_stacks_of(cop_node *node, unsigned worker)
{
    annex *self = annex_of(node);

    return self == NULL ? NULL : &self->caches[worker];
}

void
cop_stack_stats_read(cop_node *node, cop_stack_stats *out)
{
    annex *self = (annex *)atomic_load_explicit(&node->annex, memory_order_acquire);
    copi_stacks_stats stats = {0};

    if (self != NULL)
        copi_stacks_count(&self->stacks, &stats);
    *out = (cop_stack_stats){.alive = stats.alive,
                             .pooled = stats.pooled,
                             .mapped = stats.mapped,
                             .resident = stats.resident,
                             .deepest = stats.deepest};
}

bool
copi_note_site(cop_node *node, const char *site)
{
    annex *self = annex_of(node);
    bool is_new = false;

    if (self == NULL)
        return false;
    pthread_mutex_lock(&node->lock);
    unsigned at = 0;
    while (at < self->site_count && self->sites[at] != site)
        at++;
    if (at == self->site_count && at < SITES) {
        self->sites[self->site_count++] = site;
        is_new = true;
    }
    pthread_mutex_unlock(&node->lock);
    return is_new;
}
