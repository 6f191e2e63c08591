/* SPDX-License-Identifier: Apache-2.0 */
/*
 * start.c - from the options to a hub that listens.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "link/address.h"
#include "node/hub.h"

enum {
    HEARTBEAT_MS = 250,
    DEAD_BEATS = 4,
    TIME_MAX = 60 * 60 * 1000,
    MESSAGE_MAX = 1024 * 1024,
    MESSAGE_LIMIT = 8 * 1024 * 1024,
};

static void
log_refusal(cop_node *node, const char *address, cop_err why)
{
    char line[400];

    snprintf(line, sizeof line, "cluster: \"%.200s\": %s%s", address, cop_err_text(why),
             why == COP_E_REFUSED ? ": only addresses of this machine (127.x.x.x, ipc:) are "
                                    "taken, since sessions are not encrypted yet"
                                  : "");
    copi_node_log(node, line);
}

static cop_err
check_address(cop_node *node, const char *address)
{
    cop_err err = copi_address_check(address);

    if (err != COP_OK)
        log_refusal(node, address, err);
    return err;
}

/* Calls `visit` for each seed; stops at the first error. */
static cop_err
each_seed(const char *join, cop_err (*visit)(void *ctx, const char *address), void *ctx)
{
    static const char between[] = ", \t\n";
    char address[COPI_ADDRESS_MAX];

    for (const char *at = join; at != NULL; at += strcspn(at, between)) {
        at += strspn(at, between);
        size_t length = strcspn(at, between);
        if (length == 0)
            break;
        snprintf(address, sizeof address, "%.*s", (int)length, at);
        COP_TRY(visit(ctx, length < sizeof address ? address : "too long"));
    }
    return COP_OK;
}

static cop_err
check_seed(void *ctx, const char *address)
{
    return check_address(ctx, address);
}

static bool
is_time(int32_t ms)
{
    return ms >= 0 && ms <= TIME_MAX;
}

static cop_err
check(cop_node *node, const cop_cluster_opts *opts)
{
    if (node->sim != NULL && opts->net == NULL)
        return COP_E_SIMULATED;
    if (!is_time(opts->heartbeat_ms) || !is_time(opts->dead_ms) ||
        opts->message_max > MESSAGE_LIMIT || (node->sim == NULL && opts->net != NULL))
        return COP_E_INVAL;
    if (opts->listen != NULL)
        COP_TRY(check_address(node, opts->listen));
    return each_seed(opts->join, check_seed, node);
}

/* The array, with its end; what it points to stays the caller's. */
static cop_err
copy_behaviours(copi_cluster *self, const cop_behaviour *const *offered)
{
    size_t count = 0;

    while (offered != NULL && offered[count] != NULL)
        count++;
    self->behaviours = copi_calloc(count + 1, sizeof(cop_behaviour *));
    if (self->behaviours == NULL)
        return COP_E_NOMEM;
    if (count > 0)
        memcpy(self->behaviours, offered, count * sizeof(cop_behaviour *));
    return COP_OK;
}

static copi_cluster *
make(cop_node *node, const cop_cluster_opts *opts)
{
    copi_cluster *self = copi_calloc(1, sizeof *self);

    if (self == NULL)
        return NULL;
    if (copy_behaviours(self, opts->behaviours) != COP_OK ||
        copi_names_init(&self->names) != COP_OK) {
        free(self->behaviours);
        free(self);
        return NULL;
    }
    self->node = node;
    self->tick_at = COPI_NEVER;
    self->net = opts->net;
    self->heartbeat_ms = opts->heartbeat_ms > 0 ? opts->heartbeat_ms : HEARTBEAT_MS;
    self->dead_ms = opts->dead_ms > 0 ? opts->dead_ms : DEAD_BEATS * self->heartbeat_ms;
    self->message_max = opts->message_max > 0 ? (uint32_t)opts->message_max : MESSAGE_MAX;
    if (opts->listen != NULL)
        strcpy(self->address, opts->listen);
    copi_route_init(self);
    return self;
}

/* The start itself, inside the root. */
typedef struct starting {
    copi_cluster *cluster;
    cop_err err;
} starting;

static void
start(cop_actor *root, void *ctx)
{
    starting *self = ctx;
    cop_spawn_opts opts = {.arg = self->cluster, .stop_ms = 5000};

    /* The hub publishes the route; a second one would take it from the first. */
    if (copi_cluster_of(root->node) != NULL)
        self->err = COP_E_RUNNING;
    else
        self->err = copi_root_spawn(root->node, &copi_hub_behaviour, &opts, COPI_SERVICE, NULL);
}

static cop_err
start_in_root(cop_node *node, copi_cluster *cluster)
{
    starting asked = {cluster, COP_E_GONE};

    if (node->sim == NULL && node->is_started)
        return copi_node_ask_root(node, start, &asked) ? asked.err : COP_E_GONE;
    /* Nothing runs beside us: this thread may do what is else the root's. */
    start(node->root, &asked);
    return asked.err;
}

static cop_err
want_seed(void *ctx, const char *address)
{
    (void)copi_dial_want(ctx, address, true);
    return COP_OK;
}

void
copi_hub_want_seeds(copi_cluster *self)
{
    (void)each_seed(self->join, want_seed, self);
}

cop_err
cop_cluster_start(cop_node *node, const cop_cluster_opts *opts)
{
    static const cop_cluster_opts defaults = {0};

    if (opts == NULL)
        opts = &defaults;
    COP_TRY(check(node, opts));
    copi_cluster *self = make(node, opts);
    if (self == NULL)
        return COP_E_NOMEM;
    self->join = opts->join;
    cop_err err = start_in_root(node, self);
    self->join = NULL;
    if (err != COP_OK)
        self->route.dispose(self);
    return err;
}

const char *
cop_cluster_address(cop_node *node)
{
    const copi_cluster *self = copi_cluster_of(node);

    return self == NULL ? NULL : self->address;
}
