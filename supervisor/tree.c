/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.c - a picture of a supervisor and all below it: each asks those that it owns, all at
 * once, and puts their answers where they belong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "spec.h"
#include "supervisor.h"

/* Some lines whose names are their own. */
typedef struct lines {
    cop_tree_line *items;
    size_t count;
} lines;

/* One child, and if it is a supervisor what it has said. */
typedef struct part {
    cop_tree_line line; /* its name is its own */
    cop_ref call;       /* none: nothing to wait for */
    lines below;
} part;

/* One picture that is being taken. */
struct copi_gather {
    copi_gather *next;
    cop_token token;
    size_t part_count;
    size_t open; /* calls that are not answered */
    part parts[];
};

cop_child_state
copi_child_shown(const copi_child *child)
{
    switch ((copi_phase_of_child)child->phase) {
    case COPI_CHILD_STOPPED: return COP_CHILD_STOPPED;
    case COPI_CHILD_STARTING:
        return child->comes_back ? COP_CHILD_RESTARTING : COP_CHILD_STARTING;
    case COPI_CHILD_RUNNING: return COP_CHILD_RUNNING;
    case COPI_CHILD_STOPPING:
    case COPI_CHILD_CLEARING: return COP_CHILD_STOPPING;
    case COPI_CHILD_ENDED: return COP_CHILD_STOPPED;
    case COPI_CHILD_RESTARTING: return COP_CHILD_RESTARTING;
    }
    return COP_CHILD_STOPPED;
}

const char *
cop_child_state_name(cop_child_state state)
{
    switch (state) {
    case COP_CHILD_STOPPED: return "stopped";
    case COP_CHILD_RUNNING: return "running";
    case COP_CHILD_STOPPING: return "stopping";
    case COP_CHILD_RESTARTING: return "restarting";
    case COP_CHILD_NO_ANSWER: return "no answer";
    case COP_CHILD_STARTING: return "starting";
    }
    return "unknown";
}

char *
cop_tree_line_print(const cop_tree_line *line, char *text, size_t size)
{
    char pid[COP_PID_TEXT] = "", restarts[32] = "";

    if (!cop_pid_is_none(line->pid))
        cop_pid_print(line->pid, pid);
    if (line->restarts > 0)
        snprintf(restarts, sizeof restarts, ", %u restart%s", (unsigned)line->restarts,
                 line->restarts == 1 ? "" : "s");
    snprintf(text, size, "%*s%.*s%s%s %s%s", (int)(line->depth < 32 ? 2 * line->depth : 64), "",
             (int)line->name.size, line->name.data, pid[0] == '\0' ? "" : " ", pid,
             cop_child_state_name((cop_child_state)line->state), restarts);
    return text;
}

/* ------------------------------------------------------------------------------ lines */

static bool
own_name(cop_tree_line *line)
{
    char *copy = copi_malloc(line->name.size + 1);

    if (copy == NULL)
        return false;
    if (line->name.size > 0)
        memcpy(copy, line->name.data, line->name.size);
    copy[line->name.size] = '\0';
    line->name.data = copy;
    return true;
}

static void
free_lines(lines *self)
{
    for (size_t i = 0; i < self->count; i++)
        free((void *)(uintptr_t)self->items[i].name.data);
    free(self->items);
    *self = (lines){0};
}

/* All lines of an answer but the first, which is the supervisor itself. */
static bool
copy_below(lines *self, const cop_tree *tree)
{
    size_t count = tree->lines.count == 0 ? 0 : tree->lines.count - 1;

    self->items = copi_calloc(count + 1, sizeof *self->items);
    if (self->items == NULL)
        return false;
    for (; self->count < count; self->count++) {
        cop_tree_line *line = &self->items[self->count];
        *line = tree->lines.items[self->count + 1];
        line->depth++;
        if (!own_name(line))
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------------------- gathers */

static void
free_gather(copi_gather *gather)
{
    for (size_t i = 0; i < gather->part_count; i++) {
        free((void *)(uintptr_t)gather->parts[i].line.name.data);
        free_lines(&gather->parts[i].below);
    }
    free(gather);
}

void
copi_tree_fini(copi_supervisor *self)
{
    for (copi_gather *gather = self->gathers, *next; gather != NULL; gather = next) {
        next = gather->next;
        free_gather(gather);
    }
}

static void
take_out(copi_supervisor *self, const copi_gather *gather)
{
    copi_gather **at = &self->gathers;

    while (*at != gather)
        at = &(*at)->next;
    *at = gather->next;
}

static size_t
count_lines(const copi_gather *gather)
{
    size_t count = 1 + gather->part_count;

    for (size_t i = 0; i < gather->part_count; i++)
        count += gather->parts[i].below.count;
    return count;
}

static void
answer(cop_actor *me, copi_supervisor *self, copi_gather *gather)
{
    cop_tree_line *all = copi_calloc(count_lines(gather), sizeof *all);
    size_t count = 1;

    take_out(self, gather);
    if (all == NULL) {
        (void)cop_answer_error(me, &gather->token, COP_E_NOMEM);
        free_gather(gather);
        return;
    }
    all[0] = (cop_tree_line){.state = COP_CHILD_RUNNING,
                             .is_supervisor = true,
                             .pid = cop_self(me),
                             .name = cop_str_from(self->spec->name)};
    for (size_t i = 0; i < gather->part_count; i++) {
        const part *one = &gather->parts[i];
        all[count++] = one->line;
        if (one->below.count > 0)
            memcpy(&all[count], one->below.items, one->below.count * sizeof *all);
        count += one->below.count;
    }
    cop_tree tree = {
        .lines = {all, count}
    };
    (void)cop_answer_message(me, &gather->token, &cop_tree_type, &tree);
    free(all);
    free_gather(gather);
}

static part *
part_of(copi_supervisor *self, cop_ref call, copi_gather **whose)
{
    for (copi_gather *gather = self->gathers; gather != NULL; gather = gather->next)
        for (size_t i = 0; i < gather->part_count; i++)
            if (gather->parts[i].call.bits == call.bits) {
                *whose = gather;
                return &gather->parts[i];
            }
    return NULL;
}

COP_REPLY(copi_supervisor, cop_tree)
{
    copi_gather *gather = NULL;
    part *one = part_of(st, cop_current_call(me), &gather);

    if (one == NULL)
        return COP_OK;
    one->call.bits = 0;
    if (err != COP_OK || !copy_below(&one->below, msg))
        one->line.state = COP_CHILD_NO_ANSWER;
    if (--gather->open == 0 && err != COP_E_CANCELLED)
        answer(me, st, gather);
    return COP_OK;
}

static void
ask_below(cop_actor *me, copi_gather *gather, part *one, int32_t within_ms)
{
    static const cop_then then = {&cop_tree_type, copi_supervisor_then_cop_tree};

    if (cop_ask_message(me, one->line.pid, within_ms, &then, &copi_tree_wanted_type,
                        &(copi_tree_wanted){within_ms}, &one->call) == COP_OK)
        gather->open++;
    else
        one->line.state = COP_CHILD_NO_ANSWER;
}

static bool
add_part(copi_gather *gather, const copi_child *child)
{
    part *one = &gather->parts[gather->part_count];

    one->line = (cop_tree_line){
        .depth = 1,
        .state = copi_child_shown(child),
        .restarts = child->restarts,
        .is_supervisor = copi_spec_is_supervisor(child->spec),
        .pid = copi_child_has_actor(child) ? child->pid : COP_PID_NONE,
        .name = cop_str_from(child->spec->name),
    };
    if (!own_name(&one->line))
        return false;
    gather->part_count++;
    return true;
}

static copi_gather *
new_gather(copi_supervisor *self)
{
    copi_gather *gather = copi_calloc(1, sizeof *gather + self->children.count * sizeof(part));

    if (gather == NULL)
        return NULL;
    for (copi_child *child = self->children.oldest; child != NULL; child = child->younger)
        if (!add_part(gather, child)) {
            free_gather(gather);
            return NULL;
        }
    return gather;
}

cop_err
copi_on_tree_wanted(cop_actor *me, copi_supervisor *self, const copi_tree_wanted *wanted)
{
    copi_gather *gather = new_gather(self);
    /* Those below must answer before we are late ourselves. */
    int32_t within_ms = wanted->within_ms - wanted->within_ms / 4;

    if (gather == NULL || cop_defer(me, &gather->token) != COP_OK) {
        if (gather != NULL)
            free_gather(gather);
        cop_reply_error(me, COP_E_NOMEM);
        return COP_OK;
    }
    gather->next = self->gathers;
    self->gathers = gather;
    for (size_t i = 0; i < gather->part_count; i++) {
        part *one = &gather->parts[i];
        if (one->line.is_supervisor && !cop_pid_is_none(one->line.pid))
            ask_below(me, gather, one, within_ms > 0 ? within_ms : 1);
    }
    if (gather->open == 0)
        answer(me, self, gather);
    return COP_OK;
}
