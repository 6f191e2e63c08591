/* SPDX-License-Identifier: Apache-2.0 */
#include "message/bufs.h"
#include "pg/directory.h"

static bool
has_scope(cop_actor *me, const char *name)
{
    copi_pg *scope = copi_directory_find(me, name);

    if (scope != NULL)
        copi_pg_unref(scope);
    return scope != NULL;
}

cop_published
cop_publish_message(cop_actor *me, const char *scope, cop_str topic, const cop_type *type,
                    const void *message)
{
    cop_pg_members members = cop_pg_get_members(me, scope, topic);
    cop_published result = {0};

    for (size_t i = 0; i < members.count; i++) {
        if (type->has_bufs)
            copi_message_hold(type, message); /* those that the send takes over */
        cop_err err = cop_send_message(me, members.pids[i], type, message);
        result.sent += err == COP_OK;
        result.refused += err != COP_OK;
        if (result.why == COP_OK)
            result.why = err;
    }
    if (members.count == 0 && !has_scope(me, scope))
        result.why = COP_E_NO_NAME;
    cop_pg_members_free(&members);
    if (type->has_bufs)
        copi_message_drop(type, message);
    return result;
}
