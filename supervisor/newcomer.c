/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newcomer.c - may this child be added, or started?
 */
#include "spec.h"
#include "supervisor.h"

cop_err
copi_known_err(const copi_child *child)
{
    switch ((copi_phase_of_child)child->phase) {
    case COPI_CHILD_STOPPED: return COP_OK;
    case COPI_CHILD_RESTARTING: return COP_E_RESTARTING;
    default: return COP_E_RUNNING;
    }
}

static bool
has_what_it_needs(const copi_supervisor *self, const cop_child *spec)
{
    for (const char *const *need = spec->needs; need != NULL && *need != NULL; need++)
        if (copi_children_find(&self->children, cop_str_from(*need)) == NULL)
            return false;
    return true;
}

cop_err
copi_check_new(cop_actor *me, const copi_supervisor *self, const cop_child *spec)
{
    char sentence[COP_EXIT_TEXT];

    if (spec == NULL || self->children.is_dynamic)
        return COP_E_INVAL;
    if (copi_spec_is_wrong_below(spec, self->spec, sentence, sizeof sentence)) {
        cop_log(me, "cannot add a child: %s", sentence);
        return COP_E_INVAL;
    }
    if (!has_what_it_needs(self, spec)) {
        cop_log(me, "cannot add a child: needs a child that there is not: %s", spec->name);
        return COP_E_INVAL;
    }
    const copi_child *known = copi_children_find(&self->children, cop_str_from(spec->name));
    if (known == NULL)
        return COP_OK;
    return copi_known_err(known) == COP_E_RUNNING ? COP_E_RUNNING : COP_E_ALREADY_PRESENT;
}
