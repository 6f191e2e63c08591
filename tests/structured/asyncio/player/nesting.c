/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nesting.c - groups in groups and in children, and who starts what where.
 */
#include <stdio.h>

#include "cases.h"

BLOCK(b_030)
{
    START(me, "b", "y", fails, .after = 1, .text = "bang");
    return rest(me, 10);
}
BLOCK(a_030)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    return in_group(me, "b", b_030);
}
CASE(030_nested_both_fail)
{
    return in_group(me, "a", a_030);
}

BLOCK(a_031)
{
    if (is_failure(a_030(me)))
        say("body a: caught");
    return rest(me, 10);
}
CASE(031_nested_both_fail_caught)
{
    return in_group(me, "a", a_031);
}

BLOCK(b_032)
{
    START(me, "b", "y", sleeps, .after = 10);
    return COP_OK;
}
BLOCK(a_032)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    return in_group(me, "b", b_032);
}
CASE(032_nested_outer_fails)
{
    return in_group(me, "a", a_032);
}

BLOCK(b_033)
{
    START(me, "b", "y", fails, .after = 1, .text = "boom");
    return COP_OK;
}
BLOCK(a_033)
{
    START(me, "a", "x", sleeps, .after = 10);
    return in_group(me, "b", b_033);
}
CASE(033_nested_inner_fails)
{
    return in_group(me, "a", a_033);
}

BLOCK(b_034)
{
    START(me, "b", "y", fails, .after = 1, .text = "boom");
    return rest(me, 10);
}
BLOCK(a_034)
{
    START(me, "a", "x", sleeps, .after = 3);
    if (is_failure(in_group(me, "b", b_034)))
        say("body a: caught");
    return rest(me, 1);
}
CASE(034_nested_inner_fails_caught)
{
    return in_group(me, "a", a_034);
}

BLOCK(b_035)
{
    START(me, "b", "y", cleans_up, .after = 1, .text = "bang");
    return COP_OK;
}
BLOCK(a_035)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    return in_group(me, "b", b_035);
}
CASE(035_nested_inner_fails_while_cancelled)
{
    return in_group(me, "a", a_035);
}

/* ----------------------------------------------------------------------------- in children */

BLOCK(b_036)
{
    START(me, "b", "y", sleeps, .after = 2);
    START(me, "b", "z", sleeps, .after = 1);
    return COP_OK;
}
BLOCK(parent_036)
{
    return in_group(me, "b", b_036);
}
BLOCK(a_036)
{
    START(me, "a", "p", parent_036);
    START(me, "a", "x", sleeps, .after = 3);
    return COP_OK;
}
CASE(036_group_in_child)
{
    return in_group(me, "a", a_036);
}

BLOCK(c_037)
{
    START(me, "c", "z", sleeps, .after = 10);
    START(me, "c", "in_c", fails, .after = 1, .text = "boom");
    return COP_OK;
}
BLOCK(in_b_037)
{
    return in_group(me, "c", c_037);
}
BLOCK(b_037)
{
    START(me, "b", "y", sleeps, .after = 10);
    START(me, "b", "in_b", in_b_037);
    return COP_OK;
}
BLOCK(in_a_037)
{
    return in_group(me, "b", b_037);
}
BLOCK(a_037)
{
    START(me, "a", "x", sleeps, .after = 10);
    START(me, "a", "in_a", in_a_037);
    return COP_OK;
}
CASE(037_grandchild_error)
{
    return in_group(me, "a", a_037);
}

static act level;

BLOCK(g_038)
{
    char group[NAME_SIZE], child[NAME_SIZE];

    snprintf(group, sizeof group, "g%d", me->part.depth);
    snprintf(child, sizeof child, "c%d", me->part.depth);
    START(me, group, child, level, .depth = me->part.depth + 1, .after = 1, .text = "boom");
    return COP_OK;
}
static cop_err
level(role *me)
{
    char group[NAME_SIZE];

    if (me->part.depth == 10)
        return fails(me);
    snprintf(group, sizeof group, "g%d", me->part.depth);
    return in_group(me, group, g_038);
}
CASE(038_ten_levels)
{
    return level(me);
}

BLOCK(b_039)
{
    START(me, "b", "y", cleans_up, .after = 1);
    START(me, "b", "z", sleeps, .after = 10);
    return COP_OK;
}
BLOCK(parent_039)
{
    return in_group(me, "b", b_039);
}
BLOCK(a_039)
{
    START(me, "a", "p", parent_039);
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    return COP_OK;
}
CASE(039_grandchildren_cancelled)
{
    return in_group(me, "a", a_039);
}

/* -------------------------------------------------------------------------------- spawning */

BLOCK(starts_late)
{
    cop_err err = waits(me);

    tell(me, "told to stop");
    START(me, "a", "late", sleeps, .after = 1);
    return err;
}
BLOCK(a_040)
{
    START(me, "a", "x", starts_late);
    START(me, "a", "y", fails, .after = 1, .text = "boom");
    return COP_OK;
}
CASE(040_spawn_during_abort)
{
    return in_group(me, "a", a_040);
}

BLOCK(a_041)
{
    START(me, "a", "x", sleeps, .after = 1);
    return COP_OK;
}
CASE(041_spawn_after_exit)
{
    COP_TRY(in_group(me, "a", a_041));
    START(me, "a", "late", sleeps, .after = 1);
    return COP_OK;
}

BLOCK(a_042)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    return COP_OK;
}
CASE(042_spawn_after_failure)
{
    if (is_failure(in_group(me, "a", a_042)))
        tell(me, "caught");
    START(me, "a", "late", sleeps, .after = 1);
    return COP_OK;
}

BLOCK(starts_043)
{
    COP_TRY(rest(me, 1));
    START(me, "a", "y", sleeps, .after = 2);
    return COP_OK;
}
BLOCK(a_043)
{
    START(me, "a", "x", starts_043);
    return COP_OK;
}
CASE(043_spawn_while_closing)
{
    return in_group(me, "a", a_043);
}

BLOCK(starts_044)
{
    START(me, "a", "y", sleeps, .after = 1);
    return COP_OK;
}
BLOCK(a_044)
{
    START(me, "a", "x", starts_044);
    return COP_OK;
}
CASE(044_spawn_by_last_child)
{
    return in_group(me, "a", a_044);
}

BLOCK(starts_045)
{
    START(me, "a", "x", sleeps, .after = 3);
    COP_TRY(rest(me, 1));
    return fail(me, "boom");
}
BLOCK(b_045)
{
    START(me, "b", "y", starts_045);
    return COP_OK;
}
BLOCK(a_045)
{
    if (is_failure(in_group(me, "b", b_045)))
        say("body a: caught");
    return COP_OK;
}
CASE(045_spawn_by_stranger)
{
    return in_group(me, "a", a_045);
}
