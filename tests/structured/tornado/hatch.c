/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hatch.c - the worker's first version: what was thrown at the loop is on the escape hatch.
 *
 * Nothing else has changed; the callbacks are called from where they were, one line for each
 * of the 39 places.
 */
#include <coppice/hatch.h>

#include "worker.h"

typedef struct worker {
    unsigned index;
    worker_tally tally;
} worker;

COP_HANDLER(worker, cop_start)
{
    st->index = *(const unsigned *)msg->arg;
    return COP_OK;
}

COP_HANDLER(worker, cop_end)
{
    char line[32];

    snprintf(line, sizeof line, "w%u ends", st->index);
    worker_said(line);
    return COP_OK;
}
COP_BEHAVIOUR(worker_b, worker, COP_ON(worker, cop_start), COP_ON(worker, cop_end));

static cop_err
run(cop_actor *me, void *state, void *arg)
{
    worker *self = state;

    return worker_work(me, self->index, &self->tally, ((worker_order *)arg)->what);
}

/* ------------------------------------------------------------------------ the places */

#define SOON  cop_soon(me, run, order, worker_order_dispose)
#define AFTER cop_after(me, ms, run, order, worker_order_dispose, NULL)
#define EVERY cop_every(me, ms, run, order, worker_order_dispose, NULL)
#define POST  cop_post_soon(node, to, run, order, worker_order_dispose)

cop_err
worker_begin(cop_actor *me, void *state, worker_shape what, int64_t ms)
{
    worker_order *order = worker_order_new(what);

    (void)state;
    switch (what) {
    case SHAPE_flush_batch: return SOON;
    case SHAPE_tell_worker: return SOON;
    case SHAPE_publish: return SOON;
    case SHAPE_log_event: return SOON;
    case SHAPE_close_refused_comm: return SOON;
    case SHAPE_close_idle_comm: return SOON;
    case SHAPE_stop_listening: return SOON;
    case SHAPE_abort_comm: return SOON;
    case SHAPE_heartbeat: return EVERY;
    case SHAPE_adapt: return EVERY;
    case SHAPE_refresh_leases: return EVERY;
    case SHAPE_sample_profile: return EVERY;
    case SHAPE_draw_progress: return EVERY;
    case SHAPE_balance: return EVERY;
    case SHAPE_wake_connecting: return SOON;
    case SHAPE_wake_lock_waiter: return SOON;
    case SHAPE_wake_queue_waiter: return SOON;
    case SHAPE_take_future: return SOON;
    case SHAPE_drop_variable: return SOON;
    case SHAPE_when_done: return SOON;
    case SHAPE_as_completed: return SOON;
    case SHAPE_close_after_error: return SOON;
    case SHAPE_forget_events: return AFTER;
    case SHAPE_retry_busy_peer: return AFTER;
    case SHAPE_lifetime_over: return AFTER;
    default: break;
    }
    worker_order_dispose(order);
    return COP_E_INVAL;
}

cop_err
worker_post(cop_node *node, cop_pid to, worker_shape what)
{
    worker_order *order = worker_order_new(what);

    switch (what) {
    case SHAPE_tell_scheduler: return POST;
    case SHAPE_feed_peer_queue: return POST;
    case SHAPE_end_peer_queue: return POST;
    case SHAPE_abort_all_comms: return POST;
    case SHAPE_close_client: return POST;
    case SHAPE_loop_started: return POST;
    case SHAPE_loop_stopped: return POST;
    case SHAPE_process_started: return POST;
    case SHAPE_process_exited: return POST;
    case SHAPE_drop_future: return POST;
    case SHAPE_drop_subscribers: return POST;
    case SHAPE_actor_result: return POST;
    case SHAPE_task_secedes: return POST;
    case SHAPE_close_gracefully: return POST;
    default: break;
    }
    worker_order_dispose(order);
    return COP_E_INVAL;
}

unsigned
worker_hatches(FILE *out)
{
    return cop_hatch_report(out);
}
const unsigned worker_hatches_expected = SHAPE_COUNT;
