/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deadlines.c - deadlines around groups and inside them, several of them, and moving ones.
 */
#include "cases.h"

BLOCK(a_080)
{
    START(me, "a", "x", sleeps, .after = 10);
    START(me, "a", "y", cleans_up);
    return COP_OK;
}
BLOCK(d_080)
{
    return in_group(me, "a", a_080);
}
CASE(080_deadline_around)
{
    return within(me, "d", 1, d_080);
}

BLOCK(a_081)
{
    START(me, "a", "x", sleeps, .after = 10);
    return rest(me, 10);
}
BLOCK(d_081)
{
    return in_group(me, "a", a_081);
}
CASE(081_deadline_in_body)
{
    return within(me, "d", 1, d_081);
}

BLOCK(a_082)
{
    START(me, "a", "x", sleeps, .after = 1);
    START(me, "a", "y", sleeps, .after = 2);
    return COP_OK;
}
BLOCK(d_082)
{
    return in_group(me, "a", a_082);
}
CASE(082_deadline_not_reached)
{
    return within(me, "d", 3, d_082);
}

/* One child that takes long. */
BLOCK(a_long)
{
    START(me, "a", "x", sleeps, .after = 10);
    return COP_OK;
}
BLOCK(long_group)
{
    return in_group(me, "a", a_long);
}
CASE(083_deadline_move_on)
{
    if (is_failure(within(me, "d", 1, long_group)))
        tell(me, "moves on");
    return rest(me, 1);
}

BLOCK(d_084)
{
    return rest(me, 10);
}
BLOCK(with_deadline)
{
    return within(me, "d", me->part.after, d_084);
}
BLOCK(a_084)
{
    START(me, "a", "x", with_deadline, .after = 1);
    START(me, "a", "y", sleeps, .after = 10);
    return COP_OK;
}
CASE(084_deadline_in_child)
{
    return in_group(me, "a", a_084);
}

BLOCK(a_085)
{
    START(me, "a", "x", with_deadline, .after = 5);
    START(me, "a", "y", fails, .after = 1, .text = "boom");
    return COP_OK;
}
CASE(085_deadline_in_cancelled_child)
{
    return in_group(me, "a", a_085);
}

/* --------------------------------------------------------------------- and errors, and cleanup */

BLOCK(a_086)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    START(me, "a", "y", sleeps, .after = 10);
    return COP_OK;
}
BLOCK(d_086)
{
    return in_group(me, "a", a_086);
}
CASE(086_deadline_error_before)
{
    return within(me, "d", 5, d_086);
}

BLOCK(a_087)
{
    START(me, "a", "x", cleans_up, .text = "bang");
    return COP_OK;
}
BLOCK(d_087)
{
    return in_group(me, "a", a_087);
}
CASE(087_deadline_and_cleanup_error)
{
    return within(me, "d", 1, d_087);
}

BLOCK(a_088)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    START(me, "a", "y", cleans_up, .after = 3);
    return COP_OK;
}
BLOCK(d_088)
{
    return in_group(me, "a", a_088);
}
CASE(088_deadline_during_cleanup)
{
    return within(me, "d", 2, d_088);
}

BLOCK(a_089)
{
    START(me, "a", "x", cleans_up, .after = 3);
    return COP_OK;
}
BLOCK(cleaning_group)
{
    return in_group(me, "a", a_089);
}
CASE(089_deadline_outlived_by_cleanup)
{
    return within(me, "d", 1, cleaning_group);
}

/* --------------------------------------------------------------------------------- several */

BLOCK(outer_090)
{
    return within(me, "inner", 3, long_group);
}
CASE(090_deadlines_outer_first)
{
    return within(me, "outer", 1, outer_090);
}

BLOCK(outer_091)
{
    if (is_failure(within(me, "inner", 1, long_group)))
        tell(me, "moves on");
    return rest(me, 1);
}
CASE(091_deadlines_inner_first)
{
    return within(me, "outer", 3, outer_091);
}

BLOCK(three_092)
{
    return rest(me, 10);
}
BLOCK(one_092)
{
    return within(me, "three", 3, three_092);
}
BLOCK(five_092)
{
    return within(me, "one", 1, one_092);
}
CASE(092_deadlines_minimum)
{
    return within(me, "five", 5, five_092);
}

BLOCK(outer_093)
{
    if (is_failure(within(me, "inner", 1, cleaning_group)))
        tell(me, "moves on");
    return COP_OK;
}
CASE(093_deadlines_both_passed)
{
    return within(me, "outer", 2, outer_093);
}

/* ---------------------------------------------------------------------------------- moving */

BLOCK(a_094)
{
    START(me, "a", "x", sleeps, .after = 3);
    COP_TRY(rest(me, 1));
    move(me, "d", 4);
    return COP_OK;
}
BLOCK(d_094)
{
    return in_group(me, "a", a_094);
}
CASE(094_deadline_later)
{
    return within(me, "d", 2, d_094);
}

BLOCK(a_095)
{
    START(me, "a", "x", sleeps, .after = 10);
    COP_TRY(rest(me, 1));
    move(me, "d", 1);
    return COP_OK;
}
BLOCK(d_095)
{
    return in_group(me, "a", a_095);
}
CASE(095_deadline_sooner)
{
    return within(me, "d", 8, d_095);
}

/* There is no deadline in the past: it is now. */
BLOCK(a_096)
{
    START(me, "a", "x", sleeps, .after = 10);
    COP_TRY(rest(me, 1));
    move(me, "d", 0);
    return rest(me, 10);
}
BLOCK(d_096)
{
    return in_group(me, "a", a_096);
}
CASE(096_deadline_now)
{
    return within(me, "d", 8, d_096);
}

BLOCK(a_097)
{
    START(me, "a", "x", sleeps, .after = 3);
    COP_TRY(rest(me, 1));
    move(me, "d", NEVER);
    return COP_OK;
}
BLOCK(d_097)
{
    return in_group(me, "a", a_097);
}
CASE(097_deadline_taken_away)
{
    return within(me, "d", 2, d_097);
}

BLOCK(hurries)
{
    COP_TRY(rest(me, 1));
    move(me, "d", 1);
    return COP_OK;
}
BLOCK(a_098)
{
    START(me, "a", "x", sleeps, .after = 10);
    START(me, "a", "y", hurries);
    return COP_OK;
}
BLOCK(d_098)
{
    return in_group(me, "a", a_098);
}
CASE(098_deadline_set_late)
{
    return within(me, "d", NEVER, d_098);
}

/* In the options of a scope 0 is none; that it is now can be said a little later. */
BLOCK(a_099)
{
    START(me, "a", "x", cleans_up);
    return COP_OK;
}
BLOCK(d_099)
{
    move(me, "d", 0);
    return in_group(me, "a", a_099);
}
CASE(099_deadline_zero)
{
    return within(me, "d", NEVER, d_099);
}
