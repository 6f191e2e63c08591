/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slow.c - a stop that takes longer than it may: who waits for whom.
 *
 * What the owner knows is noted at once.  The rest is asked of the child and what is below it,
 * after the kill, which ends no handler and no wait for children: whom a stop waits for does
 * not go away by it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "core/badge.h"
#include "core/dispatch.h"
#include "core/node.h"
#include "debug/gather.h"
#include "debug/rows.h"
#include "debug/snapshot.h"

enum {
    WITHIN_MS = 100,
    ROWS = 256,
    CHAIN_SIZE = 512,
};

typedef struct slow {
    cop_node *node;
    cop_pid owner, child;
    char path[256], behaviour[COP_ROW_TEXT], label[COP_ROW_TEXT];
    int64_t had_ms;
    bool was_asked; /* the child has a handler for cop_stopping, so it may take its time */
} slow;

/* ------------------------------------------------------------------------------ the chain */

/* The last child of that actor that has not ended; 0: there is none. */
static size_t
next_in_chain(const cop_snapshot *tree, size_t from)
{
    const cop_row *rows = tree->rows.items;
    size_t found = 0;

    for (size_t i = from + 1; i < tree->rows.count && rows[i].depth > rows[from].depth; i++)
        if (cop_pid_equal(rows[i].owner, rows[from].pid) && !cop_pid_is_none(rows[i].pid) &&
            rows[i].state != COP_ROW_ENDED)
            found = i;
    return found;
}

static size_t
put_link(char *text, size_t size, size_t used, const char *label, const char *doing)
{
    int wanted = snprintf(text + used, size - used, " -> %s (%s)", label, doing);

    used += wanted > 0 ? (size_t)wanted : 0;
    return used < size ? used : size - 1;
}

static const char *
last_doing(const slow *self)
{
    return self->was_asked ? "was told, did not stop, has ended when killed"
                           : "has ended when killed";
}

/* Or is about to, and waits for nobody. */
static bool
has_ended(const cop_row *row)
{
    return row->state == COP_ROW_ENDED ||
           (row->state == COP_ROW_ENDING && row->blocked_on[0] == '\0');
}

static void
print_chain(const slow *self, const cop_snapshot *tree, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "%s", self->path), at = 0;
    char doing[160];

    if (tree == NULL || tree->rows.count == 0) {
        put_link(text, size, used, self->label, "of whom nothing is known");
        return;
    }
    if (has_ended(&tree->rows.items[0])) {
        put_link(text, size, used, self->label, last_doing(self));
        return;
    }
    do {
        const cop_row *row = &tree->rows.items[at];
        used = put_link(text, size, used, at == 0 ? self->label : row->label,
                        copi_row_print_doing(tree, at, doing, sizeof doing));
        at = next_in_chain(tree, at);
    } while (at != 0);
}

/* ------------------------------------------------------------------------------ the event */

static void
tell(void *ctx, const cop_snapshot *tree)
{
    slow *self = ctx;
    char chain[CHAIN_SIZE];

    print_chain(self, tree, chain, sizeof chain);
    copi_event_tell(self->node, &(cop_event){
                                    .kind = COP_EVENT_SLOW_STOP,
                                    .who = self->owner,
                                    .path = self->path,
                                    .behaviour = self->behaviour,
                                    .child = self->label,
                                    .child_pid = self->child,
                                    .news = "was killed",
                                    .ran_ms = self->had_ms,
                                    .chain = chain,
                                });
    free(self);
}

/* There is no root any more to go around for it. */
static void
tell_as_known(void *ctx)
{
    tell(ctx, NULL);
}

static slow *
note(cop_actor *owner, const cop_actor *child)
{
    slow *self = copi_calloc(1, sizeof *self);
    char path[sizeof self->path];

    if (self == NULL)
        return NULL;
    self->node = owner->node;
    self->owner = copi_pid_of(owner);
    self->child = copi_pid_of(child);
    self->had_ms = child->stop_ms > 0 ? child->stop_ms : COPI_STOP_MS;
    self->was_asked = copi_handler_for(child->behaviour, &cop_stopping_type) != NULL;
    copi_row_text(self->path, sizeof self->path, copi_path_write(owner, path, sizeof path));
    copi_row_text(self->behaviour, sizeof self->behaviour, copi_kind_of(owner));
    copi_row_text(self->label, sizeof self->label, copi_own_label_of(child));
    return self;
}

void
copi_slow_stop(cop_actor *owner, const cop_actor *child)
{
    /* Whose owner was itself too slow has been told of as the end of that chain. */
    if (owner->is_killed || child->stop_ms == COP_STOP_NO_WAIT ||
        !copi_event_may(owner->node, COP_EVENT_SLOW_STOP))
        return;
    slow *self = note(owner, child);
    if (self == NULL)
        return;
    copi_errand errand = {
        .opts = {.from = self->child, .within_ms = WITHIN_MS, .max_rows = ROWS},
        .done = tell,
        .ctx = self
    };
    if (copi_gather_from_outside(owner->node, &errand, tell_as_known) != COP_OK)
        tell_as_known(self);
}
