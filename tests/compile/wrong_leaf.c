/* expect: incompatible type */
/* SPDX-License-Identifier: Apache-2.0 */
/* A leaf is no actor: nothing can be sent to it. */
#include <coppice/scope.h>

#define TALK(M, F) M(1, say)
COP_PROTOCOL(TALK)

cop_err tell(cop_actor *me, cop_leaf leaf);

cop_err
tell(cop_actor *me, cop_leaf leaf)
{
    return cop_send(me, leaf, say);
}
