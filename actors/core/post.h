/* SPDX-License-Identifier: Apache-2.0 */
/*
 * post.h - getting messages and signals to whom they are for, here or elsewhere.
 */
#ifndef COPPICE_CORE_POST_H
#define COPPICE_CORE_POST_H

#include "core/actor.h"

enum {
    /* How many messages an actor may handle before it is another's turn.  Sending one costs
     * more than that, so that a producer does not run far ahead of its consumer. */
    COPI_SLICE = 1024,
    /* Of a slice.  Sending to an actor that does not keep up costs more, so that
     * it gets its turn before its mailbox is full and its messages are out of the cache. */
    COPI_SEND_COST = 8,
    COPI_CROWD_COST = 64,
};

/*
 * A message or signal that is not in an envelope yet: what a route to another node gets.
 * Everything is borrowed for the call; only the references to buffers in the body go along,
 * if it is sent.
 */
typedef struct copi_parcel {
    copi_kind kind;
    cop_pid from, to;
    uint64_t ref;
    const cop_type *type; /* of USER_MESSAGE, CALL, REPLY, DEBUG, LOOK */
    const void *body;
    const cop_exit *why; /* of EXIT, DOWN */
    bool by_link;        /* of EXIT */
    cop_err err;         /* of REPLY_ERROR */
    int32_t within_ms;   /* of CALL: after that nobody waits for the answer */
} copi_parcel;

/* From an actor, which runs; nothing else of it is set. */
static inline copi_parcel
copi_parcel_to(const cop_actor *self, copi_kind kind, cop_pid to, uint64_t ref)
{
    return (copi_parcel){.kind = kind, .from = copi_pid_of(self), .to = to, .ref = ref};
}

/*
 * The way to other nodes; the transport fills it in.  Signals are not refused for want of
 * room.  COP_E_NOCONNECTION if there is no session: the caller does what that means.
 */
typedef struct copi_route {
    void *ctx;
    cop_err (*send)(void *ctx, copi_worker *worker, const copi_parcel *parcel);
    /* "name@node" as that node told it; none if it did not. */
    cop_pid (*whereis)(void *ctx, const char *name, const char *node);
    /* A local name has come or gone; under no lock. */
    void (*named)(void *ctx, copi_worker *worker, const char *name, cop_pid pid, bool is_gone);
    /* The node is being freed; nobody sends any more. */
    void (*dispose)(void *ctx);
} copi_route;

/* Pushes an envelope to a local actor and wakes it.  On error the envelope is still the
 * caller's: COP_E_NOPROC, COP_E_FULL.  `worker` is the caller's, NULL if it is none. */
cop_err copi_push(cop_node *node, copi_worker *worker, cop_pid to, copi_envelope *envelope);

/* Pushes an embedded envelope to the actor itself, which is alive. */
void copi_push_self(copi_worker *worker, cop_actor *self, copi_envelope *envelope);

/* Sends a message of an actor, which runs, wherever `to` is: COPI_USER_MESSAGE, COPI_CALL or
 * COPI_REPLY with its ref, a call with its deadline.  As cop_send: the references in the
 * message are taken over. */
cop_err copi_send_typed(cop_actor *me, copi_kind kind, cop_pid to, uint64_t ref,
                        int64_t deadline, const cop_type *type, const void *message);

/* The same for any parcel and any sender.  On error the references are still the caller's. */
cop_err copi_send(cop_node *node, copi_worker *worker, const copi_parcel *parcel);

/* Sends a signal, wherever `to` is.  If there is nobody, the sender gets the answer that
 * belongs to it: an exit, a down, an acknowledgement.  Without memory the process ends. */
void copi_signal(cop_node *node, copi_worker *worker, const copi_parcel *parcel);
/* The same for who has another way without memory: COP_E_NOMEM. */
cop_err copi_try_signal(cop_node *node, copi_worker *worker, const copi_parcel *parcel);
/* The same without memory, on this node: `room`, which becomes the receiver's, has enough for
 * that kind.  To another node it is copi_signal, and `room` is freed. */
void copi_signal_in(cop_node *node, copi_worker *worker, copi_envelope *room,
                    const copi_parcel *parcel);
/* The record of a tie, which begins with an envelope and its payload and is of that size, is
 * no more than room for the signal that ends it. */
copi_envelope *copi_envelope_in(copi_worker *worker, void *record, size_t size);

/* What happens to an envelope that `at` cannot take any more: requests are answered with
 * `err`, messages become dead letters.  Freed unless it is embedded. */
void copi_bounce(cop_node *node, copi_worker *worker, cop_pid at, copi_envelope *envelope,
                 cop_err err);

/* Takes one that is part of something else out of the mailbox of `self`, and frees that if
 * it only waited for this.  False if it stands alone. */
bool copi_drop_embedded(cop_actor *self, copi_envelope *envelope);

/* Counts a dead letter and shows it to the handler. */
void copi_dead_letter(cop_node *node, copi_worker *worker, const cop_dead_letter *letter);

#endif /* COPPICE_CORE_POST_H */
