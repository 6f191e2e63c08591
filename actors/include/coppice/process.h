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
 * The process leads a group of its own.  When it ends, what is left of its group is
 * killed: once the actor is seen to be down, the process has been reaped.  To stop it,
 * the stop signal is sent to the process, and after kill_ms SIGKILL to the group; when the
 * actor is killed, or ended by an exit signal, SIGKILL at once.
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
} cop_stdio;

/* Borrowed during the spawn; a supervisor's child spec must keep its own. */
typedef struct cop_process_spec {
    const char *const *argv; /* ends with NULL; without a '/', found along PATH */
    const char *const *envp; /* ends with NULL; NULL: ours */
    const char *dir;         /* to run in; NULL: ours */
    int stop_signal;         /* 0: SIGTERM */
    /* From the stop signal to SIGKILL; 0: four fifths of the actor's stop_ms, or 5000 if
     * that is infinite.  With more than stop_ms, the end is COP_EXIT_KILLED. */
    int32_t kill_ms;
    cop_stdio input, output, error;
    cop_pid output_to; /* who gets the lines */
} cop_process_spec;

/* Its init fails with COP_E_INVAL for a bad spec, COP_E_SIMULATED, COP_E_NOMEM, and with
 * COP_E_OS and the system's words in the exit record if it cannot be started. */
extern COP_API const cop_behaviour cop_process;

enum {
    COP_PROCESS_LINE_MAX = 8192 /* a longer line comes in pieces */
};

/*
 * A line of output, without its newline; the sender is the actor.  Lines of one stream are
 * in order.  While the mailbox of the receiver is full the process has to wait.  What it
 * wrote last comes before its end is seen; only what then finds a full mailbox becomes dead
 * letters.
 */
typedef struct cop_process_output {
    int32_t stream; /* 1: output, 2: error */
    cop_bytes line;
} cop_process_output;

/* To the actor: sends the process a signal, such as SIGSTOP.  Not to its group. */
typedef struct cop_process_signal {
    int32_t signo;
} cop_process_signal;

/* To the actor, as a call: answered with cop_process_id. */
typedef struct cop_process_info {
    char unused;
} cop_process_info;

typedef struct cop_process_id {
    int32_t os_pid;
} cop_process_id;

extern COP_API const cop_type cop_process_output_type, cop_process_signal_type,
    cop_process_info_type, cop_process_id_type;

#endif /* COPPICE_PROCESS_H */
