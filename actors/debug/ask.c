/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.c - the side of who looks.
 */
#include "debug/debug.h"

static cop_err
order(cop_actor *me, cop_pid who, int32_t within_ms, const cop_then *then, copi_debug_verb verb,
      uint32_t count)
{
    copi_kind kind = verb == COPI_DEBUG_STATUS ? COPI_LOOK : COPI_DEBUG;

    return copi_ask_debugger(me, who, within_ms, then, kind, &copi_debug_order_type,
                             &(copi_debug_order){.verb = verb, .count = count}, NULL);
}

cop_err
cop_debug_suspend(cop_actor *me, cop_pid who, int32_t within_ms, const cop_then *then)
{
    return order(me, who, within_ms, then, COPI_DEBUG_SUSPEND, 0);
}

cop_err
cop_debug_resume(cop_actor *me, cop_pid who, int32_t within_ms, const cop_then *then)
{
    return order(me, who, within_ms, then, COPI_DEBUG_RESUME, 0);
}

cop_err
cop_debug_status(cop_actor *me, cop_pid who, int32_t within_ms, const cop_then *then)
{
    return order(me, who, within_ms, then, COPI_DEBUG_STATUS, 0);
}

cop_err
cop_debug_statistics_on(cop_actor *me, cop_pid who, int32_t within_ms, const cop_then *then)
{
    return order(me, who, within_ms, then, COPI_DEBUG_COUNT, 0);
}

cop_err
cop_debug_statistics_off(cop_actor *me, cop_pid who, int32_t within_ms, const cop_then *then)
{
    return order(me, who, within_ms, then, COPI_DEBUG_COUNT_NOT, 0);
}

cop_err
cop_debug_statistics(cop_actor *me, cop_pid who, int32_t within_ms, const cop_then *then)
{
    return order(me, who, within_ms, then, COPI_DEBUG_STATISTICS, 0);
}

cop_err
cop_debug_trace_on(cop_actor *me, cop_pid who, uint32_t count, int32_t within_ms,
                   const cop_then *then)
{
    if (count == 0 || count > COP_TRACE_MAX)
        return COP_E_INVAL;
    return order(me, who, within_ms, then, COPI_DEBUG_TRACE, count);
}

cop_err
cop_debug_trace_off(cop_actor *me, cop_pid who, int32_t within_ms, const cop_then *then)
{
    return order(me, who, within_ms, then, COPI_DEBUG_TRACE_NOT, 0);
}

cop_err
cop_debug_trace(cop_actor *me, cop_pid who, int32_t within_ms, const cop_then *then)
{
    return order(me, who, within_ms, then, COPI_DEBUG_LAST, 0);
}
