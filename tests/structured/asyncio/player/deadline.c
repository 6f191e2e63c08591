/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <coppice/hatch.h>

#include "stage.h"

static cop_err
within_scope(role *me, const cop_scope_opts *opts, act *block)
{
    cop_outcome outcome;
    cop_err err = COP_E_CANCELLED;

    COP_SCOPE(me->co, here, &outcome, .name = opts->name, .deadline_ms = opts->deadline_ms,
              .shield = opts->shield)
    {
        note_place(opts->name, me, here.scope);
        err = block(me);
        if (err != COP_OK)
            break;
    }
    say("deadline %s: %s", opts->name, outcome.timed_out ? "passed" : "not reached");
    if (!is_failure(err) && outcome.why.kind == COP_EXIT_DEADLINE)
        return fail(me, "deadline");
    return err;
}

cop_err
within(role *me, const char *name, int units, act *block)
{
    int32_t ms = units == NEVER ? 0 : units * UNIT;

    return within_scope(me, &(cop_scope_opts){.name = name, .deadline_ms = ms}, block);
}

cop_err
within_shield(role *me, const char *name, int units, act *block)
{
    return within_scope(
        me, &(cop_scope_opts){.name = name, .deadline_ms = units * UNIT, .shield = true},
        block);
}

cop_err
shielded(role *me, act *block)
{
    cop_err err = COP_E_FAILED;

    COP_SCOPE(me->co, here, NULL, .name = "shield", .shield = true, .deadline_ms = 100 * UNIT)
    err = block(me);
    return err == COP_OK ? cop_yield(me->co) : err;
}

/* ------------------------------------------------------------------------------- moving */

typedef struct order {
    const place *where;
    int32_t ms;
} order;

static void
set(cop_actor *owner, const order *given)
{
    if (cop_scope_set_deadline(owner, given->where->scope, given->ms) != COP_OK)
        say("deadline %s: cannot be moved", given->where->name);
}

static cop_err
obey(cop_actor *me, void *state, void *arg)
{
    (void)state;
    set(me, arg);
    return COP_OK;
}

void
move(role *me, const char *name, int units)
{
    order *given = malloc(sizeof *given);

    if (given == NULL)
        abort();
    *given = (order){find_place(name), units == NEVER ? COP_INFINITY : units * UNIT};
    if (given->where->owner == me) {
        set(me->actor, given);
        free(given);
        return;
    }
    /* A scope is its actor's, which is asked. */
    if (cop_post_soon(cop_node_of(me->actor), given->where->owner->pid, obey, given, free) !=
        COP_OK)
        say("deadline %s: nobody to ask", name);
}
