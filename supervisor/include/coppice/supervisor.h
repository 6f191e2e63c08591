/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor.h - who is started when, restarted how often, and stopped in which order.
 *
 * A supervisor is an actor that owns others, its children, and starts them again when they
 * end.  A program writes its supervisors down as one static table:
 *
 *      static const cop_child tree = {
 *          .name = "app", .strategy = COP_REST_FOR_ONE, .budget = {5, 10},
 *          .sup = COP_CHILDREN({.name = "db", .run = &db_behaviour},
 *                              {.name = "web", .run = &web_behaviour, .stop_ms = 10000}),
 *      };
 *      int main(void) { return cop_supervisor_run(&tree, NULL); }
 *
 * Words and rules are OTP's.  Children start one by one in the order of the table, but after
 * those that they need, and stop in the reverse order, each awaited before the next is told.
 * If one does not start, those before it are stopped and the supervisor does not start
 * either.  When one ends, its `.restart` says whether it comes back, and the supervisor's
 * `.strategy` which others are stopped and started with it.  Each such restart, tries that
 * fail too, costs one of the supervisor's budget; when that is spent it stops the rest and
 * ends, with kind COP_EXIT_SHUTDOWN, the text "restart intensity reached" and the
 * failures of that time as causes - the last one first, of very many the last few and how many
 * more - and then its own supervisor decides.
 *
 * Better than OTP: an end is told only when all that the ended owned is gone, so a restart
 * never meets its predecessor, its names or its ports.  Beyond OTP, and off while they are
 * zero: `.ready_ms`, `.backoff`, `.own_budget`, `.needs`, `.keep_mail`; docs/beyond_otp.md
 * has the reasons.
 */
#ifndef COPPICE_SUPERVISOR_H
#define COPPICE_SUPERVISOR_H

#include <coppice/actor.h>
#include <coppice/node.h>

/* Whether a child comes back. */
typedef enum cop_restart {
    COP_PERMANENT, /* always */
    COP_TRANSIENT, /* unless it ended normally or by shutdown */
    COP_TEMPORARY, /* never, and when it has ended it is forgotten */
} cop_restart;

/* Who is stopped, last one first, and started again when a child comes back. */
typedef enum cop_strategy {
    COP_ONE_FOR_ONE,  /* nobody else */
    COP_ONE_FOR_ALL,  /* all children, also those that had no actor */
    COP_REST_FOR_ONE, /* those after it in start order */
    /* Nobody else.  The table has one child, a template: none is started with the
     * supervisor, any number later by cop_start_dynamic.  They have no order and are told
     * to stop all together.  OTP's simple_one_for_one. */
    COP_DYNAMIC,
} cop_strategy;

/* Whether a supervisor ends, by shutdown, when significant children have ended by
 * themselves and do not come back. */
typedef enum cop_auto_shutdown {
    COP_NEVER,
    COP_ANY_SIGNIFICANT, /* with the first of them */
    COP_ALL_SIGNIFICANT, /* with the last */
} cop_auto_shutdown;

/* At most so many restarts in so many seconds; a zero is the default of {1, 5}.  Seconds
 * are counted whole, as OTP does: a restart weighs for between n and n + 1 of them. */
typedef struct cop_budget {
    int32_t restarts;
    int32_t seconds;
} cop_budget;

/* For restarts: the first child that should come back ends the supervisor. */
#define COP_NO_RESTARTS INT32_C(-1)

/*
 * How long a child that should come back is waited with.  The wait grows with each restart
 * in a row, and begins anew after the child has run healthily.  All zero: no wait.
 */
typedef struct cop_backoff {
    int32_t first_ms;       /* before the first restart in a row */
    int32_t cap_ms;         /* it grows to that; 0: 30000, or first_ms if that is more */
    int32_t factor_percent; /* of the wait before; at least 100; 0: 200 */
    int32_t jitter_percent; /* each wait is up to so much shorter, at random; at most 100 */
    int32_t healthy_ms;     /* who has run so long begins anew; 0: the cap */
} cop_backoff;

/*
 * One row of the tree: a worker, which has `run`, or a supervisor, which has `sup`.  Zero is
 * a default everywhere but for the name.  Children other than dynamic ones are registered on
 * the node under their names, before their init runs; a name that is taken fails the start.
 *
 * Rows given to cop_spawn or cop_supervisor_spawn are borrowed as long as the supervisor
 * lives: write the table at file scope.
 */
typedef struct cop_child cop_child;
typedef struct cop_reporter cop_reporter; /* see below */
struct cop_child {
    const char *name; /* unique among its siblings; its part of the path */
    const cop_behaviour *run;
    const cop_child *sup; /* COP_CHILDREN(...) */
    const void *arg;      /* of a worker: for its init; borrowed */
    size_t arg_size;      /* for cop_start_child: copy so many bytes of arg, not the pointer */
    cop_restart restart;
    /* From being told to stop to being killed; COP_STOP_BRUTAL, COP_STOP_NO_WAIT,
     * COP_INFINITY.  0: 5000, for a supervisor COP_INFINITY. */
    int32_t stop_ms;
    bool anonymous;   /* it is not registered */
    bool significant; /* see cop_auto_shutdown; not for a permanent child */
    /* Not 0: it has started only when it has called cop_say_ready, at most so long after its
     * init; COP_INFINITY.  A supervisor with such a row below it has started when all of it
     * has, within COP_INFINITY unless this says less. */
    int32_t ready_ms;
    /* Names of siblings that start before it, wherever they stand in the table; the last one
     * is followed by NULL.  Each place in the start order goes to the first row of the table
     * that may have it.  A circle, or a name that there is not, is a mistake. */
    const char *const *needs;
    /* Before it is restarted; when others are restarted with it, they are stopped first, and
     * started after the wait.  A restart that fails and is tried again waits as well. */
    cop_backoff backoff;
    /* The supervisor gives up, too, when this one has been restarted more often than that;
     * all zero: as often as the supervisor's own budget lets it. */
    cop_budget own_budget;
    /* How long a handler of it may run until the node's watchdog tells of it, milliseconds, and
     * what then; 0: as its behaviour says. */
    int32_t stuck_ms;
    cop_stuck on_stuck;
    /* Of a worker: when it comes back, messages that waited for it are handled in their order,
     * and calls among them answered, by its next life; else they are dead letters. */
    bool keep_mail;
    /* Where this row stands in the program, as COP_SITE says it; borrowed as long as the child
     * lives.  Only for snapshot.h; default: as its supervisor. */
    const char *site;
    /* With keep_mail: when so many of its lives in a row have failed with the same message,
     * that is a dead letter with COP_E_POISON.  At most 255; 0: 1, so it is not tried
     * again. */
    int32_t poison_after;

    /* Of a supervisor. */
    cop_strategy strategy;
    cop_budget budget;
    cop_auto_shutdown auto_shutdown;
    const cop_reporter *reporter; /* default: the one of its supervisor */
    /* Runs in the supervisor before any child starts.  What it returns, if not COP_OK, is
     * what the start returns; COP_E_IGNORE means as for any actor that it is not wanted. */
    cop_err (*init)(cop_actor *me, const cop_child *row);
};

/* The value of `.needs`: COP_NEEDS("db", "cache"). */
#define COP_NEEDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The value of `.sup`.  A supervisor that begins without children: COP_NO_CHILDREN. */
#define COP_CHILDREN(...) ((const cop_child[]){__VA_ARGS__, {0}})
#define COP_NO_CHILDREN   ((const cop_child[]){{0}})

/* ---------------------------------------------------------------------- readiness
 *
 * A child whose row has `ready_ms` says itself when it has started.  The next sibling starts
 * only then, and so it is at a restart and for cop_start_child and cop_start_dynamic, whose
 * answer comes then; of a dynamic supervisor, too, one child starts at a time.  If the time
 * passes the child is killed, and when all of it is gone its start has failed, with
 * COP_E_TIMEOUT and the text "not ready in time"; if it ends before, its start has failed
 * with its reason, unless a handler of it returned COP_E_IGNORE, which means what it means
 * in init.
 *
 * A supervisor of such children returns from its own init at the first of them and starts
 * the others in turns of its own.  If that fails it ends with the record of a failed start.
 * While it waits it answers those who only look at it; all others wait for their turn.  If
 * it is told to stop it first has the child end for which it waits.
 */

/*
 * Tells the owner that this actor has started.  To be said once; what is said later, or by
 * one that nobody waits for, is harmless.  COP_E_NO_HANDLER if the owner is no supervisor,
 * and does not handle cop_child_ready either; COP_E_NOMEM.
 */
COP_API COP_MUST_USE cop_err cop_say_ready(cop_actor *me);

/* What any other owner gets, if it has a handler for it; never refused.  A supervisor tells
 * its owner, whoever it is, when all of it has started. */
typedef struct cop_child_ready {
    uint64_t cookie; /* of its cop_spawn_opts; cop_sender is the child */
} cop_child_ready;

extern COP_API const cop_type cop_child_ready_type;

/* -------------------------------------------------------------------- start, run */

/*
 * The behaviour of every supervisor; the arg of its spawn is its `const cop_child *`.  If a
 * child does not start, spawn returns that child's error; if the table is wrong,
 * COP_E_INVAL.  The exit record (cop_spawn_opts.why) says which child, and a sentence why.
 */
extern COP_API const cop_behaviour cop_supervisor;

/* Spawns it with the name, label and stop_ms of its row. */
COP_API COP_MUST_USE cop_err cop_supervisor_spawn(cop_actor *me, const cop_child *tree,
                                                  cop_pid *out);

/*
 * A node with this tree as its main actor, with unix signals on, until it has ended.  What
 * main should return: as cop_run, and 1 if the supervisor gave up.  From a thread that is
 * no worker; `opts` may be NULL.  What went wrong goes to standard error.
 */
COP_API int cop_supervisor_run(const cop_child *tree, const cop_node_opts *opts);

/* ---------------------------------------------------------------- administration
 *
 * Calls to a supervisor of this node; each ends in its reply handler, with an answer of
 * the type that stands at it or with an error, as cop_ask.  A supervisor that is stopping
 * or starting children serves them when that is done, in the order in which they came; but
 * while it waits for a child to be ready, it is looked at at once.
 */

/* A child has been started.  The pid is none if its init asked not to be. */
typedef struct cop_child_started {
    cop_pid pid;
} cop_child_started;

/* It has been done. */
typedef struct cop_child_done {
    char copi_empty;
} cop_child_done;

typedef enum cop_child_state {
    COP_CHILD_STOPPED, /* no actor: it ended, was stopped, or asked not to be started */
    COP_CHILD_RUNNING,
    COP_CHILD_STOPPING,   /* it has been told, or what a failed start left is ending */
    COP_CHILD_RESTARTING, /* a restart waits, or failed, or it is not ready yet */
    COP_CHILD_NO_ANSWER,  /* a supervisor did not say in time what is below it (cop_tree) */
    COP_CHILD_STARTING,   /* for the first time, and not ready yet */
} cop_child_state;

typedef struct cop_child_info {
    cop_str name;
    cop_pid pid;       /* none if it has no actor */
    int32_t state;     /* cop_child_state */
    int32_t restart;   /* cop_restart */
    int32_t stop_ms;   /* with defaults filled in */
    uint32_t restarts; /* how often it came back */
    bool is_supervisor;
    bool significant;
} cop_child_info;

typedef struct cop_child_list {
    struct {
        const cop_child_info *items;
        size_t count;
    } children;
} cop_child_list;

typedef struct cop_child_counts {
    uint32_t specs;       /* rows, those without an actor too; dynamic: 1 */
    uint32_t active;      /* that have an actor, which has started */
    uint32_t supervisors; /* by their rows */
    uint32_t workers;
} cop_child_counts;

/* What a child's row says of starts, ends and restarts, with the defaults filled in. */
typedef struct cop_child_spec {
    cop_str name;
    int32_t restart; /* cop_restart */
    int32_t stop_ms;
    int32_t ready_ms;      /* 0: it need not say that it is ready */
    cop_backoff backoff;   /* first_ms 0: none */
    cop_budget own_budget; /* all zero: none */
    bool is_supervisor;
    bool significant;
    bool anonymous;
    /* Of a supervisor, if the row tells; that of a template may not. */
    int32_t strategy;      /* cop_strategy */
    int32_t auto_shutdown; /* cop_auto_shutdown */
    cop_budget budget;
} cop_child_spec;

extern COP_API const cop_type cop_child_started_type, cop_child_done_type, cop_child_info_type,
    cop_child_list_type, cop_child_counts_type, cop_child_spec_type;

/*
 * Adds a child, worker or supervisor, behind the others and starts it; the row is copied
 * with all below it.  Its restart type, the strategy and all else hold for it as if it had
 * been in the table, but a supervisor that is itself restarted begins with its table.
 * Answer: cop_child_started.  COP_E_RUNNING, COP_E_ALREADY_PRESENT (it exists, but has no
 * actor) for a name that is known; COP_E_INVAL for a row that is wrong, with a sentence in
 * the log, or for a dynamic supervisor; COP_E_NOMEM; or what its start returned: then it is
 * not added.
 */
COP_API COP_MUST_USE cop_err cop_start_child(cop_actor *me, cop_pid supervisor,
                                             const cop_child *spec, int32_t within_ms,
                                             const cop_then *then);

/*
 * Starts one more child from the template of a dynamic supervisor, anonymous.  `arg`, if not
 * NULL, takes the place of the template's: `arg_size` bytes of it are copied, or with 0 it
 * is borrowed as long as the child exists.  Answer: cop_child_started.  COP_E_INVAL for
 * another kind of supervisor; or what its start returned.
 */
COP_API COP_MUST_USE cop_err cop_start_dynamic(cop_actor *me, cop_pid supervisor,
                                               const void *arg, size_t arg_size,
                                               int32_t within_ms, const cop_then *then);

/* Stops a child that stays known, unless it is temporary; nothing else happens.  A restart
 * that is on its way is cancelled.  Answer: cop_child_done, also if it had no actor.
 * COP_E_NOT_FOUND; COP_E_INVAL for a dynamic supervisor. */
COP_API COP_MUST_USE cop_err cop_terminate_child(cop_actor *me, cop_pid supervisor,
                                                 const char *name, int32_t within_ms,
                                                 const cop_then *then);

/* The same for a child of a dynamic supervisor, which is forgotten then.  cop_child_done
 * also if it has ended already; COP_E_NOT_FOUND for a live actor that is no child. */
COP_API COP_MUST_USE cop_err cop_terminate_dynamic(cop_actor *me, cop_pid supervisor,
                                                   cop_pid child, int32_t within_ms,
                                                   const cop_then *then);

/* Starts a child that has no actor, in its old place.  Answer: cop_child_started.
 * COP_E_RUNNING, COP_E_RESTARTING, COP_E_NOT_FOUND, COP_E_INVAL for a dynamic supervisor; or
 * what its start returned: then it stays as it was. */
COP_API COP_MUST_USE cop_err cop_restart_child(cop_actor *me, cop_pid supervisor,
                                               const char *name, int32_t within_ms,
                                               const cop_then *then);

/* Forgets a child that has no actor.  Answer: cop_child_done.  Errors as above. */
COP_API COP_MUST_USE cop_err cop_delete_child(cop_actor *me, cop_pid supervisor,
                                              const char *name, int32_t within_ms,
                                              const cop_then *then);

/* Answer: cop_child_list, newest first. */
COP_API COP_MUST_USE cop_err cop_which_children(cop_actor *me, cop_pid supervisor,
                                                int32_t within_ms, const cop_then *then);

/* Answer: cop_child_counts. */
COP_API COP_MUST_USE cop_err cop_count_children(cop_actor *me, cop_pid supervisor,
                                                int32_t within_ms, const cop_then *then);

/* The row of a child, by its name, or if that is NULL by its pid, as which the children of a
 * dynamic supervisor are known.  Answer: cop_child_spec.  COP_E_NOT_FOUND. */
COP_API COP_MUST_USE cop_err cop_get_childspec(cop_actor *me, cop_pid supervisor,
                                               const char *name, cop_pid child,
                                               int32_t within_ms, const cop_then *then);

/*
 * Has a supervisor decide nothing: from now on ends of children and requests wait, in the
 * order in which they come, until it is resumed.  What it has begun it finishes, and it
 * ends when it is told to.  Doing it twice is harmless.  Answer: cop_child_done.  As OTP's
 * sys:suspend and sys:resume.
 */
COP_API COP_MUST_USE cop_err cop_supervisor_suspend(cop_actor *me, cop_pid supervisor,
                                                    int32_t within_ms, const cop_then *then);
COP_API COP_MUST_USE cop_err cop_supervisor_resume(cop_actor *me, cop_pid supervisor,
                                                   int32_t within_ms, const cop_then *then);

/* ----------------------------------------------------------------- looking at it */

typedef struct cop_tree_line {
    uint32_t depth; /* 0: the supervisor that was asked */
    int32_t state;  /* cop_child_state */
    uint32_t restarts;
    bool is_supervisor;
    cop_pid pid;
    cop_str name;
} cop_tree_line;

/* A supervisor and all below it, in start order, each supervisor before its children. */
typedef struct cop_tree {
    struct {
        const cop_tree_line *items;
        size_t count;
    } lines;
} cop_tree;

extern COP_API const cop_type cop_tree_line_type, cop_tree_type;

/* Answer: cop_tree.  A supervisor is asked even while it is busy; one below that does not
 * answer in time is shown so. */
COP_API COP_MUST_USE cop_err cop_supervisor_tree(cop_actor *me, cop_pid supervisor,
                                                 int32_t within_ms, const cop_then *then);

/* "    db <1f.3.1> running, 2 restarts", indented by its depth, into `text` of `size` bytes,
 * cut off if need be; returns `text`.  Any thread. */
COP_API char *cop_tree_line_print(const cop_tree_line *line, char *text, size_t size);

/* "running"; "unknown".  Any thread; static. */
COP_API const char *cop_child_state_name(cop_child_state state);

typedef enum cop_child_news {
    COP_NEWS_STARTED,       /* also once for each that runs when the watch begins */
    COP_NEWS_RESTARTED,     /* it came back */
    COP_NEWS_ENDED,         /* by itself, or because it was told to */
    COP_NEWS_NOT_STARTED,   /* its start failed */
    COP_NEWS_STOPPED_BADLY, /* it was told to stop, but ended for another reason */
    COP_NEWS_GAVE_UP,       /* its supervisor has spent its budget on it, and ends */
    COP_NEWS_IGNORED,       /* its init asked not to be started */
    COP_NEWS_POISONED,      /* it failed with a message that it would have again: dropped */
} cop_child_news;

/* Something has happened to a child.  reason: as cop_exit_print writes it. */
typedef struct cop_child_event {
    int32_t what; /* cop_child_news */
    uint32_t restarts;
    bool is_supervisor;
    bool was_killed; /* it was told to stop, but did not in the time that it had */
    int32_t had_ms;  /* ... which was that; else 0 */
    cop_pid pid;     /* none if it has no actor, then or now */
    cop_str path;    /* of its supervisor */
    cop_str name;
    cop_str reason;
} cop_child_event;

extern COP_API const cop_type cop_child_event_type;

/*
 * From now on this actor gets a cop_child_event whenever something happens to a child of
 * `supervisor`, or of a supervisor anywhere below it, until this actor ends.  What a
 * supervisor's own end does to its children is not told one by one.  COP_E_NOMEM,
 * COP_E_NOPROC, COP_E_FULL.
 */
COP_API COP_MUST_USE cop_err cop_supervisor_watch(cop_actor *me, cop_pid supervisor);

/* Ends that; what is on its way still comes. */
COP_API void cop_supervisor_unwatch(cop_actor *me, cop_pid supervisor);

/* "started"; "unknown".  Any thread; static. */
COP_API const char *cop_child_news_name(cop_child_news news);

/*
 * The same as it happens, and more of it: what OTP's supervisor reports are.  A supervisor
 * that ends in order, or whose start is undone, reports what becomes of its children; one
 * that is killed reports nothing.  Everything is borrowed for the call.
 */
typedef struct cop_report {
    cop_child_news what;
    bool is_error;          /* OTP would report it as an error */
    const char *supervisor; /* its name */
    const char *path;       /* and path */
    const char *name;       /* of the child; of a dynamic one, the template's */
    const void *arg;        /* what its init got; of a supervisor its row */
    bool is_dynamic;
    cop_pid pid; /* none if it has no actor, then or now */
    uint32_t restarts;
    bool was_killed; /* it was told to stop, but did not in the time that it had */
    int32_t had_ms;  /* ... which was that; else 0 */
    /* How many children of a dynamic supervisor that ended were stopped badly, all for the
     * same reason: then there is no pid and no arg.  Else 0. */
    uint32_t count;
    const cop_exit *why; /* NULL where there is none */
} cop_report;

/* Who is told. */
struct cop_reporter {
    /* Called by the supervisor, by any worker, several at once.  It must not block. */
    void (*report)(void *ctx, const cop_report *report);
    void *ctx;
};

#endif /* COPPICE_SUPERVISOR_H */
