/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows_scope.c - local scopes, and children that are no actors, in a tree.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/exit.h"
#include "core/scope.h"
#include "debug/rows.h"

/* ------------------------------------------------------------------------------- leaves */

static cop_row_kind
kind_of(const copi_leaf *leaf)
{
    if (strcmp(leaf->kind->name, "job") == 0)
        return COP_ROW_JOB;
    return strcmp(leaf->kind->name, "watch") == 0 ? COP_ROW_WATCH : COP_ROW_CALLBACK;
}

static void
add_leaf(const cop_actor *actor, const copi_leaf *leaf, uint32_t depth, copi_rows *out)
{
    cop_row *row = copi_rows_add(out, kind_of(leaf), depth);

    if (row == NULL)
        return;
    row->owner = copi_pid_of(actor);
    row->state = leaf->is_cancelled ? COP_ROW_STOPPING : COP_ROW_OPEN;
    if (copi_timer_is_armed(&leaf->timer))
        row->deadline_ms = copi_rows_left(actor, leaf->timer.node.due);
    else if (leaf->is_queued)
        row->deadline_ms = 0;
    if (leaf->period != 0)
        snprintf(row->label, sizeof row->label, "every %" PRId64 " ms", leaf->period / COPI_MS);
}

static void
add_leaves(const cop_actor *actor, const copi_brood *brood, uint32_t depth, copi_rows *out)
{
    uint32_t shown = 0;

    for (const copi_leaf *leaf = brood->leaves; leaf != NULL && shown < COPI_ROWS_EACH;
         leaf = leaf->older, shown++)
        add_leaf(actor, leaf, depth, out);
    if (shown == brood->leaf_count)
        return;
    cop_row *others = copi_rows_add(out, COP_ROW_CALLBACK, depth);
    if (others == NULL)
        return;
    others->owner = copi_pid_of(actor);
    others->count = brood->leaf_count - shown;
}

/* ------------------------------------------------------------------------------- scopes */

static const char *
policy_name(cop_policy policy)
{
    switch (policy) {
    case COP_FAIL_FAST: return "fail fast";
    case COP_ISOLATE: return "isolate";
    case COP_SUPERVISE: return "supervise";
    case COP_COLLECT: return "collect";
    case COP_RACE: return "race";
    }
    return "unknown";
}

static cop_row_state
state_of(const copi_scope *scope)
{
    switch (copi_scope_force(scope)) {
    case COP_FORCE_NONE: return COP_ROW_OPEN;
    case COP_FORCE_SOFT: return COP_ROW_STOPPING;
    default: return COP_ROW_ENDING;
    }
}

static void
add_scope(const cop_actor *actor, const copi_scope *scope, uint32_t depth, copi_rows *out)
{
    const copi_brood *brood = &scope->brood;
    int64_t deadline = copi_scope_deadline(scope);
    cop_row *row = copi_rows_add(out, COP_ROW_SCOPE, depth);

    if (row == NULL)
        return;
    row->owner = copi_pid_of(actor);
    row->state = state_of(scope);
    row->children = brood->child_count + brood->leaf_count + brood->scope_count;
    copi_row_text(row->label, sizeof row->label, scope->name);
    copi_row_text(row->behaviour, sizeof row->behaviour, policy_name(scope->opts.policy));
    if (deadline != 0)
        row->deadline_ms = copi_rows_left(actor, deadline);
    if (scope->is_closing || row->state != COP_ROW_OPEN)
        snprintf(row->blocked_on, sizeof row->blocked_on, "%" PRIu32 " in it", row->children);
    if (scope->force != COP_FORCE_NONE)
        cop_exit_print(&scope->why, row->why, sizeof row->why);
}

void
copi_rows_of_brood(cop_actor *actor, const copi_brood *brood, uint32_t depth, copi_rows *out,
                   copi_rows_visit visit)
{
    add_leaves(actor, brood, depth, out);
    for (const copi_scope *scope = brood->scopes; scope != NULL; scope = scope->older) {
        add_scope(actor, scope, depth, out);
        copi_rows_of_brood(actor, &scope->brood, depth + 1, out, visit);
    }
    for (cop_actor *child = brood->oldest; child != NULL; child = child->younger)
        visit(child, depth, out);
}
