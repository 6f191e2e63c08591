/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unixsig.c - a signalfd in an actor of its own, a child of who asked.
 */
#define _GNU_SOURCE /* sigorset */

#include <coppice/unixsig.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <coppice/watch.h>

#include "core/node.h"
#include "debug/snapshot.h"
#include "io/fd.h"
#include "io/unixsig.h"
#include "message/local.h"

const cop_type cop_unix_signal_type = COPI_LOCAL("coppice", cop_unix_signal);

/* ---------------------------------------------------------------------- blocked signals */

void
copi_unixsig_block(copi_unixsig *self, const cop_node_opts *opts)
{
    sigset_t wanted;

    sigemptyset(&self->served);
    if (opts->unix_signals) {
        sigaddset(&self->served, SIGINT);
        sigaddset(&self->served, SIGTERM);
    }
    if (opts->tree_signal > 0)
        sigaddset(&self->served, opts->tree_signal);
    wanted = self->served;
    sigaddset(&wanted, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &wanted, &self->before);
}

void
copi_unixsig_started(const copi_unixsig *self)
{
    sigset_t wanted;

    sigorset(&wanted, &self->before, &self->served);
    pthread_sigmask(SIG_SETMASK, &wanted, NULL);
}

bool
copi_unixsig_is_bad(int tree_signal)
{
    sigset_t set;

    sigemptyset(&set);
    if (tree_signal == 0 || tree_signal == -1)
        return false;
    return tree_signal == SIGKILL || tree_signal == SIGSTOP ||
           sigaddset(&set, tree_signal) != 0;
}

int
copi_unixsig_for_tree(void)
{
    struct sigaction now;
    sigset_t blocked;

    if (sigaction(SIGUSR1, NULL, &now) != 0 || (now.sa_flags & SA_SIGINFO) != 0 ||
        now.sa_handler != SIG_DFL)
        return 0;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    return sigismember(&blocked, SIGUSR1) ? 0 : SIGUSR1;
}

void
copi_unixsig_restore(const copi_unixsig *self)
{
    pthread_sigmask(SIG_SETMASK, &self->before, NULL);
}

/* COP_E_INVAL if one of them is no signal that can be caught. */
static cop_err
make_set(const int *signals, size_t count, sigset_t *out)
{
    sigemptyset(out);
    for (size_t i = 0; i < count; i++)
        if (signals[i] == SIGKILL || signals[i] == SIGSTOP || sigaddset(out, signals[i]) != 0)
            return COP_E_INVAL;
    return COP_OK;
}

cop_err
cop_unix_block(const int *signals, size_t count)
{
    sigset_t wanted;

    COP_TRY(make_set(signals, count, &wanted));
    return pthread_sigmask(SIG_BLOCK, &wanted, NULL) == 0 ? COP_OK : COP_E_INVAL;
}

/* --------------------------------------------------------------------------- the reader */

typedef struct reader {
    bool is_open;
    int fd;
} reader;

static cop_err
reader_init(cop_actor *me, void *state, const void *arg)
{
    reader *st = state;
    cop_watch watch;

    st->fd = signalfd(-1, arg, SFD_NONBLOCK | SFD_CLOEXEC);
    if (st->fd < 0 || copi_fd_raise(&st->fd) != COP_OK)
        return COP_E_OS;
    st->is_open = true;
    return cop_watch_open(me, st->fd, COP_READABLE, &watch);
}

static void
reader_dispose(void *state)
{
    reader *st = state;

    if (st->is_open)
        copi_fd_close(&st->fd);
}

COP_HANDLER(reader, cop_ready)
{
    struct signalfd_siginfo got;

    while (read(st->fd, &got, sizeof got) == (ssize_t)sizeof got)
        cop_cast(me, cop_owner(me), cop_unix_signal, .signo = (int)got.ssi_signo,
                 .sender = (int32_t)got.ssi_pid);
    return COP_OK;
}

static const cop_behaviour reader_behaviour = {
    .name = "unix_signals",
    .state_size = sizeof(reader),
    .init = reader_init,
    .dispose = reader_dispose,
    .handlers = COP_HANDLERS(COP_ON(reader, cop_ready)),
};

static bool
are_blocked(const int *signals, size_t count)
{
    sigset_t blocked;

    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    for (size_t i = 0; i < count; i++)
        if (!sigismember(&blocked, signals[i]))
            return false;
    return true;
}

cop_err
cop_unix_signals(cop_actor *me, const int *signals, size_t count)
{
    sigset_t wanted;

    COP_TRY(make_set(signals, count, &wanted));
    if (me->worker->base == NULL)
        return COP_E_SIMULATED;
    if (!are_blocked(signals, count))
        return COP_E_INVAL;
    return cop_spawn(me, &reader_behaviour, &(cop_spawn_opts){.arg = &wanted}, NULL);
}

/* -------------------------------------------------------------------- a node's service */

static cop_err
tree_init(cop_actor *me, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    return cop_unix_signals(me, &me->node->opts.tree_signal, 1);
}

static cop_err
tree_on_signal(cop_actor *me, void *state, const void *message)
{
    (void)state;
    (void)message;
    copi_snapshot_log(me);
    return COP_OK;
}

const cop_behaviour copi_tree_service = {
    .name = "unix_signals",
    .init = tree_init,
    .handlers = COP_HANDLERS({&cop_unix_signal_type, tree_on_signal}),
};
