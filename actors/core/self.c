/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self.c - what an actor can ask and do without changing anybody's life.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "core/badge.h"
#include "core/node.h"
#include "core/scope.h"
#include "message/bufs.h"
#include "message/local.h"

const cop_type cop_start_type = COPI_LOCAL("coppice", cop_start);
const cop_type cop_end_type = COPI_LOCAL("coppice", cop_end);
const cop_type cop_stopping_type = COPI_LOCAL("coppice", cop_stopping);
const cop_type cop_down_type = COPI_LOCAL("coppice", cop_down);
const cop_type cop_exited_type = COPI_LOCAL("coppice", cop_exited);
const cop_type cop_child_down_type = COPI_LOCAL("coppice", cop_child_down);

cop_pid
cop_self(const cop_actor *me)
{
    return copi_pid_of(me);
}

cop_pid
cop_sender(const cop_actor *me)
{
    return me->current == NULL ? COP_PID_NONE : me->current->from;
}

cop_pid
cop_owner(const cop_actor *me)
{
    const cop_actor *owner = copi_owner_of(me);

    return owner == NULL ? COP_PID_NONE : copi_pid_of(owner);
}

cop_pid
cop_root(const cop_actor *me)
{
    return copi_pid_of(me->node->root);
}

cop_node *
cop_node_of(const cop_actor *me)
{
    return me->node;
}

int64_t
cop_now_ms(const cop_actor *me)
{
    return copi_worker_now(me->worker) / COPI_MS;
}

uint64_t
cop_random(cop_actor *me)
{
    return copi_rng_next(&me->worker->rng);
}

bool
cop_is_alive(const cop_actor *me, cop_pid who)
{
    cop_actor *actor = who.node == me->node->incarnation
                           ? copi_table_find(&me->node->table, copi_slot(who.id))
                           : NULL;

    return actor != NULL && copi_lives(actor, who);
}

/* As much of it as there is room for. */
static char *
put_before(char *room, char *at, const char *end, const char *label)
{
    size_t whole = strlen(label), length = whole;

    if (at != end && at > room)
        *--at = '/';
    if (length > (size_t)(at - room))
        length = (size_t)(at - room);
    return memcpy(at - length, label + whole - length, length);
}

/* Owners outlive what they own, so walking up is safe.  Written from the end. */
const char *
copi_path_write(const cop_actor *self, char *room, size_t size)
{
    char *end = room + size - 1;
    char *at = end;

    *at = '\0';
    for (const cop_actor *actor = self; copi_owner_of(actor) != NULL;
         actor = copi_owner_of(actor)) {
        at = put_before(room, at, end, copi_label_of(actor));
        for (const copi_scope *scope = copi_badge_scope(actor); scope != NULL;
             scope = scope->outer)
            at = put_before(room, at, end, scope->opts.name);
    }
    return at == end ? "root" : at;
}

const char *
cop_path(const cop_actor *me)
{
    return copi_path_write(me, me->worker->path, sizeof me->worker->path);
}

void
cop_log(cop_actor *me, const char *format, ...)
{
    char line[1024];
    int used = snprintf(line, sizeof line, "%s: ", cop_path(me));
    va_list args;

    va_start(args, format);
    if (used >= 0 && (size_t)used < sizeof line)
        vsnprintf(line + used, sizeof line - (size_t)used, format, args);
    va_end(args);
    copi_node_log(me->node, line);
}

void
cop_cast_message(cop_actor *me, cop_pid to, const cop_type *type, const void *message)
{
    cop_err err;

    if (!type->has_bufs)
        err = cop_send_message(me, to, type, message);
    else /* which leaves buffers to be shown to the dead letters' handler */
        err = copi_send(me->node, me->worker,
                        &(copi_parcel){.kind = COPI_USER_MESSAGE,
                                       .from = copi_pid_of(me),
                                       .to = to,
                                       .type = type,
                                       .body = message});
    if (err != COP_OK)
        copi_dead_letter(me->node, me->worker,
                         &(cop_dead_letter){copi_pid_of(me), to, type, message, err});
    (void)copi_taken(type, message, err);
}

copi_ties *
copi_ties_make(cop_actor *self)
{
    self->ties = copi_pool_take(&self->worker->pool, sizeof *self->ties);
    if (self->ties != NULL)
        *self->ties = (copi_ties){.self = self};
    return self->ties;
}

void
copi_ties_free(cop_actor *self)
{
    copi_pool_give(&self->worker->pool, self->ties, sizeof *self->ties);
    self->ties = NULL;
}

uint64_t
copi_new_ref(copi_worker *worker)
{
    return (uint64_t)(worker->index + 1) << 56 | ++worker->ref_count;
}
