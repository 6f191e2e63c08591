/* SPDX-License-Identifier: Apache-2.0 */
#include "io/stopsig.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "core/node.h"
#include "io/fd.h"

struct copi_stopsig {
    cop_node *node;
    pthread_t thread;
    int signals;
    int lifeline[2]; /* the thread ends when the write end is closed */
    unsigned count;  /* its thread's */
};

/* ---------------------------------------------------------------------------- obeying */

static void
stop(cop_node *node, int signo)
{
    cop_exit why = {.kind = COP_EXIT_SHUTDOWN, .code = signo};

    snprintf(why.text, sizeof why.text, "%s", signo == SIGINT ? "SIGINT" : "SIGTERM");
    pthread_mutex_lock(&node->lock);
    node->unix_signal = signo;
    pthread_mutex_unlock(&node->lock);
    cop_node_stop(node, &why);
}

static _Noreturn void
leave(cop_node *node)
{
    copi_census_kill(&node->census);
    _exit(128 + node->unix_signal);
}

static void
obey(copi_stopsig *self, int signo)
{
    switch (++self->count) {
    case 1: stop(self->node, signo); break;
    case 2: copi_node_harden(self->node); break;
    default: leave(self->node);
    }
}

static void *
run(void *stopsig)
{
    copi_stopsig *self = stopsig;
    struct pollfd fds[2] = {
        {.fd = self->signals,     .events = POLLIN},
        {.fd = self->lifeline[0], .events = POLLIN}
    };
    struct signalfd_siginfo got;

    while (fds[1].revents == 0) {
        if (poll(fds, 2, -1) <= 0)
            continue;
        while (read(self->signals, &got, sizeof got) == (ssize_t)sizeof got)
            obey(self, (int)got.ssi_signo);
    }
    return NULL;
}

/* ------------------------------------------------------------------------ start and end */

static cop_err
open_signals(copi_stopsig *self)
{
    sigset_t wanted;

    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    self->signals = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    if (self->signals < 0)
        return COP_E_OS;
    COP_TRY(copi_fd_raise(&self->signals));
    return copi_fd_pipe(self->lifeline);
}

/* With all signals blocked, so that none that is meant for the program ends up there. */
static cop_err
start_thread(copi_stopsig *self)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool has_started = pthread_create(&self->thread, NULL, run, self) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return has_started ? COP_OK : COP_E_OS;
}

static void
free_stopsig(copi_stopsig *self)
{
    copi_fd_close(&self->signals);
    copi_fd_close(&self->lifeline[0]);
    copi_fd_close(&self->lifeline[1]);
    free(self);
}

cop_err
copi_stopsig_start(cop_node *node)
{
    copi_stopsig *self = copi_calloc(1, sizeof *self);

    if (self == NULL)
        return COP_E_NOMEM;
    self->node = node;
    self->signals = self->lifeline[0] = self->lifeline[1] = -1;
    cop_err err = open_signals(self);
    if (err == COP_OK)
        err = start_thread(self);
    if (err != COP_OK) {
        free_stopsig(self);
        return err;
    }
    node->stopsig = self;
    return COP_OK;
}

void
copi_stopsig_end(cop_node *node)
{
    copi_stopsig *self = node->stopsig;

    if (self == NULL)
        return;
    node->stopsig = NULL;
    copi_fd_close(&self->lifeline[1]);
    pthread_join(self->thread, NULL);
    free_stopsig(self);
}
