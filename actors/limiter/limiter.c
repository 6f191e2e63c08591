/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limiter.c - who holds a token, and who waits for one.
 *
 * Each loan has an entry from its request on, and every entry ends by a monitor's word: that
 * of the loan, or when the loan has died with its borrower, that of the borrower.
 */
#include <coppice/limiter.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/map.h"
#include "base/memory.h"
#include "limiter/lending.h"

typedef struct entry entry;

struct entry {
    copi_map_node node; /* key: 0, the monitor's ref */
    cop_pid borrower;
    cop_token request; /* while it waits */
    int64_t since_ms;  /* it has been waiting, or holding */
    bool is_held;
    entry *older, *newer;
};

/* Oldest first. */
typedef struct queue {
    entry *first, *last;
    uint32_t count;
} queue;

typedef struct limiter {
    uint32_t tokens;
    uint32_t waiting_max; /* 0: no limit */
    uint64_t granted;
    queue holding, waiting;
    copi_map entries; /* all of them */
} limiter;

static void
append(queue *self, entry *added)
{
    added->older = self->last;
    added->newer = NULL;
    *(self->last == NULL ? &self->first : &self->last->newer) = added;
    self->last = added;
    self->count++;
}

static void
unlink_entry(queue *self, entry *removed)
{
    *(removed->older == NULL ? &self->first : &removed->older->newer) = removed->newer;
    *(removed->newer == NULL ? &self->last : &removed->newer->older) = removed->older;
    self->count--;
}

/* ------------------------------------------------------------------------ the lending */

static void
hold(cop_actor *me, limiter *st, entry *borrowed)
{
    borrowed->is_held = true;
    borrowed->since_ms = cop_now_ms(me);
    append(&st->holding, borrowed);
    st->granted++;
}

/* An answer that cannot be sent becomes an error there, and the loan ends. */
static void
lend(cop_actor *me, limiter *st)
{
    while (st->waiting.count > 0 && st->holding.count < st->tokens) {
        entry *next = st->waiting.first;
        unlink_entry(&st->waiting, next);
        hold(me, st, next);
        (void)cop_answer(me, &next->request, copi_lent);
    }
}

/* Of the loan that asks; it waits now. */
static cop_err
open_entry(cop_actor *me, limiter *st, cop_pid borrower)
{
    cop_ref watch;
    entry *made = copi_calloc(1, sizeof *made);

    if (made == NULL)
        return COP_E_NOMEM;
    made->borrower = borrower;
    made->since_ms = cop_now_ms(me);
    cop_err err = cop_monitor(me, cop_sender(me), &watch);
    if (err == COP_OK && (err = cop_defer(me, &made->request)) != COP_OK)
        (void)cop_demonitor_flush(me, watch);
    if (err != COP_OK) {
        free(made);
        return err;
    }
    made->node.low = watch.bits;
    copi_map_add(&st->entries, &made->node);
    append(&st->waiting, made);
    return COP_OK;
}

COP_HANDLER(limiter, copi_borrow)
{
    bool has_room = st->holding.count < st->tokens || st->waiting_max == 0 ||
                    st->waiting.count < st->waiting_max;
    cop_err err = has_room ? open_entry(me, st, msg->borrower) : COP_E_FULL;

    if (err != COP_OK)
        (void)cop_reply_error(me, err);
    lend(me, st);
    return COP_OK;
}

static void
close_entry(limiter *st, entry *ended)
{
    unlink_entry(ended->is_held ? &st->holding : &st->waiting, ended);
    copi_map_remove(&st->entries, &ended->node);
    free(ended);
}

/*
 * Is the token in use, though the loan is gone?  A normal end is a release.  One that was gone
 * before it could be monitored never got the token, and one that lost its session has failed.
 * In all other cases the borrower is ending: its children end before it, and the loan is one.
 */
static bool
is_in_use(const entry *ended, const cop_down *down)
{
    switch (down->why.kind) {
    case COP_EXIT_NORMAL:
    case COP_EXIT_NOPROC:
    case COP_EXIT_NOCONNECTION: return false;
    default: return ended->is_held && !cop_pid_equal(down->who, ended->borrower);
    }
}

static cop_err
watch_borrower(cop_actor *me, limiter *st, entry *held)
{
    cop_ref watch;

    COP_TRY(cop_monitor(me, held->borrower, &watch));
    copi_map_remove(&st->entries, &held->node);
    held->node.low = watch.bits;
    copi_map_add(&st->entries, &held->node);
    return COP_OK;
}

COP_HANDLER(limiter, cop_down)
{
    copi_map_node *node = copi_map_find(&st->entries, 0, msg->ref.bits);

    if (node == NULL)
        return COP_OK;
    entry *found = COPI_CONTAINER(node, entry, node);
    if (is_in_use(found, msg))
        return watch_borrower(me, st, found);
    if (!found->is_held)
        (void)cop_answer_error(me, &found->request, COP_E_NOREPLY);
    close_entry(st, found);
    lend(me, st);
    return COP_OK;
}

/* ------------------------------------------------------------------------ the numbers */

COP_HANDLER(limiter, cop_limiter_set_tokens)
{
    st->tokens = msg->tokens;
    lend(me, st);
    return cop_reply(me, cop_limiter_resized);
}

COP_HANDLER(limiter, cop_limiter_get_status)
{
    cop_limiter_holder holders[COP_LIMITER_HOLDERS];
    size_t count = 0;
    int64_t now = cop_now_ms(me);
    const entry *oldest = st->waiting.first;

    for (const entry *held = st->holding.first; held != NULL && count < COP_COUNT(holders);
         held = held->newer)
        holders[count++] = (cop_limiter_holder){held->borrower, now - held->since_ms};
    return cop_reply(me, cop_limiter_status, .tokens = st->tokens, .held = st->holding.count,
                     .waiting = st->waiting.count, .granted = st->granted,
                     .longest_ms = oldest == NULL ? 0 : now - oldest->since_ms,
                     .holders = {holders, count});
}

static int
limiter_print(const void *state, char *text, size_t size)
{
    const limiter *st = state;

    return snprintf(text, size,
                    "limiter{tokens: %" PRIu32 ", held: %" PRIu32 ", waiting: %" PRIu32 "}",
                    st->tokens, st->holding.count, st->waiting.count);
}

static cop_err
limiter_init(cop_actor *me, void *state, const void *arg)
{
    (void)me;
    limiter *st = state;
    const cop_limiter_opts *opts = arg;

    st->tokens = opts == NULL || opts->tokens == 0 ? 1 : opts->tokens;
    st->waiting_max = opts == NULL ? 0 : opts->waiting_max;
    return COP_OK;
}

static void
limiter_dispose(void *state)
{
    limiter *st = state;

    for (copi_map_node *node; (node = copi_map_pop(&st->entries)) != NULL;)
        free(COPI_CONTAINER(node, entry, node));
    copi_map_fini(&st->entries);
}

const cop_behaviour cop_limiter = {
    .name = "limiter",
    .state_size = sizeof(limiter),
    .arg_type = &cop_limiter_opts_type,
    .init = limiter_init,
    .dispose = limiter_dispose,
    .print_state = limiter_print,
    .handlers = COP_HANDLERS(COP_ON(limiter, copi_borrow), COP_ON(limiter, cop_down),
                             COP_ON(limiter, cop_limiter_set_tokens),
                             COP_ON(limiter, cop_limiter_get_status)),
};

/* ------------------------------------------------------------------ the caller's side */

cop_err
cop_limiter_resize(cop_actor *me, cop_pid limiter, uint32_t tokens, int32_t within_ms,
                   const cop_then *then)
{
    return cop_ask(me, limiter, within_ms, then, cop_limiter_set_tokens, .tokens = tokens);
}

cop_err
cop_limiter_ask_status(cop_actor *me, cop_pid limiter, int32_t within_ms, const cop_then *then)
{
    return cop_ask(me, limiter, within_ms, then, cop_limiter_get_status);
}
