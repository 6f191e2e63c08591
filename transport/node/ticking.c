/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ticking.c - when the hub looks at its lines and peers; never, if it has none.
 */
#include "node/ticking.h"
#include "node/hub.h"

enum {
    STRANGERS_PER_SECOND = 200,
    GOSSIP_BEATS = 20,
};

const cop_type copi_tick_type = {
    .protocol = "coppice",
    .name = "copi_tick",
    .size = sizeof(copi_tick),
    .flat = true,
};

bool
copi_hub_is_patient(copi_cluster *self)
{
    int64_t now = cop_now_ms(self->me);

    if (now >= self->patience_at) {
        self->patience_at = now + 1000;
        self->patience = STRANGERS_PER_SECOND;
    }
    return self->patience > 0 && self->patience-- > 0;
}

static void
look_at_peers(copi_cluster *self, int64_t now)
{
    for (copi_peer *peer = self->peers; peer != NULL; peer = peer->next) {
        copi_crossing_sweep(&peer->crossing, now);
        if (peer->is_gone || !peer->has_in ||
            copi_pulse_look(&peer->in_pulse, now, self->heartbeat_ms, self->dead_ms) !=
                COPI_PULSE_DEAD)
            continue;
        if (peer->is_up)
            copi_peer_end(self, peer, "it is silent");
        else
            copi_peer_drop_in(self, peer);
    }
}

/* Who has missed a node hears of it again. */
static void
gossip(copi_cluster *self, int64_t now)
{
    if (now < self->gossip_at)
        return;
    self->gossip_at = now + (int64_t)GOSSIP_BEATS * self->heartbeat_ms;
    for (copi_peer *peer = self->peers; peer != NULL; peer = peer->next)
        if (peer->is_up)
            copi_peer_tell_nodes(self, peer);
}

void
copi_hub_tick(copi_cluster *self)
{
    int64_t now = cop_now_ms(self->me);

    self->tick_at = COPI_NEVER;
    if (self->carrier->ops->look_ms > 0)
        self->carrier->ops->look(self->carrier);
    if (self->is_leaving)
        return;
    copi_dials_look(self, now);
    look_at_peers(self, now);
    gossip(self, now);
}

/* When the next thing is to be done. */
static int64_t
next_due(const copi_cluster *self, int64_t now)
{
    int32_t often = self->carrier->ops->look_ms;
    int64_t due = COPI_NEVER, soon = now + (often > 0 ? often : (self->heartbeat_ms + 3) / 4);

    if (self->peers != NULL)
        return soon;
    for (const copi_dial *dial = self->dials; dial != NULL; dial = dial->next) {
        int64_t wanted = soon;
        if (dial->state == COPI_DIAL_RESTS &&
            dial->leads_to == cop_node_incarnation(self->node))
            continue;
        if (dial->state == COPI_DIAL_WAITS)
            wanted = dial->at;
        if (wanted < due)
            due = wanted;
    }
    return due;
}

void
copi_hub_rearm(copi_cluster *self)
{
    int64_t now = cop_now_ms(self->me), due = next_due(self, now);

    if (!copi_is_open(self->me) || due == COPI_NEVER || self->tick_at <= due)
        return;
    if (self->tick_at != COPI_NEVER)
        (void)cop_timer_cancel(self->me, self->tick);
    int64_t wait = due > now ? due - now : 0;
    if (cop_send_after(self->me, wait, &self->tick, copi_tick, .unused = 0) == COP_OK)
        self->tick_at = due > now ? due : now;
}
