/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make.c - the memory of a node: from its options to a root that waits, and back.
 */
#define _GNU_SOURCE /* sched_getaffinity */

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "core/node.h"
#include "core/sequence.h"
#include "core/ties.h"
#include "debug/lookout.h"

enum {
    /* Of a guest: its host's events wait for the end of a slice. */
    GUEST_SLICE = 64,
};

static unsigned
cores(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : (unsigned)count;
}

static unsigned
default_job_threads(void)
{
    unsigned wanted = cores() * COPI_OFFLOAD_THREADS_PER_CORE;

    if (wanted < COPI_OFFLOAD_THREADS_MIN)
        return COPI_OFFLOAD_THREADS_MIN;
    return wanted < COP_JOB_THREADS_MAX ? wanted : COP_JOB_THREADS_MAX;
}

static bool
is_valid_name(const char *name)
{
    return name[0] != '\0' && strlen(name) < sizeof((cop_node *)0)->name &&
           strpbrk(name, "@/ ") == NULL;
}

static cop_err
check(const cop_node_opts *opts)
{
    if (opts->name != NULL && !is_valid_name(opts->name))
        return COP_E_INVAL;
    if (opts->workers > COPI_WORKERS_MAX || copi_is_bad_limit(opts->stuck_ms) ||
        copi_unixsig_is_bad(opts->tree_signal))
        return COP_E_INVAL;
    return copi_offload_check(opts);
}

static void
set_up(cop_node *self, const cop_node_opts *opts)
{
    self->opts = *opts;
    if (self->opts.workers == 0)
        self->opts.workers = cores() < COPI_WORKERS_MAX ? cores() : COPI_WORKERS_MAX;
    if (self->opts.job_threads == 0)
        self->opts.job_threads = default_job_threads();
    if (self->opts.seed == 0)
        self->opts.seed = copi_rng_entropy();
    snprintf(self->name, sizeof self->name, "%s", opts->name != NULL ? opts->name : "local");
    self->opts.name = self->name;
    atomic_init(&self->route, NULL);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
    copi_registry_init(&self->registry);
    copi_census_init(&self->census);
}

static void
tear_down(cop_node *self)
{
    copi_census_fini(&self->census);
    copi_registry_fini(&self->registry);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

/* For the workers, when they have nothing to run. */
static bool
tidy(copi_worker *worker)
{
    cop_node *self = COPI_CONTAINER(worker->sched, cop_node, sched);
    copi_annex *annex = atomic_load_explicit(&self->annex, memory_order_acquire);

    return annex != NULL && annex->tidy(annex);
}

static cop_err
make_workers(cop_node *self, const copi_site *site)
{
    uint32_t slice = site->host != NULL ? GUEST_SLICE : COPI_SLICE;

    return copi_sched_init(&self->sched, &(copi_sched_plan){
                                             .workers = self->opts.workers,
                                             .seed = self->opts.seed,
                                             .slice = site->sim != NULL ? 0 : slice,
                                             .simulation = site->simulation,
                                             .run = copi_run_actor,
                                             .ring = copi_ring,
                                             .tidy = tidy,
                                             .host = site->host,
                                             .turn_ns = site->turn_ns,
                                             .gone = copi_node_gone,
                                         });
}

cop_err
copi_node_make(cop_node **out, const cop_node_opts *opts, const copi_site *site,
               uint64_t incarnation)
{
    COP_TRY(check(opts));
    cop_node *self = copi_calloc(1, sizeof *self);
    if (self == NULL)
        return COP_E_NOMEM;
    set_up(self, opts);
    self->sim = site->sim;
    self->incarnation = incarnation;
    if (site->sim != NULL || site->host != NULL)
        self->opts.workers = 1;
    cop_err err = make_workers(self, site);
    if (err != COP_OK)
        goto tear_down;
    err = copi_table_init(&self->table, self->opts.workers);
    if (err != COP_OK)
        goto end_workers;
    self->offload = copi_offload_new(self);
    err = self->offload == NULL ? COP_E_NOMEM : copi_root_start(self);
    if (err != COP_OK)
        goto end_offload;
    self->sched.run_other = copi_simulated_run;
    *out = self;
    return COP_OK;

end_offload:
    if (self->offload != NULL)
        copi_offload_free(self->offload);
    copi_table_fini(&self->table);
end_workers:
    copi_sched_fini(&self->sched);
tear_down:
    tear_down(self);
    return err;
}

static void
discard_mail(cop_actor *actor, void *ctx)
{
    (void)ctx;
    if (actor->phase != COPI_FREE)
        copi_discard_mail(actor);
}

static void
discard_actor(cop_actor *actor, void *ctx)
{
    (void)ctx;
    if (actor->phase != COPI_FREE)
        copi_discard(actor);
}

void
copi_node_destroy(cop_node *self)
{
    /* relaxed: nothing runs any more. */
    const copi_route *route = atomic_load_explicit(&self->route, memory_order_relaxed);

    copi_table_each(&self->table, discard_mail, NULL);
    copi_table_each(&self->table, discard_actor, NULL);
    if (route != NULL)
        route->dispose(route->ctx);
    copi_offload_free(self->offload);
    /* relaxed: nothing runs any more. */
    copi_annex *annex = atomic_load_explicit(&self->annex, memory_order_relaxed);
    if (annex != NULL)
        annex->free(annex);
    copi_sched_fini(&self->sched);
    copi_watchdog_free(self);
    copi_lookout_free(self);
    copi_table_fini(&self->table);
    tear_down(self);
}

uint64_t
copi_node_new_incarnation(void)
{
    uint64_t incarnation;

    /* Zero means no node at all. */
    while ((incarnation = copi_rng_entropy()) == 0)
        continue;
    return incarnation;
}

cop_err
cop_node_new(cop_node **out, const cop_node_opts *opts)
{
    static const cop_node_opts defaults = {0};

    return copi_node_make(out, opts == NULL ? &defaults : opts, &(copi_site){0},
                          copi_node_new_incarnation());
}
