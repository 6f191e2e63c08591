/* SPDX-License-Identifier: Apache-2.0 */
/*
 * badge.h - what some actors have beside their record: a label, and where they come from.
 *
 * An actor without a label has none, so that the record stays small and a spawn allocates
 * nothing; but of a node with opts.origins all have one.  It never changes.
 */
#ifndef COPPICE_CORE_BADGE_H
#define COPPICE_CORE_BADGE_H

#include <stdlib.h>

#include "core/node.h"
#include "core/ties.h"

struct copi_badge {
    int64_t started_at; /* nanoseconds of copi_badge_clock */
    const char *site;   /* of a spawn: "file.c:12", borrowed; NULL: not known */
    /* Empty: the behaviour's name.  Its first bytes are the names of the owner's scopes that it
     * is in, "outer/inner/". */
    uint32_t scopes;
    char label[];
};

/* The rough clock, or the virtual one: a spawn reads it. */
int64_t copi_badge_clock(const cop_node *node);

/* NULL: it has none. */
static inline const copi_badge *
copi_badge_of(const cop_actor *self)
{
    return ((uintptr_t)self->badge & 1) == 0 ? self->badge : NULL;
}

/* The scope of its owner that it is in, if that is all there is to say.  It outlives its
 * children, and its name does not change. */
static inline const copi_scope *
copi_badge_scope(const cop_actor *self)
{
    uintptr_t bits = (uintptr_t)self->badge;

    return (bits & 1) != 0 ? (const copi_scope *)(bits - 1) : NULL;
}

static inline void
copi_badge_set_scope(cop_actor *self, copi_scope *scope)
{
    self->badge = (copi_badge *)((uintptr_t)scope | 1);
}

/* False: no memory. */
bool copi_badge_make(cop_actor *self, const char *label, size_t scopes, const char *site);

/* Gives a record without one a badge, if it shall have one; site may be NULL.  False: no
 * memory. */
static inline bool
copi_badge_give(cop_actor *self, const cop_spawn_opts *opts, const char *site)
{
    const char *label = opts->label != NULL ? opts->label : opts->name;

    if (COPI_LIKELY(label == NULL) && !self->node->opts.origins)
        return true;
    return copi_badge_make(self, label, 0, opts->site != NULL ? opts->site : site);
}

/* The record is about to be given back; its owner. */
static inline void
copi_badge_free(cop_actor *self)
{
    if (COPI_LIKELY(self->badge == NULL))
        return;
    if (copi_badge_of(self) != NULL)
        free(self->badge);
    self->badge = NULL;
}

/* Its part of the path.  The actor's runner, its owner's, or that of anybody below. */
const char *copi_label_of(const cop_actor *self);
/* The same without scopes. */
const char *copi_own_label_of(const cop_actor *self);
/* The name of its behaviour. */
const char *copi_kind_of(const cop_actor *self);

#endif /* COPPICE_CORE_BADGE_H */
