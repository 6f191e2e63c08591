/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "structured/trees/plan.h"

static uint32_t
pick(copi_rng *rng, uint32_t bound)
{
    return copi_rng_below(rng, bound);
}

static bool
once_in(copi_rng *rng, uint32_t n)
{
    return pick(rng, n) == 0;
}

/* On the grid, and mostly soon. */
static int
some_ms(copi_rng *rng, int most)
{
    return 5 * (int)pick(rng, (uint32_t)most / (once_in(rng, 2) ? 5 : 20) + 1);
}

static kind
some_kind(copi_rng *rng)
{
    static const kind kinds[] = {ACTOR,   ACTOR, ACTOR, BODY,       BODY,      BODY,
                                 SCOPE,   SCOPE, SCOPE, SCOPE,      SOON,      AFTER,
                                 EVERY,   JOB,   JOB,   ASK,        ASK,       ASK,
                                 LIMITER, LOAN,  LOAN,  SUPERVISOR, SUPERVISOR};

    return kinds[pick(rng, COP_COUNT(kinds))];
}

/* One that can have children; rather a late one, so that trees are deep. */
static int
some_parent(const plan *self, copi_rng *rng)
{
    for (;;) {
        uint32_t count = (uint32_t)self->node_count;
        uint32_t range = count > 5 && once_in(rng, 2) ? 5 : count;
        int one = (int)(count - 1 - pick(rng, range));
        if (kind_is_inner(self->nodes[one].kind))
            return one;
    }
}

static cop_policy
some_policy(copi_rng *rng)
{
    static const cop_policy policies[] = {COP_FAIL_FAST, COP_FAIL_FAST, COP_ISOLATE,
                                          COP_COLLECT, COP_RACE};

    return policies[pick(rng, COP_COUNT(policies))];
}

static void
grow_scope(plan_node *one, copi_rng *rng)
{
    one->deadline_ms = once_in(rng, 3) ? 5 + some_ms(rng, 150) : 0;
    one->drain_ms = once_in(rng, 3) ? 5 + some_ms(rng, 40) : 0;
    one->moves_on = once_in(rng, 3);
    one->shield = once_in(rng, 6);
    if (one->shield && one->deadline_ms == 0)
        one->deadline_ms = 10 + some_ms(rng, 100);
    one->force = (cop_force)(COP_FORCE_SOFT + pick(rng, 3));
    one->block = once_in(rng, 2);
    one->hears = once_in(rng, 3) ? NOT_HEARD : once_in(rng, 6) ? HEARD_BADLY : HEARD;
    one->children = once_in(rng, 8) ? 1 + (int)pick(rng, 3) : 0;
    one->keep = once_in(rng, 4) ? 1 + (int)pick(rng, 2) : 0;
}

static void
grow_actor(plan_node *one, copi_rng *rng)
{
    static const told all[] = {OBEYS,   OBEYS,      OBEYS,   IS_SLOW,
                               IS_SLOW, GOES_WRONG, IS_DEAF, SWALLOWS};

    one->told = all[pick(rng, COP_COUNT(all))];
    one->slow_ms = 5 + some_ms(rng, 60);
    one->ordered = once_in(rng, 6);
    one->drains = once_in(rng, 4);
    one->service = once_in(rng, 5);
    one->stop_ms = once_in(rng, 10) ? COP_STOP_BRUTAL : 10 + some_ms(rng, 80);
}

/* Whom is settled when all are there. */
static void
grow_request(plan *self, plan_node *one, copi_rng *rng)
{
    static const answer answers[] = {AT_ONCE, AT_ONCE,    LATE,       LATE,
                                     NEVER,   NOT_AT_ALL, WITH_ERROR, BY_FAILING};

    one->within_ms = 5 + some_ms(rng, 100);
    one->answer = answers[pick(rng, COP_COUNT(answers))];
    one->slow_ms = some_ms(rng, 100);
    one->plain = once_in(rng, 3);
    one->block = once_in(rng, 2);
    one->start_ms = once_in(rng, 2) ? some_ms(rng, 60) : 0;
    if (one->kind == LOAN && self->nodes[one->parent].kind == SCOPE)
        one->parent = plan_host(self, one->parent);
}

static void
grow_supervisor(plan_node *one, copi_rng *rng)
{
    one->policy = COP_SUPERVISE;
    one->ordered = true;
    one->does = once_in(rng, 20) ? FAILS_TO_START : WAITS;
    one->told = OBEYS;
    one->strategy = (cop_strategy)pick(rng, 3);
    one->restarts = once_in(rng, 4) ? COP_NO_RESTARTS : 1 + (int)pick(rng, 3);
}

static void
grow_node(plan *self, copi_rng *rng)
{
    plan_node *one = &self->nodes[self->node_count];

    *one = (plan_node){.parent = NOBODY, .kind = once_in(rng, 3) ? BODY : ACTOR};
    if (self->node_count > 0) {
        one->parent = some_parent(self, rng);
        one->kind = some_kind(rng);
        if (node_is_row(self, self->node_count) && one->kind != BODY && one->kind != SUPERVISOR)
            one->kind = ACTOR;
    }
    one->policy = some_policy(rng);
    one->does = once_in(rng, 2) ? WAITS : once_in(rng, 2) ? ENDS : FAILS;
    one->act_ms = some_ms(rng, 150);
    if (kind_is_actor(one->kind))
        grow_actor(one, rng);
    if (one->kind == SCOPE)
        grow_scope(one, rng);
    if (one->kind == ACTOR && self->node_count > 0 && once_in(rng, 12))
        one->does = FAILS_TO_START;
    if (one->kind == EVERY) {
        one->act_ms += 5;
        one->times = one->does == FAILS ? 1 + (int)pick(rng, 3) : 0;
    }
    if (one->kind == LIMITER) {
        one->tokens = 1 + (int)pick(rng, 2);
        one->waiting_max = once_in(rng, 3) ? 1 + (int)pick(rng, 2) : 0;
    }
    if (one->kind == SUPERVISOR)
        grow_supervisor(one, rng);
    one->restart = (cop_restart)pick(rng, 3);
    if (self->node_count > 0 && once_in(rng, 4))
        one->start_ms = some_ms(rng, 60);
    if (kind_has_peer(one->kind))
        grow_request(self, one, rng);
    self->node_count++;
}

/* One of a kind that it may ask, if it finds any. */
static int
some_peer(const plan *self, const plan_node *one, copi_rng *rng)
{
    int peer = 0;

    for (int tries = 0; tries < 20; tries++) {
        peer = (int)pick(rng, (uint32_t)self->node_count);
        kind found = self->nodes[peer].kind;
        if (one->kind == LOAN ? found == LIMITER : found == ACTOR || found == BODY)
            return peer;
    }
    return one->kind == LOAN ? 0 : peer;
}

static deed
some_deed(const plan_node *node, copi_rng *rng)
{
    static const deed of_actors[] = {TO_END,   TO_FAIL,  TO_FAIL,   TO_STOP,
                                     TO_KILL,  TO_START, TO_WRITE,  TO_WRITE,
                                     TO_WATCH, TO_WATCH, TO_UNWATCH};
    static const deed of_supervisors[] = {TO_STOP, TO_KILL, TO_START};
    static const deed of_scopes[] = {TO_CANCEL, TO_CANCEL, TO_CLOSE,
                                     TO_CLOSE,  TO_MOVE,   TO_START};

    if (node->kind == SUPERVISOR)
        return of_supervisors[pick(rng, COP_COUNT(of_supervisors))];
    if (kind_is_actor(node->kind))
        return of_actors[pick(rng, COP_COUNT(of_actors))];
    if (node->kind == SCOPE)
        return of_scopes[pick(rng, COP_COUNT(of_scopes))];
    return once_in(rng, 2) ? TO_CALL_OFF : TO_START;
}

static void
grow_act(plan *self, copi_rng *rng)
{
    int node = (int)pick(rng, (uint32_t)self->node_count);
    /* Not at 0, where a simulation begins: a deadline of then would be none. */
    plan_act act = {.at_ms = 5 + some_ms(rng, 180), .node = node};

    act.deed = some_deed(&self->nodes[node], rng);
    /* Of the first there is one only. */
    if (node == 0 && act.deed == TO_START)
        act.deed = TO_FAIL;
    if (deed_has_peer(act.deed))
        act.arg = (int)pick(rng, (uint32_t)self->node_count);
    if (act.deed == TO_CANCEL)
        act.arg = COP_FORCE_SOFT + (int)pick(rng, 3);
    if (act.deed == TO_MOVE)
        act.arg = some_ms(rng, 100);
    self->acts[self->act_count++] = act;
}

/* Whom it watches fails, and at the same moment it does not want to know any more. */
static void
grow_last_moment(plan *self, copi_rng *rng)
{
    const plan_act watch = self->acts[self->act_count - 1];
    int at_ms = watch.at_ms + some_ms(rng, 50);

    if (watch.deed != TO_WATCH || self->act_count + 2 > ACTS || once_in(rng, 2))
        return;
    self->acts[self->act_count++] =
        (plan_act){.at_ms = at_ms, .deed = TO_FAIL, .node = watch.arg};
    self->acts[self->act_count++] =
        (plan_act){.at_ms = at_ms, .deed = TO_UNWATCH, .node = watch.node};
}

static int
by_time(const void *a, const void *b)
{
    const plan_act *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    return (int)x->deed - (int)y->deed;
}

/* Most are small: that is where the edges meet. */
static uint32_t
some_size(copi_rng *rng)
{
    static const uint32_t sizes[] = {4, 6, 8, 10, 12, 16, 20, 30, 40, 60};

    return once_in(rng, 100) ? NODES : 1 + pick(rng, sizes[pick(rng, COP_COUNT(sizes))]);
}

void
plan_grow(plan *self, uint64_t seed)
{
    copi_rng rng = {seed * 2 + 1};
    uint32_t size = some_size(&rng);

    *self = (plan){.seed = seed};
    while ((uint32_t)self->node_count < size)
        grow_node(self, &rng);
    for (int i = 0; i < self->node_count; i++)
        if (kind_has_peer(self->nodes[i].kind))
            self->nodes[i].peer = some_peer(self, &self->nodes[i], &rng);
    uint32_t acts = pick(&rng, size / 2 + 4);
    for (uint32_t i = 0; i < acts && self->act_count < ACTS; i++) {
        grow_act(self, &rng);
        grow_last_moment(self, &rng);
    }
    qsort(self->acts, (size_t)self->act_count, sizeof self->acts[0], by_time);
}
