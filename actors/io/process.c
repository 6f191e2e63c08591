/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.c - the actor around an OS process: a pidfd, a lifeline, and up to two pipes.
 *
 * The process is reaped by nobody else, so its number stays its own, and its group's, until
 * the waitid here; every kill comes before that.
 */
#define _GNU_SOURCE
#include <coppice/process.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <coppice/timer.h>
#include <coppice/watch.h>

#include "core/actor.h"
#include "io/environment.h"
#include "io/fd.h"
#include "io/launch.h"
#include "io/lifeline.h"
#include "io/output.h"

enum {
    KILL_MS = 5000
};

typedef struct process {
    bool is_set;  /* the descriptors mean something */
    bool is_told; /* to stop */
    pid_t pid;    /* 0: there is none, or it has been reaped */
    int pidfd;
    int lifeline;
    int stop_signal;
    int32_t kill_ms;
    cop_watch end;
    copi_output outputs[2];
} process;

/* To itself: the time between the stop signal and SIGKILL is over. */
typedef struct process_harden {
    char unused;
} process_harden;

#define LOCAL_TYPE(T)                                                                          \
    {                                                                                          \
        .protocol = "coppice", .name = #T, .size = sizeof(T), .flat = true                     \
    }

static const cop_type process_harden_type = LOCAL_TYPE(process_harden);

/* --------------------------------------------------------------------------- its end */

/* What is left of its group; the process itself may have moved to another one. */
static void
kill_all(const process *st)
{
    if (st->pid <= 0)
        return;
    kill(-st->pid, SIGKILL);
    pidfd_send_signal(st->pidfd, SIGKILL, NULL, 0);
}

/* As waitid; si_pid is 0 if it has not ended. */
static bool
wait_for(const process *st, int how, siginfo_t *info)
{
    *info = (siginfo_t){0};
    while (waitid(P_PIDFD, (id_t)st->pidfd, info, WEXITED | how) != 0)
        if (errno != EINTR)
            return false;
    return true;
}

static bool
has_obeyed(const process *st, const siginfo_t *info)
{
    return st->is_told && (info->si_code == CLD_EXITED || info->si_status == st->stop_signal ||
                           info->si_status == SIGKILL);
}

static cop_err
end_as(cop_actor *me, const process *st, const siginfo_t *info)
{
    cop_exit why = {.kind = COP_EXIT_STATUS, .code = info->si_status};

    if (has_obeyed(st, info) || (info->si_code == CLD_EXITED && info->si_status == 0))
        return cop_stop(me);
    if (info->si_code != CLD_EXITED) {
        const char *name = sigabbrev_np(info->si_status);
        why.kind = COP_EXIT_SIGNAL;
        snprintf(why.text, sizeof why.text, "SIG%s%s", name != NULL ? name : "RT",
                 info->si_code == CLD_DUMPED ? ", core dumped" : "");
    }
    return cop_stop_with(me, &why);
}

static cop_err
reap(cop_actor *me, process *st)
{
    siginfo_t info;

    if (!wait_for(st, WNOHANG | WNOWAIT, &info)) {
        st->pid = 0;
        return cop_fail(me, COP_E_OS, "its exit status was taken by somebody else");
    }
    if (info.si_pid == 0)
        return COP_OK;
    kill_all(st);
    wait_for(st, 0, &info);
    st->pid = 0;
    for (size_t i = 0; i < COP_COUNT(st->outputs); i++)
        copi_output_drain(me, &st->outputs[i]);
    return end_as(me, st, &info);
}

/* Also when the actor was killed: who sees it down sees the process gone.  After SIGKILL
 * the wait is no longer than the kernel needs. */
static void
process_dispose(void *state)
{
    process *st = state;
    siginfo_t info;

    if (!st->is_set)
        return;
    kill_all(st);
    if (st->pid > 0)
        wait_for(st, 0, &info);
    copi_fd_close(&st->pidfd);
    copi_fd_close(&st->lifeline);
    for (size_t i = 0; i < COP_COUNT(st->outputs); i++)
        copi_fd_close(&st->outputs[i].fd);
}

/* ------------------------------------------------------------------------- its start */

static bool
is_valid(const cop_process_spec *spec)
{
    if (spec == NULL || spec->argv == NULL || spec->argv[0] == NULL)
        return false;
    if (spec->stop_signal < 0 || spec->stop_signal >= NSIG || spec->kill_ms < 0)
        return false;
    if (spec->input > COP_STDIO_NULL || spec->output > COP_STDIO_LINES ||
        spec->error > COP_STDIO_LINES)
        return false;
    return (spec->output != COP_STDIO_LINES && spec->error != COP_STDIO_LINES) ||
           !cop_pid_is_none(spec->output_to);
}

/* So that the ladder is over before the owner's patience is. */
static int32_t
kill_ms_of(const cop_actor *me, const cop_process_spec *spec)
{
    if (spec->kill_ms > 0)
        return spec->kill_ms;
    return me->stop_ms > 0 ? me->stop_ms - me->stop_ms / 5 : KILL_MS;
}

static void
set_up(process *st, const cop_actor *me, const cop_process_spec *spec)
{
    st->is_set = true;
    st->pidfd = st->lifeline = -1;
    for (size_t i = 0; i < COP_COUNT(st->outputs); i++) {
        st->outputs[i].fd = -1;
        st->outputs[i].stream = (int32_t)i + 1;
        st->outputs[i].to = spec->output_to;
    }
    st->stop_signal = spec->stop_signal != 0 ? spec->stop_signal : SIGTERM;
    st->kill_ms = kill_ms_of(me, spec);
}

static cop_err
open_output(copi_output *self, cop_stdio choice, int *given)
{
    switch (choice) {
    case COP_STDIO_DEFAULT:
    case COP_STDIO_INHERIT: return COP_OK;
    case COP_STDIO_NULL: return copi_fd_open("/dev/null", O_WRONLY, given);
    case COP_STDIO_LINES: return copi_output_open(self, given);
    }
    return COP_E_INVAL;
}

/* What the child gets as 0, 1 and 2; -1 where it gets ours. */
static cop_err
open_stdio(process *st, const cop_process_spec *spec, int given[3])
{
    if (spec->input != COP_STDIO_INHERIT)
        COP_TRY(copi_fd_open("/dev/null", O_RDONLY, &given[0]));
    COP_TRY(open_output(&st->outputs[0], spec->output, &given[1]));
    return open_output(&st->outputs[1], spec->error, &given[2]);
}

static cop_err
launch(process *st, const cop_process_spec *spec, copi_launch_plan *plan, copi_launched *out)
{
    char entry[COPI_LIFELINE_TEXT];

    out->subject = spec->argv[0];
    COP_TRY(open_stdio(st, spec, plan->stdio));
    COP_TRY(copi_lifeline_open(&plan->kept, &st->lifeline, entry));
    char **envp = copi_environment(spec->envp, entry);
    if (envp == NULL)
        return COP_E_NOMEM;
    plan->envp = envp;
    cop_err err = copi_launch(plan, out);
    free(envp);
    return err;
}

static cop_err
start(cop_actor *me, process *st, const cop_process_spec *spec)
{
    copi_launch_plan plan = {.argv = spec->argv, .dir = spec->dir, .kept = -1};
    copi_launched launched = {0};

    plan.stdio[0] = plan.stdio[1] = plan.stdio[2] = -1;
    cop_err err = launch(st, spec, &plan, &launched);
    if (err == COP_E_OS && launched.error == 0)
        launched.error = errno;
    for (int fd = 0; fd < 3; fd++)
        copi_fd_close(&plan.stdio[fd]);
    copi_fd_close(&plan.kept);
    if (err != COP_OK) {
        if (err == COP_E_OS)
            (void)cop_fail(me, err, "%s: %s", strerror(launched.error), launched.subject);
        return err;
    }
    st->pid = launched.pid;
    st->pidfd = launched.pidfd;
    return COP_OK;
}

static cop_err
process_init(cop_actor *me, void *state, const void *arg)
{
    process *st = state;
    const cop_process_spec *spec = arg;

    if (!is_valid(spec))
        return COP_E_INVAL;
    if (me->worker->base == NULL)
        return COP_E_SIMULATED;
    set_up(st, me, spec);
    COP_TRY(start(me, st, spec));
    for (size_t i = 0; i < COP_COUNT(st->outputs); i++)
        COP_TRY(copi_output_watch(me, &st->outputs[i]));
    return cop_watch_open(me, st->pidfd, COP_READABLE, &st->end);
}

/* -------------------------------------------------------------------------- messages */

COP_HANDLER(process, cop_ready)
{
    if (msg->fd == st->pidfd)
        return reap(me, st);
    for (size_t i = 0; i < COP_COUNT(st->outputs); i++)
        if (msg->fd == st->outputs[i].fd)
            return copi_output_on_ready(me, &st->outputs[i]);
    return COP_OK;
}

COP_HANDLER(process, copi_output_resume)
{
    return copi_output_on_resume(me, &st->outputs[msg->stream - 1]);
}

COP_HANDLER(process, cop_stopping)
{
    st->is_told = true;
    pidfd_send_signal(st->pidfd, st->stop_signal, NULL, 0);
    /* One that is frozen could not obey. */
    pidfd_send_signal(st->pidfd, SIGCONT, NULL, 0);
    if (cop_send_after(me, st->kill_ms, NULL, process_harden) != COP_OK)
        kill_all(st);
    return COP_OK;
}

COP_HANDLER(process, process_harden)
{
    kill_all(st);
    return COP_OK;
}

COP_HANDLER(process, cop_process_signal)
{
    if (pidfd_send_signal(st->pidfd, msg->signo, NULL, 0) != 0)
        cop_log(me, "signal %d: %s", (int)msg->signo, strerror(errno));
    return COP_OK;
}

COP_HANDLER(process, cop_process_info)
{
    return cop_reply(me, cop_process_id, .os_pid = st->pid);
}

const cop_behaviour cop_process = {
    .name = "process",
    .state_size = sizeof(process),
    .init = process_init,
    .dispose = process_dispose,
    .handlers =
        COP_HANDLERS(COP_ON(process, cop_ready), COP_ON(process, copi_output_resume),
                     COP_ON(process, cop_stopping), COP_ON(process, process_harden),
                     COP_ON(process, cop_process_signal), COP_ON(process, cop_process_info)),
};

const cop_type cop_process_signal_type = LOCAL_TYPE(cop_process_signal);
const cop_type cop_process_info_type = LOCAL_TYPE(cop_process_info);
const cop_type cop_process_id_type = LOCAL_TYPE(cop_process_id);

static const cop_field output_fields[] = {
    {.name = "stream",
     .offset = offsetof(cop_process_output, stream),
     .number = 1,
     .kind = COP_FIELD_I32},
    {.name = "line",
     .offset = offsetof(cop_process_output, line),
     .number = 2,
     .kind = COP_FIELD_BYTES},
    {0},
};

const cop_type cop_process_output_type = {
    .protocol = "coppice",
    .name = "cop_process_output",
    .fields = output_fields,
    .size = sizeof(cop_process_output),
    .field_count = 2,
};
