/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <coppice/timer.h>

#include "scenario.h"

typedef struct worker {
    name *who;
    const char *plan; /* what is left of its stop plan */
    bool is_stopping;
    bool is_at_gate; /* as an init that blocks it does nothing until it is released */
    char outcome[LINE_MAX_SIZE];
} worker;

/* The outcome of try `n` of a plan; the last one repeats. */
static void
nth_outcome(const char *plan, int n, char *out, size_t size)
{
    for (const char *comma; n > 1 && (comma = strchr(plan, ',')) != NULL; n--)
        plan = comma + 1;
    size_t length = strcspn(plan, ",");
    if (length >= size)
        length = size - 1;
    memcpy(out, plan, length);
    out[length] = '\0';
}

static void
next_outcome(name *who, char *out, size_t size)
{
    nth_outcome(name_key(who, "start", "ok"), ++who->tries, out, size);
}

static cop_err
outcome_err(world *self, const char *outcome)
{
    if (strcmp(outcome, "ignore") == 0)
        return COP_E_IGNORE;
    if (strncmp(outcome, "fail:", 5) == 0)
        return (cop_err)reason_code(self, outcome + 5);
    return COP_OK;
}

cop_err
plan_outcome(name *who)
{
    char outcome[LINE_MAX_SIZE];

    next_outcome(who, outcome, sizeof outcome);
    return outcome_err(who->world, outcome);
}

static bool
has(const name *who, const char *key)
{
    return strcmp(name_key(who, key, "no"), "yes") == 0;
}

/* What comes of its start; where there are gates all have to say that they are ready. */
static cop_err
begin(cop_actor *me, const worker *st)
{
    COP_TRY(outcome_err(st->who->world, st->outcome));
    return st->who->world->has_gates ? cop_say_ready(me) : COP_OK;
}

static cop_err
wait_at_gate(cop_actor *me, worker *st)
{
    static const char gate[] = "gate+";
    bool is_shut = strncmp(st->outcome, gate, sizeof gate - 1) == 0;

    if (!is_shut && !st->who->world->is_slow)
        return begin(me, st);
    st->is_at_gate = true;
    if (!is_shut)
        return cop_send(me, cop_self(me), released);
    memmove(st->outcome, st->outcome + sizeof gate - 1, strlen(st->outcome) - sizeof gate + 2);
    pthread_mutex_lock(&st->who->world->lock);
    st->who->at_gate = cop_self(me);
    pthread_mutex_unlock(&st->who->world->lock);
    return COP_OK;
}

static cop_err
init(cop_actor *me, void *state, const void *arg)
{
    worker *st = state;

    st->who = (name *)(uintptr_t)arg;
    st->plan = name_key(st->who, "stop", "ok");
    if (has(st->who, "trap"))
        cop_trap_exit(me, true);
    if (has(st->who, "unlink"))
        cop_unlink(me, cop_owner(me));
    next_outcome(st->who, st->outcome, sizeof st->outcome);
    return wait_at_gate(me, st);
}

static cop_err
follow_plan(cop_actor *me, worker *st)
{
    if (strncmp(st->plan, "delay:", 6) == 0) {
        const char *rest = strchr(st->plan, '+');
        long ms = strtol(st->plan + 6, NULL, 10);
        st->plan = rest == NULL ? "ok" : rest + 1;
        return cop_send_after(me, ms, NULL, plan_goes_on);
    }
    if (strncmp(st->plan, "exit:", 5) == 0) {
        cop_exit why = reason_exit(st->who->world, st->plan + 5);
        return cop_stop_with(me, &why);
    }
    return strcmp(st->plan, "hang") == 0 ? COP_OK : cop_stop(me);
}

static cop_err
stop_now(cop_actor *me, worker *st)
{
    if (st->is_at_gate)
        return COP_OK;
    return has(st->who, "trap") ? follow_plan(me, st) : cop_stop(me);
}

COP_HANDLER(worker, cop_stopping)
{
    st->is_stopping = true;
    return stop_now(me, st);
}

/* Who was told to stop while it waited does so now. */
COP_HANDLER(worker, released)
{
    if (!st->is_at_gate)
        return COP_OK;
    st->is_at_gate = false;
    COP_TRY(begin(me, st));
    return st->is_stopping ? stop_now(me, st) : COP_OK;
}

COP_HANDLER(worker, plan_goes_on)
{
    return follow_plan(me, st);
}

/* Not while it stops: then it looks at nothing else, as OTP's terminate. */
COP_HANDLER(worker, leave)
{
    char word[LINE_MAX_SIZE] = "";

    if (st->is_stopping)
        return COP_OK;
    memcpy(word, msg->why.data, msg->why.size);
    cop_exit why = reason_exit(st->who->world, word);
    return cop_stop_with(me, &why);
}

/* From strangers, to one who traps. */
COP_HANDLER(worker, cop_exited)
{
    return COP_OK;
}

const cop_behaviour worker_b = {
    .name = "worker",
    .state_size = sizeof(worker),
    .init = init,
    .handlers = COP_HANDLERS(COP_ON(worker, cop_stopping), COP_ON(worker, plan_goes_on),
                             COP_ON(worker, leave), COP_ON(worker, cop_exited),
                             COP_ON(worker, released)),
};
