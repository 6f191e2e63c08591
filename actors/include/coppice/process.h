/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.h - an OS process as an actor.
 *
 *      cop_spawn(me, &cop_process, &(cop_spawn_opts){
 *          .arg = &(cop_process_spec){.argv = (const char *[]){"sleep", "10", NULL}}}, &pid);
 *
 * The actor lives as long as the process, so owners, supervisors, links and monitors see
 * it as any other: exit status 0 is a normal end, another one COP_EXIT_STATUS, death by a
 * signal COP_EXIT_SIGNAL.  If it was told to stop, and the process exited or died of what
 * it was told with, the end is COP_EXIT_SHUTDOWN.
 *
 * The process leads a group of its own, which a terminal's Ctrl-C does not reach.  It is
 * stopped down a ladder:
 *
 *      told to stop -- close_ms? --> farewell, input closed
 *                                          |  close_ms
 *                                          v
 *                                     stop signal, to the process
 *                                          |  kill_ms
 *                                          v
 *                                     SIGKILL, to the group
 *
 * When the actor is killed, or ended by an exit signal, SIGKILL comes at once.  When the
 * process ends by itself, what is left of its group is killed too.  Only what has left the
 * group, with setsid as daemons do, is not reached.
 *
 * The actor is down when the process has been reaped and all that it had written has been
 * sent.  What still holds the other end of its output is not waited for; receivers that have
 * no room are, for at most kill_ms from its end, or if it was told to stop, until the ladder's
 * last rung.
 *
 * When this process dies, by SIGKILL even, the kernel kills its children.  One that is a
 * coppice node also notices by itself, by its lifeline, and so on down.  Only what a child
 * that knows nothing of this has started itself can be left.
 *
 * A program must not reap children that it did not start (wait, waitpid(-1)), nor ignore
 * SIGCHLD: then an exit status is lost, and the end is an error that says so.
 */
#ifndef COPPICE_PROCESS_H
#define COPPICE_PROCESS_H

#include <coppice/actor.h>

/* What a standard descriptor of the process is. */
typedef enum cop_stdio {
    COP_STDIO_DEFAULT, /* input: as NULL; output and error: as INHERIT */
    COP_STDIO_INHERIT, /* ours; a terminal lets nobody read who is not in the foreground */
    COP_STDIO_NULL,    /* /dev/null */
    COP_STDIO_LINES,   /* not for input: lines arrive as cop_process_output */
    COP_STDIO_BYTES,   /* input: what cop_process_input brings; else: what is there arrives as
                          cop_process_output, newlines and all */
} cop_stdio;

enum {
    COP_PROCESS_LINE_MAX = 8192,   /* a longer line comes in pieces */
    COP_PROCESS_ROOM_MAX = 1 << 30 /* of input_room */
};

/* Borrowed during the spawn; a supervisor's child spec must keep its own. */
typedef struct cop_process_spec {
    const char *const *argv; /* ends with NULL; without a '/', found along PATH */
    const char *const *envp; /* ends with NULL; NULL: ours */
    const char *dir;         /* to run in; NULL: ours */
    int stop_signal;         /* 0: SIGTERM */
    /* From the stop signal to SIGKILL; 0: what close_ms leaves of four fifths of the actor's
     * stop_ms, or 5000 if that is infinite.  With more than stop_ms, the end is
     * COP_EXIT_KILLED. */
    int32_t kill_ms;
    /* With COP_STDIO_BYTES as input: from closing it to the stop signal; 0: it is not closed,
     * and the signal is sent at once. */
    int32_t close_ms;
    const char *farewell; /* copied; written before it is closed for that; NULL: nothing */
    cop_stdio input, output, error;
    uint32_t input_room; /* so many bytes for its input may wait; 0: 65536 */
    cop_pid output_to;   /* who gets lines and bytes */
} cop_process_spec;

/* Its init fails with COP_E_INVAL for a bad spec, COP_E_SIMULATED, COP_E_NOMEM, and with
 * COP_E_OS and the system's words in the exit record if it cannot be started. */
extern COP_API const cop_behaviour cop_process;

/*
 * A line of output, without its newline, or some bytes of it; the sender is the actor.
 * Those of one stream are in order.  While the mailbox of the receiver is full the process
 * has to wait.  What it wrote last comes before its end is seen.
 */
typedef struct cop_process_output {
    int32_t stream; /* 1: output, 2: error */
    cop_bytes line;
} cop_process_output;

/*
 * To the actor, with COP_STDIO_BYTES: writes to the input of the process.  All of the bytes
 * are taken, or none.  As a call it is answered with cop_process_room, or COP_E_FULL,
 * COP_E_TOO_LARGE (more than input_room), COP_E_GONE (the input is closed, nobody reads it any
 * more, or it never was ours).  Otherwise the sender hears only what is wrong, by a
 * cop_process_refused.  Taken is not read: what the process leaves unread is lost with it.
 * Being told to stop overtakes what is not taken yet.
 */
typedef struct cop_process_input {
    cop_bytes data;
} cop_process_input;

typedef struct cop_process_refused {
    cop_err err;
    uint32_t bytes; /* of the cop_process_input that was not taken */
} cop_process_refused;

/*
 * To the actor, as a call: answered with cop_process_room once so many bytes would be taken;
 * with input_room, once all has been written.  Another writer may be first to use them.  In
 * order; up to 16 may wait, then COP_E_BUSY; else as cop_process_input.
 */
typedef struct cop_process_await_room {
    uint32_t bytes;
} cop_process_await_room;

typedef struct cop_process_room {
    uint32_t bytes; /* that would be taken now */
} cop_process_room;

/* To the actor: closes the input when all that was taken has been written.  No answer. */
typedef struct cop_process_close_input {
    char unused;
} cop_process_close_input;

/* To the actor: sends the process a signal, such as SIGSTOP.  Not to its group. */
typedef struct cop_process_signal {
    int32_t signo;
} cop_process_signal;

/* To the actor, as a call: answered with cop_process_id. */
typedef struct cop_process_info {
    char unused;
} cop_process_info;

typedef struct cop_process_id {
    int32_t os_pid; /* 0: it has been reaped */
} cop_process_id;

extern COP_API const cop_type cop_process_output_type, cop_process_input_type,
    cop_process_refused_type, cop_process_await_room_type, cop_process_room_type,
    cop_process_close_input_type, cop_process_signal_type, cop_process_info_type,
    cop_process_id_type;

#endif /* COPPICE_PROCESS_H */
