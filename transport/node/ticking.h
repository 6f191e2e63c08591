/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ticking.h - the hub's own messages about time.
 */
#ifndef COPPICE_NODE_TICKING_H
#define COPPICE_NODE_TICKING_H

#include <coppice/type.h>

/* It is time to look at lines and peers. */
typedef struct copi_tick {
    int unused;
} copi_tick;

extern const cop_type copi_tick_type;

#endif /* COPPICE_NODE_TICKING_H */
