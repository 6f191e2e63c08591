/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* sched_getaffinity */

#include "core/node.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/exit.h"
#include "base/memory.h"
#include "base/rng.h"
#include "core/sequence.h"
#include "core/ties.h"
#include "debug/lookout.h"
#include "io/stopsig.h"
#include "message/bufs.h"
#include "process/lifeline.h"

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

cop_err
copi_node_make(cop_node **out, const cop_node_opts *opts, cop_sim *sim,
               copi_simulation *simulation, uint64_t incarnation)
{
    COP_TRY(check(opts));
    cop_node *self = copi_calloc(1, sizeof *self);
    if (self == NULL)
        return COP_E_NOMEM;
    set_up(self, opts);
    self->sim = sim;
    self->incarnation = incarnation;
    if (sim != NULL)
        self->opts.workers = 1;
    cop_err err = copi_sched_init(&self->sched, self->opts.workers, self->opts.seed, simulation,
                                  copi_run_actor, copi_ring, tidy);
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

cop_err
cop_node_new(cop_node **out, const cop_node_opts *opts)
{
    static const cop_node_opts defaults = {0};
    uint64_t incarnation;

    /* Zero means no node at all. */
    while ((incarnation = copi_rng_entropy()) == 0)
        continue;
    return copi_node_make(out, opts == NULL ? &defaults : opts, NULL, NULL, incarnation);
}

/* Before the workers start, which inherit it. */
static void
block_signals(cop_node *self)
{
    if (!self->are_signals_blocked)
        copi_unixsig_block(&self->signals, &self->opts);
    self->are_signals_blocked = true;
}

static cop_err
run_workers(cop_node *self)
{
    block_signals(self);
    cop_err err = copi_sched_start(&self->sched);
    self->is_started = err == COP_OK;
    if (err == COP_OK)
        copi_unixsig_started(&self->signals);
    return err;
}

static cop_err
start_service(cop_node *self, const cop_behaviour *behaviour)
{
    return copi_root_spawn(self, behaviour, NULL, COPI_SERVICE, &self->last_service);
}

/* What watches the world outside for the node. */
static cop_err
start_services(cop_node *self)
{
    if (self->opts.unix_signals)
        COP_TRY(copi_stopsig_start(self));
    if (self->opts.tree_signal > 0)
        COP_TRY(start_service(self, &copi_tree_service));
    if (copi_lifeline_fd() >= 0)
        COP_TRY(start_service(self, &copi_lifeline_service));
    return COP_OK;
}

void
copi_node_ended(cop_node *node, const cop_exit *why)
{
    /* Else by who waits for it. */
    if (node->sim != NULL)
        copi_offload_close(node->offload);
    pthread_mutex_lock(&node->lock);
    node->is_ended = true;
    node->why = *why;
    pthread_cond_broadcast(&node->changed);
    pthread_mutex_unlock(&node->lock);
}

void
copi_node_log(cop_node *node, const char *line)
{
    if (node->opts.on_log != NULL)
        node->opts.on_log(node->opts.ctx, line);
    else
        fprintf(stderr, "%s\n", line);
}

/* ------------------------------------------------------------------ asking the root */

cop_err
copi_node_tell_root(cop_node *node, void (*run)(cop_actor *, void *), void (*refuse)(void *),
                    void *ctx)
{
    copi_envelope *made = copi_envelope_new(NULL, COPI_REQUEST, sizeof(copi_request));
    copi_worker *worker = node->sim != NULL ? &node->sched.workers[0] : NULL;

    if (made == NULL)
        return COP_E_NOMEM;
    *(copi_request *)copi_payload(made) = (copi_request){run, refuse, ctx};
    atomic_fetch_add_explicit(&node->foreign_messages, 1, memory_order_relaxed);
    cop_err err = copi_push(node, worker, copi_pid_of(node->root), made);
    if (err != COP_OK) {
        atomic_fetch_sub_explicit(&node->foreign_messages, 1, memory_order_relaxed);
        copi_envelope_free(NULL, made);
    }
    return err;
}

/* One question to the root, on the stack of who waits for the answer. */
typedef struct question {
    cop_node *node;
    void (*run)(cop_actor *root, void *ctx);
    void *ctx;
    bool is_answered; /* under the node's lock */
    bool is_refused;
} question;

static void
answer(question *self, bool is_refused)
{
    pthread_mutex_lock(&self->node->lock);
    self->is_answered = true;
    self->is_refused = is_refused;
    pthread_cond_broadcast(&self->node->changed);
    pthread_mutex_unlock(&self->node->lock);
}

static void
run_question(cop_actor *root, void *ctx)
{
    question *self = ctx;

    self->run(root, self->ctx);
    answer(self, false);
}

static void
refuse_question(void *ctx)
{
    answer(ctx, true);
}

bool
copi_node_ask_root(cop_node *node, void (*run)(cop_actor *root, void *ctx), void *ctx)
{
    question asked = {.node = node, .run = run, .ctx = ctx};

    if (!node->is_started ||
        copi_node_tell_root(node, run_question, refuse_question, &asked) != COP_OK)
        return false;
    pthread_mutex_lock(&node->lock);
    while (!asked.is_answered)
        pthread_cond_wait(&node->changed, &node->lock);
    pthread_mutex_unlock(&node->lock);
    return !asked.is_refused;
}

typedef struct spawn_question {
    const cop_behaviour *behaviour;
    const cop_spawn_opts *opts;
    cop_pid *out;
    cop_err err;
} spawn_question;

static void
run_start(cop_actor *root, void *ctx)
{
    spawn_question *asked = ctx;

    asked->err = start_services(root->node);
    if (asked->err == COP_OK)
        asked->err =
            copi_root_spawn(root->node, asked->behaviour, asked->opts, COPI_MAIN, asked->out);
}

cop_err
cop_node_start(cop_node *node, const cop_behaviour *behaviour, const cop_spawn_opts *opts,
               cop_pid *out)
{
    spawn_question asked = {behaviour, opts, out, COP_E_GONE};

    if (node->is_started || node->sim != NULL)
        return COP_E_RUNNING;
    COP_TRY(run_workers(node));
    /* By a worker: a process that init starts is killed when the thread that started it
     * ends, and the caller's may do so before the node. */
    if (copi_node_ask_root(node, run_start, &asked) && asked.err == COP_OK)
        return COP_OK;
    cop_node_stop(node, NULL);
    (void)cop_node_wait(node, NULL);
    return asked.err;
}

static void
run_spawn(cop_actor *root, void *ctx)
{
    spawn_question *asked = ctx;

    asked->err =
        copi_root_spawn(root->node, asked->behaviour, asked->opts, COPI_GUEST, asked->out);
}

cop_err
cop_node_spawn(cop_node *node, const cop_behaviour *behaviour, const cop_spawn_opts *opts,
               cop_pid *out)
{
    spawn_question asked = {behaviour, opts, out, COP_E_GONE};

    return copi_node_ask_root(node, run_spawn, &asked) ? asked.err : COP_E_GONE;
}

/* -------------------------------------------------------------------------- the end */

static void
run_stop(cop_actor *root, void *ctx)
{
    cop_exit *why = ctx;

    if (cop_pid_is_none(root->node->main) ||
        copi_stop_child(root, root->node->main, why) != COP_OK)
        (void)cop_stop_with(root, why);
    copi_after_handler(root, COP_OK);
    free(why);
}

void
cop_node_stop(cop_node *node, const cop_exit *why)
{
    cop_exit *kept = copi_malloc(sizeof *kept);

    COPI_CHECK(kept != NULL);
    *kept = why != NULL ? *why : (cop_exit){.kind = COP_EXIT_SHUTDOWN};
    if (copi_node_tell_root(node, run_stop, free, kept) != COP_OK)
        free(kept); /* it has ended */
}

static void
run_harden(cop_actor *root, void *ctx)
{
    (void)ctx;
    copi_children_kill(root);
}

static void
refuse_harden(void *ctx)
{
    (void)ctx; /* it has ended: there is nothing left to kill */
}

void
copi_node_harden(cop_node *node)
{
    /* relaxed: the request that follows brings it along. */
    atomic_store_explicit(&node->is_hard, true, memory_order_relaxed);
    (void)copi_node_tell_root(node, run_harden, refuse_harden, node);
}

static void
log_failure(cop_node *node)
{
    char text[512], line[600];

    if (!copi_exit_is_bad(&node->why) || node->unix_signal != 0)
        return;
    cop_exit_print(&node->why, text, sizeof text);
    snprintf(line, sizeof line, "node %s failed: %s", node->name, text);
    copi_node_log(node, line);
}

static int
status_of(cop_node *node)
{
    pthread_mutex_lock(&node->lock);
    int signo = node->unix_signal;
    pthread_mutex_unlock(&node->lock);
    if (signo != 0)
        return 128 + signo;
    if (copi_exit_is_bad(&node->why))
        return 1;
    return copi_offload_left(node->offload) > 0 ? COP_STATUS_LEFTOVER : 0;
}

int
cop_node_wait(cop_node *node, cop_exit *why)
{
    pthread_mutex_lock(&node->lock);
    while (!node->is_ended)
        pthread_cond_wait(&node->changed, &node->lock);
    bool is_mine = !node->is_joined;
    node->is_joined = true;
    pthread_mutex_unlock(&node->lock);
    if (is_mine) {
        copi_offload_close(node->offload);
        copi_watchdog_stop(node);
        copi_stopsig_end(node);
        copi_sched_stop(&node->sched);
        copi_sched_join(&node->sched);
        log_failure(node);
    }
    if (why != NULL)
        *why = node->why;
    return status_of(node);
}

void
cop_node_free(cop_node **node)
{
    cop_node *self = node == NULL ? NULL : *node;

    if (self == NULL)
        return;
    COPI_CHECK(self->sim == NULL);
    /* Even a node that never ran may have services to be ended in order. */
    if (!self->is_started && run_workers(self) != COP_OK)
        COPI_CHECK(!"no thread for the end of a node");
    if (!self->is_joined) {
        cop_node_stop(self, NULL);
        (void)cop_node_wait(self, NULL);
    }
    copi_unixsig_restore(&self->signals);
    copi_node_destroy(self);
    *node = NULL;
}

int
cop_run(const cop_behaviour *behaviour, const cop_node_opts *opts)
{
    cop_node_opts mine = opts == NULL ? (cop_node_opts){0} : *opts;
    cop_node *node = NULL;

    mine.unix_signals = true;
    if (mine.tree_signal == 0)
        mine.tree_signal = copi_unixsig_for_tree();
    cop_exit why = {.kind = COP_EXIT_ERROR};
    cop_err err = cop_node_new(&node, &mine);
    if (err == COP_OK)
        err = cop_node_start(node, behaviour, &(cop_spawn_opts){.why = &why}, NULL);
    if (err != COP_OK) {
        cop_node_free(&node);
        fprintf(stderr, "coppice: cannot start: %s\n",
                why.text[0] != '\0' ? why.text : cop_err_text(err));
        return 1;
    }
    int status = cop_node_wait(node, NULL);
    cop_node_free(&node);
    return status;
}

/* ------------------------------------------------------------------------- any thread */

cop_err
cop_post_message(cop_node *node, cop_pid to, const cop_type *type, const void *message)
{
    copi_worker *worker = node->sim != NULL ? &node->sched.workers[0] : NULL;

    cop_err err = copi_send(
        node, worker,
        &(copi_parcel){.kind = COPI_USER_MESSAGE, .to = to, .type = type, .body = message});
    return copi_taken(type, message, err);
}

const char *
cop_node_name(const cop_node *node)
{
    return node->name;
}

uint64_t
cop_node_incarnation(const cop_node *node)
{
    return node->incarnation;
}

void
cop_node_stats_read(cop_node *node, cop_node_stats *out)
{
    int64_t ended = 0, timers = 0, watches = 0;
    int64_t live = atomic_load_explicit(&node->foreign_messages, memory_order_relaxed);

    *out = (cop_node_stats){.dead_letters = atomic_load_explicit(&node->foreign_dead_letters,
                                                                 memory_order_relaxed)};
    for (unsigned i = 0; i < node->sched.worker_count; i++) {
        copi_counters *from = &node->sched.workers[i].counters;
#define READ(field) atomic_load_explicit(&from->field, memory_order_relaxed)
        out->spawned += READ(spawned);
        out->messages += READ(messages);
        out->dead_letters += READ(dead_letters);
        out->late_replies += READ(late_replies);
        out->unhandled += READ(unhandled);
        ended += (int64_t)READ(ended);
        timers += READ(timers);
        watches += READ(watches);
        live += READ(live_messages);
#undef READ
    }
    out->actors = out->spawned - (uint64_t)ended;
    out->timers = (uint64_t)timers;
    out->watches = (uint64_t)watches;
    out->live_messages = (uint64_t)live;
    copi_offload_count(node->offload, out);
}
