/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backend_test.c - one program on libevent with epoll, on libevent with poll, and simulated;
 * each with sessions as handlers and as bodies.  All six do the same.
 *
 * A listener on the loopback, a hundred connections, jobs, timers, and an OS process for each
 * tenth of them.  What a client and its session do is kept in order for each of the two; how
 * they interleave is a matter of time.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <event2/event.h>

#include <coppice/co.h>
#include <coppice/sim.h>
#include <coppice/watch.h>

#include "core/node.h"
#include "wire.h"

enum {
    CONNECTIONS = 100,
    DEEDS = 1024, /* bytes */
};

/* ------------------------------------------------------------------------ what was done */

typedef struct trace {
    char client[CONNECTIONS][DEEDS], session[CONNECTIONS][DEEDS];
} trace;

static trace now;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void
note(char (*deeds)[DEEDS], unsigned number, const char *what)
{
    pthread_mutex_lock(&lock);
    size_t used = strlen(deeds[number]);
    snprintf(deeds[number] + used, DEEDS - used, "%s\n", what);
    pthread_mutex_unlock(&lock);
}

void
session_did(const char *name, const char *what)
{
    unsigned number = CONNECTIONS;

    if (sscanf(name, "c%u", &number) == 1 && number < CONNECTIONS)
        note(now.session, number, what);
    else
        abort(); /* all of them say hello first */
}

/* ------------------------------------------------------------------------ a client */

/* Says a line, and has the answer; false: there is nobody any more. */
static cop_err
exchange(cop_co *co, cop_actor *me, unsigned number, const char *line)
{
    cop_received answer;
    char text[2 * SESSION_LINE];

    if (line != NULL)
        cop_cast(me, cop_owner(me), said, .text = cop_str_from(line));
    COP_TRY(cop_receive(co, COP_INFINITY, &answer));
    const said *words = cop_as(&answer, said);
    snprintf(text, sizeof text, "%s -> %.*s", line == NULL ? "..." : line,
             words == NULL ? 6 : (int)words->text.size,
             words == NULL ? "(gone)" : words->text.data);
    note(now.client, number, text);
    return words == NULL ? COP_E_GONE : COP_OK;
}

COP_BODY(client, const unsigned, arg)
{
    unsigned number = *arg;
    char line[SESSION_LINE];

    snprintf(line, sizeof line, "hello c%u", number);
    COP_TRY(exchange(co, me, number, line));
    snprintf(line, sizeof line, "wait %u", number % 9);
    cop_cast(me, cop_owner(me), said, .text = cop_str_from(line));
    snprintf(line, sizeof line, "add %u %u", number, number + 1);
    COP_TRY(exchange(co, me, number, line)); /* the answer to the line before */
    COP_TRY(exchange(co, me, number, NULL));
    if (number % 10 == 0) {
        snprintf(line, sizeof line, "run w%u", number);
        COP_TRY(exchange(co, me, number, line));
    }
    COP_TRY(cop_sleep(co, number % 5));
    COP_TRY(exchange(co, me, number, "hm"));
    switch (number % 4) {
    case 0: return COP_OK; /* without a word */
    case 1: return exchange(co, me, number, "fail now") == COP_E_GONE ? COP_OK : COP_E_FAILED;
    default: return exchange(co, me, number, "bye");
    }
}
static COP_SEQUENTIAL(client_b, client);

/* ------------------------------------------------------------------------ the program */

/* The argument of its init. */
typedef struct program_arg {
    const cop_behaviour *session;
    bool is_simulated;
} program_arg;

/* Owns the ends of all connections. */
typedef struct program {
    program_arg arg;
    int listener;
    cop_watch watch;
    struct sockaddr_in address;
    unsigned over;
} program;

static unsigned bad_ends; /* of the run: sessions that failed, as they were told */

static cop_err
listen_on_loopback(cop_actor *me, program *self)
{
    socklen_t size = sizeof self->address;

    self->address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    self->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(self->listener, (struct sockaddr *)&self->address, size) != 0 ||
        listen(self->listener, CONNECTIONS) != 0 ||
        getsockname(self->listener, (struct sockaddr *)&self->address, &size) != 0)
        return COP_E_OS;
    return cop_watch_open(me, self->listener, COP_READABLE, &self->watch);
}

static int
connect_to(const program *self)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 ||
        connect(fd, (const struct sockaddr *)&self->address, sizeof self->address) != 0)
        abort();
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static cop_err
start_client(cop_actor *me, const program *self, unsigned number)
{
    unsigned *arg = malloc(sizeof *arg);
    wire_arg wire = {.inner = &client_b,
                     .inner_arg = arg,
                     .inner_dispose = free,
                     .fd = self->arg.is_simulated ? -1 : connect_to(self),
                     .from = cop_self(me)};

    if (arg == NULL)
        return COP_E_NOMEM;
    *arg = number;
    return cop_spawn(me, &wire_b, &(cop_spawn_opts){.label = "client", .arg = &wire}, NULL);
}

static cop_err
start_session(cop_actor *me, const program *self, int fd, cop_pid far)
{
    wire_arg wire = {.inner = self->arg.session, .fd = fd, .far = far};

    return cop_spawn(me, &wire_b, &(cop_spawn_opts){.label = "session", .arg = &wire}, NULL);
}

COP_HANDLER(program, cop_start)
{
    st->arg = *(const program_arg *)msg->arg;
    st->listener = -1;
    if (!st->arg.is_simulated)
        COP_TRY(listen_on_loopback(me, st));
    for (unsigned i = 0; i < CONNECTIONS; i++)
        COP_TRY(start_client(me, st, i));
    return COP_OK;
}

COP_HANDLER(program, cop_ready)
{
    int fd;

    while ((fd = accept4(st->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
        COP_TRY(start_session(me, st, fd, COP_PID_NONE));
    return COP_OK;
}

COP_HANDLER(program, connect_me)
{
    return start_session(me, st, -1, cop_sender(me));
}

/* The end of one end. */
COP_HANDLER(program, cop_child_down)
{
    bad_ends += cop_exit_is_abnormal(&msg->why);
    return ++st->over == 2 * CONNECTIONS ? cop_stop(me) : COP_OK;
}

COP_HANDLER(program, cop_end)
{
    if (st->listener >= 0)
        close(st->listener);
    return COP_OK;
}
static const cop_behaviour program_b = {
    .name = "program",
    .state_size = sizeof(program),
    .policy = COP_COLLECT,
    .handlers = COP_HANDLERS(COP_ON(program, cop_start), COP_ON(program, cop_ready),
                             COP_ON(program, connect_me), COP_ON(program, cop_child_down),
                             COP_ON(program, cop_end)),
};

/* ------------------------------------------------------------------------ back ends */

static void
no_log(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static void
expect_nothing_left(cop_node *node)
{
    cop_node_stats left;

    cop_node_stats_read(node, &left);
    assert_int_equal(left.actors, 0);
    assert_int_equal(left.timers, 0);
    assert_int_equal(left.watches, 0);
    assert_int_equal(left.live_messages, 0);
    assert_int_equal(left.jobs_running + left.jobs_queued, 0);
}

static void
run_on_libevent(const cop_behaviour *session, const char *method)
{
    cop_node *node;
    cop_exit why;

    assert_int_equal(cop_node_new(&node, &(cop_node_opts){.workers = 2, .on_log = no_log}),
                     COP_OK);
    assert_string_equal(event_base_get_method(node->sched.workers[0].base), method);
    assert_int_equal(cop_node_start(node, &program_b,
                                    &(cop_spawn_opts){
                                        .arg = &(program_arg){session, false}
    },
                                    NULL),
                     COP_OK);
    assert_int_equal(cop_node_wait(node, &why), 0);
    expect_nothing_left(node);
    cop_node_free(&node);
}

static void
run_on_epoll(const cop_behaviour *session)
{
    unsetenv("EVENT_NOEPOLL");
    run_on_libevent(session, "epoll");
}

static void
run_on_poll(const cop_behaviour *session)
{
    setenv("EVENT_NOEPOLL", "1", 1);
    run_on_libevent(session, "poll");
    unsetenv("EVENT_NOEPOLL");
}

static void
run_simulated(const cop_behaviour *session)
{
    cop_sim *sim;
    cop_node *node;

    assert_int_equal(cop_sim_new(&sim, 1), COP_OK);
    assert_int_equal(cop_sim_node(sim, &(cop_node_opts){.on_log = no_log}, &node), COP_OK);
    assert_int_equal(cop_sim_spawn(node, &program_b,
                                   &(cop_spawn_opts){
                                       .arg = &(program_arg){session, true}
    },
                                   NULL),
                     COP_OK);
    assert_true(cop_sim_run_until_idle(sim, 60 * 1000));
    assert_true(cop_sim_stop(sim, node, 1000));
    expect_nothing_left(node);
    cop_sim_free(&sim);
}

static void
expect_the_same(const trace *first)
{
    for (int i = 0; i < CONNECTIONS; i++) {
        assert_string_equal(now.client[i], first->client[i]);
        assert_string_equal(now.session[i], first->session[i]);
    }
}

/* Of two of them it is written down what they do. */
static void
expect_what_is_right(void)
{
    assert_string_equal(now.client[20], "hello c20 -> welcome c20\nadd 20 21 -> waited 2\n"
                                        "... -> sum 41\nrun w20 -> ran w20\nhm -> what? hm\n");
    assert_string_equal(now.session[20], "welcome c20\nwaited 2\nsum 41\nran w20\nwhat? hm\n"
                                         "is left\n");
    assert_string_equal(now.client[1], "hello c1 -> welcome c1\nadd 1 2 -> waited 1\n"
                                       "... -> sum 3\nhm -> what? hm\nfail now -> (gone)\n");
    assert_string_equal(now.client[99], "hello c99 -> welcome c99\nadd 99 100 -> waited 0\n"
                                        "... -> sum 199\nhm -> what? hm\nbye -> goodbye\n");
}

static void
the_same_program_does_the_same_everywhere(void **state)
{
    static const struct {
        const char *name;
        void (*run)(const cop_behaviour *session);
    } ends[] = {
        {"epoll",     run_on_epoll },
        {"poll",      run_on_poll  },
        {"simulated", run_simulated}
    };
    static const cop_behaviour *const kinds[] = {&session_handlers_b, &session_body_b};
    static trace first;

    (void)state;
    for (size_t i = 0; i < COP_COUNT(ends); i++) {
        for (size_t k = 0; k < COP_COUNT(kinds); k++) {
            print_message("%s, %s\n", ends[i].name, kinds[k]->name);
            memset(&now, 0, sizeof now);
            bad_ends = 0;
            ends[i].run(kinds[k]);
            expect_what_is_right();
            assert_int_equal(bad_ends, CONNECTIONS / 4); /* those that were told to fail */
            if (i + k == 0)
                first = now;
            expect_the_same(&first);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_program_does_the_same_everywhere),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
