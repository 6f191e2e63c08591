/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.h - what the runtime itself does with trees; <coppice/snapshot.h> is what others do.
 */
#ifndef COPPICE_DEBUG_SNAPSHOT_H
#define COPPICE_DEBUG_SNAPSHOT_H

#include "core/actor.h"

/* Takes the tree and writes it to the log when it is there.  The runner of `me`. */
void copi_snapshot_log(cop_actor *me);

/* The owner is about to kill a child that has had its time: COP_EVENT_SLOW_STOP, now or when it
 * is known who waits for whom.  The owner's runner. */
void copi_slow_stop(cop_actor *owner, const cop_actor *child);

#endif /* COPPICE_DEBUG_SNAPSHOT_H */
