/* SPDX-License-Identifier: Apache-2.0 */
/*
 * envelope.h - what travels between actors: messages and signals, with one owner each.
 *
 * An envelope belongs to its maker, then to the mailbox that took it, then to the actor
 * that takes it out.  Whoever cannot deliver one bounces it (post.h), so that a request
 * for an answer always gets one.
 */
#ifndef COPPICE_CORE_ENVELOPE_H
#define COPPICE_CORE_ENVELOPE_H

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <coppice/actor.h>

#include "core/mailbox.h"
#include "message/copy.h"
#include "sched/worker.h"

typedef enum copi_kind {
    /* First those that wait for their turn ... */
    COPI_USER_MESSAGE,
    COPI_CALL,        /* a user's message that wants an answer; ref: the call */
    COPI_NEWS,        /* a message of the runtime's own, which no mailbox refuses */
    COPI_REPLY,       /* ref: the call */
    COPI_REPLY_ERROR, /* ref: the call; payload: cop_err */
    COPI_DEBUG,       /* wants an answer as a call does; payload: copi_debug_order */
    COPI_CLOSURE,     /* a call of cop_post_call; payload: copi_closure */
    COPI_TIMER,       /* embedded in a timer (ties.h) */
    COPI_DEADLINE,    /* embedded in a call (ties.h) */
    COPI_WATCH,       /* embedded in a watch (io/watch.c) */
    COPI_LEAF,        /* embedded in a leaf (scope.h): it is due */
    COPI_SCOPE_END,   /* embedded in a scope (scope.h): nothing is left in it */
    COPI_LAST_IN_TURN = COPI_SCOPE_END,
    /* ... then those that act when they are received, or then see whether to wait. */
    COPI_LINK,
    COPI_UNLINK,     /* ref: its number, which the answer repeats */
    COPI_UNLINK_ACK, /* ref: of the unlink */
    COPI_MONITOR,    /* ref: the monitor */
    COPI_DEMONITOR,  /* ref: the monitor */
    COPI_EXIT,       /* payload: cop_exited */
    COPI_DOWN,       /* ref: the monitor; payload: cop_down */
    COPI_STOP,       /* from the owner; payload: cop_stopping */
    COPI_KILL,       /* from the owner, whose patience has ended */
    COPI_TELL,       /* one of these two, embedded in the owner's ties; ref: cop_actor.owed */
    COPI_TIME_MOVED, /* from the owner; ref: the deadline of what it is a part of, as moved */
    COPI_ADOPT,      /* to the owner: a new child; payload: copi_adoption */
    COPI_CHILD_END,  /* to the owner: embedded in the child's record */
    COPI_LADDER,     /* embedded in the ties: some child has had its time */
    COPI_SCOPE_DUE,  /* embedded in a scope: it has had its time */
    COPI_WAKE,       /* embedded in a body's state (sequence.h): it has waited long enough */
    COPI_REQUEST,    /* runs a function inside the actor: payload copi_request */
    COPI_LOOK,       /* as COPI_DEBUG, but does not wait */
} copi_kind;

typedef struct copi_envelope {
    alignas(16) copi_mail mail; /* the mailbox has other uses for the low bits */
    const cop_type *type; /* of the payload; NULL for signals, and for one that is encoded */
    cop_pid from;
    uint64_t ref;
    uint32_t generation;     /* of the receiver: an envelope never reaches a later actor */
    uint32_t kind : 5;       /* copi_kind */
    uint32_t is_suspect : 1; /* an actor failed when it handled this (legacy.h) */
    uint32_t is_loose : 1;   /* from malloc: made by a thread that is no worker */
    uint32_t has_bufs : 1;   /* its message holds references to buffers */
    uint32_t size : 24;      /* of the payload that follows */
} copi_envelope;

enum {
    COPI_SIZE_MASK = (1 << 24) - 1,
    /* So that a deadline always finds room behind it. */
    COPI_PAYLOAD_MAX = COPI_SIZE_MASK - (int)sizeof(int64_t),
};

_Static_assert(sizeof(copi_envelope) % 16 == 0, "payloads are aligned");
_Static_assert(COPI_LOOK < 1 << 5, "a kind fits");

/* The payload of a message that came from another node and is not decoded yet. */
typedef struct copi_encoded {
    uint32_t wire_id;
    uint32_t size;
    uint8_t bytes[];
} copi_encoded;

/* The payload of COPI_ADOPT. */
typedef struct copi_adoption {
    cop_actor *child;
    cop_scope scope; /* of the owner */
} copi_adoption;

/* A function to be run by the receiver in its own time; the sender waits for it. */
typedef struct copi_request {
    void (*run)(cop_actor *self, void *ctx);
    void (*refuse)(void *ctx); /* instead, if there is no receiver */
    void *ctx;
} copi_request;

static inline void *
copi_payload(copi_envelope *envelope)
{
    return envelope + 1;
}

static inline copi_envelope *
copi_envelope_of(copi_mail *mail)
{
    return (copi_envelope *)(void *)mail;
}

/*
 * A call is good until its caller's deadline, on the clock of the node, which stands behind the
 * payload.  Not of one that was bounced or answered: ask copi_request_deadline.
 */
static inline uint32_t
copi_deadline_room(copi_kind kind)
{
    return kind == COPI_CALL ? sizeof(int64_t) : 0;
}

static inline void
copi_envelope_set_deadline(copi_envelope *envelope, int64_t deadline)
{
    memcpy((char *)(envelope + 1) + envelope->size - sizeof deadline, &deadline,
           sizeof deadline);
}

/* Of the request that an envelope is, or was before it was answered; 0 if it is none. */
static inline int64_t
copi_request_deadline(const copi_envelope *envelope)
{
    int64_t deadline = 0;

    if (envelope->kind == COPI_CALL ||
        (envelope->kind == COPI_USER_MESSAGE && envelope->ref != 0))
        memcpy(&deadline, (const char *)(envelope + 1) + envelope->size - sizeof deadline,
               sizeof deadline);
    return deadline;
}

/* NULL if there is no memory or `size` is over COPI_PAYLOAD_MAX.  The payload is not set. */
copi_envelope *copi_envelope_new(copi_worker *worker, copi_kind kind, size_t size);
/* A message with a deep copy of `message`, into which the references to buffers move.  NULL:
 * they are still the caller's. */
copi_envelope *copi_envelope_typed(copi_worker *worker, copi_kind kind, const cop_type *type,
                                   const void *message);
/* Why the one above has made none: COP_E_TOO_LARGE or COP_E_NOMEM. */
cop_err copi_envelope_refusal(const cop_type *type, const void *message);
/* How it is to be pushed. */
copi_urgency copi_kind_urgency(copi_kind kind);

/* copi_envelope_free for one that is loose or has buffers. */
void copi_envelope_free_other(copi_worker *worker, copi_envelope *envelope);

/* Frees one that was made by the two above, and drops its references. */
static inline void
copi_envelope_free(copi_worker *worker, copi_envelope *envelope)
{
    /* One test for both: the path of every message. */
    if (COPI_UNLIKELY(envelope->is_loose | envelope->has_bufs)) {
        copi_envelope_free_other(worker, envelope);
        return;
    }
    COPI_TALLY(worker, live_messages, -1);
    copi_pool_give(&worker->pool, envelope, sizeof *envelope + envelope->size);
}

/* The same for one that went nowhere: the references are the caller's again. */
static inline void
copi_envelope_unmake(copi_worker *worker, copi_envelope *envelope)
{
    envelope->has_bufs = false;
    copi_envelope_free(worker, envelope);
}

/* copi_envelope_typed for a flat type, without a call: the path of every message. */
static inline copi_envelope *
copi_envelope_flat(copi_worker *worker, copi_kind kind, const cop_type *type,
                   const void *message)
{
    const uint32_t room = copi_deadline_room(kind);
    copi_envelope *made;

    if (COPI_UNLIKELY(type->size > COPI_PAYLOAD_MAX))
        return NULL;
    made = copi_pool_take(&worker->pool, sizeof *made + type->size + room);
    if (COPI_UNLIKELY(made == NULL))
        return NULL;
    made->type = type;
    made->kind = (unsigned)kind & 0x1f;
    made->is_suspect = 0;
    made->is_loose = 0;
    made->has_bufs = 0;
    made->size = (type->size + room) & COPI_SIZE_MASK;
    copi_message_copy_flat(type, copi_payload(made), message);
    COPI_TALLY(worker, live_messages, 1);
    return made;
}

#endif /* COPPICE_CORE_ENVELOPE_H */
