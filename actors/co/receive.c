/* SPDX-License-Identifier: Apache-2.0 */
#include "base/check.h"
#include "co/co.h"
#include "core/node.h"

#include <coppice/watch.h>

/*
 * All of it that a message needs is in line: after a switch of stacks each return from a
 * function that was called before is one that the processor has not foreseen, see jump_boost.h.
 */

COPI_COLD static void
answer_late(cop_co *co)
{
    co->actor->current = co->letter;
    copi_answer_unanswered(co->actor, COP_E_NOREPLY);
}

/* The one before: an unanswered request is answered, and its memory goes, if it is ours. */
COPI_INLINE void
release(cop_co *co)
{
    copi_envelope *letter = co->letter;

    if (letter == NULL)
        return;
    if (COPI_UNLIKELY(letter->kind == COPI_CALL))
        answer_late(co);
    co->letter = co->actor->current = NULL;
    if (letter != co->lent)
        copi_envelope_free(co->actor->worker, letter);
}

COPI_INLINE void
accept(cop_co *co, copi_envelope *envelope)
{
    cop_actor *self = co->actor;

    co->letter = self->current = envelope;
    COPI_TALLY(self->worker, messages, 1);
    self->worker->spent++;
}

/* Who always finds a message gives way when its turn is over, as handlers do.  There is another
 * one, so the turn was not begun by a lone letter, and its slice is known. */
COPI_INLINE void
end_turn(cop_co *co)
{
    if (COPI_LIKELY(co->actor->worker->spent < co->slice))
        return;
    co->is_ready = true;
    copi_co_leave(co);
}

/* The one that has been found for it, or else the first that it wants. */
COPI_INLINE copi_envelope *
find(cop_co *co, const copi_choice *choice)
{
    if (co->lent != NULL)
        return co->letter;
    return copi_inbox_has_more(co) ? copi_inbox_pick(co, choice) : NULL;
}

/* Waits for one that is chosen; none has been found so far. */
COPI_INLINE cop_err
await(cop_co *co, int32_t within_ms, const copi_choice *choice, copi_envelope **found)
{
    copi_check_bounded(co, co->here, within_ms);
    cop_err err = copi_wait_begin(co, within_ms);
    if (err != COP_OK)
        return err;
    co->choice = choice;
    if (within_ms == 0) {
        co->is_ready = true; /* what has come may not be sorted yet */
        copi_co_leave(co);
        *found = find(co, choice);
    }
    while (*found == NULL && err == COP_OK) {
        err = copi_wait_on(co);
        *found = find(co, choice);
    }
    copi_wait_end(co);
    return *found != NULL ? COP_OK : err;
}

COPI_INLINE cop_err
receive(cop_co *co, int32_t within_ms, const copi_choice *choice)
{
    release(co);
    copi_inbox_rewind(co);
    if (copi_inbox_has_more(co))
        end_turn(co);
    copi_envelope *found = find(co, choice);
    if (found == NULL)
        COP_TRY(await(co, within_ms, choice, &found));
    accept(co, found);
    return COP_OK;
}

static void
show(const cop_co *co, cop_received *out)
{
    copi_envelope *envelope = co->letter;

    *out = (cop_received){envelope->type, copi_payload(envelope), envelope->from};
}

cop_err
cop_receive_if(cop_co *co, int32_t within_ms,
               bool (*wants)(const cop_received *message, void *ctx), void *ctx,
               cop_received *out)
{
    COP_TRY(receive(co, within_ms, &(copi_choice){.wants = wants, .ctx = ctx}));
    show(co, out);
    return COP_OK;
}

cop_err
cop_receive(cop_co *co, int32_t within_ms, cop_received *out)
{
    return cop_receive_if(co, within_ms, NULL, NULL, out);
}

cop_err
cop_receive_type(cop_co *co, int32_t within_ms, const cop_type *type, const void **out)
{
    COP_TRY(receive(co, within_ms, &(copi_choice){.type = type}));
    *out = copi_payload(co->letter);
    return COP_OK;
}

static bool
is_of_watch(const cop_received *message, void *ctx)
{
    const cop_ready *ready = message->message;

    return message->type == &cop_ready_type &&
           ready->watch.ref.bits == ((const cop_watch *)ctx)->ref.bits;
}

cop_err
cop_wait_fd(cop_co *co, int fd, unsigned events, int32_t within_ms, unsigned *ready)
{
    cop_watch watch;
    cop_received received;

    COP_TRY(cop_watch_open(co->actor, fd, events, &watch));
    cop_err err = cop_receive_if(co, within_ms, is_of_watch, &watch, &received);
    cop_watch_close(co->actor, watch);
    if (err == COP_OK && ready != NULL)
        *ready = ((const cop_ready *)received.message)->events;
    return err;
}
