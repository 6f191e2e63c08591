/* SPDX-License-Identifier: Apache-2.0 */
#include "core/mailbox.h"

enum {
    AWAKE = 0
};

void
copi_mailbox_init(copi_mailbox *self)
{
    atomic_init(&self->word, COPI_BOX_CLOSED);
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

copi_mail *
copi_mailbox_take(copi_mailbox *self, copi_mail **last)
{
    copi_mail *newest = copi_mailbox_take_newest(self), *oldest = NULL;

    *last = newest;
    while (newest != NULL) {
        copi_mail *older = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = older;
    }
    return oldest;
}

void
copi_mailbox_shut_door(copi_mailbox *self)
{
    atomic_fetch_or_explicit(&self->word, COPI_BOX_SHUT, memory_order_seq_cst);
}

bool
copi_mailbox_close(copi_mailbox *self)
{
    uint64_t word = atomic_load_explicit(&self->word, memory_order_relaxed) & COPI_BOX_SHUT;

    return atomic_compare_exchange_strong_explicit(&self->word, &word, COPI_BOX_CLOSED,
                                                   memory_order_release, memory_order_relaxed);
}
