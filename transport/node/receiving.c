/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receiving.c - the other half of each session: frames that come to our listener.
 *
 * Nobody is believed: what does not fit ends the session that it came on, and nothing else.
 */
#include <string.h>

#include "link/handshake.h"
#include "node/hub.h"

static int64_t
now_of(const copi_cluster *self)
{
    return cop_now_ms(self->me);
}

void
copi_hub_answer(copi_cluster *self, uint64_t pipe, copi_frame_type type, uint64_t link,
                const uint8_t *payload, size_t size)
{
    uint8_t frame[COPI_FRAME_HEAD + COPI_HELLO_MAX];

    copi_frame_write(frame, type, link, 0);
    if (size > 0)
        memcpy(frame + COPI_FRAME_HEAD, payload, size);
    self->carrier->ops->answer(self->carrier, pipe, frame, COPI_FRAME_HEAD + size);
}

/* ----------------------------------------------------------------------- handshake */

static void
welcome(copi_cluster *self, const copi_peer *peer)
{
    copi_hello hello = {.version = COPI_PROTOCOL_VERSION,
                        .incarnation = cop_node_incarnation(self->node),
                        .message_max = self->message_max};
    uint8_t payload[COPI_HELLO_MAX];

    strcpy(hello.name, cop_node_name(self->node));
    strcpy(hello.address, self->address);
    copi_hub_answer(self, peer->pipe, COPI_FRAME_WELCOME, peer->in_link, payload,
                    copi_hello_write(payload, &hello));
}

static void
refuse(copi_cluster *self, uint64_t pipe, uint64_t link, cop_err why)
{
    uint8_t payload[6];

    copi_refuse_write(payload, why);
    copi_hub_answer(self, pipe, COPI_FRAME_REFUSE, link, payload, sizeof payload);
}

/* Tries to reach who has reached us. */
static void
dial_back(copi_cluster *self, const copi_peer *peer)
{
    copi_dial *dial = peer->out == NULL ? copi_dial_want(self, peer->address, false) : NULL;

    if (dial != NULL && dial->state == COPI_DIAL_WAITS)
        copi_dial_start(self, dial);
}

static void
accept(copi_cluster *self, const copi_hello *hello, uint64_t pipe, uint64_t link)
{
    copi_peer *peer = copi_peer_meet(self, hello);

    if (peer == NULL) {
        refuse(self, pipe, link, COP_E_BUSY);
        return;
    }
    if (peer->has_in) { /* of a session that is not up: this half begins anew */
        peer->is_ready = false;
        copi_names_drop(&self->names, peer->incarnation);
    }
    peer->has_in = true;
    peer->pipe = pipe;
    peer->in_link = link;
    peer->in_counter = 1;
    peer->intake = (copi_intake){0};
    peer->owes_ack = false;
    peer->whole_done = 0;
    copi_pulse_start(&peer->in_pulse, now_of(self));
    welcome(self, peer);
    dial_back(self, peer);
}

static void
replace(copi_cluster *self, copi_peer *peer, const copi_hello *hello, uint64_t pipe,
        uint64_t link)
{
    if (peer->is_up)
        copi_peer_end(self, peer, "it began a new session");
    accept(self, hello, pipe, link);
}

static void
on_hello(copi_cluster *self, uint64_t pipe, const copi_frame *frame)
{
    copi_hello hello;
    cop_err why, err = copi_hello_read(frame->payload, frame->size, &hello);
    copi_peer *peer = err == COP_OK ? copi_peer_of(self, hello.incarnation) : NULL;
    copi_known known = {.name = cop_node_name(self->node),
                        .incarnation = cop_node_incarnation(self->node),
                        .is_name_held = err == COP_OK && copi_peer_is_name_held(self, &hello),
                        .has_link = peer != NULL && peer->has_in,
                        .newest = peer == NULL ? 0 : peer->in_link};

    if (self->is_leaving || !copi_hub_is_patient(self))
        return;
    switch (copi_greet(&known, &hello, err, frame->link, &why)) {
    case COPI_GREET_ACCEPT: accept(self, &hello, pipe, frame->link); break;
    case COPI_GREET_AGAIN:
        if (peer->pipe == pipe && peer->in_counter == 1)
            welcome(self, peer);
        else
            replace(self, peer, &hello, pipe, frame->link);
        break;
    case COPI_GREET_REPLACE: replace(self, peer, &hello, pipe, frame->link); break;
    case COPI_GREET_STALE: break;
    case COPI_GREET_REFUSE:
        copi_hub_complain(self, &hello, why);
        refuse(self, pipe, frame->link, why);
        break;
    }
}

/* --------------------------------------------------------------------- an open link */

static void
acknowledge(copi_cluster *self, copi_peer *peer)
{
    uint8_t payload[8];

    peer->intake.told = peer->intake.taken;
    peer->owes_ack = false;
    copi_ack_write(payload, peer->intake.taken);
    copi_hub_answer(self, peer->pipe, COPI_FRAME_ACK, peer->in_link, payload, sizeof payload);
}

void
copi_peer_pay_ack(copi_cluster *self, copi_peer *peer)
{
    if (peer->has_in && peer->owes_ack)
        acknowledge(self, peer);
}

/*
 * What two nodes at rest cost is how often they wake each other, so whatever they have to
 * say goes together: our beat with the acknowledgement of theirs, if ours is due soon; else
 * that acknowledgement with our next beat.  Either is a sign of life once in a heartbeat.
 */
static void
on_beat(copi_cluster *self, copi_peer *peer)
{
    bool has_out = peer->out != NULL;

    if (has_out && !copi_pulse_join(&peer->out_pulse, now_of(self), self->heartbeat_ms)) {
        peer->owes_ack = true;
        return;
    }
    acknowledge(self, peer);
    if (has_out)
        (void)copi_dial_send(self, peer->out, COPI_FRAME_BEAT, NULL, 0);
}

/* Their line does not work any more. */
static void
reset(copi_cluster *self, copi_peer *peer, const char *why)
{
    if (peer->is_up)
        copi_peer_end(self, peer, why);
    else
        copi_peer_drop_in(self, peer);
}

static void
on_data(copi_cluster *self, copi_peer *peer, const copi_frame *frame)
{
    if (!copi_peer_records(self, peer, frame->payload, frame->size))
        reset(self, peer, "it sent what cannot be read");
    else if (!peer->is_gone && copi_intake_add(&peer->intake, frame->size))
        acknowledge(self, peer);
}

static void
on_bye(copi_cluster *self, copi_peer *peer)
{
    copi_hub_answer(self, peer->pipe, COPI_FRAME_BYE, peer->in_link, NULL, 0);
    if (peer->is_up)
        copi_peer_end(self, peer, "it left");
    else
        copi_peer_drop_in(self, peer);
}

static void
on_peer_frame(copi_cluster *self, copi_peer *peer, const copi_frame *frame)
{
    if (frame->counter != peer->in_counter) {
        reset(self, peer, "frames were lost");
        return;
    }
    peer->in_counter++;
    peer->in_pulse.heard = now_of(self);
    switch (frame->type) {
    case COPI_FRAME_DATA: on_data(self, peer, frame); break;
    case COPI_FRAME_BEAT: on_beat(self, peer); break;
    case COPI_FRAME_BYE: on_bye(self, peer); break;
    default: reset(self, peer, "it broke the protocol"); break;
    }
}

static copi_peer *
peer_at(copi_cluster *self, uint64_t pipe)
{
    copi_peer *peer = self->peers;

    while (peer != NULL && (peer->is_gone || !peer->has_in || peer->pipe != pipe))
        peer = peer->next;
    return peer;
}

void
copi_hub_frame(void *cluster, uint64_t pipe, const uint8_t *bytes, size_t size)
{
    copi_cluster *self = cluster;
    copi_peer *peer = peer_at(self, pipe);
    copi_frame frame;
    bool is_frame = copi_frame_read(bytes, size, &frame);

    if (is_frame && frame.type == COPI_FRAME_HELLO)
        on_hello(self, pipe, &frame);
    else if (peer != NULL && is_frame && frame.link == peer->in_link)
        on_peer_frame(self, peer, &frame);
    else if (peer != NULL)
        reset(self, peer, "it broke the protocol");
    else if (is_frame && copi_hub_is_patient(self))
        copi_hub_answer(self, pipe, COPI_FRAME_RESET, frame.link, NULL, 0);
}
