/* SPDX-License-Identifier: Apache-2.0 */
/*
 * members.h - a list of actors that many may read while one goes on changing it.
 *
 * The list is shared by references.  Its owner changes it under a lock, and nobody takes a
 * reference but under that lock; so if the owner's is the only one there can be no reader,
 * and the list may be changed in place.  Otherwise the owner goes on with a copy.
 */
#ifndef COPPICE_SUPERVISOR_PG_MEMBERS_H
#define COPPICE_SUPERVISOR_PG_MEMBERS_H

#include <stdatomic.h>

#include <coppice/pid.h>

typedef struct copi_members {
    _Atomic size_t refs;
    size_t count, room;
    cop_pid pids[]; /* in the order in which they joined */
} copi_members;

/* One more reference; NULL is the empty list.  Under the owner's lock. */
copi_members *copi_members_ref(copi_members *self);

/* Drops one; the last frees the list.  Any thread, any time. */
void copi_members_unref(copi_members *self);

/* Makes `*self` the owner's alone, with room for `more`; what follows needs that.
 * COP_E_NOMEM, and nothing changed. */
cop_err copi_members_open(copi_members **self, size_t more);

void copi_members_append(copi_members *self, const cop_pid *pids, size_t count);

/* Removes the youngest entry of `who`; false if there is none. */
bool copi_members_remove(copi_members *self, cop_pid who);

/* Removes all of them; how many there were. */
size_t copi_members_remove_all(copi_members *self, cop_pid who);

#endif /* COPPICE_SUPERVISOR_PG_MEMBERS_H */
