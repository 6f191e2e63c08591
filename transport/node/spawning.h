/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawning.h - how one node has another start an actor.
 *
 *      stub (child of the caller)             scope (of the session, over there)
 *      copi_spawn_request       -- call -->   starts it, watches it and the stub
 *                               <---------    copi_spawn_reply, or an error
 *      copi_spawn_stop          --------->    tells it to stop
 *                               <---------    copi_spawn_ended, and why
 *
 * The reply and the end come from one actor and so in this order, which they would not
 * if the stub watched the actor itself: that may have ended before the watching begins.
 */
#ifndef COPPICE_NODE_SPAWNING_H
#define COPPICE_NODE_SPAWNING_H

#include <coppice/message.h>

enum {
    COPI_SPAWN_RETRY_MS = 20,
};

/* The name under which a node knows the scope that another keeps for it. */
#define COPI_SPAWNER "$spawner"

#define COPI_SPAWNING(M, F)                                                                    \
    M(1, copi_spawn_request, F(str, behaviour) F(u32, arg_id) F(bytes, arg))                   \
    M(2, copi_spawn_reply, F(pid, pid))                                                        \
    M(3, copi_spawn_stop, F(pid, pid))                                                         \
    M(4, copi_spawn_ended, F(bytes, why))
COP_PROTOCOL(COPI_SPAWNING)

/* Has the line refused it for now? */
static inline bool
copi_spawn_is_busy(cop_err err)
{
    return err == COP_E_BUSY || err == COP_E_FULL || err == COP_E_NOMEM;
}

#endif /* COPPICE_NODE_SPAWNING_H */
