/* SPDX-License-Identifier: Apache-2.0 */
#include "core/badge.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

int64_t
copi_badge_clock(const cop_node *node)
{
    const copi_simulation *simulation = node->sched.simulation;

    return simulation != NULL ? simulation->now : copi_clock_rough_ns();
}

bool
copi_badge_make(cop_actor *self, const char *label, size_t scopes, const char *site)
{
    size_t size = label == NULL ? 1 : strlen(label) + 1;
    copi_badge *made = copi_malloc(sizeof *made + size);

    if (made == NULL)
        return false;
    made->started_at = copi_badge_clock(self->node);
    made->site = site;
    made->scopes = (uint32_t)(scopes < size ? scopes : size - 1);
    memcpy(made->label, label == NULL ? "" : label, size);
    self->badge = made;
    return true;
}

const char *
copi_kind_of(const cop_actor *self)
{
    return self->behaviour->name != NULL ? self->behaviour->name : "actor";
}

const char *
copi_label_of(const cop_actor *self)
{
    const copi_badge *badge = copi_badge_of(self);

    return badge != NULL && badge->label[0] != '\0' ? badge->label : copi_kind_of(self);
}

const char *
copi_own_label_of(const cop_actor *self)
{
    const copi_badge *badge = copi_badge_of(self);

    return copi_label_of(self) + (badge != NULL ? badge->scopes : 0);
}
