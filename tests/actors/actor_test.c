/* SPDX-License-Identifier: Apache-2.0 */
/*
 * actor_test.c - one node in the simulator: starting, talking, ending.
 *
 * A scripted actor does what the test's function says when it gets `go`, and writes what
 * happens to it into a shared trace.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/sim.h>
#include <coppice/timer.h>

#include "protocol.h"

static char trace[4096];

static void COP_PRINTF(1, 2) note(const char *format, ...)
{
    size_t used = strlen(trace);
    va_list args;

    va_start(args, format);
    vsnprintf(trace + used, sizeof trace - used, format, args);
    va_end(args);
    strncat(trace, " ", sizeof trace - strlen(trace) - 1);
}

/* What one actor of a test is. */
typedef struct script {
    const char *name;
    cop_err (*start)(cop_actor *me);
    cop_err (*go)(cop_actor *me);
    bool traps;
    bool lingers; /* handles cop_stopping by going on */
} script;

typedef struct probe {
    script script;
    cop_token token;
} probe;

static const char *
word(const cop_exit *why)
{
    static char text[4][200];
    static int turn;
    char *out = text[turn++ % 4];

    if (why->kind == COP_EXIT_ERROR)
        snprintf(out, sizeof text[0], "error%d", why->code);
    else
        snprintf(out, sizeof text[0], "%s", cop_exit_kind_name(why->kind));
    return out;
}

COP_HANDLER(probe, cop_start)
{
    st->script = *(const script *)msg->arg;
    cop_trap_exit(me, st->script.traps);
    note("%s:start", st->script.name);
    return st->script.start != NULL ? st->script.start(me) : COP_OK;
}

COP_HANDLER(probe, cop_end)
{
    note("%s:end(%s)", st->script.name, word(&msg->why));
    return COP_OK;
}

COP_HANDLER(probe, say)
{
    note("%s:%d", st->script.name, (int)msg->n);
    return COP_OK;
}

COP_HANDLER(probe, ask_n)
{
    return cop_reply(me, answer_n, .n = 7);
}

/* Answers later: when it hears `tick`. */
COP_HANDLER(probe, ask_later)
{
    return cop_defer(me, &st->token);
}

COP_HANDLER(probe, leave)
{
    return cop_stop(me);
}

COP_HANDLER(probe, crash)
{
    return cop_fail(me, (int)msg->code, "boom");
}

COP_HANDLER(probe, go)
{
    return st->script.go(me);
}

COP_HANDLER(probe, tick)
{
    note("%s:tick%d", st->script.name, (int)msg->n);
    if (st->token.call.bits != 0)
        return cop_answer(me, &st->token, answer_n, .n = msg->n);
    return COP_OK;
}

COP_HANDLER(probe, cop_down)
{
    note("%s:down(%s)", st->script.name, word(&msg->why));
    return COP_OK;
}

COP_HANDLER(probe, cop_exited)
{
    note("%s:exit(%s)", st->script.name, word(&msg->why));
    return COP_OK;
}

COP_HANDLER(probe, cop_child_down)
{
    note("%s:child(%s)", st->script.name, word(&msg->why));
    return COP_OK;
}

COP_HANDLER(probe, cop_stopping)
{
    note("%s:stopping", st->script.name);
    return st->script.lingers ? COP_OK : cop_stop(me);
}

COP_REPLY(probe, answer_n)
{
    if (err != COP_OK)
        note("%s:%s", st->script.name, cop_err_name(err));
    else
        note("%s:answer%d", st->script.name, (int)msg->n);
    return COP_OK;
}

#define PROBE_HANDLERS                                                                         \
    COP_ON(probe, cop_start), COP_ON(probe, cop_end), COP_ON(probe, say),                      \
        COP_ON(probe, ask_n), COP_ON(probe, ask_later), COP_ON(probe, leave),                  \
        COP_ON(probe, crash), COP_ON(probe, go), COP_ON(probe, tick), COP_ON(probe, cop_down), \
        COP_ON(probe, cop_exited), COP_ON(probe, cop_child_down), COP_ON(probe, cop_stopping)

static const cop_behaviour probe_b = {
    .name = "probe", .state_size = sizeof(probe), .handlers = COP_HANDLERS(PROBE_HANDLERS)};
static const cop_behaviour isolating_b = {.name = "isolating",
                                          .state_size = sizeof(probe),
                                          .policy = COP_ISOLATE,
                                          .handlers = COP_HANDLERS(PROBE_HANDLERS)};
static const cop_behaviour ordered_b = {.name = "ordered",
                                        .state_size = sizeof(probe),
                                        .ordered = true,
                                        .handlers = COP_HANDLERS(PROBE_HANDLERS)};

/* ------------------------------------------------------------------- the fixture */

typedef struct world {
    cop_sim *sim;
    cop_node *node;
} world;

static cop_pid pids[8];

static int
set_up(void **state)
{
    world *self = calloc(1, sizeof *self);

    assert_non_null(self);
    trace[0] = '\0';
    memset(pids, 0, sizeof pids);
    assert_int_equal(cop_sim_new(&self->sim, 42), COP_OK);
    assert_int_equal(cop_sim_node(self->sim, NULL, &self->node), COP_OK);
    *state = self;
    return 0;
}

/* Ends the node and looks that nothing is left. */
static int
tear_down(void **state)
{
    world *self = *state;
    cop_node_stats stats;

    assert_true(cop_sim_stop(self->sim, self->node, 60000));
    cop_node_stats_read(self->node, &stats);
    assert_int_equal(stats.actors, 0);
    assert_int_equal(stats.timers, 0);
    assert_int_equal(stats.live_messages, 0);
    cop_sim_free(&self->sim);
    free(self);
    return 0;
}

static cop_pid
start_b(world *self, const cop_behaviour *behaviour, const script *script)
{
    cop_pid pid = COP_PID_NONE;

    assert_int_equal(
        cop_sim_spawn(self->node, behaviour, &(cop_spawn_opts){.arg = script}, &pid), COP_OK);
    return pid;
}

static cop_pid
start(world *self, const script *script)
{
    return start_b(self, &probe_b, script);
}

static cop_pid
child(cop_actor *me, const script *script, const cop_spawn_opts *opts)
{
    cop_spawn_opts mine = opts != NULL ? *opts : (cop_spawn_opts){0};
    cop_pid pid = COP_PID_NONE;

    mine.arg = script;
    assert_int_equal(cop_spawn(me, &probe_b, &mine, &pid), COP_OK);
    return pid;
}

static void
go_all(world *self, cop_pid pid)
{
    assert_int_equal(cop_post(self->node, pid, go), COP_OK);
    cop_sim_settle(self->sim);
}

#define assert_trace(expected) assert_string_equal(trace, expected)

/* ------------------------------------------------------------------------ the tests */

static void
messages_of_one_sender_arrive_in_order(void **state)
{
    world *self = *state;
    cop_pid a = start(self, &(script){.name = "a"});

    for (int i = 0; i < 5; i++)
        assert_int_equal(cop_post(self->node, a, say, .n = i), COP_OK);
    cop_sim_settle(self->sim);
    assert_trace("a:start a:0 a:1 a:2 a:3 a:4 ");
}

static void
an_ended_actor_refuses_messages(void **state)
{
    world *self = *state;
    cop_pid a = start(self, &(script){.name = "a"});

    assert_int_equal(cop_post(self->node, a, leave), COP_OK);
    cop_sim_settle(self->sim);
    assert_int_equal(cop_post(self->node, a, say, .n = 1), COP_E_NOPROC);
    cop_pid b = start(self, &(script){.name = "b"});
    assert_false(cop_pid_equal(a, b));
    assert_int_equal(cop_post(self->node, a, say, .n = 1), COP_E_NOPROC);
    cop_sim_settle(self->sim);
    assert_trace("a:start a:end(normal) b:start ");
}

static cop_err
fail_init(cop_actor *me)
{
    return cop_fail(me, 9, "no luck");
}

static void
a_failed_init_is_given_to_the_spawner(void **state)
{
    world *self = *state;
    cop_exit why;
    cop_pid pid = COP_PID_NONE;
    script bad = {.name = "a", .start = fail_init};

    assert_int_equal(cop_sim_spawn(self->node, &probe_b,
                                   &(cop_spawn_opts){.arg = &bad, .why = &why, .name = "x"},
                                   &pid),
                     COP_E_FAILED);
    assert_int_equal(why.kind, COP_EXIT_ERROR);
    assert_int_equal(why.code, 9);
    assert_string_equal(why.text, "no luck");
    assert_true(cop_pid_is_none(pid));
    /* Its name is free at once. */
    script good = {.name = "b"};
    assert_int_equal(
        cop_sim_spawn(self->node, &probe_b, &(cop_spawn_opts){.arg = &good, .name = "x"}, &pid),
        COP_OK);
    assert_true(cop_pid_equal(cop_node_whereis(self->node, "x"), pid));
    assert_trace("a:start b:start ");
}

static cop_err
ask_first(cop_actor *me)
{
    return cop_ask(me, pids[0], 100, COP_THEN(probe, answer_n), ask_n);
}

static void
a_call_is_answered(void **state)
{
    world *self = *state;

    pids[0] = start(self, &(script){.name = "a"});
    go_all(self, start(self, &(script){.name = "b", .go = ask_first}));
    assert_trace("a:start b:start b:answer7 ");
}

static cop_err
hang(cop_actor *me)
{
    probe *nothing = NULL;

    (void)me;
    (void)nothing;
    return COP_OK;
}

static cop_err
ask_unknown(cop_actor *me)
{
    return cop_ask(me, pids[0], 100, COP_THEN(probe, answer_n), unknown);
}

static cop_err
ask_say(cop_actor *me)
{
    return cop_ask(me, pids[0], 100, COP_THEN(probe, answer_n), say, .n = 1);
}

static cop_err
ask_crash(cop_actor *me)
{
    return cop_ask(me, pids[0], 100, COP_THEN(probe, answer_n), crash, .code = 3);
}

static void
a_call_that_nobody_answers_ends_with_its_reason(void **state)
{
    world *self = *state;

    pids[0] = start(self, &(script){.name = "a", .go = hang});
    go_all(self, start(self, &(script){.name = "b", .go = ask_unknown}));
    go_all(self, start(self, &(script){.name = "c", .go = ask_say}));
    go_all(self, start(self, &(script){.name = "d", .go = ask_crash}));
    assert_trace("a:start b:start b:COP_E_NO_HANDLER c:start a:1 c:COP_E_NOREPLY d:start "
                 "a:end(error3) d:COP_E_DOWN ");
}

static cop_err
ask_later_first(cop_actor *me)
{
    return cop_ask(me, pids[0], 100, COP_THEN(probe, answer_n), ask_later);
}

static void
a_deferred_answer_comes_later(void **state)
{
    world *self = *state;

    pids[0] = start(self, &(script){.name = "a"});
    go_all(self, start(self, &(script){.name = "b", .go = ask_later_first}));
    cop_sim_run_for(self->sim, 50);
    assert_int_equal(cop_post(self->node, pids[0], tick, .n = 3), COP_OK);
    cop_sim_settle(self->sim);
    assert_trace("a:start b:start a:tick3 b:answer3 ");
}

static void
a_late_answer_is_dropped_and_counted(void **state)
{
    world *self = *state;
    cop_node_stats stats;

    pids[0] = start(self, &(script){.name = "a"});
    go_all(self, start(self, &(script){.name = "b", .go = ask_later_first}));
    cop_sim_run_for(self->sim, 100);
    assert_int_equal(cop_post(self->node, pids[0], tick, .n = 3), COP_OK);
    cop_sim_settle(self->sim);
    assert_trace("a:start b:start b:COP_E_TIMEOUT a:tick3 ");
    cop_node_stats_read(self->node, &stats);
    assert_int_equal(stats.late_replies, 1);
}

static void
who_ends_with_a_request_deferred_answers_it(void **state)
{
    world *self = *state;

    pids[0] = start(self, &(script){.name = "a"});
    go_all(self, start(self, &(script){.name = "b", .go = ask_later_first}));
    assert_int_equal(cop_post(self->node, pids[0], crash, .code = 2), COP_OK);
    cop_sim_settle(self->sim);
    assert_trace("a:start b:start a:end(error2) b:COP_E_DOWN ");
}

static cop_err
cast_first(cop_actor *me)
{
    cop_cast(me, pids[0], say, .n = 11);
    return COP_OK;
}

static void
on_dead_letter(void *ctx, const cop_dead_letter *letter)
{
    char text[100];

    (void)ctx;
    note("dead(%s,%s)", cop_message_print(letter->type, letter->message, text, sizeof text),
         cop_err_name(letter->why));
}

static void
a_message_that_nobody_gets_is_a_dead_letter(void **state)
{
    world *self = *state;
    cop_node_stats stats;
    cop_node *node = NULL;
    script plain = {.name = "a", .go = cast_first};

    assert_int_equal(
        cop_sim_node(self->sim, &(cop_node_opts){.on_dead_letter = on_dead_letter}, &node),
        COP_OK);
    cop_pid a = COP_PID_NONE;
    assert_int_equal(cop_sim_spawn(node, &probe_b, &(cop_spawn_opts){.arg = &plain}, &a),
                     COP_OK);
    assert_int_equal(cop_post(node, a, go), COP_OK);
    cop_sim_settle(self->sim);
    /* What waits in the mailbox of one who leaves. */
    assert_int_equal(cop_post(node, a, leave), COP_OK);
    assert_int_equal(cop_post(node, a, say, .n = 5), COP_OK);
    cop_sim_settle(self->sim);
    assert_trace("a:start dead(say{n: 11},COP_E_NOPROC) a:end(normal) "
                 "dead(say{n: 5},COP_E_NOPROC) ");
    cop_node_stats_read(node, &stats);
    assert_int_equal(stats.dead_letters, 2);
}

static cop_err
take_name(cop_actor *me)
{
    cop_err err = cop_register(me, "name", cop_self(me));

    note("%s", err == COP_OK ? "taken" : cop_err_name(err));
    return COP_OK;
}

static void
a_name_belongs_to_one_actor_and_is_freed_with_it(void **state)
{
    world *self = *state;
    cop_pid a = start(self, &(script){.name = "a", .go = take_name});
    cop_pid b = start(self, &(script){.name = "b", .go = take_name});

    go_all(self, a);
    go_all(self, b);
    go_all(self, a);
    assert_true(cop_pid_equal(cop_node_whereis(self->node, "name"), a));
    assert_int_equal(cop_post(self->node, a, leave), COP_OK);
    cop_sim_settle(self->sim);
    assert_true(cop_pid_is_none(cop_node_whereis(self->node, "name")));
    go_all(self, b);
    assert_trace(
        "a:start b:start taken COP_E_NAME_TAKEN COP_E_NAME_TAKEN a:end(normal) taken ");
}

static cop_err
monitor_first(cop_actor *me)
{
    cop_ref ref;

    return cop_monitor(me, pids[0], &ref);
}

static void
a_monitor_fires_once_with_the_reason(void **state)
{
    world *self = *state;

    pids[0] = start(self, &(script){.name = "a"});
    cop_pid b = start(self, &(script){.name = "b", .go = monitor_first});
    go_all(self, b);
    assert_int_equal(cop_post(self->node, pids[0], crash, .code = 5), COP_OK);
    cop_sim_settle(self->sim);
    go_all(self, b);
    assert_trace("a:start b:start a:end(error5) b:down(error5) b:down(noproc) ");
}

static cop_err
link_first(cop_actor *me)
{
    return cop_link(me, pids[0]);
}

static void
a_link_takes_the_other_end_along(void **state)
{
    world *self = *state;

    pids[0] = start(self, &(script){.name = "a"});
    go_all(self, start(self, &(script){.name = "b", .go = link_first}));
    go_all(self, start(self, &(script){.name = "c", .go = link_first, .traps = true}));
    assert_int_equal(cop_post(self->node, pids[0], crash, .code = 5), COP_OK);
    cop_sim_settle(self->sim);
    assert_non_null(strstr(trace, "a:end(error5) "));
    assert_non_null(strstr(trace, "b:end(error5) "));
    assert_non_null(strstr(trace, "c:exit(error5) "));
}

static const script kid = {.name = "kid"};
static const script slow_kid = {.name = "slow", .lingers = true};

static cop_err
start_kids(cop_actor *me)
{
    pids[1] = child(me, &kid, NULL);
    pids[2] = child(me, &slow_kid, &(cop_spawn_opts){.stop_ms = 50});
    return COP_OK;
}

static void
an_owner_ends_after_its_children(void **state)
{
    world *self = *state;

    cop_pid a = start(self, &(script){.name = "a", .start = start_kids});
    cop_sim_settle(self->sim);
    pids[0] = a;
    go_all(self, start(self, &(script){.name = "m", .go = monitor_first}));
    trace[0] = '\0';
    assert_int_equal(cop_post(self->node, a, leave), COP_OK);
    cop_sim_run_for(self->sim, 49);
    assert_null(strstr(trace, "a:end"));
    cop_sim_run_for(self->sim, 10);
    assert_non_null(strstr(trace, "slow:stopping"));
    assert_non_null(strstr(trace, "kid:stopping"));
    assert_non_null(strstr(trace, "kid:end(shutdown)"));
    assert_null(strstr(trace, "slow:end")); /* killed */
    assert_non_null(strstr(trace, "a:end(normal) m:down(normal)"));
}

static void
a_failing_child_fails_its_owner(void **state)
{
    world *self = *state;

    cop_pid a = start(self, &(script){.name = "a", .start = start_kids});
    (void)a;
    assert_int_equal(cop_post(self->node, pids[1], crash, .code = 4), COP_OK);
    cop_sim_run_for(self->sim, 100);
    assert_non_null(strstr(trace, "kid:end(error4)"));
    assert_non_null(strstr(trace, "a:end(error1)"));
}

static cop_err
crash_and_stop_first_kid(cop_actor *me)
{
    cop_signal(me, pids[1], &(cop_exit){.kind = COP_EXIT_ERROR, .code = 4});
    return cop_stop_child(me, pids[1]);
}

static void
who_failed_before_it_was_told_to_stop_has_failed(void **state)
{
    world *self = *state;
    script both = {.name = "a", .start = start_kids, .go = crash_and_stop_first_kid};

    go_all(self, start(self, &both));
    cop_sim_run_for(self->sim, 100);
    assert_non_null(strstr(trace, "a:end(error1)"));
}

static cop_err
return_ignore(cop_actor *me)
{
    (void)me;
    return COP_E_IGNORE;
}

static void
only_an_init_may_ask_not_to_be_started(void **state)
{
    world *self = *state;
    script at_start = {.name = "a", .start = return_ignore};
    cop_exit why;

    assert_int_equal(cop_sim_spawn(self->node, &probe_b,
                                   &(cop_spawn_opts){.arg = &at_start, .why = &why}, NULL),
                     COP_E_IGNORE);
    assert_int_equal(why.kind, COP_EXIT_NORMAL);
    go_all(self, start(self, &(script){.name = "b", .go = return_ignore}));
    assert_trace("a:start b:start b:end(error13) ");
}

static void
an_isolating_owner_is_told(void **state)
{
    world *self = *state;

    start_b(self, &isolating_b, &(script){.name = "a", .start = start_kids});
    assert_int_equal(cop_post(self->node, pids[1], crash, .code = 4), COP_OK);
    cop_sim_run_for(self->sim, 100);
    assert_non_null(strstr(trace, "a:child(error4)"));
    assert_null(strstr(trace, "a:end"));
}

static cop_err
start_three(cop_actor *me)
{
    static const script kids[] = {{.name = "k1"}, {.name = "k2"}, {.name = "k3"}};

    for (int i = 0; i < 3; i++)
        pids[i + 1] = child(me, &kids[i], NULL);
    return COP_OK;
}

static void
an_ordered_owner_stops_its_children_one_by_one_in_reverse(void **state)
{
    world *self = *state;

    cop_pid a = start_b(self, &ordered_b, &(script){.name = "a", .start = start_three});
    trace[0] = '\0';
    assert_int_equal(cop_post(self->node, a, leave), COP_OK);
    cop_sim_settle(self->sim);
    assert_trace("k3:stopping k3:end(shutdown) k2:stopping k2:end(shutdown) k1:stopping "
                 "k1:end(shutdown) a:end(normal) ");
}

static cop_err
kill_first(cop_actor *me)
{
    cop_kill(me, pids[0]);
    return COP_OK;
}

static void
a_killed_actor_runs_no_more_code_but_its_children_end_in_order(void **state)
{
    world *self = *state;

    pids[0] = start(self, &(script){.name = "a", .start = start_kids, .traps = true});
    cop_pid m = start(self, &(script){.name = "m", .go = monitor_first});
    go_all(self, m);
    go_all(self, start(self, &(script){.name = "x", .go = kill_first}));
    cop_sim_run_for(self->sim, 100);
    assert_null(strstr(trace, "a:end"));
    assert_non_null(strstr(trace, "kid:end(killed)"));
    assert_non_null(strstr(trace, "m:down(killed)"));
}

static cop_timer timers[3];

static cop_err
arm(cop_actor *me)
{
    assert_int_equal(cop_send_after(me, 30, &timers[0], tick, .n = 30), COP_OK);
    assert_int_equal(cop_send_after(me, 10, &timers[1], tick, .n = 10), COP_OK);
    assert_int_equal(cop_send_every(me, 25, &timers[2], tick, .n = 25), COP_OK);
    return COP_OK;
}

static cop_err
cancel_last(cop_actor *me)
{
    note("left%d", (int)cop_timer_left(me, timers[2]));
    note("cancel%d", cop_timer_cancel(me, timers[2]));
    note("left%d", (int)cop_timer_left(me, timers[2]));
    note("cancel%d", cop_timer_cancel(me, timers[1]));
    return COP_OK;
}

static void
timers_fire_in_due_order_and_not_after_a_cancel(void **state)
{
    world *self = *state;
    script both = {.name = "a", .start = arm, .go = cancel_last};
    cop_pid a = start(self, &both);

    cop_sim_run_for(self->sim, 9);
    assert_trace("a:start ");
    cop_sim_run_for(self->sim, 50);
    assert_trace("a:start a:tick10 a:tick25 a:tick30 a:tick25 ");
    go_all(self, a);
    cop_sim_run_for(self->sim, 200);
    assert_trace("a:start a:tick10 a:tick25 a:tick30 a:tick25 left16 cancel1 left-1 cancel0 ");
}

static void
a_full_mailbox_says_so(void **state)
{
    world *self = *state;
    script plain = {.name = "a"};
    cop_pid a = COP_PID_NONE;

    assert_int_equal(
        cop_sim_spawn(self->node, &probe_b, &(cop_spawn_opts){.arg = &plain, .mailbox = 2}, &a),
        COP_OK);
    assert_int_equal(cop_post(self->node, a, say, .n = 1), COP_OK);
    assert_int_equal(cop_post(self->node, a, say, .n = 2), COP_OK);
    assert_int_equal(cop_post(self->node, a, say, .n = 3), COP_E_FULL);
    cop_sim_settle(self->sim);
    assert_int_equal(cop_post(self->node, a, say, .n = 4), COP_OK);
    cop_sim_settle(self->sim);
    assert_trace("a:start a:1 a:2 a:4 ");
}

static cop_pid watched;
static cop_ref watch;

static cop_err
watch_it(cop_actor *me)
{
    return cop_monitor(me, watched, &watch);
}

static cop_err
forget_it(cop_actor *me)
{
    note("active%d", (int)cop_demonitor_flush(me, watch));
    return COP_OK;
}

/* It depends on the seed whether the cop_down waits behind `go`. */
static void
what_is_flushed_does_not_count_as_waiting(void **state)
{
    int flushed = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        script b = {.name = "b"}, a = {.name = "a", .start = watch_it, .go = forget_it};
        world own = {0};
        trace[0] = '\0';
        assert_int_equal(cop_sim_new(&own.sim, seed), COP_OK);
        assert_int_equal(cop_sim_node(own.sim, NULL, &own.node), COP_OK);
        watched = start(&own, &b);
        cop_pid pid = COP_PID_NONE;
        assert_int_equal(
            cop_sim_spawn(own.node, &probe_b, &(cop_spawn_opts){.arg = &a, .mailbox = 1}, &pid),
            COP_OK);
        cop_sim_settle(own.sim);
        assert_int_equal(cop_post(own.node, pid, go), COP_OK);
        assert_int_equal(cop_post(own.node, watched, leave), COP_OK);
        cop_sim_settle(own.sim);
        flushed += strstr(trace, "active0") != NULL && strstr(trace, "down") == NULL;
        assert_int_equal(cop_post(own.node, pid, say, .n = 1), COP_OK);
        cop_sim_free(&own.sim);
    }
    assert_int_not_equal(flushed, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(messages_of_one_sender_arrive_in_order),
        TEST(an_ended_actor_refuses_messages),
        TEST(a_failed_init_is_given_to_the_spawner),
        TEST(a_call_is_answered),
        TEST(a_call_that_nobody_answers_ends_with_its_reason),
        TEST(a_deferred_answer_comes_later),
        TEST(a_late_answer_is_dropped_and_counted),
        TEST(who_ends_with_a_request_deferred_answers_it),
        TEST(a_message_that_nobody_gets_is_a_dead_letter),
        TEST(a_name_belongs_to_one_actor_and_is_freed_with_it),
        TEST(a_monitor_fires_once_with_the_reason),
        TEST(a_link_takes_the_other_end_along),
        TEST(an_owner_ends_after_its_children),
        TEST(a_failing_child_fails_its_owner),
        TEST(who_failed_before_it_was_told_to_stop_has_failed),
        TEST(only_an_init_may_ask_not_to_be_started),
        TEST(an_isolating_owner_is_told),
        TEST(an_ordered_owner_stops_its_children_one_by_one_in_reverse),
        TEST(a_killed_actor_runs_no_more_code_but_its_children_end_in_order),
        TEST(timers_fire_in_due_order_and_not_after_a_cancel),
        TEST(a_full_mailbox_says_so),
        TEST(what_is_flushed_does_not_count_as_waiting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
