/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outgoing.h - a parcel for another node, made into a record on the sender's thread.
 *
 * It travels to the hub as a request, which is not refused for want of room: what may be
 * refused was refused before.
 */
#ifndef COPPICE_NODE_OUTGOING_H
#define COPPICE_NODE_OUTGOING_H

#include "node/hub.h"

typedef struct copi_outgoing {
    copi_cluster *cluster;
    copi_gate *gate;
    uint64_t epoch;
    copi_kind kind;
    bool by_link;
    cop_pid from, to;
    uint64_t ref;
    int32_t within_ms; /* of a call */
    size_t size;       /* of the record that follows */
    uint8_t record[];
} copi_outgoing;

/* An envelope whose request the hub runs.  COP_E_INVAL (a type that never leaves the
 * process), COP_E_TOO_LARGE, COP_E_NOMEM. */
cop_err copi_outgoing_new(copi_cluster *self, copi_worker *worker, const copi_parcel *parcel,
                          copi_gate *gate, uint64_t epoch, copi_envelope **out, size_t *size);

#endif /* COPPICE_NODE_OUTGOING_H */
