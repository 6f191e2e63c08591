/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.h - what other nodes have told of their names.
 *
 * Written by the hub, read by any thread, under one mutex: names are looked up once and
 * then the pid is kept.
 */
#ifndef COPPICE_NODE_NAMES_H
#define COPPICE_NODE_NAMES_H

#include <pthread.h>

#include <coppice/pid.h>

typedef struct copi_far_name copi_far_name;

typedef struct copi_names {
    pthread_mutex_t lock; /* everything */
    copi_far_name **buckets;
    uint32_t bucket_count; /* a power of two */
    uint32_t count;
} copi_names;

cop_err copi_names_init(copi_names *self);
void copi_names_fini(copi_names *self);

/* The name on that node is now `pid`'s; none: nobody's.  COP_E_NOMEM. */
cop_err copi_names_set(copi_names *self, const char *name, const char *node, cop_pid pid);
/* Forgets all names of a run of a node. */
void copi_names_drop(copi_names *self, uint64_t incarnation);
cop_pid copi_names_find(copi_names *self, const char *name, const char *node);

#endif /* COPPICE_NODE_NAMES_H */
