/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main_test.c - cop_main, seen from outside: what processes that run it do and return.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <coppice/coppice.h>

#define MAIN_TEST(M, F)                                                                        \
    M(1, mt_crash)                                                                             \
    M(2, mt_get)                                                                               \
    M(3, mt_told, F(u64, pid))
COP_PROTOCOL(MAIN_TEST)

/* --------------------------------------------------------------- what the others run */

typedef struct server {
    int unused;
} server;

COP_HANDLER(server, mt_crash)
{
    return cop_fail(me, 5, "asked to");
}

COP_HANDLER(server, mt_get)
{
    return cop_reply(me, mt_told, .pid = cop_self(me).id);
}

static COP_BEHAVIOUR(server_b, server, COP_ON(server, mt_crash), COP_ON(server, mt_get));

/* Has the server crash, sees it come back under its name, and is done. */
typedef struct client {
    cop_pid first;
} client;

COP_HANDLER(client, cop_start)
{
    return cop_watch_nodes(me);
}

COP_HANDLER(client, cop_node_up)
{
    cop_ref unused;

    st->first = cop_whereis(me, "server@far");
    COP_REQUIRE(me, !cop_pid_is_none(st->first));
    COP_TRY(cop_monitor(me, st->first, &unused));
    return cop_send(me, st->first, mt_crash);
}

COP_REPLY(client, mt_told)
{
    COP_REQUIRE(me, err == COP_OK && msg->pid != st->first.id);
    return cop_stop(me);
}

typedef struct look {
    int unused;
} look;

static const cop_type look_type = {
    .protocol = "test", .name = "look", .size = sizeof(look), .flat = true};

COP_HANDLER(client, cop_down)
{
    COP_REQUIRE(me, msg->why.kind == COP_EXIT_ERROR && msg->why.code == 5);
    return cop_send_after(me, 0, NULL, look, .unused = 0);
}

/* The new name may be told a moment after the end of the old. */
COP_HANDLER(client, look)
{
    cop_pid second = cop_whereis(me, "server@far");

    if (cop_pid_is_none(second) || cop_pid_equal(second, st->first))
        return cop_send_after(me, 5, NULL, look, .unused = 0);
    return cop_ask(me, second, 30000, COP_THEN(client, mt_told), mt_get);
}

static COP_BEHAVIOUR(client_b, client, COP_ON(client, cop_start), COP_ON(client, cop_node_up),
                     COP_ON(client, cop_down), COP_ON(client, look));

static const cop_child server_tree = {.name = "server", .run = &server_b};
static const cop_child client_tree = {
    .name = "app",
    .auto_shutdown = COP_ANY_SIGNIFICANT,
    .sup = COP_CHILDREN(
        {.name = "client", .run = &client_b, .restart = COP_TEMPORARY, .significant = true}),
};

static int
play(int argc, char **argv)
{
    if (strcmp(argv[1], "server") == 0)
        return cop_main(argc, argv, &server_tree,
                        &(cop_main_opts){.node = "far", .listen = argv[2]});
    return cop_main(argc, argv, &client_tree,
                    &(cop_main_opts){.node = "near", .join = argv[2]});
}

/* --------------------------------------------------------------------------- tests */

/* This one's file; not /proc/self/exe, which is valgrind under valgrind. */
static char *program;

static pid_t
start(const char *role, const char *address)
{
    char *const argv[] = {program, (char *)(uintptr_t)role, (char *)(uintptr_t)address, NULL};
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(126);
        execv(program, argv);
        _exit(127);
    }
    return pid;
}

static int
exit_of(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void
a_single_worker_is_supervised_and_found_again_by_its_name(void **state)
{
    char dir[] = "/tmp/coppice-test-XXXXXX", address[64];

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(address, sizeof address, "ipc://%s/far", dir);
    pid_t server = start("server", address);
    pid_t client = start("client", address);
    assert_int_equal(exit_of(client), 0);
    kill(server, SIGTERM);
    assert_int_equal(exit_of(server), 128 + SIGTERM);
    unlink(address + 6);
    rmdir(dir);
}

static void
a_bad_address_ends_it_with_an_error(void **state)
{
    (void)state;
    assert_int_equal(exit_of(start("server", "tcp://nowhere:1")), 1);
    assert_int_equal(exit_of(start("server", "tcp://0.0.0.0:1")), 1);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_single_worker_is_supervised_and_found_again_by_its_name),
        cmocka_unit_test(a_bad_address_ends_it_with_an_error),
    };

    program = argv[0];
    if (argc == 3)
        return play(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
