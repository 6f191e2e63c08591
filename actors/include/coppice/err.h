/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h - the numbers that calls return, and a sentence for each.
 *
 * COP_OK is zero.  A handler that returns anything but COP_OK ends its actor with
 * that number as the code of its exit record.
 */
#ifndef COPPICE_ERR_H
#define COPPICE_ERR_H

#include <coppice/api.h>

#define COP_ERRORS(E)                                                                          \
    E(COP_OK, 0, "no error")                                                                   \
    E(COP_E_FAILED, 1, "failed")                                                               \
    E(COP_E_NOMEM, 2, "out of memory")                                                         \
    E(COP_E_INVAL, 3, "invalid argument")                                                      \
    E(COP_E_NOPROC, 4, "no such actor, or it has ended")                                       \
    E(COP_E_FULL, 5, "the mailbox is full")                                                    \
    E(COP_E_TIMEOUT, 6, "no answer before the deadline")                                       \
    E(COP_E_DOWN, 7, "the actor ended before it answered")                                     \
    E(COP_E_NOREPLY, 8, "the actor dropped the request without an answer")                     \
    E(COP_E_NOCONNECTION, 9, "no session with that node")                                      \
    E(COP_E_CANCELLED, 10, "cancelled, because the owner is ending")                           \
    E(COP_E_NAME_TAKEN, 11, "another actor has that name")                                     \
    E(COP_E_NO_NAME, 12, "no actor has that name")                                             \
    E(COP_E_IGNORE, 13, "init asked not to be started")                                        \
    E(COP_E_GONE, 14, "the owner or handle has ended")                                         \
    E(COP_E_SELF, 15, "an actor cannot wait for itself")                                       \
    E(COP_E_NO_HANDLER, 16, "the actor has no handler for this message")                       \
    E(COP_E_BAD_MESSAGE, 17, "the message does not decode")                                    \
    E(COP_E_TOO_LARGE, 18, "the message is over the size limit")                               \
    E(COP_E_BUSY, 19, "a send queue or the queue of jobs is full")                             \
    E(COP_E_ADDRESS, 20, "the address is malformed")                                           \
    E(COP_E_ADDRESS_IN_USE, 21, "the address is in use")                                       \
    E(COP_E_REFUSED, 22, "refused by policy")                                                  \
    E(COP_E_VERSION, 23, "the other node speaks another protocol version")                     \
    E(COP_E_NO_NODE, 24, "no node of that name is connected")                                  \
    E(COP_E_NO_BEHAVIOUR, 25, "no behaviour is registered under that name")                    \
    E(COP_E_OS, 26, "the operating system refused")                                            \
    E(COP_E_SIMULATED, 27, "not available in the simulator")                                   \
    E(COP_E_RUNNING, 28, "it is running")                                                      \
    E(COP_E_RESTARTING, 29, "it is being restarted")                                           \
    E(COP_E_ALREADY_PRESENT, 30, "a child of that name exists, but does not run")              \
    E(COP_E_NOT_FOUND, 31, "not found")                                                        \
    E(COP_E_NOT_MINE, 32, "the handle belongs to another actor")                               \
    E(COP_E_NAME_CONFLICT, 33, "another node of the same name is alive")                       \
    E(COP_E_POISON, 34, "handling it has ended too many actors")

typedef enum cop_err {
#define COPI_ERR_ENUM(name, number, text) name = number,
    COP_ERRORS(COPI_ERR_ENUM)
#undef COPI_ERR_ENUM
} cop_err;

/* "COP_E_FULL"; "COP_E_UNKNOWN" for a number that is not in the list.  Any thread; static. */
COP_API const char *cop_err_name(cop_err err);

/* "the mailbox is full"; a fixed sentence for other numbers.  Any thread; static. */
COP_API const char *cop_err_text(cop_err err);

#endif /* COPPICE_ERR_H */
