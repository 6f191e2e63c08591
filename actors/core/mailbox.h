/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mailbox.h - many senders, one receiver, asleep or not, in one word.
 *
 *      senders                               receiver
 *      push push push ->  word (newest first)
 *                         --- take all, turn round --->  (oldest first)
 *                         <-- look at the only one; then sleep, or take all
 *
 * Who may call what:
 *      push            any thread
 *      everything else the worker that is running the owner, and nobody else
 *
 * Messages and signals of one sender are taken in the order in which it pushed them.
 * Exactly one push into a sleeping mailbox is told to wake the owner, so the owner is
 * never in two run queues and never asleep with mail.
 *
 * The word:
 *      bits 20..63   address of the newest message / 16, or 0
 *      bit  19       urgent: one of the chain should not wait its turn
 *      bits 3..18    messages in the chain, stops at its largest value
 *      bits 0..2     closed, asleep, door shut (only signals get in: the owner is ending)
 *
 * Without a chain the owner is awake and there is nothing new, or it is asleep, or it has
 * ended.  With a chain the owner is awake, or about to be: the push that turned `asleep`
 * into a chain was told so, and only one can have been.
 *
 * Only the receiver takes chains, with one exchange of the whole word, so there is no
 * moment when a message is half linked.  Nor is there an ABA problem: a message that the
 * receiver has looked at stays allocated and its own, and in the chain, until a take or a
 * park has removed it; so as long as the word is what it was, nothing has come.
 *
 * User addresses have 47 bits on x86-64 and at most 48 on 64-bit Arm as Linux gives them
 * out by default; push checks that the address fits.
 */
#ifndef COPPICE_CORE_MAILBOX_H
#define COPPICE_CORE_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/* Embedded first in every message; aligned to 16. */
typedef struct copi_mail {
    struct copi_mail *next;
} copi_mail;

typedef enum copi_pushed {
    COPI_PUSHED,      /* the owner will find it */
    COPI_PUSHED_MORE, /* ... behind a crowd of others: the sender had better slow down */
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

enum {
    COPI_BOX_SHUT = 1,
    COPI_BOX_ASLEEP = 2,
    COPI_BOX_CLOSED = 4,
    COPI_BOX_STATE = 7,
    COPI_BOX_COUNT_SHIFT = 3,
    COPI_BOX_ONE = 1 << COPI_BOX_COUNT_SHIFT,
    COPI_BOX_COUNT = ((1 << 16) - 1) << COPI_BOX_COUNT_SHIFT,
    COPI_BOX_URGENT = 1 << 19,
    COPI_BOX_CHAIN_SHIFT = 20,

    /* A mailbox with a smaller bound than this counts to the message; others tell senders
     * of what was handled in steps, and so may refuse up to a step too early. */
    COPI_BOX_EXACT = 256,
    COPI_BOX_STEP = 16,

    COPI_BOX_CROWD = 1024,
};

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

/* All new mail, oldest first, now the caller's; `last` is its newest.  NULL: none. */
copi_mail *copi_mailbox_take(copi_mailbox *self, copi_mail **last);

/* From now on only signals get in.  The owner is awake.  Sequentially consistent. */
void copi_mailbox_shut_door(copi_mailbox *self);

/* Do messages get in?  Any thread; sequentially consistent. */
static inline bool
copi_mailbox_is_open(copi_mailbox *self)
{
    return (atomic_load_explicit(&self->word, memory_order_seq_cst) &
            (COPI_BOX_CLOSED | COPI_BOX_SHUT)) == 0;
}

/* Refuses everything from now on.  False, and nothing changed, if there is mail. */
bool copi_mailbox_close(copi_mailbox *self);

/* ------------------------------------------------------- the path of every message */

static inline copi_mail *
copi_box_chain(uint64_t word)
{
    return (copi_mail *)(uintptr_t)(word >> COPI_BOX_CHAIN_SHIFT << 4);
}

static inline uint32_t
copi_box_count(uint64_t word)
{
    return (uint32_t)(word & COPI_BOX_COUNT) >> COPI_BOX_COUNT_SHIFT;
}

/* How many messages wait. */
static inline uint32_t
copi_box_waiting(copi_mailbox *self, uint64_t word)
{
    /* relaxed: a bound is a promise about memory, not about order. */
    return copi_box_count(word) + atomic_load_explicit(&self->backlog, memory_order_relaxed);
}

/* The upper part of a word. */
static inline uint64_t
copi_box_link(const copi_mail *mail)
{
    return (uint64_t)(uintptr_t)mail << (COPI_BOX_CHAIN_SHIFT - 4);
}

/* The word after `mail` has been put before what `word` holds. */
static inline uint64_t
copi_box_with(uint64_t word, const copi_mail *mail, copi_urgency urgency)
{
    uint64_t low = word & (COPI_BOX_URGENT | COPI_BOX_COUNT | COPI_BOX_SHUT);

    if (COPI_LIKELY((low & COPI_BOX_COUNT) != COPI_BOX_COUNT))
        low += COPI_BOX_ONE;
    if (urgency == COPI_URGENT)
        low |= COPI_BOX_URGENT;
    return copi_box_link(mail) | low;
}

static inline copi_pushed
copi_mailbox_push(copi_mailbox *self, copi_mail *mail, copi_urgency urgency)
{
    uint64_t word = atomic_load_explicit(&self->word, memory_order_relaxed);
    uint32_t waiting = 0;

    COPI_CHECK(((uint64_t)(uintptr_t)mail & (UINT64_C(0xffff) << 48 | 15)) == 0);
    do {
        if (COPI_UNLIKELY((word & (COPI_BOX_CLOSED | COPI_BOX_SHUT)) != 0) &&
            ((word & COPI_BOX_CLOSED) != 0 || urgency <= COPI_NEWCOMER))
            return COPI_PUSH_CLOSED;
        if (urgency == COPI_USER) {
            waiting = copi_box_waiting(self, word);
            if (COPI_UNLIKELY(waiting >=
                              atomic_load_explicit(&self->bound, memory_order_relaxed)))
                return COPI_PUSH_FULL;
        }
        mail->next = copi_box_chain(word);
        /* release: pairs with take; the message is visible.  acquire: pairs with park; if
         * we wake the owner, whoever runs it next sees all that its last run wrote. */
    } while (!atomic_compare_exchange_weak_explicit(
        &self->word, &word, copi_box_with(word, mail, urgency), memory_order_acq_rel,
        memory_order_relaxed));
    if ((word & COPI_BOX_ASLEEP) != 0)
        return COPI_PUSHED_WAKE;
    return COPI_UNLIKELY(waiting >= COPI_BOX_CROWD) ? COPI_PUSHED_MORE : COPI_PUSHED;
}

/* The same, newest first. */
static inline copi_mail *
copi_mailbox_take_newest(copi_mailbox *self)
{
    /* A load first: an empty mailbox must not cost an atomic write. */
    uint64_t word = atomic_load_explicit(&self->word, memory_order_relaxed);

    if (copi_box_chain(word) == NULL)
        return NULL;
    /* Only this worker changes the state of an owner that is awake, so the state read
     * above is still right.  acquire: pairs with push. */
    word = atomic_exchange_explicit(&self->word, word & COPI_BOX_STATE, memory_order_acquire);
    return copi_box_chain(word);
}

/*
 * The only message there is, without taking it, or NULL if there are none or several.  The
 * receiver may use it, but not free it before park_after has succeeded or it was taken.
 */
static inline copi_mail *
copi_mailbox_peek(copi_mailbox *self)
{
    /* acquire: pairs with push. */
    uint64_t word = atomic_load_explicit(&self->word, memory_order_acquire);

    return copi_box_count(word) == 1 ? copi_box_chain(word) : NULL;
}

/* Has an urgent signal come?  Cheap; for between two messages. */
static inline bool
copi_mailbox_is_urgent(copi_mailbox *self)
{
    return (atomic_load_explicit(&self->word, memory_order_relaxed) & COPI_BOX_URGENT) != 0;
}

/*
 * Goes to sleep.  False if mail came in the meantime: the owner is still awake.  After
 * true, touch nothing of the owner: a sender may have woken it on another worker.
 */
static inline bool
copi_mailbox_park(copi_mailbox *self)
{
    uint64_t word = atomic_load_explicit(&self->word, memory_order_relaxed) & COPI_BOX_SHUT;

    /* Fails if there is a chain.  release: pairs with the push that wakes. */
    return atomic_compare_exchange_strong_explicit(&self->word, &word, word | COPI_BOX_ASLEEP,
                                                   memory_order_release, memory_order_relaxed);
}

/* The same for an owner that is running, and has handled what it peeked at.  After true
 * `mail` is out of the mailbox. */
static inline bool
copi_mailbox_park_after(copi_mailbox *self, copi_mail *mail)
{
    uint64_t word = copi_box_link(mail) | COPI_BOX_ONE;

    return atomic_compare_exchange_strong_explicit(&self->word, &word, COPI_BOX_ASLEEP,
                                                   memory_order_release, memory_order_relaxed);
}

/* How much was taken and not handled yet, for the senders. */
static inline void
copi_mailbox_show_backlog(copi_mailbox *self, uint32_t backlog)
{
    /* relaxed: see copi_box_waiting. */
    if (backlog % COPI_BOX_STEP == 0 ||
        atomic_load_explicit(&self->bound, memory_order_relaxed) < COPI_BOX_EXACT)
        atomic_store_explicit(&self->backlog, backlog, memory_order_relaxed);
}

/* May a message be left in the mailbox while it is handled?  It counts as if it waited. */
static inline bool
copi_mailbox_may_peek(copi_mailbox *self)
{
    return atomic_load_explicit(&self->bound, memory_order_relaxed) >= COPI_BOX_EXACT;
}

#endif /* COPPICE_CORE_MAILBOX_H */
