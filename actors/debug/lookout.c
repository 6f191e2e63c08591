/* SPDX-License-Identifier: Apache-2.0 */
#include "debug/lookout.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "core/node.h"
#include "debug/rows.h"

/* One for a node: a thread that was asked in vain may still answer, until it ends. */
struct copi_lookout {
    pthread_mutex_t lock; /* what follows */
    copi_capture capture;
    int signal;
};

static copi_lookout *
make(void)
{
    copi_lookout *self = copi_calloc(1, sizeof *self);

    if (self == NULL || !copi_capture_init(&self->capture)) {
        free(self);
        return NULL;
    }
    pthread_mutex_init(&self->lock, NULL);
    self->signal = copi_capture_prepare();
    return self;
}

/* NULL: no memory. */
static copi_lookout *
lookout_of(cop_node *node)
{
    pthread_mutex_lock(&node->lock);
    if (node->lookout == NULL)
        node->lookout = make();
    copi_lookout *self = node->lookout;
    pthread_mutex_unlock(&node->lock);
    return self;
}

void
copi_lookout_free(cop_node *node)
{
    copi_lookout *self = node->lookout;

    if (self == NULL)
        return;
    copi_capture_fini(&self->capture);
    pthread_mutex_destroy(&self->lock);
    free(self);
    node->lookout = NULL;
}

void
copi_lookout_note(cop_node *node, copi_moments *out)
{
    out->at = copi_worker_now(&node->sched.workers[0]);
    for (unsigned i = 0; i < node->sched.worker_count; i++)
        out->of[i] = copi_moment_of(&node->sched.workers[i]);
}

/* NULL: none. */
static copi_worker *
worker_running(cop_node *node, cop_pid who)
{
    const void *record = copi_table_find(&node->table, copi_slot(who.id));

    for (unsigned i = 0; i < node->sched.worker_count; i++)
        /* relaxed: only compared. */
        if (atomic_load_explicit(&node->sched.workers[i].current, memory_order_relaxed) ==
            record)
            return &node->sched.workers[i];
    return NULL;
}

static void
ask_thread(cop_node *node, copi_worker *worker, copi_moment at, cop_row *row)
{
    copi_lookout *self = lookout_of(node);

    if (self == NULL)
        return;
    pthread_mutex_lock(&self->lock);
    if (copi_capture_take(&self->capture, self->signal, worker, at) == COPI_CAPTURED &&
        cop_pid_equal(self->capture.who, row->pid)) {
        copi_row_text(row->blocked_on, sizeof row->blocked_on, self->capture.message);
        row->waiting = self->capture.waiting;
    }
    pthread_mutex_unlock(&self->lock);
}

void
copi_lookout_look(cop_node *node, const copi_moments *since, cop_row *row)
{
    copi_worker *worker = worker_running(node, row->pid);

    row->state = COP_ROW_SILENT;
    if (worker == NULL)
        return;
    copi_moment now = copi_moment_of(worker);
    row->state = COP_ROW_BUSY;
    if (copi_moment_equal(now, since->of[worker->index]))
        row->busy_ms = (copi_worker_now(worker) - since->at) / COPI_MS;
    ask_thread(node, worker, now, row);
}
