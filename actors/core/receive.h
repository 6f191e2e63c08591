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

/* Puts an envelope ahead of what waits for its turn. */
void copi_prepend(cop_actor *self, copi_envelope *envelope);

#endif /* COPPICE_CORE_RECEIVE_H */
