/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hub.c - the hub as an actor: what it handles, and how it begins and ends.
 */
#include "node/hub.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "carrier/loopback.h"
#include "message/local.h"
#include "node/ticking.h"

enum {
    LEAVE_MS = 1000, /* for the last messages to get away */
    PORT_TRIES = 16,
};

typedef struct hub {
    copi_cluster *cluster;
} hub;

/* The mail at hand has been handled: send what it has left. */
typedef struct hub_flush {
    int unused;
} hub_flush;

/* The time to leave is over. */
typedef struct hub_leave {
    int unused;
} hub_leave;

static const cop_type hub_flush_type = COPI_LOCAL("coppice", hub_flush);

static const cop_type hub_leave_type = COPI_LOCAL("coppice", hub_leave);

void
copi_hub_log(copi_cluster *self, const char *format, ...)
{
    char line[512];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    cop_log(self->me, "%s", line);
}

void
copi_hub_complain(copi_cluster *self, const copi_hello *hello, cop_err why)
{
    if (why == COP_E_SELF ||
        (self->complained_of == hello->incarnation && self->complaint == why))
        return;
    self->complained_of = hello->incarnation;
    self->complaint = why;
    copi_hub_log(self, "refused the node \"%s\": %s",
                 hello->name[0] != '\0' ? hello->name : "?", cop_err_text(why));
}

/* Behind all that waits in the hub's mail; this cannot be refused for want of room. */
void
copi_hub_flush_later(copi_cluster *self)
{
    if (self->is_flush_due || !copi_is_open(self->me))
        return;
    copi_envelope *made =
        copi_envelope_new(self->me->worker, COPI_USER_MESSAGE, sizeof(hub_flush));
    COPI_CHECK(made != NULL);
    made->type = &hub_flush_type;
    *(hub_flush *)copi_payload(made) = (hub_flush){0};
    made->generation = copi_generation(copi_pid_of(self->me).id);
    copi_append(self->me, made);
    self->is_flush_due = true;
}

/* -------------------------------------------------------------------------- begin */

/* A port of 127.0.0.1 that was free a moment ago; nanomsg cannot choose one itself. */
static cop_err
choose_address(char *address, size_t size)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof any;
    int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (probe < 0)
        return COP_E_OS;
    bool has = bind(probe, (struct sockaddr *)&any, sizeof any) == 0 &&
               getsockname(probe, (struct sockaddr *)&any, &length) == 0;
    close(probe);
    snprintf(address, size, "tcp://127.0.0.1:%u", ntohs(any.sin_port));
    return has ? COP_OK : COP_E_OS;
}

static cop_err
listen_somewhere(copi_cluster *self)
{
    cop_err err = COP_OK;

    for (int i = 0; i < PORT_TRIES; i++) {
        if (self->net != NULL)
            copi_loopback_address(self->net, self->address, sizeof self->address);
        else
            COP_TRY(choose_address(self->address, sizeof self->address));
        err = self->carrier->ops->listen(self->carrier, self->address);
        if (err != COP_E_ADDRESS_IN_USE)
            break;
    }
    return err;
}

static cop_err
open_carrier(copi_cluster *self)
{
    static const copi_carrier_told told = {.frame = copi_hub_frame,
                                           .answer = copi_dial_answer,
                                           .writable = copi_dial_writable,
                                           .broken = copi_dial_broken};

    if (self->net != NULL)
        COP_TRY(copi_loopback_new(self->me, self->net, &told, self, &self->carrier));
    else
        COP_TRY(copi_nanomsg_new(self->me, &told, self, &self->carrier));
    if (self->address[0] == '\0')
        return listen_somewhere(self);
    cop_err err = self->carrier->ops->listen(self->carrier, self->address);
    if (err != COP_OK)
        copi_hub_log(self, "cannot listen at %s: %s", self->address, cop_err_text(err));
    return err;
}

COP_HANDLER(hub, cop_start)
{
    copi_cluster *self = (copi_cluster *)(uintptr_t)msg->arg;

    st->cluster = self;
    self->me = me;
    self->hub = cop_self(me);
    COP_TRY(open_carrier(self));
    copi_hub_want_seeds(self);
    self->gossip_at = cop_now_ms(me);
    /* release: pairs with who reads the route; the cluster is whole. */
    atomic_store_explicit(&self->node->route, &self->route, memory_order_release);
    copi_hub_rearm(self);
    return COP_OK;
}

/* ---------------------------------------------------------------------------- end */

/* Says good-bye to those who have got everything; when all have answered, it is over. */
static void
go_on_leaving(copi_cluster *self)
{
    bool is_alone = true;

    for (copi_peer *peer = self->peers; peer != NULL; peer = peer->next) {
        if (!peer->is_up)
            continue;
        is_alone = false;
        if (!peer->said_bye && copi_outbox_size(&peer->outbox) == 0)
            peer->said_bye = copi_dial_send(self, peer->out, COPI_FRAME_BYE, NULL, 0);
    }
    if (is_alone)
        (void)cop_stop(self->me);
}

COP_HANDLER(hub, cop_stopping)
{
    st->cluster->is_leaving = true;
    copi_peers_flush(st->cluster);
    COP_TRY(cop_send_after(me, LEAVE_MS, NULL, hub_leave, .unused = 0));
    go_on_leaving(st->cluster);
    return COP_OK;
}

COP_HANDLER(hub, hub_leave)
{
    return cop_stop(me);
}

static void
end_sessions(copi_cluster *self)
{
    for (copi_peer *peer = self->peers; peer != NULL; peer = peer->next)
        copi_peer_end(self, peer, "this node is ending");
}

static void
free_dials(copi_cluster *self)
{
    for (copi_dial *dial = self->dials, *next; dial != NULL; dial = next) {
        next = dial->next;
        free(dial);
    }
    self->dials = NULL;
}

/* Runs even if the hub was killed, so that nobody waits for a session that is gone. */
static void
dispose(void *state)
{
    copi_cluster *self = ((hub *)state)->cluster;

    if (self == NULL)
        return;
    /* Else the node is being thrown away as it is. */
    if (self->me->phase == COPI_ENDING && self->me->is_started)
        end_sessions(self);
    if (self->carrier != NULL)
        self->carrier->ops->free(self->carrier);
    self->carrier = NULL;
    copi_peers_free(self);
    free_dials(self);
    copi_watchers_free(self);
}

/* ----------------------------------------------------------------------- messages */

/* After each message: what it has ended is freed, what it asks for is done in time. */
static cop_err
done(copi_cluster *self)
{
    copi_peers_sweep(self);
    if (self->is_leaving)
        go_on_leaving(self);
    copi_hub_rearm(self);
    return COP_OK;
}

COP_HANDLER(hub, cop_ready)
{
    st->cluster->carrier->ops->ready(st->cluster->carrier, msg);
    return done(st->cluster);
}

COP_HANDLER(hub, copi_arrived)
{
    copi_loopback_due(st->cluster->carrier);
    return done(st->cluster);
}

COP_HANDLER(hub, hub_flush)
{
    st->cluster->is_flush_due = false;
    copi_peers_flush(st->cluster);
    return done(st->cluster);
}

COP_HANDLER(hub, copi_tick)
{
    copi_hub_tick(st->cluster);
    return done(st->cluster);
}

COP_HANDLER(hub, copi_watch_nodes)
{
    copi_watchers_add(st->cluster, msg->who);
    return COP_OK;
}

COP_HANDLER(hub, cop_down)
{
    copi_watchers_remove(st->cluster, msg->ref);
    return COP_OK;
}

/* A scope that ended with its session. */
COP_HANDLER(hub, cop_child_down)
{
    return COP_OK;
}

const cop_behaviour copi_hub_behaviour = {
    .name = "cluster",
    .state_size = sizeof(hub),
    .handlers =
        COP_HANDLERS(COP_ON(hub, cop_start), COP_ON(hub, cop_stopping), COP_ON(hub, hub_leave),
                     COP_ON(hub, cop_ready), COP_ON(hub, copi_arrived), COP_ON(hub, hub_flush),
                     COP_ON(hub, copi_tick), COP_ON(hub, copi_watch_nodes),
                     COP_ON(hub, cop_down), COP_ON(hub, cop_child_down)),
    .policy = COP_ISOLATE,
    .dispose = dispose,
};
