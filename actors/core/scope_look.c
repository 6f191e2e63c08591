/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope_look.c - what a local scope is called, and what it is in.
 */
#include "core/scope.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "core/node.h"

size_t
copi_scope_names(const copi_scope *scope, char *room, size_t size)
{
    if (scope == NULL || size == 0)
        return 0;
    size_t used = copi_scope_names(scope->outer, room, size);
    size_t length = strlen(scope->name), left = size - used - 1;
    if (used > 0 && left > 0) {
        room[used++] = '/';
        left--;
    }
    if (length > left)
        length = left;
    memcpy(room + used, scope->name, length);
    room[used + length] = '\0';
    return used + length;
}

void
copi_path_in(const cop_actor *self, const copi_scope *scope, char *room, size_t size)
{
    char names[COPI_PATH_MAX], path[COPI_PATH_MAX], whole[2 * COPI_PATH_MAX];
    size_t used = copi_scope_names(scope, names, sizeof names);

    const char *base = copi_path_write(self, path, sizeof path);
    int length =
        snprintf(whole, sizeof whole, "%s%s%.*s", base, used > 0 ? "/" : "", (int)used, names);
    size_t skip = length < (int)size ? 0 : (size_t)length - size + 1;
    snprintf(room, size, "%s", whole + skip);
}

/* Who is to blame for the force that holds here. */
static const cop_exit *
reason_of(const copi_scope *scope)
{
    const copi_scope *hardest = scope;

    for (; scope != NULL; scope = scope->opts.shield ? NULL : scope->outer)
        if (scope->force > hardest->force)
            hardest = scope;
    return &hardest->why;
}

cop_err
cop_scope_look(cop_actor *me, cop_scope handle, cop_scope_state *out)
{
    copi_scope *scope;

    COP_TRY(copi_scope_find(me, handle, &scope));
    *out = (cop_scope_state){.left_ms = COP_INFINITY};
    if (me->ties == NULL)
        return COP_OK;
    const copi_brood *brood = copi_brood_of(me, scope);
    out->children = brood->child_count + brood->leaf_count + brood->scope_count;
    if (scope == NULL)
        return COP_OK;
    out->force = copi_scope_force(scope);
    if (out->force != COP_FORCE_NONE)
        out->why = *reason_of(scope);
    out->left_ms = copi_ms_left(me, copi_scope_deadline(scope));
    out->is_closing = scope->is_closing;
    return COP_OK;
}

cop_err
cop_scope_check(cop_actor *me, cop_scope handle)
{
    copi_scope *scope;

    COP_TRY(copi_scope_find(me, handle, &scope));
    if (!copi_is_open(me))
        return COP_E_GONE;
    return scope != NULL && copi_scope_force(scope) != COP_FORCE_NONE ? COP_E_CANCELLED
                                                                      : COP_OK;
}
