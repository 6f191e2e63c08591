/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ticking.c - when the hub looks at its lines and peers; never, if it has none.
 */
#include "node/ticking.h"
#include "message/local.h"
#include "node/hub.h"

enum {
    STRANGERS_PER_SECOND = 200,
    GOSSIP_BEATS = 20,
    LOOKS_PER_BEAT = 4,
};

const cop_type copi_tick_type = COPI_LOCAL("coppice", copi_tick);

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
    self->ticked_at = now;
    self->carrier->ops->look(self->carrier);
    if (self->is_leaving)
        return;
    copi_dials_look(self, now);
    look_at_peers(self, now);
    gossip(self, now);
}

static int64_t
earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t
later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Beats of many peers are made together, a few times in each heartbeat. */
static int64_t
pulses_due(const copi_cluster *self)
{
    int64_t due = COPI_NEVER;

    for (const copi_peer *peer = self->peers; peer != NULL; peer = peer->next) {
        if (peer->out != NULL)
            due = earlier(
                due, copi_pulse_beat_due(&peer->out_pulse, self->heartbeat_ms, self->dead_ms));
        if (peer->has_in)
            due = earlier(
                due, copi_pulse_look_due(&peer->in_pulse, self->heartbeat_ms, self->dead_ms));
    }
    return later(due, self->ticked_at + self->heartbeat_ms / LOOKS_PER_BEAT);
}

/* One that rests goes on at once when there is no session any more that it gave way to. */
static int64_t
rest_due(const copi_cluster *self, const copi_dial *dial)
{
    if (dial->leads_to == cop_node_incarnation(self->node))
        return COPI_NEVER;
    const copi_peer *peer = copi_peer_of(self, dial->leads_to);
    return peer != NULL && peer->out != NULL ? COPI_NEVER : 0;
}

static int64_t
dial_due(const copi_cluster *self, const copi_dial *dial)
{
    switch (dial->state) {
    case COPI_DIAL_WAITS: return dial->at;
    case COPI_DIAL_CALLS: return earlier(dial->at, dial->until);
    case COPI_DIAL_OPEN: return COPI_NEVER; /* its peer's pulse says when */
    case COPI_DIAL_RESTS: return rest_due(self, dial);
    }
    return COPI_NEVER;
}

/* When the next thing is to be done; nothing of it moves as long as nothing changes. */
static int64_t
next_due(const copi_cluster *self)
{
    int32_t often = self->carrier->ops->look_ms(self->carrier);
    int64_t due = often > 0 ? self->ticked_at + often : COPI_NEVER;

    if (self->is_leaving)
        return due;
    due = earlier(due, pulses_due(self));
    for (const copi_dial *dial = self->dials; dial != NULL; dial = dial->next)
        due = earlier(due, dial_due(self, dial));
    return due;
}

void
copi_hub_rearm(copi_cluster *self)
{
    int64_t due = next_due(self);

    if (!copi_is_open(self->me) || due == self->tick_at)
        return;
    if (self->tick_at != COPI_NEVER)
        (void)cop_timer_cancel(self->me, self->tick);
    self->tick_at = COPI_NEVER;
    if (due == COPI_NEVER)
        return;
    int64_t wait = later(due - cop_now_ms(self->me), 0);
    if (cop_send_after(self->me, wait, &self->tick, copi_tick, .unused = 0) == COP_OK)
        self->tick_at = due;
}
