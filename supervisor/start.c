/* SPDX-License-Identifier: Apache-2.0 */
/*
 * start.c - from a table to a running supervisor or a whole program.
 */
#include <stdlib.h>

#include "spec.h"

static cop_spawn_opts
opts_for(const cop_child *tree)
{
    return (cop_spawn_opts){
        .name = tree->anonymous ? NULL : tree->name,
        .label = tree->name,
        .arg = tree,
        .stop_ms = copi_spec_stop_ms(tree),
    };
}

cop_err
cop_supervisor_spawn(cop_actor *me, const cop_child *tree, cop_pid *out)
{
    if (tree == NULL)
        return COP_E_INVAL;
    cop_spawn_opts opts = opts_for(tree);
    return cop_spawn(me, &cop_supervisor, &opts, out);
}

static void
print_exit(const char *what, const cop_exit *why)
{
    char text[512];

    fprintf(stderr, "coppice: %s: %s\n", what, cop_exit_print(why, text, sizeof text));
}

/* It ended by shutdown, as supervisors do, but for a reason behind it: it gave up. */
static bool
gave_up(const cop_exit *why)
{
    return why->kind == COP_EXIT_SHUTDOWN && why->cause_count > 0;
}

static int
wait_for(cop_node *node)
{
    cop_exit why;
    int status = cop_node_wait(node, &why);

    if (status != 0 || !gave_up(&why))
        return status;
    print_exit("ended", &why);
    return 1;
}

static int
refused(cop_err err, cop_exit *why)
{
    if (why->code == COP_OK) { /* init did not even run */
        why->code = err;
        snprintf(why->text, sizeof why->text, "%s", cop_err_text(err));
    }
    print_exit("cannot start", why);
    return 1;
}

int
cop_supervisor_run(const cop_child *tree, const cop_node_opts *opts)
{
    cop_node_opts mine = opts == NULL ? (cop_node_opts){0} : *opts;
    cop_spawn_opts spawn = tree == NULL ? (cop_spawn_opts){0} : opts_for(tree);
    cop_exit why = {.kind = COP_EXIT_ERROR};
    cop_node *node = NULL;

    mine.unix_signals = true;
    spawn.why = &why;
    cop_err err = cop_node_new(&node, &mine);
    if (err == COP_OK)
        err = cop_node_start(node, &cop_supervisor, &spawn, NULL);
    int status = err == COP_OK ? wait_for(node) : refused(err, &why);
    cop_node_free(&node);
    return status;
}
