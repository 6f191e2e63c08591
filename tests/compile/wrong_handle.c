/* expect: incompatible type */
/* SPDX-License-Identifier: Apache-2.0 */
/* Handles of one kind are not those of another. */
#include <coppice/scope.h>
#include <coppice/timer.h>

cop_err call_off(cop_actor *me, cop_timer timer);

cop_err
call_off(cop_actor *me, cop_timer timer)
{
    return cop_leaf_cancel(me, timer);
}
