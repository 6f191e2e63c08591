/* expect: ignoring return value of */
/* SPDX-License-Identifier: Apache-2.0 */
/* What could not be started is not passed over in silence. */
#include <coppice/scope.h>

void start_it(cop_actor *me, cop_scope scope, cop_callback call);

void
start_it(cop_actor *me, cop_scope scope, cop_callback call)
{
    cop_scope_soon(me, scope, call, NULL, NULL, NULL);
}
