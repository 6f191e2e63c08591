/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_test.c - what others ask of a supervisor: children at run time, dynamic ones, lists,
 * the tree, and events.
 */
#include "stage.h"

COP_REPLY(boss, cop_child_started)
{
    if (err != COP_OK)
        got("%s", cop_err_name(err));
    else
        got("%s", cop_pid_is_none(msg->pid) ? "ignored" : "started");
    return COP_OK;
}

COP_REPLY(boss, cop_child_done)
{
    got("%s", err != COP_OK ? cop_err_name(err) : "done");
    return COP_OK;
}

COP_REPLY(boss, cop_child_list)
{
    if (err != COP_OK)
        got("%s", cop_err_name(err));
    for (size_t i = 0; err == COP_OK && i < msg->children.count; i++)
        got("%.*s:%s", (int)msg->children.items[i].name.size, msg->children.items[i].name.data,
            cop_child_state_name((cop_child_state)msg->children.items[i].state));
    return COP_OK;
}

COP_REPLY(boss, cop_child_counts)
{
    if (err != COP_OK)
        got("%s", cop_err_name(err));
    else
        got("specs=%u active=%u supervisors=%u workers=%u", msg->specs, msg->active,
            msg->supervisors, msg->workers);
    return COP_OK;
}

COP_REPLY(boss, cop_tree)
{
    if (err != COP_OK)
        got("%s", cop_err_name(err));
    for (size_t i = 0; err == COP_OK && i < msg->lines.count; i++) {
        cop_tree_line line = msg->lines.items[i];
        char text[100];
        line.pid = COP_PID_NONE;
        got("|%s", cop_tree_line_print(&line, text, sizeof text));
    }
    return COP_OK;
}

#define STARTED COP_THEN(boss, cop_child_started)
#define DONE    COP_THEN(boss, cop_child_done)
#define LISTED  COP_THEN(boss, cop_child_list)
#define COUNTED COP_THEN(boss, cop_child_counts)
#define DRAWN   COP_THEN(boss, cop_tree)

static const cop_child three = {
    .name = "top",
    .budget = {100, 60},
    .sup = COP_CHILDREN(WORKER(a), WORKER(b), WORKER(c)),
};

#define WITHIN 10000

/* ----------------------------------------------------------------- children by name */

static cop_err
start_d(cop_actor *me)
{
    const cop_child spec = WORKER(d);

    return cop_start_child(me, stage.top, &spec, WITHIN, STARTED);
}

static cop_err
start_b(cop_actor *me)
{
    const cop_child spec = WORKER(b);

    return cop_start_child(me, stage.top, &spec, WITHIN, STARTED);
}

static cop_err
terminate_b(cop_actor *me)
{
    return cop_terminate_child(me, stage.top, "b", WITHIN, DONE);
}

static cop_err
restart_b(cop_actor *me)
{
    return cop_restart_child(me, stage.top, "b", WITHIN, STARTED);
}

static cop_err
delete_b(cop_actor *me)
{
    return cop_delete_child(me, stage.top, "b", WITHIN, DONE);
}

static cop_err
which(cop_actor *me)
{
    return cop_which_children(me, stage.top, WITHIN, LISTED);
}

static cop_err
count(cop_actor *me)
{
    return cop_count_children(me, stage.top, WITHIN, COUNTED);
}

static void
a_child_added_at_run_time_is_the_last(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&three), COP_OK);
    act(start_d);
    act(which);
    EXPECT_ANSWERS("started d:running c:running b:running a:running");
    crash("d");
    cop_sim_settle(stage.sim);
    act(stop_it);
    EXPECT("+a +b +c +d -d +d -d -c -b -a =shutdown");
}

static void
a_known_name_cannot_be_added(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&three), COP_OK);
    act(start_b);
    act(terminate_b);
    act(start_b);
    EXPECT_ANSWERS("COP_E_RUNNING done COP_E_ALREADY_PRESENT");
}

static void
a_child_that_does_not_start_is_not_added(void **state)
{
    (void)state;
    d.starts = "x?";
    assert_int_equal(start_tree(&three), COP_OK);
    act(start_d);
    act(count);
    EXPECT_ANSWERS("COP_E_FAILED specs=3 active=3 supervisors=0 workers=3");
    act(start_d); /* ignored: known, but without an actor */
    act(count);
    EXPECT_ANSWERS("ignored specs=4 active=3 supervisors=0 workers=4");
    EXPECT("+a +b +c !d ?d");
}

static void
the_answer_waits_until_a_failed_start_is_gone(void **state)
{
    (void)state;
    d.starts = "X";
    assert_int_equal(start_tree(&three), COP_OK);
    act(start_d);
    act(count);
    EXPECT_ANSWERS("");
    cop_sim_run_for(stage.sim, 100);
    EXPECT_ANSWERS("COP_E_FAILED specs=3 active=3 supervisors=0 workers=3");
}

static void
a_stopped_child_keeps_its_place(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&three), COP_OK);
    act(terminate_b);
    act(terminate_b);
    act(which);
    EXPECT_ANSWERS("done done c:running b:stopped a:running");
    act(restart_b);
    act(restart_b);
    EXPECT_ANSWERS("started COP_E_RUNNING");
    act(stop_it);
    EXPECT("+a +b +c -b +b -c -b -a =shutdown");
}

static void
only_a_stopped_child_can_be_deleted(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&three), COP_OK);
    act(delete_b);
    act(terminate_b);
    act(delete_b);
    act(delete_b);
    act(terminate_b);
    act(restart_b);
    act(which);
    EXPECT_ANSWERS("COP_E_RUNNING done done COP_E_NOT_FOUND COP_E_NOT_FOUND COP_E_NOT_FOUND "
                   "c:running a:running");
}

static cop_err
start_wrong(cop_actor *me)
{
    return cop_start_child(me, stage.top, &(cop_child){.name = "w"}, WITHIN, STARTED);
}

static void
a_wrong_row_is_refused_with_a_sentence_in_the_log(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&three), COP_OK);
    act(start_wrong);
    EXPECT_ANSWERS("COP_E_INVAL");
    assert_non_null(strstr(stage.log, "top: cannot add a child: neither run nor sup: w"));
}

static void
requests_wait_while_a_child_takes_its_time(void **state)
{
    (void)state;
    b.stop_ms = 100;
    assert_int_equal(start_tree(&three), COP_OK);
    journal();
    act(terminate_b);
    act(count);
    crash("a");
    EXPECT("-a");
    EXPECT_ANSWERS("");
    cop_sim_run_for(stage.sim, 100);
    EXPECT("-b +a");
    EXPECT_ANSWERS("done specs=3 active=1 supervisors=0 workers=3");
}

/* The supervisor is busy with b while c is told to stop by a request and dies by itself. */
static cop_err
terminate_b_and_c(cop_actor *me)
{
    COP_TRY(terminate_b(me));
    return cop_terminate_child(me, stage.top, "c", WITHIN, DONE);
}

static void
who_died_before_it_was_told_counts_as_told(void **state)
{
    (void)state;
    b.stop_ms = 100;
    assert_int_equal(start_tree(&three), COP_OK);
    act(terminate_b_and_c);
    crash("c");
    cop_sim_run_for(stage.sim, 100);
    EXPECT("+a +b +c -c -b");
    EXPECT_ANSWERS("done done");
    act(which);
    EXPECT_ANSWERS("c:stopped b:stopped a:running");
}

static void
a_request_dies_with_the_supervisor(void **state)
{
    (void)state;
    b.stop_ms = 100;
    assert_int_equal(start_tree(&three), COP_OK);
    act(terminate_b);
    act(count);
    act(stop_it);
    cop_sim_run_for(stage.sim, 100);
    EXPECT_ANSWERS("COP_E_DOWN COP_E_DOWN");
}

static const cop_child stingy = {
    .name = "top",
    .budget = {1, 60},
    .sup = COP_CHILDREN(WORKER(a), WORKER(b), WORKER(c)),
};

static void
nobody_is_started_any_more_once_it_has_given_up(void **state)
{
    (void)state;
    b.stop_ms = 100;
    assert_int_equal(start_tree(&stingy), COP_OK);
    act(terminate_b);
    crash("a");
    cop_sim_settle(stage.sim);
    crash("c");
    cop_sim_settle(stage.sim);
    act(start_d);
    EXPECT("+a +b +c -a -c");
    cop_sim_run_for(stage.sim, 100);
    EXPECT("-b +a -a =shutdown");
    EXPECT_ANSWERS("done COP_E_DOWN");
}

static const cop_child shy = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a), WORKER(b, .restart = COP_TEMPORARY),
                        WORKER(c, .restart = COP_TRANSIENT)),
};

static void
a_temporary_child_that_ignores_is_forgotten(void **state)
{
    (void)state;
    b.starts = c.starts = "?";
    assert_int_equal(start_tree(&shy), COP_OK);
    act(which);
    EXPECT("+a ?b ?c");
    EXPECT_ANSWERS("c:stopped a:running");
}

/* b fails to restart, as long as it takes for a request to get in between. */
static const cop_child tireless = {
    .name = "top",
    .budget = {INT32_MAX, 60},
    .sup = COP_CHILDREN(WORKER(a), WORKER(b)),
};

static cop_err
ask_about_b(cop_actor *me)
{
    COP_TRY(delete_b(me));
    COP_TRY(restart_b(me));
    COP_TRY(start_b(me));
    COP_TRY(which(me));
    return terminate_b(me);
}

static void
a_restart_on_its_way_can_be_seen_and_cancelled(void **state)
{
    (void)state;
    b.starts = "+x";
    assert_int_equal(start_tree(&tireless), COP_OK);
    crash("b");
    for (int i = 0; i < 50; i++)
        cop_sim_step(stage.sim);
    act(ask_about_b);
    EXPECT_ANSWERS("COP_E_RESTARTING COP_E_RESTARTING COP_E_ALREADY_PRESENT b:restarting "
                   "a:running done");
    journal();
    cop_sim_run_for(stage.sim, 1000);
    EXPECT("");
}

static cop_err
start_subtree(cop_actor *me)
{
    const cop_child spec = {.name = "mid", .sup = COP_CHILDREN(WORKER(d))};

    return cop_start_child(me, stage.top, &spec, WITHIN, STARTED);
}

static void
a_whole_subtree_can_be_added_from_the_stack(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&three), COP_OK);
    act(start_subtree);
    act(count);
    EXPECT_ANSWERS("started specs=4 active=4 supervisors=1 workers=3");
    crash("d");
    cop_sim_settle(stage.sim);
    act(stop_it);
    EXPECT("+a +b +c +d -d +d -d -c -b -a =shutdown");
}

/* -------------------------------------------------------------------------- dynamic */

static const cop_child pool = {
    .name = "top",
    .strategy = COP_DYNAMIC,
    .budget = {3,                 60                      },
    .sup = COP_CHILDREN({ .name = "w", .run = &worker_b, .restart = COP_TRANSIENT}
      ),
};

static cop_pid instances[8];
static size_t instance_count;

static cop_err
keep_instance(cop_actor *me, void *state, cop_err err, const void *message)
{
    if (err == COP_OK)
        instances[instance_count++] = ((const cop_child_started *)message)->pid;
    return boss_then_cop_child_started(me, state, err, message);
}

static const cop_then kept = {&cop_child_started_type, keep_instance};

static cop_err
start_three(cop_actor *me)
{
    instance_count = 0;
    COP_TRY(cop_start_dynamic(me, stage.top, &a, 0, WITHIN, &kept));
    COP_TRY(cop_start_dynamic(me, stage.top, &b, 0, WITHIN, &kept));
    return cop_start_dynamic(me, stage.top, &c, 0, WITHIN, &kept);
}

static void
dynamic_children_restart_with_their_own_arguments(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&pool), COP_OK);
    act(start_three);
    EXPECT("+a +b +c");
    assert_int_equal(cop_post(stage.node, instances[1], fall, .code = 1), COP_OK);
    EXPECT("-b +b");
    assert_int_equal(cop_post(stage.node, instances[0], leave), COP_OK);
    EXPECT("-a");
    act(count);
    EXPECT_ANSWERS("started started started specs=1 active=2 supervisors=0 workers=2");
}

static void
dynamic_children_are_told_all_together(void **state)
{
    (void)state;
    a.stop_ms = 100;
    b.stop_ms = 100;
    c.stop_ms = 50;
    assert_int_equal(start_tree(&pool), COP_OK);
    act(start_three);
    act(stop_it);
    cop_sim_run_for(stage.sim, 99);
    EXPECT("+a +b +c -c");
    cop_sim_run_for(stage.sim, 1);
    assert_non_null(strstr(journal(), "=shutdown"));
}

static cop_err
terminate_first(cop_actor *me)
{
    return cop_terminate_dynamic(me, stage.top, instances[0], WITHIN, DONE);
}

static cop_err
terminate_stranger(cop_actor *me)
{
    return cop_terminate_dynamic(me, stage.top, cop_self(me), WITHIN, DONE);
}

static void
dynamic_children_are_named_by_pid(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&pool), COP_OK);
    act(start_three);
    answers();
    act(terminate_first);
    act(terminate_first);
    act(terminate_stranger);
    act(terminate_b);
    act(restart_b);
    act(delete_b);
    act(start_d);
    EXPECT_ANSWERS("done done COP_E_NOT_FOUND COP_E_INVAL COP_E_INVAL COP_E_INVAL COP_E_INVAL");
    EXPECT("+a +b +c -a");
}

static cop_err
start_a_dynamic(cop_actor *me)
{
    return cop_start_dynamic(me, stage.top, &a, 0, WITHIN, STARTED);
}

static void
a_dynamic_child_that_does_not_start_leaves_no_entry(void **state)
{
    (void)state;
    a.starts = "x?";
    assert_int_equal(start_tree(&pool), COP_OK);
    act(start_a_dynamic);
    act(start_a_dynamic);
    act(count);
    EXPECT_ANSWERS("COP_E_FAILED ignored specs=1 active=0 supervisors=0 workers=0");
}

static void
a_dynamic_restart_is_retried_and_costs(void **state)
{
    (void)state;
    a.starts = "+x+";
    b.starts = "+?";
    assert_int_equal(start_tree(&pool), COP_OK);
    act(start_three);
    assert_int_equal(cop_post(stage.node, instances[0], fall, .code = 1), COP_OK);
    EXPECT("+a +b +c -a !a +a");
    answers();
    assert_int_equal(cop_post(stage.node, instances[1], fall, .code = 1), COP_OK);
    EXPECT("-b ?b");
    act(count);
    EXPECT_ANSWERS("specs=1 active=2 supervisors=0 workers=2");
    assert_int_equal(cop_post(stage.node, instances[2], fall, .code = 1), COP_OK);
    assert_non_null(strstr(journal(), "=shutdown"));
}

typedef struct sized {
    script *script;
} sized;

static cop_err
sized_init(cop_actor *me, void *state, const void *arg)
{
    return worker_init(me, state, ((const sized *)arg)->script);
}

static const cop_behaviour sized_b = {
    .name = "sized",
    .state_size = sizeof(worker),
    .init = sized_init,
    .dispose = worker_dispose,
    .handlers = COP_HANDLERS(COP_ON(worker, fall), COP_ON(worker, cop_end)),
};

static const cop_child copying_pool = {
    .name = "top",
    .strategy = COP_DYNAMIC,
    .sup = COP_CHILDREN({.name = "w", .run = &sized_b}),
};

static cop_err
start_copied(cop_actor *me)
{
    sized on_the_stack = {&a};

    return cop_start_dynamic(me, stage.top, &on_the_stack, sizeof on_the_stack, WITHIN, &kept);
}

static void
an_argument_with_a_size_is_copied(void **state)
{
    (void)state;
    instance_count = 0;
    assert_int_equal(start_tree(&copying_pool), COP_OK);
    act(start_copied);
    assert_int_equal(cop_post(stage.node, instances[0], fall, .code = 1), COP_OK);
    EXPECT("+a -a +a");
}

static void
many_dynamic_children_come_and_go(void **state)
{
    enum {
        MANY = 2000
    };

    (void)state;
    assert_int_equal(start_tree(&pool), COP_OK);
    for (int i = 0; i < MANY; i++) {
        stage.journal[0] = stage.answers[0] = '\0';
        act(start_a_dynamic);
    }
    stage.answers[0] = '\0';
    act(count);
    EXPECT_ANSWERS("specs=1 active=2000 supervisors=0 workers=2000");
    stage.journal[0] = '\0';
}

/* ----------------------------------------------------------------------------- tree */

static const cop_child deep = {
    .name = "app",
    .budget = {100,     60                                                                   },
    .sup = COP_CHILDREN(
        WORKER(a),
        { .name = "mid",
               .budget = {100, 60},
               .sup = COP_CHILDREN(
             WORKER(b), {.name = "low", .budget = {100, 60}, .sup = COP_CHILDREN(WORKER(c))})},
        WORKER(d)),
};

static cop_err
draw(cop_actor *me)
{
    return cop_supervisor_tree(me, stage.top, 1000, DRAWN);
}

static void
a_tree_is_drawn_from_the_top_to_the_leaves(void **state)
{
    (void)state;
    b.starts = "+?";
    assert_int_equal(start_tree(&deep), COP_OK);
    crash("c");
    crash("b");
    cop_sim_settle(stage.sim);
    act(draw);
    EXPECT_ANSWERS("|app running |  a running |  mid running |    b stopped |    low running "
                   "|      c running, 1 restart |  d running");
}

static cop_err
stop_d_slowly(cop_actor *me)
{
    return cop_terminate_child(me, stage.top, "d", WITHIN, DONE);
}

static void
a_busy_supervisor_can_be_drawn(void **state)
{
    (void)state;
    d.stop_ms = 100;
    assert_int_equal(start_tree(&deep), COP_OK);
    act(stop_d_slowly);
    act(draw);
    assert_non_null(strstr(answers(), "|  d stopping"));
    cop_sim_run_for(stage.sim, 100);
}

/* Somebody who says he is a supervisor but never answers. */
static cop_err
deaf_message(cop_actor *me, void *state, const cop_type *type, const void *message)
{
    cop_token token;

    (void)state, (void)type, (void)message;
    return cop_defer(me, &token) == COP_E_NOMEM ? COP_E_NOMEM : COP_OK;
}

static const cop_behaviour deaf_b = {.name = "deaf", .on_message = deaf_message};

static cop_err
draw_deaf(cop_actor *me)
{
    cop_pid deaf;

    COP_TRY(cop_spawn(me, &deaf_b, NULL, &deaf));
    return cop_supervisor_tree(me, deaf, 1000, DRAWN);
}

static void
who_does_not_answer_is_given_up(void **state)
{
    (void)state;
    act(draw_deaf);
    cop_sim_run_for(stage.sim, 1000);
    EXPECT_ANSWERS("COP_E_TIMEOUT");
}

/* --------------------------------------------------------------------------- events */

static cop_err
watch(cop_actor *me)
{
    return cop_supervisor_watch(me, stage.top);
}

static cop_err
unwatch(cop_actor *me)
{
    cop_supervisor_unwatch(me, stage.top);
    return COP_OK;
}

static void
who_watches_sees_all_levels(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&deep), COP_OK);
    journal();
    act(watch);
    const char *first = journal();
    assert_non_null(strstr(first, "<started a"));
    assert_non_null(strstr(first, "<started mid"));
    assert_non_null(strstr(first, "<started c"));
    crash("c");
    cop_sim_settle(stage.sim);
    assert_non_null(strstr(stage.journal, "<ended c"));
    assert_non_null(strstr(stage.journal, "<restarted c"));
    journal();
    act(unwatch);
    crash("c");
    EXPECT("-c +c");
}

static cop_err
kill_low(cop_actor *me)
{
    cop_kill(me, who("low"));
    return COP_OK;
}

static void
a_restarted_supervisor_is_watched_again(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&deep), COP_OK);
    act(watch);
    journal();
    act(kill_low);
    const char *seen = journal();
    assert_non_null(strstr(seen, "<ended low"));
    assert_non_null(strstr(seen, "<restarted low"));
    assert_non_null(strstr(seen, "<started c"));
}

static void
watching_twice_is_watching_once(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&deep), COP_OK);
    act(watch);
    act(watch);
    journal();
    crash("d");
    EXPECT("-d +d <ended d <restarted d");
}

typedef struct spectator {
    int seen;
} spectator;

COP_HANDLER(spectator, cop_start)
{
    return cop_supervisor_watch(me, stage.top);
}

COP_HANDLER(spectator, cop_child_event)
{
    st->seen++;
    return COP_OK;
}

COP_HANDLER(spectator, leave)
{
    note("seen %d", st->seen);
    return cop_stop(me);
}

static COP_BEHAVIOUR(spectator_b, spectator, COP_ON(spectator, cop_start),
                     COP_ON(spectator, cop_child_event), COP_ON(spectator, leave));

static cop_err
invite_spectator(cop_actor *me)
{
    return cop_spawn(me, &spectator_b, &(cop_spawn_opts){.name = "spectator"}, NULL);
}

static void
a_watcher_that_ends_is_forgotten(void **state)
{
    cop_node_stats stats;

    (void)state;
    assert_int_equal(start_tree(&deep), COP_OK);
    journal();
    act(invite_spectator);
    end_well("spectator");
    EXPECT("seen 6");
    crash("c");
    EXPECT("-c +c");
    cop_node_stats_read(stage.node, &stats);
    assert_int_equal(stats.dead_letters, 0);
}

static void
a_storm_of_restarts_is_no_storm_of_text(void **state)
{
    (void)state;
    assert_int_equal(start_tree(&three), COP_OK);
    for (int i = 0; i < 50; i++) {
        crash("b");
        cop_sim_settle(stage.sim);
        stage.journal[0] = '\0';
    }
    size_t lines = 0;
    for (const char *at = stage.log; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, 10);
    cop_sim_run_for(stage.sim, 1000);
    crash("b");
    cop_sim_settle(stage.sim);
    assert_non_null(strstr(stage.log, "40 lines about children were left out"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_child_added_at_run_time_is_the_last),
        TEST(a_known_name_cannot_be_added),
        TEST(a_child_that_does_not_start_is_not_added),
        TEST(the_answer_waits_until_a_failed_start_is_gone),
        TEST(a_stopped_child_keeps_its_place),
        TEST(only_a_stopped_child_can_be_deleted),
        TEST(a_wrong_row_is_refused_with_a_sentence_in_the_log),
        TEST(requests_wait_while_a_child_takes_its_time),
        TEST(who_died_before_it_was_told_counts_as_told),
        TEST(a_request_dies_with_the_supervisor),
        TEST(nobody_is_started_any_more_once_it_has_given_up),
        TEST(a_temporary_child_that_ignores_is_forgotten),
        TEST(a_restart_on_its_way_can_be_seen_and_cancelled),
        TEST(a_whole_subtree_can_be_added_from_the_stack),
        TEST(dynamic_children_restart_with_their_own_arguments),
        TEST(dynamic_children_are_told_all_together),
        TEST(dynamic_children_are_named_by_pid),
        TEST(a_dynamic_child_that_does_not_start_leaves_no_entry),
        TEST(a_dynamic_restart_is_retried_and_costs),
        TEST(an_argument_with_a_size_is_copied),
        TEST(many_dynamic_children_come_and_go),
        TEST(a_tree_is_drawn_from_the_top_to_the_leaves),
        TEST(a_busy_supervisor_can_be_drawn),
        TEST(who_does_not_answer_is_given_up),
        TEST(who_watches_sees_all_levels),
        TEST(a_restarted_supervisor_is_watched_again),
        TEST(watching_twice_is_watching_once),
        TEST(a_watcher_that_ends_is_forgotten),
        TEST(a_storm_of_restarts_is_no_storm_of_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
