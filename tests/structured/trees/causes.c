/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causes.c - nobody ends without a cause, and services end when all others have.
 */
#include "structured/trees/check.h"

/* ------------------------------------------------------------------------- the cause */

static bool
is_by_end(const moment *when, const seen *actor)
{
    return when->place != 0 && when->at <= actor->ending.at;
}

static bool
is_own_doing(const seen *actor)
{
    return actor->failed.place != 0 || actor->leaves.place != 0 || actor->killed.place != 0;
}

static bool
is_owners_doing(const check *self, const seen *actor)
{
    const seen *parent = &self->lives[actor->parent], *host = host_of(self, parent);

    return actor->told_to_stop.place != 0 || is_by_end(&parent->forced, actor) ||
           is_by_end(&parent->cancelled, actor) || is_by_end(&parent->ended, actor) ||
           is_by_end(&host->ending, actor) || is_by_end(&host->ended, actor) ||
           is_by_end(&host->returns, actor) ||
           (actor->node->service && is_by_end(&parent->told_to_close, actor));
}

static bool
has_lost_limiter(const check *self, const seen *loan, const seen *actor)
{
    return loan->node->kind == LOAN && loan->whom != NOBODY &&
           is_by_end(&self->lives[loan->whom].ended, actor);
}

/* That child may be why it ends. */
static bool
is_childs_doing(const check *self, const seen *actor, const seen *child)
{
    cop_policy policy = actor->node->policy;

    if (kind_is_call(child->node->kind))
        return child->failed.place != 0 || has_lost_limiter(self, child, actor);
    if (!is_by_end(&child->ended, actor))
        return false;
    if (is_scope(child))
        return true; /* it may pass something on */
    if (policy == COP_SUPERVISE)
        return actor->gives_up.place != 0; /* supervised.c */
    if (policy == COP_RACE)
        return true;
    return policy == COP_FAIL_FAST && child->kind != COP_EXIT_NORMAL;
}

/* A supervisor stops those that are started again with another one. */
static bool
is_by_strategy(const check *self, const seen *row)
{
    cop_strategy strategy = self->lives[row->parent].node->strategy;

    if (is_row(self, row) && is_row_stopped(self, row))
        return true;
    if (!is_row(self, row) || strategy == COP_ONE_FOR_ONE)
        return false;
    for (int i = 1; i < self->life_count; i++) {
        const seen *other = &self->lives[i];
        if (other->parent == row->parent && other != row &&
            (strategy == COP_ONE_FOR_ALL || other->node < row->node) &&
            (is_by_end(&other->ended, row) || is_by_end(&other->refused, row)))
            return true;
    }
    return false;
}

static bool
has_cause(const check *self, const seen *actor)
{
    if (is_own_doing(actor) || is_owners_doing(self, actor) || is_by_strategy(self, actor))
        return true;
    for (int i = 1; i < self->life_count; i++)
        if (self->lives[i].parent == actor->self &&
            is_childs_doing(self, actor, &self->lives[i]))
            return true;
    return false;
}

void
check_causes_end(check *self)
{
    for (int i = 1; i < self->life_count; i++) {
        const seen *actor = &self->lives[i];
        if (is_actor(actor) && actor->started.place != 0 && actor->ending.place != 0 &&
            actor->parent != BOSS && !has_cause(self, actor))
            fault(self, "life %d ends without a cause", i);
    }
}

/* ------------------------------------------------------------------------- services */

/* Is it done with, and not by itself? */
static bool
is_told_service(const check *self, const seen *one)
{
    const seen *parent = &self->lives[one->parent], *host = host_of(self, parent);

    return is_actor(one) && one->node->service && one->kind == COP_EXIT_SHUTDOWN &&
           one->gives_up.place == 0 && one->told_to_stop.place == 0 && one->parent != BOSS &&
           !host->node->ordered && has_been(self, &one->began);
}

/* It has come after that, and nobody has waited for it. */
static bool
is_newer(const seen *one, const moment *when)
{
    return one->started.place == 0 || (when->place != 0 && one->started.at >= when->at);
}

/* All that is ordinary in the same scope, and in the scopes inside, is gone. */
static void
check_service(check *self, const seen *service)
{
    for (int i = 1; i < self->life_count; i++) {
        const seen *other = &self->lives[i];
        const seen *parent = &self->lives[other->parent];
        if (!is_actor(other) || !is_alive(self, other) || is_newer(other, &service->sees_end) ||
            is_newer(other, &service->ending))
            continue;
        bool is_inner = is_scope(parent) && is_below(self, other, service->parent) &&
                        parent->host == host_of(self, &self->lives[service->parent])->self;
        if (other->node->service ? is_inner && other->parent != service->parent
                                 : is_inner || other->parent == service->parent)
            fault(self, "life %d is a service and ends before life %d", service->self, i);
    }
}

void
check_causes_entry(check *self, const entry *one)
{
    if (one->what == ENDED && is_told_service(self, &self->lives[one->who]))
        check_service(self, &self->lives[one->who]);
}
