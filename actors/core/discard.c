/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discard.c - the memory of an actor that is never going to end: a simulation is over, or
 * its node has crashed.
 */
#include <stdlib.h>

#include "base/check.h"
#include "core/badge.h"
#include "core/node.h"
#include "core/scope.h"
#include "core/sequence.h"
#include "debug/debug.h"

static void
discard_mail(cop_actor *self, copi_mail *mail)
{
    for (copi_mail *next; mail != NULL; mail = next) {
        copi_envelope *envelope = copi_envelope_of(mail);
        next = mail->next;
        if (envelope->kind == COPI_REQUEST)
            ((copi_request *)copi_payload(envelope))
                ->refuse(((copi_request *)copi_payload(envelope))->ctx);
        if (envelope->kind == COPI_CLOSURE)
            copi_closure_drop(copi_payload(envelope));
        if (!copi_drop_embedded(self, envelope))
            copi_envelope_free(self->worker, envelope);
    }
}

/* Things are freed with the size they were taken with. */
static void
discard_map(cop_actor *self, copi_map *map, size_t offset, size_t size)
{
    for (copi_map_node *node; (node = copi_map_pop(map)) != NULL;)
        copi_pool_give(&self->worker->pool, (char *)node - offset, size);
    copi_map_fini(map);
}

static void
discard_ties(cop_actor *self)
{
    copi_ties *ties = self->ties;

    if (ties == NULL)
        return;
    discard_map(self, &ties->links, offsetof(copi_link, node), sizeof(copi_link));
    discard_map(self, &ties->monitors, offsetof(copi_monitor, node), sizeof(copi_monitor));
    discard_map(self, &ties->watchers, offsetof(copi_watcher, node), sizeof(copi_watcher));
    discard_map(self, &ties->calls, offsetof(copi_call, node), sizeof(copi_call));
    discard_map(self, &ties->deferred, offsetof(copi_deferred, node), sizeof(copi_deferred));
    copi_scopes_discard(self);
    copi_alarms_discard(self);
    copi_debug_end(self);
    copi_ties_free(self);
}

void
copi_discard_mail(cop_actor *self)
{
    copi_mail *last, *batch = self->batch;

    self->batch = NULL;
    discard_mail(self, batch);
    discard_mail(self, copi_mailbox_take(&self->mailbox, &last));
}

void
copi_discard(cop_actor *self)
{
    bool has_state = self->phase != COPI_ENDED;

    copi_discard_mail(self);
    self->phase = COPI_FREE; /* who asks is told that nobody is to be told any more */
    if (self->behaviour->sequence != NULL && has_state)
        self->behaviour->sequence->end(self);
    discard_ties(self);
    if (has_state && self->behaviour->dispose != NULL)
        self->behaviour->dispose(self->state);
    if (self->state != NULL)
        copi_free_furniture(self);
    if (self->why != NULL)
        copi_exit_free(self);
    copi_badge_free(self);
}
