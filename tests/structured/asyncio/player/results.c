/* SPDX-License-Identifier: Apache-2.0 */
/*
 * results.c - what becomes of results, who waits for whom, and crowds.
 */
#define _GNU_SOURCE /* strdup */

#include <stdio.h>
#include <string.h>

#include "cases.h"

#define QUESTION(M, F) M(1, are_you_done) M(2, done)
COP_PROTOCOL(QUESTION)

BLOCK(a_060)
{
    START(me, "a", "x", sleeps, .after = 1, .value = "one");
    START(me, "a", "y", sleeps, .after = 2, .value = "two");
    return COP_OK;
}
CASE(060_result_after_close)
{
    COP_TRY(in_group(me, "a", a_060));
    tell(me, "got %s and %s", find("x")->value, find("y")->value);
    return COP_OK;
}

BLOCK(a_061)
{
    START(me, "a", "x", sleeps, .after = 1, .value = "one");
    if (find("x")->value == NULL)
        say("body a: no result yet");
    return COP_OK;
}
CASE(061_result_too_early)
{
    return in_group(me, "a", a_061);
}

static const char *
without_error(const char *outcome)
{
    size_t skip = strlen("error ");

    return strncmp(outcome, "error ", skip) == 0 ? outcome + skip : outcome;
}

BLOCK(a_062)
{
    START(me, "a", "x", fails, .after = 2, .text = "boom");
    START(me, "a", "y", sleeps, .after = 1, .value = "one");
    START(me, "a", "z", sleeps, .after = 10);
    return COP_OK;
}
CASE(062_result_of_failed)
{
    if (!is_failure(in_group(me, "a", a_062)))
        return COP_OK;
    tell(me, "x: %s", without_error(find("x")->outcome));
    tell(me, "y: %s", find("y")->value);
    tell(me, "z: %s", find("z")->outcome);
    return COP_OK;
}

/* ---------------------------------------------------------------------------- who waits for whom */

BLOCK(a_063)
{
    START(me, "a", "x", sleeps, .after = 1, .value = "one");
    START(me, "a", "y", awaits, .other = "x");
    return COP_OK;
}
CASE(063_child_awaits_sibling)
{
    return in_group(me, "a", a_063);
}

BLOCK(a_064)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    START(me, "a", "y", awaits, .other = "x");
    return COP_OK;
}
CASE(064_child_awaits_failing_sibling)
{
    return in_group(me, "a", a_064);
}

BLOCK(waits_for_065)
{
    cop_err err = awaits(me);

    if (err == COP_E_CANCELLED)
        tell(me, "told to stop");
    return err;
}
BLOCK(a_065)
{
    START(me, "a", "x", sleeps, .after = 10);
    START(me, "a", "y", waits_for_065, .other = "x");
    START(me, "a", "z", sleeps, .after = 2);
    COP_TRY(rest(me, 1));
    cancel(me, "x", NULL);
    return COP_OK;
}
CASE(065_child_awaits_cancelled_sibling)
{
    return in_group(me, "a", a_065);
}

BLOCK(a_066)
{
    START(me, "a", "x", sleeps, .after = 2);
    START(me, "a", "y", awaits, .other = "x");
    COP_TRY(rest(me, 1));
    cancel(me, "y", NULL);
    return COP_OK;
}
CASE(066_child_cancelled_awaiting_sibling)
{
    return in_group(me, "a", a_066);
}

/* What can be waited for at oneself is an answer. */
BLOCK(waits_for_itself)
{
    const done *answer;
    cop_err err = cop_call(me->co, cop_self(me->actor), 10 * UNIT, done, &answer, are_you_done);

    return err == COP_E_SELF ? fail(me, "deadlock") : err;
}
BLOCK(a_067)
{
    START(me, "a", "x", waits_for_itself);
    return COP_OK;
}
CASE(067_child_awaits_itself)
{
    return in_group(me, "a", a_067);
}

/* Another's scope cannot be joined, so nobody waits for what waits for it. */
BLOCK(waits_for_group)
{
    cop_err err = cop_scope_join(me->co, find_place(me->part.other)->scope, NULL);

    return err == COP_E_NOT_MINE ? fail(me, "deadlock") : err;
}
BLOCK(a_068)
{
    START(me, "a", "x", waits_for_group, .other = "a");
    return COP_OK;
}
CASE(068_child_awaits_parent)
{
    return in_group(me, "a", a_068);
}

BLOCK(a_069)
{
    START(me, "a", "y", awaits, .other = "x");
    START(me, "a", "x", awaits, .other = "y");
    return COP_OK;
}
CASE(069_children_await_each_other)
{
    return in_group(me, "a", a_069);
}

/* ---------------------------------------------------------------------------------- crowds */

enum {
    CROWD = 1000
};

BLOCK(a_070)
{
    char name[NAME_SIZE];

    for (int i = 0; i < CROWD - 1; i++) {
        snprintf(name, sizeof name, "s%d", i);
        START(me, "a", name, sleeps, .after = 10, .is_quiet = true);
    }
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    return COP_OK;
}
CASE(070_many_children)
{
    unsigned cancelled = 0;

    if (!is_failure(in_group(me, "a", a_070)))
        return COP_OK;
    for (unsigned i = 0; i < on_stage.role_count; i++)
        if (on_stage.roles[i]->part.is_quiet)
            cancelled += strcmp(on_stage.roles[i]->outcome, "cancelled") == 0;
    tell(me, "%u were cancelled", cancelled);
    return COP_OK;
}

BLOCK(a_071)
{
    char name[NAME_SIZE];

    for (int i = 0; i < CROWD; i++) {
        snprintf(name, sizeof name, "s%d", i);
        START(me, "a", name, fails, .after = 1, .text = "boom", .is_quiet = true);
    }
    return COP_OK;
}
CASE(071_many_errors)
{
    unsigned errors = 0;

    if (!is_failure(in_group(me, "a", a_071)))
        return COP_OK;
    for (unsigned i = 0; i < on_stage.role_count; i++)
        if (on_stage.roles[i]->part.is_quiet)
            errors += strcmp(on_stage.roles[i]->outcome, "error boom") == 0;
    tell(me, "%u errors", errors);
    return COP_OK;
}

/* ------------------------------------------------------------------------- without a group */

/* Several in a scope of their own, of which nothing is told; fails as the first one did. */
static cop_err
gather(role *me, act *block)
{
    cop_outcome outcome;
    cop_err err = COP_E_CANCELLED;

    COP_SCOPE(me->co, all, &outcome, .name = "all")
    {
        note_place("all", me, all.scope);
        err = block(me);
        if (err != COP_OK)
            break;
    }
    return outcome.kept_count > 0 ? fail_as(me, strdup(outcome.kept[0].why.text)) : err;
}

BLOCK(all_105)
{
    START(me, "all", "x", fails, .after = 1, .text = "boom", .is_quiet = true);
    START(me, "all", "y", sleeps, .after = 5, .is_quiet = true);
    return COP_OK;
}
CASE(105_gather_error)
{
    return gather(me, all_105);
}

BLOCK(all_106)
{
    START(me, "all", "x", fails, .after = 1, .text = "boom", .is_quiet = true);
    START(me, "all", "y", fails, .after = 2, .text = "bang", .is_quiet = true);
    return COP_OK;
}
CASE(106_gather_second_error)
{
    if (is_failure(gather(me, all_106)))
        tell(me, "caught %s", without_error(me->failure));
    return rest(me, 5);
}

/* Two of which none ends the other. */
CASE(107_gather_collects)
{
    cop_outcome outcome;

    COP_SCOPE(me->co, all, &outcome, .name = "all", .policy = COP_COLLECT)
    {
        note_place("all", me, all.scope);
        START(me, "all", "x", fails, .after = 1, .text = "boom", .is_quiet = true);
        START(me, "all", "y", sleeps, .after = 2, .value = "two", .is_quiet = true);
    }
    if (outcome.kept_count == 2 && outcome.why.kind == COP_EXIT_NORMAL)
        tell(me, "got %s and %s", without_error(outcome.kept[0].why.text), find("y")->value);
    return COP_OK;
}

/* In main's own scope, and nobody asks about it. */
CASE(108_lost_child)
{
    note_place("main", me, cop_here(me->actor));
    START(me, "main", "x", fails, .after = 1, .text = "boom", .is_quiet = true);
    return rest(me, 2);
}
