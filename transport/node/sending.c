/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sending.c - records into frames, and frames onto the line, as far as credit goes.
 */
#include <string.h>

#include "base/check.h"
#include "node/hub.h"
#include "wire/bytes.h"

static void
show_backlog(const copi_peer *peer)
{
    if (peer->is_up)
        atomic_store_explicit(&peer->gate->backlog, (uint32_t)copi_outbox_size(&peer->outbox),
                              memory_order_relaxed);
}

void
copi_peer_flush(copi_cluster *self, copi_peer *peer)
{
    const uint8_t *records;
    size_t size;

    if (peer->is_gone || peer->out == NULL)
        return;
    while (!peer->is_stuck && (size = copi_outbox_next(&peer->outbox, &records)) > 0 &&
           copi_credit_allows(&peer->credit, size)) {
        if (!copi_dial_send(self, peer->out, COPI_FRAME_DATA, records, size)) {
            peer->is_stuck = true;
            break;
        }
        peer->credit.given += size;
        copi_outbox_drop(&peer->outbox, size);
    }
    show_backlog(peer);
}

void
copi_peers_flush(copi_cluster *self)
{
    for (copi_peer *peer = self->peers; peer != NULL; peer = peer->next)
        copi_peer_flush(self, peer);
}

void
copi_peer_put(copi_cluster *self, copi_peer *peer, const copi_record *record)
{
    COPI_CHECK(copi_outbox_put(&peer->outbox, record));
    copi_hub_flush_later(self);
}

void
copi_peer_tell_name(copi_cluster *self, copi_peer *peer, const char *name, cop_pid pid)
{
    uint8_t body[8 + COP_NAME_MAX];
    copi_writer out = {body, body + sizeof body, false};
    bool is_gone = cop_pid_is_none(pid);

    if (!is_gone)
        copi_write_number(&out, pid.id, 8);
    copi_write_bytes(&out, name, strlen(name));
    copi_peer_put(self, peer,
                  &(copi_record){.kind = is_gone ? COPI_RECORD_UNNAME : COPI_RECORD_NAME,
                                 .body = body,
                                 .size = (size_t)(out.at - body)});
}

static void
put_nodes(copi_cluster *self, copi_peer *peer, const uint8_t *body, size_t size)
{
    if (size > 0)
        copi_peer_put(self, peer,
                      &(copi_record){.kind = COPI_RECORD_NODES, .body = body, .size = size});
}

/* Where others can be found, as many as fit. */
void
copi_peer_tell_nodes(copi_cluster *self, copi_peer *peer)
{
    uint8_t body[COPI_FRAGMENT_MAX / 2];
    copi_writer out = {body, body + sizeof body, false};

    for (const copi_peer *other = self->peers; other != NULL; other = other->next)
        if (other != peer && other->is_up && (size_t)(out.end - out.at) > sizeof other->address)
            copi_write_text(&out, other->address);
    put_nodes(self, peer, body, (size_t)(out.at - body));
}

void
copi_peer_announce(copi_cluster *self, const copi_peer *newcomer)
{
    uint8_t body[1 + COPI_ADDRESS_MAX];
    copi_writer out = {body, body + sizeof body, false};

    copi_write_text(&out, newcomer->address);
    for (copi_peer *other = self->peers; other != NULL; other = other->next)
        if (other != newcomer && other->is_up)
            put_nodes(self, other, body, (size_t)(out.at - body));
}

typedef struct telling {
    copi_cluster *cluster;
    copi_peer *peer;
} telling;

static void
tell_one(void *ctx, const char *name, cop_pid pid)
{
    telling *to = ctx;

    copi_peer_tell_name(to->cluster, to->peer, name, pid);
}

void
copi_peer_tell_all(copi_cluster *self, copi_peer *peer)
{
    telling to = {self, peer};
    uint8_t id[8];
    copi_writer out = {id, id + sizeof id, false};

    copi_registry_each(&self->node->registry, tell_one, &to);
    copi_peer_tell_nodes(self, peer);
    copi_write_number(&out, peer->scope.id, 8);
    copi_peer_put(self, peer,
                  &(copi_record){.kind = COPI_RECORD_READY, .body = id, .size = sizeof id});
}
