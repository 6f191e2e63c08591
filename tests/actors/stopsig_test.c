/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stopsig_test.c - whole programs, with actors and processes, that get SIGTERM or SIGINT.
 */
#define _GNU_SOURCE /* ptsname_r */
#include "role.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>

#include <coppice/process.h>
#include <coppice/supervisor.h>
#include <coppice/timer.h>

#include "instants.h"

/* ------------------------------------------------------------------------------- roles */

typedef struct churn {
    char unused;
} churn;

static const cop_type churn_type = {
    .protocol = "test", .name = "churn", .size = sizeof(churn), .flat = true};

/* Takes a moment to end when it is told to. */
static cop_err
slow_on_stopping(cop_actor *me, void *state, const void *message)
{
    (void)state;
    (void)message;
    return cop_send_after(me, 2, NULL, churn);
}

static cop_err
slow_on_churn(cop_actor *me, void *state, const void *message)
{
    (void)state;
    (void)message;
    return cop_stop(me);
}

static const cop_behaviour slow = {
    .name = "slow",
    .handlers =
        COP_HANDLERS({&cop_stopping_type, slow_on_stopping}, {&churn_type, slow_on_churn}),
};

/* Two levels of actors and a process, and always somebody who comes and goes. */
static const char *const patient[] = {"sh", "-c",
                                      "trap 'exit 0' TERM; while :; do sleep 0.01; done", NULL};

static cop_err
spawn_process(cop_actor *me, const char *const *argv)
{
    return cop_spawn(me, &cop_process,
                     &(cop_spawn_opts){.arg = &(cop_process_spec){.argv = argv}}, NULL);
}

static cop_err
branch_init(cop_actor *me, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    COP_TRY(cop_spawn(me, &slow, NULL, NULL));
    return spawn_process(me, patient);
}

static const cop_behaviour branch = {.name = "branch", .init = branch_init};

static cop_err
trunk_init(cop_actor *me, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    role_tell("up ");
    for (int i = 0; i < 2; i++)
        COP_TRY(cop_spawn(me, &branch, NULL, NULL));
    return cop_send_every(me, 1, NULL, churn);
}

static cop_err
trunk_on_churn(cop_actor *me, void *state, const void *message)
{
    static const char *const brief[] = {"true", NULL};
    cop_pid child;

    (void)state;
    (void)message;
    COP_TRY(spawn_process(me, brief));
    COP_TRY(cop_spawn(me, &slow, NULL, &child));
    return cop_stop_child(me, child);
}

static void
trunk_terminate(cop_actor *me, void *state, const cop_exit *why)
{
    char text[64];

    (void)me;
    (void)state;
    snprintf(text, sizeof text, "end:%s:%d:%s ", cop_exit_kind_name(why->kind), why->code,
             why->text);
    role_tell(text);
}

static const cop_behaviour trunk = {
    .name = "trunk",
    .init = trunk_init,
    .terminate = trunk_terminate,
    .handlers = COP_HANDLERS({&churn_type, trunk_on_churn}),
};

static int
tree_role(void)
{
    return cop_run(&trunk, &(cop_node_opts){.workers = 2});
}

static int
supervised_role(void)
{
    static const cop_behaviour marker = {
        .name = "marker", .init = trunk_init, .terminate = trunk_terminate};
    static cop_process_spec spec = {.argv = patient};
    static const cop_child inner[] = {
        {.name = "process", .run = &cop_process, .arg = &spec},
        {.name = "slow",     .run = &slow},
        {0   }
    };
    static const cop_child outer[] = {
        {.name = "marker",          .run = &marker, .restart = COP_TEMPORARY},
        {.name = "inner", .sup = inner},
        {.name = "branch",           .run = &branch},
        {0                        }
    };
    static const cop_child root = {.name = "app", .sup = outer};

    return cop_supervisor_run(&root, &(cop_node_opts){.workers = 2});
}

/* With a worker that never comes back, and a child of a child that does not end either. */
static cop_err
lost_on_churn(cop_actor *me, void *state, const void *message)
{
    (void)me;
    (void)state;
    (void)message;
    while (pause() != 0)
        continue;
    return COP_OK;
}

static cop_err
lost_init(cop_actor *me, void *state, const void *arg)
{
    static const char *const argv[] = {
        "sh", "-c", "trap '' TERM INT; (while :; do sleep 0.01; done) & echo ready; wait",
        NULL};

    (void)state;
    (void)arg;
    COP_TRY(spawn_process(me, argv));
    return cop_send(me, cop_self(me), churn);
}

static const cop_behaviour lost = {
    .name = "lost",
    .init = lost_init,
    .handlers = COP_HANDLERS({&churn_type, lost_on_churn}),
};

static int
lost_role(void)
{
    return cop_run(&lost, &(cop_node_opts){.workers = 1});
}

static cop_err
terminal_init(cop_actor *me, void *state, const void *arg)
{
    static const char *const argv[] = {
        "sh", "-c",
        "trap 'echo hit' INT; trap 'echo laddered; exit 0' TERM; echo ready; "
        "while :; do sleep 0.01; done",
        NULL};

    (void)state;
    (void)arg;
    return spawn_process(me, argv);
}

static int
terminal_role(void)
{
    static const cop_behaviour terminal = {.name = "terminal", .init = terminal_init};

    return cop_run(&terminal, &(cop_node_opts){.workers = 1});
}

/* -------------------------------------------------------------------------- any instant */

/* All that is said until nobody is left who could; false if that takes too long. */
static bool
hear_all(const role *who, char *heard, size_t size)
{
    struct pollfd poll_for = {.fd = who->output, .events = POLLIN};
    size_t used = 0;
    ssize_t got;

    do {
        if (used + 1 >= size || poll(&poll_for, 1, STAGE_PATIENCE * 1000) != 1)
            return false;
        got = read(who->output, heard + used, size - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    heard[used] = '\0';
    return true;
}

/* With SIGTERM blocked, which waits until somebody asks for it. */
static role
play_blocked(const char *name)
{
    sigset_t term, before;

    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &term, &before);
    role who = role_play(name, environ, -1);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return who;
}

/* Its status; what was begun was ended in order, and nothing is left. */
static int
ends_in_order(const role *who, const char *words)
{
    char heard[256];

    assert_true(hear_all(who, heard, sizeof heard));
    if (strstr(heard, "up ") != NULL)
        assert_string_equal(heard, words);
    else
        assert_string_equal(heard, "");
    close(who->output);
    int status = role_status(who);
    if (heard[0] != '\0')
        assert_int_equal(status, 143);
    return status;
}

static void
stop_at_any_instant(const char *name, const char *words)
{
    instants at = instants_begin(25, 1000);

    role first = role_play(name, environ, -1);
    assert_true(role_says(&first, "up "));
    at.took = 3 * (copi_clock_ns() - at.began);
    kill(first.pid, SIGTERM);
    assert_true(role_falls_silent(&first));
    assert_int_equal(role_status(&first), 143);
    close(first.output);

    while (instants_next(&at)) {
        bool is_blocked = at.left % 2 == 0;
        role who = is_blocked ? play_blocked(name) : role_play(name, environ, -1);
        instants_wait(&at);
        assert_int_equal(kill(who.pid, SIGTERM), 0);
        int status = ends_in_order(&who, words);
        /* Before anybody blocks it, it does what it does to any program. */
        assert_true(status == 143 || (!is_blocked && status == -SIGTERM));
    }
}

static void
a_program_that_is_stopped_at_any_instant_ends_in_order(void **state)
{
    (void)state;
    stop_at_any_instant("tree", "up end:shutdown:15:SIGTERM ");
}

static void
so_does_one_with_supervisors(void **state)
{
    (void)state;
    /* A supervisor tells its children no more than that, as OTP's. */
    stop_at_any_instant("supervised", "up end:shutdown:0: ");
}

/* ----------------------------------------------------------------------------- the third */

static bool
is_silent(const role *who)
{
    struct pollfd poll_for = {.fd = who->output, .events = POLLIN};

    return poll(&poll_for, 1, 20) == 1 && (poll_for.revents & POLLHUP) != 0;
}

static void
the_third_signal_kills_the_processes_and_leaves(void **state)
{
    (void)state;
    role lost = role_play("lost", environ, -1);
    int sent = 0;

    assert_true(role_says(&lost, "ready"));
    /* Two that come at once may count as one. */
    for (; !is_silent(&lost) && sent < STAGE_PATIENCE * 50; sent++)
        kill(lost.pid, SIGTERM);
    assert_true(sent >= 3);
    assert_true(role_falls_silent(&lost));
    assert_int_equal(role_status(&lost), 143);
    close(lost.output);
}

/* ---------------------------------------------------------------------------- no handler */

/* A line of hexadecimal bits in a status file of /proc. */
static uint64_t
bits_of(const char *path, const char *name)
{
    char line[256];
    uint64_t bits = 0;
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            bits = strtoull(line + strlen(name) + 1, NULL, 16);
    fclose(file);
    return bits;
}

static void
no_signal_that_is_obeyed_has_a_handler_or_a_thread_to_run_it_in(void **state)
{
    (void)state;
    static const int uncaught[] = {SIGINT,  SIGTERM, SIGCHLD, SIGPIPE,
                                   SIGUSR1, SIGHUP,  SIGALRM, SIGIO};
    const uint64_t stops = UINT64_C(1) << (SIGINT - 1) | UINT64_C(1) << (SIGTERM - 1);
    char path[300];
    unsigned threads = 0;

    role who = role_play("terminal", environ, -1);
    assert_true(role_says(&who, "ready"));
    snprintf(path, sizeof path, "/proc/%d/status", (int)who.pid);
    uint64_t caught = bits_of(path, "SigCgt");
    for (size_t i = 0; i < COP_COUNT(uncaught); i++)
        assert_true((caught >> (uncaught[i] - 1) & 1) == 0);

    snprintf(path, sizeof path, "/proc/%d/task", (int)who.pid);
    DIR *tasks = opendir(path);
    assert_non_null(tasks);
    for (const struct dirent *task; (task = readdir(tasks)) != NULL;)
        if (task->d_name[0] != '.') {
            snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)who.pid, task->d_name);
            assert_true((bits_of(path, "SigBlk") & stops) == stops);
            threads++;
        }
    closedir(tasks);
    assert_true(threads >= 3);
    kill(who.pid, SIGTERM);
    assert_true(role_falls_silent(&who));
    assert_int_equal(role_status(&who), 143);
    close(who.output);
}

/* --------------------------------------------------------------------------- a terminal */

/* The master's side of a new terminal, and the path of the other. */
static int
open_terminal(char *path, size_t size)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    assert_true(master >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    assert_int_equal(ptsname_r(master, path, size), 0);
    return master;
}

/* The role, in the foreground of that terminal. */
static role
play_in_terminal(const char *name, const char *path)
{
    int ends[2];
    char self[4096] = "";
    char *const argv[] = {self, (char *)(uintptr_t)name, NULL};

    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        setsid();
        int terminal = open(path, O_RDWR);
        if (terminal < 0 || ioctl(terminal, TIOCSCTTY, 0) != 0 ||
            dup2(terminal, STDIN_FILENO) < 0 || dup2(ends[1], STDOUT_FILENO) < 0)
            _exit(126);
        execve(self, argv, environ);
        _exit(127);
    }
    close(ends[1]);
    return (role){pid, ends[0]};
}

static void
a_terminals_interrupt_reaches_children_as_a_stop(void **state)
{
    (void)state;
    char path[64], heard[256];
    int master = open_terminal(path, sizeof path);

    role who = play_in_terminal("terminal", path);
    assert_true(role_says(&who, "ready\n"));
    assert_int_equal(write(master, "\003", 1), 1);
    assert_true(hear_all(&who, heard, sizeof heard));
    assert_string_equal(heard, "laddered\n");
    assert_int_equal(role_status(&who), 130);
    close(who.output);
    close(master);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_that_is_stopped_at_any_instant_ends_in_order),
        cmocka_unit_test(so_does_one_with_supervisors),
        cmocka_unit_test(the_third_signal_kills_the_processes_and_leaves),
        cmocka_unit_test(no_signal_that_is_obeyed_has_a_handler_or_a_thread_to_run_it_in),
        cmocka_unit_test(a_terminals_interrupt_reaches_children_as_a_stop),
    };

    if (argc > 1)
        return strcmp(argv[1], "tree") == 0         ? tree_role()
               : strcmp(argv[1], "supervised") == 0 ? supervised_role()
               : strcmp(argv[1], "lost") == 0       ? lost_role()
                                                    : terminal_role();
    return cmocka_run_group_tests_name("stopsig", tests, NULL, NULL);
}
