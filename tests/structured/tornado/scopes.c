/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scopes.c - the worker's second version: no callback is on its own scope any more.
 *
 *      worker
 *      |-- scope streams, comms, waiters, references, results: what belongs to each
 *      |-- scope cleanups: what is to be forgotten, or done, later
 *      '-- heartbeat, adapt, ...: a named child for each thing that comes again and again
 *
 * Other threads send it a message.  Where a callback fails its scope does, and as nobody
 * listens to that, the worker: as before.
 */
#include "worker.h"

#include <coppice/hatch.h>
#include <coppice/timer.h>

#define WORKER(M, F)                                                                           \
    M(1, do_this, F(u32, what))                                                                \
    M(2, pulse)
COP_PROTOCOL(WORKER)

typedef enum part {
    STREAMS,
    COMMS,
    WAITERS,
    REFERENCES,
    RESULTS,
    CLEANUPS,
    PARTS
} part;

typedef struct worker {
    unsigned index;
    worker_tally tally;
    cop_scope parts[PARTS];
} worker;

COP_HANDLER(worker, cop_start)
{
    static const char *const names[PARTS] = {"streams",    "comms",   "waiters",
                                             "references", "results", "cleanups"};

    st->index = *(const unsigned *)msg->arg;
    for (int i = 0; i < PARTS; i++)
        COP_TRY(cop_scope_open(me, &(cop_scope_opts){.name = names[i]}, &st->parts[i]));
    return COP_OK;
}

/* What another thread wants is done at once. */
COP_HANDLER(worker, do_this)
{
    return worker_work(me, st->index, &st->tally, (worker_shape)msg->what);
}

COP_HANDLER(worker, cop_end)
{
    char line[32];

    snprintf(line, sizeof line, "w%u ends", st->index);
    worker_said(line);
    return COP_OK;
}
COP_BEHAVIOUR(worker_b, worker, COP_ON(worker, cop_start), COP_ON(worker, do_this),
              COP_ON(worker, cop_end));

static cop_err
run(cop_actor *me, void *state, void *arg)
{
    worker *self = state;

    return worker_work(me, self->index, &self->tally, ((worker_order *)arg)->what);
}

/* ---------------------------------------------------------------- what comes again */

/* The argument of its init. */
typedef struct beat {
    unsigned index;
    worker_shape what;
    int64_t ms;
} beat;

typedef struct ticker {
    beat beat;
    worker_tally tally;
} ticker;

COP_HANDLER(ticker, cop_start)
{
    st->beat = *(const beat *)msg->arg;
    return cop_send_every(me, st->beat.ms, NULL, pulse);
}

COP_HANDLER(ticker, pulse)
{
    return worker_work(me, st->beat.index, &st->tally, st->beat.what);
}
static COP_BEHAVIOUR(ticker_b, ticker, COP_ON(ticker, cop_start), COP_ON(ticker, pulse));

static cop_err
begin_ticker(cop_actor *me, const worker *self, worker_shape what, int64_t ms)
{
    return cop_spawn(
        me, &ticker_b,
        &(cop_spawn_opts){
            .label = worker_abouts[what].name, .arg = &(beat){self->index, what, ms}
    },
        NULL);
}

/* ---------------------------------------------------------------- the places */

static part
part_of(worker_shape what)
{
    if (what <= SHAPE_log_event || what == SHAPE_retry_busy_peer)
        return STREAMS;
    if (what <= SHAPE_close_client)
        return COMMS;
    if (what <= SHAPE_wake_queue_waiter)
        return WAITERS;
    if (what <= SHAPE_drop_subscribers)
        return REFERENCES;
    return what <= SHAPE_task_secedes ? RESULTS : CLEANUPS;
}

cop_err
worker_begin(cop_actor *me, void *state, worker_shape what, int64_t ms)
{
    worker *self = state;
    cop_scope scope = self->parts[part_of(what)];

    if (worker_abouts[what].way == WAY_EVERY)
        return begin_ticker(me, self, what, ms);
    worker_order *order = worker_order_new(what);
    if (worker_abouts[what].way == WAY_AFTER)
        return cop_scope_after(me, scope, ms, run, order, worker_order_dispose, NULL);
    return cop_scope_soon(me, scope, run, order, worker_order_dispose, NULL);
}

cop_err
worker_post(cop_node *node, cop_pid to, worker_shape what)
{
    return cop_post(node, to, do_this, .what = what);
}

unsigned
worker_hatches(FILE *out)
{
    return cop_hatch_report(out);
}
const unsigned worker_hatches_expected = 0;
