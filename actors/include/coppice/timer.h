/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timer.h - messages after a while.
 *
 * A timer belongs to the actor that armed it and is gone when that actor ends.  It never
 * fires early; one of a second or more may be late by two ticks of the kernel's clock (2 to
 * 20 ms), which makes it cheap to arm.  After a cancel nothing of it arrives, not even what
 * was due already.  References to buffers in a message go with it, see <coppice/buf.h>.
 */
#ifndef COPPICE_TIMER_H
#define COPPICE_TIMER_H

#include <coppice/actor.h>

typedef struct cop_timer {
    cop_ref ref;
} cop_timer;

/*
 * cop_send_after(me, ms, &timer, T, fields...): sends this actor the message once, after
 * at least `ms` milliseconds; 0 is legal and goes through the mailbox.  `timer` may be
 * NULL.  COP_E_NOMEM; COP_E_TOO_LARGE; COP_E_INVAL for a time that is negative, or of
 * more than a century; COP_E_GONE if this actor is ending.  As OTP's erlang:send_after/3.
 */
#define cop_send_after(me, ms, timer, ...)                                                     \
    cop_send_after_message(me, ms, timer, COPI_TYPE_OF(__VA_ARGS__), &COP_MSG(__VA_ARGS__))

/*
 * The same again and again: the next period begins when the message was due, but a slow
 * handler never finds two of them waiting.  `ms` must be positive.
 */
#define cop_send_every(me, ms, timer, ...)                                                     \
    cop_send_every_message(me, ms, timer, COPI_TYPE_OF(__VA_ARGS__), &COP_MSG(__VA_ARGS__))

COP_API COP_MUST_USE cop_err cop_send_after_message(cop_actor *me, int64_t ms, cop_timer *out,
                                                    const cop_type *type, const void *message);
COP_API COP_MUST_USE cop_err cop_send_every_message(cop_actor *me, int64_t ms, cop_timer *out,
                                                    const cop_type *type, const void *message);

/* True if it was still to come; a message that waits in the mailbox is thrown away.  False if
 * it had been handled, cancelled or never armed.  As OTP's erlang:cancel_timer/2 without the
 * time that was left, for which the clock would have to be read: ask for it before. */
COP_API bool cop_timer_cancel(cop_actor *me, cop_timer timer);

/* Milliseconds that are left, rounded up; 0 if the message waits in the mailbox; -1 if there
 * is none to come.  As OTP's erlang:read_timer/1. */
COP_API int64_t cop_timer_left(cop_actor *me, cop_timer timer);

#endif /* COPPICE_TIMER_H */
