/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch.c - vfork and exec by hand.
 *
 * posix_spawn cannot set the parent-death signal, and a launcher program between us and
 * the child would be one more file to install and to find.  fork copies the page tables,
 * tens of milliseconds in a large process.  vfork does not, and holds only the calling
 * thread until the child has exec'd.
 *
 * Between vfork and exec the child runs on our memory while other threads go on: it may
 * only make system calls.  All signals are blocked meanwhile, since a handler would run
 * twice in the same memory.  execvpe uses nothing but its stack.
 *
 * What goes wrong in the child comes back through a pipe that closes at exec, and not
 * through the memory: sanitizers turn vfork into fork.
 */
#define _GNU_SOURCE
#include "process/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/fd.h"

typedef struct report {
    int error;
    int is_about_dir; /* no bool: nothing uninitialised goes through the pipe */
} report;

/* ------------------------------------------------------------ in the child, until exec */

static _Noreturn void
give_up(int pipe, bool is_about_dir)
{
    report said = {errno, is_about_dir};
    ssize_t written = write(pipe, &said, sizeof said);

    _exit(written == sizeof said ? 127 : 126);
}

static bool
die_with(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return false;
    /* The parent may have died before there was a signal to send. */
    if (getppid() != parent)
        _exit(126);
    return true;
}

static bool
place_descriptors(const copi_launch_plan *plan)
{
    for (int fd = 0; fd < 3; fd++)
        if (plan->stdio[fd] >= 0 && dup2(plan->stdio[fd], fd) < 0)
            return false;
    /* Ours are closed at exec anyway; this is for those of other libraries.  An old
     * kernel does not know it. */
    syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC);
    return plan->kept < 0 || fcntl(plan->kept, F_SETFD, 0) == 0;
}

static bool
reset_signals(void)
{
    struct sigaction action;
    sigset_t none;

    /* exec takes care of handlers, but what is ignored would stay so. */
    for (int signo = 1; signo < NSIG; signo++)
        if (sigaction(signo, NULL, &action) == 0 && action.sa_handler != SIG_DFL) {
            action = (struct sigaction){.sa_handler = SIG_DFL};
            sigaction(signo, &action, NULL);
        }
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

static _Noreturn void
run_child(const copi_launch_plan *plan, pid_t parent, int pipe)
{
    if (!die_with(parent) || setpgid(0, 0) != 0 || !place_descriptors(plan) || !reset_signals())
        give_up(pipe, false);
    if (plan->dir != NULL && chdir(plan->dir) != 0)
        give_up(pipe, true);
    /* execvpe promises not to write to what the pointers lead to. */
    execvpe(plan->argv[0], (char *const *)(uintptr_t)plan->argv, plan->envp);
    give_up(pipe, false);
}

/* ---------------------------------------------------------------------- in the parent */

static pid_t
start_child(const copi_launch_plan *plan, int pipe)
{
    pid_t parent = getpid(), child = vfork();

    if (child == 0)
        run_child(plan, parent, pipe);
    return child;
}

static pid_t
start_undisturbed(const copi_launch_plan *plan, int pipe)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = start_child(plan, pipe);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return child;
}

/* True if the child runs its program. */
static bool
has_started(int pipe, report *said)
{
    ssize_t got;

    do
        got = read(pipe, said, sizeof *said);
    while (got < 0 && errno == EINTR);
    return got == 0;
}

static void
destroy(pid_t child)
{
    siginfo_t info;

    kill(child, SIGKILL);
    while (waitid(P_PID, (id_t)child, &info, WEXITED) != 0 && errno == EINTR)
        continue;
}

static cop_err
failed(copi_launched *out, int error, const char *subject)
{
    out->error = error;
    out->subject = subject;
    return COP_E_OS;
}

/* Waits for the child's exec; it is gone if that fails. */
static cop_err
await_start(const copi_launch_plan *plan, int pipe, copi_launched *out)
{
    report said = {EIO, false};

    out->pidfd = pidfd_open(out->pid, 0);
    int error = errno;
    bool is_started = has_started(pipe, &said);
    if (is_started && out->pidfd >= 0)
        return COP_OK;
    destroy(out->pid);
    copi_fd_close(&out->pidfd);
    if (is_started)
        return failed(out, error, plan->argv[0]);
    return failed(out, said.error, said.is_about_dir ? plan->dir : plan->argv[0]);
}

cop_err
copi_launch(const copi_launch_plan *plan, copi_launched *out)
{
    int ends[2];

    if (copi_fd_pipe(ends) != COP_OK)
        return failed(out, errno, plan->argv[0]);
    out->pid = start_undisturbed(plan, ends[1]);
    int error = errno;
    copi_fd_close(&ends[1]);
    cop_err err =
        out->pid < 0 ? failed(out, error, plan->argv[0]) : await_start(plan, ends[0], out);
    copi_fd_close(&ends[0]);
    return err;
}
