/* SPDX-License-Identifier: Apache-2.0 */
#include "spec.h"

#include <stdarg.h>
#include <stdio.h>

/* OTP's. */
enum {
    DEFAULT_STOP_MS = 5000,
    DEFAULT_RESTARTS = 1,
    DEFAULT_SECONDS = 5,
};

int32_t
copi_spec_stop_ms(const cop_child *spec)
{
    if (spec->stop_ms != 0)
        return spec->stop_ms;
    return copi_spec_is_supervisor(spec) ? COP_INFINITY : DEFAULT_STOP_MS;
}

uint32_t
copi_spec_restarts(const cop_budget *budget)
{
    if (budget->restarts == COP_NO_RESTARTS)
        return 0;
    return budget->restarts == 0 ? DEFAULT_RESTARTS : (uint32_t)budget->restarts;
}

uint32_t
copi_spec_seconds(const cop_budget *budget)
{
    return budget->seconds == 0 ? DEFAULT_SECONDS : (uint32_t)budget->seconds;
}

static const void *
arg_of_row(const cop_child *row)
{
    return row->sup != NULL ? row : row->arg;
}

int32_t
copi_spec_ready_ms(const cop_child *spec, const void *arg)
{
    const cop_child *row = arg;

    if (spec->ready_ms != 0 || !copi_spec_is_supervisor(spec) || row == NULL)
        return spec->ready_ms;
    if (row->ready_ms != 0 || row->sup == NULL || row->strategy == COP_DYNAMIC)
        return row->ready_ms;
    for (const cop_child *below = row->sup; !copi_spec_is_end(below); below++)
        if (copi_spec_ready_ms(below, arg_of_row(below)) != 0)
            return COP_INFINITY;
    return 0;
}

/* --------------------------------------------------------------------- mistakes */

/* The sentence has to fit an exit record's text, so it is short, and the name last. */
COP_PRINTF(3, 4)
static bool
say(char *text, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(text, size, format, args);
    va_end(args);
    return true;
}

static bool
is_wrong_worker(const cop_child *spec, char *text, size_t size)
{
    if (spec->sup != NULL)
        return false;
    if (spec->strategy != COP_ONE_FOR_ONE || spec->budget.restarts != 0 ||
        spec->budget.seconds != 0 || spec->auto_shutdown != COP_NEVER)
        return say(text, size, "strategy or budget, but no sup: %s", spec->name);
    return false;
}

static bool
is_wrong_supervisor(const cop_child *spec, char *text, size_t size)
{
    if (spec->sup == NULL)
        return false;
    if ((unsigned)spec->strategy > COP_DYNAMIC)
        return say(text, size, "unknown strategy: %s", spec->name);
    if (spec->budget.restarts < COP_NO_RESTARTS)
        return say(text, size, "budget.restarts is negative: %s", spec->name);
    if (spec->budget.seconds < 0)
        return say(text, size, "budget.seconds is negative: %s", spec->name);
    if ((unsigned)spec->auto_shutdown > COP_ALL_SIGNIFICANT)
        return say(text, size, "unknown auto_shutdown: %s", spec->name);
    if (spec->arg != NULL)
        return say(text, size, "a supervisor takes no arg: %s", spec->name);
    return false;
}

static bool
is_wrong_backoff(const cop_backoff *self)
{
    bool has_more = self->cap_ms != 0 || self->factor_percent != 0 ||
                    self->jitter_percent != 0 || self->healthy_ms != 0;

    return self->first_ms < 0 || (self->first_ms == 0 && has_more) ||
           (self->cap_ms != 0 && self->cap_ms < self->first_ms) ||
           (self->factor_percent != 0 && self->factor_percent < 100) ||
           self->jitter_percent < 0 || self->jitter_percent > 100 || self->healthy_ms < 0;
}

static bool
is_wrong_comeback(const cop_child *spec, char *text, size_t size)
{
    if (is_wrong_backoff(&spec->backoff))
        return say(text, size, "bad backoff: %s", spec->name);
    if (spec->own_budget.restarts < COP_NO_RESTARTS || spec->own_budget.seconds < 0)
        return say(text, size, "bad own_budget: %s", spec->name);
    if (spec->keep_mail && spec->sup != NULL)
        return say(text, size, "a supervisor keeps no mail: %s", spec->name);
    if (spec->poison_after < 0 || spec->poison_after > UINT8_MAX ||
        (spec->poison_after > 0 && !spec->keep_mail))
        return say(text, size, "bad poison_after: %s", spec->name);
    return false;
}

bool
copi_spec_is_wrong(const cop_child *spec, char *text, size_t size)
{
    if (spec->name == NULL || spec->name[0] == '\0')
        return say(text, size, "a child has no name");
    if (spec->run == NULL && spec->sup == NULL)
        return say(text, size, "neither run nor sup: %s", spec->name);
    if (spec->run != NULL && spec->sup != NULL)
        return say(text, size, "both run and sup: %s", spec->name);
    if ((unsigned)spec->restart > COP_TEMPORARY)
        return say(text, size, "unknown restart type: %s", spec->name);
    if (spec->stop_ms < COP_STOP_NO_WAIT)
        return say(text, size, "bad stop_ms: %s", spec->name);
    if (spec->ready_ms < 0 && spec->ready_ms != COP_INFINITY)
        return say(text, size, "bad ready_ms: %s", spec->name);
    if ((spec->stuck_ms < 0 && spec->stuck_ms != COP_INFINITY) ||
        (unsigned)spec->on_stuck > COP_STUCK_ABORT)
        return say(text, size, "bad stuck_ms or on_stuck: %s", spec->name);
    return is_wrong_comeback(spec, text, size) || is_wrong_worker(spec, text, size) ||
           is_wrong_supervisor(spec, text, size);
}

bool
copi_spec_is_wrong_below(const cop_child *spec, const cop_child *supervisor, char *text,
                         size_t size)
{
    if (copi_spec_is_wrong(spec, text, size))
        return true;
    if (spec->significant && spec->restart == COP_PERMANENT)
        return say(text, size, "significant, but permanent: %s", spec->name);
    if (spec->significant && supervisor->auto_shutdown == COP_NEVER)
        return say(text, size, "significant without auto_shutdown: %s", spec->name);
    return false;
}

bool
copi_spec_is_wrong_table(const cop_child *supervisor, char *text, size_t size)
{
    size_t count = 0;

    if (supervisor->sup == NULL)
        return say(text, size, "a supervisor without sup");
    if (copi_spec_is_wrong(supervisor, text, size))
        return true;
    for (const cop_child *row = supervisor->sup; !copi_spec_is_end(row); row++, count++)
        if (copi_spec_is_wrong_below(row, supervisor, text, size))
            return true;
    if (supervisor->strategy == COP_DYNAMIC && count == 1 && supervisor->sup->needs != NULL)
        return say(text, size, "a template has no siblings to need: %s", supervisor->name);
    if (supervisor->strategy == COP_DYNAMIC && count != 1)
        return say(text, size, "not exactly one template: %s", supervisor->name);
    return false;
}
