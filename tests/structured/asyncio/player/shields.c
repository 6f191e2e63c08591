/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shields.c - cleaning up that waits, and what is shielded.
 */
#include "cases.h"

BLOCK(a_100)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    START(me, "a", "y", cleans_up, .after = 2);
    return COP_OK;
}
CASE(100_cleanup_waits)
{
    return in_group(me, "a", a_100);
}

BLOCK(cleanup_101)
{
    return rest(me, 5);
}
BLOCK(cleans_too_long)
{
    cop_err err = waits(me);

    tell(me, "told to stop");
    if (within_shield(me, "cleanup", 2, cleanup_101) != COP_OK)
        tell(me, "gives up");
    return err;
}
BLOCK(a_101)
{
    START(me, "a", "x", fails, .after = 1, .text = "boom");
    START(me, "a", "y", cleans_too_long);
    return COP_OK;
}
CASE(101_cleanup_too_long)
{
    return in_group(me, "a", a_101);
}

BLOCK(work)
{
    return rest(me, 5);
}
BLOCK(shields)
{
    return shielded(me, work);
}
BLOCK(a_102)
{
    START(me, "a", "x", shields);
    START(me, "a", "y", fails, .after = 1, .text = "boom");
    return COP_OK;
}
CASE(102_shield_leaks)
{
    return in_group(me, "a", a_102);
}

CASE(103_shield_with_deadline)
{
    return within(me, "d", 1, shields);
}

BLOCK(work_104)
{
    COP_TRY(rest(me, 2));
    return fail(me, "bang");
}
BLOCK(shields_104)
{
    return shielded(me, work_104);
}
BLOCK(a_104)
{
    START(me, "a", "x", shields_104);
    START(me, "a", "y", fails, .after = 1, .text = "boom");
    return COP_OK;
}
CASE(104_shielded_error)
{
    if (is_failure(in_group(me, "a", a_104)))
        tell(me, "caught");
    return rest(me, 5);
}
