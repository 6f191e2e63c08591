/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest.h - a node that lives on an application's own event_base.
 *
 * For a program that has a libevent loop already, and moves under a tree one part at a time.
 * The node has one worker and no thread for it: its actors run in turns in the loop's thread,
 * beside the application's callbacks, and timers and watches of the node are events of that
 * base.  See docs/guest.md.
 *
 *      cop_guest_attach -- the loop runs --> cop_guest_detach, or the tree ends by itself
 *                                                -- the loop goes on --> detached
 *
 * All but cop_guest_detach is for the thread that runs the loop, between two of the node's
 * turns: not from code of its actors.  What node.h offers to any thread may be called by any
 * thread, the loop's too: nothing of it waits there, but for cop_node_free.  The base needs no
 * locks (evthread_use_pthreads): other threads wake it by a descriptor.
 */
#ifndef COPPICE_GUEST_H
#define COPPICE_GUEST_H

#include <coppice/node.h>

struct event_base;

/* Zero is the default of each. */
typedef struct cop_guest_opts {
    cop_node_opts node;   /* workers 0 or 1, no unix signals: they are the application's */
    cop_spawn_opts spawn; /* of the main actor */

    /*
     * The tree has ended, because it was detached, or by itself; nothing of the node is on the
     * base any more.  Called once, in the loop.  `status` is what cop_node_wait returns, `why`
     * is borrowed.  The node is to be freed, here or later.
     */
    void (*detached)(void *ctx, cop_node *node, int status, const cop_exit *why);
    void *ctx;

    /* How long a turn may last until the application's events get theirs, in microseconds; 0:
     * 1000.  It is over after the slice of messages (64 at most) in which that time ends: a
     * handler is not interrupted. */
    uint32_t turn_us;
    /* How long cop_node_free may wait for a tree that has not ended, in milliseconds; then what
     * is left is killed.  0: 5000; COP_INFINITY. */
    int32_t free_ms;
} cop_guest_opts;

/*
 * Makes a node on `base`, which it borrows until it is detached or freed, and starts its main
 * actor; when that ends the node ends.  Init runs in this call.  While there is a node the loop
 * does not end for want of events.  `opts` and `pid` may be NULL.  What init returned;
 * COP_E_INVAL (options, unix signals among them; more than one worker), COP_E_NOMEM, COP_E_OS:
 * nothing is left on the base.
 */
COP_API COP_MUST_USE cop_err cop_guest_attach(cop_node **out, struct event_base *base,
                                              const cop_behaviour *behaviour,
                                              const cop_guest_opts *opts, cop_pid *pid);

/* Asks the tree to end, and returns at once; as cop_node_stop(node, NULL).  The loop has to go
 * on until `detached` is called.  Any thread, and actors too. */
COP_API void cop_guest_detach(cop_node *node);

/*
 * cop_node_free of a guest that has not ended takes it off the base and runs it here, alone,
 * until its tree has ended, for no longer than free_ms and what it then takes to kill it;
 * no event of the application is called meanwhile, and `detached` is not either.  For when the
 * loop has ended first, or in a callback of it.  The base must still be there.
 *
 * cop_node_wait is for other threads; in the loop's it may be called after `detached`.
 */

#endif /* COPPICE_GUEST_H */
