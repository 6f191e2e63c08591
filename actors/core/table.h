/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - slots for actors: slot number -> record, type-stable.
 */
#ifndef COPPICE_CORE_TABLE_H
#define COPPICE_CORE_TABLE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/check.h"
#include "core/actor.h"

enum {
    COPI_CHUNK = 1024,       /* records in one chunk */
    COPI_CHUNKS_MAX = 65536, /* 67 million actors */
    COPI_FREE_KEEP = 256,    /* records that a worker keeps for itself */
};

/* Free records of one worker; its thread only. */
typedef struct copi_free_slots {
    copi_task *first; /* linked through their tasks */
    uint32_t count;
} copi_free_slots;

typedef struct copi_table {
    /* Chunks appear with release and stay; readers acquire. */
    _Atomic(cop_actor *) *chunks;
    copi_free_slots *per_worker;

    pthread_mutex_t lock; /* what follows */
    uint32_t chunk_count;
    copi_free_slots shared;
} copi_table;

cop_err copi_table_init(copi_table *self, unsigned workers);
void copi_table_fini(copi_table *self);

/* A free record with a fresh id; NULL if there is no memory.  `worker`'s thread. */
cop_actor *copi_table_take(copi_table *self, copi_worker *worker);
/* Gives a record back; its pid is stale from now on. */
void copi_table_give(copi_table *self, copi_worker *worker, cop_actor *actor);

/* The record in a slot, whoever lives there now; NULL if there never was one.  Any thread. */
static inline cop_actor *
copi_table_find(copi_table *self, uint32_t slot)
{
    if (COPI_UNLIKELY(slot / COPI_CHUNK >= COPI_CHUNKS_MAX))
        return NULL;
    /* acquire: pairs with add_chunk. */
    cop_actor *chunk =
        atomic_load_explicit(&self->chunks[slot / COPI_CHUNK], memory_order_acquire);
    return COPI_UNLIKELY(chunk == NULL) ? NULL : &chunk[slot % COPI_CHUNK];
}

/* Calls `visit` for every record there is, used or not; nothing may run meanwhile. */
void copi_table_each(copi_table *self, void (*visit)(cop_actor *, void *), void *ctx);

#endif /* COPPICE_CORE_TABLE_H */
