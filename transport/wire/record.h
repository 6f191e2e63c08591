/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - what a DATA frame holds, one after the other.
 *
 *      u32 size of what follows | u8 kind | ...
 *
 * A record from one actor to another goes on with u64 from, u64 to, u64 ref (ids; the
 * nodes are those of the session) and a body that depends on the kind.  One that is too
 * large for a frame travels as FRAGMENT records, which hold its bytes in order; nothing
 * comes between them, so that order between two actors holds.
 */
#ifndef COPPICE_WIRE_RECORD_H
#define COPPICE_WIRE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <coppice/exit.h>

enum {
    COPI_RECORD_HEAD = 5,          /* size and kind */
    COPI_SIGNAL_HEAD = 29,         /* and from, to, ref */
    COPI_FRAGMENT_MAX = 16 * 1024, /* bytes of the whole in one fragment */
    COPI_WHY_MAX = 448,            /* an exit record, at most */
};

typedef enum copi_record_kind {
    COPI_RECORD_MESSAGE = 1, /* u32 wire id, packed message */
    COPI_RECORD_CALL,        /* u32 milliseconds until nobody waits, then the same */
    COPI_RECORD_REPLY,       /* as a message */
    COPI_RECORD_ERROR,       /* u32 error */
    COPI_RECORD_LINK,
    COPI_RECORD_UNLINK,
    COPI_RECORD_UNLINK_ACK,
    COPI_RECORD_MONITOR,
    COPI_RECORD_DEMONITOR,
    COPI_RECORD_EXIT, /* u8 by link, exit record */
    COPI_RECORD_DOWN, /* exit record */
    COPI_RECORD_SIGNALS_END,

    COPI_RECORD_NAME = 32, /* u64 id, name: it is his now */
    COPI_RECORD_UNNAME,    /* name: it is nobody's now */
    COPI_RECORD_NODES,     /* addresses of other nodes */
    COPI_RECORD_READY,     /* u64 id of who starts actors for you; all names are told */
    COPI_RECORD_FRAGMENT,  /* u32 size of the whole, bytes */
    COPI_RECORD_KINDS_END,
} copi_record_kind;

typedef struct copi_record {
    copi_record_kind kind;
    uint64_t from, to, ref; /* of signals */
    const uint8_t *body;    /* borrowed */
    size_t size;
} copi_record;

static inline bool
copi_record_is_signal(copi_record_kind kind)
{
    return kind < COPI_RECORD_SIGNALS_END;
}

/* Writes the head of a record whose body has `size` bytes; how long the head is. */
size_t copi_record_write(uint8_t head[COPI_SIGNAL_HEAD], const copi_record *record);

typedef enum copi_read {
    COPI_READ_ONE,
    COPI_READ_END,
    COPI_READ_BROKEN,
} copi_read;

/* Takes the next record from *bytes, which has *size. */
copi_read copi_record_read(const uint8_t **bytes, size_t *size, copi_record *out);

/* An exit record; how long it is. */
size_t copi_why_write(uint8_t bytes[COPI_WHY_MAX], const cop_exit *why);
bool copi_why_read(const uint8_t *bytes, size_t size, cop_exit *out);

#endif /* COPPICE_WIRE_RECORD_H */
