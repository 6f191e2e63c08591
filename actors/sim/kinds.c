/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/sim.h"

const cop_fault_kind cop_fault_kill = {.name = "kill"};
const cop_fault_kind cop_fault_starve = {.name = "starve", .ms = 1000};
const cop_fault_kind cop_fault_nomem = {.name = "nomem"};

static bool
crash(cop_sim *sim, const cop_fault *fault)
{
    copi_host *host = copi_host_find(sim, fault->who, fault->pick);

    if (host == NULL || !copi_host_is_up(host))
        return false;
    cop_sim_crash(sim, host->node);
    return true;
}

static void
restart(cop_sim *sim, const cop_fault *fault)
{
    copi_host *host = copi_host_find(sim, fault->who, fault->pick);

    if (copi_host_is_up(host))
        return; /* the test was faster */
    cop_err err = cop_sim_restart(sim, host->name);
    if (err != COP_OK)
        cop_sim_fail(sim, "node %s does not come up again: %s", host->name, cop_err_text(err));
}

const cop_fault_kind cop_fault_crash = {
    .name = "crash", .ms = 1000, .strike = crash, .end = restart};
