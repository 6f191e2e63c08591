/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netfaults.c - what a simulation's faults and its end have to do with its net.
 */
#include <stdlib.h>
#include <string.h>

#include "carrier/loopback.h"
#include "carrier/simnet.h"

enum {
    NODES_MAX = 64, /* that a fault chooses from */
};

cop_net *
copi_net_of(const cop_sim *sim)
{
    for (copi_sim_guest *guest = sim->guests; guest != NULL; guest = guest->next)
        if (guest->ops == &copi_net_guest_ops)
            return COPI_CONTAINER(guest, cop_net, guest);
    return NULL;
}

bool
copi_net_strikes(const cop_net *self, const cop_fault_kind *kind, const cop_node *node)
{
    return self->sim != NULL && copi_sim_strikes(self->sim, kind, NULL, node);
}

/* ------------------------------------------------------------------------ which nodes */

/* The nodes that are up, in the order of their start. */
static uint64_t
list_nodes(const cop_sim *sim, cop_node *out[NODES_MAX])
{
    uint64_t count = 0;

    for (size_t i = 0; i < sim->count && count < NODES_MAX; i++)
        if (!sim->nodes[i]->is_crashed && !sim->nodes[i]->is_ended)
            out[count++] = sim->nodes[i];
    return count;
}

static cop_node *
find(cop_sim *sim, const char *name, size_t length)
{
    char copy[48];

    if (length >= sizeof copy)
        return NULL;
    memcpy(copy, name, length);
    copy[length] = '\0';
    return cop_sim_find(sim, copy);
}

/* Two different ones: those that `who` names, or two that the seed has chosen. */
static bool
find_two(cop_sim *sim, const cop_fault *fault, cop_node **a, cop_node **b)
{
    const char *plus = strchr(fault->who, '+');
    cop_node *nodes[NODES_MAX];

    if (plus != NULL) {
        *a = find(sim, fault->who, (size_t)(plus - fault->who));
        *b = find(sim, plus + 1, strlen(plus + 1));
        return *a != NULL && *b != NULL && *a != *b;
    }
    uint64_t count = list_nodes(sim, nodes);
    if (count < 2 || fault->who[0] != '\0')
        return false;
    uint64_t first = fault->pick % count, step = 1 + fault->pick / count % (count - 1);
    *a = nodes[first];
    *b = nodes[(first + step) % count];
    return true;
}

/* ------------------------------------------------------------------------ the faults */

static bool
cut(cop_sim *sim, const cop_fault *fault)
{
    cop_net *net = copi_net_of(sim);
    cop_node *a, *b;

    if (net == NULL || !find_two(sim, fault, &a, &b))
        return false;
    copi_net_cut_by(net, a, b, fault);
    return true;
}

static void
heal(cop_sim *sim, const cop_fault *fault)
{
    copi_net_heal_by(copi_net_of(sim), fault);
}

static bool
isolate(cop_sim *sim, const cop_fault *fault)
{
    cop_net *net = copi_net_of(sim);
    cop_node *nodes[NODES_MAX];
    uint64_t count = list_nodes(sim, nodes);

    if (net == NULL || count < 2)
        return false;
    cop_node *alone = fault->who[0] == '\0' ? nodes[fault->pick % count]
                                            : find(sim, fault->who, strlen(fault->who));
    if (alone == NULL)
        return false;
    for (uint64_t i = 0; i < count; i++)
        if (nodes[i] != alone)
            copi_net_cut_by(net, alone, nodes[i], fault);
    return true;
}

static bool
break_lines(cop_sim *sim, const cop_fault *fault)
{
    cop_net *net = copi_net_of(sim);
    cop_node *a, *b;

    if (net == NULL || !find_two(sim, fault, &a, &b))
        return false;
    cop_net_break(net, a, b);
    return true;
}

const cop_fault_kind cop_fault_cut = {.name = "cut", .ms = 3000, .strike = cut, .end = heal};
const cop_fault_kind cop_fault_isolate = {
    .name = "isolate", .ms = 3000, .strike = isolate, .end = heal};
const cop_fault_kind cop_fault_break = {.name = "break", .strike = break_lines};
const cop_fault_kind cop_fault_lose = {.name = "lose"};
const cop_fault_kind cop_fault_refuse = {.name = "refuse"};
const cop_fault_kind cop_fault_busy = {.name = "busy"};

/* ---------------------------------------------------------------------- by the test */

static bool
is_in(cop_node *const *group, const cop_node *node)
{
    while (*group != NULL && *group != node)
        group++;
    return *group != NULL;
}

cop_err
cop_net_partition(cop_net *net, cop_node *const *group)
{
    cop_node *const *member = group;

    for (; *member != NULL; member++) {
        const cop_sim *sim = (*member)->sim;
        for (size_t i = 0; i < sim->count; i++)
            if (!is_in(group, sim->nodes[i]) && !sim->nodes[i]->is_crashed)
                COP_TRY(cop_net_cut(net, *member, sim->nodes[i]));
    }
    return COP_OK;
}

void
cop_net_heal_all(cop_net *net)
{
    for (copi_cut **at = &net->cuts; *at != NULL;) {
        copi_cut *entry = *at;
        if (entry->a->is_crashed || entry->b->is_crashed) {
            at = &entry->next;
            continue;
        }
        *at = entry->next;
        free(entry);
    }
}

/* --------------------------------------------------------------------- as its guest */

static cop_net *
of(const copi_sim_guest *guest)
{
    return COPI_CONTAINER((copi_sim_guest *)(uintptr_t)guest, cop_net, guest);
}

static void
crashed(copi_sim_guest *guest, cop_node *node)
{
    cop_net_crash(of(guest), node);
}

static void
left(const copi_sim_guest *guest, void (*tell)(void *ctx, const char *line), void *ctx)
{
    copi_loopback_left(of(guest), tell, ctx);
}

static void
free_net(copi_sim_guest *guest)
{
    cop_net *net = of(guest);

    net->sim = NULL;
    cop_net_free(&net);
}

const copi_sim_guest_ops copi_net_guest_ops = {crashed, left, free_net};
