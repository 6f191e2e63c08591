/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_scope_test.c - OS processes as children of local scopes.
 */
#define _GNU_SOURCE
#include "process_play.h"

#include <coppice/scope.h>

typedef struct scoped {
    play play; /* first */
    cop_scope_opts opts;
    const char *scripts[3];
    cop_scope scope;
    cop_force force;
    cop_pid pids[3];
} scoped;

static cop_err
on_closed(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome)
{
    scoped *s = ctx;

    (void)me;
    (void)state;
    stage_say(&s->play.stage, "closed %s %d, %u of %u failed%s",
              cop_exit_kind_name(outcome->why.kind), outcome->why.code, outcome->failed,
              outcome->started,
              s->play.os_pid > 0 && exists(s->play.os_pid) ? ", not reaped" : "");
    return COP_OK;
}

static cop_err
spawn_in_scope(cop_actor *me, scoped *s, int number)
{
    const char *argv[] = {"sh", "-c", s->scripts[number], NULL};
    cop_process_spec spec = s->play.spec;

    spec.argv = argv;
    spec.output = COP_STDIO_LINES;
    spec.output_to = cop_self(me);
    return cop_spawn(
        me, &cop_process,
        &(cop_spawn_opts){.arg = &spec, .scope = s->scope, .stop_ms = s->play.stop_ms},
        &s->pids[number]);
}

static void
open_scope(cop_actor *me, void *ctx)
{
    scoped *s = ctx;

    s->opts.closed = on_closed;
    s->opts.ctx = s;
    s->play.err = cop_scope_open(me, &s->opts, &s->scope);
    for (int i = 0; i < 3 && s->play.err == COP_OK && s->scripts[i] != NULL; i++)
        s->play.err = spawn_in_scope(me, s, i);
    s->play.pid = s->pids[0];
    if (s->play.err == COP_OK)
        s->play.err = cop_scope_close(me, s->scope);
}

static void
cancel(cop_actor *me, void *ctx)
{
    scoped *s = ctx;

    s->play.err = cop_scope_cancel(me, s->scope, s->force, NULL);
}

static void
begin_scoped(scoped *s)
{
    memset(s, 0, sizeof *s);
    stage_open(&s->play.stage, on_message);
    s->play.stop_ms = COP_INFINITY;
    s->play.spec.kill_ms = 1000 * 1000;
}

static void
run(scoped *s, void (*call)(cop_actor *me, void *ctx))
{
    stage_run(&s->play.stage, call, s);
    assert_int_equal(s->play.err, COP_OK);
}

static const char obedient[] = "trap 'echo term; exit 3' TERM; echo ready; "
                               "while :; do sleep 0.01; done";
static const char stubborn[] = "trap '' TERM; echo ready; while :; do sleep 0.01; done";

static void
a_scope_is_closed_when_its_processes_have_ended(void **state)
{
    (void)state;
    scoped s;

    begin_scoped(&s);
    s.scripts[0] = "echo one";
    run(&s, open_scope);
    stage_expect(&s.play.stage, "1:one");
    stage_expect(&s.play.stage, "closed normal 0, 0 of 1 failed");
    end(&s.play);
}

static void
cancel_with(cop_force force, const char *script, const char *said)
{
    scoped s;

    begin_scoped(&s);
    s.force = force;
    s.scripts[0] = script;
    if (force == COP_FORCE_SOFT)
        s.opts.drain_ms = 1000 * 1000;
    else if (script == stubborn)
        s.play.spec.kill_ms = 20;
    run(&s, open_scope);
    stage_expect(&s.play.stage, "1:ready");
    learn_os_pid(&s.play);
    run(&s, cancel);
    if (said != NULL)
        stage_expect(&s.play.stage, said);
    stage_expect(&s.play.stage, "closed shutdown 0, 0 of 1 failed");
    end(&s.play);
}

static void
a_scope_that_is_cancelled_sends_its_processes_down_the_ladder(void **state)
{
    (void)state;
    cancel_with(COP_FORCE_SOFT, obedient, "1:term");
    cancel_with(COP_FORCE_HARD, obedient, "1:term");
    cancel_with(COP_FORCE_HARD, stubborn, NULL);
}

static void
a_scope_that_is_killed_kills_its_processes_at_once(void **state)
{
    (void)state;
    cancel_with(COP_FORCE_KILL, obedient, NULL);
}

static void
a_deadline_sends_them_down_the_ladder(void **state)
{
    (void)state;
    scoped s;

    begin_scoped(&s);
    s.opts.deadline_ms = 50;
    s.scripts[0] = "exec sleep 1000";
    run(&s, open_scope);
    stage_expect(&s.play.stage, "closed deadline 0, 0 of 1 failed");
    end(&s.play);
}

static void
a_process_that_fails_fails_its_scope_and_the_others_are_stopped(void **state)
{
    (void)state;
    scoped s;

    begin_scoped(&s);
    s.scripts[0] = "exec sleep 1000";
    s.scripts[1] = "exec sleep 1000";
    s.scripts[2] = "exit 7";
    run(&s, open_scope);
    stage_expect(&s.play.stage, "closed status 7, 1 of 3 failed");
    end(&s.play);
}

static void
so_does_one_that_a_signal_kills(void **state)
{
    (void)state;
    scoped s;

    begin_scoped(&s);
    s.scripts[0] = "exec sleep 1000";
    s.scripts[1] = "kill -USR2 $$";
    run(&s, open_scope);
    stage_expect(&s.play.stage, "closed signal 12, 1 of 2 failed");
    end(&s.play);
}

static void
the_first_of_a_race_wins_and_the_others_are_stopped(void **state)
{
    (void)state;
    scoped s;

    begin_scoped(&s);
    s.opts.policy = COP_RACE;
    s.scripts[0] = "exec sleep 1000";
    s.scripts[1] = "exit 0";
    run(&s, open_scope);
    stage_expect(&s.play.stage, "closed normal 0, 0 of 2 failed");
    end(&s.play);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scope_is_closed_when_its_processes_have_ended),
        cmocka_unit_test(a_scope_that_is_cancelled_sends_its_processes_down_the_ladder),
        cmocka_unit_test(a_scope_that_is_killed_kills_its_processes_at_once),
        cmocka_unit_test(a_deadline_sends_them_down_the_ladder),
        cmocka_unit_test(a_process_that_fails_fails_its_scope_and_the_others_are_stopped),
        cmocka_unit_test(so_does_one_that_a_signal_kills),
        cmocka_unit_test(the_first_of_a_race_wins_and_the_others_are_stopped),
    };

    return cmocka_run_group_tests_name("process_scope", tests, NULL, NULL);
}
