/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stub.c - the actor that stands here for one on another node; see spawning.h.
 */
#include <stdlib.h>
#include <string.h>

#include <coppice/timer.h>

#include "base/memory.h"
#include "message/bufs.h"
#include "message/local.h"
#include "message/pack.h"
#include "node/hub.h"
#include "node/spawning.h"

/* Begin; the caller waits for the answer. */
typedef struct stub_go {
    int32_t within_ms;
} stub_go;

static const cop_type stub_go_type = COPI_LOCAL("coppice", stub_go);

/* Time to pass on the stop that the line was too busy for. */
typedef struct stub_retry {
    int unused;
} stub_retry;

static const cop_type stub_retry_type = COPI_LOCAL("coppice", stub_retry);

const cop_type cop_spawned_type = COPI_LOCAL("coppice", cop_spawned);

/* What init gets; copied there. */
typedef struct stub_arg {
    cop_pid scope;
    const char *behaviour;
    const cop_type *type;
    const void *arg;
} stub_arg;

typedef struct stub {
    cop_pid scope;
    cop_pid remote; /* none: not started yet */
    cop_token caller;
    char *behaviour;
    uint8_t *arg;
    size_t arg_size;
    uint32_t arg_id;
    bool is_stopping;
} stub;

static cop_err
keep_arg(stub *self, const cop_type *type, const void *arg)
{
    if (type == NULL || arg == NULL)
        return COP_OK;
    self->arg_size = copi_pack_size(type, arg);
    if (type->wire_id == 0)
        return COP_E_INVAL;
    if (self->arg_size > COPI_PAYLOAD_MAX)
        return COP_E_TOO_LARGE;
    self->arg = copi_malloc(self->arg_size + 1);
    if (self->arg == NULL)
        return COP_E_NOMEM;
    copi_pack(type, arg, self->arg);
    self->arg_id = type->wire_id;
    return COP_OK;
}

COP_HANDLER(stub, cop_start)
{
    const stub_arg *arg = msg->arg;
    cop_ref unused;

    st->scope = arg->scope;
    st->behaviour = copi_strdup(arg->behaviour);
    if (st->behaviour == NULL)
        return COP_E_NOMEM;
    COP_TRY(keep_arg(st, arg->type, arg->arg));
    return cop_monitor(me, st->scope, &unused);
}

/* There is nothing to stand for. */
static cop_err
give_up(cop_actor *me, stub *self, cop_err err)
{
    (void)cop_answer_error(me, &self->caller, err);
    return cop_stop(me);
}

/* Without a session there is nobody to stop, and cop_down is on its way. */
static cop_err
pass_on_stop(cop_actor *me, const stub *self)
{
    cop_err err = cop_send(me, self->scope, copi_spawn_stop, .pid = self->remote);

    if (!copi_spawn_is_busy(err))
        return COP_OK;
    return cop_send_after(me, COPI_SPAWN_RETRY_MS, NULL, stub_retry, .unused = 0);
}

COP_HANDLER(stub, stub_retry)
{
    return pass_on_stop(me, st);
}

COP_REPLY(stub, copi_spawn_reply)
{
    free(st->arg);
    st->arg = NULL;
    if (err != COP_OK)
        return give_up(me, st, err);
    st->remote = msg->pid;
    if (st->is_stopping)
        COP_TRY(pass_on_stop(me, st));
    (void)cop_answer(me, &st->caller, cop_spawned, .pid = st->remote, .child = cop_self(me));
    return COP_OK;
}

COP_HANDLER(stub, stub_go)
{
    COP_TRY(cop_defer(me, &st->caller));
    cop_err err = cop_ask(me, st->scope, msg->within_ms, COP_THEN(stub, copi_spawn_reply),
                          copi_spawn_request, .behaviour = cop_str_from(st->behaviour),
                          .arg_id = st->arg_id, .arg = {st->arg, st->arg_size});
    return err == COP_OK ? COP_OK : give_up(me, st, err);
}

COP_HANDLER(stub, copi_spawn_ended)
{
    cop_exit why;

    if (!cop_pid_equal(cop_sender(me), st->scope) ||
        !copi_why_read(msg->why.data, msg->why.size, &why))
        return COP_OK;
    return cop_stop_with(me, &why);
}

/* The scope is gone, and with it what was started. */
COP_HANDLER(stub, cop_down)
{
    cop_exit why = msg->why;

    if (cop_pid_is_none(st->remote))
        return give_up(me, st, COP_E_NOCONNECTION);
    why.kind = COP_EXIT_NOCONNECTION;
    return cop_stop_with(me, &why);
}

/* Ends when the other end does: over there somebody has patience with that. */
COP_HANDLER(stub, cop_stopping)
{
    st->is_stopping = true;
    if (!cop_pid_is_none(st->remote))
        return pass_on_stop(me, st);
    if (cop_pid_is_none(st->caller.caller))
        return cop_stop(me);
    return COP_OK;
}

static void
dispose(void *state)
{
    stub *self = state;

    free(self->behaviour);
    free(self->arg);
}

static const cop_behaviour stub_behaviour = {
    .name = "remote",
    .state_size = sizeof(stub),
    .handlers = COP_HANDLERS(COP_ON(stub, cop_start), COP_ON(stub, stub_go),
                             COP_ON(stub, copi_spawn_ended), COP_ON(stub, cop_down),
                             COP_ON(stub, stub_retry), COP_ON(stub, cop_stopping)),
    .dispose = dispose,
};

static cop_err
spawn_at(cop_actor *me, const char *node, const char *behaviour, const cop_type *arg_type,
         const void *arg, int32_t within_ms, const cop_then *then)
{
    copi_cluster *cluster = copi_cluster_of(cop_node_of(me));
    cop_pid child;

    if (within_ms <= 0 || then == NULL || behaviour == NULL || node == NULL)
        return COP_E_INVAL;
    stub_arg init = {.behaviour = behaviour, .type = arg_type, .arg = arg};
    if (cluster != NULL)
        init.scope = copi_names_find(&cluster->names, COPI_SPAWNER, node);
    if (cop_pid_is_none(init.scope))
        return COP_E_NO_NODE;
    cop_spawn_opts opts = {.label = behaviour, .arg = &init, .stop_ms = COP_INFINITY};
    COP_TRY(cop_spawn(me, &stub_behaviour, &opts, &child));
    cop_err err = cop_ask(me, child, within_ms, then, stub_go, .within_ms = within_ms);
    if (err != COP_OK && cop_stop_child(me, child) != COP_OK)
        cop_kill(me, child);
    return err;
}

/* The stub has packed the argument, or there is none: its references go in any case. */
cop_err
cop_spawn_at_with(cop_actor *me, const char *node, const char *behaviour,
                  const cop_type *arg_type, const void *arg, int32_t within_ms,
                  const cop_then *then)
{
    cop_err err = spawn_at(me, node, behaviour, arg_type, arg, within_ms, then);

    if (arg_type != NULL && arg != NULL)
        copi_message_drop(arg_type, arg);
    return err;
}
