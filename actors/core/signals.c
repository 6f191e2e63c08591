/* SPDX-License-Identifier: Apache-2.0 */
#include "core/signals.h"

copi_verdict
copi_judge_exit(copi_exit_signal signal, bool traps)
{
    /* An unlink, or an earlier end, has made it void. */
    if (signal.by_link && !signal.is_linked)
        return COPI_DROP;
    /* Only cop_signal kills; a link whose reason happens to be kill is an ordinary one. */
    if (!signal.by_link && signal.kind == COP_EXIT_KILL)
        return COPI_DIE_KILLED;
    if (traps)
        return COPI_DELIVER;
    /* The only case where normal ends anybody is an actor that says it to itself. */
    if (signal.kind == COP_EXIT_NORMAL && (signal.by_link || !signal.is_own))
        return COPI_DROP;
    return COPI_DIE;
}
