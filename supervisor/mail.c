/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mail.c - what children have left for their next lives.
 */
#include "supervisor.h"

static uint32_t
patience_with(const copi_child *child)
{
    return child->spec->poison_after == 0 ? 1 : (uint32_t)child->spec->poison_after;
}

void
copi_keep_mail(cop_actor *me, copi_supervisor *self, copi_child *child,
               const cop_child_end *end)
{
    /* One that never comes back leaves dead letters, and no poison. */
    if (child->mail == NULL || child->spec->restart == COP_TEMPORARY)
        return;
    *child->mail = cop_legacy_take(end);
    if (child->mail->deaths < patience_with(child))
        return;
    copi_tell_news(me, self, COP_NEWS_POISONED, true, child, end->why);
    cop_legacy_drop_first(me, child->mail, COP_E_POISON);
}

void
copi_drop_mail(cop_actor *me, copi_child *child)
{
    if (child->mail != NULL)
        cop_legacy_drop(me, child->mail);
}

void
copi_mail_fini(copi_supervisor *self)
{
    for (copi_child *child = self->children.oldest; child != NULL; child = child->younger)
        if (child->mail != NULL)
            cop_legacy_drop(NULL, child->mail);
}
