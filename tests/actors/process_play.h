/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_play.h - one process after the other in a node of a stage; how they end, and what
 * they write, is said there.
 */
#ifndef COPPICE_TESTS_ACTORS_PROCESS_PLAY_H
#define COPPICE_TESTS_ACTORS_PROCESS_PLAY_H

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include <coppice/process.h>

#include "stage.h"

typedef struct play {
    stage stage; /* first */
    cop_process_spec spec;
    const char *argv[4];
    int32_t stop_ms;
    cop_pid pid;
    cop_err err;
    cop_exit why;
    int32_t os_pid;
    int signo;
} play;

/* Does a process of that number exist, if only as a zombie? */
static inline bool
exists(int32_t os_pid)
{
    return kill(os_pid, 0) == 0 || errno != ESRCH;
}

static inline void
say_end(stage *self, const play *p, const cop_exit *why)
{
    stage_say(self, "%s %d %s%s", cop_exit_kind_name(why->kind), why->code, why->text,
              p->os_pid > 0 && exists(p->os_pid) ? " not reaped" : "");
}

static inline cop_err
on_message(stage *self, cop_actor *me, const cop_type *type, const void *message)
{
    (void)me;
    play *p = (play *)self;

    if (type == &cop_down_type)
        say_end(self, p, &((const cop_down *)message)->why);
    if (type == &cop_process_output_type) {
        const cop_process_output *got = message;
        stage_say(self, "%d:%.*s", (int)got->stream, (int)got->line.size,
                  (const char *)got->line.data);
    }
    return COP_OK;
}

static inline void
spawn(cop_actor *me, void *ctx)
{
    play *p = ctx;
    cop_ref monitor;

    if (cop_pid_is_none(p->spec.output_to))
        p->spec.output_to = cop_self(me);
    p->err = cop_spawn(
        me, &cop_process,
        &(cop_spawn_opts){
            .arg = &p->spec, .monitor = &monitor, .stop_ms = p->stop_ms, .why = &p->why},
        &p->pid);
}

static inline cop_err
got_info(cop_actor *me, void *state, cop_err err, const void *message)
{
    (void)me;
    play *p = *(play **)state;

    if (err == COP_OK)
        p->os_pid = ((const cop_process_id *)message)->os_pid;
    stage_say(&p->stage, "info %d", (int)err);
    return COP_OK;
}

static inline void
ask_info(cop_actor *me, void *ctx)
{
    static const cop_then then = {&cop_process_id_type, got_info};
    play *p = ctx;

    p->err = cop_ask(me, p->pid, STAGE_PATIENCE * 1000, &then, cop_process_info);
}

static inline void
stop(cop_actor *me, void *ctx)
{
    play *p = ctx;

    p->err = cop_stop_child(me, p->pid);
}

static inline void
murder(cop_actor *me, void *ctx)
{
    cop_kill(me, ((play *)ctx)->pid);
}

static inline void
send_signal(cop_actor *me, void *ctx)
{
    play *p = ctx;

    p->err = cop_send(me, p->pid, cop_process_signal, .signo = p->signo);
}

static inline void
begin(play *p)
{
    memset(p, 0, sizeof *p);
    stage_open(&p->stage, on_message);
}

static inline void
start(play *p, const char *script)
{
    p->argv[0] = "sh";
    p->argv[1] = "-c";
    p->argv[2] = script;
    p->spec.argv = p->argv;
    stage_run(&p->stage, spawn, p);
    assert_int_equal(p->err, COP_OK);
}

static inline void
start_with_lines(play *p, const char *script)
{
    p->spec.output = p->spec.error = COP_STDIO_LINES;
    start(p, script);
}

static inline void
learn_os_pid(play *p)
{
    stage_run(&p->stage, ask_info, p);
    assert_int_equal(p->err, COP_OK);
    stage_expect(&p->stage, "info 0");
    assert_true(exists(p->os_pid));
}

static inline void
end(play *p)
{
    stage_expect_no_more(&p->stage);
    stage_close(&p->stage);
}

/* The number in a line "1:123". */
static inline int
number_in(const char *line)
{
    int number = 0;

    assert_int_equal(sscanf(line, "1:%d", &number), 1);
    return number;
}

/* Waits until the process behind a pidfd, which need not be a child, is gone. */
static inline bool
ends(int pidfd)
{
    struct pollfd poll_for = {.fd = pidfd, .events = POLLIN};

    return poll(&poll_for, 1, STAGE_PATIENCE * 1000) == 1;
}

#endif /* COPPICE_TESTS_ACTORS_PROCESS_PLAY_H */
