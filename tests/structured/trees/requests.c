/* SPDX-License-Identifier: Apache-2.0 */
/*
 * requests.c - every call ends once, by the first of: an answer, the end of who was asked, its
 * deadline, the end of what it is a part of.
 */
#include "structured/trees/check.h"

static const seen *
asked_by(const check *self, const seen *one)
{
    return one->whom == NOBODY ? NULL : &self->lives[one->whom];
}

/* Whoever is killed, or does not start, is told nothing. */
static bool
is_for_nobody(const check *self, const seen *one)
{
    const seen *host = host_of(self, &self->lives[one->parent]);

    return host->kind == COP_EXIT_KILLED || host->started.place == 0;
}

/* ------------------------------------------------------------------ with what it may end */

bool
may_be_in_shield(const check *self, const seen *one)
{
    const seen *host = host_of(self, &self->lives[one->parent]);

    for (int i = 1; i < self->life_count && host->node->kind == BODY; i++)
        if (is_scope(&self->lives[i]) && self->lives[i].host == host->self &&
            self->lives[i].node->shield)
            return true;
    return false;
}

static bool
was_cancelled(const check *self, const seen *one)
{
    const seen *at = &self->lives[one->parent];

    if (has_been(self, &one->called_off) || one->way == AWAITED)
        return true;
    for (; is_scope(at); at = &self->lives[at->parent])
        if (has_been(self, &at->cancelled) ||
            (at->forced.place != 0 && at->forced.at <= self->now) ||
            (at->ended.place != 0 && at->ended.at <= self->now))
            return true; /* in this millisecond, perhaps */
    return is_seen_ending(self, at);
}

static bool
is_due(const check *self, const seen *one, cop_err with)
{
    const seen *whom = asked_by(self, one);
    bool is_gone = whom == NULL || is_seen_ending(self, whom);
    bool is_asked = has_been(self, &one->asked);

    if (whom != NULL && (whom->node->kind == LIMITER || whom->node->kind == SUPERVISOR))
        return with == COP_E_NO_HANDLER || is_gone || with == COP_E_CANCELLED;
    switch (with) {
    case COP_OK: return has_been(self, &one->answers) && one->got_whom == one->self;
    case COP_E_TIMEOUT: return self->now >= one->until || may_be_in_shield(self, one);
    case COP_E_CANCELLED: return was_cancelled(self, one);
    case COP_E_DOWN:
    case COP_E_NOPROC: return is_gone;
    case COP_E_NOREPLY:
        return is_asked && (one->node->answer == NOT_AT_ALL || whom->node->kind == BODY);
    case COP_E_BUSY: return is_asked && one->node->answer == WITH_ERROR;
    case COP_E_SELF: return whom != NULL && whom->self == one->host;
    default: return false;
    }
}

static void
check_result(check *self, const seen *one)
{
    if (one->node->kind == ASK && !is_due(self, one, one->got))
        fault(self, "the call of life %d ends with %s", one->self, cop_err_name(one->got));
    if (self->now > one->until + SLACK_MS)
        fault(self, "life %d had time until %d, and is told at %d", one->self, (int)one->until,
              (int)self->now);
}

/* ------------------------------------------------------------------- when it must have */

/* Nobody can run. */
static void
check_waiting(check *self, const seen *one)
{
    const seen *parent = &self->lives[one->parent], *host = host_of(self, parent);
    const seen *whom = asked_by(self, one);

    if (is_for_nobody(self, one) || has_been(self, &one->gets))
        return;
    if (self->now > one->until + SLACK_MS)
        fault(self, "life %d had time until %d, and waits", one->self, (int)one->until);
    if (is_seen_ending(self, host))
        return; /* it is told at its own end, or when its time is over */
    if (has_been(self, &one->answers))
        fault(self, "life %d was answered, and does not know", one->self);
    if (whom != NULL && has_been(self, &whom->ended))
        fault(self, "life %d has asked life %d, which has ended, and waits", one->self,
              whom->self);
    if (is_scope(parent) && one->way == IN_SCOPE && parent->force >= COP_FORCE_HARD)
        fault(self, "life %d is cancelled, but what life %d asks goes on", parent->self,
              one->self);
}

/* A shield keeps off what is around it, but in the handlers of an actor not the actor's. */
static int64_t
time_limit(const check *self, const seen *one, int64_t within)
{
    const seen *host = host_of(self, &self->lives[one->parent]);
    int64_t until = self->now + within;

    /* While a body stands in a shield, that is its time. */
    if (is_scope(&self->lives[one->parent]) || !may_be_in_shield(self, one))
        until = nearer(until, deadline_from_above(self, one));
    if (host->node->kind == ACTOR)
        until = nearer(until, host->began_with);
    return until < self->now ? self->now : until; /* it may be too late already */
}

void
check_requests_entry(check *self, const entry *one)
{
    seen *who = one->who == NOBODY ? NULL : &self->lives[one->who];

    if (one->what == ASKS)
        who->until = time_limit(self, who, one->b);
    if (one->what == GETS)
        check_result(self, who);
    if (one->what != QUIET)
        return;
    for (int i = 1; i < self->life_count; i++)
        if (is_request(&self->lives[i]) && is_alive(self, &self->lives[i]))
            check_waiting(self, &self->lives[i]);
}

/* ------------------------------------------------------------------------- at the end */

static void
check_once(check *self, const seen *one)
{
    bool is_given_up =
        one->returned.place != 0 || (one->called_off.place != 0 && one->way == OF_ITSELF);
    bool may_be_silent = is_given_up || is_for_nobody(self, one);

    if (one->gets_count > 1 || (one->gets_count == 0 && !may_be_silent))
        fault(self, "life %d was told %d times how its request has ended", one->self,
              one->gets_count);
}

void
check_requests_end(check *self)
{
    for (int i = 1; i < self->life_count; i++) {
        const seen *one = &self->lives[i];
        if (is_request(one) && one->started.place != 0)
            check_once(self, one);
    }
}
