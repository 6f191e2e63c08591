/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.c - being cancelled is a state: it has a cause, only rises, holds for all inside but
 * shields, and takes nothing in; deadlines nest; and every end comes in the time that there is.
 */
#include "structured/trees/check.h"

enum {
    STOP_OF_KILLED = 5000, /* what a child has whose owner was killed, if it has no stop_ms */
    JOB_MS = 10,           /* a job of the simulator takes so long at most */
};

static const seen *
outer_of(const check *self, const seen *scope)
{
    const seen *outer = &self->lives[scope->parent];

    return is_scope(outer) && !scope->node->shield ? outer : NULL;
}

/* ------------------------------------------------------------------------- causes */

/* A child of the scope has done something that may cancel it. */
static bool
is_childs_doing(const check *self, const seen *scope)
{
    if (scope->node->policy != COP_FAIL_FAST && scope->node->policy != COP_RACE)
        return false;
    for (int i = 1; i < self->life_count; i++) {
        const seen *child = &self->lives[i];
        /* A block that cannot be opened is a failure, too. */
        if (child->parent == scope->self &&
            (has_been(self, &child->ended) || has_been(self, &child->refused)))
            return true;
    }
    return false;
}

/* What ends its host ends what is in it; of a body only what is no shield, as long as it has
 * neither returned nor been killed. */
static bool
is_hosts_doing(const check *self, const seen *scope, bool is_shielded)
{
    const seen *host = host_of(self, scope);

    if (host->node->kind == BODY && is_shielded)
        return has_been(self, &host->returns) || host->kind == COP_EXIT_KILLED;
    return has_been(self, &host->ending) || has_been(self, &host->ended);
}

static bool
has_cause(const check *self, const seen *scope)
{
    bool is_shielded = false;

    for (const seen *at = scope; at != NULL; at = outer_of(self, at)) {
        if (has_been(self, &at->cancelled) || is_childs_doing(self, at) ||
            (at->deadline != NO_LIMIT && at->deadline <= self->now))
            return true;
        is_shielded |= at->node->shield;
    }
    return is_hosts_doing(self, scope, is_shielded);
}

static void
check_force(check *self, const entry *one)
{
    seen *scope = &self->lives[one->who];

    if (one->a < scope->force)
        fault(self, "the force of life %d falls from %d to %d", one->who, scope->force,
              (int)one->a);
    if (!has_cause(self, scope))
        fault(self, "life %d is cancelled without a cause", one->who);
    scope->force = (int)one->a;
}

/* ------------------------------------------------------------------------- taking in */

static bool
is_cancelled(const check *self, const seen *scope)
{
    for (const seen *at = scope; at != NULL; at = outer_of(self, at))
        if (at->force > COP_FORCE_NONE || has_been(self, &at->cancelled))
            return true;
    return false;
}

static void
check_start(check *self, const entry *one)
{
    seen *who = &self->lives[one->who];
    const seen *parent = &self->lives[who->parent];

    if (has_been(self, &parent->ended))
        fault(self, "life %d has ended and takes life %d in", parent->self, one->who);
    if (who->way == AWAITED)
        return; /* that is no child */
    if (is_scope(parent) && is_cancelled(self, parent) && !(is_scope(who) && who->node->shield))
        fault(self, "life %d is cancelled and takes life %d in", parent->self, one->who);
    if ((parent->node->kind == ACTOR || parent->node->kind == SUPERVISOR) &&
        has_been(self, &parent->ending))
        fault(self, "life %d is ending and takes life %d in", parent->self, one->who);
    if (is_scope(who) && who->node->deadline_ms > 0)
        who->deadline = who->tried.at + who->node->deadline_ms;
}

static void
check_refusal(check *self, const seen *who)
{
    const seen *parent = &self->lives[who->parent], *host = host_of(self, parent);
    int64_t at = who->refused.at;
    bool is_over = (parent->ended.place != 0 && parent->ended.at <= at) ||
                   (host->ending.place != 0 && host->ending.at <= at) ||
                   (host->ended.place != 0 && host->ended.at <= at);
    bool was_cancelled = false;

    for (const seen *one = is_scope(parent) ? parent : NULL; one != NULL;
         one = outer_of(self, one))
        was_cancelled |=
            (one->forced.place != 0 && one->forced.at <= at) ||
            (one->cancelled.place != 0 && one->cancelled.place < who->refused.place);
    switch (who->error) {
    case COP_OK: break; /* a block, which does not tell */
    case COP_E_GONE:
        if (!is_over)
            fault(self, "life %d was refused: gone, but life %d is there", who->self,
                  parent->self);
        break;
    case COP_E_CANCELLED:
        if (!is_over && !was_cancelled)
            fault(self, "life %d was refused: cancelled, but life %d is not", who->self,
                  parent->self);
        break;
    case COP_E_FULL:
        if (parent->node->children == 0)
            fault(self, "life %d was refused: full, but there is no bound", who->self);
        break;
    case COP_E_NOPROC:
    case COP_E_SELF:
    case COP_E_TIMEOUT:
        if (!is_request(who))
            fault(self, "life %d was refused: %s", who->self, cop_err_name(who->error));
        break; /* requests.c */
    default:
        if ((who->node->does != FAILS_TO_START && who->node->kind != SUPERVISOR) ||
            who->error != COP_E_FAILED)
            fault(self, "life %d was refused: %s", who->self, cop_err_name(who->error));
    }
}

/* ------------------------------------------------------------------------- deadlines */

static int64_t
nearest_deadline(const check *self, const seen *scope)
{
    int64_t nearest = NO_LIMIT;

    for (const seen *at = scope; at != NULL; at = outer_of(self, at))
        if (at->deadline != NO_LIMIT && (nearest == NO_LIMIT || at->deadline < nearest))
            nearest = at->deadline;
    return nearest;
}

int64_t
nearer(int64_t a, int64_t b)
{
    return a == NO_LIMIT || (b != NO_LIMIT && b < a) ? b : a;
}

int64_t
deadline_from_above(const check *self, const seen *who)
{
    int64_t nearest = NO_LIMIT;

    for (int at = who->parent; at != BOSS; at = self->lives[at].parent) {
        const seen *one = &self->lives[at];
        if (is_actor(one))
            return nearer(nearest, one->began_with);
        nearest = nearer(nearest, one->deadline);
        if (one->node->shield)
            return nearest;
    }
    return nearest;
}

/* Of one that has come already nothing changes.  Those below, who were started before their own
 * children, have what is left of it. */
static void
move_deadline(check *self, seen *scope, int64_t to)
{
    if (scope->deadline != NO_LIMIT && scope->deadline <= self->now)
        return;
    scope->deadline = to;
    self->moved_at = self->now;
    for (int i = 1; i < self->life_count; i++)
        if (is_actor(&self->lives[i]) && has_been(self, &self->lives[i].tried))
            self->lives[i].began_with = deadline_from_above(self, &self->lives[i]);
}

/* Of a body it is told when it first runs; it was given when it was started, and if that was
 * moved meanwhile it may be on the way. */
static void
check_time_given(check *self, const entry *one)
{
    const seen *who = &self->lives[one->who];
    int64_t given = who->began_with;

    if (self->moved_at == self->now)
        return;
    if (given != one->a && !(given != NO_LIMIT && given <= self->now && one->a == self->now))
        fault(self, "life %d has time until %d, and is told until %d", one->who, (int)given,
              (int)one->a);
}

static int
count_children(const check *self, const seen *scope)
{
    int count = scope->cleans;

    for (int i = 1; i < self->life_count; i++)
        count += self->lives[i].parent == scope->self && is_alive(self, &self->lives[i]) &&
                 self->lives[i].way == IN_SCOPE;
    return count;
}

static bool
is_ending(const check *self, const seen *scope)
{
    const seen *host = host_of(self, scope);

    return has_been(self, &host->ending) &&
           (host->node->kind == ACTOR || host->kind == COP_EXIT_KILLED ||
            has_been(self, &host->returns));
}

/* Nobody can run: what must have happened by now, must have. */
static void
check_quiet(check *self)
{
    for (int i = 1; i < self->life_count; i++) {
        const seen *scope = &self->lives[i];
        /* What is left of an actor that is ending tells nothing. */
        if (!is_scope(scope) || !is_alive(self, scope) || is_ending(self, scope))
            continue;
        int64_t nearest = nearest_deadline(self, scope);
        bool is_past = nearest != NO_LIMIT && nearest <= self->now;
        if (is_past && scope->force < COP_FORCE_HARD)
            fault(self, "the time of life %d is over at %d, but it goes on", i, (int)nearest);
        if (!is_past && nearest != scope->limit)
            fault(self, "life %d has time until %d, and is told until %d", i, (int)nearest,
                  (int)scope->limit);
        if (has_been(self, &scope->cancelled) && scope->force == COP_FORCE_NONE)
            fault(self, "life %d was cancelled, but does not know", i);
        const seen *outer = outer_of(self, scope);
        if (outer != NULL && outer->force > scope->force)
            fault(self, "life %d is cancelled, but life %d inside is not", outer->self, i);
        if (scope->count != count_children(self, scope))
            fault(self, "life %d has %d children, and says %d", i, count_children(self, scope),
                  scope->count);
    }
}

/* A body that was refused once at one place is refused there ever after. */
static void
check_wait(check *self, const entry *one)
{
    if (one->b != COP_E_CANCELLED)
        fault(self, "life %d is cancelled, and waits in life %d: %s", one->who, (int)one->a,
              cop_err_name((cop_err)one->b));
}

void
check_limits_entry(check *self, const entry *one)
{
    seen *who = one->who == NOBODY ? NULL : &self->lives[one->who];

    switch (one->what) {
    case TRIED: who->began_with = deadline_from_above(self, who); break;
    case HAS_TIME: check_time_given(self, one); break;
    case STARTED: check_start(self, one); break;
    case FORCE: check_force(self, one); break;
    case LIMIT: who->limit = one->a; break;
    case COUNT: who->count = (int)one->a; break;
    case CLEANS: who->cleans += (int)one->a; break;
    case MOVE: move_deadline(self, who, one->a); break;
    case WAITED: check_wait(self, one); break;
    case SHIELDED:
        if (one->a != COP_OK || self->now < one->b)
            fault(self, "the shield of life %d did not hold: %s", one->who,
                  cop_err_name((cop_err)one->a));
        break;
    case QUIET: check_quiet(self); break;
    case LEFT:
        if (one->a != 0)
            fault(self, "%d things are left", (int)one->a);
        break;
    default: break;
    }
}

/* ------------------------------------------------------------------------- how long */

static int64_t time_of_end(const check *self, const seen *who);

int64_t
time_when_told(const check *self, const seen *actor)
{
    int64_t stop = actor->node->stop_ms;

    return (stop == COP_STOP_BRUTAL ? STOP_OF_KILLED : stop) + time_of_end(self, actor);
}

static int64_t
larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* What it takes until all actors are gone that are children of one, or of the scopes in it:
 * first the ordinary ones, then services; if they are ordered one after the other. */
static int64_t
time_of_children(const check *self, int of, bool is_ordered)
{
    int64_t ordinary = 0, services = 0, inner = 0, sum = 0;

    for (int i = 1; i < self->life_count; i++) {
        const seen *child = &self->lives[i];
        if (child->parent != of || !has_lived(child))
            continue;
        int64_t needs = is_scope(child)            ? time_of_children(self, i, is_ordered)
                        : is_actor(child)          ? time_when_told(self, child)
                        : child->node->kind == JOB ? JOB_MS
                                                   : 0;
        sum += needs;
        if (is_scope(child))
            inner = larger(inner, needs);
        else if (child->node->service)
            services = larger(services, needs);
        else
            ordinary = larger(ordinary, needs);
    }
    return is_ordered ? sum : larger(ordinary, inner) + services;
}

/* Of an actor that has begun to end. */
static int64_t
time_of_end(const check *self, const seen *who)
{
    return time_of_children(self, who->self, who->node->ordered);
}

/* How long a body takes to leave the blocks in that scope, each of which it cleans up. */
static int64_t
time_of_blocks(const check *self, const seen *scope)
{
    int64_t slow =
        host_of(self, scope)->node->kind == BODY ? host_of(self, scope)->node->slow_ms : 0;
    int64_t needs = scope->node->block ? slow : 0;

    for (int i = 1; i < self->life_count; i++)
        if (self->lives[i].parent == scope->self && is_scope(&self->lives[i]))
            needs += time_of_blocks(self, &self->lives[i]);
    return needs;
}

/* Until the last shield in a scope has had its time. */
static int64_t
time_of_shields(const check *self, const seen *scope, int64_t from)
{
    int64_t needs = 0;

    for (int i = 1; i < self->life_count; i++) {
        const seen *inner = &self->lives[i];
        if (inner->parent != scope->self || !is_scope(inner) || !has_lived(inner))
            continue;
        int64_t own =
            inner->node->shield && inner->deadline > from ? inner->deadline - from : 0;
        if (inner->node->shield)
            own += inner->node->drain_ms;
        needs += own + time_of_shields(self, inner, from);
    }
    return needs;
}

static void
check_time(check *self, const seen *who)
{
    int64_t from, needs;

    bool is_hosts = is_scope(who) && host_of(self, who)->ending.place != 0 &&
                    host_of(self, who)->ending.at <= who->ended.at;

    if (is_hosts)
        return; /* it ends with the actor, whose time counts */
    if (is_scope(who) && who->forced.place != 0) {
        from = who->forced.at;
        needs = who->node->drain_ms + time_of_children(self, who->self, false) +
                time_of_blocks(self, who) + time_of_shields(self, who, from);
        /* Scopes around it may let it be soft for longer, and bodies that end. */
        for (const seen *at = outer_of(self, who); at != NULL; at = outer_of(self, at))
            needs += at->node->drain_ms;
    } else if (is_actor(who) && who->node->kind != BODY && who->ending.place != 0) {
        from = who->ending.at;
        needs = time_of_end(self, who);
    } else {
        return;
    }
    if (who->ended.at > from + needs + SLACK_MS)
        fault(self, "life %d took from %d to %d to end, and had %d ms", who->self, (int)from,
              (int)who->ended.at, (int)needs);
}

void
check_limits_end(check *self)
{
    for (int i = 1; i < self->life_count; i++) {
        const seen *who = &self->lives[i];
        if (who->refused.place != 0)
            check_refusal(self, who);
        check_time(self, who);
        if (is_actor(who) && who->told_to_stop.place != 0 && has_lived(who) &&
            !is_row(self, who) &&
            who->ended.at > who->told_to_stop.at + time_when_told(self, who) + SLACK_MS)
            fault(self, "life %d was told at %d, and ended at %d", i, (int)who->told_to_stop.at,
                  (int)who->ended.at);
    }
}
