/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mailbox.c - see mailbox.h for what it promises; here is how.
 *
 *      bits 20..63   address of the newest message / 16, or 0
 *      bit  19       urgent: one of the chain is
 *      bits 3..18    messages in the chain, stops at its largest value
 *      bits 0..2     closed, asleep, door shut
 *
 * Without a chain the owner is awake and there is nothing new, or it is asleep, or it has
 * ended.  With a chain the owner is awake, or about to be: the push that turned `asleep`
 * into a chain was told so, and only one can have been.  Only the receiver takes chains,
 * with one exchange of the whole word, so there is no ABA problem and no moment when a
 * message is half linked.
 *
 * User addresses have 47 bits on x86-64 and at most 48 on 64-bit Arm as Linux gives them
 * out by default; push checks that the address fits.
 */
#include "core/mailbox.h"

#include <stddef.h>

#include "base/check.h"

enum {
    AWAKE = 0,
    SHUT = 1,
    ASLEEP = 2,
    CLOSED = 4,
    STATE_MASK = 7,
    COUNT_SHIFT = 3,
    COUNT_MAX = (1 << 16) - 1,
    CHAIN_SHIFT = 20,
};

static const uint64_t urgent_mark = UINT64_C(1) << 19;

static copi_mail *
chain_of(uint64_t word)
{
    return (copi_mail *)(uintptr_t)(word >> CHAIN_SHIFT << 4);
}

static uint32_t
count_of(uint64_t word)
{
    return (uint32_t)(word >> COUNT_SHIFT) & COUNT_MAX;
}

static unsigned
state_of(uint64_t word)
{
    return (unsigned)(word & STATE_MASK);
}

void
copi_mailbox_init(copi_mailbox *self)
{
    atomic_init(&self->word, CLOSED);
    atomic_init(&self->backlog, 0);
    atomic_init(&self->bound, 0);
}

void
copi_mailbox_open(copi_mailbox *self, uint32_t bound)
{
    atomic_store_explicit(&self->backlog, 0, memory_order_relaxed);
    atomic_store_explicit(&self->bound, bound, memory_order_relaxed);
    /* release: a push that finds the mailbox open sees the owner's fields. */
    atomic_store_explicit(&self->word, AWAKE, memory_order_release);
}

static bool
is_full(copi_mailbox *self, uint64_t word)
{
    /* relaxed: a bound is a promise about memory, not about order. */
    return count_of(word) + atomic_load_explicit(&self->backlog, memory_order_relaxed) >=
           atomic_load_explicit(&self->bound, memory_order_relaxed);
}

/* The word after `mail` has been put before what `word` holds. */
static uint64_t
with_mail(uint64_t word, copi_mail *mail, copi_urgency urgency)
{
    uint64_t count = count_of(word) < COUNT_MAX ? count_of(word) + 1u : COUNT_MAX;
    unsigned state = state_of(word) & ~(unsigned)ASLEEP;
    uint64_t urgent = urgency == COPI_URGENT ? urgent_mark : word & urgent_mark;

    return (uint64_t)(uintptr_t)mail << (CHAIN_SHIFT - 4) | urgent | count << COUNT_SHIFT |
           state;
}

copi_pushed
copi_mailbox_push(copi_mailbox *self, copi_mail *mail, copi_urgency urgency)
{
    uint64_t word = atomic_load_explicit(&self->word, memory_order_relaxed);

    COPI_CHECK(((uintptr_t)mail & 15) == 0 && (uint64_t)(uintptr_t)mail >> 48 == 0);
    do {
        if ((word & CLOSED) != 0 || ((word & SHUT) != 0 && urgency <= COPI_NEWCOMER))
            return COPI_PUSH_CLOSED;
        if (urgency == COPI_USER && is_full(self, word))
            return COPI_PUSH_FULL;
        mail->next = chain_of(word);
        /* release: pairs with take; the message is visible.  acquire: pairs with park; if
         * we wake the owner, whoever runs it next sees all that its last run wrote. */
    } while (!atomic_compare_exchange_weak_explicit(
        &self->word, &word, with_mail(word, mail, urgency), memory_order_acq_rel,
        memory_order_relaxed));
    return (word & ASLEEP) != 0 ? COPI_PUSHED_WAKE : COPI_PUSHED;
}

copi_mail *
copi_mailbox_take(copi_mailbox *self, copi_mail **last)
{
    /* A load first: an empty mailbox must not cost an atomic write. */
    uint64_t word = atomic_load_explicit(&self->word, memory_order_relaxed);

    if (chain_of(word) == NULL)
        return NULL;
    /* Only this worker changes the state of an owner that is awake, so the state read
     * above is still right.  acquire: pairs with push. */
    word = atomic_exchange_explicit(&self->word, state_of(word), memory_order_acquire);
    copi_mail *newest = chain_of(word), *oldest = NULL;
    *last = newest;
    while (newest != NULL) {
        copi_mail *older = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = older;
    }
    return oldest;
}

bool
copi_mailbox_park(copi_mailbox *self)
{
    uint64_t word = atomic_load_explicit(&self->word, memory_order_relaxed) & SHUT;

    /* Fails if there is a chain.  release: pairs with the push that wakes. */
    return atomic_compare_exchange_strong_explicit(&self->word, &word, word | ASLEEP,
                                                   memory_order_release, memory_order_relaxed);
}

void
copi_mailbox_shut_door(copi_mailbox *self)
{
    /* relaxed: it only changes who gets in. */
    atomic_fetch_or_explicit(&self->word, SHUT, memory_order_relaxed);
}

bool
copi_mailbox_close(copi_mailbox *self)
{
    uint64_t word = atomic_load_explicit(&self->word, memory_order_relaxed) & SHUT;

    return atomic_compare_exchange_strong_explicit(&self->word, &word, CLOSED,
                                                   memory_order_release, memory_order_relaxed);
}
