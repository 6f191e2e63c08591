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

#include "process/lines.h"

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
expect_invalid(cop_process_spec spec)
{
    play p;

    begin(&p);
    p.spec = spec;
    stage_run(&p.stage, spawn, &p);
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

/* --------------------------------------------------------------------------- the output */

static void
lines_arrive_in_order_and_before_the_end(void **state)
{
    (void)state;
    play p;

    begin(&p);
    start_with_lines(&p, "printf 'one\\n\\nthree\\nfour'; exit 1");
    stage_expect(&p.stage, "1:one");
    stage_expect(&p.stage, "1:");
    stage_expect(&p.stage, "1:three");
    stage_expect(&p.stage, "1:four");
    stage_expect(&p.stage, "status 1 ");
    end(&p);
}

static void
the_two_streams_are_told_apart(void **state)
{
    (void)state;
    play p;

    begin(&p);
    p.spec.output = COP_STDIO_NULL;
    p.spec.error = COP_STDIO_LINES;
    start(&p, "echo nobody; echo somebody >&2");
    stage_expect(&p.stage, "2:somebody");
    stage_expect(&p.stage, "normal 0 ");
    end(&p);
}

/* A receiver of output with a small mailbox. */
typedef struct slow {
    stage *stage;
    long lines, sum;
} slow;

static cop_err
slow_init(cop_actor *me, void *state, const void *arg)
{
    (void)me;
    memcpy(state, &arg, sizeof arg);
    return COP_OK;
}

COP_HANDLER(slow, cop_process_output)
{
    char number[16];

    snprintf(number, sizeof number, "%.*s", (int)msg->line.size, (const char *)msg->line.data);
    st->lines++;
    st->sum += strtol(number, NULL, 10);
    if (st->lines == 20000)
        stage_say(st->stage, "all %ld %ld", st->lines, st->sum);
    return COP_OK;
}

static const cop_behaviour slow_behaviour = {
    .name = "slow",
    .state_size = sizeof(slow),
    .mailbox = 32,
    .init = slow_init,
    .handlers = COP_HANDLERS(COP_ON(slow, cop_process_output)),
};

static void
spawn_for_slow(cop_actor *me, void *ctx)
{
    play *p = ctx;

    p->err =
        cop_spawn(me, &slow_behaviour, &(cop_spawn_opts){.arg = &p->stage}, &p->spec.output_to);
    if (p->err == COP_OK)
        p->err = cop_spawn(me, &cop_process, &(cop_spawn_opts){.arg = &p->spec}, &p->pid);
}

static void
a_full_mailbox_holds_the_process_up_and_loses_nothing(void **state)
{
    (void)state;
    play p;

    begin(&p);
    p.argv[0] = "sh";
    p.argv[1] = "-c";
    p.argv[2] = "seq 1 20000; exec sleep 1000";
    p.spec.argv = p.argv;
    p.spec.output = COP_STDIO_LINES;
    stage_run(&p.stage, spawn_for_slow, &p);
    assert_int_equal(p.err, COP_OK);
    stage_expect(&p.stage, "all 20000 200010000");
    end(&p);
}

/* Puts the text in pieces of `step` bytes into `lines`, and every line with a '|' to `out`. */
static void
split(copi_lines *lines, const char *text, size_t step, char *out)
{
    cop_bytes line;
    size_t left = strlen(text), room;

    while (!lines->is_ended) {
        char *to = copi_lines_room(lines, &room);
        size_t size = left < step ? left : step;
        size = size < room ? size : room;
        memcpy(to, text, size);
        copi_lines_filled(lines, size);
        text += size;
        left -= size;
        lines->is_ended = left == 0;
        while (copi_lines_next(lines, &line)) {
            out += sprintf(out, "%.*s|", (int)line.size, (const char *)line.data);
            copi_lines_drop(lines, line);
        }
    }
}

static void
lines_do_not_depend_on_how_they_are_read(void **state)
{
    (void)state;
    char out[100];

    for (size_t step = 1; step < 20; step++) {
        copi_lines lines = {0};
        split(&lines, "one\ntwo\n\n\nfive\nrest", step, out);
        assert_string_equal(out, "one|two|||five|rest|");
    }
}

static void
a_long_line_comes_in_pieces(void **state)
{
    (void)state;
    enum {
        MAX = COP_PROCESS_LINE_MAX
    };
    static char text[3 * MAX], out[4 * MAX];

    for (size_t extra = 0; extra < 2; extra++) {
        copi_lines lines = {0};
        memset(text, 'x', MAX + extra);
        strcpy(text + MAX + extra, "\nend\n");
        split(&lines, text, 1000, out);
        assert_string_equal(out + MAX, extra == 0 ? "|end|" : "|x|end|");
    }
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
        cmocka_unit_test(a_frozen_process_can_be_stopped),
        cmocka_unit_test(a_killed_actor_is_down_only_when_its_process_is_reaped),
        cmocka_unit_test(the_end_of_the_node_stops_its_processes),
        cmocka_unit_test(what_is_left_of_the_group_dies_with_its_leader),
        cmocka_unit_test(an_exit_status_that_was_taken_is_an_error_that_says_so),
        cmocka_unit_test(lines_arrive_in_order_and_before_the_end),
        cmocka_unit_test(the_two_streams_are_told_apart),
        cmocka_unit_test(a_full_mailbox_holds_the_process_up_and_loses_nothing),
        cmocka_unit_test(lines_do_not_depend_on_how_they_are_read),
        cmocka_unit_test(a_long_line_comes_in_pieces),
    };

    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
