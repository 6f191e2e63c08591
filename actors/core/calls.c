/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls.c - requests, as their callers see them; answers.c has the other side.
 *
 * A call belongs to its caller.  It ends by the first of: an answer, an error in place of
 * one, its deadline, the caller's end.  No monitor is needed for the callee's death: a
 * request is in a mailbox, being handled or deferred, and whoever throws it away from
 * there answers it.
 */
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "core/dispatch.h"
#include "core/node.h"
#include "core/scope.h"
#include "core/ties.h"
#include "message/bufs.h"
#include "message/unpack.h"

static copi_call *
find(cop_actor *self, uint64_t ref)
{
    if (self->ties == NULL)
        return NULL;
    copi_map_node *node = copi_map_find(&self->ties->calls, 0, ref);
    return node == NULL ? NULL : COPI_CONTAINER(node, copi_call, node);
}

void
copi_deadline_due(copi_worker *worker, copi_timer *timer)
{
    copi_call *call = COPI_CONTAINER(timer, copi_call, timer);

    call->timer.is_queued = true;
    copi_push_self(worker, call->caller, &call->due);
}

static void
free_call(cop_actor *self, copi_call *call)
{
    copi_pool_give(&self->worker->pool, call, sizeof *call);
}

/* No longer a call of anybody; its memory goes when its deadline is out of the mailbox. */
static void
detach(cop_actor *self, copi_call *call)
{
    copi_map_remove(&self->ties->calls, &call->node);
    copi_timer_disarm(self->worker, &call->timer);
    copi_unpin(self);
    if (call->timer.is_queued)
        call->timer.is_dropped = true;
    else
        free_call(self, call);
}

static copi_call *
new_call(cop_actor *me, cop_pid to, int32_t within_ms, const cop_then *then, uint64_t ref)
{
    copi_call *call;

    if (copi_ties_of(me) == NULL)
        return NULL;
    call = copi_pool_take(&me->worker->pool, sizeof *call);
    if (call == NULL)
        return NULL;
    /* In parts, which the compiler does better than one large clear. */
    call->node = (copi_map_node){.low = ref};
    call->timer = (copi_timer){.what = COPI_DEADLINE};
    call->due = (copi_envelope){.kind = COPI_DEADLINE};
    call->caller = me;
    call->then = *then;
    call->callee = to;
    call->scope = 0;
    int64_t due = copi_worker_after(me->worker, within_ms);
    if (!copi_timer_arm(me->worker, &call->timer, due)) {
        free_call(me, call);
        return NULL;
    }
    copi_map_add(&me->ties->calls, &call->node);
    copi_pin(me);
    return call;
}

/* To another node the time left goes along. */
static cop_err
send_request(cop_actor *me, const copi_call *call, int32_t within_ms, const cop_type *type,
             const void *message)
{
    if (call->callee.node == copi_incarnation(me->node))
        return copi_send_typed(me, COPI_CALL, call->callee, call->node.low,
                               call->timer.node.due, type, message);
    cop_err err = copi_send(me->node, me->worker,
                            &(copi_parcel){.kind = COPI_CALL,
                                           .from = copi_pid_of(me),
                                           .to = call->callee,
                                           .ref = call->node.low,
                                           .type = type,
                                           .body = message,
                                           .within_ms = within_ms});
    return copi_taken(type, message, err);
}

/* A call of that number that is not sent yet. */
static cop_err
open_call(cop_actor *me, cop_pid to, int32_t *within_ms, bool is_bounded, const cop_then *then,
          uint64_t ref, copi_call **out)
{
    if (!copi_is_open(me))
        return COP_E_GONE;
    if (*within_ms <= 0 || then == NULL)
        return COP_E_INVAL;
    if (cop_pid_equal(to, copi_pid_of(me)))
        return COP_E_SELF;
    if (is_bounded && copi_deadline_around(me) != 0) {
        /* No longer than what it is asked for. */
        *within_ms = copi_no_longer(*within_ms, cop_time_left(me));
        if (*within_ms == 0)
            return COP_E_TIMEOUT;
    }
    *out = new_call(me, to, *within_ms, then, ref);
    return *out == NULL ? COP_E_NOMEM : COP_OK;
}

cop_err
copi_ask_numbered(cop_actor *me, uint64_t ref, cop_pid to, int32_t within_ms, bool is_bounded,
                  const cop_then *then, const cop_type *type, const void *message)
{
    copi_call *call;
    cop_err err = open_call(me, to, &within_ms, is_bounded, then, ref, &call);

    if (err != COP_OK)
        return copi_taken(type, message, err);
    err = send_request(me, call, within_ms, type, message);
    if (err != COP_OK)
        detach(me, call);
    return err;
}

cop_err
cop_ask_message(cop_actor *me, cop_pid to, int32_t within_ms, const cop_then *then,
                const cop_type *type, const void *message, cop_ref *out)
{
    uint64_t ref = copi_new_ref(me->worker);

    if (out != NULL)
        out->bits = ref;
    return copi_ask_numbered(me, ref, to, within_ms, true, then, type, message);
}

cop_err
copi_ask_debugger(cop_actor *me, cop_pid to, int32_t within_ms, const cop_then *then,
                  copi_kind kind, const cop_type *type, const void *order, cop_ref *out)
{
    copi_call *call;

    if (to.node != copi_incarnation(me->node))
        return COP_E_INVAL;
    COP_TRY(open_call(me, to, &within_ms, true, then, copi_new_ref(me->worker), &call));
    cop_err err = copi_send(me->node, me->worker,
                            &(copi_parcel){.kind = kind,
                                           .from = copi_pid_of(me),
                                           .to = to,
                                           .ref = call->node.low,
                                           .type = type,
                                           .body = order});
    if (err != COP_OK)
        detach(me, call);
    else if (out != NULL)
        out->bits = call->node.low;
    return err;
}

bool
cop_ask_cancel(cop_actor *me, cop_ref ref)
{
    copi_call *call = find(me, ref.bits);

    if (call == NULL)
        return false;
    detach(me, call);
    copi_ask_given_up(me, ref);
    return true;
}

void
copi_ask_redirect(cop_actor *self, uint64_t ref, const cop_then *then, uint32_t scope)
{
    copi_call *call = find(self, ref);

    if (call == NULL)
        return;
    call->then = *then;
    call->scope = scope;
}

cop_ref
cop_current_call(const cop_actor *me)
{
    const copi_envelope *current = me->current;

    if (current == NULL || (current->kind != COPI_REPLY && current->kind != COPI_REPLY_ERROR &&
                            current->kind != COPI_DEADLINE))
        return (cop_ref){0};
    return (cop_ref){current->ref};
}

static cop_err
complete(cop_actor *self, copi_call *call, cop_err err, const void *message)
{
    cop_then then = call->then;

    detach(self, call);
    return then.call(self, copi_user_state(self), err, message);
}

/* The end of a call without any message for cop_current_call to look at. */
static cop_err
complete_shown(cop_actor *self, copi_call *call, cop_err err)
{
    copi_envelope shown = {.kind = COPI_DEADLINE, .ref = call->node.low};

    self->current = &shown;
    err = complete(self, call, err, NULL);
    self->current = NULL;
    return err;
}

cop_err
copi_ask_cancelled(cop_actor *self, uint64_t ref)
{
    copi_call *call = find(self, ref);

    return call == NULL ? COP_OK : complete_shown(self, call, COP_E_CANCELLED);
}

/* An answer from another node becomes what the reply handler expects, or an error. */
static cop_err
complete_encoded(cop_actor *self, copi_call *call, const copi_encoded *encoded)
{
    const cop_type *type = call->then.type;
    size_t size = 0;

    if (type->wire_id != encoded->wire_id ||
        copi_unpack_size(type, encoded->bytes, encoded->size, &size) != COP_OK)
        return complete(self, call, COP_E_BAD_MESSAGE, NULL);
    void *message = copi_pool_take(&self->worker->pool, size);
    if (message == NULL)
        return complete(self, call, COP_E_NOMEM, NULL);
    cop_err err = copi_unpack(type, encoded->bytes, encoded->size, message);
    if (err != COP_OK) {
        err = complete(self, call, err, NULL);
    } else {
        err = complete(self, call, COP_OK, message);
        copi_message_drop(type, message);
    }
    copi_pool_give(&self->worker->pool, message, size);
    return err;
}

static cop_err
complete_with(cop_actor *self, copi_call *call, copi_envelope *envelope)
{
    cop_err err;

    if (envelope->kind == COPI_REPLY_ERROR) {
        memcpy(&err, copi_payload(envelope), sizeof err);
        return complete(self, call, err, NULL);
    }
    if (envelope->type == NULL)
        return complete_encoded(self, call, copi_payload(envelope));
    if (envelope->type != call->then.type)
        return complete(self, call, COP_E_BAD_MESSAGE, NULL);
    return complete(self, call, COP_OK, copi_payload(envelope));
}

cop_err
copi_handle_reply(cop_actor *self, copi_envelope *envelope)
{
    copi_call *call = find(self, envelope->ref);
    cop_err err = COP_OK;

    if (call != NULL)
        err = complete_with(self, call, envelope);
    else
        COPI_TALLY(self->worker, late_replies, 1);
    return err;
}

cop_err
copi_handle_deadline(cop_actor *self, copi_envelope *envelope)
{
    copi_call *call = COPI_CONTAINER(envelope, copi_call, due);

    call->timer.is_queued = false;
    if (!call->timer.is_dropped)
        return complete_shown(self, call, COP_E_TIMEOUT);
    free_call(self, call);
    return COP_OK;
}

void
copi_drop_deadline(cop_actor *self, copi_envelope *envelope)
{
    copi_call *call = COPI_CONTAINER(envelope, copi_call, due);

    call->timer.is_queued = false;
    if (call->timer.is_dropped)
        free_call(self, call);
}

/* ------------------------------------------------------------------ of who is ending */

/* Nothing can be started any more, and who passes that on, or that it is cancelled, has not
 * failed. */
static bool
is_failure(cop_err err)
{
    return err != COP_OK && err != COP_E_CANCELLED && err != COP_E_GONE;
}

static void
end_told(cop_actor *self, copi_call *call)
{
    copi_envelope *current = self->current;
    cop_leaf leaf = {{call->node.low}};
    uint32_t scope = call->scope;
    cop_exit said;

    copi_last_words_begin(self, &said);
    cop_err err = complete_shown(self, call, COP_E_CANCELLED);
    copi_last_words_end(self, err, &said);
    self->current = current;
    if (is_failure(err))
        copi_scope_clean_up_failed(self, copi_scope_numbered(self, scope), &said, leaf);
}

static void
end_call(cop_actor *self, copi_call *call)
{
    if (self->is_killed)
        detach(self, call);
    else
        end_told(self, call);
}

static void
end_late(cop_actor *self, copi_envelope *envelope)
{
    copi_call *call = COPI_CONTAINER(envelope, copi_call, due);

    call->timer.is_queued = false;
    if (call->timer.is_dropped)
        free_call(self, call);
    else
        end_call(self, call);
}

bool
copi_call_ends_with(cop_actor *self, copi_envelope *envelope)
{
    copi_call *call = NULL;

    if (envelope->kind == COPI_DEADLINE) {
        end_late(self, envelope);
        return true;
    }
    if (envelope->kind == COPI_REPLY || envelope->kind == COPI_REPLY_ERROR)
        call = find(self, envelope->ref);
    if (call != NULL)
        end_call(self, call);
    return false;
}

void
copi_calls_end(cop_actor *self)
{
    copi_map *calls = &self->ties->calls;

    for (copi_map_node *node; (node = copi_map_next(calls, NULL)) != NULL;)
        end_call(self, COPI_CONTAINER(node, copi_call, node));
    copi_map_fini(calls);
}
