/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ends.c - groups of which nobody fails, empty ones, and what ends at once.
 */
#include "cases.h"

BLOCK(a_014)
{
    START(me, "a", "x", sleeps, .after = 2);
    START(me, "a", "y", sleeps, .after = 1);
    return COP_OK;
}
CASE(014_body_ends_early)
{
    return in_group(me, "a", a_014);
}

BLOCK(a_015)
{
    START(me, "a", "x", sleeps, .after = 2);
    me->value = "early";
    return COP_OK;
}
CASE(015_body_returns)
{
    COP_TRY(in_group(me, "a", a_015));
    tell(me, "got %s", me->value);
    me->value = NULL;
    return COP_OK;
}

CASE(016_empty)
{
    return in_group(me, "a", nothing);
}

BLOCK(a_017)
{
    return fail(me, "boom");
}
CASE(017_empty_body_fails)
{
    return in_group(me, "a", a_017);
}

BLOCK(parent_018)
{
    cancel(me, me->name, NULL);
    COP_TRY(in_group(me, "a", nothing));
    return rest(me, 10);
}
BLOCK(top_018)
{
    START(me, "top", "p", parent_018);
    return COP_OK;
}
CASE(018_empty_cancelled)
{
    return in_group(me, "top", top_018);
}

BLOCK(a_019)
{
    START(me, "a", "x", sleeps);
    START(me, "a", "y", sleeps);
    return COP_OK;
}
CASE(019_ends_at_once)
{
    return in_group(me, "a", a_019);
}

BLOCK(a_020)
{
    START(me, "a", "x", fails, .text = "boom");
    START(me, "a", "y", cleans_up);
    return COP_OK;
}
CASE(020_fails_at_once)
{
    return in_group(me, "a", a_020);
}

/* ------------------------------------------------------------------- cancelled from outside */

BLOCK(a_021)
{
    START(me, "a", "x", sleeps, .after = 10);
    return rest(me, 10);
}
BLOCK(parent_021)
{
    return in_group(me, "a", a_021);
}
BLOCK(top_021)
{
    START(me, "top", "p", parent_021);
    COP_TRY(rest(me, 1));
    cancel(me, "p", NULL);
    return COP_OK;
}
CASE(021_parent_cancelled_in_body)
{
    return in_group(me, "top", top_021);
}

BLOCK(a_022)
{
    START(me, "a", "x", sleeps, .after = 10);
    return COP_OK;
}
BLOCK(parent_022)
{
    return in_group(me, "a", a_022);
}
BLOCK(top_022)
{
    START(me, "top", "p", parent_022);
    COP_TRY(rest(me, 1));
    cancel(me, "p", NULL);
    return COP_OK;
}
CASE(022_parent_cancelled_while_closing)
{
    return in_group(me, "top", top_022);
}

BLOCK(a_023)
{
    START(me, "a", "x", cleans_up, .after = 3);
    return COP_OK;
}
BLOCK(parent_023)
{
    return in_group(me, "a", a_023);
}
BLOCK(top_023)
{
    START(me, "top", "p", parent_023);
    COP_TRY(rest(me, 1));
    cancel(me, "p", NULL);
    COP_TRY(rest(me, 1));
    cancel(me, "p", NULL);
    return COP_OK;
}
CASE(023_parent_cancelled_twice)
{
    return in_group(me, "top", top_023);
}

BLOCK(a_024)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    START(me, "a", "y", cleans_up, .after = 3);
    return COP_OK;
}
BLOCK(parent_024)
{
    return in_group(me, "a", a_024);
}
BLOCK(top_024)
{
    START(me, "top", "p", parent_024);
    COP_TRY(rest(me, 2));
    cancel(me, "p", NULL);
    return COP_OK;
}
CASE(024_parent_cancelled_after_error)
{
    return in_group(me, "top", top_024);
}

BLOCK(a_025)
{
    START(me, "a", "x", cleans_up, .text = "bang");
    return COP_OK;
}
BLOCK(parent_025)
{
    return in_group(me, "a", a_025);
}
BLOCK(top_025)
{
    START(me, "top", "p", parent_025);
    START(me, "top", "q", sleeps, .after = 2);
    COP_TRY(rest(me, 1));
    cancel(me, "p", NULL);
    return COP_OK;
}
CASE(025_parent_cancelled_child_fails)
{
    return in_group(me, "top", top_025);
}

BLOCK(a_026)
{
    START(me, "a", "x", cleans_up);
    return rest(me, 10);
}
BLOCK(parent_026)
{
    cancel(me, me->name, NULL);
    return in_group(me, "a", a_026);
}
BLOCK(top_026)
{
    START(me, "top", "p", parent_026);
    return COP_OK;
}
CASE(026_parent_cancelled_before_group)
{
    return in_group(me, "top", top_026);
}

BLOCK(a_027)
{
    COP_TRY(rest(me, 1));
    START(me, "a", "x", cleans_up);
    return quit(me);
}
BLOCK(parent_027)
{
    return in_group(me, "a", a_027);
}
BLOCK(top_027)
{
    START(me, "top", "p", parent_027);
    START(me, "top", "q", sleeps, .after = 2);
    return COP_OK;
}
CASE(027_parent_cancelled_at_spawn)
{
    return in_group(me, "top", top_027);
}

BLOCK(a_028)
{
    START(me, "a", "x", cleans_up);
    START(me, "a", "y", sleeps, .after = 1);
    cancel(me, "x", NULL);
    return COP_OK;
}
CASE(028_cancelled_before_first_step)
{
    return in_group(me, "a", a_028);
}

BLOCK(a_029)
{
    START(me, "a", "x", cleans_up);
    return fail(me, "boom");
}
CASE(029_body_fails_at_once)
{
    return in_group(me, "a", a_029);
}
