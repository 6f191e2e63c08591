/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.c - how others get a tree: an actor, a thread that waits, and the log.
 */
#include <coppice/snapshot.h>

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "core/node.h"
#include "core/ties.h"
#include "debug/gather.h"
#include "debug/rows.h"
#include "debug/snapshot.h"

enum {
    SLACK_MS = 1000 /* after the tree should be there */
};

/* ----------------------------------------------------------------------------- an actor */

cop_err
cop_snapshot_ask(cop_actor *me, const cop_snapshot_opts *opts, const cop_then *then)
{
    copi_errand errand = {0};
    cop_pid gatherer;

    COP_TRY(copi_snapshot_opts_check(me->node, opts, &errand.opts));
    if (then == NULL)
        return COP_E_INVAL;
    COP_TRY(copi_gather(me, &errand, &gatherer));
    cop_err err = cop_ask_message(me, gatherer, errand.opts.within_ms + SLACK_MS, then,
                                  &copi_snapshot_wanted_type, &(copi_snapshot_wanted){0}, NULL);
    if (err != COP_OK)
        cop_kill(me, gatherer);
    return err;
}

/* ------------------------------------------------------------------- a thread that waits */

static cop_snapshot *
copy_of(const cop_snapshot *tree)
{
    size_t size = tree->rows.count * sizeof(cop_row);
    cop_snapshot *made = copi_malloc(sizeof *made + size);

    if (made == NULL)
        return NULL;
    *made = *tree;
    made->rows.items = (const cop_row *)(made + 1);
    memcpy(made + 1, tree->rows.items, size);
    return made;
}

void
cop_snapshot_free(cop_snapshot **tree)
{
    if (tree == NULL)
        return;
    free(*tree);
    *tree = NULL;
}

/* Of who waits and of who brings it; the last of the two frees it. */
typedef struct visit {
    pthread_mutex_t lock; /* what follows */
    pthread_cond_t changed;
    bool is_done, is_left;
    cop_err err;
    cop_snapshot *tree;
} visit;

static visit *
visit_new(void)
{
    visit *self = copi_calloc(1, sizeof *self);
    pthread_condattr_t monotonic;

    if (self == NULL)
        return NULL;
    pthread_mutex_init(&self->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&self->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return self;
}

static void
visit_free(visit *self)
{
    cop_snapshot_free(&self->tree);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static void
conclude(visit *self, cop_err err, cop_snapshot *tree)
{
    pthread_mutex_lock(&self->lock);
    bool is_left = self->is_left;
    self->is_done = true;
    self->err = err;
    self->tree = tree;
    pthread_cond_signal(&self->changed);
    pthread_mutex_unlock(&self->lock);
    if (is_left)
        visit_free(self);
}

static void
bring(void *ctx, const cop_snapshot *tree)
{
    cop_snapshot *copy = tree == NULL ? NULL : copy_of(tree);

    conclude(ctx, copy == NULL ? COP_E_NOMEM : COP_OK, copy);
}

static void
refuse(void *ctx)
{
    conclude(ctx, COP_E_GONE, NULL);
}

/* The visit is freed, now or by who brings the tree too late. */
static cop_err
await(visit *self, int32_t ms, cop_snapshot **out)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + ms * COPI_MS;
    until.tv_sec += (time_t)(ns / (1000 * COPI_MS));
    until.tv_nsec = (long)(ns % (1000 * COPI_MS));
    pthread_mutex_lock(&self->lock);
    int status = 0;
    while (!self->is_done && status == 0)
        status = pthread_cond_timedwait(&self->changed, &self->lock, &until);
    bool is_done = self->is_done;
    self->is_left = true;
    pthread_mutex_unlock(&self->lock);
    if (!is_done)
        return COP_E_TIMEOUT;
    cop_err err = self->err;
    *out = self->tree;
    self->tree = NULL;
    visit_free(self);
    return err;
}

static cop_err
take_by_asking(cop_node *node, const cop_snapshot_opts *opts, cop_snapshot **out)
{
    visit *made = visit_new();

    if (made == NULL)
        return COP_E_NOMEM;
    copi_errand errand = {.opts = *opts, .done = bring, .ctx = made};
    cop_err err = copi_gather_from_outside(node, &errand, refuse);
    if (err != COP_OK) {
        visit_free(made);
        return err == COP_E_NOMEM ? err : COP_E_GONE;
    }
    return await(made, opts->within_ms + SLACK_MS, out);
}

/* ------------------------------------------------------------------------ the simulator */

/* All of it, where nothing runs that could change it. */
static void
read_child(cop_actor *child, uint32_t depth, copi_rows *out)
{
    size_t own = out->count;

    copi_rows_of(child, depth, out, read_child);
    if (own < out->count)
        copi_row_told(child, &out->items[own]);
}

static cop_err
read_directly(cop_node *node, const cop_snapshot_opts *opts, cop_snapshot **out)
{
    cop_pid from = cop_pid_is_none(opts->from) ? copi_pid_of(node->root) : opts->from;
    cop_actor *top = copi_table_find(&node->table, copi_slot(from.id));
    copi_rows rows = {.room = opts->max_rows};

    if (top == NULL || top->phase == COPI_FREE || !cop_pid_equal(copi_pid_of(top), from))
        return COP_E_GONE;
    rows.items = copi_calloc(rows.room, sizeof *rows.items);
    if (rows.items == NULL)
        return COP_E_NOMEM;
    read_child(top, 0, &rows);
    *out = copy_of(&(cop_snapshot){
        .rows = {rows.items, rows.count},
          .left_out = rows.left_out
    });
    free(rows.items);
    return *out == NULL ? COP_E_NOMEM : COP_OK;
}

/* ----------------------------------------------------------------------- what all may call */

cop_err
cop_node_snapshot(cop_node *node, const cop_snapshot_opts *opts, cop_snapshot **out)
{
    cop_snapshot_opts mine;

    *out = NULL;
    COP_TRY(copi_snapshot_opts_check(node, opts, &mine));
    if (node->sim != NULL || copi_node_is_at_hand(node))
        return read_directly(node, &mine, out);
    return node->is_started ? take_by_asking(node, &mine, out) : COP_E_GONE;
}

cop_err
cop_node_print(cop_node *node, FILE *out, int32_t within_ms)
{
    cop_snapshot *tree;

    COP_TRY(cop_node_snapshot(node, &(cop_snapshot_opts){.within_ms = within_ms}, &tree));
    cop_snapshot_print(tree, out);
    cop_snapshot_free(&tree);
    return COP_OK;
}

/* ------------------------------------------------------------------------------ the log */

static void
log_tree(void *ctx, const cop_snapshot *tree)
{
    cop_node *node = ctx;
    char line[512];

    for (size_t i = 0; tree != NULL && i < tree->rows.count; i++)
        copi_node_log(node, cop_row_print(tree, i, line, sizeof line));
    if (tree == NULL || tree->left_out == 0)
        return;
    snprintf(line, sizeof line, "(%" PRIu64 " more)", tree->left_out);
    copi_node_log(node, line);
}

void
copi_snapshot_log(cop_actor *me)
{
    copi_errand errand = {.done = log_tree, .ctx = me->node};

    (void)copi_snapshot_opts_check(me->node, NULL, &errand.opts);
    if (copi_gather(me, &errand, NULL) != COP_OK)
        cop_log(me, "the tree cannot be printed");
}
