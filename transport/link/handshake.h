/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handshake.h - what to do about somebody who says hello, decided without doing it.
 */
#ifndef COPPICE_LINK_HANDSHAKE_H
#define COPPICE_LINK_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/frame.h"

typedef enum copi_greeting {
    COPI_GREET_ACCEPT,  /* a new link */
    COPI_GREET_AGAIN,   /* the same one: our answer was lost, answer again */
    COPI_GREET_REPLACE, /* a newer one of the same node: what there was has ended */
    COPI_GREET_STALE,   /* an older one, overtaken: no answer */
    COPI_GREET_REFUSE,  /* with the error */
} copi_greeting;

/* What we know when a hello comes. */
typedef struct copi_known {
    const char *name; /* ours */
    uint64_t incarnation;
    bool is_name_held; /* another run of a node with that name is connected */
    bool has_link;     /* a link of that same run is open */
    uint64_t newest;   /* the highest link number of that same run, or 0 */
} copi_known;

/* `err` is what reading the hello returned; *why is set for REFUSE. */
copi_greeting copi_greet(const copi_known *known, const copi_hello *hello, cop_err err,
                         uint64_t link, cop_err *why);

/* The same for who answers our hello: COP_OK or why we do not want him. */
cop_err copi_welcome(const copi_known *known, const copi_hello *hello, cop_err err);

#endif /* COPPICE_LINK_HANDSHAKE_H */
