/* SPDX-License-Identifier: Apache-2.0 */
#include "debug/gather.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "core/node.h"
#include "core/ties.h"
#include "debug/debug.h"
#include "debug/lookout.h"
#include "debug/rows.h"

enum {
    WITHIN_MS = 500,
    LEAST_MS = 20, /* that one has to answer, found however late */
    AT_A_TIME = 256,
};

/* A row, and what is below it. */
typedef struct branch {
    copi_map_node asked; /* key: 0, the call; while it is asked */
    struct branch *up, *next;
    struct branch *first, *last; /* below it */
    struct branch *made, *later; /* the one made after it; to be asked after it */
    cop_row row;
} branch;

typedef struct gather {
    copi_errand errand;
    bool is_owed; /* errand.done is to be called */
    bool is_complete;
    bool is_wanted;
    cop_token token; /* of who wants it */
    int64_t ends_at; /* nanoseconds */
    copi_moments began;
    branch *root, *youngest; /* in the order in which they were made */
    branch *to_ask, *last_to_ask;
    copi_map asked;
    uint32_t count; /* of branches */
    uint64_t left_out;
} gather;

const cop_type copi_snapshot_wanted_type = {
    .protocol = "debug",
    .name = "cop_snapshot_wanted",
    .size = sizeof(copi_snapshot_wanted),
    .flat = true,
};

/* ------------------------------------------------------------------------- the branches */

static void
hang(branch *up, branch *child)
{
    child->up = up;
    if (up == NULL)
        return;
    *(up->last == NULL ? &up->first : &up->last->next) = child;
    up->last = child;
}

/* NULL: it is left out. */
static branch *
grow(gather *self, branch *up, const cop_row *row)
{
    branch *made =
        self->count < self->errand.opts.max_rows ? copi_calloc(1, sizeof *made) : NULL;

    if (made == NULL) {
        self->left_out++;
        return NULL;
    }
    made->row = *row;
    made->row.depth = up == NULL ? 0 : up->row.depth + 1;
    hang(up, made);
    *(self->root == NULL ? &self->root : &self->youngest->made) = made;
    self->youngest = made;
    self->count++;
    return made;
}

static void
fell(gather *self)
{
    for (branch *next, *it = self->root; it != NULL; it = next) {
        next = it->made;
        free(it);
    }
    self->root = NULL;
    copi_map_fini(&self->asked);
}

/* Downwards first. */
static branch *
after(branch *it)
{
    if (it->first != NULL)
        return it->first;
    while (it != NULL && it->next == NULL)
        it = it->up;
    return it == NULL ? NULL : it->next;
}

/* ------------------------------------------------------------------------ giving it away */

static cop_err
give(cop_actor *me, gather *self, const cop_snapshot *tree)
{
    if (self->errand.done != NULL) {
        self->is_owed = false;
        self->errand.done(self->errand.ctx, tree);
    } else {
        (void)cop_answer_message(me, &self->token, &cop_snapshot_type, tree);
    }
    return cop_stop(me);
}

static cop_err
give_up(cop_actor *me, gather *self)
{
    if (self->errand.done == NULL)
        (void)cop_answer_error(me, &self->token, COP_E_NOMEM);
    return cop_stop(me);
}

static cop_err
deliver(cop_actor *me, gather *self)
{
    cop_row *rows = copi_calloc(self->count, sizeof *rows);
    size_t count = 0;

    if (rows == NULL)
        return give_up(me, self);
    for (branch *it = self->root; it != NULL; it = after(it))
        rows[count++] = it->row;
    cop_err err = give(me, self,
                       &(cop_snapshot){
                           .rows = {rows, count},
                             .left_out = self->left_out
    });
    free(rows);
    return err;
}

static cop_err
deliver_if_wanted(cop_actor *me, gather *self)
{
    if (!self->is_complete || (self->errand.done == NULL && !self->is_wanted))
        return COP_OK;
    return deliver(me, self);
}

/* --------------------------------------------------------------------------- going around */

static cop_err answered(cop_actor *me, void *state, cop_err err, const void *message);

static const cop_then then = {&cop_snapshot_type, answered};

static int32_t
time_left(const cop_actor *me, const gather *self)
{
    int64_t left = (self->ends_at - copi_worker_now(me->worker)) / COPI_MS;

    return left < LEAST_MS ? LEAST_MS : (int32_t)left;
}

static void
ask(cop_actor *me, gather *self, branch *it)
{
    copi_debug_order order = {.verb = COPI_DEBUG_ROWS,
                              .count = 1 + self->errand.opts.max_rows - self->count};
    cop_ref ref;
    cop_err err = copi_ask_debugger(me, it->row.pid, time_left(me, self), &then, COPI_LOOK,
                                    &copi_debug_order_type, &order, &ref);

    if (err == COP_OK) {
        it->asked = (copi_map_node){.low = ref.bits};
        copi_map_add(&self->asked, &it->asked);
    } else {
        it->row.state = err == COP_E_NOPROC ? COP_ROW_ENDED : COP_ROW_NOT_ASKED;
    }
}

static cop_err
ask_on(cop_actor *me, gather *self)
{
    while (self->to_ask != NULL && self->asked.count < AT_A_TIME) {
        branch *it = self->to_ask;
        self->to_ask = it->later;
        ask(me, self, it);
    }
    self->is_complete = self->asked.count == 0;
    return deliver_if_wanted(me, self);
}

static void
plan(gather *self, branch *it)
{
    *(self->to_ask == NULL ? &self->to_ask : &self->last_to_ask->later) = it;
    self->last_to_ask = it;
}

/* What only its owner knew is kept. */
static void
merge(branch *it, const cop_row *own)
{
    cop_row before = it->row;

    it->row = *own;
    it->row.depth = before.depth;
    it->row.is_told = before.is_told;
    if (before.deadline_ms >= 0)
        it->row.deadline_ms = before.deadline_ms;
}

/* Where a row so deep hangs that comes after those that hang on `at`. */
static branch *
owner_at(branch *at, uint32_t depth)
{
    while (at->row.depth >= depth)
        at = at->up;
    return at;
}

static void
take_in(cop_actor *me, gather *self, branch *it, const cop_snapshot *answer)
{
    branch *at = it;

    self->left_out += answer->left_out;
    if (answer->rows.count > 0)
        merge(it, &answer->rows.items[0]);
    for (size_t i = 1; i < answer->rows.count; i++) {
        const cop_row *row = &answer->rows.items[i];
        if (cop_pid_equal(row->pid, copi_pid_of(me)))
            continue;
        branch *made = grow(self, owner_at(at, it->row.depth + row->depth), row);
        if (made == NULL)
            continue;
        at = made;
        if (!cop_pid_is_none(row->pid))
            plan(self, made);
    }
}

static cop_err
answered(cop_actor *me, void *state, cop_err err, const void *message)
{
    gather *self = state;
    copi_map_node *found = copi_map_find(&self->asked, 0, cop_current_call(me).bits);

    if (found == NULL)
        return COP_OK;
    branch *it = COPI_CONTAINER(found, branch, asked);
    copi_map_remove(&self->asked, found);
    switch (err) {
    case COP_OK: take_in(me, self, it, message); break;
    case COP_E_TIMEOUT: copi_lookout_look(me->node, &self->began, &it->row); break;
    case COP_E_DOWN:
    case COP_E_NOPROC: it->row.state = COP_ROW_ENDED; break;
    default: it->row.state = COP_ROW_NOT_ASKED; break;
    }
    return ask_on(me, self);
}

/* ------------------------------------------------------------------------------ its life */

static cop_err
init(cop_actor *me, void *state, const void *arg)
{
    gather *self = state;
    const copi_errand *errand = arg;
    bool is_whole = cop_pid_is_none(errand->opts.from);

    self->errand = *errand;
    self->ends_at = copi_worker_now(me->worker) + errand->opts.within_ms * COPI_MS;
    copi_lookout_note(me->node, &self->began);
    cop_row first = {.pid = is_whole ? cop_root(me) : errand->opts.from,
                     .label = "?",
                     .count = 1,
                     .age_ms = -1,
                     .deadline_ms = -1};
    branch *root = grow(self, NULL, &first);
    if (root == NULL)
        return COP_E_NOMEM;
    plan(self, root);
    self->is_owed = errand->done != NULL;
    return ask_on(me, self);
}

static cop_err
on_wanted(cop_actor *me, void *state, const void *message)
{
    (void)message;
    gather *self = state;

    COP_TRY(cop_defer(me, &self->token));
    self->is_wanted = true;
    return deliver_if_wanted(me, self);
}

/* It ends soon anyhow, and what it sees then may be of interest. */
static cop_err
on_stopping(cop_actor *me, void *state, const void *message)
{
    (void)me;
    (void)state;
    (void)message;
    return COP_OK;
}

static void
dispose(void *state)
{
    gather *self = state;

    if (self->is_owed)
        self->errand.done(self->errand.ctx, NULL);
    fell(self);
}

static const cop_behaviour behaviour = {
    .name = "tree",
    .state_size = sizeof(gather),
    .init = init,
    .dispose = dispose,
    .handlers = COP_HANDLERS({&copi_snapshot_wanted_type, on_wanted},
                             {&cop_stopping_type, on_stopping}),
};

cop_err
copi_snapshot_opts_check(const cop_node *node, const cop_snapshot_opts *opts,
                         cop_snapshot_opts *out)
{
    *out = opts == NULL ? (cop_snapshot_opts){0} : *opts;
    if (out->within_ms < 0 ||
        (!cop_pid_is_none(out->from) && out->from.node != node->incarnation))
        return COP_E_INVAL;
    if (out->within_ms == 0)
        out->within_ms = WITHIN_MS;
    if (out->max_rows == 0)
        out->max_rows = COP_ROWS;
    if (out->max_rows > COP_ROWS_MAX)
        out->max_rows = COP_ROWS_MAX;
    return COP_OK;
}

cop_err
copi_gather(cop_actor *me, const copi_errand *errand, cop_pid *out)
{
    return cop_spawn(me, &behaviour, &(cop_spawn_opts){.arg = errand, .owner = cop_root(me)},
                     out);
}

/* ---------------------------------------------------------------------------- from outside */

typedef struct request {
    copi_errand errand;
    void (*refuse)(void *ctx);
} request;

static void
refuse_request(void *ctx)
{
    request *asked = ctx;

    asked->refuse(asked->errand.ctx);
    free(asked);
}

static void
run_request(cop_actor *root, void *ctx)
{
    request *asked = ctx;

    if (copi_gather(root, &asked->errand, NULL) != COP_OK) {
        refuse_request(asked);
        return;
    }
    free(asked);
}

cop_err
copi_gather_from_outside(cop_node *node, const copi_errand *errand, void (*refuse)(void *ctx))
{
    request *asked = copi_malloc(sizeof *asked);

    if (asked == NULL)
        return COP_E_NOMEM;
    *asked = (request){*errand, refuse};
    cop_err err = copi_node_tell_root(node, run_request, refuse_request, asked);
    if (err != COP_OK)
        free(asked);
    return err;
}
