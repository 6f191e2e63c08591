/* SPDX-License-Identifier: Apache-2.0 */
#include "offload/reaper.h"

#include <inttypes.h>
#include <stdio.h>

#include <coppice/timer.h>

#include "core/node.h"
#include "message/local.h"
#include "offload/offload.h"

typedef struct reaper {
    copi_offload *pool;
} reaper;

/* To itself, when it has waited for long enough, or there is nothing more to wait for. */
typedef struct reaped {
    char unused;
} reaped;

static const cop_type reaped_type = COPI_LOCAL("coppice", reaped);

static cop_err
reaper_init(cop_actor *me, void *state, const void *arg)
{
    (void)arg;
    ((reaper *)state)->pool = me->node->offload;
    copi_offload_set_reaper(me->node->offload, cop_self(me));
    return COP_OK;
}

static cop_err
reaper_on_stopping(cop_actor *me, void *state, const void *message)
{
    copi_offload *pool = ((reaper *)state)->pool;

    (void)message;
    if (copi_offload_reap(pool) == 0)
        return cop_stop(me);
    return cop_send_after(me, pool->reap_ms, NULL, reaped, .unused = 0);
}

static cop_err
reaper_on_reaped(cop_actor *me, void *state, const void *message)
{
    (void)state;
    (void)message;
    return cop_stop(me);
}

/* "2 jobs: resolve 1200 ms, copy 80 ms" */
static int
reaper_print(const void *state, char *text, size_t size)
{
    copi_job_info jobs[COP_JOB_THREADS_MAX];
    size_t count = copi_offload_abandoned(((const reaper *)state)->pool, jobs, COP_COUNT(jobs));
    int used = snprintf(text, size, "%zu jobs", count);

    for (size_t i = 0; i < count && used > 0 && (size_t)used < size; i++)
        used += snprintf(text + used, size - (size_t)used, "%s %s %" PRId64 " ms",
                         i == 0 ? ":" : ",", jobs[i].name, jobs[i].age_ms);
    return used;
}

static const cop_behaviour reaper_behaviour = {
    .name = "reaper",
    .state_size = sizeof(reaper),
    .init = reaper_init,
    .handlers = COP_HANDLERS({&cop_stopping_type, reaper_on_stopping},
                             {&reaped_type, reaper_on_reaped}),
    .print_state = reaper_print,
};

/* Right after the other services, so that it is there until the rest is gone; a second unix
 * signal still ends the wait. */
static void
spawn(cop_actor *root, void *ctx)
{
    cop_pid last = root->node->last_service;
    cop_spawn_opts opts = {
        .stop_ms = COP_INFINITY, .after = last, .first = cop_pid_is_none(last)};

    (void)ctx;
    if (copi_root_spawn(root->node, &reaper_behaviour, &opts, COPI_SERVICE, NULL) != COP_OK)
        cop_log(root, "no reaper for abandoned jobs");
}

/* The node is ending: at its very end it waits itself. */
static void
refuse(void *ctx)
{
    (void)ctx;
}

cop_err
copi_reaper_start(cop_node *node)
{
    return copi_node_tell_root(node, spawn, refuse, NULL);
}

void
copi_reaper_tell(cop_node *node, cop_pid to)
{
    if (cop_post(node, to, reaped, .unused = 0) != COP_OK)
        return; /* it was killed, or its own timer will tell it */
}
