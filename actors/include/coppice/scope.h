/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope.h - a part of an actor's work that begins, fails and ends as one.
 *
 * Every actor has a scope of its own, cop_here: its children and all else that it starts hang
 * there.  A local scope is opened inside it, or inside another local one, for as long as some
 * piece of work lasts: a request, a session, a round.  What is started in it never outlives it,
 * and how it ends is one outcome, given once to whoever opened it.
 *
 *      cop_scope_open ---> open --- cop_scope_close ---> closing
 *                            |                              |  nothing is left in it
 *          a failure, the deadline, cop_scope_cancel        |
 *                            v                              v
 *                        cancelled --- nothing is left ---> closed: the outcome is given
 *
 * Being cancelled is a state, not an event: its force only rises, its first reason stays, and
 * as long as it lasts nothing can be started in the scope.  It holds for the scopes inside as
 * well, unless they are shielded.
 *
 * A handle is a weak reference: of a scope that is gone it says COP_E_GONE.  All of this may be
 * called by the actor's own handlers only, and where there is a `scope` to be given, it is one
 * of this actor's: else COP_E_NOT_MINE.
 */
#ifndef COPPICE_SCOPE_H
#define COPPICE_SCOPE_H

#include <coppice/actor.h>

/* How hard something is told to end. */
typedef enum cop_force {
    COP_FORCE_NONE,
    COP_FORCE_SOFT, /* finish: what is begun may go on until the scope's drain_ms is over */
    COP_FORCE_HARD, /* what waits gets COP_E_CANCELLED, each time; actors have their stop_ms */
    COP_FORCE_KILL, /* actors are killed */
} cop_force;

enum {
    COP_SCOPE_KEEP = 8,       /* how many ends are kept if the options do not say */
    COP_SCOPE_DEPTH_MAX = 64, /* of scopes in scopes of one actor */
};

/* How one child ended. */
typedef struct cop_child_record {
    cop_pid pid;     /* none: it was no actor */
    cop_leaf leaf;   /* none: it was an actor, or a scope */
    uint64_t cookie; /* of its cop_spawn_opts */
    cop_exit why;
} cop_child_record;

/* How a scope ended. */
typedef struct cop_outcome {
    /*
     * Normal: all ended well, or the race was won.  Shutdown: it was cancelled; text and code
     * as they were given.  Else it failed: the first failure, or COP_EXIT_DEADLINE.
     */
    cop_exit why;
    cop_force force;  /* with which it was cancelled in the end */
    bool timed_out;   /* its deadline came; with `moves_on` the only sign of it */
    cop_pid winner;   /* of a race, if an actor won it */
    uint32_t started; /* children of all kinds, ever */
    uint32_t failed;
    /*
     * The group of errors: each failure, the first one first, and what went wrong in cleaning
     * up after it; under COP_COLLECT every end.  Of more than `keep` the first are kept.
     * Borrowed for the call.
     */
    const cop_child_record *kept;
    uint32_t kept_count;
    uint32_t dropped;
} cop_outcome;

typedef struct cop_scope_opts {
    const char *name; /* its part of the path; copied; default "scope" */
    cop_scope within; /* the scope around it; zero: the actor's own */
    /* FAIL_FAST, ISOLATE, COLLECT or RACE.  For SUPERVISE start a supervisor. */
    cop_policy policy;
    int32_t deadline_ms; /* from now on; 0: none */
    bool moves_on;       /* at its deadline it is cancelled, but that is no failure */
    bool shield;         /* not cancelled with what is around it; needs a deadline of its own */
    int32_t drain_ms;    /* how long it stays soft; 0: soft is hard at once */
    uint32_t children;   /* at most so many at once; 0: any number */
    uint32_t keep;       /* bound of cop_outcome.kept; 0: COP_SCOPE_KEEP */

    /* Under ISOLATE: of each child that failed.  An error that it returns fails the scope.
     * NULL: the failure is logged. */
    cop_err (*on_child)(cop_actor *me, void *state, void *ctx, const cop_child_record *child);
    /*
     * All of it is gone.  Called once, in a turn of its own; not if the actor is killed.
     * COP_OK says that the outcome has been dealt with; an error fails the scope around it.
     * NULL: a failure fails the scope around it; what has gone wrong in cleaning up is kept by
     * that, if it is cancelled as well, and logged if it is not.
     */
    cop_err (*closed)(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome);
    void (*dispose)(void *ctx); /* called once, after all that, in any case; may be NULL */
    void *ctx;
} cop_scope_opts;

/* The actor's own scope, which is as old as the actor and ends with it. */
static inline cop_scope
cop_here(COP_UNUSED const cop_actor *me)
{
    return (cop_scope){{0}};
}

/*
 * Opens a scope.  `opts` may be NULL; `out` gets the handle.  An error leaves `ctx` the
 * caller's: COP_E_INVAL (a shield without a deadline, another policy, a negative time, too
 * deep), COP_E_GONE, COP_E_NOT_MINE, COP_E_CANCELLED (what is around it is), COP_E_NOMEM.
 */
COP_API COP_MUST_USE cop_err cop_scope_open(cop_actor *me, const cop_scope_opts *opts,
                                            cop_scope *out);

/*
 * From now on the scope ends when nothing is left in it; its children may still start others
 * there.  Closing twice is harmless.  COP_E_GONE, COP_E_INVAL (the actor's own).
 */
COP_API cop_err cop_scope_close(cop_actor *me, cop_scope scope);

/*
 * Cancels the scope.  `why` may be NULL: shutdown; of it code, text, origin and path are
 * kept, if it is the first reason; one without an origin gets this actor.  What it is told
 * with less force than it has changes nothing.  Never calls `closed` before it returns.
 * COP_E_GONE, COP_E_INVAL (the actor's own: that is cop_stop).
 */
COP_API cop_err cop_scope_cancel(cop_actor *me, cop_scope scope, cop_force force,
                                 const cop_exit *why);

/* Moves the deadline to `ms` from now, earlier or later; COP_INFINITY: none, if the scope is
 * no shield.  It is that of the children that are there already, too; but one that cannot be
 * told for want of memory keeps the old one.  Of one that has come already nothing changes.
 * COP_E_GONE, COP_E_NOT_MINE, COP_E_INVAL; COP_E_NOMEM: it has not been moved. */
COP_API COP_MUST_USE cop_err cop_scope_set_deadline(cop_actor *me, cop_scope scope, int32_t ms);

/* What a scope is in. */
typedef struct cop_scope_state {
    cop_force force;   /* its own, or of what is around it if that is more */
    cop_exit why;      /* the first reason, unless the force is none */
    int64_t left_ms;   /* until the nearest deadline around it; COP_INFINITY: there is none */
    uint32_t children; /* of all kinds, alive now */
    bool is_closing;
} cop_scope_state;

/* Also for the actor's own.  COP_E_GONE. */
COP_API cop_err cop_scope_look(cop_actor *me, cop_scope scope, cop_scope_state *out);

/* Milliseconds until the deadline of what this actor is a part of, rounded up: that of the
 * request being handled, or of the scope that it was started in; COP_INFINITY: there is
 * none. */
COP_API int64_t cop_time_left(const cop_actor *me);

/* What a loop asks before the next round.  COP_OK if the scope is there and not cancelled; else
 * COP_E_GONE or COP_E_CANCELLED. */
COP_API cop_err cop_scope_check(cop_actor *me, cop_scope scope);

/* ------------------------------------------------------------ children that are no actors */

/*
 * What is called later, in a turn of its own like a handler.  An error fails the scope that
 * it is a child of; cop_fail gives the failure a text.
 */
typedef cop_err (*cop_callback)(cop_actor *me, void *state, void *arg);

/*
 * Call `call` as soon as what waits now has been handled; after `ms`; or every `ms`, the first
 * time after `ms`, never twice at once: what was missed is skipped.  In all of them:
 *
 * The call is a child of the scope until it has run, or is called off.  `arg` is the scope's
 * from then on, whatever is returned: `dispose`, if not NULL, is called with it once, when the
 * child is over or could not be started.  Nothing can be started from there: COP_E_GONE.
 * `out` may be NULL.  COP_E_CANCELLED (the scope is), COP_E_GONE, COP_E_NOT_MINE, COP_E_INVAL,
 * COP_E_FULL (its bound), COP_E_NOMEM.
 */
COP_API COP_MUST_USE cop_err cop_scope_soon(cop_actor *me, cop_scope scope, cop_callback call,
                                            void *arg, void (*dispose)(void *arg),
                                            cop_leaf *out);
COP_API COP_MUST_USE cop_err cop_scope_after(cop_actor *me, cop_scope scope, int64_t ms,
                                             cop_callback call, void *arg,
                                             void (*dispose)(void *arg), cop_leaf *out);
COP_API COP_MUST_USE cop_err cop_scope_every(cop_actor *me, cop_scope scope, int64_t ms,
                                             cop_callback call, void *arg,
                                             void (*dispose)(void *arg), cop_leaf *out);

/* What becomes of the calls that were missed, because one took longer than a period or the
 * actor was busy. */
typedef enum cop_missed {
    COP_MISSED_SKIP,     /* the next one comes when it would have come anyway */
    COP_MISSED_CATCH_UP, /* they are made up for: in the end there was one for each period */
} cop_missed;

/* As cop_scope_every, with that.  COP_E_INVAL for another `missed` as well. */
COP_API COP_MUST_USE cop_err cop_scope_every_with(cop_actor *me, cop_scope scope, int64_t ms,
                                                  cop_missed missed, cop_callback call,
                                                  void *arg, void (*dispose)(void *arg),
                                                  cop_leaf *out);

/*
 * cop_scope_ask(me, scope, to, within_ms, then, &leaf, T, fields...): cop_ask in a scope, which
 * waits for the end of the call, and whose deadline bounds it.  If the scope is cancelled the
 * reply handler is given COP_E_CANCELLED, in a later turn, unless an answer waits already; an
 * error that it returns is one of the scope.  cop_leaf_cancel does the same to one call, and
 * its handler may return that.  `leaf` may be NULL.  As cop_ask; COP_E_CANCELLED (the scope
 * is), COP_E_NOT_MINE, COP_E_FULL.
 */
#define cop_scope_ask(me, scope, to, within_ms, then, leaf, ...)                               \
    cop_scope_ask_message(me, scope, to, within_ms, then, COPI_TYPE_OF(__VA_ARGS__),           \
                          &COP_MSG(__VA_ARGS__), leaf)

COP_API COP_MUST_USE cop_err cop_scope_ask_message(cop_actor *me, cop_scope scope, cop_pid to,
                                                   int32_t within_ms, const cop_then *then,
                                                   const cop_type *type, const void *message,
                                                   cop_leaf *out);

/*
 * Ends one of them, and only it; that is no failure.  When it returns nothing of the child will
 * run any more, but for a job's `done`.  COP_E_GONE if it was over.
 */
COP_API cop_err cop_leaf_cancel(cop_actor *me, cop_leaf leaf);

#endif /* COPPICE_SCOPE_H */
