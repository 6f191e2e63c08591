/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debug.h - looking inside a running actor of this node, as OTP's module sys does.
 *
 * Any actor can be asked, a supervisor too, and needs no code for it.  All these are calls
 * as cop_ask makes them: they return at once, and the answer, or why there is none, is given
 * to the reply handler exactly once.  COP_E_SELF for oneself; COP_E_INVAL for an actor of
 * another node; the rest as cop_ask.  They wait for their turn among the messages of the
 * actor, as in OTP, but for cop_debug_status, which is answered ahead of all.  No mailbox is
 * too full for them.
 *
 * An actor that is neither suspended, counted nor traced pays nothing for any of this.
 */
#ifndef COPPICE_DEBUG_H
#define COPPICE_DEBUG_H

#include <coppice/actor.h>
#include <coppice/event.h>

/* The answer where there is nothing else to say. */
typedef struct cop_debug_done {
    char copi_empty;
} cop_debug_done;

extern COP_API const cop_type cop_debug_done_type, cop_actor_status_type,
    cop_actor_statistics_type, cop_trace_line_type, cop_actor_trace_type;

/*
 * From now on it handles nothing: messages, answers, timers, readiness of descriptors and
 * ends of children wait in order, and its mailbox may fill.  What acts when it is received
 * still does: links, monitors, a kill, exit signals unless it traps them.  If its owner wants
 * it to end, or sends it an exit signal, it ends as one that has no handler for
 * cop_stopping; cop_end is handled.  Suspending twice is harmless.  A supervisor stops where
 * it is, even between two children: see cop_supervisor_suspend.
 * Answer: cop_debug_done.  COP_E_REFUSED for the root; COP_E_NOMEM.
 */
COP_API COP_MUST_USE cop_err cop_debug_suspend(cop_actor *me, cop_pid who, int32_t within_ms,
                                               const cop_then *then);

/* It goes on with what has waited, in order.  Answer: cop_debug_done, also if it was not
 * suspended. */
COP_API COP_MUST_USE cop_err cop_debug_resume(cop_actor *me, cop_pid who, int32_t within_ms,
                                              const cop_then *then);

typedef struct cop_actor_status {
    cop_str path;
    cop_str behaviour;
    cop_pid owner;    /* none for the root */
    bool is_ending;   /* it waits for its children to end */
    bool is_stopping; /* it was told to stop and handles that */
    bool is_suspended;
    bool traps_exit;
    bool is_counted; /* statistics are on */
    bool is_traced;
    uint32_t waiting; /* messages in its mailbox */
    uint32_t children;
    uint32_t links;
    uint32_t monitors; /* whom it watches */
    uint32_t watchers; /* who watches it */
    uint32_t calls;    /* of its own, not yet answered */
    uint32_t deferred; /* requests of others that it has kept for later */
    uint32_t timers;
    uint32_t watches; /* of descriptors */
    uint32_t worker;  /* that runs it now, from 0 */
    cop_str state;    /* what print_state of the behaviour wrote; empty without */
} cop_actor_status;

/* Answer: cop_actor_status, ahead of what waits, and also while it is ending. */
COP_API COP_MUST_USE cop_err cop_debug_status(cop_actor *me, cop_pid who, int32_t within_ms,
                                              const cop_then *then);

/* Since statistics were turned on. */
typedef struct cop_actor_statistics {
    int64_t since_ms; /* when that was, of cop_now_ms */
    int64_t now_ms;
    uint64_t messages;  /* handled, of every kind that has a turn */
    int64_t busy_us;    /* in handlers */
    int64_t longest_us; /* in one of them */
} cop_actor_statistics;

/* Begins to count, from zero, unless it counts already; ends that.  Answer: cop_debug_done;
 * COP_E_NOMEM if it cannot begin. */
COP_API COP_MUST_USE cop_err cop_debug_statistics_on(cop_actor *me, cop_pid who,
                                                     int32_t within_ms, const cop_then *then);
COP_API COP_MUST_USE cop_err cop_debug_statistics_off(cop_actor *me, cop_pid who,
                                                      int32_t within_ms, const cop_then *then);
/* Answer: cop_actor_statistics; COP_E_NOT_FOUND if they are off. */
COP_API COP_MUST_USE cop_err cop_debug_statistics(cop_actor *me, cop_pid who, int32_t within_ms,
                                                  const cop_then *then);

enum {
    COP_TRACE_MAX = 1000
};

/* The last things that happened to an actor, oldest first. */
typedef struct cop_actor_trace {
    uint64_t seen; /* since the trace was turned on; the list has the last of them */
    struct {
        const cop_trace_line *items;
        size_t count;
    } lines;
} cop_actor_trace;

/* From now on the last `count` things are kept, anew if it was traced before.  A crash
 * report has the last of them.  COP_E_INVAL unless count is from 1 to COP_TRACE_MAX.  Answer:
 * cop_debug_done; COP_E_NOMEM, and it is not traced. */
COP_API COP_MUST_USE cop_err cop_debug_trace_on(cop_actor *me, cop_pid who, uint32_t count,
                                                int32_t within_ms, const cop_then *then);
/* Answer: cop_debug_done. */
COP_API COP_MUST_USE cop_err cop_debug_trace_off(cop_actor *me, cop_pid who, int32_t within_ms,
                                                 const cop_then *then);
/* Answer: cop_actor_trace; COP_E_NOT_FOUND if it is not traced; COP_E_NOMEM. */
COP_API COP_MUST_USE cop_err cop_debug_trace(cop_actor *me, cop_pid who, int32_t within_ms,
                                             const cop_then *then);

#endif /* COPPICE_DEBUG_H */
