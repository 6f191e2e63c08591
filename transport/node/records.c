/* SPDX-License-Identifier: Apache-2.0 */
/*
 * records.c - what a peer tells: its names, other nodes, and signals, whole or in pieces.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "node/hub.h"
#include "wire/bytes.h"

static bool
take_name(copi_cluster *self, copi_peer *peer, const copi_record *record, bool has_id)
{
    copi_reader in = {record->body, record->body + record->size, false};
    char name[COP_NAME_MAX + 1];
    uint64_t id = has_id ? copi_read_number(&in, 8) : 0;
    size_t size = copi_left(&in);
    cop_pid pid = {peer->incarnation, id};

    if (in.is_broken || size == 0 || size > COP_NAME_MAX || memchr(in.at, 0, size) != NULL)
        return false;
    memcpy(name, in.at, size);
    name[size] = '\0';
    /* The runtime's own names are not told but agreed upon. */
    return name[0] == '$' ||
           copi_names_set(&self->names, name, peer->name, pid, peer->is_up) == COP_OK;
}

static bool
take_nodes(copi_cluster *self, const copi_record *record)
{
    copi_reader in = {record->body, record->body + record->size, false};
    char address[COPI_ADDRESS_MAX];

    while (copi_left(&in) > 0) {
        copi_read_text(&in, address, sizeof address);
        if (in.is_broken)
            return false;
        (void)copi_dial_want(self, address, false);
    }
    return true;
}

static bool
take_ready(copi_cluster *self, copi_peer *peer, const copi_record *record)
{
    copi_reader in = {record->body, record->body + record->size, false};

    peer->spawner = copi_read_number(&in, 8);
    peer->is_ready = true;
    copi_peer_consider(self, peer);
    return !in.is_broken && copi_left(&in) == 0;
}

static bool take_whole(copi_cluster *self, copi_peer *peer);

/* Room for a whole that begins; false if it is larger than any that we allow. */
static bool
begin_whole(const copi_cluster *self, copi_peer *peer, size_t size)
{
    if (size > self->message_max + COPI_SIGNAL_HEAD + 4 || size <= COPI_FRAGMENT_MAX)
        return false;
    free(peer->whole);
    peer->whole = copi_malloc(size);
    peer->whole_size = size;
    return peer->whole != NULL;
}

static bool
take_fragment(copi_cluster *self, copi_peer *peer, const copi_record *record)
{
    copi_reader in = {record->body, record->body + record->size, false};
    size_t whole = (size_t)copi_read_number(&in, 4), part = copi_left(&in);

    if (in.is_broken || part == 0)
        return false;
    if (peer->whole_done == 0 && !begin_whole(self, peer, whole))
        return false;
    if (whole != peer->whole_size || part > whole - peer->whole_done)
        return false;
    memcpy(peer->whole + peer->whole_done, in.at, part);
    peer->whole_done += part;
    return peer->whole_done < whole || take_whole(self, peer);
}

static bool
take_record(copi_cluster *self, copi_peer *peer, const copi_record *record)
{
    /* Nothing comes between the pieces of a whole. */
    if (peer->whole_done != 0 && record->kind != COPI_RECORD_FRAGMENT)
        return false;
    switch (record->kind) {
    case COPI_RECORD_NAME: return take_name(self, peer, record, true);
    case COPI_RECORD_UNNAME: return take_name(self, peer, record, false);
    case COPI_RECORD_NODES: return take_nodes(self, record);
    case COPI_RECORD_READY: return take_ready(self, peer, record);
    case COPI_RECORD_FRAGMENT: return take_fragment(self, peer, record);
    default: return peer->is_up && copi_peer_deliver(self, peer, record);
    }
}

static bool
take_whole(copi_cluster *self, copi_peer *peer)
{
    const uint8_t *bytes = peer->whole;
    size_t size = peer->whole_size;
    copi_record record;

    peer->whole_done = 0;
    bool is_good = copi_record_read(&bytes, &size, &record) == COPI_READ_ONE && size == 0 &&
                   record.kind != COPI_RECORD_FRAGMENT && take_record(self, peer, &record);
    if (!peer->is_gone) {
        free(peer->whole);
        peer->whole = NULL;
    }
    return is_good;
}

bool
copi_peer_records(copi_cluster *self, copi_peer *peer, const uint8_t *bytes, size_t size)
{
    copi_record record;
    copi_read read;

    while ((read = copi_record_read(&bytes, &size, &record)) == COPI_READ_ONE) {
        if (!take_record(self, peer, &record))
            return false;
        if (peer->is_gone)
            return true;
    }
    return read == COPI_READ_END;
}
