/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_test.c - real children of a real node, most of them shells.
 */
#define _GNU_SOURCE
#include "process_play.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <coppice/process.h>
#include <coppice/sim.h>

static void
run_to_the_end(const char *script, const char *how)
{
    play p;

    begin(&p);
    start(&p, script);
    stage_expect(&p.stage, how);
    end(&p);
}

/* ---------------------------------------------------------------------------- the end */

static void
status_zero_is_a_normal_end(void **state)
{
    (void)state;
    run_to_the_end("exit 0", "normal 0 ");
}

static void
another_status_is_in_the_exit_record(void **state)
{
    (void)state;
    run_to_the_end("exit 3", "status 3 ");
}

static void
death_by_a_signal_is_in_the_exit_record(void **state)
{
    (void)state;
    run_to_the_end("kill -TERM $$", "signal 15 SIGTERM");
    run_to_the_end("kill -KILL $$", "signal 9 SIGKILL");
}

static void
each_of_many_ends_reaches_its_own_actor(void **state)
{
    (void)state;
    enum {
        MANY = 40
    };
    play p;
    unsigned seen[MANY] = {0};

    begin(&p);
    for (int i = 0; i < MANY; i++) {
        char script[32];
        snprintf(script, sizeof script, "exit %d", i + 100);
        start(&p, script);
    }
    for (int i = 0; i < MANY; i++) {
        char line[STAGE_LINE];
        int status = 0;
        stage_next(&p.stage, line);
        assert_int_equal(sscanf(line, "status %d", &status), 1);
        assert_in_range(status, 100, 100 + MANY - 1);
        seen[status - 100]++;
    }
    for (int i = 0; i < MANY; i++)
        assert_int_equal(seen[i], 1);
    end(&p);
}

/* --------------------------------------------------------------------------- the start */

static void
fail_to_start(const char *program, const char *dir, const char *text)
{
    play p;

    begin(&p);
    p.argv[0] = program;
    p.spec.argv = p.argv;
    p.spec.dir = dir;
    stage_run(&p.stage, spawn, &p);
    assert_int_equal(p.err, COP_E_OS);
    assert_int_equal(p.why.kind, COP_EXIT_ERROR);
    assert_int_equal(p.why.code, COP_E_OS);
    assert_string_equal(p.why.text, text);
    end(&p);
}

static void
what_cannot_be_started_fails_the_spawn_with_the_systems_words(void **state)
{
    (void)state;
    fail_to_start("/no/such/program", NULL, "No such file or directory: /no/such/program");
    fail_to_start("no-such-program", NULL, "No such file or directory: no-such-program");
    fail_to_start("/dev/null", NULL, "Permission denied: /dev/null");
    fail_to_start("true", "/no/such/dir", "No such file or directory: /no/such/dir");
}

static void
spawn_as_it_is(cop_actor *me, void *ctx)
{
    play *p = ctx;

    p->err = cop_spawn(me, &cop_process, &(cop_spawn_opts){.arg = &p->spec}, NULL);
}

static void
expect_invalid(cop_process_spec spec)
{
    play p;

    begin(&p);
    p.spec = spec;
    stage_run(&p.stage, spawn_as_it_is, &p);
    assert_int_equal(p.err, COP_E_INVAL);
    end(&p);
}

static void
a_bad_spec_is_refused(void **state)
{
    (void)state;
    static const char *const argv[] = {"true", NULL}, *const empty[] = {NULL};

    expect_invalid((cop_process_spec){0});
    expect_invalid((cop_process_spec){.argv = empty});
    expect_invalid((cop_process_spec){.argv = argv, .stop_signal = 65});
    expect_invalid((cop_process_spec){.argv = argv, .kill_ms = -1});
    expect_invalid((cop_process_spec){.argv = argv, .input = COP_STDIO_LINES});
    expect_invalid((cop_process_spec){.argv = argv, .output = COP_STDIO_BYTES});
    expect_invalid((cop_process_spec){.argv = argv, .close_ms = 1});
    expect_invalid((cop_process_spec){.argv = argv, .input_room = 1});
    expect_invalid((cop_process_spec){.argv = argv, .input = COP_STDIO_BYTES, .close_ms = -1});
    expect_invalid(
        (cop_process_spec){.argv = argv, .input = COP_STDIO_BYTES, .farewell = "quit"});
    expect_invalid((cop_process_spec){
        .argv = argv, .input = COP_STDIO_BYTES, .input_room = COP_PROCESS_ROOM_MAX + 1});
    /* Nothing of the owner's patience would be left for the signal. */
    expect_invalid(
        (cop_process_spec){.argv = argv, .input = COP_STDIO_BYTES, .close_ms = 4000});
}

static void
a_simulation_has_no_processes(void **state)
{
    (void)state;
    static const char *const argv[] = {"true", NULL};
    cop_sim *sim;
    cop_node *node;

    assert_int_equal(cop_sim_new(&sim, 1), COP_OK);
    assert_int_equal(cop_sim_node(sim, &(cop_node_opts){0}, &node), COP_OK);
    assert_int_equal(cop_sim_spawn(node, &cop_process,
                                   &(cop_spawn_opts){.arg = &(cop_process_spec){.argv = argv}},
                                   NULL),
                     COP_E_SIMULATED);
    cop_sim_free(&sim);
}

static void
directory_and_environment_are_the_specs(void **state)
{
    (void)state;
    static const char *const envp[] = {"FRUIT=pear", "COPPICE_LIFELINE=99:1", NULL};
    play p;

    begin(&p);
    p.spec.dir = "/usr";
    p.spec.envp = envp;
    start_with_lines(&p, "pwd; echo $FRUIT ${HOME-none}; test $COPPICE_LIFELINE != 99:1");
    stage_expect(&p.stage, "1:/usr");
    stage_expect(&p.stage, "1:pear none");
    stage_expect(&p.stage, "normal 0 ");
    end(&p);
}

static void
a_child_inherits_nothing_that_it_should_not(void **state)
{
    (void)state;
    play p;
    char script[256];
    sigset_t some, before;

    /* What careless libraries do. */
    int leaked = fcntl(STDERR_FILENO, F_DUPFD, 50);
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
    sigaction(SIGUSR1, &ignore, &old);
    sigemptyset(&some);
    sigaddset(&some, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &some, &before);

    begin(&p);
    snprintf(script, sizeof script,
             "test ! -e /proc/self/fd/%d && test -e /proc/self/fd/${COPPICE_LIFELINE%%:*} && "
             "grep -q '^SigBlk:.0*$' /proc/self/status && "
             "grep -q '^SigIgn:.0*$' /proc/self/status",
             leaked);
    start(&p, script);
    stage_expect(&p.stage, "normal 0 ");
    end(&p);

    pthread_sigmask(SIG_SETMASK, &before, NULL);
    sigaction(SIGUSR1, &old, NULL);
    close(leaked);
}

static unsigned
open_descriptors(void)
{
    unsigned count = 0;

    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void
no_descriptor_is_left_of_ended_or_failed_processes(void **state)
{
    (void)state;
    play p;

    begin(&p);
    unsigned before = open_descriptors();
    p.spec.input = COP_STDIO_BYTES;
    start_with_lines(&p, "exit 0");
    stage_expect(&p.stage, "normal 0 ");
    p.argv[0] = "/no/such/program";
    stage_run(&p.stage, spawn, &p);
    assert_int_equal(p.err, COP_E_OS);
    assert_int_equal(open_descriptors(), before);
    end(&p);
}

/* ------------------------------------------------------------------------- the stopping */

static void
told_to_stop_it_ends_with_shutdown(void **state)
{
    (void)state;
    play p;

    begin(&p);
    start(&p, "exec sleep 1000");
    learn_os_pid(&p);
    stage_run(&p.stage, stop, &p);
    stage_expect(&p.stage, "shutdown 0 ");
    end(&p);
}

static void
the_stop_signal_is_the_specs_and_any_exit_obeys(void **state)
{
    (void)state;
    play p;

    begin(&p);
    p.spec.stop_signal = SIGINT;
    start_with_lines(&p, "trap 'echo bye; exit 5' INT; echo ready; sleep 1000 & wait");
    stage_expect(&p.stage, "1:ready");
    stage_run(&p.stage, stop, &p);
    stage_expect(&p.stage, "1:bye");
    stage_expect(&p.stage, "shutdown 0 ");
    end(&p);
}

static void
one_that_ignores_the_stop_signal_is_killed(void **state)
{
    (void)state;
    play p;

    begin(&p);
    p.stop_ms = COP_INFINITY;
    p.spec.kill_ms = 20;
    start_with_lines(&p, "trap '' TERM; echo ready; while :; do sleep 1000; done");
    stage_expect(&p.stage, "1:ready");
    learn_os_pid(&p);
    stage_run(&p.stage, stop, &p);
    stage_expect(&p.stage, "shutdown 0 ");
    end(&p);
}

static void
its_own_children_die_on_the_last_rung(void **state)
{
    (void)state;
    play p;
    char line[STAGE_LINE];

    begin(&p);
    p.stop_ms = COP_INFINITY;
    p.spec.kill_ms = 20;
    start_with_lines(&p, "trap '' TERM; (while :; do sleep 1000; done) & echo $!; "
                         "while :; do sleep 1000; done");
    stage_next(&p.stage, line);
    int pidfd = pidfd_open(number_in(line), 0);
    assert_true(pidfd >= 0);
    stage_run(&p.stage, stop, &p);
    stage_expect(&p.stage, "shutdown 0 ");
    assert_true(ends(pidfd));
    close(pidfd);
    end(&p);
}

static void
a_frozen_process_can_be_stopped(void **state)
{
    (void)state;
    play p;
    siginfo_t info;

    begin(&p);
    p.stop_ms = COP_INFINITY;
    p.spec.kill_ms = 1000 * 1000;
    start(&p, "exec sleep 1000");
    learn_os_pid(&p);
    p.signo = SIGSTOP;
    stage_run(&p.stage, send_signal, &p);
    assert_int_equal(p.err, COP_OK);
    assert_int_equal(waitid(P_PID, (id_t)p.os_pid, &info, WSTOPPED), 0);
    assert_int_equal(info.si_status, SIGSTOP);
    stage_run(&p.stage, stop, &p);
    stage_expect(&p.stage, "shutdown 0 ");
    end(&p);
}

static void
a_killed_actor_is_down_only_when_its_process_is_reaped(void **state)
{
    (void)state;
    play p;

    begin(&p);
    for (int i = 0; i < 20; i++) {
        start(&p, "trap '' TERM INT HUP; while :; do sleep 1000; done");
        p.os_pid = 0;
        learn_os_pid(&p);
        stage_run(&p.stage, murder, &p);
        stage_expect(&p.stage, "killed 0 ");
    }
    end(&p);
}

static void
the_end_of_the_node_stops_its_processes(void **state)
{
    (void)state;
    play p;

    begin(&p);
    start(&p, "exec sleep 1000");
    learn_os_pid(&p);
    stage_close(&p.stage);
    assert_false(exists(p.os_pid));
}

static void
what_is_left_of_the_group_dies_with_its_leader(void **state)
{
    (void)state;
    play p;
    char line[STAGE_LINE];

    begin(&p);
    start_with_lines(&p, "trap 'exit 0' USR1; sleep 1000 & echo $!; wait");
    stage_next(&p.stage, line);
    int pidfd = pidfd_open(number_in(line), 0);
    assert_true(pidfd >= 0);
    p.signo = SIGUSR1;
    stage_run(&p.stage, send_signal, &p);
    stage_expect(&p.stage, "normal 0 ");
    assert_true(ends(pidfd));
    close(pidfd);
    end(&p);
}

static void
an_exit_status_that_was_taken_is_an_error_that_says_so(void **state)
{
    (void)state;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    play p;

    begin(&p);
    start(&p, "exec sleep 1000");
    sigaction(SIGCHLD, &ignore, &before);
    p.signo = SIGTERM;
    stage_run(&p.stage, send_signal, &p);
    stage_expect(&p.stage, "error 26 its exit status was taken by somebody else");
    sigaction(SIGCHLD, &before, NULL);
    end(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_zero_is_a_normal_end),
        cmocka_unit_test(another_status_is_in_the_exit_record),
        cmocka_unit_test(death_by_a_signal_is_in_the_exit_record),
        cmocka_unit_test(each_of_many_ends_reaches_its_own_actor),
        cmocka_unit_test(what_cannot_be_started_fails_the_spawn_with_the_systems_words),
        cmocka_unit_test(a_bad_spec_is_refused),
        cmocka_unit_test(a_simulation_has_no_processes),
        cmocka_unit_test(directory_and_environment_are_the_specs),
        cmocka_unit_test(a_child_inherits_nothing_that_it_should_not),
        cmocka_unit_test(no_descriptor_is_left_of_ended_or_failed_processes),
        cmocka_unit_test(told_to_stop_it_ends_with_shutdown),
        cmocka_unit_test(the_stop_signal_is_the_specs_and_any_exit_obeys),
        cmocka_unit_test(one_that_ignores_the_stop_signal_is_killed),
        cmocka_unit_test(its_own_children_die_on_the_last_rung),
        cmocka_unit_test(a_frozen_process_can_be_stopped),
        cmocka_unit_test(a_killed_actor_is_down_only_when_its_process_is_reaped),
        cmocka_unit_test(the_end_of_the_node_stops_its_processes),
        cmocka_unit_test(what_is_left_of_the_group_dies_with_its_leader),
        cmocka_unit_test(an_exit_status_that_was_taken_is_an_error_that_says_so),
    };

    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
