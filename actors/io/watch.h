/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.h - one watch of a descriptor, as its actor has it (watch.c), and as a child of a local
 * scope (watch_leaf.c).  All of it is the runner's, but for what libevent calls: the worker's
 * whose base it is in, which is the runner's as long as the actor has a watch.
 */
#ifndef COPPICE_IO_WATCH_H
#define COPPICE_IO_WATCH_H

#include <coppice/watch.h>

#include "core/scope.h"

struct event;

/* Key: 0, ref. */
typedef struct copi_watch {
    copi_map_node node;
    copi_envelope due; /* COPI_WATCH */
    struct event *event;
    cop_actor *actor;
    copi_leaf *leaf; /* as a child of a scope; NULL: it is the actor's */
    int fd;
    unsigned events; /* wanted */
    unsigned ready;  /* of the envelope in the mailbox */
    bool is_queued;
    bool is_dropped;
} copi_watch;

/* watch.c */

/* The actor watches from now on.  As cop_watch_open. */
cop_err copi_watch_open(cop_actor *me, int fd, unsigned events, copi_watch **out);
/* It watches no more; the memory goes when nothing of it is on its way. */
void copi_watch_remove(cop_actor *self, copi_watch *watch);

/* watch_leaf.c */

/* Its watch has been closed by hand. */
void copi_watch_leaf_closed(cop_actor *me, copi_leaf *leaf);
/* The handler of a watch in that scope, by its number, has returned an error; NULL: the watch
 * has been closed meanwhile.  What the handler is to return for it. */
cop_err copi_watch_blame(cop_actor *self, copi_watch *watch, uint32_t scope, cop_err err);

#endif /* COPPICE_IO_WATCH_H */
