/* SPDX-License-Identifier: Apache-2.0 */
/*
 * co_overflow_test.c - what a process says that dies of a full stack, and of other faults.
 *
 * Each case is a process of its own: this program, with the name of a role.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "co/stacks.h"
#include "co/switch.h"

enum {
    HANDLED = 42, /* the exit status of a handler that was there before */
    SURVIVED = 43,
    BROKEN = 44,
};

extern char **environ;

/* --------------------------------------------------------------------------- in the child */

static copi_stacks stacks;
static copi_stack_cache cache;
static copi_guard guard;

/* For ever, as far as a compiler can tell not. */
static volatile int depth_most = -1;

static int
dig(int depth)
{
    volatile char room[512];

    room[depth % 512] = 1;
    if (depth == depth_most)
        return 0;
    return dig(depth + 1) + room[depth % 512];
}

/* Deeper and deeper. */
static void
overflow(void *arg)
{
    (void)arg;
    exit(dig(0) == 0 ? BROKEN : SURVIVED);
}

static void
touch_nothing(void *arg)
{
    (void)arg;
    volatile uintptr_t nowhere = 64; /* which the compiler is not to know */
    *(volatile char *)nowhere = 1;
    exit(SURVIVED);
}

static void
do_nothing(void *arg)
{
    (void)arg;
}

static const char *
write_path(const void *who, char *room, size_t size)
{
    snprintf(room, size, "app/%s", (const char *)who);
    return room;
}

static void
run(void (*entry)(void *arg), size_t size, const char *who)
{
    copi_context context;
    copi_stack *stack = NULL;

    stacks.quarry.guard = guard;
    if (copi_stack_take(&cache, size, &stack) != COP_OK)
        exit(BROKEN);
    stack->name = who == NULL ? NULL : write_path;
    stack->who = who;
    copi_context_make(&context, stack, entry, NULL);
    (void)copi_context_enter(&context);
    copi_stack_give(&cache, &stack);
}

static void
end_handled(int number)
{
    (void)number;
    _exit(HANDLED);
}

static void
set_before(void (*handler)(int number))
{
    struct sigaction action = {.sa_handler = handler};

    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, NULL);
}

static void
play_overflow(void)
{
    run(overflow, 0, "worker");
}

static void
play_nameless(void)
{
    run(overflow, 1024 * 1024, NULL);
}

static void
play_mapping(void)
{
    guard = COPI_GUARD_MAPPING;
    play_overflow();
}

static void *
in_thread(void *arg)
{
    /* Neither stack is the first that the thread runs on. */
    run(do_nothing, 0, "before");
    run(overflow, 0, arg);
    return NULL;
}

static void
play_thread(void)
{
    pthread_t thread;

    run(do_nothing, 0, "main");
    if (pthread_create(&thread, NULL, in_thread, "thread") == 0)
        pthread_join(thread, NULL);
}

static void
play_fault_inside(void)
{
    set_before(SIG_DFL);
    run(touch_nothing, 0, "worker");
}

static void
play_fault_outside(void)
{
    set_before(SIG_DFL);
    run(do_nothing, 0, "worker");
    touch_nothing(NULL);
}

static void
play_handled(void)
{
    set_before(end_handled);
    run(touch_nothing, 0, "worker");
}

static void
play_overflow_with_handler(void)
{
    set_before(end_handled);
    run(overflow, 0, "worker");
}

static void
play_sent(void)
{
    set_before(SIG_DFL);
    run(do_nothing, 0, "worker");
    kill(getpid(), SIGSEGV);
}

static void
play_ignored(void)
{
    set_before(SIG_IGN);
    run(do_nothing, 0, "worker");
    kill(getpid(), SIGSEGV);
}

static const struct {
    const char *name;
    void (*play)(void);
} roles[] = {
    {"overflow",              play_overflow             },
    {"nameless",              play_nameless             },
    {"mapping",               play_mapping              },
    {"thread",                play_thread               },
    {"fault_inside",          play_fault_inside         },
    {"fault_outside",         play_fault_outside        },
    {"handled",               play_handled              },
    {"overflow_with_handler", play_overflow_with_handler},
    {"sent",                  play_sent                 },
    {"ignored",               play_ignored              },
};

static int
play_role(const char *name)
{
    copi_stacks_init(&stacks);
    copi_stack_cache_init(&cache, &stacks);
    for (size_t i = 0; i < COP_COUNT(roles); i++)
        if (strcmp(roles[i].name, name) == 0) {
            roles[i].play();
            return SURVIVED;
        }
    return BROKEN;
}

/* -------------------------------------------------------------------------- in the parent */

typedef struct ending {
    int status;
    char said[1000];
} ending;

static void
read_all(int fd, char *room, size_t size)
{
    size_t length = 0;
    ssize_t got;

    while (length < size - 1 && (got = read(fd, room + length, size - 1 - length)) > 0)
        length += (size_t)got;
    room[length] = '\0';
}

static ending
ending_of(const char *role)
{
    ending out;
    int ends[2];
    pid_t pid;
    posix_spawn_file_actions_t actions;
    char *argv[] = {"co_overflow_test", (char *)role, NULL};

    assert_int_equal(pipe(ends), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    assert_int_equal(posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    read_all(ends[0], out.said, sizeof out.said);
    close(ends[0]);
    assert_int_equal(waitpid(pid, &out.status, 0), pid);
    return out;
}

static void
assert_dies(const char *role, const char *saying)
{
    ending end = ending_of(role);

    assert_string_equal(end.said, saying);
    assert_true(WIFSIGNALED(end.status));
    assert_int_equal(WTERMSIG(end.status), SIGSEGV);
}

static void
assert_exits(const char *role, int status)
{
    ending end = ending_of(role);

    assert_string_equal(end.said, "");
    assert_true(WIFEXITED(end.status));
    assert_int_equal(WEXITSTATUS(end.status), status);
}

static void
an_overflow_is_named_and_deadly(void **state)
{
    (void)state;
    assert_dies("overflow", "coppice: stack overflow in app/worker (64 KiB; see "
                            "cop_behaviour.stack_size)\n");
}

static void
a_stack_need_not_have_a_name(void **state)
{
    (void)state;
    assert_dies("nameless", "coppice: stack overflow in a coroutine (1024 KiB; see "
                            "cop_behaviour.stack_size)\n");
}

static void
a_guard_of_an_older_kernel_is_one_too(void **state)
{
    (void)state;
    assert_dies("mapping", "coppice: stack overflow in app/worker (64 KiB; see "
                           "cop_behaviour.stack_size)\n");
}

static void
an_overflow_on_any_thread_is_named(void **state)
{
    (void)state;
    assert_dies("thread", "coppice: stack overflow in app/thread (64 KiB; see "
                          "cop_behaviour.stack_size)\n");
}

static void
another_fault_is_no_overflow(void **state)
{
    (void)state;
    assert_dies("fault_inside", "");
    assert_dies("fault_outside", "");
}

static void
another_fault_is_for_the_handler_before(void **state)
{
    (void)state;
    assert_exits("handled", HANDLED);
}

static void
an_overflow_is_not(void **state)
{
    (void)state;
    assert_dies("overflow_with_handler", "coppice: stack overflow in app/worker (64 KiB; see "
                                         "cop_behaviour.stack_size)\n");
}

static void
a_signal_that_was_sent_does_what_it_did(void **state)
{
    (void)state;
    assert_dies("sent", "");
    assert_exits("ignored", SURVIVED);
}

int
main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_overflow_is_named_and_deadly),
        cmocka_unit_test(a_stack_need_not_have_a_name),
        cmocka_unit_test(a_guard_of_an_older_kernel_is_one_too),
        cmocka_unit_test(an_overflow_on_any_thread_is_named),
        cmocka_unit_test(another_fault_is_no_overflow),
        cmocka_unit_test(another_fault_is_for_the_handler_before),
        cmocka_unit_test(an_overflow_is_not),
        cmocka_unit_test(a_signal_that_was_sent_does_what_it_did),
    };

    if (argc > 1)
        return play_role(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
