/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.h - the tree of a running node: who is there, what hangs on whom, and what each of
 * them waits for.
 *
 *      root actor: idle, age 4.2 s, pid <1f.0.1>
 *        app (supervisor) actor: ending, blocked on its child db, age 4.2 s, ...
 *          cache (cache_b) actor: idle, blocked on 1 answer of app/db, age 4.1 s, ...
 *            call db_row from app/db, due in 60 ms
 *            3 timer, due in 900 ms
 *          db (db_b) actor: busy in db_write for 350 ms or more, children unknown, age 4.1 s,
 *              told to stop, killed in 120 ms, from main.c:41, pid <1f.3.1>
 *
 * Every actor is asked, from the root down, and answers between two messages; it need not
 * know anything of it, and pays nothing until it is asked.  One that does not answer in time
 * is shown with what can be seen from outside, and what hangs on it is not known.  So the
 * tree is no picture of one moment: who ends or starts while it is taken may be missing.
 *
 * A program that cop_run or cop_main runs writes its tree to the log when it gets SIGUSR1; see
 * cop_node_opts.tree_signal.  share/coppice/coppice.gdb.py prints the same from a core dump, or
 * of a process in which no worker is free to answer.
 */
#ifndef COPPICE_SNAPSHOT_H
#define COPPICE_SNAPSHOT_H

#include <stdio.h>

#include <coppice/actor.h>
#include <coppice/node.h>

/* Whatever has a lifetime has an owner, and so a place in the tree. */
typedef enum cop_row_kind {
    COP_ROW_ACTOR,
    COP_ROW_SEQUENTIAL, /* an actor with a body (co.h) */
    COP_ROW_SCOPE,      /* a local scope of an actor */
    COP_ROW_CALLBACK,   /* cop_soon, cop_after, cop_every and the like */
    COP_ROW_TIMER,
    COP_ROW_JOB,
    COP_ROW_WATCH, /* of a descriptor */
    COP_ROW_CALL,  /* a request of its own that is not answered */
    COP_ROW_REPLY, /* a request of another that it has deferred */
} cop_row_kind;

typedef enum cop_row_state {
    COP_ROW_OPEN,      /* of what is no actor: there is nothing more to say */
    COP_ROW_IDLE,      /* it waits for messages */
    COP_ROW_READY,     /* messages wait for it */
    COP_ROW_BUSY,      /* in a handler, or init, that has not returned in time to answer */
    COP_ROW_SILENT,    /* it did not answer in time, and no worker runs it: it waits for one */
    COP_ROW_SUSPENDED, /* debug.h */
    COP_ROW_STOPPING,  /* it was told to stop, and handles that */
    COP_ROW_ENDING,    /* no handler of it runs any more; its children are ending */
    COP_ROW_ENDED,     /* it is gone, but its owner has not looked */
    COP_ROW_NOT_ASKED, /* there was no room for its answer */
} cop_row_state;

enum {
    COP_ROW_TEXT = 48, /* of texts in a row, with their end; longer ones are cut off */
    COP_ROW_WHY = 96,
    COP_ROWS = 10000,     /* as many as are wanted where nothing is said */
    COP_ROWS_MAX = 40000, /* that there may be */
};

/* What does not apply is zero, none or empty; times are milliseconds. */
typedef struct cop_row {
    int32_t kind;   /* cop_row_kind */
    int32_t state;  /* cop_row_state */
    uint32_t depth; /* the first row has 0 */
    uint32_t count; /* what is not worth a row for each stands in one */
    cop_pid pid;    /* of an actor */
    cop_pid owner;  /* none for the root */
    /* An actor's part of its path, a scope's name; of a call the type of the answer; of watches
     * their descriptors; of a callback how often. */
    char label[COP_ROW_TEXT];
    char behaviour[COP_ROW_TEXT]; /* its name; a scope's policy */
    /* Where it was spawned, borrowed as long as it lives, and how long ago; NULL and -1: not
     * known, see cop_node_opts.origins. */
    const char *site;
    int64_t age_ms;
    /* -1: none.  Left of a call or scope; until a callback, or the next timer, is due; of an
     * actor that was told to stop until it is killed, else until the deadline of what it is a
     * part of. */
    int64_t deadline_ms;
    /* Of a call the callee, of a deferred request the caller, of an actor with open calls the
     * callee of the oldest. */
    cop_pid peer;
    uint32_t waiting;              /* messages in its mailbox */
    uint32_t children;             /* how many; of one that did not answer 0 */
    int64_t busy_ms;               /* BUSY: so long at least */
    bool is_told;                  /* an actor: to stop, by its owner */
    char blocked_on[COP_ROW_TEXT]; /* BUSY: what it handles; else what it waits for */
    const char *waits_at;  /* of a body: where in the program it waits; static, or NULL */
    char why[COP_ROW_WHY]; /* it ends, is stopping, or is cancelled for this reason */
} cop_row;

/* Each row is followed by those of what hangs on it, one deeper: children in the order of their
 * start, scopes and callbacks the youngest first. */
typedef struct cop_snapshot {
    struct {
        const cop_row *items;
        size_t count;
    } rows;
    uint64_t left_out; /* so many more there are, at least */
} cop_snapshot;

extern COP_API const cop_type cop_snapshot_type;

typedef struct cop_snapshot_opts {
    cop_pid from;      /* this actor and what hangs on it; none: the root */
    int32_t within_ms; /* to answer, for all of them; 0: 500 */
    uint32_t max_rows; /* 0: COP_ROWS */
} cop_snapshot_opts;

/*
 * cop_snapshot_ask(me, &opts, COP_THEN(S, cop_snapshot)): takes the tree of this node, which
 * may have `me` in it.  As cop_ask: returns at once, and the answer, or why there is none,
 * is given to the reply handler exactly once, soon after within_ms at the latest.  `opts`
 * may be NULL.  An actor of the library's own under the root goes around.  COP_E_INVAL:
 * `from` is of another node, or a negative number; COP_E_GONE: the root is ending;
 * COP_E_NOMEM.
 */
COP_API COP_MUST_USE cop_err cop_snapshot_ask(cop_actor *me, const cop_snapshot_opts *opts,
                                              const cop_then *then);

/*
 * The same from a thread that is no worker, which waits; the tree is the caller's.  In the
 * simulator nobody is asked and no time passes.  COP_E_GONE (the node does not run, or the
 * root is ending), COP_E_TIMEOUT (no worker was free to go around: see coppice.gdb.py),
 * COP_E_INVAL, COP_E_NOMEM.
 */
COP_API COP_MUST_USE cop_err cop_node_snapshot(cop_node *node, const cop_snapshot_opts *opts,
                                               cop_snapshot **out);
/* Nulls the pointer; only for what cop_node_snapshot has made.  Any thread. */
COP_API void cop_snapshot_free(cop_snapshot **tree);

/* Takes the tree and prints it; as cop_node_snapshot. */
COP_API cop_err cop_node_print(cop_node *node, FILE *out, int32_t within_ms);

/* One line for each row, indented by depth.  Any thread. */
COP_API void cop_snapshot_print(const cop_snapshot *tree, FILE *out);

/* Writes such a line, without its end, into `text` of `size` bytes, cut off if need be, and
 * returns `text`.  Any thread. */
COP_API char *cop_row_print(const cop_snapshot *tree, size_t row, char *text, size_t size);

/* "actor"; "idle"; "unknown".  Any thread; static. */
COP_API const char *cop_row_kind_name(cop_row_kind kind);
COP_API const char *cop_row_state_name(cop_row_state state);

#endif /* COPPICE_SNAPSHOT_H */
