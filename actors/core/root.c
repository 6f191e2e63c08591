/* SPDX-License-Identifier: Apache-2.0 */
/*
 * root.c - the actor that owns everything on a node.
 *
 * Its children are the node's services, the main actor, and guests: what others have
 * spawned to outlive them.  They stop in the reverse order of their start, so the
 * services are there until the rest is gone.
 */
#include <stdlib.h>
#include <string.h>

#include "base/exit.h"
#include "core/badge.h"
#include "core/node.h"
#include "core/ties.h"

static void
log_failure(cop_actor *root, const cop_child_end *end)
{
    char text[512];

    cop_exit_print(end->why, text, sizeof text);
    cop_log(root, "a child failed: %s", text);
}

static cop_err
on_child(cop_actor *me, void *state, const cop_child_end *end)
{
    bool is_failure = copi_exit_is_bad(end->why) && !end->told && !end->start_failed;

    (void)state;
    switch ((copi_role)end->cookie) {
    case COPI_MAIN: return end->start_failed ? COP_OK : cop_stop_with(me, end->why);
    case COPI_SERVICE: return is_failure ? cop_stop_with(me, end->why) : COP_OK;
    case COPI_GUEST:
        if (is_failure)
            log_failure(me, end);
        return COP_OK;
    }
    return COP_OK;
}

static const cop_behaviour root_behaviour = {.name = "root",
                                             .policy = COP_SUPERVISE,
                                             .trap_exit = true,
                                             .ordered = true,
                                             .on_child = on_child};

cop_err
copi_root_start(cop_node *node)
{
    copi_worker *worker = &node->sched.workers[0];
    cop_actor *root = copi_table_take(&node->table, worker);

    if (root == NULL)
        return COP_E_NOMEM;
    root->task.home = COPI_ANYWHERE;
    root->node = node;
    root->worker = worker;
    root->behaviour = &root_behaviour;
    /* Its age is the node's. */
    if (!copi_badge_make(root, "root", 0, NULL))
        return COP_E_NOMEM;
    root->phase = COPI_RUNNING;
    root->traps = true;
    root->is_started = true;
    node->root = root;
    copi_mailbox_open(&root->mailbox, COP_MAILBOX_DEFAULT);
    COPI_TALLY(worker, spawned, 1);
    return copi_mailbox_park(&root->mailbox) ? COP_OK : COP_E_FAILED;
}

cop_err
copi_root_spawn(cop_node *node, const cop_behaviour *behaviour, const cop_spawn_opts *opts,
                copi_role role, cop_pid *out)
{
    cop_spawn_opts mine = opts == NULL ? (cop_spawn_opts){0} : *opts;
    cop_pid pid;

    mine.cookie = role;
    cop_err err = copi_spawn(NULL, node->root, behaviour, &mine, &pid);
    if (err != COP_OK)
        return err;
    if (role == COPI_MAIN)
        node->main = pid;
    if (out != NULL)
        *out = pid;
    return COP_OK;
}
