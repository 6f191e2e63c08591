/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storm_test.c - ten thousand children, of which one in a hundred fails every second.
 *
 * In virtual time; five minutes of it, with COPPICE_FULL=1 an hour: 360,000 restarts.
 */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/sim.h>
#include <coppice/supervisor.h>

#define STORM(M, F)                                                                            \
    M(1, fall)                                                                                 \
    M(2, grow)                                                                                 \
    M(3, count)
COP_PROTOCOL(STORM)

enum {
    CHILDREN = 10000,
    FALLS = CHILDREN / 100, /* in a second */
    /* In a second, of the supervisor and of those who crash, each with one about the rest. */
    LINES = 2 * (10 + 1),
    SLACK = 16384, /* less than a byte for each restart */
};

static struct {
    cop_sim *sim;
    cop_node *node;
    cop_pid boss, top;
    cop_pid pids[CHILDREN]; /* by number */
    uint32_t numbers[CHILDREN];
    uint64_t starts, ends;             /* of inits and of disposes */
    uint64_t told_ends, told_restarts; /* by reports */
    uint64_t lines, lines_of_last_second;
    cop_child_counts counts;
} stage;

/* --------------------------------------------------------------------------- children */

typedef struct child {
    char fill[200]; /* so that it has a block of its own */
} child;

COP_HANDLER(child, cop_start)
{
    const uint32_t *number = msg->arg;

    stage.pids[*number] = cop_self(me);
    stage.starts++;
    return COP_OK;
}

COP_HANDLER(child, fall)
{
    return cop_fail(me, 1, "one of many");
}

static void
child_dispose(COP_UNUSED void *state)
{
    stage.ends++;
}

static const cop_behaviour child_b = {
    .name = "child",
    .state_size = sizeof(child),
    .dispose = child_dispose,
    .handlers = COP_HANDLERS(COP_ON(child, cop_start), COP_ON(child, fall)),
};

/* ------------------------------------------------------------------------------- boss */

typedef struct boss {
    uint32_t started;
} boss;

COP_REPLY(boss, cop_child_started)
{
    assert_int_equal(err, COP_OK);
    return COP_OK;
}

COP_REPLY(boss, cop_child_counts)
{
    assert_int_equal(err, COP_OK);
    stage.counts = *msg;
    return COP_OK;
}

COP_HANDLER(boss, grow)
{
    const uint32_t *number = &stage.numbers[st->started++];

    return cop_start_dynamic(me, stage.top, number, 0, 1000, COP_THEN(boss, cop_child_started));
}

COP_HANDLER(boss, count)
{
    return cop_count_children(me, stage.top, 1000, COP_THEN(boss, cop_child_counts));
}

COP_BEHAVIOUR(boss_b, boss, COP_ON(boss, grow), COP_ON(boss, count));

/* ----------------------------------------------------------------------------- scenery */

static void
on_log(COP_UNUSED void *ctx, COP_UNUSED const char *line)
{
    stage.lines++;
    stage.lines_of_last_second++;
}

static void
on_report(COP_UNUSED void *ctx, const cop_report *report)
{
    stage.told_ends += report->what == COP_NEWS_ENDED && report->is_error;
    stage.told_restarts += report->what == COP_NEWS_RESTARTED;
}

static const cop_reporter reporter = {on_report, NULL};
static const cop_child tree = {
    .name = "top",
    .strategy = COP_DYNAMIC,
    .budget = {FALLS * 2,       1              },
    .reporter = &reporter,
    .sup = COP_CHILDREN({.name = "child", .run = &child_b}
      ),
};

static void
start_all(void)
{
    cop_node_opts opts = {.on_log = on_log};

    memset(&stage, 0, sizeof stage);
    assert_int_equal(cop_sim_new(&stage.sim, 7), COP_OK);
    assert_int_equal(cop_sim_node(stage.sim, &opts, &stage.node), COP_OK);
    assert_int_equal(cop_sim_spawn(stage.node, &boss_b, NULL, &stage.boss), COP_OK);
    assert_int_equal(cop_sim_spawn(stage.node, &cop_supervisor,
                                   &(cop_spawn_opts){.arg = &tree, .stop_ms = COP_INFINITY},
                                   &stage.top),
                     COP_OK);
    for (uint32_t i = 0; i < CHILDREN; i++) {
        stage.numbers[i] = i;
        assert_int_equal(cop_post(stage.node, stage.boss, grow), COP_OK);
        cop_sim_settle(stage.sim);
    }
    assert_int_equal(stage.starts, CHILDREN);
}

static bool
is_first_of(const uint32_t *chosen, int count)
{
    for (int i = 0; i < count; i++)
        if (chosen[i] == chosen[count])
            return false;
    return true;
}

/* A hundred different ones fall, at random times of the second. */
static void
one_second(void)
{
    uint32_t chosen[FALLS];

    stage.lines_of_last_second = 0;
    for (int i = 0; i < FALLS; i++) {
        do
            chosen[i] = (uint32_t)(cop_sim_random(stage.sim) % CHILDREN);
        while (!is_first_of(chosen, i));
        assert_int_equal(cop_post(stage.node, stage.pids[chosen[i]], fall), COP_OK);
        if (i % 10 == 9)
            cop_sim_run_for(stage.sim, 1000 / (FALLS / 10));
    }
    assert_in_range(stage.lines_of_last_second, 1, LINES);
}

/* What is taken from the system, the most exact that there is. */
typedef struct memory {
    size_t bytes;
    cop_node_stats stats;
} memory;

static memory
memory_now(void)
{
    struct mallinfo2 info = mallinfo2();
    memory out = {.bytes = info.uordblks + info.hblkhd};

    cop_node_stats_read(stage.node, &out.stats);
    return out;
}

static void
count_all(uint64_t falls)
{
    assert_int_equal(stage.starts, CHILDREN + falls);
    assert_int_equal(stage.ends, falls);
    assert_int_equal(stage.told_ends, falls);
    assert_int_equal(stage.told_restarts, falls);
    assert_int_equal(cop_post(stage.node, stage.boss, count), COP_OK);
    cop_sim_settle(stage.sim);
    assert_int_equal(stage.counts.active, CHILDREN);
    assert_int_equal(stage.counts.workers, CHILDREN);
}

/* Seconds of virtual time. */
static int
how_long(void)
{
    if (getenv("COPPICE_UNDER_VALGRIND") != NULL)
        return 20;
    return getenv("COPPICE_FULL") != NULL ? 3600 : 300;
}

static void
a_storm_of_restarts_misses_nobody_and_takes_no_memory(COP_UNUSED void **state)
{
    int seconds = how_long(), first = seconds > 300 ? 300 : seconds / 5;
    memory settled = {0}, last;

    start_all();
    for (int i = 1; i <= seconds; i++) {
        one_second();
        if (i == first)
            settled = memory_now();
    }
    last = memory_now();
    count_all((uint64_t)seconds * FALLS);
    print_message("%d restarts, %zu bytes after %d s and %zu after %d s, %d lines\n",
                  seconds * FALLS, settled.bytes, first, last.bytes, seconds, (int)stage.lines);
    assert_true(last.bytes < settled.bytes + SLACK);
    assert_int_equal(last.stats.live_messages, settled.stats.live_messages);
    assert_int_equal(last.stats.timers, settled.stats.timers);
    assert_int_equal(last.stats.actors, settled.stats.actors);
    assert_true(cop_sim_stop(stage.sim, stage.node, 100000));
    assert_int_equal(stage.ends, stage.starts);
    cop_sim_free(&stage.sim);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_storm_of_restarts_misses_nobody_and_takes_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
