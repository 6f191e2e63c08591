/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dials.c - our half of each session: a line to an address, tried again and again.
 *
 *      WAITS -> CALLS -> OPEN -> WAITS ...
 *        ^        '-> RESTS -'   the node at that address is reached by another dial
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "link/address.h"
#include "link/handshake.h"
#include "node/hub.h"

enum {
    GIVE_UP_CALL_MS = 1000, /* a fresh socket gets through where an old one backs off */
    FORGET_MS = 60000,      /* addresses that are no seeds */
};

static int64_t
now_of(const copi_cluster *self)
{
    return cop_now_ms(self->me);
}

static copi_dial *
dial_to(const copi_cluster *self, const char *address, size_t *count)
{
    *count = 0;
    for (copi_dial *dial = self->dials; dial != NULL; dial = dial->next, ++*count)
        if (strcmp(dial->address, address) == 0)
            return dial;
    return NULL;
}

copi_dial *
copi_dial_want(copi_cluster *self, const char *address, bool is_seed)
{
    size_t count;
    copi_dial *dial = dial_to(self, address, &count);

    if (dial == NULL) {
        if (count >= COPI_PEERS_MAX || strcmp(address, self->address) == 0 ||
            copi_address_check(address) != COP_OK)
            return NULL;
        dial = copi_calloc(1, sizeof *dial);
        if (dial == NULL)
            return NULL;
        strcpy(dial->address, address);
        dial->at = now_of(self);
        dial->next = self->dials;
        self->dials = dial;
    }
    dial->is_seed |= is_seed;
    dial->seen = now_of(self);
    return dial;
}

/* ------------------------------------------------------------------------- states */

static void
close_line(copi_cluster *self, copi_dial *dial)
{
    if (dial->line != NULL)
        self->carrier->ops->close(dial->line);
    dial->line = NULL;
    dial->peer = NULL;
}

void
copi_dial_start(copi_cluster *self, copi_dial *dial)
{
    int64_t now = now_of(self);

    dial->link = cop_node_incarnation(self->node) << 32 | (uint32_t)++self->links;
    dial->counter = 0;
    dial->state = COPI_DIAL_CALLS;
    dial->at = COPI_NEVER; /* the line says when it is writable */
    dial->until = now + GIVE_UP_CALL_MS;
    if (self->carrier->ops->open(self->carrier, dial->address, dial, &dial->line) != COP_OK)
        copi_dial_fail(self, dial);
}

void
copi_dial_fail(copi_cluster *self, copi_dial *dial)
{
    close_line(self, dial);
    dial->state = COPI_DIAL_WAITS;
    dial->at = now_of(self) + copi_redial_after(dial->failures++, cop_random(self->me));
}

void
copi_dial_rest(copi_cluster *self, copi_dial *dial, uint64_t leads_to)
{
    close_line(self, dial);
    dial->state = COPI_DIAL_RESTS;
    dial->leads_to = leads_to;
}

/* Says once what is wrong with the node at an address. */
static void
complain(copi_cluster *self, copi_dial *dial, cop_err why)
{
    if (dial->complaint != why)
        copi_hub_log(self, "no session with the node at %s: %s", dial->address,
                     cop_err_text(why));
    dial->complaint = why;
}

/* ------------------------------------------------------------------------- frames */

bool
copi_dial_send(copi_cluster *self, copi_dial *dial, copi_frame_type type,
               const uint8_t *payload, size_t size)
{
    uint8_t head[COPI_FRAME_HEAD];

    copi_frame_write(head, type, dial->link, dial->counter);
    if (self->carrier->ops->send(dial->line, head, sizeof head, payload, size) != COP_OK)
        return false;
    dial->counter++;
    return true;
}

void
copi_dial_greet(copi_cluster *self, copi_dial *dial)
{
    copi_hello hello = {.version = COPI_PROTOCOL_VERSION,
                        .incarnation = cop_node_incarnation(self->node),
                        .message_max = self->message_max};
    uint8_t head[COPI_FRAME_HEAD], payload[COPI_HELLO_MAX];

    strcpy(hello.name, cop_node_name(self->node));
    strcpy(hello.address, self->address);
    copi_frame_write(head, COPI_FRAME_HELLO, dial->link, 0);
    size_t size = copi_hello_write(payload, &hello);
    /* If the line is busy, it will say when it is not. */
    (void)self->carrier->ops->send(dial->line, head, sizeof head, payload, size);
    dial->at = now_of(self) + self->heartbeat_ms;
}

static void
welcomed_by(copi_cluster *self, copi_dial *dial, const copi_hello *hello)
{
    copi_peer *peer = copi_peer_meet(self, hello);

    if (peer == NULL)
        copi_dial_fail(self, dial);
    else if (peer->out != NULL)
        copi_dial_rest(self, dial, peer->incarnation);
    else
        copi_peer_out_opened(self, peer, dial);
}

static void
on_welcome(copi_cluster *self, copi_dial *dial, const copi_frame *frame)
{
    copi_hello hello;
    cop_err err = copi_hello_read(frame->payload, frame->size, &hello);
    copi_known known = {.name = cop_node_name(self->node),
                        .incarnation = cop_node_incarnation(self->node),
                        .is_name_held = err == COP_OK && copi_peer_is_name_held(self, &hello)};

    err = copi_welcome(&known, &hello, err);
    if (err == COP_E_SELF) {
        copi_dial_rest(self, dial, known.incarnation);
    } else if (err != COP_OK) {
        complain(self, dial, err);
        copi_dial_fail(self, dial);
    } else {
        dial->complaint = COP_OK;
        welcomed_by(self, dial, &hello);
    }
}

static void
on_refuse(copi_cluster *self, copi_dial *dial, const copi_frame *frame)
{
    uint16_t version;
    cop_err why;

    if (!copi_refuse_read(frame, &version, &why))
        why = COP_E_BAD_MESSAGE;
    if (why == COP_E_SELF) {
        copi_dial_rest(self, dial, cop_node_incarnation(self->node));
        return;
    }
    complain(self, dial, why);
    copi_dial_fail(self, dial);
}

/* An open line does not work any more. */
static void
lost(copi_cluster *self, copi_dial *dial, const char *why)
{
    if (dial->peer->is_up)
        copi_peer_end(self, dial->peer, why);
    else
        copi_peer_drop_out(self, dial->peer);
}

static void
on_ack(copi_cluster *self, copi_dial *dial, const copi_frame *frame)
{
    copi_peer *peer = dial->peer;
    uint64_t taken;

    if (!copi_ack_read(frame, &taken) || !copi_credit_take(&peer->credit, taken)) {
        lost(self, dial, "it acknowledged what was not sent");
        return;
    }
    peer->out_pulse.heard = now_of(self);
    copi_peer_flush(self, peer);
}

static void
on_open(copi_cluster *self, copi_dial *dial, const copi_frame *frame)
{
    switch (frame->type) {
    case COPI_FRAME_WELCOME: break; /* the answer to a hello that we repeated */
    case COPI_FRAME_ACK: on_ack(self, dial, frame); break;
    case COPI_FRAME_RESET: lost(self, dial, "it ended the session"); break;
    case COPI_FRAME_BYE: lost(self, dial, "we left"); break;
    default: lost(self, dial, "it broke the protocol"); break;
    }
}

void
copi_dial_answer(void *cluster, void *tag, const uint8_t *bytes, size_t size)
{
    copi_cluster *self = cluster;
    copi_dial *dial = tag;
    copi_frame frame;

    if (!copi_frame_read(bytes, size, &frame) || frame.link != dial->link)
        return;
    if (dial->state == COPI_DIAL_OPEN)
        on_open(self, dial, &frame);
    else if (dial->state == COPI_DIAL_CALLS && frame.type == COPI_FRAME_WELCOME)
        on_welcome(self, dial, &frame);
    else if (dial->state == COPI_DIAL_CALLS && frame.type == COPI_FRAME_REFUSE)
        on_refuse(self, dial, &frame);
    else if (dial->state == COPI_DIAL_CALLS)
        copi_dial_fail(self, dial);
}

void
copi_dial_writable(void *cluster, void *tag)
{
    copi_cluster *self = cluster;
    copi_dial *dial = tag;

    if (dial->state == COPI_DIAL_CALLS) {
        copi_dial_greet(self, dial);
    } else if (dial->state == COPI_DIAL_OPEN) {
        dial->peer->is_stuck = false;
        copi_peer_flush(self, dial->peer);
    }
}

void
copi_dial_broken(void *cluster, void *tag)
{
    copi_cluster *self = cluster;
    copi_dial *dial = tag;

    if (dial->state == COPI_DIAL_OPEN)
        lost(self, dial, "the connection broke");
    else if (dial->state == COPI_DIAL_CALLS)
        copi_dial_fail(self, dial);
}

/* --------------------------------------------------------------------------- time */

static void
look_at_call(copi_cluster *self, copi_dial *dial, int64_t now)
{
    if (now >= dial->until)
        copi_dial_fail(self, dial);
    else if (now >= dial->at)
        copi_dial_greet(self, dial);
}

static void
look_at_open(copi_cluster *self, copi_dial *dial, int64_t now)
{
    dial->seen = now;
    switch (copi_pulse_look(&dial->peer->out_pulse, now, self->heartbeat_ms, self->dead_ms)) {
    case COPI_PULSE_QUIET: break;
    case COPI_PULSE_BEAT:
        (void)copi_dial_send(self, dial, COPI_FRAME_BEAT, NULL, 0);
        copi_peer_pay_ack(self, dial->peer);
        break;
    case COPI_PULSE_DEAD: lost(self, dial, "it does not answer"); break;
    }
}

/* A dial that rests goes on when the session that it gave way to is no more. */
static void
look_at_rest(copi_cluster *self, copi_dial *dial, int64_t now)
{
    const copi_peer *peer = copi_peer_of(self, dial->leads_to);

    if (dial->leads_to == cop_node_incarnation(self->node))
        return;
    if (peer != NULL && peer->out != NULL) {
        dial->seen = now;
        return;
    }
    dial->failures = 0;
    copi_dial_fail(self, dial);
}

static void
look_at(copi_cluster *self, copi_dial *dial, int64_t now)
{
    switch (dial->state) {
    case COPI_DIAL_WAITS:
        if (now >= dial->at)
            copi_dial_start(self, dial);
        break;
    case COPI_DIAL_CALLS: look_at_call(self, dial, now); break;
    case COPI_DIAL_OPEN: look_at_open(self, dial, now); break;
    case COPI_DIAL_RESTS: look_at_rest(self, dial, now); break;
    }
}

void
copi_dials_look(copi_cluster *self, int64_t now)
{
    for (copi_dial **at = &self->dials; *at != NULL;) {
        copi_dial *dial = *at;
        if (dial->state == COPI_DIAL_WAITS && !dial->is_seed && now - dial->seen > FORGET_MS) {
            *at = dial->next;
            free(dial);
            continue;
        }
        look_at(self, dial, now);
        at = &dial->next;
    }
}
