/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errors.c - who fails, and what becomes of the others.
 */
#include "cases.h"

BLOCK(a_001)
{
    START(me, "a", "x", sleeps, .after = 10);
    START(me, "a", "y", sleeps, .after = 10);
    COP_TRY(rest(me, 1));
    return fail(me, "boom");
}
CASE(001_body_error)
{
    return in_group(me, "a", a_001);
}

BLOCK(a_002)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    START(me, "a", "y", sleeps, .after = 10);
    return rest(me, 10);
}
CASE(002_child_error)
{
    return in_group(me, "a", a_002);
}

BLOCK(a_003)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    START(me, "a", "y", sleeps, .after = 10);
    return COP_OK;
}
CASE(003_child_error_while_closing)
{
    return in_group(me, "a", a_003);
}

BLOCK(a_004)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    START(me, "a", "y", fails, .after = 1, .text = "bang");
    START(me, "a", "z", fails, .after = 1, .text = "bump");
    START(me, "a", "w", sleeps, .after = 10);
    return COP_OK;
}
CASE(004_several_errors)
{
    return in_group(me, "a", a_004);
}

BLOCK(a_005)
{
    START(me, "a", "x", cleans_up, .after = 2, .text = "bang");
    START(me, "a", "y", fails, .after = 1, .text = "boom");
    return COP_OK;
}
CASE(005_errors_in_order)
{
    return in_group(me, "a", a_005);
}

BLOCK(a_006)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    START(me, "a", "y", cleans_up, .text = "bang");
    START(me, "a", "z", cleans_up);
    return COP_OK;
}
CASE(006_error_while_cancelling)
{
    return in_group(me, "a", a_006);
}

BLOCK(fails_twice)
{
    COP_TRY(rest(me, 1));
    (void)fail(me, "boom");
    tell(me, "cleans up");
    return fail(me, "bang");
}
BLOCK(a_007)
{
    START(me, "a", "x", fails_twice);
    START(me, "a", "y", sleeps, .after = 10);
    return COP_OK;
}
CASE(007_cleanup_fails_after_error)
{
    return in_group(me, "a", a_007);
}

BLOCK(fails_at_the_end)
{
    (void)rest(me, 1);
    tell(me, "cleans up");
    return fail(me, "bang");
}
BLOCK(a_008)
{
    START(me, "a", "x", fails_at_the_end);
    START(me, "a", "y", sleeps, .after = 10);
    return COP_OK;
}
CASE(008_cleanup_fails_after_end)
{
    return in_group(me, "a", a_008);
}

BLOCK(a_009)
{
    START(me, "a", "x", cleans_up, .after = 1, .text = "bang");
    START(me, "a", "y", sleeps, .after = 10);
    COP_TRY(rest(me, 1));
    return fail(me, "boom");
}
CASE(009_body_error_then_child_error)
{
    return in_group(me, "a", a_009);
}

BLOCK(a_010)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    (void)rest(me, 10);
    return fail(me, "bang");
}
CASE(010_body_fails_in_cleanup)
{
    return in_group(me, "a", a_010);
}

BLOCK(a_011)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    START(me, "a", "y", sleeps, .after = 10);
    if (rest(me, 10) == COP_E_CANCELLED)
        say("body a: told to stop, goes on");
    return COP_OK;
}
CASE(011_body_swallows)
{
    return in_group(me, "a", a_011);
}

BLOCK(a_012)
{
    COP_TRY(a_011(me));
    return rest(me, 5);
}
CASE(012_body_swallows_and_waits)
{
    return in_group(me, "a", a_012);
}

BLOCK(a_013)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    return waits(me);
}
CASE(013_body_waits_for_ever)
{
    return in_group(me, "a", a_013);
}

/* --------------------------------------------------------- the hardest way to fail there is */

BLOCK(a_076)
{
    START(me, "a", "x", kills_itself, .after = 1);
    START(me, "a", "y", cleans_up, .after = 1);
    return COP_OK;
}
CASE(076_fatal_child)
{
    return in_group(me, "a", a_076);
}

BLOCK(a_077)
{
    START(me, "a", "x", cleans_up, .after = 1);
    COP_TRY(rest(me, 1));
    return kills_itself(me);
}
CASE(077_fatal_body)
{
    return in_group(me, "a", a_077);
}

BLOCK(breaks_down)
{
    (void)waits(me);
    return kills_itself(me);
}
BLOCK(a_078)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    START(me, "a", "y", breaks_down);
    return COP_OK;
}
CASE(078_fatal_and_error)
{
    return in_group(me, "a", a_078);
}

/* --------------------------------------------------------------------- what goes on after it */

BLOCK(a_079)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    return rest(me, 10);
}
BLOCK(b_079)
{
    START(me, "b", "y", sleeps, .after = 1);
    return COP_OK;
}
CASE(079_caught_and_gone_on)
{
    if (is_failure(in_group(me, "a", a_079)))
        tell(me, "caught");
    COP_TRY(rest(me, 1));
    return in_group(me, "b", b_079);
}
