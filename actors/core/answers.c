/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answers.c - requests, as those see them who are asked: replies, at once or later.
 *
 * Whoever throws a request away answers it, so that no caller waits for the dead.
 */
#include "core/dispatch.h"
#include "core/node.h"
#include "core/ties.h"
#include "message/bufs.h"

static bool
is_request(const cop_actor *me)
{
    return me->current != NULL && me->current->kind == COPI_CALL;
}

/* A caller that is gone wants no answer. */
static bool
is_unwanted(cop_err err)
{
    return err == COP_E_NOPROC || err == COP_E_NOCONNECTION;
}

cop_err
cop_reply_message(cop_actor *me, const cop_type *type, const void *message)
{
    if (!is_request(me))
        return copi_taken(type, message, COP_E_GONE);
    cop_err err =
        copi_send_typed(me, COPI_REPLY, me->current->from, me->current->ref, 0, type, message);
    if (err != COP_OK && !is_unwanted(err))
        return err; /* the request is still open */
    me->current->kind = COPI_USER_MESSAGE;
    return COP_OK;
}

static copi_parcel
error_to(const cop_actor *me, cop_pid caller, uint64_t ref, cop_err err)
{
    copi_parcel parcel = copi_parcel_to(me, COPI_REPLY_ERROR, caller, ref);

    parcel.err = err == COP_OK ? COP_E_NOREPLY : err;
    return parcel;
}

cop_err
cop_reply_error(cop_actor *me, cop_err err)
{
    if (!is_request(me))
        return COP_E_GONE;
    copi_parcel parcel = error_to(me, me->current->from, me->current->ref, err);
    COP_TRY(copi_try_signal(me->node, me->worker, &parcel));
    me->current->kind = COPI_USER_MESSAGE;
    return COP_OK;
}

/* Without memory for that its caller learns it when his time is over. */
void
copi_answer_unanswered(cop_actor *self, cop_err err)
{
    (void)cop_reply_error(self, err);
}

cop_err
cop_defer(cop_actor *me, cop_token *out)
{
    if (!is_request(me))
        return COP_E_GONE;
    if (copi_ties_of(me) == NULL)
        return COP_E_NOMEM;
    copi_deferred *deferred = copi_pool_take(&me->worker->pool, sizeof *deferred);
    if (deferred == NULL)
        return COP_E_NOMEM;
    copi_envelope *request = me->current;
    deferred->node = (copi_map_node){.high = request->from.node, .low = request->ref};
    deferred->caller = request->from;
    copi_map_add(&me->ties->deferred, &deferred->node);
    request->kind = COPI_USER_MESSAGE;
    *out = (cop_token){request->from, {request->ref}};
    return COP_OK;
}

void
copi_answer_handled(cop_actor *self, cop_err err)
{
    cop_token unused;

    if (err == COP_OK)
        copi_answer_unanswered(self, COP_E_NOREPLY);
    else if (cop_defer(self, &unused) == COP_E_NOMEM)
        copi_answer_unanswered(self, COP_E_DOWN);
}

/* Takes the right to answer away; NULL if it is not there. */
static copi_deferred *
redeem(cop_actor *me, cop_token token)
{
    copi_map_node *node = me->ties == NULL ? NULL
                                           : copi_map_find(&me->ties->deferred,
                                                           token.caller.node, token.call.bits);

    if (node == NULL)
        return NULL;
    copi_map_remove(&me->ties->deferred, node);
    return COPI_CONTAINER(node, copi_deferred, node);
}

/* Its record becomes the answer. */
static void
refuse(cop_actor *me, copi_deferred *deferred, cop_err err)
{
    copi_parcel parcel = error_to(me, deferred->caller, deferred->node.low, err);

    copi_signal_in(me->node, me->worker,
                   copi_envelope_in(me->worker, deferred, sizeof *deferred), &parcel);
}

cop_err
cop_answer_message(cop_actor *me, cop_token *token, const cop_type *type, const void *message)
{
    cop_token kept = *token;
    copi_deferred *deferred = redeem(me, kept);

    if (deferred == NULL)
        return copi_taken(type, message, COP_E_GONE);
    *token = (cop_token){0};
    cop_err err =
        copi_send_typed(me, COPI_REPLY, kept.caller, kept.call.bits, 0, type, message);
    if (err != COP_OK && !is_unwanted(err)) {
        refuse(me, deferred, err);
        return err;
    }
    copi_pool_give(&me->worker->pool, deferred, sizeof *deferred);
    return COP_OK;
}

cop_err
cop_answer_error(cop_actor *me, cop_token *token, cop_err err)
{
    copi_deferred *deferred = redeem(me, *token);

    if (deferred == NULL)
        return COP_E_GONE;
    refuse(me, deferred, err);
    *token = (cop_token){0};
    return COP_OK;
}

void
copi_deferred_end(cop_actor *self)
{
    copi_map *map = &self->ties->deferred;

    for (copi_map_node *node; (node = copi_map_pop(map)) != NULL;)
        refuse(self, COPI_CONTAINER(node, copi_deferred, node), COP_E_DOWN);
    copi_map_fini(map);
}
