/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.c - which children there are, and how many.
 */
#include <stdlib.h>

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
    cop_child_info *items = calloc(self->children.count + 1u, sizeof *items);

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
