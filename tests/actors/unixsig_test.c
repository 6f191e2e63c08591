/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unixsig_test.c - signals as messages in this process, and whole programs that are told
 * to stop in others.
 */
#define _GNU_SOURCE /* pipe2 */
#include "role.h"

#include <errno.h>
#include <signal.h>

#include <coppice/sim.h>
#include <coppice/unixsig.h>

/* --------------------------------------------------------------------------- messages */

typedef struct play {
    stage stage; /* first */
    const int *signals;
    size_t count;
    cop_err err;
} play;

static cop_err
on_message(stage *self, cop_actor *me, const cop_type *type, const void *message)
{
    (void)me;
    const cop_unix_signal *got = message;

    if (type == &cop_unix_signal_type)
        stage_say(self, "%d%s", got->signo, got->sender == getpid() ? " from myself" : "");
    return COP_OK;
}

static void
ask_for(cop_actor *me, void *ctx)
{
    play *p = ctx;

    p->err = cop_unix_signals(me, p->signals, p->count);
}

static cop_err
asked_for(const int *signals, size_t count)
{
    play p = {.signals = signals, .count = count};

    stage_open(&p.stage, on_message);
    p.signals = signals;
    p.count = count;
    stage_run(&p.stage, ask_for, &p);
    stage_close(&p.stage);
    return p.err;
}

static void
blocked_signals_arrive_as_messages(void **state)
{
    (void)state;
    static const int signals[] = {SIGUSR1, SIGHUP};
    play p;

    assert_int_equal(cop_unix_block(signals, 2), COP_OK);
    stage_open(&p.stage, on_message);
    p.signals = signals;
    p.count = 2;
    kill(getpid(), SIGHUP); /* waits until somebody asks */
    stage_run(&p.stage, ask_for, &p);
    assert_int_equal(p.err, COP_OK);
    stage_expect(&p.stage, "1 from myself");
    for (int i = 0; i < 50; i++) {
        kill(getpid(), SIGUSR1);
        stage_expect(&p.stage, "10 from myself");
    }
    stage_close(&p.stage);
}

static void
what_cannot_be_caught_or_is_not_blocked_is_refused(void **state)
{
    (void)state;

    assert_int_equal(asked_for((const int[]){SIGKILL}, 1), COP_E_INVAL);
    assert_int_equal(asked_for((const int[]){SIGSTOP}, 1), COP_E_INVAL);
    assert_int_equal(asked_for((const int[]){0}, 1), COP_E_INVAL);
    assert_int_equal(asked_for((const int[]){1000}, 1), COP_E_INVAL);
    assert_int_equal(asked_for((const int[]){SIGALRM}, 1), COP_E_INVAL);
    assert_int_equal(cop_unix_block((const int[]){SIGKILL}, 1), COP_E_INVAL);
    assert_int_equal(cop_unix_block((const int[]){-1}, 1), COP_E_INVAL);
}

static cop_err
simulated_init(cop_actor *me, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    return cop_unix_signals(me, (const int[]){SIGUSR1}, 1);
}

static void
a_simulation_has_no_signals(void **state)
{
    (void)state;
    static const cop_behaviour actor = {.name = "simulated", .init = simulated_init};
    cop_sim *sim;
    cop_node *node;

    assert_int_equal(cop_sim_new(&sim, 1), COP_OK);
    assert_int_equal(cop_sim_node(sim, &(cop_node_opts){.unix_signals = true}, &node), COP_OK);
    assert_int_equal(cop_sim_spawn(node, &actor, NULL, NULL), COP_E_SIMULATED);
    cop_sim_free(&sim);
}

static void
a_node_leaves_the_callers_signals_as_they_were(void **state)
{
    (void)state;
    sigset_t before, during, after;
    cop_node *node;
    static const cop_behaviour actor = {.name = "idle"};

    pthread_sigmask(SIG_BLOCK, NULL, &before);
    assert_int_equal(cop_node_new(&node, &(cop_node_opts){.workers = 1, .unix_signals = true}),
                     COP_OK);
    assert_int_equal(cop_node_start(node, &actor, NULL, NULL), COP_OK);
    pthread_sigmask(SIG_BLOCK, NULL, &during);
    assert_true(sigismember(&during, SIGTERM));
    assert_false(sigismember(&during, SIGPIPE));
    cop_node_free(&node);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    for (int signo = 1; signo < NSIG; signo++)
        assert_int_equal(sigismember(&after, signo), sigismember(&before, signo));
}

/* ------------------------------------------------------------------------------- roles */

/* Ends as soon as it is told to. */
static cop_err
ready_init(cop_actor *me, void *state, const void *arg)
{
    (void)me;
    (void)state;
    (void)arg;
    role_tell("ready ");
    return COP_OK;
}

static void
ready_terminate(cop_actor *me, void *state, const cop_exit *why)
{
    char text[64];

    (void)me;
    (void)state;
    snprintf(text, sizeof text, "end:%s:%s ", cop_exit_kind_name(why->kind), why->text);
    role_tell(text);
}

static int
polite_role(void)
{
    static const cop_behaviour polite = {
        .name = "polite", .init = ready_init, .terminate = ready_terminate};

    return cop_run(&polite, &(cop_node_opts){.workers = 2});
}

/* Is asked, and does not end. */
static cop_err
stubborn_on_stopping(cop_actor *me, void *state, const void *message)
{
    (void)me;
    (void)state;
    (void)message;
    role_tell("stopping ");
    return COP_OK;
}

static const cop_behaviour stubborn = {
    .name = "stubborn",
    .init = ready_init,
    .terminate = ready_terminate,
    .handlers = COP_HANDLERS({&cop_stopping_type, stubborn_on_stopping}),
};

static int
start_and_wait(const cop_behaviour *behaviour, const cop_spawn_opts *opts)
{
    cop_node *node;

    if (cop_node_new(&node, &(cop_node_opts){.workers = 2, .unix_signals = true}) != COP_OK ||
        cop_node_start(node, behaviour, opts, NULL) != COP_OK)
        return 98;
    int status = cop_node_wait(node, NULL);
    cop_node_free(&node);
    return status;
}

static int
stubborn_role(void)
{
    return start_and_wait(&stubborn, &(cop_spawn_opts){.stop_ms = COP_INFINITY});
}

/* Ends at once, but waits for a child that does not. */
static cop_err
family_init(cop_actor *me, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    return cop_spawn(me, &stubborn, &(cop_spawn_opts){.stop_ms = COP_INFINITY}, NULL);
}

static int
family_role(void)
{
    static const cop_behaviour family = {.name = "family", .init = family_init};

    return start_and_wait(&family, &(cop_spawn_opts){.stop_ms = COP_INFINITY});
}

/* Writes to a pipe that nobody reads, from a worker. */
static cop_err
writer_on_message(cop_actor *me, void *state, const cop_type *type, const void *message)
{
    (void)state;
    (void)type;
    (void)message;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0 || close(ends[0]) != 0)
        return COP_E_OS;
    bool is_told = write(ends[1], "x", 1) < 0 && errno == EPIPE;
    close(ends[1]);
    return is_told ? cop_stop(me) : COP_E_FAILED;
}

static cop_err
writer_init(cop_actor *me, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    return cop_send(me, cop_self(me), cop_unix_signal, .signo = 0);
}

static int
writer_role(void)
{
    static const cop_behaviour writer = {
        .name = "writer", .init = writer_init, .on_message = writer_on_message};

    return start_and_wait(&writer, NULL);
}

static void
stops_with(int signo, const char *last_words, int status)
{
    role node = role_play("polite", environ, -1);

    assert_true(role_says(&node, "ready"));
    assert_int_equal(kill(node.pid, signo), 0);
    assert_true(role_says(&node, last_words));
    assert_int_equal(role_status(&node), status);
    close(node.output);
}

static void
a_program_that_is_told_to_stop_ends_in_order_with_128_plus_n(void **state)
{
    (void)state;

    stops_with(SIGTERM, "end:shutdown:SIGTERM", 143);
    stops_with(SIGINT, "end:shutdown:SIGINT", 130);
}

/* The first signal is obeyed as far as the actors let it, the second kills them; the exit
 * status stays the first one's. */
static void
hardens(const char *name)
{
    role node = role_play(name, environ, -1);

    assert_true(role_says(&node, "ready"));
    assert_int_equal(kill(node.pid, SIGTERM), 0);
    assert_true(role_says(&node, "stopping"));
    assert_int_equal(kill(node.pid, SIGINT), 0);
    assert_true(role_falls_silent(&node));
    assert_int_equal(role_status(&node), 143);
    close(node.output);
}

static void
a_second_signal_ends_an_actor_that_refuses_to_stop(void **state)
{
    (void)state;
    hardens("stubborn");
}

static void
a_second_signal_reaches_those_that_are_waited_for(void **state)
{
    (void)state;
    hardens("family");
}

static void
a_write_to_nobody_is_an_error_and_not_the_end(void **state)
{
    (void)state;
    role node = role_play("writer", environ, -1);

    assert_true(role_falls_silent(&node));
    assert_int_equal(role_status(&node), 0);
    close(node.output);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocked_signals_arrive_as_messages),
        cmocka_unit_test(what_cannot_be_caught_or_is_not_blocked_is_refused),
        cmocka_unit_test(a_simulation_has_no_signals),
        cmocka_unit_test(a_node_leaves_the_callers_signals_as_they_were),
        cmocka_unit_test(a_program_that_is_told_to_stop_ends_in_order_with_128_plus_n),
        cmocka_unit_test(a_second_signal_ends_an_actor_that_refuses_to_stop),
        cmocka_unit_test(a_second_signal_reaches_those_that_are_waited_for),
        cmocka_unit_test(a_write_to_nobody_is_an_error_and_not_the_end),
    };

    if (argc > 1)
        return strcmp(argv[1], "polite") == 0     ? polite_role()
               : strcmp(argv[1], "stubborn") == 0 ? stubborn_role()
               : strcmp(argv[1], "family") == 0   ? family_role()
                                                  : writer_role();
    return cmocka_run_group_tests_name("unixsig", tests, NULL, NULL);
}
