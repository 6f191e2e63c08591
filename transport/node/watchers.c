/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watchers.c - who wants to know of nodes that come and go.
 */
#include <stddef.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"
#include "message/local.h"
#include "node/hub.h"

#define FIELD(T, member, number_, kind_)                                                       \
    {                                                                                          \
        .name = #member, .offset = (uint32_t)offsetof(T, member), .number = (number_),         \
        .kind = (kind_)                                                                        \
    }

/* They hold a string, so they need their fields to be copied; they stay on the node. */
const cop_type cop_node_up_type = {
    .protocol = "coppice",
    .name = "cop_node_up",
    .fields = (const cop_field[]){FIELD(cop_node_up, node, 1, COP_FIELD_STR),
                                  FIELD(cop_node_up, incarnation, 2, COP_FIELD_U64)},
    .size = sizeof(cop_node_up),
    .field_count = 2,
};

const cop_type cop_node_down_type = {
    .protocol = "coppice",
    .name = "cop_node_down",
    .fields = (const cop_field[]){FIELD(cop_node_down, node, 1, COP_FIELD_STR),
                                  FIELD(cop_node_down, incarnation, 2, COP_FIELD_U64)},
    .size = sizeof(cop_node_down),
    .field_count = 2,
};

const cop_type copi_watch_nodes_type = COPI_LOCAL("coppice", copi_watch_nodes);

cop_err
cop_watch_nodes(cop_actor *me)
{
    copi_cluster *cluster = copi_cluster_of(cop_node_of(me));

    if (cluster == NULL)
        return COP_E_NO_NODE;
    return cop_send(me, cluster->hub, copi_watch_nodes, .who = cop_self(me));
}

/* As a signal it is not refused for want of room: who misses one believes in a session
 * that is no more. */
static void
push_news(copi_cluster *self, cop_pid who, const cop_type *type, const void *message)
{
    copi_worker *worker = self->me->worker;
    copi_envelope *news = copi_envelope_typed(worker, COPI_NEWS, type, message);

    COPI_CHECK(news != NULL);
    news->from = self->hub;
    if (copi_push(self->node, worker, who, news) != COP_OK)
        copi_envelope_free(worker, news); /* who has ended wants no news */
}

static void
tell(copi_cluster *self, cop_pid who, const copi_peer *peer, const cop_exit *why)
{
    cop_str name = cop_str_from(peer->name);

    if (why == NULL)
        push_news(self, who, &cop_node_up_type, &(cop_node_up){name, peer->incarnation});
    else
        push_news(self, who, &cop_node_down_type,
                  &(cop_node_down){name, peer->incarnation, *why});
}

void
copi_watchers_add(copi_cluster *self, cop_pid who)
{
    copi_node_watcher *watcher;

    for (watcher = self->watchers; watcher != NULL; watcher = watcher->next)
        if (cop_pid_equal(watcher->who, who))
            return;
    watcher = copi_malloc(sizeof *watcher);
    if (watcher == NULL || cop_monitor(self->me, who, &watcher->monitor) != COP_OK) {
        free(watcher);
        return;
    }
    watcher->who = who;
    watcher->next = self->watchers;
    self->watchers = watcher;
    for (const copi_peer *peer = self->peers; peer != NULL; peer = peer->next)
        if (peer->is_up)
            tell(self, who, peer, NULL);
}

void
copi_watchers_remove(copi_cluster *self, cop_ref monitor)
{
    for (copi_node_watcher **at = &self->watchers; *at != NULL; at = &(*at)->next) {
        copi_node_watcher *watcher = *at;
        if (watcher->monitor.bits != monitor.bits)
            continue;
        *at = watcher->next;
        free(watcher);
        return;
    }
}

void
copi_watchers_tell(copi_cluster *self, const copi_peer *peer, const cop_exit *why)
{
    for (const copi_node_watcher *watcher = self->watchers; watcher != NULL;
         watcher = watcher->next)
        tell(self, watcher->who, peer, why);
}

void
copi_watchers_free(copi_cluster *self)
{
    for (copi_node_watcher *watcher = self->watchers, *next; watcher != NULL; watcher = next) {
        next = watcher->next;
        free(watcher);
    }
    self->watchers = NULL;
}
