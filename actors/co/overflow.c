/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* MAP_STACK */

#include "co/overflow.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

enum {
    /* Of the stack for signals, besides what the kernel saves there: a handler that was there
     * before ours may be one that prints a backtrace. */
    ROOM = 64 * 1024,
};

_Thread_local copi_footing copi_footing_here;

/* Written once, by install. */
static struct sigaction segv_before, bus_before;
static pthread_key_t signal_stacks; /* that are to be freed with their threads */
static bool has_signal_stacks;

/* ------------------------------------------------------------------ in the signal handler
 *
 * Nothing here locks, allocates or waits.
 */

typedef struct text {
    char bytes[400];
    size_t length;
} text;

static void
append(text *self, const char *more)
{
    size_t length = strlen(more), left = sizeof self->bytes - self->length;

    if (length > left)
        length = left;
    memcpy(self->bytes + self->length, more, length);
    self->length += length;
}

static void
append_number(text *self, uint32_t number)
{
    char digits[11], *at = digits + sizeof digits - 1;

    *at = '\0';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    append(self, at);
}

static void
tell(const copi_stack *stack)
{
    text line = {.length = 0};
    char room[256];

    append(&line, "coppice: stack overflow in ");
    append(&line,
           stack->name != NULL ? stack->name(stack->who, room, sizeof room) : "a coroutine");
    append(&line, " (");
    append_number(&line, stack->size / 1024);
    append(&line, " KiB; see cop_behaviour.stack_size)\n");
    /* There is nobody to tell that it could not be told. */
    if (write(STDERR_FILENO, line.bytes, line.length) < 0)
        return;
}

/* The signal comes again when its handler is left, and this time it is the end. */
static void
die(int signal, const siginfo_t *info)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};

    sigemptyset(&usual.sa_mask);
    sigaction(signal, &usual, NULL);
    /* If somebody sent it, there is nothing to fail again. */
    if (info->si_code <= 0)
        raise(signal);
}

static void
pass_on(int signal, siginfo_t *info, void *context)
{
    const struct sigaction *before = signal == SIGBUS ? &bus_before : &segv_before;

    if ((before->sa_flags & SA_SIGINFO) != 0)
        before->sa_sigaction(signal, info, context);
    else if (before->sa_handler == SIG_IGN && info->si_code <= 0)
        return;
    else if (before->sa_handler == SIG_DFL || before->sa_handler == SIG_IGN)
        die(signal, info);
    else
        before->sa_handler(signal);
}

static bool
is_overflow(const copi_stack *stack, const siginfo_t *info)
{
    const char *at = info->si_addr;

    return stack != NULL && info->si_code > 0 && at < stack->low &&
           at >= stack->low - COPI_STACK_GUARD;
}

static void
on_fault(int signal, siginfo_t *info, void *context)
{
    int before = errno;
    const copi_stack *stack = copi_footing_here.stack;

    if (is_overflow(stack, info)) {
        tell(stack);
        die(signal, info);
    } else {
        pass_on(signal, info, context);
    }
    errno = before;
}

/* ---------------------------------------------------------------------------- otherwise */

static size_t
signal_stack_size(void)
{
    return ROOM + getauxval(AT_MINSIGSTKSZ);
}

/* The thread ends. */
static void
free_signal_stack(void *bytes)
{
    stack_t now, none = {.ss_flags = SS_DISABLE};

    if (sigaltstack(NULL, &now) == 0 && now.ss_sp == bytes)
        sigaltstack(&none, NULL);
    munmap(bytes, signal_stack_size());
    /* Another destructor may enter a context yet, if in vain. */
    copi_footing_here.is_ready = false;
}

static void
install(void)
{
    struct sigaction ours = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    sigemptyset(&ours.sa_mask);
    has_signal_stacks = pthread_key_create(&signal_stacks, free_signal_stack) == 0;
    /* What was there is known before ours can be called. */
    sigaction(SIGSEGV, NULL, &segv_before);
    sigaction(SIGBUS, NULL, &bus_before);
    sigaction(SIGSEGV, &ours, NULL);
    sigaction(SIGBUS, &ours, NULL);
}

void
copi_overflow_prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, install);
}

COPI_COLD void
copi_overflow_ready(void)
{
    stack_t now, ours = {.ss_size = signal_stack_size()};

    copi_footing_here.is_ready = true;
    if (!has_signal_stacks || sigaltstack(NULL, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0)
        return;
    ours.ss_sp = mmap(NULL, ours.ss_size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (ours.ss_sp == MAP_FAILED)
        return;
    if (pthread_setspecific(signal_stacks, ours.ss_sp) != 0 || sigaltstack(&ours, NULL) != 0)
        munmap(ours.ss_sp, ours.ss_size);
}
