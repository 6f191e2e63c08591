/* SPDX-License-Identifier: Apache-2.0 */
/*
 * carrier.h - what a carrier of frames must do: one listener, and lines to other nodes.
 *
 *      line  --- frames --->  listener      in order while the line lasts, at most once
 *            <-- answers ---                may be lost
 *
 * A carrier promises little: a line may take a frame and lose it, and says so late or
 * never.  Each line to a listener shows there as a pipe with a number that no other line
 * has or will have.  All of it belongs to one actor and is used by its handlers only; what
 * the carrier tells comes from within `ready`, `look` or a message of its own.
 */
#ifndef COPPICE_CARRIER_CARRIER_H
#define COPPICE_CARRIER_CARRIER_H

#include <stddef.h>
#include <stdint.h>

#include <coppice/actor.h>
#include <coppice/watch.h>

typedef struct copi_carrier copi_carrier;
typedef struct copi_line copi_line;

/* What a carrier tells; the bytes are borrowed for the call.  `tag` is the line's. */
typedef struct copi_carrier_told {
    void (*frame)(void *ctx, uint64_t pipe, const uint8_t *bytes, size_t size);
    void (*answer)(void *ctx, void *tag, const uint8_t *bytes, size_t size);
    void (*writable)(void *ctx, void *tag); /* after open, and after COP_E_BUSY */
    void (*broken)(void *ctx, void *tag);
} copi_carrier_told;

typedef struct copi_carrier_ops {
    /* COP_E_ADDRESS, COP_E_ADDRESS_IN_USE, COP_E_OS, COP_E_NOMEM. */
    cop_err (*listen)(copi_carrier *self, const char *address);
    /* Starts a line, which is writable later if ever.  COP_E_OS, COP_E_NOMEM. */
    cop_err (*open)(copi_carrier *self, const char *address, void *tag, copi_line **out);
    /* One frame in two parts, copied.  COP_E_BUSY: not now. */
    cop_err (*send)(copi_line *line, const uint8_t *head, size_t head_size, const uint8_t *body,
                    size_t body_size);
    void (*answer)(copi_carrier *self, uint64_t pipe, const uint8_t *bytes, size_t size);
    /* Nothing of it is told any more. */
    void (*close)(copi_line *line);
    /* A descriptor of the carrier's is ready. */
    void (*ready)(copi_carrier *self, const cop_ready *ready);
    /* Looks for broken lines of which no descriptor may have told. */
    void (*look)(copi_carrier *self);
    /* How soon it has to look, as things are; 0: when its owner comes by, now and then. */
    int32_t (*look_ms)(const copi_carrier *self);
    /* Closes all.  The actor's watches are closed already, or are closed here. */
    void (*free)(copi_carrier *self);
} copi_carrier_ops;

struct copi_carrier {
    const copi_carrier_ops *ops;
    const copi_carrier_told *told;
    void *ctx;
    cop_actor *me;
};

/* nanomsg: raw REQ sockets to a raw REP socket. */
COP_MUST_USE cop_err copi_nanomsg_new(cop_actor *me, const copi_carrier_told *told, void *ctx,
                                      copi_carrier **out);

#endif /* COPPICE_CARRIER_CARRIER_H */
