/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* pthread_sigqueue, sem_clockwait */

#include "debug/capture.h"

#include <errno.h>
#include <execinfo.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "core/dispatch.h"
#include "debug/debug.h"

enum {
    FREE,
    ASKED,
    FILLED,
    MISSED,
};

enum {
    PATIENCE_S = 1 /* for a thread that runs, but takes its time to take a signal */
};

/* ------------------------------------------------------------------ in the signal handler
 *
 * Nothing here locks, allocates or waits.  strlen and memcpy are safe in a signal handler,
 * and so is sem_post.  backtrace is not on the list of POSIX, but does the same as any
 * unwinder: it reads the stack and the tables that the loader has mapped; what it loads
 * when it is first called, copi_capture_prepare has made it load.
 */

static void
copy_text(char *to, size_t size, const char *text)
{
    size_t length = strlen(text);

    if (length >= size)
        length = size - 1;
    memcpy(to, text, length);
    to[length] = '\0';
}

static const char *
without_message(const cop_actor *actor)
{
    if (actor->phase == COPI_STARTING)
        return "init";
    return copi_has_turns(actor) ? "a signal" : "its end";
}

/* What is being handled there.  Of what may be gone by now only the name is known. */
static void
fill_in_message(copi_capture *self, const cop_actor *actor)
{
    const copi_envelope *current = actor->current;
    const char *name;

    self->from = COP_PID_NONE;
    if (current == NULL) {
        name = without_message(actor);
    } else if (current == actor->worker->part) {
        name = actor->worker->part_name;
    } else {
        name = copi_message_name(actor->behaviour, current);
        self->from = current->from;
    }
    copy_text(self->message, sizeof self->message, name);
}

static uintptr_t
interrupted_at(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)context->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

static void
fill_in_stack(copi_capture *self, const ucontext_t *context)
{
    uintptr_t top = interrupted_at(context);

    self->first = 0;
    self->depth = (size_t)backtrace(self->stack, COPI_STACK_MAX);
    for (size_t i = 0; i < self->depth; i++)
        if ((uintptr_t)self->stack[i] == top)
            self->first = i;
}

static void
fill_in(copi_capture *self, cop_actor *actor, const ucontext_t *context)
{
    const char *behaviour = actor->behaviour->name;
    char path[sizeof self->path];

    self->who = copi_pid_of(actor);
    copy_text(self->path, sizeof self->path, copi_path_write(actor, path, sizeof path));
    copy_text(self->behaviour, sizeof self->behaviour, behaviour != NULL ? behaviour : "actor");
    fill_in_message(self, actor);
    self->waiting = copi_waiting(actor, actor->current);
    self->policy =
        actor->on_stuck == COP_STUCK_ABORT ? COP_STUCK_ABORT : actor->behaviour->on_stuck;
    fill_in_stack(self, context);
}

static void
on_signal(int signal, siginfo_t *info, void *context)
{
    copi_capture *self = info->si_value.sival_ptr;
    int before = errno, state = MISSED;

    (void)signal;
    /* Only pthread_sigqueue of this process brings a pointer. */
    if (info->si_code != SI_QUEUE || info->si_pid != getpid() || self == NULL ||
        atomic_load_explicit(&self->state, memory_order_acquire) != ASKED)
        return;
    cop_actor *actor = atomic_load_explicit(&self->worker->current, memory_order_relaxed);
    if (actor != NULL && copi_moment_equal(self->at, copi_moment_of(self->worker))) {
        fill_in(self, actor, context);
        state = FILLED;
    }
    atomic_store_explicit(&self->state, state, memory_order_release);
    sem_post(&self->done);
    errno = before;
}

/* -------------------------------------------------------------------------- who asks */

static bool
is_ours(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) != 0 && action->sa_sigaction == on_signal;
}

/* Dispositions belong to the whole process, so this one stays: another node may use it, and a
 * signal may still be on its way. */
int
copi_capture_prepare(void)
{
    struct sigaction ours = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    void *frame[1];

    (void)backtrace(frame, 1); /* which loads what it needs */
    sigemptyset(&ours.sa_mask);
    for (int signal = SIGRTMAX - 1; signal > SIGRTMIN; signal--) {
        struct sigaction now;
        if (sigaction(signal, NULL, &now) != 0)
            continue;
        if (is_ours(&now))
            return signal;
        if ((now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL)
            return sigaction(signal, &ours, NULL) == 0 ? signal : 0;
    }
    return 0;
}

bool
copi_capture_init(copi_capture *self)
{
    atomic_init(&self->state, FREE);
    return sem_init(&self->done, 0, 0) == 0;
}

void
copi_capture_fini(copi_capture *self)
{
    sem_destroy(&self->done);
}

static bool
await(copi_capture *self)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += PATIENCE_S;
    while (sem_clockwait(&self->done, CLOCK_MONOTONIC, &until) != 0)
        if (errno != EINTR)
            return false;
    return true;
}

/* Is it nobody else's?  One that was asked in vain may be answered after all. */
static bool
is_free(copi_capture *self)
{
    if (atomic_load_explicit(&self->state, memory_order_acquire) == FREE)
        return true;
    if (sem_trywait(&self->done) != 0)
        return false;
    atomic_store_explicit(&self->state, FREE, memory_order_relaxed);
    return true;
}

copi_captured
copi_capture_take(copi_capture *self, int signal, copi_worker *worker, copi_moment at)
{
    if (signal == 0 || !is_free(self))
        return COPI_CAPTURE_SILENT;
    self->worker = worker;
    self->at = at;
    atomic_store_explicit(&self->state, ASKED, memory_order_release);
    if (pthread_sigqueue(worker->thread, signal, (union sigval){.sival_ptr = self}) != 0) {
        atomic_store_explicit(&self->state, FREE, memory_order_relaxed);
        return COPI_CAPTURE_SILENT;
    }
    if (!await(self))
        return COPI_CAPTURE_SILENT;
    int state = atomic_exchange_explicit(&self->state, FREE, memory_order_acquire);
    return state == FILLED ? COPI_CAPTURED : COPI_CAPTURE_MISSED;
}
