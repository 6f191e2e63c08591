/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.c - actors' names, and telling other nodes of them.
 */
#include <string.h>

#include "core/node.h"
#include "core/ties.h"

static const copi_route *
route_of(const cop_node *node)
{
    /* acquire: pairs with the transport's store. */
    return atomic_load_explicit(&node->route, memory_order_acquire);
}

static void
tell(cop_node *node, copi_worker *worker, const char *name, cop_pid pid, bool is_gone)
{
    const copi_route *route = route_of(node);

    if (route != NULL)
        route->named(route->ctx, worker, name, pid, is_gone);
}

cop_err
cop_register(cop_actor *me, const char *name, cop_pid who)
{
    cop_node *node = me->node;
    cop_actor *actor =
        who.node == node->incarnation ? copi_table_find(&node->table, copi_slot(who.id)) : NULL;
    cop_err err;

    if (actor == NULL)
        return COP_E_NOPROC;
    if (actor == me && cop_pid_equal(who, copi_pid_of(me)) && copi_is_open(me))
        err = copi_registry_add(&node->registry, name, me, who);
    else
        err = copi_registry_add_other(&node->registry, name, actor, who);
    if (err == COP_OK)
        tell(node, me->worker, name, who, false);
    return err;
}

cop_err
cop_unregister(cop_actor *me, const char *name)
{
    cop_pid holder;

    if (name == NULL)
        return COP_E_NO_NAME;
    COP_TRY(copi_registry_remove(&me->node->registry, name, &holder));
    tell(me->node, me->worker, name, holder, true);
    return COP_OK;
}

static cop_pid
whereis_remote(cop_node *node, const char *name, const char *at)
{
    const copi_route *route = route_of(node);
    char local[COP_NAME_MAX + 1];
    size_t length = (size_t)(at - name);

    if (length > COP_NAME_MAX)
        return COP_PID_NONE;
    memcpy(local, name, length);
    local[length] = '\0';
    if (strcmp(at + 1, node->name) == 0)
        return copi_registry_find(&node->registry, local);
    return route == NULL ? COP_PID_NONE : route->whereis(route->ctx, local, at + 1);
}

cop_pid
cop_node_whereis(cop_node *node, const char *name)
{
    if (name == NULL)
        return COP_PID_NONE;
    const char *at = strchr(name, '@');
    return at != NULL ? whereis_remote(node, name, at)
                      : copi_registry_find(&node->registry, name);
}

/* What was looked up last under a name like this one; it may be another. */
static copi_known_name *
known_name(copi_worker *worker, const char *name, size_t length)
{
    unsigned place = (unsigned char)name[0] + 31u * (unsigned char)name[length - 1];

    return &worker->names[(place + (unsigned)length) % COPI_KNOWN_NAMES];
}

/* Names seldom change, and who sends by name does it often. */
cop_pid
cop_whereis(cop_actor *me, const char *name)
{
    size_t length = name == NULL ? 0 : strlen(name);

    if (length == 0 || length >= sizeof me->worker->names->text)
        return cop_node_whereis(me->node, name);
    copi_known_name *known = known_name(me->worker, name, length);
    /* acquire: see the field.  Read before the name is looked up, so that a change in
     * between makes what is kept too old. */
    uint64_t version = atomic_load_explicit(&me->node->registry.version, memory_order_acquire);
    if (known->version == version && memcmp(known->text, name, length + 1) == 0)
        return (cop_pid){me->node->incarnation, known->id};
    cop_pid found = cop_node_whereis(me->node, name);
    if (found.node == me->node->incarnation && strchr(name, '@') == NULL) {
        known->version = version;
        known->id = found.id;
        memcpy(known->text, name, length + 1);
    }
    return found;
}

void
copi_names_told(cop_actor *self)
{
    char name[COP_NAME_MAX + 1];

    if (copi_registry_name_of(&self->node->registry, copi_pid_of(self), name))
        tell(self->node, self->worker, name, copi_pid_of(self), false);
}

void
copi_names_end(cop_actor *self)
{
    char name[COP_NAME_MAX + 1];

    if (!atomic_load_explicit(&self->is_named, memory_order_seq_cst))
        return;
    if (copi_registry_remove_holder(&self->node->registry, copi_pid_of(self), name))
        tell(self->node, self->worker, name, copi_pid_of(self), true);
}
