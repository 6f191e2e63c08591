/* SPDX-License-Identifier: Apache-2.0 */
#include "strategy.h"

#include <string.h>

#include "base/exit.h"

enum {
    DEFAULT_CAP_MS = 30000,
    DEFAULT_FACTOR_PERCENT = 200,
};

bool
copi_restart_wanted(cop_restart kind, cop_exit_kind how)
{
    switch (kind) {
    case COP_PERMANENT: return true;
    case COP_TRANSIENT: return cop_exit_is_abnormal(&(cop_exit){.kind = how});
    case COP_TEMPORARY: return false;
    }
    return false;
}

copi_span
copi_strategy_span(cop_strategy strategy)
{
    switch (strategy) {
    case COP_ONE_FOR_ONE: return COPI_SPAN_ONE;
    case COP_ONE_FOR_ALL: return COPI_SPAN_ALL;
    case COP_REST_FOR_ONE: return COPI_SPAN_REST;
    case COP_DYNAMIC: return COPI_SPAN_ONE;
    }
    return COPI_SPAN_ONE;
}

bool
copi_auto_shutdown_due(cop_auto_shutdown mode, size_t left)
{
    return mode == COP_ANY_SIGNIFICANT || (mode == COP_ALL_SIGNIFICANT && left == 0);
}

/* As OTP judges: what was not asked for is fine for everybody but a permanent child. */
bool
copi_stop_was_clean(const cop_child *spec, const cop_exit *why)
{
    bool is_brutal = spec->stop_ms == COP_STOP_BRUTAL;

    switch (why->kind) {
    case COP_EXIT_KILLED: return is_brutal;
    case COP_EXIT_NORMAL: return spec->restart != COP_PERMANENT;
    case COP_EXIT_SHUTDOWN:
        return spec->restart != COP_PERMANENT || (!is_brutal && why->text[0] == '\0');
    default: return false;
    }
}

cop_backoff
copi_backoff_filled(const cop_backoff *self)
{
    cop_backoff out = *self;

    if (out.first_ms == 0)
        return out;
    if (out.cap_ms == 0)
        out.cap_ms = out.first_ms > DEFAULT_CAP_MS ? out.first_ms : DEFAULT_CAP_MS;
    if (out.factor_percent == 0)
        out.factor_percent = DEFAULT_FACTOR_PERCENT;
    if (out.healthy_ms == 0)
        out.healthy_ms = out.cap_ms;
    return out;
}

int64_t
copi_backoff_healthy(const cop_backoff *self)
{
    return copi_backoff_filled(self).healthy_ms;
}

int64_t
copi_backoff_wait(const cop_backoff *self, uint32_t in_row, uint64_t random)
{
    const cop_backoff filled = copi_backoff_filled(self);
    double wait = filled.first_ms, cap = filled.cap_ms, factor = filled.factor_percent / 100.0;

    /* A factor of 1 would take as many steps as there were restarts. */
    for (uint32_t i = 1; i < in_row && wait < cap && factor > 1.0; i++)
        wait *= factor;
    int64_t ms = (int64_t)(wait < cap ? wait : cap);
    uint64_t spread = (uint64_t)(ms * filled.jitter_percent / 100);
    ms -= (int64_t)(random % (spread + 1));
    return ms < 1 ? 1 : ms;
}

uint32_t
copi_budget_room(uint32_t allowed, uint32_t seconds)
{
    return allowed < seconds ? allowed : seconds + 1;
}

void
copi_budget_init(copi_budget *self, uint32_t allowed, uint32_t seconds, copi_burst *bursts)
{
    *self = (copi_budget){.allowed = allowed,
                          .seconds = seconds,
                          .room = copi_budget_room(allowed, seconds),
                          .bursts = bursts};
}

static void
forget_old(copi_budget *self, int64_t second)
{
    while (self->count > 0 && self->bursts[self->oldest].second < second - self->seconds) {
        self->spent -= self->bursts[self->oldest].count;
        self->oldest = (self->oldest + 1) % self->room;
        self->count--;
    }
}

static void
note_reason(copi_budget *self, const cop_exit *why)
{
    cop_cause *reason = &self->reasons[self->next_reason];

    reason->kind = why->kind;
    reason->code = why->code;
    memcpy(reason->text, why->text, sizeof reason->text);
    self->next_reason = (self->next_reason + 1) % COPI_REASONS;
}

bool
copi_budget_spend(copi_budget *self, int64_t second, const cop_exit *why)
{
    forget_old(self, second);
    if (self->spent == self->allowed)
        return false;
    self->spent++;
    note_reason(self, why);
    if (self->count > 0) {
        copi_burst *newest = &self->bursts[(self->oldest + self->count - 1) % self->room];
        if (newest->second == second) {
            newest->count++;
            return true;
        }
    }
    self->bursts[(self->oldest + self->count) % self->room] = (copi_burst){second, 1};
    self->count++;
    return true;
}

void
copi_budget_blame(const copi_budget *self, cop_exit *out)
{
    uint32_t kept = self->spent < COPI_REASONS ? self->spent : COPI_REASONS;

    for (uint32_t i = 1; i <= kept; i++)
        copi_exit_add_cause(
            out, &self->reasons[(self->next_reason + COPI_REASONS - i) % COPI_REASONS]);
    copi_exit_drop_causes(out, self->spent - kept);
}
