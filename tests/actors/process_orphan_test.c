/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_orphan_test.c - what becomes of children whose parent is killed.
 *
 * The parent is this program once more, in another role.
 */
#define _GNU_SOURCE
#include "role.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <coppice/process.h>
#include <coppice/supervisor.h>

#include "instants.h"
#include "process/environment.h"
#include "process/lifeline.h"

/* A node with one process, which says that it is there. */
static cop_err
parent_init(cop_actor *me, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    static const char *const argv[] = {
        "sh", "-c", "trap '' TERM INT HUP; echo ready; exec sleep 1000", NULL};

    return cop_spawn(me, &cop_process,
                     &(cop_spawn_opts){.arg = &(cop_process_spec){.argv = argv}}, NULL);
}

static int
parent_role(void)
{
    static const cop_behaviour parent = {.name = "parent", .init = parent_init};

    return cop_run(&parent, &(cop_node_opts){.workers = 2});
}

static void
a_child_does_not_outlive_a_parent_that_is_killed(void **state)
{
    (void)state;
    role parent = role_play("parent", environ, -1);

    assert_true(role_says(&parent, "ready"));
    assert_int_equal(kill(parent.pid, SIGKILL), 0);
    assert_int_equal(role_status(&parent), -SIGKILL);
    /* The child has the same output open, as long as it lives. */
    assert_true(role_falls_silent(&parent));
    close(parent.output);
}

/* ------------------------------------------------------------------------ a family of five */

enum {
    FIVE = 5
};

/* None of them would end by itself, nor when it is asked to. */
static const char *const fives[FIVE][4] = {
    {"sh", "-c", "trap '' TERM INT HUP; echo ready $$; exec sleep 1000",        NULL},
    {"sh", "-c", "trap '' TERM INT HUP; echo ready $$; exec tail -f /dev/null", NULL},
    {"sh", "-c", "echo ready $$; kill -STOP $$",                                NULL},
    {"sh", "-c", "echo ready $$; exec cat >/dev/null",                          NULL},
    {"sh", "-c", "echo ready $$; exec yes >/dev/null",                          NULL},
};

static int
five_role(void)
{
    static const char *const names[FIVE] = {"one", "two", "three", "four", "five"};
    static cop_process_spec specs[FIVE];
    static cop_child rows[FIVE + 1];
    static const cop_child root = {.name = "family", .sup = rows};

    for (int i = 0; i < FIVE; i++) {
        specs[i] = (cop_process_spec){.argv = fives[i]};
        specs[i].input = i == 3 ? COP_STDIO_BYTES : COP_STDIO_DEFAULT;
        rows[i] = (cop_child){.name = names[i], .run = &cop_process, .arg = &specs[i]};
    }
    return cop_supervisor_run(&root, NULL);
}

/* The process that says "ready N" next, as a pidfd. */
static int
next_ready(const role *who)
{
    char line[64] = "";
    size_t used = 0;
    int number = 0;

    while (used + 1 < sizeof line && (used == 0 || line[used - 1] != '\n'))
        if (poll(&(struct pollfd){.fd = who->output, .events = POLLIN}, 1,
                 STAGE_PATIENCE * 1000) != 1 ||
            read(who->output, line + used++, 1) != 1)
            return -1;
    return sscanf(line, "ready %d", &number) == 1 ? pidfd_open(number, 0) : -1;
}

static void
none_of_five_children_outlives_a_supervisor_that_is_killed(void **state)
{
    (void)state;
    role parent = role_play("five", environ, -1);
    int pidfds[FIVE];

    for (int i = 0; i < FIVE; i++) {
        pidfds[i] = next_ready(&parent);
        assert_true(pidfds[i] >= 0);
    }
    assert_int_equal(kill(parent.pid, SIGKILL), 0);
    for (int i = 0; i < FIVE; i++) {
        struct pollfd its_end = {.fd = pidfds[i], .events = POLLIN};
        assert_int_equal(poll(&its_end, 1, 30 * 1000), 1);
        close(pidfds[i]);
    }
    assert_int_equal(role_status(&parent), -SIGKILL);
    assert_true(role_falls_silent(&parent));
    close(parent.output);
}

/* Also of one that is just being started. */
static void
none_outlives_a_parent_that_is_killed_at_any_instant(void **state)
{
    (void)state;
    instants at = instants_begin(20, 300);

    role first = role_play("five", environ, -1);
    for (int i = 0; i < FIVE; i++)
        close(next_ready(&first));
    instants_measured(&at);
    kill(first.pid, SIGKILL);
    assert_true(role_falls_silent(&first));
    role_status(&first);
    close(first.output);
    while (instants_next(&at)) {
        role parent = role_play("five", environ, -1);
        instants_wait(&at);
        assert_int_equal(kill(parent.pid, SIGKILL), 0);
        assert_int_equal(role_status(&parent), -SIGKILL);
        assert_true(role_falls_silent(&parent));
        close(parent.output);
    }
}

typedef struct starter {
    cop_node *node;
    pid_t thread;
} starter;

static void *
start_parent(void *ctx)
{
    static const cop_behaviour parent = {.name = "parent", .init = parent_init};
    starter *self = ctx;

    self->thread = gettid();
    if (cop_node_new(&self->node, &(cop_node_opts){.workers = 2}) != COP_OK ||
        cop_node_start(self->node, &parent, NULL, NULL) != COP_OK)
        _exit(98);
    return NULL;
}

/* The parent-death signal is about threads: who starts the node is not who must live. */
static int
delegating_role(void)
{
    starter self;
    pthread_t thread;
    sigset_t wanted;
    int signo;

    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &wanted, NULL);
    if (pthread_create(&thread, NULL, start_parent, &self) != 0)
        return 98;
    pthread_join(thread, NULL);
    while (tgkill(getpid(), self.thread, 0) == 0)
        sched_yield();
    role_tell("go on ");
    sigwait(&wanted, &signo);
    int child = waitpid(-1, NULL, WNOHANG);
    cop_node_free(&self.node);
    return child == 0 ? 7 : 8;
}

static void
a_child_outlives_the_thread_that_started_the_node(void **state)
{
    (void)state;
    role node = role_play("delegating", environ, -1);

    assert_true(role_says(&node, "go on"));
    assert_int_equal(kill(node.pid, SIGUSR1), 0);
    assert_true(role_falls_silent(&node));
    assert_int_equal(role_status(&node), 7);
    close(node.output);
}

static cop_err
lonely_init(cop_actor *me, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    (void)me;
    role_tell("ready\n");
    return COP_OK;
}

static int
lonely_role(void)
{
    static const cop_behaviour lonely = {.name = "lonely", .init = lonely_init};

    return cop_run(&lonely, &(cop_node_opts){.workers = 1});
}

static void
a_node_whose_lifeline_is_cut_exits_at_once(void **state)
{
    (void)state;
    char entry[COPI_LIFELINE_TEXT];
    int read_end, write_end;

    assert_int_equal(copi_lifeline_open(&read_end, &write_end, entry), COP_OK);
    char **envp = copi_environment(NULL, entry);
    role node = role_play("lonely", envp, read_end);
    close(read_end);
    free(envp);
    assert_true(role_says(&node, "ready"));
    close(write_end);
    assert_true(role_falls_silent(&node));
    assert_int_equal(role_status(&node), COPI_ORPHAN_STATUS);
    close(node.output);
}

static void
a_lifeline_that_is_none_is_not_believed(void **state)
{
    (void)state;
    char text[64];
    int ends[2];

    unsetenv("COPPICE_LIFELINE");
    assert_int_equal(copi_lifeline_fd(), -1);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    snprintf(text, sizeof text, "%d:1", ends[0]);
    static const char *const lies[] = {"", "x", "99", "99:1", "0:1", "-1:-1", "3:4:5", "3:4 "};
    for (size_t i = 0; i < COP_COUNT(lies); i++) {
        setenv("COPPICE_LIFELINE", lies[i], 1);
        assert_int_equal(copi_lifeline_fd(), -1);
    }
    setenv("COPPICE_LIFELINE", text, 1);
    assert_int_equal(copi_lifeline_fd(), -1);
    unsetenv("COPPICE_LIFELINE");
    close(ends[0]);
    close(ends[1]);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_does_not_outlive_a_parent_that_is_killed),
        cmocka_unit_test(none_of_five_children_outlives_a_supervisor_that_is_killed),
        cmocka_unit_test(none_outlives_a_parent_that_is_killed_at_any_instant),
        cmocka_unit_test(a_child_outlives_the_thread_that_started_the_node),
        cmocka_unit_test(a_node_whose_lifeline_is_cut_exits_at_once),
        cmocka_unit_test(a_lifeline_that_is_none_is_not_believed),
    };

    if (argc > 1)
        return strcmp(argv[1], "parent") == 0       ? parent_role()
               : strcmp(argv[1], "five") == 0       ? five_role()
               : strcmp(argv[1], "delegating") == 0 ? delegating_role()
                                                    : lonely_role();
    return cmocka_run_group_tests_name("process_orphan", tests, NULL, NULL);
}
