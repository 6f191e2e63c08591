/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash_report_test.c - who has crashed says so, once, and who was ended says nothing; in
 * virtual time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/debug.h>
#include <coppice/node.h>
#include <coppice/sim.h>
#include <coppice/timer.h>

#include "debug/event.h"

#define CRASHES(M, F)                                                                          \
    M(1, fail, F(i64, code))                                                                   \
    M(2, leave)                                                                                \
    M(3, leave_badly)                                                                          \
    M(4, soon)                                                                                 \
    M(5, meet, F(pid, who))                                                                    \
    M(6, doomed, F(pid, who))                                                                  \
    M(7, told)                                                                                 \
    M(8, leave_in_order)
COP_PROTOCOL(CRASHES)

enum {
    KEPT = 64
};

/* What is kept of an event. */
typedef struct kept {
    cop_event_kind kind;
    char path[64], behaviour[64], message[64], state[64], line[256];
    cop_pid who, from;
    uint32_t waiting, left_out_count;
    cop_event_kind left_out;
    cop_exit why;
    size_t link_count, last_count;
    cop_pid link;
    char last[COP_EVENT_LAST][64];
    int64_t at_ms;
} kept;

typedef struct stage {
    cop_sim *sim;
    cop_node *node;
    kept events[KEPT];
    unsigned count;
    unsigned lines; /* of the log */
    char line[256]; /* the last of them */
} stage;

static void
copy(char out[64], const char *text)
{
    snprintf(out, 64, "%s", text == NULL ? "" : text);
}

static void
on_event(void *ctx, const cop_event *event)
{
    stage *at = ctx;
    kept *to = &at->events[at->count];

    if (at->count == KEPT)
        return;
    at->count++;
    to->kind = event->kind;
    copy(to->path, event->path);
    copy(to->behaviour, event->behaviour);
    copy(to->message, event->message);
    copy(to->state, event->state);
    to->who = event->who;
    to->from = event->from;
    to->waiting = event->waiting;
    to->left_out = event->left_out;
    to->left_out_count = event->left_out_count;
    if (event->why != NULL)
        to->why = *event->why;
    to->link_count = event->link_count;
    if (event->link_count > 0)
        to->link = event->links[0];
    to->last_count = event->last_count;
    for (size_t i = 0; i < event->last_count; i++)
        snprintf(to->last[i], 64, "%.*s", (int)event->last[i].text.size,
                 event->last[i].text.data);
    to->at_ms = event->at_ms;
    cop_event_print(event, to->line, sizeof to->line);
}

static void
on_log(void *ctx, const char *line)
{
    stage *at = ctx;

    at->lines++;
    snprintf(at->line, sizeof at->line, "%s", line);
}

/* --------------------------------------------------------------------------- the actors */

typedef struct victim {
    int64_t handled;
} victim;

COP_HANDLER(victim, cop_start)
{
    const cop_err *wanted = msg->arg;

    if (wanted == NULL)
        return COP_OK;
    return *wanted == COP_E_FAILED ? cop_fail(me, 3, "no disk") : *wanted;
}

COP_HANDLER(victim, fail)
{
    st->handled++;
    return msg->code == 0 ? COP_OK : cop_fail(me, (int)msg->code, "boom");
}

COP_HANDLER(victim, leave)
{
    return cop_stop(me);
}

COP_HANDLER(victim, leave_in_order)
{
    return cop_stop_with(me, &(cop_exit){.kind = COP_EXIT_SHUTDOWN});
}

COP_HANDLER(victim, leave_badly)
{
    return cop_stop_with(me, &(cop_exit){.kind = COP_EXIT_DEADLINE});
}

COP_HANDLER(victim, soon)
{
    return st->handled++ == 0 ? cop_send_after(me, 10, NULL, soon) : COP_E_OS;
}

COP_HANDLER(victim, meet)
{
    return cop_link(me, msg->who);
}

/* A call that nobody answers well. */
COP_REPLY(victim, told)
{
    return err;
}

COP_HANDLER(victim, doomed)
{
    return cop_ask(me, msg->who, 100, COP_THEN(victim, told), leave);
}

static int
print_victim(const void *state, char *text, size_t size)
{
    return snprintf(text, size, "%d handled", (int)((const victim *)state)->handled);
}

static const cop_behaviour victim_b = {
    .name = "victim",
    .state_size = sizeof(victim),
    .print_state = print_victim,
    .handlers =
        COP_HANDLERS(COP_ON(victim, cop_start), COP_ON(victim, fail), COP_ON(victim, leave),
                     COP_ON(victim, leave_badly), COP_ON(victim, leave_in_order),
                     COP_ON(victim, soon), COP_ON(victim, meet), COP_ON(victim, doomed)),
};

/* Traces whom it is told to. */
typedef struct tracer {
    int done;
} tracer;

COP_REPLY(tracer, cop_debug_done)
{
    st->done++;
    return err;
}

COP_HANDLER(tracer, meet)
{
    return cop_debug_trace_on(me, msg->who, 4, 100, COP_THEN(tracer, cop_debug_done));
}
static COP_BEHAVIOUR(tracer_b, tracer, COP_ON(tracer, meet));

/* A nursery: ends with its child. */
COP_HANDLER(tracer, cop_start)
{
    return cop_spawn(me, &victim_b, &(cop_spawn_opts){.name = "baby"}, NULL);
}
static COP_BEHAVIOUR(nursery_b, tracer, COP_ON(tracer, cop_start));

/* ----------------------------------------------------------------------------- the stage */

static stage *
open_stage(bool with_hook, uint32_t per_second)
{
    stage *at = calloc(1, sizeof *at);

    assert_non_null(at);
    assert_int_equal(cop_sim_new(&at->sim, 1), COP_OK);
    assert_int_equal(cop_sim_node(at->sim,
                                  &(cop_node_opts){.on_log = on_log,
                                                   .on_event = with_hook ? on_event : NULL,
                                                   .events_per_second = per_second,
                                                   .ctx = at},
                                  &at->node),
                     COP_OK);
    return at;
}

static void
close_stage(stage *at)
{
    assert_true(cop_sim_stop(at->sim, at->node, 10000));
    cop_sim_free(&at->sim);
    free(at);
}

static cop_pid
start(stage *at, const cop_behaviour *behaviour)
{
    cop_pid pid;

    assert_int_equal(cop_sim_spawn(at->node, behaviour, NULL, &pid), COP_OK);
    return pid;
}

static void
make_fail(stage *at, int64_t code)
{
    assert_int_equal(cop_post(at->node, start(at, &victim_b), fail, .code = code), COP_OK);
    cop_sim_settle(at->sim);
}

/* ----------------------------------------------------------------------------- the tests */

static void
a_crash_is_reported_with_all_there_is(void **state)
{
    stage *at = open_stage(true, 0);
    cop_pid who = start(at, &victim_b), friend = start(at, &victim_b);

    (void)state;
    assert_int_equal(cop_post(at->node, who, meet, .who = friend), COP_OK);
    cop_sim_run_for(at->sim, 1234);
    assert_int_equal(cop_post(at->node, who, fail, .code = 0), COP_OK);
    assert_int_equal(cop_post(at->node, who, fail, .code = 7), COP_OK);
    assert_int_equal(cop_post(at->node, who, fail, .code = 8), COP_OK);
    assert_int_equal(cop_post(at->node, who, fail, .code = 9), COP_OK);
    cop_sim_settle(at->sim);
    assert_int_equal(at->count, 1);
    const kept *event = &at->events[0];
    assert_int_equal(event->kind, COP_EVENT_CRASH);
    assert_true(cop_pid_equal(event->who, who));
    assert_string_equal(event->path, "victim");
    assert_string_equal(event->behaviour, "victim");
    assert_string_equal(event->message, "fail");
    assert_string_equal(event->state, "2 handled");
    assert_int_equal(event->waiting, 2);
    assert_int_equal(event->why.code, 7);
    assert_string_equal(event->why.text, "boom");
    assert_int_equal(event->link_count, 1);
    assert_true(cop_pid_equal(event->link, friend));
    assert_int_equal(event->last_count, 0);
    assert_int_equal(event->at_ms, 1234);
    assert_string_equal(event->line, "crash: victim (victim): error 7: boom (victim), in fail, "
                                     "2 waiting, state 2 handled");
    close_stage(at);
}

static void
a_traced_one_tells_its_last_messages(void **state)
{
    stage *at = open_stage(true, 0);
    cop_pid who = start(at, &victim_b);

    (void)state;
    assert_int_equal(cop_post(at->node, start(at, &tracer_b), meet, .who = who), COP_OK);
    cop_sim_settle(at->sim);
    for (int i = 0; i < 5; i++)
        assert_int_equal(cop_post(at->node, who, fail, .code = i == 4), COP_OK);
    cop_sim_settle(at->sim);
    assert_int_equal(at->count, 1);
    assert_int_equal(at->events[0].last_count, 4);
    assert_string_equal(at->events[0].last[2], "fail{code: 0}");
    assert_string_equal(at->events[0].last[3], "fail{code: 1}");
    close_stage(at);
}

static void
nothing_is_told_of_good_ends(void **state)
{
    stage *at = open_stage(true, 0);

    (void)state;
    assert_int_equal(cop_post(at->node, start(at, &victim_b), leave), COP_OK);
    assert_int_equal(cop_post(at->node, start(at, &victim_b), leave_in_order), COP_OK);
    start(at, &victim_b);
    cop_sim_settle(at->sim);
    assert_true(cop_sim_stop(at->sim, at->node, 10000)); /* shutdown */
    assert_int_equal(at->count, 0);
    cop_sim_free(&at->sim);
    free(at);
}

/* The node ends with its main actor, but the root that does it has not crashed. */
static void
the_root_leaves_it_to_the_main_actor(void **state)
{
    stage at = {0};
    cop_pid who;

    (void)state;
    assert_int_equal(
        cop_node_new(
            &at.node,
            &(cop_node_opts){.workers = 1, .on_event = on_event, .on_log = on_log, .ctx = &at}),
        COP_OK);
    assert_int_equal(cop_node_start(at.node, &victim_b, NULL, &who), COP_OK);
    assert_int_equal(cop_post(at.node, who, fail, .code = 1), COP_OK);
    assert_int_equal(cop_node_wait(at.node, NULL), 1);
    cop_node_free(&at.node);
    assert_int_equal(at.count, 1);
    assert_true(cop_pid_equal(at.events[0].who, who));
}

static void
an_abnormal_stop_is_a_crash(void **state)
{
    stage *at = open_stage(true, 0);

    (void)state;
    assert_int_equal(cop_post(at->node, start(at, &victim_b), leave_badly), COP_OK);
    cop_sim_settle(at->sim);
    assert_int_equal(at->count, 1);
    assert_string_equal(at->events[0].message, "leave_badly");
    assert_int_equal(at->events[0].why.kind, COP_EXIT_DEADLINE);
    assert_int_equal(at->events[0].waiting, 0);
    close_stage(at);
}

/* The friend and the killed one are ended by signals, which is no crash. */
static void
who_is_ended_by_another_says_nothing(void **state)
{
    stage *at = open_stage(true, 0);
    cop_pid who = start(at, &victim_b), friend = start(at, &victim_b);

    (void)state;
    assert_int_equal(cop_post(at->node, who, meet, .who = friend), COP_OK);
    assert_int_equal(cop_post(at->node, who, fail, .code = 1), COP_OK);
    cop_sim_settle(at->sim);
    assert_int_equal(cop_post(at->node, friend, leave), COP_E_NOPROC);
    assert_int_equal(at->count, 1);
    assert_true(cop_pid_equal(at->events[0].who, who));
    close_stage(at);
}

static void
a_nursery_leaves_it_to_its_child(void **state)
{
    stage *at = open_stage(true, 0);
    cop_pid nursery = start(at, &nursery_b);

    (void)state;
    assert_int_equal(cop_post(at->node, cop_node_whereis(at->node, "baby"), fail, .code = 1),
                     COP_OK);
    cop_sim_settle(at->sim);
    assert_int_equal(cop_post(at->node, nursery, leave), COP_E_NOPROC);
    assert_int_equal(at->count, 1);
    assert_string_equal(at->events[0].path, "nursery_b/baby");
    close_stage(at);
}

static void
a_timer_and_an_answer_are_named(void **state)
{
    stage *at = open_stage(true, 0);

    (void)state;
    assert_int_equal(cop_post(at->node, start(at, &victim_b), soon), COP_OK);
    cop_sim_run_for(at->sim, 20);
    assert_int_equal(at->count, 1);
    assert_string_equal(at->events[0].message, "soon");
    assert_string_equal(at->events[0].why.text, cop_err_text(COP_E_OS));

    assert_int_equal(
        cop_post(at->node, start(at, &victim_b), doomed, .who = start(at, &tracer_b)), COP_OK);
    cop_sim_settle(at->sim);
    assert_int_equal(at->count, 2);
    assert_string_equal(at->events[1].message, "an error for an answer");
    assert_int_equal(at->events[1].why.code, COP_E_NO_HANDLER);
    close_stage(at);
}

static void
a_failed_init_is_a_crash_unless_it_asked_to_be_ignored(void **state)
{
    stage *at = open_stage(true, 0);
    cop_err wanted = COP_E_FAILED;
    cop_pid pid;

    (void)state;
    assert_int_equal(
        cop_sim_spawn(at->node, &victim_b, &(cop_spawn_opts){.arg = &wanted}, &pid),
        COP_E_FAILED);
    assert_int_equal(at->count, 1);
    assert_string_equal(at->events[0].message, "init");
    assert_string_equal(at->events[0].why.text, "no disk");
    assert_string_equal(at->events[0].state, ""); /* not made */
    wanted = COP_E_IGNORE;
    assert_int_equal(
        cop_sim_spawn(at->node, &victim_b, &(cop_spawn_opts){.arg = &wanted}, &pid),
        COP_E_IGNORE);
    assert_int_equal(at->count, 1);
    close_stage(at);
}

static void
a_storm_is_cut_short_and_counted(void **state)
{
    stage *at = open_stage(true, 5);

    (void)state;
    for (int i = 0; i < 12; i++)
        make_fail(at, 1);
    assert_int_equal(at->count, 5);
    cop_sim_run_for(at->sim, 1000);
    make_fail(at, 2);
    assert_int_equal(at->count, 7);
    assert_int_equal(at->events[5].kind, COP_EVENT_LEFT_OUT);
    assert_int_equal(at->events[5].left_out, COP_EVENT_CRASH);
    assert_int_equal(at->events[5].left_out_count, 7);
    assert_string_equal(at->events[5].line, "left out: 7 more of kind crash");
    assert_int_equal(at->events[6].why.code, 2);
    cop_sim_run_for(at->sim, 1000);
    make_fail(at, 3); /* nothing was left out */
    assert_int_equal(at->count, 8);
    close_stage(at);
}

static void
a_storm_of_one_kind_does_not_hide_another(void **state)
{
    stage *at = open_stage(true, 1);

    (void)state;
    for (int i = 0; i < 5; i++)
        make_fail(at, 1);
    assert_int_equal(at->count, 1);
    assert_true(copi_event_may(at->node, COP_EVENT_CHILD));
    assert_false(copi_event_may(at->node, COP_EVENT_CHILD));
    close_stage(at);
}

static void
without_a_hook_it_is_a_line_of_the_log(void **state)
{
    stage *at = open_stage(false, 0);

    (void)state;
    copi_event_tell(at->node, &(cop_event){.kind = COP_EVENT_CRASH, .path = "app/db"});
    assert_string_equal(at->line, "crash: app/db");
    make_fail(at, 1);
    assert_true(at->lines >= 2);
    close_stage(at);
}

/* Tells of its child, once as an error and once as progress. */
COP_HANDLER(tracer, leave)
{
    cop_exit why = {.kind = COP_EXIT_ERROR, .code = 2, .text = "gone"};

    copi_event_child(me, COP_EVENT_PROGRESS, "store", "started", COP_PID_NONE, NULL);
    copi_event_child(me, COP_EVENT_CHILD, "store", "ended", COP_PID_NONE, &why);
    copi_event_child(me, COP_EVENT_PROGRESS, "store", "restarted", COP_PID_NONE, NULL);
    return COP_OK;
}
static COP_BEHAVIOUR(shop_b, tracer, COP_ON(tracer, leave));

static void
what_supervisors_tell_is_logged_but_for_progress(void **state)
{
    stage *at = open_stage(false, 0);

    (void)state;
    assert_int_equal(cop_post(at->node, start(at, &shop_b), leave), COP_OK);
    cop_sim_settle(at->sim);
    assert_int_equal(at->lines, 1);
    assert_string_equal(at->line, "child: shop_b (shop_b), child store ended: error 2: gone");
    close_stage(at);
}

static void
what_supervisors_tell_goes_to_the_hook(void **state)
{
    stage *at = open_stage(true, 1);

    (void)state;
    assert_int_equal(cop_post(at->node, start(at, &shop_b), leave), COP_OK);
    cop_sim_settle(at->sim);
    assert_int_equal(at->count, 2); /* one of each kind in a second */
    assert_int_equal(at->events[0].kind, COP_EVENT_PROGRESS);
    assert_string_equal(at->events[0].line, "progress: shop_b (shop_b), child store started");
    assert_int_equal(at->events[1].kind, COP_EVENT_CHILD);
    close_stage(at);
}

static void
a_line_is_cut_off(void **state)
{
    char text[12];
    cop_event event = {.kind = COP_EVENT_CRASH, .path = "a/very/long/path"};

    (void)state;
    assert_string_equal(cop_event_print(&event, text, sizeof text), "crash: a/ve");
    assert_string_equal(cop_event_print(&event, text, 1), "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_is_reported_with_all_there_is),
        cmocka_unit_test(a_traced_one_tells_its_last_messages),
        cmocka_unit_test(nothing_is_told_of_good_ends),
        cmocka_unit_test(the_root_leaves_it_to_the_main_actor),
        cmocka_unit_test(an_abnormal_stop_is_a_crash),
        cmocka_unit_test(who_is_ended_by_another_says_nothing),
        cmocka_unit_test(a_nursery_leaves_it_to_its_child),
        cmocka_unit_test(a_timer_and_an_answer_are_named),
        cmocka_unit_test(a_failed_init_is_a_crash_unless_it_asked_to_be_ignored),
        cmocka_unit_test(a_storm_is_cut_short_and_counted),
        cmocka_unit_test(a_storm_of_one_kind_does_not_hide_another),
        cmocka_unit_test(without_a_hook_it_is_a_line_of_the_log),
        cmocka_unit_test(what_supervisors_tell_is_logged_but_for_progress),
        cmocka_unit_test(what_supervisors_tell_goes_to_the_hook),
        cmocka_unit_test(a_line_is_cut_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
