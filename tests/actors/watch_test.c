/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch_test.c - readiness as messages, on two workers.
 */
#define _GNU_SOURCE /* pipe2 */
#include "watch_play.h"

static void
a_readable_descriptor_is_a_message_each_time(void **state)
{
    (void)state;
    play p;

    begin(&p);
    stage_run(&p.stage, open_watch, &p);
    assert_int_equal(p.err, COP_OK);
    for (int i = 0; i < 100; i++) {
        put(&p, "abc");
        stage_expect(&p.stage, "r3");
    }
    assert_int_equal(watches(&p), 1);
    end(&p);
}

static void
what_is_not_read_is_told_again(void **state)
{
    (void)state;
    play p;
    char more[100];

    begin(&p);
    memset(more, 'x', sizeof more);
    assert_int_equal(write(p.ends[1], more, 70), 70);
    stage_run(&p.stage, open_watch, &p);
    stage_expect(&p.stage, "r64");
    stage_expect(&p.stage, "r6");
    end(&p);
}

static void
the_end_of_the_other_side_is_readable(void **state)
{
    (void)state;
    play p;

    begin(&p);
    stage_run(&p.stage, open_watch, &p);
    close(p.ends[1]);
    p.ends[1] = -1;
    stage_expect(&p.stage, "r0");
    stage_run(&p.stage, close_watch, &p);
    assert_int_equal(watches(&p), 0);
    end(&p);
}

static void
after_a_close_nothing_comes(void **state)
{
    (void)state;
    play p;

    begin(&p);
    stage_run(&p.stage, open_watch, &p);
    stage_run(&p.stage, close_watch, &p);
    put(&p, "abc");
    stage_run(&p.stage, close_watch, &p);
    stage_expect_no_more(&p.stage);
    stage_run(&p.stage, change_watch, &p);
    assert_int_equal(p.err, COP_E_GONE);
    /* What was not read is still there for the next watch. */
    stage_run(&p.stage, open_watch, &p);
    stage_expect(&p.stage, "r3");
    end(&p);
}

static void
a_handler_may_close_its_own_watch(void **state)
{
    (void)state;
    play p;

    begin(&p);
    p.close_in_handler = true;
    put(&p, "abc");
    stage_run(&p.stage, open_watch, &p);
    stage_expect(&p.stage, "r3");
    stage_run(&p.stage, close_watch, &p);
    assert_int_equal(watches(&p), 0);
    end(&p);
}

static void
the_events_can_be_changed(void **state)
{
    (void)state;
    play p;

    begin(&p);
    stage_run(&p.stage, open_watch, &p);
    p.events = 0;
    stage_run(&p.stage, change_watch, &p);
    assert_int_equal(p.err, COP_OK);
    put(&p, "abc");
    stage_run(&p.stage, change_watch, &p);
    stage_expect_no_more(&p.stage);
    p.events = COP_READABLE;
    stage_run(&p.stage, change_watch, &p);
    stage_expect(&p.stage, "r3");
    p.close_in_handler = true; /* else it would be writable for ever */
    p.events = COP_WRITABLE;
    stage_run(&p.stage, change_watch, &p);
    stage_expect(&p.stage, "w-1");
    end(&p);
}

static void
read_and_write_come_together(void **state)
{
    (void)state;
    play p;

    begin(&p);
    p.close_in_handler = true;
    p.events = COP_READABLE | COP_WRITABLE;
    put(&p, "abc");
    stage_run(&p.stage, open_watch, &p);
    stage_expect(&p.stage, "rw3");
    end(&p);
}

static void
what_cannot_be_watched_is_an_error(void **state)
{
    (void)state;
    play p;
    int socket;

    begin(&p);
    socket = p.ends[0];
    p.ends[0] = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    stage_run(&p.stage, open_watch, &p);
    assert_int_equal(p.err, COP_E_OS);
    close(p.ends[0]);
    stage_run(&p.stage, open_watch, &p);
    assert_int_equal(p.err, COP_E_OS);
    p.ends[0] = -1;
    stage_run(&p.stage, open_watch, &p);
    assert_int_equal(p.err, COP_E_INVAL);
    p.ends[0] = socket;
    p.events = 0;
    stage_run(&p.stage, open_watch, &p);
    assert_int_equal(p.err, COP_E_INVAL);
    p.events = 4;
    stage_run(&p.stage, open_watch, &p);
    assert_int_equal(p.err, COP_E_INVAL);
    end(&p);
}

static void
an_actor_that_ends_takes_its_watch_along(void **state)
{
    (void)state;
    play p;

    begin(&p);
    stage_run(&p.stage, open_watch, &p);
    stage_run(&p.stage, open_watch, &p);
    assert_int_equal(watches(&p), 2);
    put(&p, "abc"); /* a message may be on its way while it ends */
    stage_close(&p.stage);
    close(p.ends[0]);
    close(p.ends[1]);
}

static void
drain_socket(cop_actor *me, void *ctx)
{
    (void)me;
    play *p = ctx;
    char bytes[64];

    while (read(p->ends[0], bytes, sizeof bytes) > 0)
        continue;
}

static unsigned
said(play *p)
{
    pthread_mutex_lock(&p->stage.lock);
    unsigned count = p->stage.said;
    pthread_mutex_unlock(&p->stage.lock);
    return count;
}

/* The descriptor becomes ready while the watch is being closed: whoever is first. */
static void
a_message_that_waits_dies_with_the_watch(void **state)
{
    (void)state;
    play p;

    begin(&p);
    for (int i = 0; i < 400; i++) {
        stage_run(&p.stage, open_watch, &p);
        put(&p, "abc");
        stage_run(&p.stage, close_watch, &p);
        unsigned before = said(&p);
        stage_run(&p.stage, drain_socket, &p);
        assert_int_equal(said(&p), before);
    }
    p.stage.expected = said(&p);
    end(&p);
}

/* ----------------------------------------------------- many watches, two busy workers */

enum {
    ECHOES = 16,
    ROUNDS = 200
};

typedef struct echo {
    int fd;
} echo;

static cop_err
echo_init(cop_actor *me, void *state, const void *arg)
{
    cop_watch watch;

    ((echo *)state)->fd = *(const int *)arg;
    return cop_watch_open(me, ((echo *)state)->fd, COP_READABLE, &watch);
}

COP_HANDLER(echo, cop_ready)
{
    char byte;

    while (read(msg->fd, &byte, 1) == 1)
        if (write(st->fd, &byte, 1) != 1)
            return COP_E_OS;
    return COP_OK;
}

static const cop_behaviour echo_behaviour = {
    .name = "echo",
    .state_size = sizeof(echo),
    .init = echo_init,
    .handlers = COP_HANDLERS(COP_ON(echo, cop_ready)),
};

/* A spawner without watches runs on either worker, and so do those that it spawns. */
static void
spawn_echo(cop_actor *me, void *ctx)
{
    if (cop_spawn(me, &echo_behaviour, &(cop_spawn_opts){.arg = ctx}, NULL) != COP_OK)
        cop_log(me, "no echo");
}

static void
many_watches_on_two_workers_all_echo(void **state)
{
    (void)state;
    stage scene;
    int pairs[ECHOES][2];
    char byte;

    stage_open(&scene, NULL);
    for (int i = 0; i < ECHOES; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs[i]), 0);
        assert_int_equal(fcntl(pairs[i][1], F_SETFL, O_NONBLOCK), 0);
        stage_run(&scene, spawn_echo, &pairs[i][1]);
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < ECHOES; i++)
            assert_int_equal(write(pairs[i][0], "x", 1), 1);
        for (int i = 0; i < ECHOES; i++)
            assert_int_equal(read(pairs[i][0], &byte, 1), 1);
    }
    stage_close(&scene);
    for (int i = 0; i < ECHOES; i++) {
        close(pairs[i][0]);
        close(pairs[i][1]);
    }
}

static cop_err
simulated_init(cop_actor *me, void *state, const void *arg)
{
    (void)state;
    cop_watch watch;

    return cop_watch_open(me, *(const int *)arg, COP_READABLE, &watch);
}

static void
a_simulation_has_no_descriptors(void **state)
{
    (void)state;
    static const cop_behaviour actor = {.name = "simulated", .init = simulated_init};
    cop_sim *sim;
    cop_node *node;
    int fd = 0;

    assert_int_equal(cop_sim_new(&sim, 1), COP_OK);
    assert_int_equal(cop_sim_node(sim, &(cop_node_opts){0}, &node), COP_OK);
    assert_int_equal(cop_sim_spawn(node, &actor, &(cop_spawn_opts){.arg = &fd}, NULL),
                     COP_E_SIMULATED);
    cop_sim_free(&sim);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_readable_descriptor_is_a_message_each_time),
        cmocka_unit_test(what_is_not_read_is_told_again),
        cmocka_unit_test(the_end_of_the_other_side_is_readable),
        cmocka_unit_test(after_a_close_nothing_comes),
        cmocka_unit_test(a_handler_may_close_its_own_watch),
        cmocka_unit_test(the_events_can_be_changed),
        cmocka_unit_test(read_and_write_come_together),
        cmocka_unit_test(what_cannot_be_watched_is_an_error),
        cmocka_unit_test(an_actor_that_ends_takes_its_watch_along),
        cmocka_unit_test(a_message_that_waits_dies_with_the_watch),
        cmocka_unit_test(many_watches_on_two_workers_all_echo),
        cmocka_unit_test(a_simulation_has_no_descriptors),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
