/* SPDX-License-Identifier: Apache-2.0 */
/*
 * co.h - sequential actors: a body that waits where it stands, instead of handlers.
 *
 *      COP_BODY(lookup, const char, host)
 *      {
 *          const dns_answer *answer;
 *          COP_TRY(cop_call(co, resolver, 500, dns_answer, &answer,
 *                           dns_question, .host = ...));
 *          return cop_send(me, cop_owner(me), found, .address = answer->address);
 *      }
 *      COP_SEQUENTIAL(lookup_b, lookup);
 *
 * To everybody else it is an actor like any other: it is spawned, owned, linked, monitored,
 * supervised and sent to in the same way.  When its body returns it ends: COP_OK is a normal
 * end, anything else a failure.  What waits takes a `cop_co *`, which a handler does not have:
 * a handler that waits does not compile.  All else takes the body's `me`.
 *
 * Told to end - by its owner, a link, the failure of a child - a body is cancelled: whatever it
 * waits for, now or later, answers COP_E_CANCELLED, again and again, until it has returned.  A
 * result that is there already is still given.  Nothing can be started in its own scope any
 * more; for what cleaning up needs there are shields.  If it takes longer than its stop_ms it
 * is killed, and no code of it runs any more: what it holds that is not owned by the actor is
 * lost, so a body that can be killed owns nothing but what scopes and `dispose` free.
 *
 * A body may run on another thread after each wait: no thread-local variable, and so no errno,
 * means the same before and after.  Its stack is small (COP_STACK_DEFAULT); who grows over its
 * end dies with a line that says so.
 */
#ifndef COPPICE_CO_H
#define COPPICE_CO_H

#include <coppice/job.h>
#include <coppice/scope.h>

typedef struct cop_co cop_co; /* a body, as it sees itself; good for it only */

enum {
    COP_STACK_DEFAULT = 64 * 1024, /* bytes */
    COP_STACK_MOST = 8 * 1024 * 1024,
};

/* Defines a body; it sees `cop_co *co`, `cop_actor *me` and `T *arg`, of cop_spawn_opts. */
#define COP_BODY(name, T, arg)                                                                 \
    static cop_err name##_runs(cop_co *co, cop_actor *me, T *arg);                             \
    static cop_err name##_body(cop_co *copi_co, cop_actor *copi_me, void *copi_arg)            \
    {                                                                                          \
        return name##_runs(copi_co, copi_me, copi_arg);                                        \
    }                                                                                          \
    static cop_err name##_runs(COP_UNUSED cop_co *co, COP_UNUSED cop_actor *me,                \
                               COP_UNUSED T *arg)

extern COP_API const struct cop_sequence cop_sequence;
/* What messages that it finds nowhere else become those of a body; of COP_SEQUENTIAL. */
COP_API cop_err cop_sequence_message(cop_actor *me, void *state, const cop_type *type,
                                     const void *message);

/* Defines the behaviour of actors with that body. */
#define COP_SEQUENTIAL(id, the_body) const cop_behaviour id = {COPI_SEQUENTIAL(id, the_body)}

/* The same with more fields of cop_behaviour, such as .stack_size = 256 * 1024, .drains = true
 * or .handlers = COP_ACCEPTS(COP_ACCEPT(a_type)). */
#define COP_SEQUENTIAL_WITH(id, the_body, ...)                                                 \
    const cop_behaviour id = {COPI_SEQUENTIAL(id, the_body), __VA_ARGS__}

#define COPI_SEQUENTIAL(id, the_body)                                                          \
    .name = #id, .sequence = &cop_sequence, .body = the_body##_body,                           \
    .on_message = cop_sequence_message

/* The types of messages that may come from other nodes, COP_ACCEPT(T), ...: only these can be
 * decoded. */
#define COP_ACCEPT(T)                                                                          \
    {                                                                                          \
        .type = &T##_type                                                                      \
    }
#define COP_ACCEPTS(...) ((const cop_handler[]){__VA_ARGS__, {0}})

/* Notes where the body waits: what follows are macros that do, for the tree (snapshot.h) and
 * for cop_node_opts.warn_unbounded. */
static inline cop_co *
copi_at(cop_co *co, const char *site)
{
    *(const char **)(void *)co = site;
    return co;
}

/* ----------------------------------------------------------------------------- receiving */

/* A message; good until the next one is received.  A request is answered with cop_reply; if it
 * is not, and not deferred, it is answered COP_E_NOREPLY then. */
typedef struct cop_received {
    const cop_type *type;
    const void *message;
    cop_pid from;
} cop_received;

/* The message, if it is a T; else NULL. */
#define cop_as(received, T) ((const T *)cop_received_as(received, &T##_type))
static inline const void *
cop_received_as(const cop_received *received, const cop_type *type)
{
    return received->type == type ? received->message : NULL;
}

/*
 * The oldest message that waits, or the next one.  Those that are not picked stay, in order.
 * `within_ms`: 0 looks only, COP_INFINITY waits for ever.  COP_E_TIMEOUT; COP_E_CANCELLED.  As
 * OTP's receive.
 */
COP_API COP_MUST_USE cop_err cop_receive(cop_co *co, int32_t within_ms, cop_received *out);
#define cop_receive(co, ...) cop_receive(copi_at(co, COP_SITE), __VA_ARGS__)
/* The same for the first one that `wants` picks. */
COP_API COP_MUST_USE cop_err cop_receive_if(cop_co *co, int32_t within_ms,
                                            bool (*wants)(const cop_received *message,
                                                          void *ctx),
                                            void *ctx, cop_received *out);
#define cop_receive_if(co, ...) cop_receive_if(copi_at(co, COP_SITE), __VA_ARGS__)
/* cop_receive_a(co, within_ms, T, &message): the same for the first T; `message` is a
 * `const T *`. */
#define cop_receive_a(co, within_ms, T, out)                                                   \
    cop_receive_type(copi_at(co, COP_SITE), within_ms, &T##_type,                              \
                     (const void **)(1 ? (out) : (const T **)0))
COP_API COP_MUST_USE cop_err cop_receive_type(cop_co *co, int32_t within_ms,
                                              const cop_type *type, const void **out);

/*
 * cop_call(co, to, within_ms, Answer, &answer, T, fields...): a request and its answer, which
 * is a `const Answer *`, good until the next call.  The errors of cop_ask, and COP_E_CANCELLED
 * if the body is cancelled meanwhile.  It has no longer than the nearest deadline around it.
 */
#define cop_call(co, to, within_ms, Answer, answer, ...)                                       \
    cop_call_message(copi_at(co, COP_SITE), to, within_ms, &Answer##_type,                     \
                     (const void **)(1 ? (answer) : (const Answer **)0),                       \
                     COPI_TYPE_OF(__VA_ARGS__), &COP_MSG(__VA_ARGS__))
COP_API COP_MUST_USE cop_err cop_call_message(cop_co *co, cop_pid to, int32_t within_ms,
                                              const cop_type *answer_type, const void **answer,
                                              const cop_type *type, const void *message);

/* ------------------------------------------------------------------------------- waiting */

/* COP_OK after so long, never earlier; COP_E_CANCELLED.  COP_INFINITY: until cancelled. */
COP_API COP_MUST_USE cop_err cop_sleep(cop_co *co, int64_t ms);
#define cop_sleep(co, ...) cop_sleep(copi_at(co, COP_SITE), __VA_ARGS__)

/* Lets others run, if it is their turn.  COP_E_CANCELLED. */
COP_API COP_MUST_USE cop_err cop_yield(cop_co *co);

/* Until `fd` is ready for one of `events`, which `ready` gets if it is not NULL.
 * COP_E_TIMEOUT, COP_E_CANCELLED, and the errors of cop_watch_open. */
COP_API COP_MUST_USE cop_err cop_wait_fd(cop_co *co, int fd, unsigned events, int32_t within_ms,
                                         unsigned *ready);
#define cop_wait_fd(co, ...) cop_wait_fd(copi_at(co, COP_SITE), __VA_ARGS__)

/*
 * Runs a job of <coppice/job.h> and waits for its end; `why`, if it is not NULL, gets all about
 * that.  COP_OK; COP_E_FAILED; COP_E_TIMEOUT; COP_E_CANCELLED: the body was, the job was told
 * so, and it has ended all the same, or is the reaper's.  Else the errors of cop_job_start.
 */
COP_API COP_MUST_USE cop_err cop_work(cop_co *co, const cop_job_spec *spec, cop_exit *why);
#define cop_work(co, ...) cop_work(copi_at(co, COP_SITE), __VA_ARGS__)

/* The actor of a body. */
COP_API cop_actor *cop_actor_of(cop_co *co);

/* How a body is told to end, by whatever is around the place where it stands: the force, why,
 * and how long until the nearest deadline. */
COP_API void cop_look(cop_co *co, cop_scope_state *out);

/* -------------------------------------------------------------------------------- scopes */

/*
 * Closes the scope and waits until it has ended.  COP_OK; COP_E_FAILED, COP_E_TIMEOUT (its
 * deadline came) or COP_E_CANCELLED, and in `out`, if it is not NULL, all about it; what that
 * borrows is good until the next join.  With NULL a failure fails the scope around it.  The
 * wait itself cannot be cancelled: what the scope holds is.
 * COP_E_GONE, COP_E_NOT_MINE, COP_E_SELF (the body stands in a block that is that scope, which
 * joins it at its end, or in one inside it).
 */
COP_API cop_err cop_scope_join(cop_co *co, cop_scope scope, cop_outcome *out);
#define cop_scope_join(co, ...) cop_scope_join(copi_at(co, COP_SITE), __VA_ARGS__)

/*
 * A block that is a scope:
 *
 *      COP_SCOPE(co, here, &outcome, .deadline_ms = 1500) {
 *          COP_TRY(cop_spawn(me, &worker_b, &(cop_spawn_opts){.scope = here.scope}, NULL));
 *          ...
 *      }
 *
 * Whoever comes to its end, or leaves it by `continue`, joins it.  Whoever leaves it otherwise
 * - break, return, goto - cancels it first, and then joins it.  `within` is that in which the
 * body stands, if it says nothing else; and whatever it says, the block is cancelled with that
 * one, and has no more time, unless there is a shield between.  `outcome` as for
 * cop_scope_join; if the scope cannot be opened it says so, and the block does not run.
 */
typedef struct cop_block {
    cop_scope scope;
    cop_co *co;
    cop_outcome *outcome;
    const char *site;
    bool is_open;
} cop_block;

#define COP_SCOPE(co, name, outcome, ...)                                                      \
    for (cop_block name __attribute__((cleanup(cop_block_leave))) =                            \
             cop_block_enter(copi_at(co, COP_SITE), &(cop_scope_opts){__VA_ARGS__}, outcome);  \
         name.is_open; cop_block_join(&name))

COP_API cop_block cop_block_enter(cop_co *co, const cop_scope_opts *opts, cop_outcome *outcome);
COP_API void cop_block_join(cop_block *block);
COP_API void cop_block_leave(cop_block *block);

/* -------------------------------------------------------------------------------- stacks */

typedef struct cop_stack_stats {
    size_t alive;    /* stacks in use */
    size_t pooled;   /* idle ones */
    size_t mapped;   /* bytes of addresses, guards included */
    size_t resident; /* bytes in memory */
    size_t deepest;  /* bytes: the deepest use of a stack ever seen, in whole pages */
} cop_stack_stats;

/* Any thread; exact when the node is idle.  Asks the kernel about each stack. */
COP_API void cop_stack_stats_read(cop_node *node, cop_stack_stats *out);

#endif /* COPPICE_CO_H */
