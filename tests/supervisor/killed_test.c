/* SPDX-License-Identifier: Apache-2.0 */
/*
 * killed_test.c - who was told to stop, did not in time, and was killed: this is said.
 */
#include "stage.h"

static void
write_report(COP_UNUSED void *ctx, const cop_report *report)
{
    if (report->was_killed)
        note("(%s %s had %d, %u", cop_child_news_name(report->what), report->name,
             (int)report->had_ms, (unsigned)report->count);
    else
        assert_int_equal(report->had_ms, 0);
}

static const cop_reporter reporter = {write_report, NULL};

COP_REPLY(boss, cop_child_done)
{
    got("%s", err != COP_OK ? cop_err_name(err) : "done");
    return COP_OK;
}

COP_REPLY(boss, cop_child_started)
{
    return err;
}

static const cop_child three = {
    .name = "top",
    .strategy = COP_ONE_FOR_ALL,
    .reporter = &reporter,
    .sup = COP_CHILDREN(WORKER(a, .stop_ms = 30), WORKER(b, .stop_ms = 50), WORKER(c)),
};

static cop_err
terminate_b(cop_actor *me)
{
    return cop_terminate_child(me, stage.top, "b", 1000, COP_THEN(boss, cop_child_done));
}

static cop_err
restart_b(cop_actor *me)
{
    return cop_restart_child(me, stage.top, "b", 1000, COP_THEN(boss, cop_child_started));
}

static void
one_that_is_terminated(COP_UNUSED void **state)
{
    b.stop_ms = -1;
    assert_int_equal(start_tree(&three), COP_OK);
    (void)journal();
    act(terminate_b);
    cop_sim_run_for(stage.sim, 50);
    EXPECT("#b (stopped badly b had 50, 0");
    assert_non_null(
        strstr(stage.log, "boss/top: child b had 50 ms to stop, did not, and was killed"));
}

static void
one_that_is_stopped_for_a_restart(COP_UNUSED void **state)
{
    b.stop_ms = -1;
    assert_int_equal(start_tree(&three), COP_OK);
    (void)journal();
    crash("a");
    cop_sim_run_for(stage.sim, 50);
    EXPECT("-a -c #b (stopped badly b had 50, 0 +a +b +c");
}

static void
those_that_end_with_their_supervisor(COP_UNUSED void **state)
{
    a.stop_ms = b.stop_ms = -1;
    assert_int_equal(start_tree(&three), COP_OK);
    (void)journal();
    act(stop_it);
    cop_sim_run_for(stage.sim, 80);
    EXPECT("-c #b (stopped badly b had 50, 0 #a (stopped badly a had 30, 0 =shutdown");
}

static void
those_whose_start_is_undone(COP_UNUSED void **state)
{
    b.stop_ms = -1;
    c.starts = "x";
    assert_int_equal(start_tree(&three), COP_E_FAILED);
    cop_sim_run_for(stage.sim, 50);
    EXPECT("+a +b !c #b (stopped badly b had 50, 0 -a");
}

/* Who is killed by somebody else has had no time to stop. */
static cop_err
kill_b(cop_actor *me)
{
    cop_kill(me, who("b"));
    return COP_OK;
}

static void
not_one_that_a_stranger_kills(COP_UNUSED void **state)
{
    b.stop_ms = -1;
    assert_int_equal(start_tree(&three), COP_OK);
    (void)journal();
    act(kill_b);
    EXPECT("#b -c -a +a +b +c");
    act(stop_it);
    cop_sim_run_for(stage.sim, 40);
    act(kill_b);
    EXPECT("-c #b -a =shutdown");
}

/* However it came to be told: its time begins then. */
static void
not_when_a_stranger_was_faster(COP_UNUSED void **state)
{
    b.stop_ms = -1;
    cop_sim_run_for(stage.sim, 10000);
    assert_int_equal(start_tree(&three), COP_OK);
    (void)journal();
    act(terminate_b);
    cop_sim_run_for(stage.sim, 40);
    act(kill_b);
    EXPECT("#b");
    c.stop_ms = 100;
    act(restart_b);
    act(stop_it);
    cop_sim_run_for(stage.sim, 140);
    act(kill_b);
    EXPECT("+b -c #b -a =shutdown");
}

static void
not_when_a_stranger_was_faster_than_an_undone_start(COP_UNUSED void **state)
{
    b.stop_ms = -1;
    c.starts = "x";
    cop_sim_run_for(stage.sim, 10000);
    assert_int_equal(start_tree(&three), COP_E_FAILED);
    cop_sim_run_for(stage.sim, 40);
    act(kill_b);
    EXPECT("+a +b !c #b -a");
}

static const cop_child brutal = {
    .name = "top",
    .reporter = &reporter,
    .sup = COP_CHILDREN(WORKER(a, .stop_ms = COP_STOP_BRUTAL)),
};

static void
not_one_that_is_always_killed(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&brutal), COP_OK);
    act(stop_it);
    EXPECT("+a #a =shutdown");
}

static const cop_child dynamic = {
    .name = "top",
    .strategy = COP_DYNAMIC,
    .reporter = &reporter,
    .sup = COP_CHILDREN(WORKER(a, .stop_ms = 50)),
};

static cop_err
add_one(cop_actor *me)
{
    return cop_start_dynamic(me, stage.top, NULL, 0, 1000, COP_THEN(boss, cop_child_started));
}

static void
dynamic_ones_each_and_all(COP_UNUSED void **state)
{
    a.stop_ms = -1;
    assert_int_equal(start_tree(&dynamic), COP_OK);
    act(add_one);
    act(add_one);
    (void)journal();
    act(stop_it);
    cop_sim_run_for(stage.sim, 50);
    assert_non_null(
        strstr(journal(), "(ended a had 50, 0 (stopped badly a had 50, 2 =shutdown"));
    assert_non_null(
        strstr(stage.log, "2 children a had 50 ms to stop, did not, and were killed"));
}

/* ------------------------------------------------------------------------------ events */

typedef struct watcher {
    int unused;
} watcher;

COP_HANDLER(watcher, cop_start)
{
    return cop_supervisor_watch(me, stage.top);
}

COP_HANDLER(watcher, cop_child_event)
{
    if (msg->was_killed)
        got("%.*s/%.*s %d", (int)msg->path.size, msg->path.data, (int)msg->name.size,
            msg->name.data, (int)msg->had_ms);
    return COP_OK;
}

static COP_BEHAVIOUR(watcher_b, watcher, COP_ON(watcher, cop_start),
                     COP_ON(watcher, cop_child_event));

static cop_err
watch_it(cop_actor *me)
{
    return cop_spawn(me, &watcher_b, NULL, NULL);
}

static void
who_watches_is_told_as_well(COP_UNUSED void **state)
{
    b.stop_ms = -1;
    assert_int_equal(start_tree(&three), COP_OK);
    act(watch_it);
    crash("a");
    cop_sim_run_for(stage.sim, 50);
    EXPECT_ANSWERS("boss/top/b 50");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_that_is_terminated),
        TEST(one_that_is_stopped_for_a_restart),
        TEST(those_that_end_with_their_supervisor),
        TEST(those_whose_start_is_undone),
        TEST(not_one_that_a_stranger_kills),
        TEST(not_when_a_stranger_was_faster),
        TEST(not_when_a_stranger_was_faster_than_an_undone_start),
        TEST(not_one_that_is_always_killed),
        TEST(dynamic_ones_each_and_all),
        TEST(who_watches_is_told_as_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
