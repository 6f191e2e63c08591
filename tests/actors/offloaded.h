/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offloaded.h - jobs for tests: an owner that submits them, and says how each was over.
 *
 * A task is one job with what it should do.  Its lines are "NAME ran", "NAME failed 7 text",
 * "NAME never ran: COP_E_CANCELLED", "NAME abandoned", said by its owner.
 */
#ifndef COPPICE_TESTS_ACTORS_OFFLOADED_H
#define COPPICE_TESTS_ACTORS_OFFLOADED_H

#include <dirent.h>
#include <sched.h>

#include "actors/stage.h"
#include "core/node.h"
#include "offload/offload.h"

/* Closed until it is opened. */
typedef struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_open;
} gate;

#define GATE                                                                                   \
    {                                                                                          \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false                             \
    }

static inline void
gate_open(gate *self)
{
    pthread_mutex_lock(&self->lock);
    self->is_open = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

/* False if nobody opens it within the patience. */
static inline bool
gate_pass(gate *self)
{
    struct timespec until;
    bool is_open;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STAGE_PATIENCE;
    pthread_mutex_lock(&self->lock);
    while (!self->is_open && pthread_cond_timedwait(&self->changed, &self->lock, &until) == 0)
        continue;
    is_open = self->is_open;
    pthread_mutex_unlock(&self->lock);
    return is_open;
}

typedef struct task {
    stage *at;
    cop_job_spec spec;
    cop_job *job;
    cop_err submitted;
    copi_job_end end;
    _Atomic unsigned told, ran, unblocked, disposed;
    gate *blocks;  /* the work waits for it; NULL: it does not */
    gate *started; /* opened by the work; NULL: not */
    gate *gone;    /* opened by dispose; NULL: not */
} task;

static inline void
task_say(const task *self)
{
    const char *name = self->spec.name;
    const copi_job_end *end = &self->end;

    if (end->outcome == COPI_JOB_NEVER_RAN)
        stage_say(self->at, "%s never ran: %s", name, cop_err_name(end->err));
    else if (end->outcome == COPI_JOB_ABANDONED)
        stage_say(self->at, "%s abandoned", name);
    else if (end->err != COP_OK)
        stage_say(self->at, "%s failed %d %s", name, end->code != 0 ? end->code : (int)end->err,
                  end->text);
    else
        stage_say(self->at, "%s ran", name);
}

/* In the owner: the job is over. */
static inline void
task_told(cop_actor *me, void *ctx)
{
    task *self = ctx;

    (void)me;
    copi_offload_release(&self->job);
    atomic_fetch_add(&self->told, 1);
    task_say(self);
}

static inline void
task_refused(void *ctx)
{
    (void)ctx; /* the node is discarded */
}

/* As the owner of a leaf will be told: by a loose envelope. */
static inline void
task_over(cop_job *job, void *ctx, const copi_job_end *end)
{
    task *self = ctx;
    cop_node *node = self->at->node;
    cop_pid owner = job->owner;
    copi_envelope *made = copi_envelope_new(NULL, COPI_REQUEST, sizeof(copi_request));

    self->end = *end;
    if (made == NULL)
        abort();
    *(copi_request *)copi_payload(made) = (copi_request){task_told, task_refused, self};
    atomic_fetch_add_explicit(&node->foreign_messages, 1, memory_order_relaxed);
    copi_worker *worker = node->sim != NULL ? &node->sched.workers[0] : NULL;
    if (copi_push(node, worker, owner, made) != COP_OK)
        abort(); /* an owner is there until its jobs are over */
}

static inline cop_err
task_work(cop_job *job, void *arg)
{
    task *self = arg;

    (void)job;
    atomic_fetch_add(&self->ran, 1);
    if (self->started != NULL)
        gate_open(self->started);
    if (self->blocks != NULL && !gate_pass(self->blocks))
        return COP_E_TIMEOUT;
    return COP_OK;
}

static inline void
task_unblock(void *arg)
{
    task *self = arg;

    atomic_fetch_add(&self->unblocked, 1);
    if (self->blocks != NULL)
        gate_open(self->blocks);
}

static inline void
task_dispose(void *arg)
{
    task *self = arg;

    atomic_fetch_add(&self->disposed, 1);
    if (self->gone != NULL)
        gate_open(self->gone);
}

static inline void
task_submit(cop_actor *me, void *ctx)
{
    task *self = ctx;
    copi_job_offer offer = {&self->spec, cop_self(me), task_over, self};

    if (self->spec.work == NULL)
        self->spec.work = task_work;
    if (self->spec.dispose == NULL)
        self->spec.dispose = task_dispose;
    self->spec.arg = self;
    self->submitted = copi_offload_submit(cop_node_of(me)->offload, &offer, &self->job);
}

static inline void
task_cancel(cop_actor *me, void *ctx)
{
    (void)me;
    if (((task *)ctx)->job != NULL)
        copi_offload_cancel(((task *)ctx)->job);
}

static inline void
task_abandon(cop_actor *me, void *ctx)
{
    (void)me;
    if (((task *)ctx)->job != NULL)
        (void)copi_offload_abandon(((task *)ctx)->job);
}

/* Submits on a real stage. */
static inline void
stage_submit(stage *at, task *self)
{
    self->at = at;
    stage_run(at, task_submit, self);
    assert_int_equal(self->submitted, COP_OK);
}

/* True if `is_so` becomes true within the patience. */
static inline bool
becomes(bool (*is_so)(void *ctx), void *ctx)
{
    time_t until = time(NULL) + STAGE_PATIENCE;

    while (!is_so(ctx)) {
        if (time(NULL) > until)
            return false;
        sched_yield();
    }
    return true;
}

static inline unsigned
count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    unsigned count = 0;

    assert_non_null(tasks);
    for (const struct dirent *entry; (entry = readdir(tasks)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

#endif /* COPPICE_TESTS_ACTORS_OFFLOADED_H */
