/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failures.c - each failure is in exactly one record, or was given to one handler.
 */
#include "structured/trees/check.h"

/* Its owner wanted it to end, as far as one can know. */
static bool
may_be_told(const check *self, const seen *one)
{
    const seen *parent = &self->lives[one->parent], *host = host_of(self, parent);

    return one->told_to_stop.place != 0 || is_before_end(&parent->forced, one) ||
           is_before_end(&parent->cancelled, one) || is_before_end(&host->ending, one) ||
           is_before_end(&host->ended, one);
}

/* It has ended as failed, and that was its own doing. */
static bool
has_failed(const check *self, const seen *one)
{
    if (one->started.place == 0)
        return false; /* that was its starter's */
    if (kind_is_call(one->node->kind))
        return one->failed.place != 0;
    return is_actor(one) && one->kind != COP_EXIT_NORMAL && one->kind != COP_EXIT_SHUTDOWN &&
           one->kind != COP_EXIT_KILLED && one->sees_end.place == 0 &&
           (one->failed.place != 0 || !may_be_told(self, one));
}

/* What a record of it says. */
static bool
is_of(const seen *one, int kind, int code)
{
    if (kind_is_call(one->node->kind))
        return kind == COP_EXIT_ERROR && code == CODE + one->self;
    return kind == (int)one->kind && code == one->code;
}

/* In how an actor has ended: the reason itself, or one behind it. */
static bool
is_in_end(const seen *one, const seen *actor)
{
    if (is_of(one, (int)actor->kind, actor->code) || actor->more_causes > 0)
        return true;
    for (int i = 0; i < actor->cause_count; i++)
        if (is_of(one, actor->causes[i].kind, actor->causes[i].code))
            return true;
    return false;
}

static bool
is_excused(const check *self, const seen *one)
{
    const seen *parent = &self->lives[one->parent], *host = host_of(self, parent);

    /* Who is killed says nothing; who does not start has a starter who knows. */
    if (host->kind == COP_EXIT_KILLED || host->started.place == 0)
        return true;
    if (parent->node->kind == SUPERVISOR)
        return false; /* it reports of its own end, too */
    /* It would be a message, and who is ending handles none. */
    if (is_actor(parent) && parent->node->policy != COP_FAIL_FAST &&
        (is_before_end(&parent->ending, one) || is_before_end(&parent->ended, one)))
        return true;
    /* What nobody wants to hear. */
    return parent->node->policy == COP_RACE ||
           (is_scope(parent) && parent->node->hears == NOT_HEARD);
}

static void
check_failure(check *self, const seen *one)
{
    const seen *parent = &self->lives[one->parent];
    int records = one->kept_count + one->told_count;

    if (one->parent == BOSS || is_excused(self, one))
        return;
    if (is_actor(parent) && parent->node->policy == COP_FAIL_FAST)
        records += is_in_end(one, parent);
    else if (is_actor(parent) && kind_is_call(one->node->kind))
        records += is_in_end(one, parent); /* whatever its policy */
    if (records == 0 && !(is_scope(parent) && parent->dropped > 0))
        fault(self, "the failure of life %d is in no record", one->self);
}

/* ------------------------------------------------------------------- what nobody hears */

/* Is there a record of a failure that was passed on, to be told by what it says only? */
static bool
has_record(const check *self, const seen *of, const seen *who)
{
    for (size_t i = 0; i < self->play->entry_count; i++) {
        const entry *one = &self->play->log[i];
        if ((one->what == KEPT || one->what == TOLD) && one->who == who->self &&
            one->a == NOBODY && is_of(of, (int)one->b, (int)one->c))
            return true;
    }
    return who->dropped > 0;
}

static bool
is_passed_on_from(const seen *scope)
{
    return is_scope(scope) && scope->node->hears == NOT_HEARD &&
           scope->node->policy == COP_FAIL_FAST;
}

/* One that isolates tells of each child, unless it ends, or its actor. */
static bool
is_telling(const check *self, const seen *scope, const seen *child)
{
    const seen *host = host_of(self, scope);

    return scope->node->policy == COP_ISOLATE && !is_before_end(&scope->forced, child) &&
           !is_before_end(&scope->cancelled, child) && !is_before_end(&scope->ended, child) &&
           !is_before_end(&host->ending, child) && !is_before_end(&host->ended, child);
}

/* The failure of a child of that scope is in what is around it. */
static bool
has_come_out(const check *self, const seen *one, const seen *scope)
{
    const seen *at = scope, *last = scope;

    while (is_passed_on_from(at)) {
        if (at->deadline != NO_LIMIT && at->deadline <= at->ended.at)
            return true; /* that it was late may have come out instead */
        last = at;
        at = &self->lives[at->parent];
    }
    if (last != scope)
        return true; /* of the one in between only the first failure goes on */
    if (!is_scope(at))
        return is_in_end(one, at);
    bool is_for_nobody = at->node->hears == NOT_HEARD && !is_telling(self, at, last);
    return is_for_nobody || one->kept_count > 0 || has_record(self, one, at);
}

/* Where nobody hears of a scope, what is around it fails, for the first of the failures. */
static void
check_unheard(check *self, const seen *scope)
{
    const seen *host = host_of(self, scope);
    int failed = 0, come_out = 0;

    if (!is_passed_on_from(scope) || host->kind == COP_EXIT_KILLED || host->started.place == 0)
        return;
    for (int i = 1; i < self->life_count; i++) {
        const seen *child = &self->lives[i];
        if (child->parent != scope->self)
            continue;
        bool is_other = is_scope(child) ? child->node->hears != HEARD
                                        : is_actor(child) && child->kind > COP_EXIT_SHUTDOWN &&
                                              !has_failed(self, child);
        if (is_other)
            return; /* that may have been the first */
        if (!has_failed(self, child))
            continue;
        failed++;
        come_out += has_come_out(self, child, scope);
    }
    if (failed > 0 && come_out == 0)
        fault(self, "nobody has heard of the failures in life %d", scope->self);
}

/* ------------------------------------------------------------------------------- all */

static void
check_twice(check *self, const seen *one)
{
    int records = one->kept_count + one->told_count;

    if (records > 1)
        fault(self, "the end of life %d was told %d times", one->self, records);
    if (records > 0 && one->refused.place != 0)
        fault(self, "the starter of life %d knew, and its owner was told", one->self);
}

void
check_failures_end(check *self)
{
    for (int i = 1; i < self->life_count; i++) {
        const seen *one = &self->lives[i];
        check_twice(self, one);
        if (is_scope(one) && one->started.place != 0)
            check_unheard(self, one);
        if (has_failed(self, one))
            check_failure(self, one);
    }
}
