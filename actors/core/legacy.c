/* SPDX-License-Identifier: Apache-2.0 */
/*
 * legacy.c - what waits for an actor when it ends, kept for its successor.
 *
 * The messages stay in the record of the actor that has ended, as its batch, until the owner
 * looks at that; then they are the owner's, and in the end the batch of another actor.  Only
 * messages are kept: replies, timers and the like were the dead actor's own.
 */
#include "core/legacy.h"

#include "core/node.h"

/* Of the runtime, about this life and nobody else's. */
static bool
is_personal(const cop_type *type)
{
    return type == &cop_stopping_type || type == &cop_exited_type ||
           type == &cop_child_down_type;
}

bool
copi_legacy_keeps(const cop_actor *self, const copi_envelope *envelope)
{
    if (!self->keeps_mail || cop_pid_equal(envelope->from, copi_pid_of(self)))
        return false; /* what it says to itself, its next life says again */
    /* A message with a number was a call, which has been answered or put off. */
    return envelope->kind == COPI_CALL || (envelope->kind == COPI_USER_MESSAGE &&
                                           envelope->ref == 0 && !is_personal(envelope->type));
}

bool
copi_legacy_keeps_killer(const cop_actor *self, const copi_envelope *envelope, cop_err err)
{
    bool is_to_blame = err != COP_OK || (self->is_leaving && self->exit_kind == COP_EXIT_ERROR);

    /* What came with buffers may have been given away by the handler. */
    return is_to_blame && copi_legacy_keeps(self, envelope) && !envelope->has_bufs;
}

bool
copi_legacy_keep_killer(cop_actor *self, copi_envelope *envelope, cop_err err)
{
    if (!copi_legacy_keeps_killer(self, envelope, err))
        return false;
    if (!envelope->is_suspect)
        self->deaths = 1;
    else if (self->deaths < UINT8_MAX)
        self->deaths++;
    envelope->is_suspect = true;
    return true;
}

/* It may be innocent: whoever has sent it just came first. */
static uint32_t
deaths_by(const cop_actor *ended)
{
    return ended->batch != NULL && copi_envelope_of(ended->batch)->is_suspect ? ended->deaths
                                                                              : 0;
}

cop_legacy
copi_legacy_of(cop_actor *ended, cop_actor *owner)
{
    cop_legacy left = {.first = ended->batch,
                       .last = ended->batch_last,
                       .keeper = owner,
                       .count = ended->batch_count,
                       .deaths = deaths_by(ended),
                       .of = copi_pid_of(ended)};

    ended->batch = ended->batch_last = NULL;
    ended->batch_count = 0;
    return left;
}

void
copi_legacy_inherit(cop_actor *self, cop_legacy *legacy)
{
    copi_mail *last = legacy->last;

    if (legacy->count == 0)
        return;
    /* Before what init has left there. */
    last->next = self->batch;
    if (self->batch == NULL)
        self->batch_last = last;
    self->batch = legacy->first;
    self->batch_count += legacy->count;
    self->deaths = (uint8_t)legacy->deaths;
    /* relaxed, as in copi_mailbox_show_backlog; whatever the bound, it is to know of these. */
    atomic_store_explicit(&self->mailbox.backlog, self->batch_count, memory_order_relaxed);
    *legacy = (cop_legacy){0};
}

cop_legacy
cop_legacy_take(const cop_child_end *end)
{
    cop_legacy taken = {0};

    if (end->legacy != NULL) {
        taken = *end->legacy;
        *end->legacy = (cop_legacy){0};
    }
    return taken;
}

void
cop_legacy_drop_first(cop_actor *me, cop_legacy *legacy, cop_err why)
{
    copi_mail *first = legacy->first;

    if (first == NULL)
        return;
    legacy->first = first->next;
    legacy->count--;
    legacy->deaths = 0;
    copi_bounce(me->node, me->worker, legacy->of, copi_envelope_of(first), why);
    if (legacy->first == NULL)
        *legacy = (cop_legacy){0};
}

/* Nobody is told: there is nobody any more. */
static void
free_all(cop_actor *keeper, cop_legacy *legacy)
{
    for (copi_mail *mail = legacy->first, *next; mail != NULL; mail = next) {
        next = mail->next;
        copi_envelope_free(keeper->worker, copi_envelope_of(mail));
    }
    *legacy = (cop_legacy){0};
}

void
cop_legacy_drop(cop_actor *me, cop_legacy *legacy)
{
    cop_actor *keeper = me != NULL ? me : legacy->keeper;

    if (legacy->first != NULL && keeper->phase == COPI_FREE)
        free_all(keeper, legacy);
    while (legacy->first != NULL)
        cop_legacy_drop_first(keeper, legacy, COP_E_DOWN);
}
