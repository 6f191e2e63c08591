/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.h - readiness of file descriptors as messages.
 *
 * A watch belongs to the actor that opened it; the descriptor stays the caller's and must
 * stay open until the watch is closed or the actor ends.  At most one cop_ready per watch
 * waits in the mailbox; the descriptor is looked at again after it has been handled.
 */
#ifndef COPPICE_WATCH_H
#define COPPICE_WATCH_H

#include <coppice/scope.h>

typedef struct cop_watch {
    cop_ref ref;
} cop_watch;

enum {
    COP_READABLE = 1, /* or the other end has closed, or an error waits */
    COP_WRITABLE = 2,
};

/* The descriptor is ready for the events. */
typedef struct cop_ready {
    cop_watch watch;
    int fd;
    unsigned events;
} cop_ready;

extern COP_API const cop_type cop_ready_type;

/*
 * Starts to watch `fd`, which must not block, for any of `events`.  COP_E_NOMEM,
 * COP_E_INVAL, COP_E_OS (cannot be watched, such as a regular file), COP_E_SIMULATED,
 * COP_E_GONE (this actor is ending).
 */
COP_API COP_MUST_USE cop_err cop_watch_open(cop_actor *me, int fd, unsigned events,
                                            cop_watch *out);
/*
 * The same in a scope of this actor, until it is closed or the scope cancelled; a scope does
 * not end by itself while it has one.  If the handler of a cop_ready fails, the scope does.
 * COP_E_CANCELLED (the scope is), COP_E_NOT_MINE, COP_E_FULL as well.
 */
COP_API COP_MUST_USE cop_err cop_scope_watch(cop_actor *me, cop_scope scope, int fd,
                                             unsigned events, cop_watch *out);
/* Watches for other events from now on, or with 0 for none.  COP_E_GONE for a closed
 * watch; COP_E_INVAL, COP_E_OS. */
COP_API COP_MUST_USE cop_err cop_watch_change(cop_actor *me, cop_watch watch, unsigned events);
/* No cop_ready of it comes any more.  Closing twice is harmless. */
COP_API void cop_watch_close(cop_actor *me, cop_watch watch);

#endif /* COPPICE_WATCH_H */
