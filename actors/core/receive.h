/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receive.h - taking mail: signals act, messages wait for their turn.
 */
#ifndef COPPICE_CORE_RECEIVE_H
#define COPPICE_CORE_RECEIVE_H

#include "core/actor.h"

/* Is it for this actor, and not for one who had its slot before? */
static inline bool
copi_is_for(const cop_actor *self, const copi_envelope *envelope)
{
    return envelope->generation ==
           copi_generation(atomic_load_explicit(&self->id, memory_order_relaxed));
}

/*
 * The only message there is, if it is one of the kinds up to `last`, left where it is.  Most
 * messages come alone, and one that is not taken out costs an atomic exchange less: the park
 * that follows removes it.  But it is freed only after that, when the actor may run elsewhere
 * and look whether a buffer that came with it is its own by now: not one with buffers.
 */
static inline copi_envelope *
copi_lone_message(cop_actor *self, copi_kind last)
{
    copi_mail *mail = copi_mailbox_peek(&self->mailbox);

    if (mail == NULL || !copi_mailbox_may_peek(&self->mailbox))
        return NULL;
    copi_envelope *envelope = copi_envelope_of(mail);
    return envelope->kind <= (uint32_t)last && !envelope->has_bufs &&
                   copi_is_for(self, envelope)
               ? envelope
               : NULL;
}

/* Is it an answer, or a call's deadline? */
static inline bool
copi_ends_a_call(const copi_envelope *envelope)
{
    return envelope->kind == COPI_DEADLINE || envelope->kind == COPI_REPLY ||
           envelope->kind == COPI_REPLY_ERROR;
}

/* Puts an envelope ahead of what waits for its turn. */
void copi_prepend(cop_actor *self, copi_envelope *envelope);

#endif /* COPPICE_CORE_RECEIVE_H */
