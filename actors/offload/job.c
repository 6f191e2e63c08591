/* SPDX-License-Identifier: Apache-2.0 */
#include "offload/job.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <coppice/actor.h>

#include "base/clock.h"
#include "base/memory.h"
#include "offload/offload.h"

cop_err
copi_job_check(const cop_job_spec *spec)
{
    if (spec->work == NULL || (spec->limiter != NULL && spec->limiter->limit == 0))
        return COP_E_INVAL;
    if (spec->within_ms < 0 && spec->within_ms != COP_INFINITY)
        return COP_E_INVAL;
    switch (spec->mode) {
    case COP_JOB_WAIT: return spec->unblock == NULL ? COP_OK : COP_E_INVAL;
    case COP_JOB_COOPERATE: return COP_OK;
    case COP_JOB_ABANDON: return spec->dispose != NULL ? COP_OK : COP_E_INVAL;
    }
    return COP_E_INVAL;
}

cop_job *
copi_job_new(copi_offload *pool, const cop_job_spec *spec, int64_t now)
{
    cop_job *self = copi_calloc(1, sizeof *self);

    if (self == NULL)
        return NULL;
    self->pool = pool;
    self->spec = *spec;
    snprintf(self->name, sizeof self->name, "%s", spec->name != NULL ? spec->name : "job");
    self->spec.name = self->name;
    self->holds = 2;
    self->submitted_at = now;
    atomic_init(&self->is_cancelled, false);
    self->deadline = spec->within_ms > 0 ? now + spec->within_ms * COPI_MS : INT64_MAX;
    return self;
}

void
copi_job_dispose(cop_job *self)
{
    if (self->spec.dispose != NULL)
        self->spec.dispose(self->spec.arg);
}

/* Of work that returned an error: one that says that it was cancelled is no failure if it
 * was. */
static cop_exit_kind
kind_of_error(const copi_job_end *end)
{
    if (end->err != COP_E_CANCELLED)
        return COP_EXIT_ERROR;
    if (end->was_cancelled)
        return COP_EXIT_SHUTDOWN;
    return end->was_late ? COP_EXIT_DEADLINE : COP_EXIT_ERROR;
}

void
copi_job_exit(const copi_job_end *end, cop_exit *out)
{
    *out = (cop_exit){.kind = COP_EXIT_NORMAL};
    switch (end->outcome) {
    case COPI_JOB_NEVER_RAN:
        out->kind = end->err == COP_E_TIMEOUT ? COP_EXIT_DEADLINE : COP_EXIT_SHUTDOWN;
        return;
    case COPI_JOB_ABANDONED:
        out->kind = COP_EXIT_SHUTDOWN;
        snprintf(out->text, sizeof out->text, "abandoned");
        return;
    case COPI_JOB_RAN: break;
    }
    if (end->err == COP_OK)
        return;
    out->kind = kind_of_error(end);
    out->code = out->kind != COP_EXIT_ERROR ? 0 : end->code != 0 ? end->code : (int)end->err;
    memcpy(out->text, end->text, sizeof out->text);
}

/* ----------------------------------------------------------------- what the work may call */

bool
copi_job_is_late(const cop_job *self)
{
    return self->deadline != INT64_MAX && copi_offload_now(self->pool) >= self->deadline;
}

bool
cop_job_is_cancelled(const cop_job *self)
{
    return atomic_load_explicit(&self->is_cancelled, memory_order_relaxed) ||
           copi_job_is_late(self);
}

int64_t
cop_job_time_left(const cop_job *self)
{
    if (self->deadline == INT64_MAX)
        return COP_INFINITY;
    int64_t left = self->deadline - copi_offload_now(self->pool);
    return left <= 0 ? 0 : (left + COPI_MS - 1) / COPI_MS;
}

cop_err
cop_job_fail(cop_job *self, int code, const char *format, ...)
{
    va_list args;

    self->code = code;
    va_start(args, format);
    vsnprintf(self->text, sizeof self->text, format, args);
    va_end(args);
    return COP_E_FAILED;
}
