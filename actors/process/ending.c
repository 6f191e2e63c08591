/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ending.c - how a process is stopped, and how its end becomes the actor's.
 *
 * The process is reaped by nobody else, so its number stays its own, and its group's, until
 * the waitid here; every kill comes before that, and so does its leaving the census.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include <coppice/timer.h>

#include "io/fd.h"
#include "process/process.h"

/* ------------------------------------------------------------------------- the ladder */

/* What is left of its group; the process itself may have moved to another one. */
static void
kill_all(const copi_process *self)
{
    if (self->pid <= 0)
        return;
    kill(-self->pid, SIGKILL);
    pidfd_send_signal(self->pidfd, SIGKILL, NULL, 0);
}

/* All that is left is to be sent now, or lost. */
static cop_err
hurry(cop_actor *me, copi_process *self)
{
    self->is_late = true;
    kill_all(self);
    if (self->pid > 0)
        return COP_OK;
    for (size_t i = 0; i < COP_COUNT(self->outputs); i++)
        copi_output_drain(me, &self->outputs[i]);
    return copi_process_settle(me, self);
}

/* Without memory for the timer there is no waiting. */
static cop_err
stay(cop_actor *me, copi_process *self, int32_t ms, copi_rung next)
{
    if (cop_send_after(me, ms, NULL, copi_process_rung, .next = next) == COP_OK)
        return COP_OK;
    return hurry(me, self);
}

/* One that is frozen could not obey. */
static void
wake(const copi_process *self)
{
    pidfd_send_signal(self->pidfd, SIGCONT, NULL, 0);
}

static cop_err
send_stop_signal(cop_actor *me, copi_process *self)
{
    if (self->pid > 0) {
        pidfd_send_signal(self->pidfd, self->stop_signal, NULL, 0);
        wake(self);
    }
    return stay(me, self, self->kill_ms, COPI_RUNG_KILL);
}

cop_err
copi_process_tell(cop_actor *me, copi_process *self)
{
    self->is_told = true;
    /* What it has written last is on its way, with a time of its own. */
    if (self->pid == 0)
        return COP_OK;
    if (self->close_ms == 0)
        return send_stop_signal(me, self);
    wake(self);
    COP_TRY(copi_input_quit(me, &self->input));
    return stay(me, self, self->close_ms, COPI_RUNG_SIGNAL);
}

cop_err
copi_process_descend(cop_actor *me, copi_process *self, copi_rung next)
{
    return next == COPI_RUNG_SIGNAL ? send_stop_signal(me, self) : hurry(me, self);
}

/* ---------------------------------------------------------------------------- the end */

/* As waitid; si_pid is 0 if it has not ended. */
static bool
wait_for(const copi_process *self, int how, siginfo_t *info)
{
    *info = (siginfo_t){0};
    while (waitid(P_PIDFD, (id_t)self->pidfd, info, WEXITED | how) != 0)
        if (errno != EINTR)
            return false;
    return true;
}

static bool
has_obeyed(const copi_process *self)
{
    return self->is_told && (self->how == CLD_EXITED || self->status == self->stop_signal ||
                             self->status == SIGKILL);
}

static cop_err
end(cop_actor *me, const copi_process *self)
{
    cop_exit why = {.kind = COP_EXIT_STATUS, .code = self->status};

    if (has_obeyed(self) || (self->how == CLD_EXITED && self->status == 0))
        return cop_stop(me);
    if (self->how != CLD_EXITED) {
        const char *name = sigabbrev_np(self->status);
        why.kind = COP_EXIT_SIGNAL;
        snprintf(why.text, sizeof why.text, "SIG%s%s", name != NULL ? name : "RT",
                 self->how == CLD_DUMPED ? ", core dumped" : "");
    }
    return cop_stop_with(me, &why);
}

cop_err
copi_process_settle(cop_actor *me, const copi_process *self)
{
    if (self->pid > 0)
        return COP_OK;
    for (size_t i = 0; i < COP_COUNT(self->outputs); i++)
        if (self->outputs[i].fd >= 0)
            return COP_OK;
    return end(me, self);
}

/* Its receivers take what it has written last, but not for ever. */
static cop_err
finish_outputs(cop_actor *me, copi_process *self)
{
    if (self->is_late)
        return hurry(me, self);
    for (size_t i = 0; i < COP_COUNT(self->outputs); i++)
        COP_TRY(copi_output_finish(me, &self->outputs[i]));
    if (!self->is_told)
        COP_TRY(stay(me, self, self->kill_ms, COPI_RUNG_KILL));
    return copi_process_settle(me, self);
}

cop_err
copi_process_reap(cop_actor *me, copi_process *self)
{
    siginfo_t info;

    if (!wait_for(self, WNOHANG | WNOWAIT, &info)) {
        copi_census_remove(&self->entry);
        self->pid = 0;
        return cop_fail(me, COP_E_OS, "its exit status was taken by somebody else");
    }
    if (info.si_pid == 0)
        return COP_OK;
    kill_all(self);
    copi_census_remove(&self->entry);
    wait_for(self, 0, &info);
    self->pid = 0;
    self->how = info.si_code;
    self->status = info.si_status;
    cop_watch_close(me, self->end);
    copi_input_cut(me, &self->input);
    return finish_outputs(me, self);
}

/* After SIGKILL the wait is no longer than the kernel needs. */
void
copi_process_dispose(void *state)
{
    copi_process *self = state;
    siginfo_t info;

    if (!self->is_set)
        return;
    kill_all(self);
    copi_census_remove(&self->entry);
    if (self->pid > 0)
        wait_for(self, 0, &info);
    copi_fd_close(&self->pidfd);
    copi_fd_close(&self->lifeline);
    copi_input_fini(&self->input);
    for (size_t i = 0; i < COP_COUNT(self->outputs); i++)
        copi_fd_close(&self->outputs[i].fd);
}
