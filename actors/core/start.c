/* SPDX-License-Identifier: Apache-2.0 */
/*
 * start.c - workers, the node's services and its main actor.
 */
#include <stdio.h>

#include "core/node.h"
#include "io/stopsig.h"
#include "process/lifeline.h"

/* Before the workers start, which inherit it. */
static void
block_signals(cop_node *self)
{
    if (!self->are_signals_blocked)
        copi_unixsig_block(&self->signals, &self->opts);
    self->are_signals_blocked = true;
}

cop_err
copi_node_run_workers(cop_node *self)
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

typedef struct starting {
    const cop_behaviour *behaviour;
    const cop_spawn_opts *opts;
    cop_pid *out;
    cop_err err;
} starting;

static void
run_start(cop_actor *root, void *ctx)
{
    starting *asked = ctx;

    asked->err = start_services(root->node);
    if (asked->err == COP_OK)
        asked->err =
            copi_root_spawn(root->node, asked->behaviour, asked->opts, COPI_MAIN, asked->out);
}

cop_err
copi_node_start_main(cop_node *node, const cop_behaviour *behaviour, const cop_spawn_opts *opts,
                     cop_pid *out)
{
    starting asked = {behaviour, opts, out, COP_E_GONE};

    return copi_node_ask_root(node, run_start, &asked) ? asked.err : COP_E_GONE;
}

cop_err
cop_node_start(cop_node *node, const cop_behaviour *behaviour, const cop_spawn_opts *opts,
               cop_pid *out)
{
    if (node->is_started || node->sim != NULL)
        return COP_E_RUNNING;
    COP_TRY(copi_node_run_workers(node));
    /* By a worker: a process that init starts is killed when the thread that started it
     * ends, and the caller's may do so before the node. */
    cop_err err = copi_node_start_main(node, behaviour, opts, out);
    if (err == COP_OK)
        return COP_OK;
    cop_node_stop(node, NULL);
    (void)cop_node_wait(node, NULL);
    return err;
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
