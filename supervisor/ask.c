/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.c - the caller's side of administration, watching and listing.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "messages.h"
#include "spec.h"

static cop_err
ask(cop_actor *me, cop_pid supervisor, int32_t within_ms, const cop_then *then,
    const copi_order *order)
{
    return cop_ask_message(me, supervisor, within_ms, then, &copi_order_type, order, NULL);
}

cop_err
cop_start_child(cop_actor *me, cop_pid supervisor, const cop_child *spec, int32_t within_ms,
                const cop_then *then)
{
    if (spec == NULL || copi_spec_is_end(spec))
        return COP_E_INVAL;
    size_t size = copi_spec_size(spec);
    void *packed = copi_calloc(1, size);
    if (packed == NULL)
        return COP_E_NOMEM;
    copi_spec_pack(spec, packed);
    cop_err err = ask(me, supervisor, within_ms, then,
                      &(copi_order){
                          .verb = COPI_START_CHILD, .packed = {packed, size}
    });
    free(packed);
    return err;
}

cop_err
cop_start_dynamic(cop_actor *me, cop_pid supervisor, const void *arg, size_t arg_size,
                  int32_t within_ms, const cop_then *then)
{
    copi_order order = {.verb = COPI_START_DYNAMIC};

    if (arg != NULL && arg_size > 0)
        order.packed = (cop_bytes){arg, arg_size};
    else
        order.pointer = (uintptr_t)arg;
    return ask(me, supervisor, within_ms, then, &order);
}

static cop_err
ask_by_name(cop_actor *me, cop_pid supervisor, copi_verb verb, const char *name,
            int32_t within_ms, const cop_then *then)
{
    return ask(me, supervisor, within_ms, then,
               &(copi_order){.verb = verb, .name = cop_str_from(name)});
}

cop_err
cop_terminate_child(cop_actor *me, cop_pid supervisor, const char *name, int32_t within_ms,
                    const cop_then *then)
{
    return ask_by_name(me, supervisor, COPI_TERMINATE_CHILD, name, within_ms, then);
}

cop_err
cop_terminate_dynamic(cop_actor *me, cop_pid supervisor, cop_pid child, int32_t within_ms,
                      const cop_then *then)
{
    return ask(me, supervisor, within_ms, then,
               &(copi_order){.verb = COPI_TERMINATE_DYNAMIC, .pid = child});
}

cop_err
cop_restart_child(cop_actor *me, cop_pid supervisor, const char *name, int32_t within_ms,
                  const cop_then *then)
{
    return ask_by_name(me, supervisor, COPI_RESTART_CHILD, name, within_ms, then);
}

cop_err
cop_delete_child(cop_actor *me, cop_pid supervisor, const char *name, int32_t within_ms,
                 const cop_then *then)
{
    return ask_by_name(me, supervisor, COPI_DELETE_CHILD, name, within_ms, then);
}

cop_err
cop_which_children(cop_actor *me, cop_pid supervisor, int32_t within_ms, const cop_then *then)
{
    return ask_by_name(me, supervisor, COPI_WHICH_CHILDREN, NULL, within_ms, then);
}

cop_err
cop_count_children(cop_actor *me, cop_pid supervisor, int32_t within_ms, const cop_then *then)
{
    return ask_by_name(me, supervisor, COPI_COUNT_CHILDREN, NULL, within_ms, then);
}

cop_err
cop_get_childspec(cop_actor *me, cop_pid supervisor, const char *name, cop_pid child,
                  int32_t within_ms, const cop_then *then)
{
    return ask(
        me, supervisor, within_ms, then,
        &(copi_order){.verb = COPI_GET_CHILDSPEC, .name = cop_str_from(name), .pid = child});
}

cop_err
cop_supervisor_suspend(cop_actor *me, cop_pid supervisor, int32_t within_ms,
                       const cop_then *then)
{
    return cop_ask_message(me, supervisor, within_ms, then, &copi_suspend_type,
                           &(copi_suspend){false}, NULL);
}

cop_err
cop_supervisor_resume(cop_actor *me, cop_pid supervisor, int32_t within_ms,
                      const cop_then *then)
{
    return cop_ask_message(me, supervisor, within_ms, then, &copi_suspend_type,
                           &(copi_suspend){true}, NULL);
}

cop_err
cop_supervisor_tree(cop_actor *me, cop_pid supervisor, int32_t within_ms, const cop_then *then)
{
    return cop_ask_message(me, supervisor, within_ms, then, &copi_tree_wanted_type,
                           &(copi_tree_wanted){within_ms}, NULL);
}

cop_err
cop_supervisor_watch(cop_actor *me, cop_pid supervisor)
{
    return cop_send_message(me, supervisor, &copi_watch_wanted_type,
                            &(copi_watch_wanted){.who = cop_self(me)});
}

void
cop_supervisor_unwatch(cop_actor *me, cop_pid supervisor)
{
    cop_cast_message(me, supervisor, &copi_watch_wanted_type,
                     &(copi_watch_wanted){cop_self(me), true});
}
