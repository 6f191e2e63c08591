/* SPDX-License-Identifier: Apache-2.0 */
#include "structured/trees/shrink.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct shrinking {
    plan *best;
    plan *next;    /* what is tried */
    char *verdict; /* of the best */
    int tried;
} shrinking;

/* Is it the same but for its numbers? */
static bool
is_alike(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            while (isdigit((unsigned char)*a))
                a++;
            while (isdigit((unsigned char)*b))
                b++;
        } else if (*a++ != *b++) {
            return false;
        }
    }
    return *a == *b;
}

/* True if the one that is tried fails as well: then it is the best. */
static bool
is_better(shrinking *self)
{
    char verdict[VERDICT];

    self->tried++;
    trial(self->next, verdict);
    if (verdict[0] == '\0' || !is_alike(verdict, self->verdict))
        return false;
    memcpy(self->verdict, verdict, VERDICT);
    *self->best = *self->next;
    return true;
}

/* ------------------------------------------------------------------------- fewer */

static void
drop_act(plan *self, int act)
{
    memmove(&self->acts[act], &self->acts[act + 1],
            (size_t)(self->act_count - act - 1) * sizeof self->acts[0]);
    self->act_count--;
}

/* With all below it, and what is done to them. */
static void
drop_node(plan *self, int node)
{
    self->nodes[node].is_gone = true;
    for (int i = node + 1; i < self->node_count; i++)
        if (self->nodes[self->nodes[i].parent].is_gone)
            self->nodes[i].is_gone = true;
    for (int i = self->act_count - 1; i >= 0; i--)
        if (self->nodes[self->acts[i].node].is_gone ||
            (deed_has_peer(self->acts[i].deed) && self->nodes[self->acts[i].arg].is_gone))
            drop_act(self, i);
}

static bool
drop_nodes(shrinking *self)
{
    bool is_smaller = false;

    for (int i = 1; i < self->best->node_count; i++) {
        if (self->best->nodes[i].is_gone)
            continue;
        *self->next = *self->best;
        drop_node(self->next, i);
        is_smaller |= is_better(self);
    }
    return is_smaller;
}

static bool
drop_acts(shrinking *self)
{
    bool is_smaller = false;

    for (int i = self->best->act_count - 1; i >= 0; i--) {
        *self->next = *self->best;
        drop_act(self->next, i);
        is_smaller |= is_better(self);
    }
    return is_smaller;
}

/* Of a loan the parent is an actor. */
static void
lift(plan *self, int node, int to)
{
    plan_node *one = &self->nodes[node];

    one->parent = to;
    /* Rows are actors. */
    while (self->nodes[one->parent].kind == SUPERVISOR && one->kind != ACTOR &&
           one->kind != BODY && one->kind != SUPERVISOR)
        one->parent = self->nodes[one->parent].parent;
    if (one->kind == LOAN && !kind_is_actor(self->nodes[to].kind))
        one->parent = plan_host(self, node);
}

/* A node's children become its parent's, and it goes. */
static bool
lift_children(shrinking *self)
{
    bool is_smaller = false;

    for (int i = 1; i < self->best->node_count; i++) {
        if (self->best->nodes[i].is_gone || !kind_is_inner(self->best->nodes[i].kind))
            continue;
        *self->next = *self->best;
        for (int k = i + 1; k < self->next->node_count; k++)
            if (self->next->nodes[k].parent == i)
                lift(self->next, k, self->next->nodes[i].parent);
        drop_node(self->next, i);
        is_smaller |= is_better(self);
    }
    return is_smaller;
}

/* ------------------------------------------------------------------------- plainer */

#define PLAIN(name, field, value)                                                              \
    static bool plain_##name(plan_node *node)                                                  \
    {                                                                                          \
        bool is_plain = node->field == (value);                                                \
        node->field = (value);                                                                 \
        return !is_plain;                                                                      \
    }
PLAIN(start, start_ms, 0)
PLAIN(does, does, WAITS)
PLAIN(told, told, OBEYS)
PLAIN(drains, drains, false)
PLAIN(service, service, false)
PLAIN(patience, stop_ms, 100)
PLAIN(drain, drain_ms, 0)
PLAIN(moves, moves_on, false)
PLAIN(block, block, false)
PLAIN(hears, hears, HEARD)
PLAIN(bound, children, 0)
PLAIN(keep, keep, 0)
PLAIN(slow, slow_ms, 50)
PLAIN(limit, within_ms, 100)
PLAIN(answer, answer, AT_ONCE)
PLAIN(ask, plain, false)
PLAIN(tokens, tokens, 1)
PLAIN(queue, waiting_max, 0)
PLAIN(restart, restart, COP_PERMANENT)
PLAIN(strategy, strategy, COP_ONE_FOR_ONE)
PLAIN(budget, restarts, 1)

static bool
plain_policy(plan_node *node)
{
    bool is_plain = node->policy == COP_FAIL_FAST || node->kind == SUPERVISOR;

    if (node->kind != SUPERVISOR)
        node->policy = COP_FAIL_FAST;
    return !is_plain;
}

static bool
plain_order(plan_node *node)
{
    bool is_plain = !node->ordered || node->kind == SUPERVISOR;

    node->ordered &= node->kind == SUPERVISOR;
    return !is_plain;
}

static bool
plain_body(plan_node *node)
{
    bool is_body = node->kind == BODY;

    if (is_body)
        node->kind = ACTOR;
    return is_body;
}

static bool
plain_deadline(plan_node *node)
{
    bool is_plain = node->deadline_ms == 0 && !node->shield;

    node->deadline_ms = 0;
    node->shield = false;
    return !is_plain;
}

static bool
plain_shield(plan_node *node)
{
    bool is_plain = !node->shield;

    node->shield = false;
    return !is_plain;
}

static bool
plain_time(plan_node *node)
{
    bool is_plain = node->act_ms <= 10;

    node->act_ms = 10;
    return !is_plain;
}

static bool
make_plainer(shrinking *self)
{
    static bool (*const ways[])(plan_node *) = {
        plain_start,   plain_does,     plain_told,     plain_policy, plain_order,  plain_drains,
        plain_service, plain_patience, plain_deadline, plain_shield, plain_drain,  plain_moves,
        plain_block,   plain_hears,    plain_bound,    plain_keep,   plain_slow,   plain_body,
        plain_time,    plain_limit,    plain_answer,   plain_ask,    plain_tokens, plain_queue,
        plain_restart, plain_strategy, plain_budget};
    bool is_smaller = false;

    for (int i = 0; i < self->best->node_count; i++) {
        if (self->best->nodes[i].is_gone)
            continue;
        for (size_t k = 0; k < COP_COUNT(ways); k++) {
            *self->next = *self->best;
            if (ways[k](&self->next->nodes[i]))
                is_smaller |= is_better(self);
        }
    }
    return is_smaller;
}

/* What is left of a tree that had many more nodes. */
static void
pack(plan *self)
{
    int to[NODES], peers[NODES], count = 0;

    for (int i = 0; i < self->node_count; i++) {
        to[i] = NOBODY;
        if (self->nodes[i].is_gone)
            continue;
        to[i] = count;
        self->nodes[count] = self->nodes[i];
        if (i > 0)
            self->nodes[count].parent = to[self->nodes[i].parent];
        peers[count] = self->nodes[i].peer;
        count++;
    }
    self->node_count = count;
    for (int i = 0; i < count; i++)
        self->nodes[i].peer = peers[i] == NOBODY ? NOBODY : to[peers[i]];
    for (int i = 0; i < self->act_count; i++) {
        self->acts[i].node = to[self->acts[i].node];
        if (deed_has_peer(self->acts[i].deed))
            self->acts[i].arg = to[self->acts[i].arg];
    }
}

int
plan_shrink(plan *self, char *verdict)
{
    plan *next = malloc(sizeof *next);
    shrinking all = {.best = self, .next = next, .verdict = verdict};
    bool is_smaller = true;

    if (next == NULL)
        abort();
    while (is_smaller) {
        is_smaller = drop_nodes(&all);
        is_smaller |= drop_acts(&all);
        is_smaller |= lift_children(&all);
        is_smaller |= make_plainer(&all);
    }
    *next = *self;
    pack(next);
    (void)is_better(&all);
    free(next);
    return all.tried;
}
