/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.c - a libevent event that pushes its own envelope.
 *
 * A watch is armed (in the event base), or queued (its envelope is in the mailbox), or
 * being handled, or paused (for no events).  It goes round in that order, so that an
 * actor that is slow to read is told once.  Its actor stays on the worker whose event
 * base it is in.
 */
#include <coppice/watch.h>

#include <errno.h>
#include <event2/event.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/memory.h"
#include "core/dispatch.h"
#include "core/node.h"
#include "core/ties.h"
#include "debug/rows.h"
#include "io/watch.h"
#include "message/local.h"
#include "sched/guest.h"

const cop_type cop_ready_type = COPI_LOCAL("coppice", cop_ready);

static copi_watch *
find(const cop_actor *self, uint64_t ref)
{
    if (self->ties == NULL)
        return NULL;
    copi_map_node *node = copi_map_find(&self->ties->watches, 0, ref);
    return node == NULL ? NULL : COPI_CONTAINER(node, copi_watch, node);
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    copi_watch *watch = arg;
    cop_actor *actor = watch->actor;

    watch->ready = (what & EV_READ ? COP_READABLE : 0u) | (what & EV_WRITE ? COP_WRITABLE : 0u);
    watch->is_queued = true;
    watch->due = (copi_envelope){.kind = COPI_WATCH};
    copi_push_self(actor->worker, actor, &watch->due);
    copi_guest_rouse(actor->worker);
}

static short
event_flags(unsigned events)
{
    return (short)((events & COP_READABLE ? EV_READ : 0) |
                   (events & COP_WRITABLE ? EV_WRITE : 0));
}

/* One row for all of them, which says whose descriptors they are. */
void
copi_rows_of_watches(const cop_actor *actor, uint32_t depth, copi_rows *out)
{
    const copi_map *watches = &actor->ties->watches;
    cop_row *row = watches->count == 0 ? NULL : copi_rows_add(out, COP_ROW_WATCH, depth);
    size_t used = 0;

    if (row == NULL)
        return;
    row->owner = copi_pid_of(actor);
    row->count = watches->count;
    for (const copi_map_node *node = NULL;
         used < sizeof row->label && (node = copi_map_next(watches, node)) != NULL;)
        used += (size_t)snprintf(row->label + used, sizeof row->label - used, "%s%d",
                                 used == 0 ? "" : " ",
                                 COPI_CONTAINER(node, const copi_watch, node)->fd);
}

/* Asks for what is wanted, once. */
static cop_err
arm(copi_watch *watch)
{
    if (watch->events == 0 || watch->is_queued)
        return COP_OK;
    return event_add(watch->event, NULL) == 0 ? COP_OK : COP_E_OS;
}

static bool
is_valid(unsigned events)
{
    return (events & ~(unsigned)(COP_READABLE | COP_WRITABLE)) == 0;
}

/* Asked here, since libevent would complain on standard error. */
static bool
can_be_watched(int fd)
{
    struct stat about;

    if (fstat(fd, &about) != 0)
        return false;
    errno = EPERM;
    return !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode);
}

static void
watch_free(copi_watch *watch)
{
    event_free(watch->event);
    free(watch);
}

static cop_err
watch_new(cop_actor *me, int fd, unsigned events, copi_watch **out)
{
    copi_watch *watch = copi_calloc(1, sizeof *watch);

    if (watch == NULL)
        return COP_E_NOMEM;
    watch->event = event_new(me->worker->base, fd, event_flags(events), on_event, watch);
    if (watch->event == NULL) {
        free(watch);
        return COP_E_NOMEM;
    }
    watch->actor = me;
    watch->fd = fd;
    watch->events = events;
    *out = watch;
    return COP_OK;
}

/* Not in the event base any more, nor in the map. */
static void
detach(cop_actor *self, copi_watch *watch)
{
    event_del(watch->event);
    self->worker->watch_count--;
    COPI_TALLY(self->worker, watches, -1);
    copi_unpin(self);
    if (watch->is_queued)
        watch->is_dropped = true;
    else
        watch_free(watch);
}

void
copi_watch_remove(cop_actor *self, copi_watch *watch)
{
    copi_map_remove(&self->ties->watches, &watch->node);
    detach(self, watch);
}

cop_err
copi_watch_open(cop_actor *me, int fd, unsigned events, copi_watch **out)
{
    copi_watch *watch;

    if (fd < 0 || events == 0 || !is_valid(events))
        return COP_E_INVAL;
    if (me->worker->base == NULL)
        return COP_E_SIMULATED;
    if (!copi_is_open(me))
        return COP_E_GONE;
    if (!can_be_watched(fd))
        return COP_E_OS;
    if (copi_ties_of(me) == NULL)
        return COP_E_NOMEM;
    COP_TRY(watch_new(me, fd, events, &watch));
    if (arm(watch) != COP_OK) {
        watch_free(watch);
        return COP_E_OS;
    }
    watch->node.high = 0;
    watch->node.low = copi_new_ref(me->worker);
    copi_map_add(&me->ties->watches, &watch->node);
    me->worker->watch_count++;
    COPI_TALLY(me->worker, watches, 1);
    copi_pin(me);
    *out = watch;
    return COP_OK;
}

cop_err
cop_watch_open(cop_actor *me, int fd, unsigned events, cop_watch *out)
{
    copi_watch *watch;

    COP_TRY(copi_watch_open(me, fd, events, &watch));
    *out = (cop_watch){{watch->node.low}};
    return COP_OK;
}

cop_err
cop_watch_change(cop_actor *me, cop_watch watch, unsigned events)
{
    copi_watch *found = find(me, watch.ref.bits);

    if (!is_valid(events))
        return COP_E_INVAL;
    if (found == NULL)
        return COP_E_GONE;
    event_del(found->event);
    event_assign(found->event, me->worker->base, found->fd, event_flags(events), on_event,
                 found);
    found->events = events;
    return arm(found);
}

void
cop_watch_close(cop_actor *me, cop_watch watch)
{
    copi_watch *found = find(me, watch.ref.bits);

    if (found == NULL)
        return;
    copi_leaf *leaf = found->leaf;
    copi_watch_remove(me, found);
    if (leaf != NULL)
        copi_watch_leaf_closed(me, leaf);
}

void
copi_watches_end(cop_actor *self)
{
    copi_map *watches = &self->ties->watches;

    for (copi_map_node *node; (node = copi_map_pop(watches)) != NULL;)
        detach(self, COPI_CONTAINER(node, copi_watch, node));
    copi_map_fini(watches);
}

void
copi_watches_move(cop_actor *self, struct event_base *to)
{
    for (copi_map_node *node = NULL;
         (node = copi_map_next(&self->ties->watches, node)) != NULL;) {
        copi_watch *watch = COPI_CONTAINER(node, copi_watch, node);
        bool is_armed = event_pending(watch->event, EV_READ | EV_WRITE, NULL) != 0;
        event_del(watch->event);
        event_base_set(to, watch->event);
        if (is_armed)
            event_add(watch->event, NULL);
    }
}

cop_err
copi_handle_watch(cop_actor *self, copi_envelope *envelope)
{
    copi_watch *watch = COPI_CONTAINER(envelope, copi_watch, due);
    cop_ready ready = {{{watch->node.low}}, watch->fd, watch->ready & watch->events};

    watch->is_queued = false;
    if (watch->is_dropped) {
        watch_free(watch);
        return COP_OK;
    }
    uint32_t scope = copi_scope_number(watch->leaf == NULL ? NULL : watch->leaf->scope);
    cop_err err = ready.events == 0 ? COP_OK : copi_dispatch(self, &cop_ready_type, &ready);
    /* The handler may have closed it. */
    watch = find(self, ready.watch.ref.bits);
    if (err != COP_OK)
        return copi_watch_blame(self, watch, scope, err);
    return watch == NULL ? COP_OK : arm(watch);
}

void
copi_drop_watch(cop_actor *self, copi_envelope *envelope)
{
    (void)self;
    copi_watch *watch = COPI_CONTAINER(envelope, copi_watch, due);

    watch->is_queued = false;
    if (watch->is_dropped)
        watch_free(watch);
}
