/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route.c - what local actors call when they send to another node; on their own threads.
 */
#include <stdlib.h>
#include <string.h>

#include "node/hub.h"
#include "node/outgoing.h"

/* ---------------------------------------------------------------------------- gates */

/* The open gate to a run of a node, or NULL. */
static copi_gate *
gate_of(copi_cluster *self, uint64_t incarnation)
{
    /* acquire: pairs with open. */
    uint32_t count = atomic_load_explicit(&self->gate_count, memory_order_acquire);

    for (uint32_t i = 0; i < count; i++)
        if (atomic_load_explicit(&self->gates[i].incarnation, memory_order_acquire) ==
            incarnation)
            return &self->gates[i];
    return NULL;
}

copi_gate *
copi_gate_open(copi_cluster *self, const copi_peer *peer)
{
    uint32_t count = atomic_load_explicit(&self->gate_count, memory_order_relaxed), i = 0;

    while (i < count &&
           atomic_load_explicit(&self->gates[i].incarnation, memory_order_relaxed) != 0)
        i++;
    if (i == COPI_PEERS_MAX)
        return NULL;
    copi_gate *gate = &self->gates[i];
    uint32_t limit =
        peer->message_max < self->message_max ? peer->message_max : self->message_max;
    atomic_store_explicit(&gate->epoch, peer->epoch, memory_order_relaxed);
    atomic_store_explicit(&gate->limit, limit, memory_order_relaxed);
    atomic_store_explicit(&gate->backlog, 0, memory_order_relaxed);
    /* release: pairs with gate_of; the fields above are set. */
    atomic_store_explicit(&gate->incarnation, peer->incarnation, memory_order_release);
    if (i == count)
        atomic_store_explicit(&self->gate_count, count + 1, memory_order_release);
    return gate;
}

void
copi_gate_close(copi_gate *gate)
{
    atomic_store_explicit(&gate->incarnation, 0, memory_order_relaxed);
}

static bool
is_past(copi_cluster *self, uint64_t incarnation)
{
    for (size_t i = 0; i < COPI_ENDED_RUNS; i++)
        if (atomic_load_explicit(&self->past[i], memory_order_relaxed) == incarnation)
            return true;
    return false;
}

/* Signals are never too many. */
static bool
is_busy(const copi_gate *gate, copi_kind kind)
{
    if (kind != COPI_USER_MESSAGE && kind != COPI_CALL)
        return false;
    return atomic_load_explicit(&gate->queued, memory_order_relaxed) +
               atomic_load_explicit(&gate->backlog, memory_order_relaxed) >
           COPI_SEND_HIGH;
}

/* ---------------------------------------------------------------------------- route */

static cop_err
hand_to_hub(copi_cluster *self, copi_worker *worker, copi_gate *gate, copi_envelope *envelope,
            size_t size)
{
    atomic_fetch_add_explicit(&gate->queued, (int64_t)size, memory_order_relaxed);
    if (worker == NULL)
        atomic_fetch_add_explicit(&self->node->foreign_messages, 1, memory_order_relaxed);
    if (copi_push(self->node, worker, self->hub, envelope) == COP_OK)
        return COP_OK;
    atomic_fetch_sub_explicit(&gate->queued, (int64_t)size, memory_order_relaxed);
    if (worker == NULL)
        atomic_fetch_sub_explicit(&self->node->foreign_messages, 1, memory_order_relaxed);
    copi_envelope_free(worker, envelope);
    return COP_E_NOCONNECTION;
}

static cop_err
route_send(void *ctx, copi_worker *worker, const copi_parcel *parcel)
{
    copi_cluster *self = ctx;
    copi_gate *gate = gate_of(self, parcel->to.node);
    copi_envelope *envelope;
    size_t size;

    if (gate == NULL)
        return is_past(self, parcel->to.node) ? COP_E_NOPROC : COP_E_NOCONNECTION;
    if (is_busy(gate, parcel->kind))
        return COP_E_BUSY;
    /* If the gate is another's by now, the hub finds that the epoch is not this run's. */
    uint64_t epoch = atomic_load_explicit(&gate->epoch, memory_order_relaxed);
    COP_TRY(copi_outgoing_new(self, worker, parcel, gate, epoch, &envelope, &size));
    return hand_to_hub(self, worker, gate, envelope, size);
}

static cop_pid
route_whereis(void *ctx, const char *name, const char *node)
{
    copi_cluster *self = ctx;

    return copi_names_find(&self->names, name, node);
}

/* The hub looks for itself who has the name when its turn comes: what it tells the others
 * last is then what is true, in whatever order the news come. */
typedef struct news {
    copi_cluster *cluster;
    char name[];
} news;

static void
tell_others(cop_actor *hub, void *ctx)
{
    news *heard = ctx;
    copi_cluster *self = heard->cluster;
    cop_pid pid = copi_registry_find(&self->node->registry, heard->name);

    (void)hub;
    for (copi_peer *peer = self->peers; peer != NULL; peer = peer->next)
        if (peer->out != NULL)
            copi_peer_tell_name(self, peer, heard->name, pid);
}

static void
tell_nobody(void *ctx)
{
    (void)ctx;
}

static void
route_named(void *ctx, copi_worker *worker, const char *name, cop_pid pid, bool is_gone)
{
    copi_cluster *self = ctx;
    size_t size = strlen(name) + 1;
    copi_envelope *made =
        copi_envelope_new(worker, COPI_REQUEST, sizeof(copi_request) + sizeof(news) + size);

    (void)pid;
    (void)is_gone;
    if (made == NULL)
        return;
    copi_request *request = copi_payload(made);
    news *heard = (void *)(request + 1);
    *request = (copi_request){tell_others, tell_nobody, heard};
    heard->cluster = self;
    memcpy(heard->name, name, size);
    if (copi_push(self->node, worker, self->hub, made) != COP_OK)
        copi_envelope_free(worker, made);
}

static void
route_dispose(void *ctx)
{
    copi_cluster *self = ctx;

    copi_names_fini(&self->names);
    free(self->behaviours);
    free(self);
}

void
copi_route_init(copi_cluster *self)
{
    self->route = (copi_route){.ctx = self,
                               .send = route_send,
                               .whereis = route_whereis,
                               .named = route_named,
                               .dispose = route_dispose};
}

copi_cluster *
copi_cluster_of(cop_node *node)
{
    /* acquire: pairs with the hub's store. */
    const copi_route *route = atomic_load_explicit(&node->route, memory_order_acquire);

    return route == NULL ? NULL : route->ctx;
}
