/* SPDX-License-Identifier: Apache-2.0 */
/*
 * print_rows.c - a tree for people, a line for each row.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/printer.h"
#include "debug/rows.h"

enum {
    LINE_SIZE = 512,
    PATH_SIZE = 160,
};

const char *
cop_row_kind_name(cop_row_kind kind)
{
    switch (kind) {
    case COP_ROW_ACTOR: return "actor";
    case COP_ROW_SEQUENTIAL: return "sequential";
    case COP_ROW_SCOPE: return "scope";
    case COP_ROW_CALLBACK: return "callback";
    case COP_ROW_TIMER: return "timer";
    case COP_ROW_JOB: return "job";
    case COP_ROW_WATCH: return "watch";
    case COP_ROW_CALL: return "call";
    case COP_ROW_REPLY: return "reply";
    }
    return "unknown";
}

const char *
cop_row_state_name(cop_row_state state)
{
    switch (state) {
    case COP_ROW_OPEN: return "open";
    case COP_ROW_IDLE: return "idle";
    case COP_ROW_READY: return "ready";
    case COP_ROW_BUSY: return "busy";
    case COP_ROW_SILENT: return "silent";
    case COP_ROW_SUSPENDED: return "suspended";
    case COP_ROW_STOPPING: return "stopping";
    case COP_ROW_ENDING: return "ending";
    case COP_ROW_ENDED: return "ended";
    case COP_ROW_NOT_ASKED: return "not asked";
    }
    return "unknown";
}

static void
put_time(copi_printer *self, int64_t ms)
{
    if (ms < 1000)
        copi_put(self, "%" PRId64 " ms", ms);
    else if (ms < 100 * 1000)
        copi_put(self, "%" PRId64 ".%" PRId64 " s", ms / 1000, ms % 1000 / 100);
    else
        copi_put(self, "%" PRId64 " s", ms / 1000);
}

static void
put_time_before(copi_printer *self, const char *words, int64_t ms)
{
    if (ms < 0)
        return;
    copi_put(self, "%s", words);
    put_time(self, ms);
}

/* ------------------------------------------------------------------------- who is meant */

static const cop_row *
find(const cop_snapshot *tree, cop_pid pid)
{
    for (size_t i = 0; i < tree->rows.count; i++)
        if (cop_pid_equal(tree->rows.items[i].pid, pid))
            return &tree->rows.items[i];
    return NULL;
}

/* Its path as far as the tree goes, without the root, as cop_path has it. */
static void
put_path(copi_printer *self, const cop_snapshot *tree, const cop_row *row)
{
    const cop_row *owner = cop_pid_is_none(row->owner) ? NULL : find(tree, row->owner);

    if (owner != NULL && !cop_pid_is_none(owner->owner)) {
        put_path(self, tree, owner);
        copi_put(self, "/");
    }
    copi_put(self, "%s", row->label);
}

static void
put_peer(copi_printer *self, const cop_snapshot *tree, cop_pid peer)
{
    const cop_row *row = find(tree, peer);
    char text[COP_PID_TEXT];

    if (row != NULL)
        put_path(self, tree, row);
    else
        copi_put(self, "%s", cop_pid_print(peer, text));
}

/* ------------------------------------------------------------------------------- a row */

/* A place without its directories. */
static const char *
short_site(const char *site)
{
    const char *slash = strrchr(site, '/');

    return slash == NULL ? site : slash + 1;
}

static void
put_doing(copi_printer *self, const cop_snapshot *tree, const cop_row *row)
{
    copi_put(self, "%s", cop_row_state_name((cop_row_state)row->state));
    if (row->state == COP_ROW_BUSY) {
        copi_put(self, " in %s",
                 row->blocked_on[0] != '\0' ? row->blocked_on
                                            : "what its thread does not tell");
        if (row->busy_ms > 0) {
            put_time_before(self, " for ", row->busy_ms);
            copi_put(self, " or more");
        }
        return;
    }
    if (row->blocked_on[0] == '\0')
        return;
    copi_put(self, ", blocked on %s", row->blocked_on);
    if (!cop_pid_is_none(row->peer)) {
        copi_put(self, " of ");
        put_peer(self, tree, row->peer);
    }
    if (row->waits_at != NULL)
        copi_put(self, " at %s", short_site(row->waits_at));
}

char *
copi_row_print_doing(const cop_snapshot *tree, size_t row, char *text, size_t size)
{
    copi_printer self = {.text = text, .size = size};

    put_doing(&self, tree, &tree->rows.items[row]);
    return text;
}

/* What all rows may have. */
static void
put_end(copi_printer *self, const cop_row *row)
{
    if (row->why[0] != '\0')
        copi_put(self, ", because: %s", row->why);
    if (row->site != NULL)
        copi_put(self, ", from %s", short_site(row->site));
}

static void
put_node(copi_printer *self, const cop_snapshot *tree, const cop_row *row)
{
    char pid[COP_PID_TEXT];

    copi_put(self, "%s", row->label);
    if (strcmp(row->label, row->behaviour) != 0 && row->behaviour[0] != '\0')
        copi_put(self, " (%s)", row->behaviour);
    copi_put(self, " %s: ", cop_row_kind_name((cop_row_kind)row->kind));
    put_doing(self, tree, row);
    if (row->state == COP_ROW_BUSY || row->state == COP_ROW_SILENT)
        copi_put(self, ", children unknown");
    if (row->waiting > 0)
        copi_put(self, ", %" PRIu32 " waiting", row->waiting);
    put_time_before(self, ", age ", row->age_ms);
    if (row->is_told)
        copi_put(self, ", told to stop");
    put_time_before(self, row->is_told ? ", killed in " : ", deadline in ", row->deadline_ms);
    put_end(self, row);
    if (!cop_pid_is_none(row->pid))
        copi_put(self, ", pid %s", cop_pid_print(row->pid, pid));
}

static void
put_leaf(copi_printer *self, const cop_snapshot *tree, const cop_row *row)
{
    if (row->count != 1)
        copi_put(self, "%" PRIu32 " ", row->count);
    copi_put(self, "%s", cop_row_kind_name((cop_row_kind)row->kind));
    if (row->label[0] != '\0')
        copi_put(self, " %s", row->label);
    if (!cop_pid_is_none(row->peer)) {
        copi_put(self, row->kind == COP_ROW_REPLY ? " to " : " from ");
        put_peer(self, tree, row->peer);
    }
    put_time_before(self, ", due in ", row->deadline_ms);
    put_time_before(self, ", age ", row->age_ms);
    if (row->state != COP_ROW_OPEN)
        copi_put(self, ", %s", cop_row_state_name((cop_row_state)row->state));
    put_end(self, row);
}

char *
cop_row_print(const cop_snapshot *tree, size_t row, char *text, size_t size)
{
    copi_printer self = {.text = text, .size = size};

    if (size == 0)
        return text;
    text[0] = '\0';
    if (row >= tree->rows.count)
        return text;
    const cop_row *it = &tree->rows.items[row];
    copi_put(&self, "%*s", (int)(2 * it->depth), "");
    if (it->kind != COP_ROW_SCOPE && cop_pid_is_none(it->pid))
        put_leaf(&self, tree, it);
    else
        put_node(&self, tree, it);
    return text;
}

void
cop_snapshot_print(const cop_snapshot *tree, FILE *out)
{
    char line[LINE_SIZE];

    for (size_t i = 0; i < tree->rows.count; i++)
        fprintf(out, "%s\n", cop_row_print(tree, i, line, sizeof line));
    if (tree->left_out > 0)
        fprintf(out, "(%" PRIu64 " more)\n", tree->left_out);
}
