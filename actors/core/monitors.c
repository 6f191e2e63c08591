/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitors.c - watching another actor's end, and being watched.
 */
#include "base/check.h"
#include "core/node.h"
#include "core/sequence.h"
#include "core/ties.h"

static copi_monitor *
find(cop_actor *self, uint64_t ref)
{
    if (self->ties == NULL)
        return NULL;
    copi_map_node *node = copi_map_find(&self->ties->monitors, 0, ref);
    return node == NULL ? NULL : COPI_CONTAINER(node, copi_monitor, node);
}

static cop_err
add(cop_actor *self, cop_pid who, cop_ref *out)
{
    if (copi_ties_of(self) == NULL)
        return COP_E_NOMEM;
    copi_monitor *monitor = copi_pool_take(&self->worker->pool, sizeof *monitor);
    if (monitor == NULL)
        return COP_E_NOMEM;
    monitor->node = (copi_map_node){.low = copi_new_ref(self->worker)};
    monitor->who = who;
    copi_map_add(&self->ties->monitors, &monitor->node);
    out->bits = monitor->node.low;
    return COP_OK;
}

static void
discard(cop_actor *self, copi_monitor *monitor)
{
    copi_map_remove(&self->ties->monitors, &monitor->node);
    copi_pool_give(&self->worker->pool, monitor, sizeof *monitor);
}

/* Who watches `self`; false if there is no memory. */
static bool
add_watcher(cop_actor *self, cop_pid who, uint64_t ref)
{
    copi_watcher *watcher;

    if (copi_ties_of(self) == NULL)
        return false;
    if (copi_map_find(&self->ties->watchers, who.node, ref) != NULL)
        return true;
    watcher = copi_pool_take(&self->worker->pool, sizeof *watcher);
    if (watcher == NULL)
        return false;
    watcher->node = (copi_map_node){.high = who.node, .low = ref};
    watcher->who = who;
    copi_map_add(&self->ties->watchers, &watcher->node);
    return true;
}

static void
remove_watcher(cop_actor *self, uint64_t node_of_watcher, uint64_t ref)
{
    copi_map_node *node =
        self->ties == NULL ? NULL : copi_map_find(&self->ties->watchers, node_of_watcher, ref);

    if (node == NULL)
        return;
    copi_watcher *watcher = COPI_CONTAINER(node, copi_watcher, node);
    copi_map_remove(&self->ties->watchers, node);
    copi_pool_give(&self->worker->pool, watcher, sizeof *watcher);
}

cop_err
cop_monitor(cop_actor *me, cop_pid who, cop_ref *out)
{
    static const cop_exit gone = {.kind = COP_EXIT_NOPROC};

    if (!copi_is_open(me))
        return COP_E_GONE;
    if (cop_pid_equal(who, copi_pid_of(me))) { /* never fires, and so never is active */
        out->bits = copi_new_ref(me->worker);
        return COP_OK;
    }
    cop_ref made;
    COP_TRY(add(me, who, &made));
    copi_parcel parcel = copi_parcel_to(me, COPI_MONITOR, who, made.bits);
    if (cop_pid_is_none(who))
        parcel = (copi_parcel){.kind = COPI_DOWN,
                               .from = who,
                               .to = copi_pid_of(me),
                               .ref = made.bits,
                               .why = &gone};
    cop_err err = copi_try_signal(me->node, me->worker, &parcel);
    if (err != COP_OK) {
        discard(me, find(me, made.bits));
        return err;
    }
    *out = made;
    return COP_OK;
}

bool
cop_demonitor(cop_actor *me, cop_ref ref)
{
    copi_monitor *monitor = find(me, ref.bits);

    if (monitor == NULL)
        return false;
    copi_parcel parcel = copi_parcel_to(me, COPI_DEMONITOR, monitor->who, ref.bits);
    if (cop_pid_is_none(monitor->who)) {
        discard(me, monitor);
        return true;
    }
    copi_map_remove(&me->ties->monitors, &monitor->node);
    copi_signal_in(me->node, me->worker, copi_envelope_in(me->worker, monitor, sizeof *monitor),
                   &parcel);
    return true;
}

/* Throws a cop_down of that ref out of what waits. */
static void
flush(cop_actor *self, uint64_t ref)
{
    copi_mail *mail = self->batch;

    if (mail == NULL)
        return;
    self->batch = NULL;
    self->batch_count = 0;
    for (copi_mail *next; mail != NULL; mail = next) {
        copi_envelope *envelope = copi_envelope_of(mail);
        next = mail->next;
        if (envelope->kind == COPI_DOWN && envelope->ref == ref)
            copi_envelope_free(self->worker, envelope);
        else
            copi_append(self, envelope);
    }
    /* Nobody else says so if it was the last that waited. */
    copi_mailbox_show_backlog(&self->mailbox, self->batch_count);
    if (self->behaviour->sequence != NULL)
        self->behaviour->sequence->forget(self);
}

bool
cop_demonitor_flush(cop_actor *me, cop_ref ref)
{
    if (cop_demonitor(me, ref))
        return true;
    flush(me, ref.bits);
    return false;
}

void
copi_on_monitor(cop_actor *self, copi_envelope *envelope)
{
    if (!add_watcher(self, envelope->from, envelope->ref)) {
        copi_bounce(self->node, self->worker, copi_pid_of(self), envelope, COP_E_NOPROC);
        return;
    }
    copi_envelope_free(self->worker, envelope);
}

void
copi_on_demonitor(cop_actor *self, copi_envelope *envelope)
{
    remove_watcher(self, envelope->from.node, envelope->ref);
    copi_envelope_free(self->worker, envelope);
}

bool
copi_on_down(cop_actor *self, copi_envelope *envelope)
{
    copi_monitor *monitor = find(self, envelope->ref);

    if (monitor == NULL) {
        copi_envelope_free(self->worker, envelope);
        return false;
    }
    /* Whom it was set for, even if the answer comes from who could not find him. */
    ((cop_down *)copi_payload(envelope))->who = monitor->who;
    discard(self, monitor);
    return true;
}

cop_err
copi_monitor_child(cop_actor *self, cop_actor *child, cop_ref *out)
{
    COP_TRY(add(self, copi_pid_of(child), out));
    return add_watcher(child, copi_pid_of(self), out->bits) ? COP_OK : COP_E_NOMEM;
}

void
copi_monitor_forget(cop_actor *self, cop_actor *child, cop_ref ref)
{
    copi_monitor *monitor = find(self, ref.bits);

    if (monitor != NULL)
        discard(self, monitor);
    remove_watcher(child, copi_pid_of(self).node, ref.bits);
}

static void
tell_watchers(cop_actor *self, const cop_exit *why)
{
    for (copi_map_node *node; (node = copi_map_pop(&self->ties->watchers)) != NULL;) {
        copi_watcher *watcher = COPI_CONTAINER(node, copi_watcher, node);
        copi_parcel parcel = copi_parcel_to(self, COPI_DOWN, watcher->who, node->low);
        parcel.why = why;
        copi_signal_in(self->node, self->worker,
                       copi_envelope_in(self->worker, watcher, sizeof *watcher), &parcel);
    }
    copi_map_fini(&self->ties->watchers);
}

void
copi_monitors_end(cop_actor *self, const cop_exit *why)
{
    copi_map *mine = &self->ties->monitors;

    tell_watchers(self, why);
    for (copi_map_node *node; (node = copi_map_next(mine, NULL)) != NULL;)
        (void)cop_demonitor(self, (cop_ref){node->low});
    copi_map_fini(mine);
}
