/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookout.h - what can be seen of an actor that does not answer, from another worker.
 *
 * That it runs is seen from its worker, and that it is in the same handler all the time from
 * what the worker counts; what it handles is told by its thread, see capture.h.
 */
#ifndef COPPICE_DEBUG_LOOKOUT_H
#define COPPICE_DEBUG_LOOKOUT_H

#include <coppice/snapshot.h>

#include "debug/capture.h"

typedef struct copi_lookout copi_lookout;

/* Where all workers were at a time. */
typedef struct copi_moments {
    int64_t at; /* nanoseconds of copi_worker_now */
    copi_moment of[COPI_WORKERS_MAX];
} copi_moments;

/* Any worker. */
void copi_lookout_note(cop_node *node, copi_moments *out);

/* Fills in the state of an actor that has not answered since then: BUSY or SILENT. */
void copi_lookout_look(cop_node *node, const copi_moments *since, cop_row *row);

/* After the workers were joined. */
void copi_lookout_free(cop_node *node);

#endif /* COPPICE_DEBUG_LOOKOUT_H */
