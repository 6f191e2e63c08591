/* SPDX-License-Identifier: Apache-2.0 */
#include "co/co.h"
#include "core/node.h"

static cop_err
on_done(cop_actor *me, void *state, void *arg, const cop_exit *why)
{
    cop_co *co = copi_co_of(me);

    (void)state;
    (void)arg;
    co->job_why = *why;
    co->is_job_over = true;
    co->is_ready = true;
    return COP_OK;
}

static cop_err
result_of(const cop_exit *why)
{
    switch (why->kind) {
    case COP_EXIT_NORMAL: return COP_OK;
    case COP_EXIT_SHUTDOWN: return COP_E_CANCELLED;
    case COP_EXIT_DEADLINE: return COP_E_TIMEOUT;
    default: return COP_E_FAILED;
    }
}

cop_err
cop_work(cop_co *co, const cop_job_spec *spec, cop_exit *why)
{
    cop_actor *self = co->actor;
    bool is_told = false;
    cop_leaf leaf;

    if (copi_co_force(co) >= COP_FORCE_HARD)
        return copi_wait_on(co);
    copi_check_bounded(co, co->here, COP_INFINITY);
    co->is_job_over = false;
    COP_TRY(cop_job_start(self, copi_scope_handle(self, co->here), spec, on_done, &leaf));
    while (!co->is_job_over) {
        copi_co_leave(co);
        if (copi_co_force(co) >= COP_FORCE_HARD && !is_told && !co->is_job_over) {
            is_told = true;
            (void)cop_leaf_cancel(self, leaf);
        }
    }
    if (why != NULL)
        *why = co->job_why;
    return result_of(&co->job_why);
}
