/* SPDX-License-Identifier: Apache-2.0 */
/*
 * actor.c - the scope's actor: watches who has to do with the scope, and tells of changes.
 */
#include <stdlib.h>

#include "pg/directory.h"
#include "pg/news.h"

enum {
    TURN = 256,         /* so much is done before it is another message's turn */
    PIDS_MAX = 1 << 16, /* in one message, which may have 16 MB */
};

typedef struct keeper {
    copi_pg *scope;
} keeper;

static cop_err
keeper_init(cop_actor *me, void *state, const void *arg)
{
    keeper *self = state;

    (void)arg;
    self->scope = copi_pg_new(me);
    if (self->scope == NULL)
        return COP_E_NOMEM;
    copi_directory_add(self->scope);
    return COP_OK;
}

/* Not in a handler for the end, which a killed actor does not get. */
static void
keeper_dispose(void *state)
{
    copi_pg *scope = ((keeper *)state)->scope;

    if (scope == NULL)
        return;
    copi_directory_remove(scope);
    pthread_mutex_lock(&scope->lock);
    scope->is_closed = true;
    pthread_mutex_unlock(&scope->lock);
    copi_pg_unref(scope);
}

/* A part of the pids of a change, to all its targets. */
static void
tell_part(cop_actor *me, const copi_change *change, const cop_pid *pids, size_t count)
{
    for (size_t i = 0; i < change->target_count; i++) {
        const copi_target *to = &change->targets[i];
        if (change->type == &cop_pg_joined_type)
            copi_news_push(me, to->who, change->type,
                           &(cop_pg_joined){
                               to->ref, change->group, {pids, count}
            });
        else
            copi_news_push(me, to->who, change->type,
                           &(cop_pg_left){
                               to->ref, change->group, {pids, count}
            });
    }
}

/* Takes the change, which may be NULL. */
static void
tell(cop_actor *me, copi_change *change)
{
    for (size_t at = 0; change != NULL && at < change->pid_count; at += PIDS_MAX) {
        size_t left = change->pid_count - at;
        tell_part(me, change, change->pids + at, left < PIDS_MAX ? left : PIDS_MAX);
    }
    free(change);
}

/* Under the lock, which it ends.  A party that is watched is freed by nobody else. */
static cop_err
look_at(cop_actor *me, copi_pg *scope, copi_party *party)
{
    const bool is_wanted = copi_party_is_wanted(party), was_watched = party->is_watched;
    const cop_pid who = {party->node.high, party->node.low};
    const cop_ref watch = party->watch;

    party->is_watched = is_wanted;
    if (!is_wanted)
        copi_party_free(scope, party);
    pthread_mutex_unlock(&scope->lock);
    if (was_watched && !is_wanted)
        (void)cop_demonitor_flush(me, watch);
    return is_wanted && !was_watched ? cop_monitor(me, who, &party->watch) : COP_OK;
}

/* One party and one change, so that many of the ones do not keep the others waiting. */
static cop_err
work_once(cop_actor *me, copi_pg *scope, bool *is_done)
{
    cop_err err = COP_OK;

    pthread_mutex_lock(&scope->lock);
    copi_party *party = copi_party_next(scope);
    copi_change *change = copi_change_pop(scope);
    *is_done = party == NULL && change == NULL;
    if (*is_done)
        scope->is_poked = false;
    if (party != NULL)
        err = look_at(me, scope, party);
    else
        pthread_mutex_unlock(&scope->lock);
    tell(me, change);
    return err;
}

/* Does what others have left to do, but not all at once if that is much. */
static cop_err
work(cop_actor *me, copi_pg *scope)
{
    bool is_done = false;

    for (int i = 0; i < TURN && !is_done; i++)
        COP_TRY(work_once(me, scope, &is_done));
    if (is_done)
        return COP_OK;
    pthread_mutex_lock(&scope->lock);
    scope->is_poked = false;
    copi_pg_unlock(scope, me);
    return COP_OK;
}

static cop_err
keeper_on_poke(cop_actor *me, void *state, const void *message)
{
    (void)message;
    return work(me, ((keeper *)state)->scope);
}

COP_HANDLER(keeper, cop_down)
{
    pthread_mutex_lock(&st->scope->lock);
    cop_err err = copi_pg_forget(st->scope, msg->who);
    copi_pg_unlock(st->scope, me);
    return err;
}

const cop_behaviour cop_pg_scope = {
    .name = COP_PG,
    .state_size = sizeof(keeper),
    .init = keeper_init,
    .dispose = keeper_dispose,
    .handlers = COP_HANDLERS({&copi_pg_poke_type, keeper_on_poke}, COP_ON(keeper, cop_down)),
};
