/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mailbox.h - many senders, one receiver, asleep or not, in one word.
 *
 *      senders                               receiver
 *      push push push ->  word (newest first)
 *                         --- take all, turn round --->  (oldest first)
 *
 * Who may call what:
 *      push                          any thread
 *      take, park, close, shut_door  the worker that is running the owner, and nobody else
 *
 * Messages and signals of one sender are taken in the order in which it pushed them.
 * Exactly one push into a sleeping mailbox is told to wake the owner, so the owner is
 * never in two run queues and never asleep with mail.
 *
 * The word holds a chain (its newest message), how many messages wait in it, and two
 * marks.  `urgent` tells the owner, between two messages, that a signal has come that
 * should not wait its turn.  `door` refuses user messages while signals still get in: the
 * owner is ending.  mailbox.c has the values.
 */
#ifndef COPPICE_CORE_MAILBOX_H
#define COPPICE_CORE_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Embedded first in every message; aligned to 16. */
typedef struct copi_mail {
    struct copi_mail *next;
} copi_mail;

typedef enum copi_pushed {
    COPI_PUSHED,      /* the owner will find it */
    COPI_PUSHED_WAKE, /* ... once you, the caller, have submitted the owner */
    COPI_PUSH_FULL,   /* bounded; the message is still yours */
    COPI_PUSH_CLOSED, /* the owner has ended or is ending; the message is still yours */
} copi_pushed;

typedef enum copi_urgency {
    COPI_USER,     /* counts against the bound, refused when the door is shut */
    COPI_NEWCOMER, /* refused when the door is shut */
    COPI_SIGNAL,   /* neither */
    COPI_URGENT,   /* a signal that the owner should look at before its next message */
} copi_urgency;

typedef struct copi_mailbox {
    /*
     * Everything that senders and receiver share.  A push releases the message and, if
     * it wakes, acquires what the owner's last run wrote (which park released).
     */
    _Atomic uint64_t word;
    /* Taken and not yet handled; written by the receiver, read by senders as a hint. */
    _Atomic uint32_t backlog;
    /* The bound.  Written before the owner's pid is known to anybody else; a sender with
     * a stale pid of the same slot may read another owner's, and is refused later. */
    _Atomic uint32_t bound;
} copi_mailbox;

/* Closed, as a mailbox without an owner is. */
void copi_mailbox_init(copi_mailbox *self);

/* A new owner, who is awake. */
void copi_mailbox_open(copi_mailbox *self, uint32_t bound);

copi_pushed copi_mailbox_push(copi_mailbox *self, copi_mail *mail, copi_urgency urgency);

/* All new mail, oldest first, now the caller's; `last` is its newest.  NULL: none. */
copi_mail *copi_mailbox_take(copi_mailbox *self, copi_mail **last);

/* Has an urgent signal come?  Cheap; for between two messages. */
static inline bool
copi_mailbox_is_urgent(copi_mailbox *self)
{
    return (atomic_load_explicit(&self->word, memory_order_relaxed) & UINT64_C(1) << 19) != 0;
}

/*
 * Goes to sleep.  False if mail came in the meantime: the owner is still awake.  After
 * true, touch nothing of the owner: a sender may have woken it on another worker.
 */
bool copi_mailbox_park(copi_mailbox *self);

/* From now on only signals get in.  The owner is awake. */
void copi_mailbox_shut_door(copi_mailbox *self);

/* Refuses everything from now on.  False, and nothing changed, if there is mail. */
bool copi_mailbox_close(copi_mailbox *self);

#endif /* COPPICE_CORE_MAILBOX_H */
