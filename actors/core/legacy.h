/* SPDX-License-Identifier: Apache-2.0 */
/*
 * legacy.h - what waits for an actor when it ends, kept for its successor.
 */
#ifndef COPPICE_CORE_LEGACY_H
#define COPPICE_CORE_LEGACY_H

#include "core/actor.h"

/* Is it one of those that stay for the successor of `self`, which is ending? */
bool copi_legacy_keeps(const cop_actor *self, const copi_envelope *envelope);

/* Is it to stay though the actor's handler has failed with it, or has called cop_stop_with?
 * Not if the handler went well. */
bool copi_legacy_keeps_killer(const cop_actor *self, const copi_envelope *envelope,
                              cop_err err);

/* The actor's handler has failed with this message, or has called cop_stop_with.  True if the
 * message is to be kept, as one that has killed. */
bool copi_legacy_keep_killer(cop_actor *self, copi_envelope *envelope, cop_err err);

/* What an actor that has ended left, now its owner's. */
cop_legacy copi_legacy_of(cop_actor *ended, cop_actor *owner);

/* Puts it before all other messages of an actor that begins. */
void copi_legacy_inherit(cop_actor *self, cop_legacy *legacy);

#endif /* COPPICE_CORE_LEGACY_H */
