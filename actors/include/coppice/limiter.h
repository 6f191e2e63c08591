/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limiter.h - so many at a time: a semaphore whose tokens are owned by their borrowers.
 *
 *      cop_spawn(me, &cop_limiter, &(cop_spawn_opts){
 *          .name = "disk", .arg = &COP_MSG(cop_limiter_opts, .tokens = 4)}, &limiter);
 *
 *      cop_limiter_acquire(me, limiter, 1000, COP_THEN(app, cop_limiter_granted), &st->loan);
 *      ...  COP_REPLY(app, cop_limiter_granted) runs: the token is ours, or err says why not
 *      cop_limiter_release(me, &st->loan);
 *
 * The limiter is an actor like any other, so that a supervisor can own it; with one token it
 * is a lock.  As trio's CapacityLimiter, except for what is said below of asking twice.
 *
 * A loan is a child of its borrower, from the request on, but has no part in its race.  It
 * gives the token back when it is released, or when the borrower has ended and all that it
 * owned is gone, its `cop_end` and the processes and jobs it had started included; and when the
 * borrower's node is lost.  A request that ran out of time, was given up, or whose borrower has
 * ended gets no token, and if the token was on its way to it just then, it goes back.  So no
 * token is ever lost, and none is given away while somebody still works under it.
 *
 * The other way round: if the limiter ends, however it does, or its node is lost, then nothing
 * is limited any more, and the loans that were granted fail.  That is a failure of a child:
 * the borrower ends too under COP_FAIL_FAST, and gets a cop_child_down under COP_ISOLATE.  (A
 * limiter that was started again may have lent a token before that is handled.)
 *
 * Requests are granted in the order in which they reach the limiter, those of one borrower in
 * the order in which it made them.
 *
 * Asking twice: each request takes another token, whoever asks.  So a borrower of the only
 * token that asks for it again waits for itself, and gets COP_E_TIMEOUT at the latest.
 *
 * A loan that somebody kills (cop_kill) still counts until its borrower has ended.
 */
#ifndef COPPICE_LIMITER_H
#define COPPICE_LIMITER_H

#include <coppice/actor.h>

extern COP_API const cop_behaviour cop_limiter;

/*
 * cop_limiter_opts, its argument, may be NULL:
 *      tokens       how many there are; 0: 1, a lock
 *      waiting_max  how many requests may wait; more are refused with COP_E_FULL; 0: no limit
 *
 * cop_limiter_status, what cop_limiter_ask_status is answered with; `holders` has those that
 * hold a token for the longest time first, and not more than COP_LIMITER_HOLDERS of them:
 *      tokens, held, waiting    `held` is more than `tokens` while there are too many of them
 *      granted                  how many there were, ever
 *      longest_ms               for so long the oldest request has been waiting; 0: none is
 *
 * cop_limiter_resized, the answer to cop_limiter_resize.
 */
#define COP_LIMITER(M, F)                                                                      \
    M(1, cop_limiter_opts, F(u32, tokens) F(u32, waiting_max))                                 \
    M(2, cop_limiter_holder, F(pid, borrower) F(i64, held_ms))                                 \
    M(3, cop_limiter_get_status)                                                               \
    M(4, cop_limiter_status,                                                                   \
      F(u32, tokens) F(u32, held) F(u32, waiting) F(u64, granted) F(i64, longest_ms)           \
          F(list, cop_limiter_holder, holders))                                                \
    M(5, cop_limiter_set_tokens, F(u32, tokens))                                               \
    M(6, cop_limiter_resized)
COP_PROTOCOL(COP_LIMITER)

enum {
    COP_LIMITER_HOLDERS = 100
};

/* A token, or the request for one.  Means something to the actor that made it; plain data. */
typedef struct cop_loan {
    cop_pid pid;  /* the child that stands for it, as in cop_child_down */
    cop_ref call; /* as cop_current_call in the reply handler */
} cop_loan;

/* The token is yours. */
typedef struct cop_limiter_granted {
    cop_loan loan;
    int64_t waited_ms;
} cop_limiter_granted;

extern COP_API const cop_type cop_limiter_granted_type;

/*
 * Asks for a token, for no longer than is left of the request being handled, or of the scope
 * that this actor was started in (cop_time_left).  `then`, which is for a cop_limiter_granted,
 * runs exactly once, unless the loan is released before: with COP_OK when the token is granted;
 * COP_E_TIMEOUT; COP_E_FULL (too many wait), COP_E_NOPROC, COP_E_DOWN, COP_E_NOCONNECTION,
 * COP_E_BUSY, COP_E_NOMEM, and COP_E_CANCELLED or COP_E_DOWN when this actor is ending.  After
 * an error there is nothing to release.  `loan` may be NULL for one that is held to the end, or
 * taken from the answer.
 *
 * An error returned here means that `then` will not run: as cop_ask, cop_spawn.
 */
COP_API COP_MUST_USE cop_err cop_limiter_acquire(cop_actor *me, cop_pid limiter,
                                                 int32_t within_ms, const cop_then *then,
                                                 cop_loan *loan);

/*
 * Gives a token back, or a request up; that cannot fail on its way, to other nodes neither.
 * The loan is zeroed.  COP_E_NOT_FOUND if it is not a loan of this actor, or is over.
 */
COP_API cop_err cop_limiter_release(cop_actor *me, cop_loan *loan);

/*
 * Changes how many tokens there are; 0: none for now.  Who holds one keeps it, and until there
 * are not too many any more nobody gets another.  A limiter that is started again begins with
 * its options.  A call, answered with cop_limiter_resized; errors as cop_ask.
 */
COP_API COP_MUST_USE cop_err cop_limiter_resize(cop_actor *me, cop_pid limiter, uint32_t tokens,
                                                int32_t within_ms, const cop_then *then);

/* Who holds a token, for how long, and how many wait.  A call, answered with
 * cop_limiter_status; errors as cop_ask. */
COP_API COP_MUST_USE cop_err cop_limiter_ask_status(cop_actor *me, cop_pid limiter,
                                                    int32_t within_ms, const cop_then *then);

#endif /* COPPICE_LIMITER_H */
