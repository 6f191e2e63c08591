/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idle_test.c - a node with nothing to do uses no processor time and wakes nobody.
 *
 * Of the whole process: processor time, which is not time on the wall, so a busy machine
 * changes nothing, and voluntary context switches, of which each wake-up makes one.
 */
#include <errno.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

#include <coppice/coppice.h>

#define IDLE_TEST(M, F)                                                                        \
    M(1, tick)                                                                                 \
    M(2, more)
COP_PROTOCOL(IDLE_TEST)

enum {
    SECONDS = 3,
    FULL_SECONDS = 10,
    SETTLE_MS = 300,  /* until all that was started sleeps */
    SWITCHES_MAX = 5, /* in that time; the thread that waits for its end makes one */
    CONNECTED_SWITCHES_MAX = 100, /* a second, of two connected nodes */
    CROWD = 1000,
    HOUR_MS = 3600 * 1000,
};

/* Of the time that passes, at most: 0.1 %. */
static const double share_max = 0.001;
/* Of two connected nodes together. */
static const double connected_share_max = 0.004;

/* What the main actors tell the test. */
static sem_t told;

/* --------------------------------------------------------------------------- measuring */

typedef struct usage {
    double wall, cpu; /* seconds */
    long switches;    /* voluntary */
} usage;

static double
seconds_of(clockid_t clock)
{
    struct timespec at;

    assert_int_equal(clock_gettime(clock, &at), 0);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static usage
usage_now(void)
{
    struct rusage all;

    assert_int_equal(getrusage(RUSAGE_SELF, &all), 0);
    return (usage){.wall = seconds_of(CLOCK_MONOTONIC),
                   .cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID),
                   .switches = all.ru_nvcsw};
}

static usage
usage_since(usage before)
{
    usage now = usage_now();

    return (usage){now.wall - before.wall, now.cpu - before.cpu,
                   now.switches - before.switches};
}

static void
wait_ms(long ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};

    while (nanosleep(&left, &left) != 0)
        assert_int_equal(errno, EINTR);
}

/* What the process uses while nobody does anything. */
static usage
usage_at_rest(const char *what)
{
    wait_ms(SETTLE_MS);
    usage before = usage_now();
    wait_ms(1000 * (getenv("COPPICE_FULL") != NULL ? FULL_SECONDS : SECONDS));
    usage used = usage_since(before);
    print_message("%s: %.4f %% of a processor, %ld voluntary switches in %.0f s\n", what,
                  100 * used.cpu / used.wall, used.switches, used.wall);
    return used;
}

static void
assert_idle(usage used)
{
    assert_true(used.cpu < share_max * used.wall);
    assert_in_range(used.switches, 0, SWITCHES_MAX);
}

static cop_node *
started(const cop_behaviour *main_actor, unsigned workers)
{
    cop_node *node = NULL;

    assert_int_equal(cop_node_new(&node, &(cop_node_opts){.workers = workers}), COP_OK);
    assert_int_equal(cop_node_start(node, main_actor, NULL, NULL), COP_OK);
    return node;
}

static void
wait_until_told(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 30;
    while (sem_timedwait(&told, &until) != 0)
        assert_int_equal(errno, EINTR);
}

/* ------------------------------------------------------------------------------- idle */

typedef struct sleeper {
    int unused;
} sleeper;

COP_HANDLER(sleeper, tick)
{
    return COP_OK;
}
static COP_BEHAVIOUR(sleeper_b, sleeper, COP_ON(sleeper, tick));

static const cop_child tree = {
    .name = "app",
    .sup = COP_CHILDREN({.name = "db", .run = &sleeper_b},
                        {.name = "codecs",
                         .sup = COP_CHILDREN({.name = "jpeg", .run = &sleeper_b},
                                             {.name = "png", .run = &sleeper_b})}),
};

/* A supervision tree, a thousand actors, a timer. */
typedef struct crowd {
    int unused;
} crowd;

COP_HANDLER(crowd, cop_start)
{
    COP_TRY(cop_supervisor_spawn(me, &tree, NULL));
    for (int i = 0; i < CROWD; i++)
        COP_TRY(cop_spawn(me, &sleeper_b, NULL, NULL));
    return cop_send_after(me, HOUR_MS, NULL, tick);
}
static COP_BEHAVIOUR(crowd_b, crowd, COP_ON(crowd, cop_start));

static void
assert_idle_with(const char *what, const cop_behaviour *main_actor, unsigned workers)
{
    cop_node *node = started(main_actor, workers);

    usage used = usage_at_rest(what);
    cop_node_free(&node); /* first, so that it disturbs no other test if this one fails */
    assert_idle(used);
}

static void
one_worker_without_work_is_idle(void **state)
{
    (void)state;
    assert_idle_with("1 worker", &sleeper_b, 1);
}

static void
two_workers_without_work_are_idle(void **state)
{
    (void)state;
    assert_idle_with("2 workers", &sleeper_b, 2);
}

static void
a_tree_a_crowd_and_a_timer_are_idle_on_one_worker(void **state)
{
    (void)state;
    assert_idle_with("1 worker, 1000 actors, a timer", &crowd_b, 1);
}

static void
a_tree_a_crowd_and_a_timer_are_idle_on_two_workers(void **state)
{
    (void)state;
    assert_idle_with("2 workers, 1000 actors, a timer", &crowd_b, 2);
}

/* ------------------------------------------------------------------------ two nodes */

typedef struct watcher {
    int unused;
} watcher;

COP_HANDLER(watcher, cop_start)
{
    return cop_watch_nodes(me);
}

COP_HANDLER(watcher, cop_node_up)
{
    sem_post(&told);
    return COP_OK;
}
static COP_BEHAVIOUR(watcher_b, watcher, COP_ON(watcher, cop_start),
                     COP_ON(watcher, cop_node_up));

/* With its cluster, which joins the other's if there is one. */
static cop_node *
clustered(const char *name, cop_node *other)
{
    cop_node *node = NULL;
    cop_node_opts opts = {.name = name, .workers = 1};
    cop_cluster_opts cluster = {.join = other != NULL ? cop_cluster_address(other) : NULL};

    assert_int_equal(cop_node_new(&node, &opts), COP_OK);
    assert_int_equal(cop_cluster_start(node, &cluster), COP_OK);
    assert_int_equal(cop_node_start(node, &watcher_b, NULL, NULL), COP_OK);
    return node;
}

/*
 * All that they do is to tell each other four times a second that they live.  Each of these
 * exchanges is of four frames, and wakes nanomsg's thread and each node's worker a few times.
 */
static void
two_connected_nodes_only_exchange_heartbeats(void **state)
{
    (void)state;
    cop_node *a = clustered("a", NULL), *b = clustered("b", a);

    wait_until_told();
    wait_until_told();
    usage used = usage_at_rest("2 nodes with heartbeats");
    cop_node_free(&b);
    cop_node_free(&a);
    assert_true(used.cpu < connected_share_max * used.wall);
    assert_true((double)used.switches < CONNECTED_SWITCHES_MAX * used.wall);
}

/* ---------------------------------------------- what is measured can be seen at all */

typedef struct clockwork {
    int ticks;
} clockwork;

COP_HANDLER(clockwork, cop_start)
{
    return cop_send_every(me, 1, NULL, tick);
}

COP_HANDLER(clockwork, tick)
{
    if (++st->ticks == 100)
        sem_post(&told);
    return COP_OK;
}
static COP_BEHAVIOUR(clockwork_b, clockwork, COP_ON(clockwork, cop_start),
                     COP_ON(clockwork, tick));

static void
a_node_that_wakes_up_is_seen(void **state)
{
    (void)state;
    usage before = usage_now();
    cop_node *node = started(&clockwork_b, 1);

    wait_until_told();
    assert_true(usage_since(before).switches > SWITCHES_MAX);
    cop_node_free(&node);
}

typedef struct runner {
    int runs;
} runner;

COP_HANDLER(runner, cop_start)
{
    return cop_send(me, cop_self(me), more);
}

COP_HANDLER(runner, more)
{
    if (++st->runs == 100000)
        sem_post(&told);
    return cop_send(me, cop_self(me), more);
}
static COP_BEHAVIOUR(runner_b, runner, COP_ON(runner, cop_start), COP_ON(runner, more));

static void
a_node_that_works_is_seen(void **state)
{
    (void)state;
    usage before = usage_now();
    cop_node *node = started(&runner_b, 1);

    wait_until_told();
    usage used = usage_since(before);
    assert_true(used.cpu > share_max * used.wall);
    cop_node_free(&node);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_worker_without_work_is_idle),
        cmocka_unit_test(two_workers_without_work_are_idle),
        cmocka_unit_test(a_tree_a_crowd_and_a_timer_are_idle_on_one_worker),
        cmocka_unit_test(a_tree_a_crowd_and_a_timer_are_idle_on_two_workers),
        cmocka_unit_test(two_connected_nodes_only_exchange_heartbeats),
        cmocka_unit_test(a_node_that_wakes_up_is_seen),
        cmocka_unit_test(a_node_that_works_is_seen),
    };

    sem_init(&told, 0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
