/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.h - where a node listens: which texts are addresses, and which of them are
 * allowed, decided before nanomsg sees them (it aborts on some of the others).
 *
 *      tcp://127.0.0.1:7001     an IPv4 literal and a port
 *      ipc:///run/app/a.sock    an absolute path of at most 107 bytes
 */
#ifndef COPPICE_LINK_ADDRESS_H
#define COPPICE_LINK_ADDRESS_H

#include <stdbool.h>

#include <coppice/err.h>

/* COP_E_ADDRESS if it is none; COP_E_REFUSED if it is not on this machine, which takes
 * keys that this version does not have. */
COP_MUST_USE cop_err copi_address_check(const char *address);

/* The path of an ipc address; NULL for others. */
const char *copi_address_path(const char *address);

#endif /* COPPICE_LINK_ADDRESS_H */
