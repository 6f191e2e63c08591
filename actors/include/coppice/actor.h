/* SPDX-License-Identifier: Apache-2.0 */
/*
 * actor.h - an actor: state of its own, one message at a time, one owner.
 *
 * An actor runs one handler at a time, on any worker, and shares nothing.  It is started
 * by cop_spawn under an owner, which it never outlives.  However it ends - a handler
 * returns an error, it is told to stop, it is killed - it ends in this order: new messages
 * are refused, its children are stopped and joined, its open calls complete as cancelled
 * (those whose time is over before that, when it is), the calls it had not answered are
 * answered DOWN, `cop_end` is handled, its mailbox is emptied into the dead letters (or kept,
 * see keep_mail), its names are freed, links and monitors get their signal, and its owner is
 * told.  So who sees an actor's end can be sure that all it owned is gone.
 *
 * Unless it says otherwise, a function that takes `cop_actor *me` may be called only by
 * that actor's own handlers, and pids may name actors on other nodes.
 */
#ifndef COPPICE_ACTOR_H
#define COPPICE_ACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <coppice/err.h>
#include <coppice/exit.h>
#include <coppice/message.h>
#include <coppice/pid.h>
#include <coppice/type.h>

typedef struct cop_actor cop_actor; /* an actor, as its own handlers see it */
typedef struct cop_node cop_node;   /* see node.h */

/* A part of an actor's work, and a child of it that is no actor: see scope.h.  Both are weak
 * references, good for their actor only; zero: its own scope, and no child. */
typedef struct cop_scope {
    cop_ref ref;
} cop_scope;
typedef struct cop_leaf {
    cop_ref ref;
} cop_leaf;

/* Times are milliseconds; this one never comes. */
#define COP_INFINITY INT32_C(-2)

/* ------------------------------------------------------------------ behaviours */

struct cop_co;
struct cop_sequence;

/* What the runtime calls for one message type.  COP_ON writes it. */
typedef struct cop_handler {
    const cop_type *type; /* NULL ends a table */
    cop_err (*call)(cop_actor *me, void *state, const void *message);
} cop_handler;

/*
 * What happens in a scope when one of its children ends without having been told to; in an
 * actor's own scope, to the actor.  A scope that fails or finishes tells the others to end.
 * To give up as a supervisor does, which ends by shutdown because of a failure, is an
 * abnormal end here.
 */
typedef enum cop_policy {
    COP_FAIL_FAST, /* abnormally: it fails too, with the child's end as the cause */
    COP_ISOLATE,   /* abnormally: it goes on, and an actor gets a cop_child_down message */
    COP_SUPERVISE, /* on_child of the behaviour decides; for supervisors */
    COP_COLLECT,   /* the end is kept; an actor gets a cop_child_down message of each */
    COP_RACE,      /* well: it finishes; abnormally, and nobody is left: it fails */
} cop_policy;

/*
 * The messages that an actor has left, in order; see cop_spawn_opts.keep_mail.  Whoever has
 * one passes it on or drops it.  Zero: there are none.
 */
typedef struct cop_legacy {
    void *first, *last, *keeper; /* of the library */
    uint32_t count;
    /* So many actors in a row have failed with the first message; 0: with none that is kept. */
    uint32_t deaths;
    cop_pid of; /* the last who had them */
} cop_legacy;

/* What is done about a handler that runs for too long, after it was reported. */
typedef enum cop_stuck {
    COP_STUCK_REPORT, /* nothing more */
    COP_STUCK_ABORT,  /* the process is aborted: who started it starts it again */
} cop_stuck;

/* One child's end, for on_child. */
typedef struct cop_child_end {
    cop_pid pid;
    uint64_t cookie;     /* of its cop_spawn_opts */
    const cop_exit *why; /* borrowed for the call */
    bool told;           /* it ended because it had been told to */
    bool brutal;         /* so it was to be killed at once */
    bool start_failed;   /* its init failed, and only now all that it owned is gone */
    /* What it left, if it was to; NULL if not.  What the call leaves there is dropped. */
    cop_legacy *legacy;
} cop_child_end;

/*
 * What actors of one kind do.  Zero is a default everywhere.  COP_BEHAVIOUR writes the
 * usual case; `init`, `on_message` and `terminate` are for those who want no handlers.
 */
typedef struct cop_behaviour {
    const char *name;  /* for paths and for starting it on another node */
    size_t state_size; /* zeroed before init runs */
    const cop_handler *handlers;
    const cop_type *arg_type; /* of init's argument, if it may be started from elsewhere */
    cop_policy policy;
    bool trap_exit; /* exit signals arrive as cop_exited, as OTP's trap_exit */
    bool ordered;   /* children stop one after the other, last one first */
    /* How many messages may wait; 0: COP_MAILBOX_DEFAULT.  Bounds of 256 and more are kept in
     * steps: up to 16 messages too early a sender may be told that the mailbox is full. */
    uint32_t mailbox;

    /* Instead of a handler for cop_start. */
    cop_err (*init)(cop_actor *me, void *state, const void *arg);
    /* Gets what no handler takes; NULL: counted and answered COP_E_NO_HANDLER.  Messages
     * of other nodes reach handlers only, which know how to decode them. */
    cop_err (*on_message)(cop_actor *me, void *state, const cop_type *type,
                          const void *message);
    cop_err (*on_child)(cop_actor *me, void *state, const cop_child_end *end);
    /* A child is gone while this actor itself ends; not after a kill.  For reports. */
    void (*child_gone)(cop_actor *me, void *state, const cop_child_end *end);
    /* Instead of a handler for cop_end. */
    void (*terminate)(cop_actor *me, void *state, const cop_exit *why);
    /* Frees what the state holds.  The very last, and run even for a killed actor. */
    void (*dispose)(void *state);

    /* Writes the state for people into `text` of `size` bytes, terminated, and cut off if
     * need be; as snprintf, whose result it may return.  For cop_debug_status and crash
     * reports.  It must not change anything. */
    int (*print_state)(const void *state, char *text, size_t size);

    /*
     * How long a handler or init may run, in milliseconds, until COP_EVENT_STUCK tells of it
     * with its stack, and again each time that it has run for twice as long; 0: as the node's
     * options say, COP_INFINITY: for ever.  A watchdog's thread looks, and the handlers pay
     * nothing; there is none in the simulator.
     */
    int32_t stuck_ms;
    cop_stuck on_stuck; /* or the node's, if that is worse */

    /* Of an actor with a body instead of handlers: COP_SEQUENTIAL writes them, see co.h. */
    const struct cop_sequence *sequence;
    cop_err (*body)(struct cop_co *co, cop_actor *me, void *arg);
    uint32_t stack_size; /* in bytes; 0: COP_STACK_DEFAULT */
    bool drains;         /* told to stop, it goes on for four fifths of its stop_ms */
} cop_behaviour;

enum {
    COP_MAILBOX_DEFAULT = 65535,
    COP_MAILBOX_MAX = 65535,
};

/*
 * Defines the handler of message type T for actors with state S.  The body sees
 * `cop_actor *me`, `S *st` and `const T *msg`.  The message is borrowed for the call, and
 * so are its references to buffers.
 */
#define COP_HANDLER(S, T)                                                                      \
    static cop_err S##_on_##T(cop_actor *me, S *st, const T *msg);                             \
    static cop_err S##_call_##T(cop_actor *copi_me, void *copi_st, const void *copi_msg)       \
    {                                                                                          \
        return S##_on_##T(copi_me, copi_st, copi_msg);                                         \
    }                                                                                          \
    static cop_err S##_on_##T(COP_UNUSED cop_actor *me, COP_UNUSED S *st,                      \
                              COP_UNUSED const T *msg)

/* An entry for the handler that COP_HANDLER(S, T) defined. */
#define COP_ON(S, T)                                                                           \
    {                                                                                          \
        &T##_type, S##_call_##T                                                                \
    }

/* The value of a behaviour's `handlers`. */
#define COP_HANDLERS(...) ((const cop_handler[]){__VA_ARGS__, {0}})

/* COP_BEHAVIOUR(counter_b, counter, COP_ON(counter, counter_add), ...) */
#define COP_BEHAVIOUR(id, S, ...)                                                              \
    const cop_behaviour id = {                                                                 \
        .name = #id, .state_size = sizeof(S), .handlers = COP_HANDLERS(__VA_ARGS__)}

/* ------------------------------------------------------- messages of the runtime */

/* The first, before spawn returns.  An error given back is the spawner's. */
typedef struct cop_start {
    const void *arg; /* of cop_spawn_opts */
} cop_start;

/* The last code that runs with the state; not after a kill.  An error is one of cleaning up:
 * with it an end in order becomes a failure, and a failure has one cause more. */
typedef struct cop_end {
    cop_exit why;
} cop_end;

/*
 * The owner wants an end.  An actor that handles this may go on working and ends with
 * cop_stop when it is done, or is killed after its stop_ms.  One that does not ends at once.
 */
typedef struct cop_stopping {
    cop_exit why;
} cop_stopping;

/* A monitor's actor has ended (or its session: COP_EXIT_NOCONNECTION). */
typedef struct cop_down {
    cop_ref ref;
    cop_pid who;
    cop_exit why;
} cop_down;

/* An exit signal, for actors that trap. */
typedef struct cop_exited {
    cop_pid who;
    bool by_link;
    cop_exit why;
} cop_exited;

/* A child ended abnormally under COP_ISOLATE, or in any way under COP_COLLECT. */
typedef struct cop_child_down {
    cop_pid who;
    uint64_t cookie;
    cop_exit why;
} cop_child_down;

extern COP_API const cop_type cop_start_type, cop_end_type, cop_stopping_type, cop_down_type,
    cop_exited_type, cop_child_down_type;

/* -------------------------------------------------------------------- start, end */

typedef struct cop_spawn_opts {
    const char *name;  /* registered before init runs; copied */
    const char *label; /* its part of the path; copied; default: name, or the behaviour's */
    const void *arg;   /* for init, borrowed during the spawn */
    /* Called with arg once: when init has ended, or the spawn has failed before it; NULL:
     * not. */
    void (*dispose)(void *arg);
    cop_pid owner;      /* a local actor; default: the spawner */
    cop_scope scope;    /* of the spawner, or of the owner; zero: its own */
    bool service;       /* does not keep its scope open; told to end when the others are gone */
    bool link;          /* and the spawner, atomically */
    cop_ref *monitor;   /* not NULL: monitored, atomically; the ref goes here */
    int32_t stop_ms;    /* from being told to stop to being killed; 0: 5000 */
    uint32_t mailbox;   /* 0: the behaviour's */
    uint64_t cookie;    /* given back in cop_child_end and cop_child_down */
    cop_pid after;      /* among the children of `me`: its place; none: the last */
    bool first;         /* its place is the first */
    int32_t stuck_ms;   /* 0: the behaviour's, COP_INFINITY: none */
    cop_stuck on_stuck; /* or the behaviour's, or the node's: the worst */
    cop_exit *why;      /* not NULL: the whole record, if init fails */
    /* Its messages that wait when it ends, but for those to itself, are its owner's then
     * (cop_child_end.legacy), not dead letters; the one with which it failed comes first,
     * unless that holds buffers.  Calls among them stay open.  For owners with
     * COP_SUPERVISE. */
    bool keep_mail;
    cop_legacy *legacy; /* not NULL: handled before all else, once init has ended well; empty
                           then.  If the spawn fails it stays as it was */
    /* Where it comes from, for snapshot.h; borrowed as long as it lives; default: where
     * cop_spawn stands.  Kept if it has a label or a name, or the node the option `origins`. */
    const char *site;
    bool *lingers; /* not NULL: set if init failed, but children that it had started
                          are still ending; under COP_SUPERVISE on_child will tell */
} cop_spawn_opts;

/* For stop_ms: kill at once (but if the owner was itself killed, tell first, for 5000 ms);
 * tell and kill without waiting. */
#define COP_STOP_BRUTAL  INT32_C(-1)
#define COP_STOP_NO_WAIT INT32_C(-3)

/*
 * cop_spawn(me, behaviour, opts, &pid):
 * starts an actor and returns when its init has ended, as OTP's gen_server:start.  `opts`
 * and `out` may be NULL.  The owner has the actor from then on.  If init fails, its error
 * is returned and the actor is gone, or is ending under its owner if init had started
 * children.  Also: COP_E_NAME_TAKEN, COP_E_NOMEM, COP_E_INVAL (bad options), COP_E_GONE
 * (the owner is ending, or the scope is gone), COP_E_CANCELLED (the scope is; or its own, of a
 * body: co.h), COP_E_FULL (its bound), COP_E_NOT_MINE (it is another actor's), COP_E_IGNORE
 * (init returned it), COP_E_OS (there is no thread for the watchdog that a stuck_ms needs).
 */
#define cop_spawn(...) cop_spawn_from(COP_SITE, __VA_ARGS__)

/* The same from the place in the program that `site` names, borrowed as long as the actor
 * lives; NULL: not known. */
COP_API COP_MUST_USE cop_err cop_spawn_from(const char *site, cop_actor *me,
                                            const cop_behaviour *behaviour,
                                            const cop_spawn_opts *opts, cop_pid *out);

/* The legacy that comes with a child's end, now the caller's; an empty one if there is none. */
COP_API cop_legacy cop_legacy_take(const cop_child_end *end);

/* All messages become dead letters, the calls among them are answered COP_E_DOWN.  `me` is NULL
 * in dispose, where there is no actor any more; a simulation that is freed just frees them. */
COP_API void cop_legacy_drop(cop_actor *me, cop_legacy *legacy);

/* The same for the first message, if there is one, with that reason. */
COP_API void cop_legacy_drop_first(cop_actor *me, cop_legacy *legacy, cop_err why);

/* Ends this actor after the handler returns, with reason normal (or, if it was told to
 * stop, with the reason it was told).  Returns COP_OK, so that a handler can return it. */
COP_API cop_err cop_stop(cop_actor *me);

/* The same with a reason; copied.  Returns COP_OK. */
COP_API cop_err cop_stop_with(cop_actor *me, const cop_exit *why);

/*
 * Ends this actor as failed: the exit record gets `code` (your number) and the text.
 * Returns COP_E_FAILED, for the handler to return.
 */
COP_API cop_err cop_fail(cop_actor *me, int code, const char *format, ...) COP_PRINTF(3, 4);

/* A contract: returns from the handler with a failure that names it, if it is broken. */
#define COP_REQUIRE(me, condition)                                                             \
    do {                                                                                       \
        if (!(condition))                                                                      \
            return cop_fail(me, COP_E_INVAL, "%s:%d: %s", __FILE__, __LINE__, #condition);     \
    } while (0)

/*
 * Tells a child to stop, with its stop_ms until it is killed.  Its end is not a failure.  What
 * it is told has this actor as the origin.
 * COP_E_NOT_FOUND if it is not a child of this actor (any more).
 */
COP_API COP_MUST_USE cop_err cop_stop_child(cop_actor *me, cop_pid child);

/* ---------------------------------------------------------------------- messages */

/*
 * These are macros: an argument with commas outside of parentheses, as a compound literal
 * has, must be put in parentheses.
 *
 * cop_send(me, to, T, fields...): copies the message into the mailbox of `to`, and takes over
 * its references to buffers, whatever it returns (buf.h), as all that follows does.
 * COP_E_NOPROC, COP_E_FULL (its mailbox; signals that wait count as well), COP_E_BUSY,
 * COP_E_NOCONNECTION or COP_E_INVAL (another node, and a type of the runtime's own that
 * stays in the process), COP_E_TOO_LARGE, COP_E_NOMEM: then nothing was sent.  To another
 * node COP_OK means accepted, not delivered.
 */
#define cop_send(me, to, ...)                                                                  \
    cop_send_message(me, to, COPI_TYPE_OF(__VA_ARGS__), &COP_MSG(__VA_ARGS__))

/*
 * cop_continue(me, T, fields...): sends this actor a message that it handles next, before all
 * that waits or comes; of several the last one first.  From init it is the first one of all, so
 * that work which takes time does not hold up who starts the actor.  As gen_server's
 * {continue, _}.  COP_E_GONE (it is ending), COP_E_TOO_LARGE, COP_E_NOMEM.
 */
#define cop_continue(me, ...)                                                                  \
    cop_continue_message(me, COPI_TYPE_OF(__VA_ARGS__), &COP_MSG(__VA_ARGS__))

/* The same without a result: what cannot be sent is a dead letter.  As gen_server:cast. */
#define cop_cast(me, to, ...)                                                                  \
    cop_cast_message(me, to, COPI_TYPE_OF(__VA_ARGS__), &COP_MSG(__VA_ARGS__))

COP_API COP_MUST_USE cop_err cop_continue_message(cop_actor *me, const cop_type *type,
                                                  const void *message);
COP_API COP_MUST_USE cop_err cop_send_message(cop_actor *me, cop_pid to, const cop_type *type,
                                              const void *message);
COP_API void cop_cast_message(cop_actor *me, cop_pid to, const cop_type *type,
                              const void *message);

/* ------------------------------------------------------------------------- calls */

/* What runs when a call ends: err is COP_OK and message set, or err says why not. */
typedef struct cop_then {
    const cop_type *type;
    cop_err (*call)(cop_actor *me, void *state, cop_err err, const void *message);
} cop_then;

/* Defines what actors with state S do with the answer T.  The body sees `me`, `st`,
 * `err` and `msg`; msg is NULL unless err is COP_OK. */
#define COP_REPLY(S, T)                                                                        \
    static cop_err S##_got_##T(cop_actor *me, S *st, cop_err err, const T *msg);               \
    static cop_err S##_then_##T(cop_actor *copi_me, void *copi_st, cop_err copi_err,           \
                                const void *copi_msg)                                          \
    {                                                                                          \
        return S##_got_##T(copi_me, copi_st, copi_err, copi_msg);                              \
    }                                                                                          \
    static cop_err S##_got_##T(COP_UNUSED cop_actor *me, COP_UNUSED S *st,                     \
                               COP_UNUSED cop_err err, COP_UNUSED const T *msg)

#define COP_THEN(S, T) (&(const cop_then){&T##_type, S##_then_##T})

/*
 * cop_ask(me, to, within_ms, COP_THEN(S, Answer), T, fields...): a request whose answer,
 * or the reason why there is none, is given to the reply handler exactly once: COP_OK,
 * COP_E_TIMEOUT, COP_E_NOPROC, COP_E_DOWN, COP_E_NOREPLY, COP_E_NO_HANDLER,
 * COP_E_BAD_MESSAGE, COP_E_NOCONNECTION, COP_E_POISON (poison_after in supervisor.h),
 * COP_E_CANCELLED (this actor is ending; not after a kill), or what the callee gave to
 * cop_reply_error.  Late answers are dropped and counted.  The call belongs to this actor.
 * When that is ending, the handler gets COP_E_CANCELLED when all its children are gone, or at
 * the call's deadline or instead of its answer if that comes before; an error that it returns
 * then, other than COP_E_CANCELLED and COP_E_GONE, is one of cleaning up, as in cop_end.
 *
 * What is left of the request being handled, or of the scope that this actor was started in
 * (cop_time_left), bounds `within_ms`, and travels along, to other nodes too.
 *
 * An error returned here means that the handler will not run: as cop_send; COP_E_SELF;
 * COP_E_TIMEOUT (nothing is left of that); COP_E_INVAL for a time that is not positive (a call
 * must have a deadline).
 */
#define cop_ask(me, to, within_ms, then, ...)                                                  \
    cop_ask_message(me, to, within_ms, then, COPI_TYPE_OF(__VA_ARGS__), &COP_MSG(__VA_ARGS__), \
                    NULL)

COP_API COP_MUST_USE cop_err cop_ask_message(cop_actor *me, cop_pid to, int32_t within_ms,
                                             const cop_then *then, const cop_type *type,
                                             const void *message, cop_ref *out);

/* Gives an own call up: its handler will not run.  False if it had ended. */
COP_API bool cop_ask_cancel(cop_actor *me, cop_ref call);

/* The call whose reply handler is running, or none. */
COP_API cop_ref cop_current_call(const cop_actor *me);

/*
 * cop_reply(me, T, fields...): answers the request being handled.  A request that is
 * neither answered nor deferred when its handler returns is answered COP_E_NOREPLY; if the
 * handler returns an error, COP_E_DOWN, when the actor has ended of it.
 * COP_E_GONE if the message is no request, or is answered; else as cop_send.
 */
#define cop_reply(me, ...)                                                                     \
    cop_reply_message(me, COPI_TYPE_OF(__VA_ARGS__), &COP_MSG(__VA_ARGS__))

COP_API cop_err cop_reply_message(cop_actor *me, const cop_type *type, const void *message);

/* Answers with an error, which is not COP_OK.  COP_E_GONE as there; COP_E_NOMEM: it is still
 * to be answered. */
COP_API cop_err cop_reply_error(cop_actor *me, cop_err err);

/* The right to answer one request later.  Belongs to the actor that deferred it. */
typedef struct cop_token {
    cop_pid caller;
    cop_ref call;
} cop_token;

/* Keeps the request being handled for later.  COP_E_GONE as cop_reply; COP_E_NOMEM. */
COP_API COP_MUST_USE cop_err cop_defer(cop_actor *me, cop_token *out);

/* cop_answer(me, &token, T, fields...): answers a deferred request; the token is zeroed.
 * COP_E_GONE if it was answered already; else as cop_send, and the caller has got that error
 * instead. */
#define cop_answer(me, token, ...)                                                             \
    cop_answer_message(me, token, COPI_TYPE_OF(__VA_ARGS__), &COP_MSG(__VA_ARGS__))

COP_API cop_err cop_answer_message(cop_actor *me, cop_token *token, const cop_type *type,
                                   const void *message);
/* Answers a deferred request with an error (COP_E_NOREPLY: dropped); zeroes the token.
 * COP_E_GONE if it was answered already. */
COP_API cop_err cop_answer_error(cop_actor *me, cop_token *token, cop_err err);

/* ----------------------------------------------------------- links, monitors, exits */

/* Links this actor and `to`, both ways; as OTP's link/1.  COP_E_NOPROC for a local actor
 * that has ended, if this one does not trap; otherwise the end comes as a signal.  COP_E_GONE
 * (this one is ending), COP_E_NOMEM: then nothing has changed. */
COP_API COP_MUST_USE cop_err cop_link(cop_actor *me, cop_pid to);

/* After this no exit signal of that link acts on this actor.  As OTP's unlink/1. */
COP_API void cop_unlink(cop_actor *me, cop_pid to);

/* Watches `who`: one cop_down will come, at once if it is gone.  COP_E_GONE (this actor is
 * ending), COP_E_NOMEM. */
COP_API COP_MUST_USE cop_err cop_monitor(cop_actor *me, cop_pid who, cop_ref *out);

/* No cop_down of that ref comes any more, unless it waits in the mailbox already.  True
 * if the monitor was active.  As OTP's demonitor/2 with info. */
COP_API bool cop_demonitor(cop_actor *me, cop_ref monitor);

/* The same, and one that waits in the mailbox is thrown away.  As demonitor with flush. */
COP_API bool cop_demonitor_flush(cop_actor *me, cop_ref monitor);

/* Sends an exit signal, as OTP's exit/2: COP_EXIT_KILL cannot be trapped, COP_EXIT_NORMAL
 * does nothing unless trapped.  Never fails; to oneself it acts before the next message. */
COP_API void cop_signal(cop_actor *me, cop_pid to, const cop_exit *why);

/* cop_signal with COP_EXIT_KILL. */
COP_API void cop_kill(cop_actor *me, cop_pid to);

/* From now on exit signals are messages, or not.  Returns the old value. */
COP_API bool cop_trap_exit(cop_actor *me, bool trap);

/* ------------------------------------------------------------------------- names */

/* Gives a local actor a name on this node; freed when it ends.  `name` is copied.
 * COP_E_NAME_TAKEN (also: it has a name already), COP_E_NOPROC, COP_E_INVAL (empty, too
 * long for COP_NAME_MAX, or with '@'), COP_E_NOMEM.  As OTP's register/2. */
COP_API COP_MUST_USE cop_err cop_register(cop_actor *me, const char *name, cop_pid who);
/* COP_E_NO_NAME if nobody has it. */
COP_API cop_err cop_unregister(cop_actor *me, const char *name);
/* Who has the name, or COP_PID_NONE.  "name@node" asks for a name on another node, from
 * what that node has told. */
COP_API cop_pid cop_whereis(cop_actor *me, const char *name);

enum {
    COP_NAME_MAX = 255
};

/* ------------------------------------------------------------------------- myself */

COP_API cop_pid cop_self(const cop_actor *me);
/* Who sent the message being handled; none for the runtime's own. */
COP_API cop_pid cop_sender(const cop_actor *me);
/* The actor that owns this one; none for the root. */
COP_API cop_pid cop_owner(const cop_actor *me);
/* The root of this node: an owner for what shall outlive its spawner. */
COP_API cop_pid cop_root(const cop_actor *me);
COP_API cop_node *cop_node_of(const cop_actor *me);
/* "app/codecs/jpeg": the labels from the root's child down.  Borrowed until the next
 * call of the same worker; at most 255 bytes, its beginning cut off. */
COP_API const char *cop_path(const cop_actor *me);
/* Whether a local actor is alive and not ending.  Any thread with a node's pid. */
COP_API bool cop_is_alive(const cop_actor *me, cop_pid who);
/* Milliseconds of a clock that only goes forward; the simulator's in a simulation. */
COP_API int64_t cop_now_ms(const cop_actor *me);
/* A random number from the node's seed. */
COP_API uint64_t cop_random(cop_actor *me);
/* One line "path: text" to the node's log. */
COP_API void cop_log(cop_actor *me, const char *format, ...) COP_PRINTF(2, 3);

#endif /* COPPICE_ACTOR_H */
