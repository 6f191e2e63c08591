/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "sim/sim.h"

static bool
is_up(const cop_node *node)
{
    return !node->is_crashed && !node->is_ended;
}

cop_node *
cop_sim_find(cop_sim *sim, const char *name)
{
    for (size_t i = sim->count; i-- > 0;)
        if (is_up(sim->nodes[i]) && strcmp(sim->nodes[i]->name, name) == 0)
            return sim->nodes[i];
    return NULL;
}

copi_host *
copi_host_find(cop_sim *self, const char *name, uint64_t pick)
{
    uint64_t count = 0;

    for (copi_host *host = self->hosts; host != NULL; host = host->next, count++)
        if (strcmp(host->name, name) == 0)
            return host;
    if (name[0] != '\0' || count == 0)
        return NULL;
    copi_host *host = self->hosts;
    for (uint64_t skip = pick % count; skip > 0; skip--)
        host = host->next;
    return host;
}

static cop_err
boot(cop_sim *self, copi_host *host)
{
    COP_TRY(cop_sim_node(self, &host->opts, &host->node));
    return host->boot(host->node, host->ctx);
}

cop_err
cop_sim_host(cop_sim *sim, const cop_node_opts *opts, cop_sim_boot run, void *ctx)
{
    if (opts == NULL || opts->name == NULL ||
        strlen(opts->name) >= sizeof((copi_host *)0)->name)
        return COP_E_INVAL;
    if (cop_sim_find(sim, opts->name) != NULL)
        return COP_E_NAME_TAKEN;
    copi_host *host = calloc(1, sizeof *host);
    if (host == NULL)
        return COP_E_NOMEM;
    *host = (copi_host){.next = sim->hosts, .opts = *opts, .boot = run, .ctx = ctx};
    strcpy(host->name, opts->name);
    host->opts.name = host->name;
    sim->hosts = host;
    return boot(sim, host);
}

cop_err
cop_sim_restart(cop_sim *sim, const char *name)
{
    copi_host *host = name[0] == '\0' ? NULL : copi_host_find(sim, name, 0);

    if (host == NULL)
        return COP_E_NO_NODE;
    if (copi_host_is_up(host))
        cop_sim_crash(sim, host->node);
    return boot(sim, host);
}

void
copi_hosts_free(cop_sim *self)
{
    for (copi_host *host = self->hosts, *next; host != NULL; host = next) {
        next = host->next;
        free(host);
    }
}
