/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loan.c - the borrower's side: a child that holds the token for it.
 *
 * The time limit is the loan's and nobody else's.  If the borrower had one of its own, an
 * answer could come too late for it, and nobody would know that the token is not wanted.
 */
#include <coppice/limiter.h>
#include <coppice/scope.h>

#include <string.h>

#include "base/exit.h"
#include "core/ties.h"
#include "limiter/lending.h"
#include "message/local.h"

typedef struct loan {
    cop_pid limiter;
    cop_ref watch;
    int64_t since_ms;
    bool is_decided; /* the limiter has answered, or the time is over */
    bool is_lent;
    cop_err err;
    bool is_awaited; /* the borrower's call is here */
    cop_token awaited;
} loan;

/* Its argument. */
typedef struct loan_request {
    cop_pid limiter, borrower;
    int32_t within_ms;
} loan_request;

/* From the borrower, as a call, right after the start. */
typedef struct copi_await {
    char copi_empty;
} copi_await;

static const cop_type copi_await_type = COPI_LOCAL("coppice", copi_await);
const cop_type cop_limiter_granted_type = COPI_LOCAL("coppice", cop_limiter_granted);

/* Once both are there: the decision, and who waits for it. */
static cop_err
tell(cop_actor *me, loan *st)
{
    if (!st->is_decided || !st->is_awaited)
        return COP_OK;
    if (!st->is_lent) {
        (void)cop_answer_error(me, &st->awaited, st->err);
        return cop_stop(me);
    }
    cop_loan self = {.pid = cop_self(me), .call = st->awaited.call};
    cop_err err = cop_answer(me, &st->awaited, cop_limiter_granted, .loan = self,
                             .waited_ms = cop_now_ms(me) - st->since_ms);
    /* The borrower has got that error instead. */
    return err == COP_OK ? COP_OK : cop_stop(me);
}

COP_HANDLER(loan, copi_await)
{
    cop_err err = cop_defer(me, &st->awaited);

    if (err != COP_OK) {
        (void)cop_reply_error(me, err);
        return cop_stop(me);
    }
    st->is_awaited = true;
    return tell(me, st);
}

COP_REPLY(loan, copi_lent)
{
    st->is_decided = true;
    st->is_lent = err == COP_OK;
    st->err = err;
    return tell(me, st);
}

/* While it waits, the call ends as well, and that is told. */
COP_HANDLER(loan, cop_down)
{
    cop_exit why = {
        .kind = COP_EXIT_ERROR, .code = COP_E_DOWN, .text = "the limiter has ended"};

    if (!st->is_lent)
        return COP_OK;
    copi_exit_because(&why, &msg->why);
    return cop_stop_with(me, &why);
}

static cop_err
loan_init(cop_actor *me, void *state, const void *arg)
{
    loan *st = state;
    const loan_request *wanted = arg;

    st->limiter = wanted->limiter;
    st->since_ms = cop_now_ms(me);
    COP_TRY(cop_monitor(me, st->limiter, &st->watch));
    return cop_ask(me, st->limiter, wanted->within_ms, COP_THEN(loan, copi_lent), copi_borrow,
                   .borrower = wanted->borrower);
}

static const cop_behaviour loan_b = {
    .name = "loan",
    .state_size = sizeof(loan),
    .init = loan_init,
    .handlers = COP_HANDLERS(COP_ON(loan, copi_await), COP_ON(loan, cop_down)),
};

cop_err
cop_limiter_acquire(cop_actor *me, cop_pid limiter, int32_t within_ms, const cop_then *then,
                    cop_loan *out)
{
    cop_loan made = {0};

    if (then == NULL || then->type != &cop_limiter_granted_type || within_ms <= 0)
        return COP_E_INVAL;
    within_ms = copi_no_longer(within_ms, cop_time_left(me));
    if (within_ms == 0)
        return COP_E_TIMEOUT;
    loan_request wanted = {limiter, cop_self(me), within_ms};
    COP_TRY(cop_spawn(me, &loan_b, &(cop_spawn_opts){.arg = &wanted}, &made.pid));
    copi_child_of(me, made.pid)->is_errand = true;
    made.call.bits = copi_new_ref(me->worker);
    cop_err err = copi_ask_numbered(me, made.call.bits, made.pid, INT32_MAX, false, then,
                                    &copi_await_type, &COP_MSG(copi_await));
    if (err != COP_OK)
        (void)cop_limiter_release(me, &made);
    else if (out != NULL)
        *out = made;
    return err;
}

cop_err
cop_limiter_release(cop_actor *me, cop_loan *given)
{
    cop_loan released = *given;

    *given = (cop_loan){0};
    /* That the limiter sees a normal end tells it from the borrower's own. */
    COP_TRY(copi_stop_child(me, released.pid, &(cop_exit){.kind = COP_EXIT_NORMAL}));
    (void)cop_ask_cancel(me, released.call);
    return COP_OK;
}
