/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold.h - more references to the buffers of a message, for sending it more than once.
 */
#ifndef COPPICE_SUPERVISOR_PG_HOLD_H
#define COPPICE_SUPERVISOR_PG_HOLD_H

#include <coppice/type.h>

/* Takes one more reference for each that the message holds: what a send takes over. */
void copi_message_hold(const cop_type *type, const void *message);

#endif /* COPPICE_SUPERVISOR_PG_HOLD_H */
