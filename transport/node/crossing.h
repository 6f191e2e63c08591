/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crossing.h - what crosses one session: links, monitors, calls that wait.
 *
 * Learned from the signals that pass, so that the session's end can be told to every
 * actor here that is concerned.  An entry too many is harmless, actors know their own
 * ties; one too few would be a lost signal.
 */
#ifndef COPPICE_NODE_CROSSING_H
#define COPPICE_NODE_CROSSING_H

#include "base/map.h"
#include "core/post.h"

typedef struct copi_crossing {
    copi_map links;      /* key: ids of the actor here and there */
    copi_map watching;   /* monitors from here; key: 0, ref */
    copi_map watched;    /* monitors from there; key: 0, ref */
    copi_map calls;      /* calls from here; key: 0, ref */
    uint32_t calls_kept; /* at the last sweep */
    int64_t swept_at;
} copi_crossing;

typedef enum copi_way {
    COPI_OUTWARD,
    COPI_INWARD,
} copi_way;

/* A signal or message passes; `here` and `there` are its ends, and after `due` nobody waits
 * for the answer to a call.  False without memory. */
bool copi_crossing_note(copi_crossing *self, copi_way way, copi_kind kind, uint64_t here,
                        uint64_t there, uint64_t ref, bool by_link, int64_t due);

/* Forgets the calls that nobody waits for any more; now and then. */
void copi_crossing_sweep(copi_crossing *self, int64_t now);

/* Sends to the actors here what the loss of node `there` means to them; empties all. */
void copi_crossing_end(copi_crossing *self, cop_node *node, copi_worker *worker,
                       uint64_t there);

/* Empties all without a word. */
void copi_crossing_fini(copi_crossing *self);

#endif /* COPPICE_NODE_CROSSING_H */
