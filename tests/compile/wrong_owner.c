/* expect: cop_actor */
/* expect: too few arguments */
/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is started for nobody: there is no such call without an owner. */
#include <coppice/actor.h>

extern const cop_behaviour worker_b;

cop_err start_it(cop_pid *out);

cop_err
start_it(cop_pid *out)
{
    return cop_spawn(&worker_b, NULL, out);
}
