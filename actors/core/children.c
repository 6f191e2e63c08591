/* SPDX-License-Identifier: Apache-2.0 */
/*
 * children.c - what an owner knows of its children, and what it does when one has ended.
 *
 * The list and the fields "owner" in a child's record are touched by the owner's runner
 * only.  A child's record stays until the owner has handled its end, so the pointers in
 * the list are good.
 */
#include <string.h>

#include "base/exit.h"
#include "base/memory.h"
#include "core/badge.h"
#include "core/legacy.h"
#include "core/node.h"
#include "core/scope.h"

cop_actor *
copi_child_of(cop_actor *self, cop_pid pid)
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
    cop_actor *older = opts->first ? NULL : copi_child_of(self, opts->after);

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

/* Are there children to be told to stop when another one of that scope has gone? */
static bool
must_go_on(cop_actor *self, copi_scope *scope)
{
    for (;; scope = scope->outer) {
        const copi_brood *brood = copi_brood_of(self, scope);
        if (brood->service_count > 0 && brood->service_count == brood->child_count)
            return true;
        if (scope == NULL)
            return self->behaviour->ordered;
    }
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
    cop_exit plain, *why = child->why;

    if (why == NULL)
        copi_exit_of(child, &plain);
    child->why = NULL;
    cop_legacy left = {0};
    if (child->keeps_mail)
        left = copi_legacy_of(child, self);
    cop_child_end end = {.pid = copi_pid_of(child),
                         .cookie = child->cookie,
                         .why = why != NULL ? why : &plain,
                         .told = child->is_told && child->has_obeyed,
                         .brutal = child->stop_ms == COP_STOP_BRUTAL,
                         .start_failed = !child->is_started,
                         .legacy = child->keeps_mail ? &left : NULL};
    bool is_no_win = child->is_errand && self->behaviour->policy == COP_RACE &&
                     end.why->kind == COP_EXIT_NORMAL;
    forget(self, child);
    if (self->phase == COPI_ENDING && must_go_on(self, scope))
        copi_children_stop(self);
    cop_err err = is_no_win ? COP_OK : copi_scope_judge(self, scope, &end, (cop_leaf){0});
    cop_legacy_drop(self, &left);
    if (why != NULL)
        copi_pool_give(&self->worker->pool, why, sizeof *why);
    return err;
}

cop_err
copi_handle_child_end(cop_actor *self, copi_envelope *envelope)
{
    cop_actor *child = COPI_CONTAINER(envelope, cop_actor, ending);
    copi_scope *scope = child->scope;

    if (COPI_UNLIKELY(self->ties->debts != 0))
        copi_pay_debts(self);
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
