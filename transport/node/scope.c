/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope.c - what another node has started here, and tells to stop; see spawning.h.
 */
#include <stdlib.h>
#include <string.h>

#include <coppice/timer.h>

#include "base/memory.h"
#include "message/bufs.h"
#include "message/local.h"
#include "message/unpack.h"
#include "node/hub.h"
#include "node/spawning.h"

typedef struct hosted {
    struct hosted *next;
    cop_pid child, stub;
    cop_ref child_down, stub_down;
    cop_exit why; /* once it has ended, until its stub has been told */
} hosted;

typedef struct scope {
    copi_cluster *cluster;
    hosted *all;
    hosted *ended;
    bool is_retry_due;
} scope;

/* Time to tell the ends that the line was too busy for. */
typedef struct scope_retry {
    int unused;
} scope_retry;

static const cop_type scope_retry_type = COPI_LOCAL("coppice", scope_retry);

COP_HANDLER(scope, cop_start)
{
    st->cluster = (copi_cluster *)(uintptr_t)msg->arg;
    return COP_OK;
}

static const cop_behaviour *
behaviour_called(const scope *self, cop_str name)
{
    const cop_behaviour *const *at = self->cluster->behaviours;

    for (; *at != NULL; at++)
        if (cop_str_equal(name, (*at)->name))
            return *at;
    return NULL;
}

/* The argument as init wants it, to be freed; NULL for none. */
static cop_err
open_arg(const cop_type *type, const copi_spawn_request *request, void **out)
{
    size_t size;

    *out = NULL;
    if (type == NULL)
        return request->arg_id == 0 ? COP_OK : COP_E_BAD_MESSAGE;
    if (request->arg_id != type->wire_id)
        return COP_E_BAD_MESSAGE;
    COP_TRY(copi_unpack_size(type, request->arg.data, request->arg.size, &size));
    *out = copi_malloc(size);
    if (*out == NULL)
        return COP_E_NOMEM;
    cop_err err = copi_unpack(type, request->arg.data, request->arg.size, *out);
    if (err != COP_OK)
        free(*out);
    return err;
}

static cop_err
start(cop_actor *me, scope *self, const copi_spawn_request *request, hosted *made)
{
    const cop_behaviour *behaviour = behaviour_called(self, request->behaviour);
    void *arg;

    if (behaviour == NULL)
        return COP_E_NO_BEHAVIOUR;
    COP_TRY(open_arg(behaviour->arg_type, request, &arg));
    cop_spawn_opts opts = {.arg = arg, .monitor = &made->child_down};
    cop_err err = cop_spawn(me, behaviour, &opts, &made->child);
    if (arg != NULL)
        copi_message_drop(behaviour->arg_type, arg);
    free(arg);
    return err;
}

COP_HANDLER(scope, copi_spawn_request)
{
    hosted *made = copi_calloc(1, sizeof *made);
    cop_err err = made == NULL ? COP_E_NOMEM : start(me, st, msg, made);

    if (err != COP_OK) {
        free(made);
        return cop_reply_error(me, err);
    }
    made->stub = cop_sender(me);
    made->next = st->all;
    st->all = made;
    COP_TRY(cop_monitor(me, made->stub, &made->stub_down));
    return cop_reply(me, copi_spawn_reply, .pid = made->child);
}

static hosted **
place_of(hosted **at, bool (*is_it)(const hosted *, const void *), const void *key)
{
    while (*at != NULL && !is_it(*at, key))
        at = &(*at)->next;
    return at;
}

static bool
has_child(const hosted *self, const void *pid)
{
    return cop_pid_equal(self->child, *(const cop_pid *)pid);
}

static bool
has_ref(const hosted *self, const void *ref)
{
    uint64_t bits = ((const cop_ref *)ref)->bits;

    return self->child_down.bits == bits || self->stub_down.bits == bits;
}

static void
stop(cop_actor *me, const hosted *self)
{
    if (cop_stop_child(me, self->child) != COP_OK)
        return; /* it has ended, and its cop_down is on its way */
}

COP_HANDLER(scope, copi_spawn_stop)
{
    const hosted *found = *place_of(&st->all, has_child, &msg->pid);

    if (found != NULL && cop_pid_equal(found->stub, cop_sender(me)))
        stop(me, found);
    return COP_OK;
}

static cop_err
tell_end(cop_actor *me, const hosted *self)
{
    uint8_t bytes[COPI_WHY_MAX];
    cop_bytes packed = {bytes, copi_why_write(bytes, &self->why)};

    return cop_send(me, self->stub, copi_spawn_ended, .why = packed);
}

static void
forget(cop_actor *me, hosted **at)
{
    hosted *found = *at;

    *at = found->next;
    (void)cop_demonitor_flush(me, found->stub_down);
    free(found);
}

/* A stub that is not told waits for ever, so this is tried until the line takes it. */
static cop_err
tell_ends(cop_actor *me, scope *self)
{
    while (self->ended != NULL && !copi_spawn_is_busy(tell_end(me, self->ended)))
        forget(me, &self->ended);
    if (self->ended == NULL || self->is_retry_due)
        return COP_OK;
    self->is_retry_due = true;
    return cop_send_after(me, COPI_SPAWN_RETRY_MS, NULL, scope_retry, .unused = 0);
}

COP_HANDLER(scope, scope_retry)
{
    st->is_retry_due = false;
    return tell_ends(me, st);
}

static void
on_stub_down(cop_actor *me, scope *self, cop_ref ref)
{
    hosted **ended = place_of(&self->ended, has_ref, &ref);
    hosted *found = *place_of(&self->all, has_ref, &ref);

    if (*ended != NULL) {
        forget(me, ended);
    } else if (found != NULL) {
        found->stub_down.bits = 0;
        stop(me, found);
    }
}

COP_HANDLER(scope, cop_down)
{
    hosted **at = place_of(&st->all, has_ref, &msg->ref), *found = *at, **last = &st->ended;

    if (found == NULL || found->stub_down.bits == msg->ref.bits) {
        on_stub_down(me, st, msg->ref);
        return COP_OK;
    }
    *at = found->next;
    if (found->stub_down.bits == 0) {
        free(found);
        return COP_OK;
    }
    while (*last != NULL)
        last = &(*last)->next;
    found->why = msg->why;
    found->next = NULL;
    *last = found;
    return tell_ends(me, st);
}

COP_HANDLER(scope, cop_child_down)
{
    return COP_OK; /* cop_down says it, too, and for good ends as well */
}

static void
free_all(hosted *one)
{
    for (hosted *next; one != NULL; one = next) {
        next = one->next;
        free(one);
    }
}

static void
dispose(void *state)
{
    scope *self = state;

    free_all(self->all);
    free_all(self->ended);
}

const cop_behaviour copi_scope_behaviour = {
    .name = "session",
    .state_size = sizeof(scope),
    .handlers = COP_HANDLERS(COP_ON(scope, cop_start), COP_ON(scope, copi_spawn_request),
                             COP_ON(scope, copi_spawn_stop), COP_ON(scope, scope_retry),
                             COP_ON(scope, cop_down), COP_ON(scope, cop_child_down)),
    .policy = COP_ISOLATE,
    .mailbox = COP_MAILBOX_MAX, /* a stop that is refused leaves its stub waiting */
    .dispose = dispose,
};
