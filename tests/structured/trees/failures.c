/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failures.c - each failure is in exactly one record, or was given to one handler.
 */
#include "structured/trees/check.h"

static bool
is_before_end(const moment *when, const seen *one)
{
    return when->place != 0 && when->at <= one->ended.at;
}

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

/* Where nobody hears of a scope, it is the scope around it that has failed. */
static const seen *
who_hears(const check *self, const seen *one)
{
    const seen *at = &self->lives[one->parent];

    while (is_scope(at) && at->node->hears == NOT_HEARD)
        at = &self->lives[at->parent];
    return at;
}

static bool
is_excused(const check *self, const seen *one)
{
    const seen *parent = &self->lives[one->parent], *host = host_of(self, parent);

    /* Who is killed says nothing; who does not start has a starter who knows. */
    if (host->kind == COP_EXIT_KILLED || host->started.place == 0)
        return true;
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

static void
check_group(check *self, const seen *one)
{
    (void)who_hears;
    if (one->kept_count + one->told_count > 1)
        fault(self, "the end of life %d was told %d times", one->self,
              one->kept_count + one->told_count);
}

void
check_failures_end(check *self)
{
    for (int i = 1; i < self->life_count; i++) {
        check_group(self, &self->lives[i]);
        if (has_failed(self, &self->lives[i]))
            check_failure(self, &self->lives[i]);
    }
}
