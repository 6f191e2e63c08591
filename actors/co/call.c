/* SPDX-License-Identifier: Apache-2.0 */
#include "co/co.h"
#include "core/node.h"
#include "message/bufs.h"

static cop_err
on_answer(cop_actor *me, void *state, cop_err err, const void *message)
{
    cop_co *co = copi_co_of(me);

    (void)state;
    co->call_err = err;
    co->is_answered = true;
    co->is_ready = true;
    if (err != COP_OK)
        return COP_OK;
    co->answer = copi_envelope_typed(me->worker, COPI_USER_MESSAGE, co->answer_type, message);
    if (co->answer == NULL)
        co->call_err = COP_E_NOMEM;
    else if (co->answer_type->has_bufs) /* the reply drops its own */
        copi_message_hold(co->answer_type, message);
    return COP_OK;
}

/* No longer than what is around it. */
static int32_t
bounded(cop_co *co, int32_t within_ms)
{
    cop_scope_state state;

    cop_look(co, &state);
    return copi_no_longer(within_ms, state.left_ms);
}

cop_err
cop_call_message(cop_co *co, cop_pid to, int32_t within_ms, const cop_type *answer_type,
                 const void **answer, const cop_type *type, const void *message)
{
    cop_actor *self = co->actor;
    cop_ref call;

    if (within_ms > 0)
        within_ms = bounded(co, within_ms);
    if (within_ms == 0 || copi_co_force(co) >= COP_FORCE_HARD)
        return copi_taken(type, message, within_ms == 0 ? COP_E_TIMEOUT : copi_wait_on(co));
    if (co->answer != NULL)
        copi_envelope_free(self->worker, co->answer);
    co->answer = NULL;
    co->is_answered = false;
    co->answer_type = answer_type;
    COP_TRY(cop_ask_message(self, to, within_ms, &(cop_then){answer_type, on_answer}, type,
                            message, &call));
    COP_TRY(copi_wait_begin(co, COP_INFINITY));
    cop_err err = COP_OK;
    while (!co->is_answered && err == COP_OK)
        err = copi_wait_on(co);
    if (!co->is_answered) {
        (void)cop_ask_cancel(self, call);
        return err;
    }
    if (co->call_err == COP_OK)
        *answer = copi_payload(co->answer);
    return co->call_err;
}
