/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.h - what a node has to report: one struct for crashes, stuck handlers and children.
 *
 * Events go to on_event of the node's options, or if there is none, as lines to its log, but
 * for progress.  What a supervisor has to say is logged by itself, in any case.
 *
 * Of each kind but STUCK and LEFTOVER only so many are told in a second (events_per_second);
 * the first of a later second is preceded by a COP_EVENT_LEFT_OUT that says how many were
 * not.
 */
#ifndef COPPICE_EVENT_H
#define COPPICE_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include <coppice/exit.h>
#include <coppice/pid.h>
#include <coppice/type.h>

typedef enum cop_event_kind {
    COP_EVENT_CRASH,    /* a handler or init of an actor has ended it abnormally */
    COP_EVENT_STUCK,    /* a handler or init runs for longer than its stuck_ms */
    COP_EVENT_CHILD,    /* a child has failed: what its supervisor reports as an error */
    COP_EVENT_PROGRESS, /* a child has started, or was restarted */
    COP_EVENT_LEFTOVER, /* the node has ended, and a job that was abandoned has not */
    /* A child that was told to stop has not ended within its stop_ms, and is killed: once for
     * each such child, but not for those below one that was itself too slow. */
    COP_EVENT_SLOW_STOP,
    COP_EVENT_LEFT_OUT, /* there were more of a kind than are told in a second */
} cop_event_kind;

/* What happened to an actor that is traced. */
typedef enum cop_trace_what {
    COP_TRACE_MESSAGE, /* these are noted when their turn comes, right before the handler */
    COP_TRACE_CALL,
    COP_TRACE_REPLY,
    COP_TRACE_TIMER,
    COP_TRACE_DEADLINE, /* of a call of its own */
    COP_TRACE_READY,    /* a descriptor */
    COP_TRACE_EXIT,     /* these are noted when they are received */
    COP_TRACE_LINK,
    COP_TRACE_UNLINK,
    COP_TRACE_MONITOR,
    COP_TRACE_DEMONITOR,
    COP_TRACE_STOP,
    COP_TRACE_KILL,
    COP_TRACE_CHILD_END,
} cop_trace_what;

typedef struct cop_trace_line {
    int64_t at_ms; /* of cop_now_ms */
    int32_t what;  /* cop_trace_what */
    cop_pid from;  /* none for its own timers and the like */
    cop_str text;  /* as cop_message_print or cop_exit_print writes it, cut off if need be */
} cop_trace_line;

/* Everything is borrowed for the call; what a kind does not have is zero or NULL. */
typedef struct cop_event {
    cop_event_kind kind;
    int64_t at_ms; /* of cop_now_ms */

    cop_pid who;
    const char *path;      /* of cop_path */
    const char *behaviour; /* its name */
    const char *message;   /* name of the type that was being handled; or such as "init" */
    cop_pid from;          /* who had sent that */
    uint32_t waiting;      /* messages in the mailbox */

    const cop_exit *why; /* of a CRASH, or a child's end */
    const char *state;   /* of a CRASH: what print_state of the behaviour wrote */
    const cop_pid *links;
    size_t link_count; /* at most COP_EVENT_LINKS of them */
    /* Of a CRASH, if it was traced: the last things that happened to it, oldest first. */
    const cop_trace_line *last;
    size_t last_count; /* at most COP_EVENT_LAST */

    /* Of a STUCK handler: for so long, or a little longer; of LEFTOVER; of a SLOW_STOP: it
     * had so long. */
    int64_t ran_ms;
    void *const *stack; /* of its thread, innermost first; NULL if that took no signal */
    size_t stack_count;

    /* Of a SLOW_STOP: who waits for whom, and what the last of them does, "app -> db (ending)
     * -> writer (busy in flush)".  It comes up to 100 ms after the kill. */
    const char *chain;

    /* Of CHILD and PROGRESS: its name; who: its supervisor.  Of SLOW_STOP: its label; who: its
     * owner.  Of LEFTOVER: the job's name; who: who had it before the reaper. */
    const char *child;
    const char *news;        /* ... what happened to it, as cop_child_news_name says it */
    cop_pid child_pid;       /* ... none if it has no actor */
    cop_event_kind left_out; /* of LEFT_OUT: the kind */
    uint32_t left_out_count;
} cop_event;

enum {
    COP_EVENT_LINKS = 8,
    COP_EVENT_LAST = 8,
};

/* "crash"; "unknown".  Any thread; static. */
COP_API const char *cop_event_kind_name(cop_event_kind kind);

/* "message"; "unknown".  Any thread; static. */
COP_API const char *cop_trace_what_name(cop_trace_what what);

/*
 * Writes the event as one line, "crash: app/db (db_b): error 3: boom, in db_write, 2
 * waiting", without its links, trace and stack, into `text` of `size` bytes, cut off if
 * need be, and returns `text`.  Any thread.
 */
COP_API char *cop_event_print(const cop_event *event, char *text, size_t size);

#endif /* COPPICE_EVENT_H */
