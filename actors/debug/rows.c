/* SPDX-License-Identifier: Apache-2.0 */
#include "debug/rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "core/badge.h"
#include "core/node.h"
#include "core/scope.h"
#include "core/sequence.h"
#include "debug/debug.h"

cop_row *
copi_rows_add(copi_rows *self, cop_row_kind kind, uint32_t depth)
{
    if (self->count == self->room) {
        self->left_out++;
        return NULL;
    }
    cop_row *row = &self->items[self->count++];
    *row = (cop_row){.kind = kind, .depth = depth, .count = 1, .age_ms = -1, .deadline_ms = -1};
    return row;
}

void
copi_row_text(char *to, size_t size, const char *text)
{
    size_t length = strnlen(text, size - 1);

    memcpy(to, text, length);
    to[length] = '\0';
}

int64_t
copi_rows_left(const cop_actor *actor, int64_t at)
{
    int64_t left = at - copi_worker_now(actor->worker);

    return left > 0 ? (left + COPI_MS - 1) / COPI_MS : 0;
}

/* ----------------------------------------------------------------------- what hangs on it */

static void
add_leaf(cop_actor *self, cop_row_kind kind, uint32_t depth, uint32_t count, copi_rows *out)
{
    cop_row *row = count == 0 ? NULL : copi_rows_add(out, kind, depth);

    if (row != NULL) {
        row->count = count;
        row->owner = copi_pid_of(self);
    }
}

static void
fill_in_call(cop_actor *self, const copi_call *call, cop_row *row)
{
    row->owner = copi_pid_of(self);
    row->peer = call->callee;
    if (copi_timer_is_armed(&call->timer))
        row->deadline_ms = copi_timer_left(self->worker, &call->timer) / COPI_MS;
    else
        row->deadline_ms = 0;
    copi_row_text(row->label, sizeof row->label,
                  call->then.type != NULL ? call->then.type->name : "");
}

static void
add_calls(cop_actor *self, uint32_t depth, copi_rows *out)
{
    const copi_map *calls = &self->ties->calls;
    uint32_t shown = 0;

    for (const copi_map_node *node = NULL;
         shown < COPI_ROWS_EACH && (node = copi_map_next(calls, node)) != NULL; shown++) {
        cop_row *row = copi_rows_add(out, COP_ROW_CALL, depth);
        if (row != NULL)
            fill_in_call(self, COPI_CONTAINER(node, const copi_call, node), row);
    }
    add_leaf(self, COP_ROW_CALL, depth, calls->count - shown, out);
}

static void
add_deferred(cop_actor *self, uint32_t depth, copi_rows *out)
{
    const copi_map *deferred = &self->ties->deferred;
    uint32_t shown = 0;

    for (const copi_map_node *node = NULL;
         shown < COPI_ROWS_EACH && (node = copi_map_next(deferred, node)) != NULL; shown++) {
        cop_row *row = copi_rows_add(out, COP_ROW_REPLY, depth);
        if (row == NULL)
            continue;
        row->owner = copi_pid_of(self);
        row->peer = COPI_CONTAINER(node, const copi_deferred, node)->caller;
    }
    add_leaf(self, COP_ROW_REPLY, depth, deferred->count - shown, out);
}

static void
add_ties(cop_actor *self, uint32_t depth, copi_rows *out)
{
    add_calls(self, depth, out);
    add_deferred(self, depth, out);
    copi_rows_of_alarms(self, depth, out);
    copi_rows_of_watches(self, depth, out);
}

/* ---------------------------------------------------------------------------- an actor */

/* What never changes, and so what others may read that know it is there. */
static void
fill_in_name(const cop_actor *actor, cop_row *row)
{
    const copi_badge *badge = copi_badge_of(actor);

    row->pid = copi_pid_of(actor);
    row->owner = cop_owner(actor);
    copi_row_text(row->label, sizeof row->label, copi_own_label_of(actor));
    copi_row_text(row->behaviour, sizeof row->behaviour, copi_kind_of(actor));
    if (badge == NULL)
        return;
    row->site = badge->site;
    row->age_ms = (copi_badge_clock(actor->node) - badge->started_at) / COPI_MS;
}

static cop_row_state
state_of(const cop_actor *self, uint32_t waiting)
{
    if (!copi_is_open(self))
        return self->phase == COPI_ENDED ? COP_ROW_ENDED : COP_ROW_ENDING;
    if (copi_is_suspended(self))
        return COP_ROW_SUSPENDED;
    if (self->is_stopping)
        return COP_ROW_STOPPING;
    return waiting > 0 ? COP_ROW_READY : COP_ROW_IDLE;
}

static void
fill_in_why(const cop_actor *self, cop_row *row)
{
    cop_exit why;

    if (copi_is_open(self) && !self->is_stopping)
        return;
    copi_exit_of(self, &why);
    cop_exit_print(&why, row->why, sizeof row->why);
}

/* The youngest of them, in whatever scope; NULL: there is none. */
static const cop_actor *
last_child(const copi_brood *brood)
{
    const cop_actor *last = brood->youngest;

    for (const copi_scope *scope = brood->scopes; last == NULL && scope != NULL;
         scope = scope->older)
        last = last_child(&scope->brood);
    return last;
}

static void
wait_for_children(const copi_ties *ties, cop_row *row)
{
    const cop_actor *last = last_child(&ties->own);
    const char *label = last == NULL ? "" : copi_own_label_of(last);

    if (ties->child_count == 1)
        snprintf(row->blocked_on, sizeof row->blocked_on, "its child %.32s", label);
    else
        snprintf(row->blocked_on, sizeof row->blocked_on,
                 "%" PRIu32 " children, the last %.20s", ties->child_count, label);
}

static void
wait_for_answers(const copi_ties *ties, cop_row *row)
{
    const copi_map_node *first = copi_map_next(&ties->calls, NULL);

    row->peer = COPI_CONTAINER(first, const copi_call, node)->callee;
    snprintf(row->blocked_on, sizeof row->blocked_on, "%" PRIu32 " answer%s", ties->calls.count,
             ties->calls.count == 1 ? "" : "s");
}

static void
fill_in_ties(const cop_actor *self, cop_row *row)
{
    const copi_ties *ties = self->ties;

    row->children = ties->child_count;
    if (ties->deadline != 0)
        row->deadline_ms = copi_rows_left(self, ties->deadline);
    if (!copi_is_open(self) && ties->child_count > 0)
        wait_for_children(ties, row);
    else if (!copi_is_open(self) && ties->held_count > 0)
        snprintf(row->blocked_on, sizeof row->blocked_on,
                 "the end of %" PRIu32 " that it holds", ties->held_count);
    else if (ties->calls.count > 0)
        wait_for_answers(ties, row);
}

static void
fill_in_body(const cop_actor *self, cop_row *row)
{
    const struct cop_sequence *sequence = self->behaviour->sequence;
    const char *reason = NULL;

    if (sequence == NULL)
        return;
    row->kind = COP_ROW_SEQUENTIAL;
    if (copi_is_open(self) && self->is_started)
        reason = sequence->waits_for(self);
    if (reason != NULL)
        row->waits_at = sequence->waits_at(self);
    if (reason != NULL)
        copi_row_text(row->blocked_on, sizeof row->blocked_on, reason);
}

void
copi_rows_of(cop_actor *actor, uint32_t depth, copi_rows *out, copi_rows_visit visit)
{
    cop_row *row = copi_rows_add(out, COP_ROW_ACTOR, depth);

    if (row == NULL)
        return;
    fill_in_name(actor, row);
    row->waiting = copi_waiting(actor, NULL);
    row->state = state_of(actor, row->waiting);
    fill_in_why(actor, row);
    fill_in_body(actor, row);
    if (actor->ties == NULL)
        return;
    fill_in_ties(actor, row);
    add_ties(actor, depth + 1, out);
    copi_rows_of_brood(actor, &actor->ties->own, depth + 1, out, visit);
}

void
copi_row_told(const cop_actor *child, cop_row *row)
{
    row->is_told = child->is_told;
    if (child->kill_at == 0)
        return;
    const cop_actor *owner = copi_owner_of(child);
    int32_t left =
        (int32_t)(child->kill_at - (uint32_t)(copi_worker_now(owner->worker) / COPI_MS));
    row->deadline_ms = left > 0 ? left : 0;
}

void
copi_rows_of_child(cop_actor *child, uint32_t depth, copi_rows *out)
{
    cop_row *row = copi_rows_add(out, COP_ROW_ACTOR, depth);

    if (row == NULL)
        return;
    if (child->behaviour->sequence != NULL)
        row->kind = COP_ROW_SEQUENTIAL;
    fill_in_name(child, row);
    row->state = COP_ROW_NOT_ASKED;
    copi_row_told(child, row);
}

/* --------------------------------------------------------------------------- the answer */

/* At least as many as there will be. */
static size_t
rows_wanted(const cop_actor *self, size_t most)
{
    const copi_ties *ties = self->ties;
    size_t wanted = 1;

    if (ties != NULL)
        wanted += ties->child_count + (5 + (size_t)ties->scopes.count) * (COPI_ROWS_EACH + 1);
    return wanted < most ? wanted : most;
}

void
copi_rows_answer(cop_actor *self, copi_envelope *envelope)
{
    const copi_debug_order *order = copi_payload(envelope);
    copi_rows rows = {.room = rows_wanted(self, order->count)};

    rows.items = copi_calloc(rows.room, sizeof *rows.items);
    if (rows.items == NULL)
        rows.room = 0;
    copi_rows_of(self, 0, &rows, copi_rows_of_child);
    copi_debug_answer(self, envelope, &cop_snapshot_type,
                      &(cop_snapshot){
                          .rows = {rows.items, rows.count},
                            .left_out = rows.left_out
    });
    free(rows.items);
}
