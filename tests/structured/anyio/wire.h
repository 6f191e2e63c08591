/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h - one end of a connection: what it carries are lines to and from its only child.
 *
 *      client --- wire ======= wire --- session
 *
 * Between the two wires is a socket, or in the simulator, where there are none, messages.  A
 * wire ends when its child has, and all that this had said is out; its child hears `gone` when
 * the other end is.  A child that fails takes its wire along.
 */
#ifndef COPPICE_TESTS_STRUCTURED_ANYIO_WIRE_H
#define COPPICE_TESTS_STRUCTURED_ANYIO_WIRE_H

#include "session.h"

#define WIRE(M, F)                                                                             \
    M(1, connect_me)                                                                           \
    M(2, connected)                                                                            \
    M(3, carried, F(str, text))                                                                \
    M(4, far_gone)
COP_PROTOCOL(WIRE)

/* The argument of its init. */
typedef struct wire_arg {
    const cop_behaviour *inner;
    void *inner_arg;
    void (*inner_dispose)(void *arg);
    int fd;       /* a socket that does not block, the wire's from then on; -1: messages */
    cop_pid far;  /* of messages: the other wire; none: it is to be asked for ... */
    cop_pid from; /* ... from who is sent connect_me, and starts that */
} wire_arg;

extern const cop_behaviour wire_b;

#endif /* COPPICE_TESTS_STRUCTURED_ANYIO_WIRE_H */
