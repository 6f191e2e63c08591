/* SPDX-License-Identifier: Apache-2.0 */
/*
 * begin.c - how an actor begins: a record, a mailbox, a name, an owner, ties, init.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/badge.h"
#include "core/dispatch.h"
#include "core/legacy.h"
#include "core/node.h"
#include "core/scope.h"
#include "core/sequence.h"

static bool
is_own(const cop_actor *me, cop_pid owner)
{
    return cop_pid_is_none(owner) || cop_pid_equal(owner, copi_pid_of(me));
}

/* `scope`: of this actor's, that the child is to be in; NULL: its own, or another's. */
static cop_err
check_spawn(cop_actor *me, const cop_behaviour *behaviour, const cop_spawn_opts *opts,
            copi_scope **scope)
{
    *scope = NULL;
    if (!copi_is_open(me))
        return COP_E_GONE;
    if (behaviour == NULL ||
        (behaviour->policy == COP_SUPERVISE && behaviour->on_child == NULL) ||
        opts->mailbox > COP_MAILBOX_MAX || behaviour->mailbox > COP_MAILBOX_MAX ||
        opts->stop_ms < COP_STOP_NO_WAIT)
        return COP_E_INVAL;
    if (COPI_UNLIKELY(opts->scope.ref.bits != 0) && is_own(me, opts->owner))
        return copi_scope_enter(me, opts->scope, scope);
    return COPI_UNLIKELY(copi_is_cancelled(me)) && is_own(me, opts->owner) ? COP_E_CANCELLED
                                                                           : COP_OK;
}

/* In a path the scopes that an actor is in stand before it. */
static bool
label_in_scope(cop_actor *self, const cop_spawn_opts *opts, const char *site)
{
    const char *label = opts->label != NULL ? opts->label : opts->name;
    char path[COPI_PATH_MAX];

    if (label == NULL && !self->node->opts.origins) {
        copi_badge_set_scope(self, self->scope);
        return true;
    }
    size_t used = copi_scope_names(self->scope, path, sizeof path);
    snprintf(path + used, sizeof path - used, "/%s",
             label != NULL ? label : copi_kind_of(self));
    return copi_badge_make(self, path, used + 1, opts->site != NULL ? opts->site : site);
}

/* Cleared, wherever it is. */
static bool
take_state(cop_actor *self)
{
    size_t size = self->behaviour->sequence == NULL ? self->behaviour->state_size
                                                    : self->behaviour->sequence->state_size;

    if (size <= sizeof self->small_state) {
        self->state = self->small_state;
        memset(self->small_state, 0, sizeof self->small_state);
        return true;
    }
    self->state = copi_pool_take(&self->worker->pool, size);
    if (self->state != NULL)
        memset(self->state, 0, size);
    return self->state != NULL;
}

/* Everything but what others see.  False if there is no memory. */
static bool
furnish(cop_actor *self, cop_actor *me, const cop_behaviour *behaviour,
        const cop_spawn_opts *opts, copi_scope *scope, const char *site)
{
    self->task.home = COPI_ANYWHERE;
    self->node = me->node;
    self->worker = me->worker;
    atomic_store_explicit(&self->ran_on, (uint8_t)me->worker->index, memory_order_relaxed);
    self->behaviour = behaviour;
    self->batch = self->batch_last = NULL;
    self->batch_count = 0;
    self->current = NULL;
    self->ties = NULL;
    self->why = NULL;
    self->pins = 0;
    self->phase = COPI_STARTING;
    self->traps = behaviour->trap_exit;
    self->is_leaving = self->is_stopping = self->is_killed = self->is_started = false;
    self->has_obeyed = false;
    self->is_inline = true;
    self->exit_kind = COP_EXIT_NORMAL;
    self->exit_code = 0;
    self->cookie = opts->cookie;
    self->stop_ms = opts->stop_ms == 0 ? COPI_STOP_MS : opts->stop_ms;
    self->kill_at = 0;
    self->scope = scope;
    self->is_service = opts->service;
    self->is_told = false;
    self->owed = COPI_OWED_NOTHING;
    self->is_errand = false;
    self->keeps_mail = false; /* until it has started */
    self->deaths = 0;
    self->on_stuck = (uint8_t)opts->on_stuck;
    atomic_store_explicit(&self->stuck_ms, 0, memory_order_relaxed);
    self->older = self->younger = NULL;
    atomic_store_explicit(&self->is_named, false, memory_order_relaxed);
    return take_state(self) && (COPI_LIKELY(scope == NULL) ? copi_badge_give(self, opts, site)
                                                           : label_in_scope(self, opts, site));
}

/* Opens the mailbox, which makes the pid good for something. */
static void
open_mailbox(cop_actor *self, const cop_spawn_opts *opts)
{
    uint32_t bound = opts->mailbox != 0 ? opts->mailbox : self->behaviour->mailbox;

    copi_mailbox_open(&self->mailbox, bound != 0 ? bound : COP_MAILBOX_DEFAULT);
}

static cop_err
take_name(cop_actor *self, const char *name)
{
    if (name == NULL)
        return COP_OK;
    return copi_registry_add(&self->node->registry, name, self, copi_pid_of(self));
}

/* Gives the child to an owner who is somebody else; it is his from here. */
static cop_err
hand_over(cop_actor *me, cop_actor *child, cop_pid owner, cop_scope scope)
{
    cop_actor *record = owner.node == me->node->incarnation
                            ? copi_table_find(&me->node->table, copi_slot(owner.id))
                            : NULL;
    copi_envelope *adopt = copi_envelope_new(me->worker, COPI_ADOPT, sizeof(copi_adoption));

    if (adopt == NULL)
        return COP_E_NOMEM;
    copi_set_owner(child, record);
    if (record == me->node->root)
        child->cookie = COPI_GUEST; /* the root's own cookies mean something to it */
    *(copi_adoption *)copi_payload(adopt) = (copi_adoption){child, scope};
    if (record == NULL || copi_push(me->node, me->worker, owner, adopt) != COP_OK) {
        copi_envelope_free(me->worker, adopt);
        return COP_E_GONE;
    }
    /* An owner that has it cannot end before the child.  So if that pid is stale now, the
     * slot's next actor got it, and throws it away unopened.
     * relaxed: the push has acquired what the opening of that mailbox released. */
    return atomic_load_explicit(&record->id, memory_order_relaxed) == owner.id ? COP_OK
                                                                               : COP_E_GONE;
}

/* It has no longer than what it is a part of. */
static cop_err
inherit_deadline(cop_actor *me, cop_actor *child)
{
    int64_t deadline = copi_deadline_in(me, child->scope);

    if (deadline == 0)
        return COP_OK;
    if (copi_ties_of(child) == NULL)
        return COP_E_NOMEM;
    child->ties->deadline = deadline;
    return COP_OK;
}

static cop_err
give_owner(cop_actor *me, cop_actor *child, const cop_spawn_opts *opts)
{
    if (COPI_UNLIKELY(!is_own(me, opts->owner)))
        return hand_over(me, child, opts->owner, opts->scope);
    if (copi_ties_of(me) == NULL)
        return COP_E_NOMEM;
    copi_set_owner(child, me);
    copi_child_add(me, child, opts);
    if (COPI_LIKELY(child->scope == NULL && me->ties->deadline == 0))
        return COP_OK;
    cop_err err = inherit_deadline(me, child);
    if (err != COP_OK)
        copi_child_remove(me, child);
    return err;
}

static cop_err
tie(cop_actor *me, cop_actor *child, const cop_spawn_opts *opts)
{
    if (opts->link)
        COP_TRY(copi_link_child(me, child));
    if (opts->monitor != NULL)
        COP_TRY(copi_monitor_child(me, child, opts->monitor));
    return COP_OK;
}

/* Who gets an error from spawn gets no signal as well. */
static void
untie(cop_actor *me, cop_actor *child, const cop_spawn_opts *opts)
{
    if (opts->link) {
        copi_link_forget(me, copi_pid_of(child));
        copi_link_forget(child, copi_pid_of(me));
    }
    if (opts->monitor != NULL && opts->monitor->bits != 0) {
        copi_monitor_forget(me, child, *opts->monitor);
        opts->monitor->bits = 0;
    }
}

static cop_err
run_init(cop_actor *self, const cop_spawn_opts *opts)
{
    cop_actor *outer = copi_current(self->worker);
    const cop_handler *starts;
    cop_err err = COP_OK;

    copi_set_current(self->worker, self);
    if (self->behaviour->sequence != NULL)
        err = self->behaviour->sequence->start(self, opts);
    else if (self->behaviour->init != NULL)
        err = self->behaviour->init(self, self->state, opts->arg);
    else if ((starts = copi_handler_for(self->behaviour, &cop_start_type)) != NULL)
        err = starts->call(self, self->state, &(cop_start){opts->arg});
    copi_set_current(self->worker, outer);
    return err;
}

/* The owner's list, and the record, without the child. */
static void
forget_child(cop_actor *me, cop_actor *child)
{
    copi_child_remove(me, child);
    copi_badge_free(child);
    copi_table_give(&me->node->table, me->worker, child);
}

/* Ends a child whose init has failed, and if possible is rid of it at once. */
static void
fail_start(cop_actor *me, cop_actor *child, const cop_spawn_opts *opts, cop_err err)
{
    untie(me, child, opts);
    copi_end_failed(child, err);
    if (copi_has_crashed(child) && copi_event_may(child->node, COP_EVENT_CRASH))
        copi_crash_report(child, NULL, "init");
    if (opts->why != NULL)
        copi_exit_of(child, opts->why);
    copi_receive(child);
    /* Another owner has it already, and is told as of any end. */
    bool is_mine = copi_owner_of(child) == me;
    child->is_inline = is_mine;
    if (copi_finish(child)) {
        if (is_mine)
            forget_child(me, child);
        return;
    }
    child->is_inline = false;
    if (opts->lingers != NULL)
        *opts->lingers = true;
    copi_release(child);
}

static void
started(cop_actor *me, cop_actor *child, const cop_spawn_opts *opts)
{
    child->is_started = true;
    child->is_inline = false;
    child->phase = (uint8_t)copi_usual_phase(child);
    child->keeps_mail = opts->keep_mail;
    if (opts->legacy != NULL)
        copi_legacy_inherit(child, opts->legacy);
    COPI_TALLY(me->worker, spawned, 1);
    if (atomic_load_explicit(&child->is_named, memory_order_relaxed))
        copi_names_told(child);
    copi_after_handler(child, COP_OK);
    if (child->phase == COPI_ENDING) {
        if (copi_has_crashed(child) && copi_event_may(child->node, COP_EVENT_CRASH))
            copi_crash_report(child, NULL, "init");
        /* What init was sent may change how it ends: a kill, a child to adopt. */
        copi_receive(child);
        if (copi_finish(child))
            return;
    }
    copi_release(child);
}

/* Before the child's pid was given to anybody. */
static cop_err
abandon(cop_actor *me, cop_actor *child, cop_err err)
{
    copi_free_furniture(child);
    copi_badge_free(child);
    copi_ties_free(child);
    copi_table_give(&me->node->table, me->worker, child);
    return err;
}

/* Who has set a limit first decides how long its handlers may run. */
COPI_COLD static cop_err
limit_time(cop_actor *self, const cop_spawn_opts *opts)
{
    int32_t limit = opts->stuck_ms;

    if (copi_is_bad_limit(limit) || copi_is_bad_limit(self->behaviour->stuck_ms))
        return COP_E_INVAL;
    if (limit == 0)
        limit = self->behaviour->stuck_ms;
    if (limit == 0)
        limit = self->node->opts.stuck_ms;
    if (limit <= 0)
        return COP_OK;
    atomic_store_explicit(&self->stuck_ms, limit, memory_order_relaxed);
    return copi_watchdog_need(self->node, limit);
}

COPI_INLINE cop_err
spawn(const char *site, cop_actor *me, const cop_behaviour *behaviour,
      const cop_spawn_opts *opts, cop_pid *out)
{
    if (opts->monitor != NULL)
        opts->monitor->bits = 0;
    if (opts->lingers != NULL)
        *opts->lingers = false;
    copi_scope *scope;
    COP_TRY(check_spawn(me, behaviour, opts, &scope));
    cop_actor *child = copi_table_take(&me->node->table, me->worker);
    if (child == NULL)
        return COP_E_NOMEM;
    if (!furnish(child, me, behaviour, opts, scope, site))
        return abandon(me, child, COP_E_NOMEM);
    cop_err err = COP_OK;
    if (COPI_UNLIKELY((opts->stuck_ms | behaviour->stuck_ms | me->node->opts.stuck_ms) != 0) &&
        (err = limit_time(child, opts)) != COP_OK)
        return abandon(me, child, err);
    open_mailbox(child, opts);
    err = take_name(child, opts->name);
    if (err == COP_OK && (err = give_owner(me, child, opts)) != COP_OK)
        copi_names_end(child);
    if (err != COP_OK) {
        copi_close_mailbox(child);
        return abandon(me, child, err);
    }
    cop_pid pid = copi_pid_of(child);
    if ((err = tie(me, child, opts)) == COP_OK)
        err = run_init(child, opts);
    if (err != COP_OK) {
        fail_start(me, child, opts, err);
        return err;
    }
    started(me, child, opts);
    if (out != NULL)
        *out = pid;
    return COP_OK;
}

cop_err
copi_spawn(const char *site, cop_actor *me, const cop_behaviour *behaviour,
           const cop_spawn_opts *opts, cop_pid *out)
{
    static const cop_spawn_opts none = {0};

    cop_err err = spawn(site, me, behaviour, opts != NULL ? opts : &none, out);
    if (opts != NULL && opts->dispose != NULL && (err != COP_OK || behaviour->sequence == NULL))
        copi_dispose(me, opts->dispose, (void *)(uintptr_t)opts->arg); /* given away */
    return err;
}

cop_err
cop_spawn_from(const char *site, cop_actor *me, const cop_behaviour *behaviour,
               const cop_spawn_opts *opts, cop_pid *out)
{
    return copi_spawn(site, me, behaviour, opts, out);
}
