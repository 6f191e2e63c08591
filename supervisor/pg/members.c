/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/members.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
    ROOM_MIN = 4
};

copi_members *
copi_members_ref(copi_members *self)
{
    /* relaxed: the lock orders it. */
    if (self != NULL)
        atomic_fetch_add_explicit(&self->refs, 1, memory_order_relaxed);
    return self;
}

void
copi_members_unref(copi_members *self)
{
    /* release: what was read was read before; acquire: who frees comes after all readers. */
    if (self != NULL && atomic_fetch_sub_explicit(&self->refs, 1, memory_order_acq_rel) == 1)
        free(self);
}

static bool
is_shared(const copi_members *self)
{
    /* acquire: pairs with unref; the last reader is done before the list is changed. */
    return atomic_load_explicit(&self->refs, memory_order_acquire) > 1;
}

static size_t
bytes_of(size_t room)
{
    return sizeof(copi_members) + room * sizeof(cop_pid);
}

cop_err
copi_members_open(copi_members **self, size_t more)
{
    copi_members *old = *self;
    size_t count = old == NULL ? 0 : old->count;

    if (old != NULL && !is_shared(old) && old->room - count >= more)
        return COP_OK;
    size_t room = count + more < ROOM_MIN ? ROOM_MIN : count + more;
    if (old != NULL && more > 0 && room < 2 * count)
        room = 2 * count;
    copi_members *made = copi_malloc(bytes_of(room));
    if (made == NULL)
        return COP_E_NOMEM;
    atomic_init(&made->refs, 1);
    made->count = count;
    made->room = room;
    if (count > 0)
        memcpy(made->pids, old->pids, count * sizeof *made->pids);
    copi_members_unref(old);
    *self = made;
    return COP_OK;
}

void
copi_members_append(copi_members *self, const cop_pid *pids, size_t count)
{
    if (count == 0)
        return;
    memcpy(self->pids + self->count, pids, count * sizeof *pids);
    self->count += count;
}

bool
copi_members_remove(copi_members *self, cop_pid who)
{
    size_t at = self->count;

    while (at > 0 && !cop_pid_equal(self->pids[at - 1], who))
        at--;
    if (at == 0)
        return false;
    memmove(self->pids + at - 1, self->pids + at, (self->count - at) * sizeof *self->pids);
    self->count--;
    return true;
}

size_t
copi_members_remove_all(copi_members *self, cop_pid who)
{
    size_t kept = 0, count = self->count;

    for (size_t i = 0; i < count; i++)
        if (!cop_pid_equal(self->pids[i], who))
            self->pids[kept++] = self->pids[i];
    self->count = kept;
    return count - kept;
}
