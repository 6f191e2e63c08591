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

/* On that run of the node the name is now `pid`'s; id 0: nobody's.  Two runs of one name
 * may tell theirs at a time: what is not shown is not found yet.  COP_E_NOMEM. */
cop_err copi_names_set(copi_names *self, const char *name, const char *node, cop_pid pid,
                       bool is_shown);
/* From now on the names of this run are found. */
void copi_names_show(copi_names *self, uint64_t incarnation);
/* Forgets all names of a run of a node. */
void copi_names_drop(copi_names *self, uint64_t incarnation);
cop_pid copi_names_find(copi_names *self, const char *name, const char *node);

#endif /* COPPICE_NODE_NAMES_H */
