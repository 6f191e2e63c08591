/* SPDX-License-Identifier: Apache-2.0 */
#include "structured/trees/plan.h"

#include <inttypes.h>

bool
kind_is_actor(kind kind)
{
    return kind == ACTOR || kind == BODY || kind == LIMITER || kind == SUPERVISOR;
}

bool
kind_is_call(kind kind)
{
    return kind == SOON || kind == AFTER || kind == EVERY || kind == JOB || kind == ASK ||
           kind == LOAN;
}

bool
kind_has_peer(kind kind)
{
    return kind == ASK || kind == LOAN;
}

bool
deed_has_peer(deed deed)
{
    return deed == TO_WRITE || deed == TO_WATCH;
}

bool
kind_is_inner(kind kind)
{
    return kind == ACTOR || kind == BODY || kind == SCOPE || kind == SUPERVISOR;
}

bool
node_is_row(const plan *self, int node)
{
    int parent = self->nodes[node].parent;

    return parent != NOBODY && self->nodes[parent].kind == SUPERVISOR;
}

int
plan_host(const plan *self, int node)
{
    int at = self->nodes[node].parent;

    while (at != NOBODY && !kind_is_actor(self->nodes[at].kind))
        at = self->nodes[at].parent;
    return at;
}

static const char *
kind_name(kind kind)
{
    static const char *const names[] = {"actor",   "body",  "scope",     "soon",
                                        "after",   "every", "job",       "ask",
                                        "limiter", "loan",  "supervisor"};

    return names[kind];
}

static void
print_policy(const plan_node *one, FILE *out)
{
    static const char *const names[] = {"fail-fast", "isolate", "supervise", "collect", "race"};

    fprintf(out, " %s", names[one->policy]);
}

static void
print_act(const plan_node *one, FILE *out)
{
    static const char *const names[] = {"waits", "ends", "fails", "fails to start"};
    static const char *const scopes[] = {"stays open", "closes", "cancels itself", ""};

    fprintf(out, ", %s", one->kind == SCOPE ? scopes[one->does] : names[one->does]);
    if (one->kind == EVERY)
        fprintf(out, " (every %d ms, run %d)", one->act_ms, one->times);
    else if (one->does != WAITS && one->does != FAILS_TO_START)
        fprintf(out, " after %d ms", one->act_ms);
}

static void
print_actor(const plan_node *one, FILE *out)
{
    static const char *const names[] = {"obeys", "is slow", "goes wrong", "is deaf",
                                        "swallows"};

    fprintf(out, ", told %s", names[one->told]);
    if (one->told == IS_SLOW)
        fprintf(out, " %d ms", one->slow_ms);
    fprintf(out, ", stop_ms %d%s%s%s", one->stop_ms, one->ordered ? ", ordered" : "",
            one->drains ? ", drains" : "", one->service ? ", service" : "");
}

static void
print_scope(const plan_node *one, FILE *out)
{
    static const char *const names[] = {"not heard", "heard", "heard badly"};

    fprintf(out, ", %s%s%s", names[one->hears], one->block ? ", block" : "",
            one->shield ? ", shield" : "");
    if (one->deadline_ms > 0)
        fprintf(out, ", deadline %d ms%s", one->deadline_ms,
                one->moves_on ? " and moves on" : "");
    if (one->drain_ms > 0)
        fprintf(out, ", drain %d ms", one->drain_ms);
    if (one->does == FAILS)
        fprintf(out, ", force %d", (int)one->force);
    if (one->children > 0)
        fprintf(out, ", at most %d children", one->children);
    if (one->keep > 0)
        fprintf(out, ", keeps %d", one->keep);
}

static void
print_request(const plan_node *one, FILE *out)
{
    static const char *const names[] = {"answered at once",       "answered late",
                                        "never answered",         "not answered",
                                        "answered with an error", "answered by failing"};

    fprintf(out, ", of #%d, within %d ms%s%s", one->peer, one->within_ms,
            one->plain ? ", plain" : "", one->block ? ", block" : "");
    if (one->kind == ASK)
        fprintf(out, ", %s", names[one->answer]);
    if (one->kind == ASK && one->answer == LATE)
        fprintf(out, " (%d ms)", one->slow_ms);
}

static void
print_supervision(const plan *self, int node, FILE *out)
{
    static const char *const restarts[] = {"permanent", "transient", "temporary"};
    static const char *const strategies[] = {"one for one", "one for all", "rest for one"};
    const plan_node *one = &self->nodes[node];

    if (one->kind == SUPERVISOR)
        fprintf(out, ", %s, %d restarts", strategies[one->strategy], one->restarts);
    if (node_is_row(self, node))
        fprintf(out, ", %s", restarts[one->restart]);
}

static void
print_below(const plan *self, int node, int depth, FILE *out)
{
    const plan_node *one = &self->nodes[node];

    if (one->is_gone)
        return;
    fprintf(out, "  %*s#%d %s", 2 * depth, "", node, kind_name(one->kind));
    if (kind_is_inner(one->kind))
        print_policy(one, out);
    print_act(one, out);
    if (kind_is_actor(one->kind))
        print_actor(one, out);
    if (one->kind == SCOPE)
        print_scope(one, out);
    if (kind_has_peer(one->kind))
        print_request(one, out);
    if (one->kind == LIMITER)
        fprintf(out, ", %d tokens, at most %d wait", one->tokens, one->waiting_max);
    print_supervision(self, node, out);
    if (one->start_ms > 0)
        fprintf(out, ", starts after %d ms", one->start_ms);
    fprintf(out, "\n");
    for (int i = node + 1; i < self->node_count; i++)
        if (self->nodes[i].parent == node)
            print_below(self, i, depth + 1, out);
}

void
plan_print(const plan *self, FILE *out)
{
    static const char *const names[] = {"ends",
                                        "fails",
                                        "is cancelled",
                                        "is closed",
                                        "has its time moved",
                                        "is told to stop",
                                        "is killed",
                                        "is called off",
                                        "is started again",
                                        "writes to",
                                        "watches",
                                        "watches no more"};

    fprintf(out, "plan of seed %" PRIu64 "\n", self->seed);
    print_below(self, 0, 0, out);
    for (int i = 0; i < self->act_count; i++) {
        const plan_act *act = &self->acts[i];
        fprintf(out, "  at %d ms #%d %s", act->at_ms, act->node, names[act->deed]);
        if (deed_has_peer(act->deed))
            fprintf(out, " #%d", act->arg);
        if (act->deed == TO_CANCEL || act->deed == TO_MOVE)
            fprintf(out, " (%d)", act->arg);
        fprintf(out, "\n");
    }
}
