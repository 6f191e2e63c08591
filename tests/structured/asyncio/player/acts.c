/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* strdup */

#include <string.h>

#include "stage.h"

cop_err
rest(role *me, int units)
{
    return cop_sleep(me->co, (int64_t)units * UNIT);
}

cop_err
nothing(role *me)
{
    (void)me;
    return COP_OK;
}

cop_err
waits(role *me)
{
    return cop_sleep(me->co, COP_INFINITY);
}

cop_err
sleeps(role *me)
{
    COP_TRY(rest(me, me->part.after));
    me->value = me->part.value;
    return COP_OK;
}

cop_err
fails(role *me)
{
    if (me->part.after > 0)
        COP_TRY(rest(me, me->part.after));
    return fail(me, "%s", me->part.text);
}

static cop_err
cleans(role *me)
{
    return rest(me, me->part.after);
}

cop_err
cleans_up(role *me)
{
    cop_err err = waits(me);

    tell(me, "told to stop");
    if (me->part.after > 0)
        (void)shielded(me, cleans);
    if (me->part.text != NULL)
        return fail(me, "%s", me->part.text);
    tell(me, "cleaned up");
    return err;
}

cop_err
swallows(role *me)
{
    if (waits(me) == COP_E_CANCELLED)
        tell(me, "told to stop, goes on");
    if (me->part.after > 0)
        COP_TRY(rest(me, me->part.after));
    me->value = me->part.value;
    return COP_OK;
}

/* -------------------------------------------------------------------------------- reasons */

void
tell_reason(role *me)
{
    cop_scope_state now;

    cop_look(me->co, &now);
    const role *origin = with_pid(now.why.origin);
    if (origin != NULL)
        tell(me, "told to stop (child %s: %s)", origin->name, now.why.text);
    else
        tell(me, "told to stop (%s)", now.why.text[0] != '\0' ? now.why.text : "no reason");
}

cop_err
asks_why(role *me)
{
    cop_err err = waits(me);

    tell_reason(me);
    return err;
}

/* --------------------------------------------------------------------------------- others */

static bool
is_of_monitor(const cop_received *message, void *ctx)
{
    const cop_down *down = cop_as(message, cop_down);

    return down != NULL && down->ref.bits == ((const cop_ref *)ctx)->bits;
}

cop_err
await_child(role *me, const char *name)
{
    const role *who = find(name);
    cop_received got;
    cop_ref monitor;

    COP_TRY(cop_monitor(me->actor, who->pid, &monitor));
    cop_err err = cop_receive_if(me->co, COP_INFINITY, is_of_monitor, &monitor, &got);
    if (err != COP_OK) {
        cop_demonitor(me->actor, monitor);
        return err;
    }
    const cop_down *down = cop_as(&got, cop_down);
    if (cop_exit_is_abnormal(&down->why))
        return fail_as(me, strdup(who->outcome));
    if (down->why.kind == COP_EXIT_SHUTDOWN)
        return fail(me, "%s was cancelled", name);
    me->value = who->value;
    return COP_OK;
}

cop_err
awaits(role *me)
{
    return await_child(me, me->part.other);
}

cop_err
kills_itself(role *me)
{
    if (me->part.after > 0)
        COP_TRY(rest(me, me->part.after));
    cop_kill(me->actor, cop_self(me->actor));
    return waits(me);
}
