/* SPDX-License-Identifier: Apache-2.0 */
#include <coppice/main.h>

#include <stdio.h>

#include "io/unixsig.h"

static cop_err
join_others(cop_node *node, const cop_main_opts *opts)
{
    if (opts->node == NULL && opts->listen == NULL && opts->join == NULL)
        return COP_OK;
    return cop_cluster_start(node, &(cop_cluster_opts){.listen = opts->listen,
                                                       .join = opts->join,
                                                       .behaviours = opts->behaviours,
                                                       .heartbeat_ms = opts->heartbeat_ms,
                                                       .dead_ms = opts->dead_ms,
                                                       .message_max = opts->message_max});
}

static int
complain(const char *what, const cop_exit *why)
{
    char text[512];

    fprintf(stderr, "coppice: %s: %s\n", what, cop_exit_print(why, text, sizeof text));
    return 1;
}

static int
cannot_start(cop_err err)
{
    fprintf(stderr, "coppice: cannot start: %s\n", cop_err_text(err));
    return 1;
}

/* A supervisor that gave up ends by shutdown, for a reason behind it. */
static int
wait_for(cop_node *node)
{
    cop_exit why;
    int status = cop_node_wait(node, &why);

    if (status == 0 && why.kind == COP_EXIT_SHUTDOWN && why.cause_count > 0)
        return complain("ended", &why);
    return status;
}

static int
run(cop_node *node, const cop_child *tree, const cop_main_opts *opts)
{
    cop_exit why = {.kind = COP_EXIT_ERROR};
    cop_spawn_opts spawn = {.name = tree->anonymous ? NULL : tree->name,
                            .label = tree->name,
                            .arg = tree,
                            .stop_ms = tree->stop_ms != 0 ? tree->stop_ms : COP_INFINITY,
                            .why = &why};
    cop_err err = join_others(node, opts);

    if (err != COP_OK)
        return cannot_start(err);
    why.code = cop_node_start(node, &cop_supervisor, &spawn, NULL);
    return why.code == COP_OK ? wait_for(node) : complain("cannot start", &why);
}

int
cop_main(int argc, char **argv, const cop_child *tree, const cop_main_opts *opts)
{
    static const cop_main_opts defaults = {0};
    cop_node *node = NULL;

    (void)argc;
    (void)argv;
    if (opts == NULL)
        opts = &defaults;
    const cop_child only[] = {*tree, {0}};
    const cop_child wrapper = {.name = "main", .anonymous = true, .sup = only};
    cop_err err = cop_node_new(&node, &(cop_node_opts){.name = opts->node,
                                                       .workers = opts->workers,
                                                       .unix_signals = true,
                                                       .tree_signal = copi_unixsig_for_tree(),
                                                       .on_dead_letter = opts->on_dead_letter,
                                                       .on_log = opts->on_log,
                                                       .ctx = opts->ctx});
    if (err != COP_OK)
        return cannot_start(err);
    int status = run(node, tree->sup == NULL ? &wrapper : tree, opts);
    cop_node_free(&node);
    return status;
}
