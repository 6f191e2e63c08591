/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nanomsg_test.c - real nodes over real sockets, in this process and in another one that is
 * killed, frozen and started again.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <nanomsg/nn.h>
#include <nanomsg/reqrep.h>

#include <coppice/cluster.h>
#include <coppice/message.h>
#include <coppice/timer.h>

#include "wire/frame.h"

enum {
    PATIENCE = 40, /* seconds; for machines that are busy with other things */
};

#define WIRE_TEST(M, F)                                                                        \
    M(1, wt_add, F(i64, by) F(bytes, filling))                                                 \
    M(2, wt_get)                                                                               \
    M(3, wt_sum, F(i64, sum))                                                                  \
    M(4, wt_look, F(str, node) F(u64, incarnation))
COP_PROTOCOL(WIRE_TEST)

/* ------------------------------------------------------------------------- counter */

typedef struct counter {
    int64_t sum;
} counter;

COP_HANDLER(counter, wt_add)
{
    st->sum += msg->by;
    return COP_OK;
}

COP_HANDLER(counter, wt_get)
{
    return cop_reply(me, wt_sum, .sum = st->sum);
}

static COP_BEHAVIOUR(counter_b, counter, COP_ON(counter, wt_add), COP_ON(counter, wt_get));

/* ------------------------------------------------------------------------- witness */

/* What the actors have seen, for the test's own thread. */
typedef struct notes {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned ups, downs, ends, sums;
    uint64_t incarnation;
    int64_t sum;
    cop_err err;
    cop_exit end;
} notes;

static notes seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

#define NOTE(change)                                                                           \
    do {                                                                                       \
        pthread_mutex_lock(&seen.lock);                                                        \
        change;                                                                                \
        pthread_cond_broadcast(&seen.changed);                                                 \
        pthread_mutex_unlock(&seen.lock);                                                      \
    } while (0)

static bool
wait_for(const unsigned *count, unsigned wanted)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE;
    pthread_mutex_lock(&seen.lock);
    int late = 0;
    while (*count < wanted && late == 0)
        late = pthread_cond_timedwait(&seen.changed, &seen.lock, &until);
    bool has_come = *count >= wanted;
    pthread_mutex_unlock(&seen.lock);
    return has_come;
}

typedef struct witness {
    cop_pid counter;
} witness;

COP_HANDLER(witness, cop_start)
{
    return cop_watch_nodes(me);
}

/* The other node may be there before its counter is. */
COP_HANDLER(witness, wt_look)
{
    char name[80];
    cop_ref unused;

    snprintf(name, sizeof name, "counter@%.*s", (int)msg->node.size, msg->node.data);
    st->counter = cop_whereis(me, name);
    if (cop_pid_is_none(st->counter))
        return cop_send_after(me, 5, NULL, wt_look, .node = msg->node,
                              .incarnation = msg->incarnation);
    NOTE((seen.ups++, seen.incarnation = msg->incarnation));
    return cop_monitor(me, st->counter, &unused);
}

COP_HANDLER(witness, cop_node_up)
{
    return cop_send(me, cop_self(me), wt_look, .node = msg->node,
                    .incarnation = msg->incarnation);
}

COP_HANDLER(witness, cop_down)
{
    NOTE((seen.ends++, seen.end = msg->why));
    return COP_OK;
}

COP_HANDLER(witness, cop_node_down)
{
    NOTE(seen.downs++);
    return COP_OK;
}

COP_REPLY(witness, wt_sum)
{
    NOTE((seen.sums++, seen.err = err, seen.sum = err == COP_OK ? msg->sum : -1));
    return COP_OK;
}

/* To the witness: send so many, each so large, and ask for the sum. */
typedef struct burst {
    int count;
    size_t size;
    cop_pid to; /* none: the counter */
} burst;

static const cop_type burst_type = {
    .protocol = "test", .name = "burst", .size = sizeof(burst), .flat = true};

COP_HANDLER(witness, burst)
{
    cop_pid to = cop_pid_is_none(msg->to) ? st->counter : msg->to;
    char *filling = calloc(1, msg->size + 1);

    for (int i = 0; i < msg->count; i++) {
        cop_err err = cop_send(me, to, wt_add, .by = 1, .filling = {filling, msg->size});
        if (err != COP_OK) {
            NOTE((seen.sums++, seen.err = err, seen.sum = -1));
            free(filling);
            return COP_OK;
        }
    }
    free(filling);
    return cop_ask(me, to, PATIENCE * 1000, COP_THEN(witness, wt_sum), wt_get);
}

static COP_BEHAVIOUR(witness_b, witness, COP_ON(witness, cop_start),
                     COP_ON(witness, cop_node_up), COP_ON(witness, wt_look),
                     COP_ON(witness, cop_down), COP_ON(witness, cop_node_down),
                     COP_ON(witness, burst));

/* ---------------------------------------------------------------------------- nodes */

static void
say_nothing(void *ctx, const char *line)
{
    (void)ctx;
    if (getenv("NODES_LOG") != NULL)
        fprintf(stderr, "  %s\n", line);
}

/* A node with a main actor of that behaviour under that name. */
static cop_node *
start_node_with(const char *name, const cop_cluster_opts *opts, const cop_behaviour *behaviour,
                const char *actor, cop_pid *out)
{
    cop_node *node = NULL;

    assert_int_equal(
        cop_node_new(&node,
                     &(cop_node_opts){.name = name, .workers = 2, .on_log = say_nothing}),
        COP_OK);
    assert_int_equal(cop_cluster_start(node, opts), COP_OK);
    assert_int_equal(cop_node_start(node, behaviour, &(cop_spawn_opts){.name = actor}, out),
                     COP_OK);
    return node;
}

static cop_node *
start_node(const char *name, const char *listen, const char *join,
           const cop_behaviour *behaviour, const char *actor, cop_pid *out)
{
    return start_node_with(name, &(cop_cluster_opts){.listen = listen, .join = join}, behaviour,
                           actor, out);
}

static int
forget(void **state)
{
    (void)state;
    seen.ups = seen.downs = seen.ends = seen.sums = 0;
    return 0;
}

static void
expect_sum(cop_node *node, cop_pid witness, int count, size_t size, int64_t sum)
{
    unsigned before = seen.sums;

    assert_int_equal(cop_post(node, witness, burst, .count = count, .size = size), COP_OK);
    assert_true(wait_for(&seen.sums, before + 1));
    assert_int_equal(seen.err, COP_OK);
    assert_int_equal(seen.sum, sum);
}

static void
two_nodes_talk(const char *listen)
{
    cop_pid witness;
    cop_node *a = start_node("a", listen, NULL, &counter_b, "counter", NULL);
    cop_node *b =
        start_node("b", NULL, cop_cluster_address(a), &witness_b, "witness", &witness);

    assert_true(wait_for(&seen.ups, 1));
    assert_true(seen.incarnation == cop_node_incarnation(a));
    expect_sum(b, witness, 1000, 10, 1000);
    expect_sum(b, witness, 1, 900 * 1000, 1001);
    /* A node that stops in order tells how its actors ended before it leaves. */
    cop_node_free(&a);
    assert_true(wait_for(&seen.ends, 1));
    assert_int_equal(seen.end.kind, COP_EXIT_SHUTDOWN);
    assert_true(wait_for(&seen.downs, 1));
    cop_node_free(&b);
}

static void
two_nodes_talk_over_tcp(void **state)
{
    (void)state;
    two_nodes_talk(NULL);
}

static void
two_nodes_talk_over_ipc(void **state)
{
    char dir[] = "/tmp/coppice-test-XXXXXX", address[64], path[64];

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(address, sizeof address, "ipc://%s/a", dir);
    two_nodes_talk(address);
    snprintf(path, sizeof path, "%s/a", dir);
    unlink(path);
    rmdir(dir);
}

/* ----------------------------------------------------------------------- bad input */

static void
an_address_that_is_in_use_is_an_error(void **state)
{
    cop_node *a = start_node("a", NULL, NULL, &counter_b, NULL, NULL), *b = NULL;

    (void)state;
    assert_int_equal(cop_node_new(&b, &(cop_node_opts){.name = "b", .on_log = say_nothing}),
                     COP_OK);
    assert_int_equal(
        cop_cluster_start(b, &(cop_cluster_opts){.listen = cop_cluster_address(a)}),
        COP_E_ADDRESS_IN_USE);
    /* It can try another one. */
    assert_int_equal(cop_cluster_start(b, NULL), COP_OK);
    cop_node_free(&b);
    cop_node_free(&a);
}

static void
a_file_in_the_place_of_a_socket_is_not_harmed(void **state)
{
    char path[] = "/tmp/coppice-test-XXXXXX", address[64];
    int file = mkstemp(path);
    cop_node *node = NULL;
    struct stat there;

    (void)state;
    assert_true(file >= 0);
    assert_int_equal(write(file, "keep", 4), 4);
    close(file);
    snprintf(address, sizeof address, "ipc://%s", path);
    assert_int_equal(cop_node_new(&node, &(cop_node_opts){.on_log = say_nothing}), COP_OK);
    assert_int_equal(cop_cluster_start(node, &(cop_cluster_opts){.listen = address}),
                     COP_E_ADDRESS_IN_USE);
    assert_int_equal(stat(path, &there), 0);
    assert_int_equal(there.st_size, 4);
    unlink(path);
    cop_node_free(&node);
}

static void
what_is_too_large_is_an_error_and_nothing_else_is_harmed(void **state)
{
    cop_pid witness;
    cop_node *a = start_node("a", NULL, NULL, &counter_b, "counter", NULL);
    cop_node *b = start_node("b", NULL, cop_cluster_address(a), &witness_b, NULL, &witness);

    (void)state;
    assert_true(wait_for(&seen.ups, 1));
    assert_int_equal(cop_post(b, witness, burst, .count = 1, .size = 1024 * 1024), COP_OK);
    assert_true(wait_for(&seen.sums, 1));
    assert_int_equal(seen.err, COP_E_TOO_LARGE);
    expect_sum(b, witness, 5, 10, 5);
    assert_int_equal(seen.downs, 0);
    cop_node_free(&b);
    cop_node_free(&a);
}

/* Bytes to the port itself, then frames of no sense to the socket behind it. */
static void
send_garbage(const char *address)
{
    unsigned port = (unsigned)strtoul(strrchr(address, ':') + 1, NULL, 10);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    uint8_t noise[200];

    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)(i * 37 + 11);
    for (int i = 0; i < 20; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
        (void)!write(fd, noise, sizeof noise);
        close(fd);
    }
    int request = nn_socket(AF_SP, NN_REQ);
    assert_true(nn_connect(request, address) >= 0);
    for (int i = 0; i < 50; i++) {
        noise[0] = (uint8_t)(i % 12);
        noise[1] = noise[2] = noise[3] = 0;
        (void)nn_send(request, noise, sizeof noise, 0);
    }
    nn_close(request);
}

static void
garbage_harms_nobody(void **state)
{
    cop_pid witness;
    cop_node *a = start_node("a", NULL, NULL, &counter_b, "counter", NULL);
    cop_node *b = start_node("b", NULL, cop_cluster_address(a), &witness_b, NULL, &witness);

    (void)state;
    assert_true(wait_for(&seen.ups, 1));
    send_garbage(cop_cluster_address(a));
    send_garbage(cop_cluster_address(b));
    expect_sum(b, witness, 100, 10, 100);
    assert_int_equal(seen.downs, 0);
    cop_node_free(&b);
    cop_node_free(&a);
}

/* A hello of another version; the answer says which is spoken here. */
static void
another_version_is_refused_with_ours(void **state)
{
    cop_node *a = start_node("a", NULL, NULL, &counter_b, NULL, NULL);
    copi_hello hello = {.version = 99, .incarnation = 5, .name = "x", .address = "?"};
    uint8_t bytes[COPI_FRAME_HEAD + COPI_HELLO_MAX], answer[200];
    copi_frame frame;
    uint16_t version;
    cop_err why;

    (void)state;
    copi_frame_write(bytes, COPI_FRAME_HELLO, 77, 0);
    size_t size = COPI_FRAME_HEAD + copi_hello_write(bytes + COPI_FRAME_HEAD, &hello);
    int request = nn_socket(AF_SP, NN_REQ), limit = PATIENCE * 1000;
    assert_int_equal(nn_setsockopt(request, NN_SOL_SOCKET, NN_RCVTIMEO, &limit, sizeof limit),
                     0);
    assert_true(nn_connect(request, cop_cluster_address(a)) >= 0);
    assert_true(nn_send(request, bytes, size, 0) >= 0);
    int got = nn_recv(request, answer, sizeof answer, 0);
    assert_true(got > 0);
    assert_true(copi_frame_read(answer, (size_t)got, &frame));
    assert_int_equal(frame.type, COPI_FRAME_REFUSE);
    assert_int_equal(frame.link, 77);
    assert_true(copi_refuse_read(&frame, &version, &why));
    assert_int_equal(version, COPI_PROTOCOL_VERSION);
    assert_int_equal(why, COP_E_VERSION);
    nn_close(request);
    cop_node_free(&a);
}

/* ---------------------------------------------------------------- another process */

/* This one's file; not /proc/self/exe, which is valgrind under valgrind. */
static const char *program;

/* What the other process does: a counter until it is told to stop. */
static int
play_counter(const char *listen, int32_t heartbeat_ms)
{
    cop_node *node = NULL;
    cop_cluster_opts opts = {.listen = listen, .heartbeat_ms = heartbeat_ms};

    if (cop_node_new(&node, &(cop_node_opts){.name = "far",
                                             .unix_signals = true,
                                             .on_log = say_nothing}) != COP_OK ||
        cop_cluster_start(node, &opts) != COP_OK ||
        cop_node_start(node, &counter_b, &(cop_spawn_opts){.name = "counter"}, NULL) != COP_OK)
        return 3;
    int status = cop_node_wait(node, NULL);
    cop_node_free(&node);
    return status;
}

static pid_t
start_process_with(const char *listen, const char *heartbeat_ms)
{
    char *const argv[] = {"test", "counter", (char *)(uintptr_t)listen,
                          (char *)(uintptr_t)heartbeat_ms, NULL};
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        execv(program, argv);
        _exit(127);
    }
    return pid;
}

static pid_t
start_process(const char *listen)
{
    return start_process_with(listen, "0");
}

static int
status_of(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* An address for the other process that both know beforehand. */
static void
reserve_address(char *address, size_t size)
{
    cop_node *node = start_node("x", NULL, NULL, &counter_b, NULL, NULL);

    snprintf(address, size, "%s", cop_cluster_address(node));
    cop_node_free(&node);
}

static void
a_killed_process_is_noticed_and_its_successor_is_another(void **state)
{
    char address[64];
    cop_pid witness;

    (void)state;
    reserve_address(address, sizeof address);
    pid_t first = start_process(address);
    cop_node *near = start_node("near", NULL, address, &witness_b, NULL, &witness);
    assert_true(wait_for(&seen.ups, 1));
    uint64_t incarnation = seen.incarnation;
    cop_pid old = cop_node_whereis(near, "counter@far");
    expect_sum(near, witness, 10, 10, 10);

    kill(first, SIGKILL);
    assert_true(WIFSIGNALED(status_of(first)));
    assert_true(wait_for(&seen.ends, 1));
    assert_int_equal(seen.end.kind, COP_EXIT_NOCONNECTION);
    assert_true(wait_for(&seen.downs, 1));

    pid_t second = start_process(address);
    assert_true(wait_for(&seen.ups, 2));
    assert_true(seen.incarnation != incarnation);
    assert_int_equal(cop_post(near, witness, burst, .count = 1, .to = old), COP_OK);
    assert_true(wait_for(&seen.sums, 2));
    assert_int_equal(seen.err, COP_E_NOPROC);
    expect_sum(near, witness, 3, 10, 3);

    kill(second, SIGTERM);
    int status = status_of(second);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGTERM);
    assert_true(wait_for(&seen.downs, 2));
    cop_node_free(&near);
}

static void
a_frozen_process_is_found_by_its_silence(void **state)
{
    char address[64];
    cop_pid witness;

    (void)state;
    reserve_address(address, sizeof address);
    pid_t frozen = start_process(address);
    cop_node *near = start_node("near", NULL, address, &witness_b, NULL, &witness);
    assert_true(wait_for(&seen.ups, 1));
    uint64_t incarnation = seen.incarnation;

    kill(frozen, SIGSTOP);
    assert_true(wait_for(&seen.downs, 1));
    assert_int_equal(seen.end.kind, COP_EXIT_NOCONNECTION);
    kill(frozen, SIGCONT);
    assert_true(wait_for(&seen.ups, 2));
    assert_true(seen.incarnation == incarnation);

    kill(frozen, SIGKILL);
    (void)status_of(frozen);
    assert_true(wait_for(&seen.downs, 2));
    cop_node_free(&near);
}

/* With heartbeats of a quarter of an hour, whatever comes in time has come by itself. */
#define RARELY_MS 900000
#define RARELY    "900000"

static cop_node *
start_calm_node(const char *join, cop_pid *witness)
{
    cop_cluster_opts opts = {.join = join, .heartbeat_ms = RARELY_MS};

    return start_node_with("near", &opts, &witness_b, NULL, witness);
}

static void
expect_lost(cop_node *near, pid_t far)
{
    kill(far, SIGKILL);
    assert_true(WIFSIGNALED(status_of(far)));
    assert_true(wait_for(&seen.downs, 1));
    assert_int_equal(seen.end.kind, COP_EXIT_NOCONNECTION);
    cop_node_free(&near);
}

static void
a_broken_connection_is_noticed_without_looking(void **state)
{
    char address[64];
    cop_pid witness;

    (void)state;
    reserve_address(address, sizeof address);
    pid_t far = start_process_with(address, RARELY);
    cop_node *near = start_calm_node(address, &witness);
    assert_true(wait_for(&seen.ups, 1));
    expect_lost(near, far);
}

/*
 * The buffers of a Unix domain socket hold less than may be on its way unacknowledged: who
 * does not read any more fills them, and is then killed.
 */
static void
a_connection_that_breaks_with_full_buffers_is_noticed(void **state)
{
    char dir[] = "/tmp/coppice-test-XXXXXX", address[64], path[64];
    cop_pid witness;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(address, sizeof address, "ipc://%s/far", dir);
    snprintf(path, sizeof path, "%s/far", dir);
    pid_t far = start_process_with(address, RARELY);
    cop_node *near = start_calm_node(address, &witness);
    assert_true(wait_for(&seen.ups, 1));
    kill(far, SIGSTOP);
    assert_int_equal(cop_post(near, witness, burst, .count = 10000, .size = 8000), COP_OK);
    assert_true(wait_for(&seen.sums, 1));
    assert_int_equal(seen.err, COP_E_BUSY);
    expect_lost(near, far);
    unlink(path);
    rmdir(dir);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(two_nodes_talk_over_tcp, forget),
        cmocka_unit_test_setup(two_nodes_talk_over_ipc, forget),
        cmocka_unit_test_setup(an_address_that_is_in_use_is_an_error, forget),
        cmocka_unit_test_setup(a_file_in_the_place_of_a_socket_is_not_harmed, forget),
        cmocka_unit_test_setup(what_is_too_large_is_an_error_and_nothing_else_is_harmed,
                               forget),
        cmocka_unit_test_setup(garbage_harms_nobody, forget),
        cmocka_unit_test_setup(another_version_is_refused_with_ours, forget),
        cmocka_unit_test_setup(a_killed_process_is_noticed_and_its_successor_is_another,
                               forget),
        cmocka_unit_test_setup(a_frozen_process_is_found_by_its_silence, forget),
        cmocka_unit_test_setup(a_broken_connection_is_noticed_without_looking, forget),
        cmocka_unit_test_setup(a_connection_that_breaks_with_full_buffers_is_noticed, forget),
    };

    program = argv[0];
    if (argc == 4 && strcmp(argv[1], "counter") == 0)
        return play_counter(argv[2], (int32_t)strtol(argv[3], NULL, 10));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
