/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cancelling.c - one child is cancelled: by itself, its parent, a sibling; with which reason;
 * and what happens in the same instant.
 */
#include "cases.h"

#define POST(M, F) M(1, parcel, F(i32, n))
COP_PROTOCOL(POST)

BLOCK(cancels_itself)
{
    cancel(me, me->name, NULL);
    return rest(me, 10);
}
BLOCK(a_046)
{
    START(me, "a", "x", cancels_itself);
    START(me, "a", "y", sleeps, .after = 1);
    return COP_OK;
}
CASE(046_child_cancels_itself)
{
    return in_group(me, "a", a_046);
}

BLOCK(pretends)
{
    COP_TRY(rest(me, 1));
    return quit(me);
}
BLOCK(a_047)
{
    START(me, "a", "x", pretends);
    START(me, "a", "y", sleeps, .after = 2);
    return COP_OK;
}
CASE(047_child_says_cancelled)
{
    return in_group(me, "a", a_047);
}

/* --------------------------------------------------------------------------------- reasons */

BLOCK(a_048)
{
    START(me, "a", "x", asks_why);
    START(me, "a", "y", sleeps, .after = 2);
    COP_TRY(rest(me, 1));
    cancel(me, "x", "enough");
    return COP_OK;
}
CASE(048_cancel_with_reason)
{
    return in_group(me, "a", a_048);
}

BLOCK(a_049)
{
    START(me, "a", "x", asks_why);
    COP_TRY(rest(me, 1));
    cancel(me, "x", "first");
    cancel(me, "x", "second");
    return COP_OK;
}
CASE(049_cancel_second_reason)
{
    return in_group(me, "a", a_049);
}

BLOCK(a_050)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    START(me, "a", "y", asks_why);
    return COP_OK;
}
CASE(050_cancel_by_sibling_reason)
{
    return in_group(me, "a", a_050);
}

BLOCK(a_051)
{
    START(me, "a", "x", asks_why);
    return COP_OK;
}
BLOCK(parent_051)
{
    return in_group(me, "a", a_051);
}
BLOCK(top_051)
{
    START(me, "top", "p", parent_051);
    COP_TRY(rest(me, 1));
    cancel(me, "p", "enough");
    return COP_OK;
}
CASE(051_cancel_reason_through_group)
{
    return in_group(me, "top", top_051);
}

/* --------------------------------------------------------------------------- who is cancelled */

BLOCK(a_052)
{
    START(me, "a", "x", sleeps, .after = 10);
    START(me, "a", "y", cleans_up, .after = 1);
    COP_TRY(rest(me, 1));
    return fail(me, "enough");
}
CASE(052_cancel_group)
{
    if (is_failure(in_group(me, "a", a_052)))
        tell(me, "goes on");
    return COP_OK;
}

BLOCK(cancels)
{
    COP_TRY(rest(me, 1));
    cancel(me, me->part.other, NULL);
    return COP_OK;
}
BLOCK(a_053)
{
    START(me, "a", "x", sleeps, .after = 10);
    START(me, "a", "y", cancels, .other = "x");
    START(me, "a", "z", sleeps, .after = 2);
    return COP_OK;
}
CASE(053_cancel_other_child)
{
    return in_group(me, "a", a_053);
}

static void
cancel_x(role *me)
{
    tell(me, "%s", cancel(me, "x", NULL) ? "cancelled" : "too late");
}

BLOCK(a_054)
{
    START(me, "a", "x", sleeps, .after = 1);
    COP_TRY(rest(me, 2));
    cancel_x(me);
    return COP_OK;
}
CASE(054_cancel_of_finished)
{
    return in_group(me, "a", a_054);
}

BLOCK(a_055)
{
    START(me, "a", "x", sleeps, .after = 1);
    return COP_OK;
}
CASE(055_cancel_after_close)
{
    COP_TRY(in_group(me, "a", a_055));
    cancel_x(me);
    return COP_OK;
}

BLOCK(a_056)
{
    START(me, "a", "x", cleans_up, .after = 5);
    COP_TRY(rest(me, 1));
    cancel(me, "x", NULL);
    COP_TRY(rest(me, 1));
    cancel(me, "x", NULL);
    return COP_OK;
}
CASE(056_cancel_while_cleaning)
{
    return in_group(me, "a", a_056);
}

/* ------------------------------------------------------------------------ in the same instant */

BLOCK(gets)
{
    const parcel *it;

    COP_TRY(cop_receive_a(me->co, COP_INFINITY, parcel, &it));
    tell(me, "got it");
    return COP_OK;
}
BLOCK(a_057)
{
    START(me, "a", "x", gets);
    COP_TRY(rest(me, 1));
    cop_cast(me->actor, find("x")->pid, parcel, .n = 1);
    cancel(me, "x", NULL);
    return COP_OK;
}
CASE(057_cancel_races_result)
{
    return in_group(me, "a", a_057);
}

BLOCK(a_058)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    START(me, "a", "y", sleeps, .after = 1);
    return COP_OK;
}
CASE(058_cancel_races_end)
{
    return in_group(me, "a", a_058);
}

BLOCK(a_059)
{
    START(me, "a", "x", sleeps, .after = 1);
    START(me, "a", "y", fails, .after = 1, .text = "boom");
    return COP_OK;
}
CASE(059_end_races_cancel)
{
    return in_group(me, "a", a_059);
}

BLOCK(a_072)
{
    START(me, "a", "x", swallows, .value = "done");
    START(me, "a", "y", fails, .after = 1, .text = "boom");
    return COP_OK;
}
CASE(072_ok_after_sibling_error)
{
    return in_group(me, "a", a_072);
}

/* -------------------------------------------------------------------------------- swallowed */

BLOCK(a_073)
{
    START(me, "a", "x", swallows, .after = 8);
    START(me, "a", "y", fails, .after = 1, .text = "boom");
    return COP_OK;
}
CASE(073_swallowed)
{
    return in_group(me, "a", a_073);
}

BLOCK(a_074)
{
    START(me, "a", "x", swallows, .after = 8);
    return COP_OK;
}
BLOCK(d_074)
{
    return in_group(me, "a", a_074);
}
CASE(074_swallowed_with_deadline)
{
    return within(me, "d", 1, d_074);
}

BLOCK(a_075)
{
    START(me, "a", "x", swallows, .after = 8);
    START(me, "a", "y", fails, .after = 2, .text = "boom");
    COP_TRY(rest(me, 1));
    cancel(me, "x", NULL);
    return rest(me, 10);
}
CASE(075_swallowed_twice)
{
    return in_group(me, "a", a_075);
}
