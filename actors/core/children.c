/* SPDX-License-Identifier: Apache-2.0 */
/*
 * children.c - what an owner knows of its children, how it stops them, and its rule for
 * their ends.
 *
 * The list and the fields "owner" in a child's record are touched by the owner's runner
 * only.  A child's record stays until the owner has handled its end, so the pointers in
 * the list are good.
 */
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/exit.h"
#include "base/memory.h"
#include "core/badge.h"
#include "core/legacy.h"
#include "core/node.h"
#include "core/scope.h"
#include "debug/snapshot.h"

/* The child of that pid, if it is one of this actor's. */
static cop_actor *
child_of(cop_actor *self, cop_pid pid)
{
    cop_actor *child = pid.node == self->node->incarnation
                           ? copi_table_find(&self->node->table, copi_slot(pid.id))
                           : NULL;

    /* relaxed: of his own child he knows it, of others he learns no more than that. */
    if (child == NULL || atomic_load_explicit(&child->id, memory_order_relaxed) != pid.id)
        return NULL;
    return copi_owner_of(child) == self ? child : NULL;
}

/* Between two neighbours, either of which may be missing. */
static void
insert(cop_actor *self, copi_brood *brood, cop_actor *child, cop_actor *older)
{
    cop_actor *younger = older == NULL ? brood->oldest : older->younger;

    child->older = older;
    child->younger = younger;
    *(older == NULL ? &brood->oldest : &older->younger) = child;
    *(younger == NULL ? &brood->youngest : &younger->older) = child;
    brood->child_count++;
    brood->service_count += child->is_service;
    self->ties->child_count++;
}

/* Is it in the list?  One that another actor has spawned may still be on its way there. */
static bool
has_place(const copi_brood *brood, const cop_actor *child)
{
    return child != NULL && (child->older != NULL || brood->oldest == child);
}

/* Behind whom a child comes that is not simply the youngest; NULL: it is the oldest. */
COPI_COLD static cop_actor *
place_of(cop_actor *self, const copi_brood *brood, const cop_spawn_opts *opts)
{
    cop_actor *older = opts->first ? NULL : child_of(self, opts->after);

    return opts->first || has_place(brood, older) ? older : brood->youngest;
}

void
copi_child_add(cop_actor *self, cop_actor *child, const cop_spawn_opts *opts)
{
    copi_brood *brood = copi_brood_of(self, child->scope);
    cop_actor *older = brood->youngest;

    if (child->scope != NULL)
        child->scope->started++;
    if (COPI_UNLIKELY(opts->first || !cop_pid_is_none(opts->after)))
        older = place_of(self, brood, opts);
    insert(self, brood, child, older);
}

void
copi_child_remove(cop_actor *self, cop_actor *child)
{
    copi_brood *brood = copi_brood_of(self, child->scope);

    *(child->older == NULL ? &brood->oldest : &child->older->younger) = child->younger;
    *(child->younger == NULL ? &brood->youngest : &child->younger->older) = child->older;
    brood->child_count--;
    brood->service_count -= child->is_service;
    self->ties->child_count--;
}

/* ---------------------------------------------------------------- the stop ladder */

void
copi_ladder_due(copi_worker *worker, copi_timer *timer)
{
    copi_ties *ties = COPI_CONTAINER(timer, copi_ties, ladder);

    ties->is_ladder_queued = true;
    ties->ladder_due = (copi_envelope){.kind = COPI_LADDER};
    copi_push_self(worker, ties->self, &ties->ladder_due);
}

/* Has the timer stand at `at`, if it stands later or not at all. */
static void
watch_until(cop_actor *self, int64_t at)
{
    copi_ties *ties = self->ties;

    if (ties->is_ladder_queued)
        return; /* it will look at all children, and arm again */
    if (copi_timer_is_armed(&ties->ladder) && ties->ladder.node.due <= at)
        return;
    if (!ties->is_ladder_armed) {
        ties->is_ladder_armed = true;
        copi_pin(self);
    }
    ties->ladder.what = COPI_LADDER;
    COPI_INSIST(copi_timer_arm(self->worker, &ties->ladder, at));
}

static void
send(cop_actor *self, cop_actor *child, copi_kind kind, const cop_exit *why)
{
    copi_signal(
        self->node, self->worker,
        &(copi_parcel){
            .kind = kind, .from = copi_pid_of(self), .to = copi_pid_of(child), .why = why});
}

/* A child whose owner was killed is told so, however it would be stopped otherwise: in OTP
 * too its end then comes by the link, and not by the supervisor's hand. */
static bool
is_killed_at_once(const cop_actor *self, const cop_actor *child)
{
    return (child->stop_ms == COP_STOP_BRUTAL && !self->is_killed) ||
           atomic_load_explicit(&self->node->is_hard, memory_order_relaxed);
}

/* Rounded up; as far from another such time as patience may last, but for the sign, it says
 * which is first.  0 means never. */
static uint32_t
in_ms(int64_t ns)
{
    uint32_t ms = (uint32_t)((ns + COPI_MS - 1) / COPI_MS);

    return ms == 0 ? 1 : ms;
}

static int64_t
patience_with(const cop_actor *child)
{
    switch (child->stop_ms) {
    case COP_STOP_NO_WAIT: return 0;
    case COP_STOP_BRUTAL: return COPI_STOP_MS;
    default: return child->stop_ms;
    }
}

void
copi_child_tell(cop_actor *self, cop_actor *child, const cop_exit *why)
{
    if (child->is_told)
        return;
    child->is_told = true;
    if (is_killed_at_once(self, child)) {
        send(self, child, COPI_KILL, NULL);
        return;
    }
    send(self, child, COPI_STOP, why);
    if (child->stop_ms == COP_INFINITY)
        return;
    int64_t at = copi_worker_now(self->worker) + patience_with(child) * COPI_MS;
    child->kill_at = in_ms(at);
    watch_until(self, at);
}

void
copi_child_kill(cop_actor *self, cop_actor *child)
{
    child->is_told = true;
    child->kill_at = 0;
    send(self, child, COPI_KILL, NULL);
}

/* Kills those of a brood whose time has come.  In how many milliseconds the next one has to be
 * killed, if that is less than `next`. */
static int32_t
climb(cop_actor *self, copi_brood *brood, uint32_t now, int32_t next)
{
    for (cop_actor *child = brood->oldest; child != NULL; child = child->younger) {
        if (child->kill_at == 0)
            continue;
        int32_t left = (int32_t)(child->kill_at - now);
        if (left <= 0) {
            copi_slow_stop(self, child);
            copi_child_kill(self, child);
        } else if (left < next) {
            next = left;
        }
    }
    for (copi_scope *scope = brood->scopes; scope != NULL; scope = scope->older)
        next = climb(self, &scope->brood, now, next);
    return next;
}

void
copi_on_ladder(cop_actor *self)
{
    int64_t now = copi_worker_now(self->worker);

    self->ties->is_ladder_queued = false;
    /* Rounded down, as who is to be killed was rounded up. */
    int32_t next = climb(self, &self->ties->own, (uint32_t)(now / COPI_MS), INT32_MAX);
    if (next != INT32_MAX)
        watch_until(self, (now / COPI_MS + next) * COPI_MS);
    else
        copi_ladder_end(self);
}

void
copi_ladder_end(cop_actor *self)
{
    copi_ties *ties = self->ties;

    copi_timer_disarm(self->worker, &ties->ladder);
    if (ties->is_ladder_armed && !ties->is_ladder_queued) {
        ties->is_ladder_armed = false;
        copi_unpin(self);
    }
}

static void
stop_brood(cop_actor *self, copi_brood *brood, const cop_exit *why)
{
    bool are_services_left = brood->child_count == brood->service_count;

    for (cop_actor *child = brood->youngest; child != NULL; child = child->older) {
        if (child->is_service && !are_services_left && !self->behaviour->ordered)
            continue;
        copi_child_tell(self, child, why);
        if (self->behaviour->ordered)
            return; /* the next one when this one is gone */
    }
    for (copi_scope *scope = brood->scopes; scope != NULL; scope = scope->older)
        stop_brood(self, &scope->brood, why);
}

/* What children are told when their owner ends: who failed, if somebody did, and with what, or
 * what it was told itself; but by a supervisor no more than OTP's says. */
static cop_exit
reason_for_all(const cop_actor *self)
{
    cop_exit out = {.kind = self->is_killed ? COP_EXIT_KILLED : COP_EXIT_SHUTDOWN};
    const cop_exit *why = self->why;

    if (self->behaviour->policy == COP_SUPERVISE)
        return out;
    if (!self->is_killed && why != NULL) {
        bool is_own = why->cause_count == 0;
        out.code = is_own ? why->code : why->causes[0].code;
        memcpy(out.text, is_own ? why->text : why->causes[0].text, sizeof out.text);
        memcpy(out.path, why->path, sizeof out.path);
        out.origin = why->origin;
    }
    copi_exit_by(self, &out);
    return out;
}

void
copi_children_stop_all(cop_actor *self)
{
    cop_exit why;

    if (self->ties->child_count == 0)
        return;
    why = reason_for_all(self);
    stop_brood(self, &self->ties->own, &why);
}

static void
kill_brood(cop_actor *self, copi_brood *brood)
{
    for (cop_actor *child = brood->oldest; child != NULL; child = child->younger)
        copi_child_kill(self, child);
    for (copi_scope *scope = brood->scopes; scope != NULL; scope = scope->older)
        kill_brood(self, &scope->brood);
}

void
copi_children_kill(cop_actor *self)
{
    if (self->ties != NULL)
        kill_brood(self, &self->ties->own);
}

cop_err
copi_stop_child(cop_actor *self, cop_pid pid, const cop_exit *why)
{
    cop_actor *child = child_of(self, pid);

    if (child == NULL)
        return COP_E_NOT_FOUND;
    if (copi_ties_of(self) == NULL)
        return COP_E_NOMEM; /* the first child, and it is still on its way here */
    copi_child_tell(self, child, why);
    return COP_OK;
}

cop_err
cop_stop_child(cop_actor *me, cop_pid pid)
{
    cop_exit why = {.kind = COP_EXIT_SHUTDOWN};

    copi_exit_by(me, &why);
    return copi_stop_child(me, pid, &why);
}

/* ------------------------------------------------------------------ their signals */

void
copi_on_adopt(cop_actor *self, copi_envelope *envelope)
{
    copi_adoption adoption;
    copi_scope *scope = NULL;

    memcpy(&adoption, copi_payload(envelope), sizeof adoption);
    copi_envelope_free(self->worker, envelope);
    COPI_INSIST(copi_ties_of(self) != NULL);
    cop_actor *child = adoption.child;
    bool is_late = copi_scope_enter(self, adoption.scope, &scope) != COP_OK;
    if (scope != NULL && scope->is_over)
        scope = NULL; /* its end waits for a turn, and no longer for a child */
    child->scope = scope;
    copi_brood *brood = copi_brood_of(self, scope);
    insert(self, brood, child, brood->youngest);
    if (!copi_is_open(self))
        copi_children_stop(self);
    else if (is_late) /* what it was to be a part of is over: it is as if it had been there */
        copi_child_tell(self, child, &(cop_exit){.kind = COP_EXIT_SHUTDOWN});
    else if (scope != NULL)
        scope->started++;
}

/* The record is the slot's next actor's afterwards. */
static void
forget(cop_actor *self, cop_actor *child)
{
    copi_child_remove(self, child);
    copi_badge_free(child);
    copi_table_give(&self->node->table, self->worker, child);
}

static void
forget_exit(cop_actor *self, cop_actor *child)
{
    child->worker = self->worker;
    copi_exit_free(child);
}

/* Are there children to be told to stop when another one of that brood has gone? */
static bool
must_go_on(const cop_actor *self, const copi_brood *brood)
{
    return self->behaviour->ordered ||
           (brood->service_count > 0 && brood->service_count == brood->child_count);
}

/* An end that nobody has anything to say to: most are.  The same whether the scope around the
 * child has been cancelled or not. */
static bool
is_unremarkable(const cop_actor *self, const cop_actor *child)
{
    return (COPI_LIKELY(child->scope == NULL) ? self->behaviour->policy
                                              : child->scope->opts.policy) <= COP_ISOLATE &&
           !copi_has_crashed(child) && !child->keeps_mail &&
           (child->why == NULL || !copi_exit_is_bad(child->why)) &&
           (self->phase | 1) == COPI_SEQUENTIAL;
}

static cop_err
judge_end(cop_actor *self, cop_actor *child, copi_scope *scope)
{
    cop_exit why;

    copi_exit_of(child, &why);
    if (child->why != NULL)
        forget_exit(self, child);
    cop_legacy left = {0};
    if (child->keeps_mail)
        left = copi_legacy_of(child, self);
    cop_child_end end = {.pid = copi_pid_of(child),
                         .cookie = child->cookie,
                         .why = &why,
                         .told = child->is_told && child->has_obeyed,
                         .brutal = child->stop_ms == COP_STOP_BRUTAL,
                         .start_failed = !child->is_started,
                         .legacy = child->keeps_mail ? &left : NULL};
    forget(self, child);
    if (self->phase == COPI_ENDING && must_go_on(self, copi_brood_of(self, scope)))
        copi_children_stop(self);
    cop_err err = copi_scope_judge(self, scope, &end, (cop_leaf){0});
    cop_legacy_drop(self, &left);
    return err;
}

cop_err
copi_handle_child_end(cop_actor *self, copi_envelope *envelope)
{
    cop_actor *child = COPI_CONTAINER(envelope, cop_actor, ending);
    copi_scope *scope = child->scope;

    if (is_unremarkable(self, child)) {
        if (COPI_UNLIKELY(child->why != NULL))
            forget_exit(self, child);
        forget(self, child);
        if (scope != NULL)
            copi_scope_settle(self, scope);
        return COP_OK;
    }
    return judge_end(self, child, scope);
}
