/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simnet.c - which frames get through.
 */
#include "carrier/simnet.h"

#include <stdlib.h>

#include "base/check.h"

cop_err
cop_net_new(cop_net **out, uint64_t seed)
{
    cop_net *self = calloc(1, sizeof *self);

    if (self == NULL)
        return COP_E_NOMEM;
    self->rng.state = seed;
    self->max_ms = 5;
    *out = self;
    return COP_OK;
}

cop_err
cop_sim_net(cop_sim *sim, cop_net **out)
{
    cop_net *self;

    COP_TRY(cop_net_new(&self, cop_sim_random(sim)));
    self->sim = sim;
    self->guest.ops = &copi_net_guest_ops;
    copi_sim_add_guest(sim, &self->guest);
    *out = self;
    return COP_OK;
}

void
cop_net_free(cop_net **net)
{
    if (net == NULL || *net == NULL)
        return;
    for (copi_cut *entry = (*net)->cuts, *next; entry != NULL; entry = next) {
        next = entry->next;
        free(entry);
    }
    free(*net);
    *net = NULL;
}

void
cop_net_delay(cop_net *net, int32_t min_ms, int32_t max_ms)
{
    net->min_ms = min_ms;
    net->max_ms = max_ms;
}

static bool
is_between(const copi_cut *entry, const cop_node *a, const cop_node *b)
{
    return (entry->a == a && entry->b == b) || (entry->a == b && entry->b == a);
}

bool
copi_net_is_cut(const cop_net *self, const cop_node *a, const cop_node *b)
{
    for (const copi_cut *entry = self->cuts; entry != NULL; entry = entry->next)
        if (entry->frames == 0 && is_between(entry, a, b))
            return true;
    return false;
}

bool
copi_net_is_lost(cop_net *self, const cop_node *from, const cop_node *to)
{
    for (copi_cut **at = &self->cuts; *at != NULL; at = &(*at)->next) {
        copi_cut *entry = *at;
        if (entry->frames == 0 || entry->a != from || entry->b != to)
            continue;
        if (--entry->frames == 0) {
            *at = entry->next;
            free(entry);
        }
        return true;
    }
    return copi_net_strikes(self, &cop_fault_lose, from) || copi_net_is_cut(self, from, to);
}

static cop_err
add_cut(cop_net *net, cop_node *a, cop_node *b, unsigned frames)
{
    copi_cut *entry = malloc(sizeof *entry);

    if (entry == NULL)
        return COP_E_NOMEM;
    *entry = (copi_cut){net->cuts, a, b, frames, NULL};
    net->cuts = entry;
    return COP_OK;
}

void
copi_net_cut_by(cop_net *self, cop_node *a, cop_node *b, const cop_fault *fault)
{
    COPI_CHECK(add_cut(self, a, b, 0) == COP_OK);
    self->cuts->by = fault;
}

void
copi_net_heal_by(cop_net *self, const cop_fault *fault)
{
    for (copi_cut **at = &self->cuts; *at != NULL;) {
        copi_cut *entry = *at;
        if (entry->by != fault) {
            at = &entry->next;
            continue;
        }
        *at = entry->next;
        free(entry);
    }
}

cop_err
cop_net_cut(cop_net *net, cop_node *a, cop_node *b)
{
    return copi_net_is_cut(net, a, b) ? COP_OK : add_cut(net, a, b, 0);
}

void
cop_net_lose(cop_net *net, cop_node *from, cop_node *to)
{
    COPI_CHECK(add_cut(net, from, to, 1) == COP_OK);
}

void
cop_net_heal(cop_net *net, cop_node *a, cop_node *b)
{
    for (copi_cut **at = &net->cuts; *at != NULL;) {
        copi_cut *entry = *at;
        if (entry->frames != 0 || !is_between(entry, a, b)) {
            at = &entry->next;
            continue;
        }
        *at = entry->next;
        free(entry);
    }
}
