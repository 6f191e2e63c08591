/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.c - which children there are, and how many.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "spec.h"
#include "supervisor.h"

static cop_child_info
info_of(const copi_child *child)
{
    const cop_child *spec = child->spec;
    /* An end that waits for its turn has not happened to those who come before it. */
    bool has_actor = copi_child_has_actor(child) || child->phase == COPI_CHILD_ENDED;

    return (cop_child_info){
        .name = cop_str_from(spec->name),
        .pid = has_actor ? child->pid : COP_PID_NONE,
        .state = child->phase == COPI_CHILD_ENDED ? COP_CHILD_RUNNING : copi_child_shown(child),
        .restart = spec->restart,
        .stop_ms = copi_spec_stop_ms(spec),
        .restarts = child->restarts,
        .is_supervisor = copi_spec_is_supervisor(spec),
        .significant = spec->significant,
    };
}

cop_err
copi_answer_which(cop_actor *me, copi_supervisor *self, cop_token *token)
{
    size_t count = 0;
    cop_child_info *items = copi_calloc(self->children.count + 1u, sizeof *items);

    if (items == NULL)
        return COP_E_NOMEM;
    for (copi_child *child = self->children.youngest; child != NULL; child = child->older)
        items[count++] = info_of(child);
    cop_child_list list = {
        .children = {items, count}
    };
    (void)cop_answer_message(me, token, &cop_child_list_type, &list);
    free(items);
    return COP_OK;
}

/* ------------------------------------------------------------------------- one row */

static const copi_child *
child_of_pid(const copi_children *self, cop_pid pid)
{
    if (cop_pid_is_none(pid))
        return NULL;
    if (self->is_dynamic)
        return copi_children_of_pid(self, pid);
    const copi_child *child = self->oldest;
    while (child != NULL && !cop_pid_equal(child->pid, pid))
        child = child->younger;
    return child;
}

static cop_budget
filled_budget(const cop_budget *budget)
{
    uint32_t restarts = copi_spec_restarts(budget);

    return (cop_budget){restarts == 0 ? COP_NO_RESTARTS : (int32_t)restarts,
                        (int32_t)copi_spec_seconds(budget)};
}

static void
fill_supervisor(cop_child_spec *out, const cop_child *row)
{
    if (row == NULL)
        return;
    out->strategy = row->strategy;
    out->auto_shutdown = row->auto_shutdown;
    out->budget = filled_budget(&row->budget);
}

static cop_child_spec
spec_of(const copi_child *child)
{
    const cop_child *spec = child->spec;
    cop_child_spec out = {
        .name = cop_str_from(spec->name),
        .restart = spec->restart,
        .stop_ms = copi_spec_stop_ms(spec),
        .ready_ms = copi_spec_ready_ms(spec, copi_arg_of(child)),
        .backoff = copi_backoff_filled(&spec->backoff),
        .is_supervisor = copi_spec_is_supervisor(spec),
        .significant = spec->significant,
        .anonymous = spec->anonymous,
    };

    if (child->own_budget != NULL)
        out.own_budget = filled_budget(&spec->own_budget);
    if (out.is_supervisor)
        fill_supervisor(&out, copi_arg_of(child));
    return out;
}

cop_err
copi_answer_spec(cop_actor *me, copi_supervisor *self, cop_str name, cop_pid pid,
                 cop_token *token)
{
    const copi_child *child = name.size == 0 ? child_of_pid(&self->children, pid)
                                             : copi_children_find(&self->children, name);

    if (child == NULL)
        return COP_E_NOT_FOUND;
    cop_child_spec spec = spec_of(child);
    (void)cop_answer_message(me, token, &cop_child_spec_type, &spec);
    return COP_OK;
}

/* -------------------------------------------------------------------------- how many */

cop_err
copi_answer_count(cop_actor *me, copi_supervisor *self, cop_token *token)
{
    cop_child_counts counts = {.specs = self->children.is_dynamic ? 1 : self->children.count};

    for (copi_child *child = self->children.oldest; child != NULL; child = child->younger) {
        counts.active += copi_child_has_actor(child) && child->phase != COPI_CHILD_STARTING &&
                         cop_is_alive(me, child->pid);
        *(copi_spec_is_supervisor(child->spec) ? &counts.supervisors : &counts.workers) += 1;
    }
    (void)cop_answer_message(me, token, &cop_child_counts_type, &counts);
    return COP_OK;
}
