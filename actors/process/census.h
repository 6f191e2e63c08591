/* SPDX-License-Identifier: Apache-2.0 */
/*
 * census.h - the processes of a node, for whoever has to kill them all at once.
 */
#ifndef COPPICE_PROCESS_CENSUS_H
#define COPPICE_PROCESS_CENSUS_H

#include <pthread.h>
#include <sys/types.h>

typedef struct copi_census_entry copi_census_entry;

typedef struct copi_census {
    pthread_mutex_t lock; /* what follows, and that none of them is reaped */
    copi_census_entry *first;
} copi_census;

/* Zero: not counted. */
struct copi_census_entry {
    copi_census *census;
    copi_census_entry *before, *behind;
    pid_t pid;
};

void copi_census_init(copi_census *self);
void copi_census_fini(copi_census *self);
/* Counts a process that leads a group.  Any thread, as for the rest. */
void copi_census_add(copi_census *self, copi_census_entry *entry, pid_t pid);
/* Before it is reaped; if it is not counted, nothing. */
void copi_census_remove(copi_census_entry *entry);
/* SIGKILL to all of their groups. */
void copi_census_kill(copi_census *self);

#endif /* COPPICE_PROCESS_CENSUS_H */
