/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ending_test.c - the order in which an actor ends, step by step.
 *
 * What others cannot see from outside, as what is freed just before or just after they are
 * told, is seen by standing between the files of the library (ld --wrap).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/scope.h>
#include <coppice/sim.h>
#include <coppice/timer.h>

#include "core/actor.h"
#include "core/ties.h"
#include "protocol.h"

static struct {
    cop_sim *sim;
    cop_node *node;
    cop_actor *subject; /* whose end it is about; NULL: nobody is */
    cop_pid owner, pid, helper;
    char journal[1024];
} stage;

static void
note(const char *what)
{
    if (stage.journal[0] != '\0')
        strcat(stage.journal, " ");
    strcat(stage.journal, what);
}

/* -------------------------------------------------------------- between the files */

#define STEP(function, what)                                                                   \
    void __real_##function(cop_actor *self);                                                   \
    void __wrap_##function(cop_actor *self);                                                   \
    void __wrap_##function(cop_actor *self)                                                    \
    {                                                                                          \
        if (self == stage.subject)                                                             \
            note(what);                                                                        \
        __real_##function(self);                                                               \
    }

STEP(copi_calls_end, "calls")
STEP(copi_deferred_end, "tokens")
STEP(copi_alarms_end, "timers")
STEP(copi_watches_end, "watches")
STEP(copi_names_end, "names")

void __real_copi_links_end(cop_actor *self, const cop_exit *why);
void __wrap_copi_links_end(cop_actor *self, const cop_exit *why);
void
__wrap_copi_links_end(cop_actor *self, const cop_exit *why)
{
    if (self == stage.subject)
        note("links");
    __real_copi_links_end(self, why);
}

void __real_copi_monitors_end(cop_actor *self, const cop_exit *why);
void __wrap_copi_monitors_end(cop_actor *self, const cop_exit *why);
void
__wrap_copi_monitors_end(cop_actor *self, const cop_exit *why)
{
    if (self == stage.subject)
        note("monitors");
    __real_copi_monitors_end(self, why);
}

/* ------------------------------------------------------------------------ the actors */

typedef struct nothing {
    char unused;
} nothing;

static void
child_gone(COP_UNUSED void *state)
{
    note("child");
}

static const cop_behaviour child_b = {.name = "child", .dispose = child_gone};

/* Asks the subject, and gets no answer; is asked by it, and gives none. */
typedef struct helper {
    cop_token kept;
} helper;

COP_REPLY(helper, answer_n)
{
    note(err == COP_E_DOWN ? "(down)" : "(other)");
    return COP_OK;
}

COP_HANDLER(helper, go)
{
    return cop_ask(me, stage.pid, 1000, COP_THEN(helper, answer_n), ask_n);
}

COP_HANDLER(helper, ask_n)
{
    return cop_defer(me, &st->kept);
}

COP_BEHAVIOUR(helper_b, helper, COP_ON(helper, go), COP_ON(helper, ask_n));

typedef struct subject {
    cop_token kept;
} subject;

COP_REPLY(subject, answer_n)
{
    note(err == COP_E_CANCELLED ? "(cancelled)" : "(other)");
    return COP_OK;
}

/* From now on there is all that can be left. */
COP_HANDLER(subject, cop_start)
{
    stage.subject = me;
    COP_TRY(cop_spawn(me, &child_b, NULL, NULL));
    COP_TRY(cop_send_after(me, 100000, NULL, go));
    return cop_ask(me, stage.helper, 100000, COP_THEN(subject, answer_n), ask_n);
}

COP_HANDLER(subject, ask_n)
{
    return cop_defer(me, &st->kept);
}

/* Fails, with a message behind it that nobody will handle. */
COP_HANDLER(subject, go)
{
    COP_TRY(cop_send(me, cop_self(me), ask_n));
    return cop_fail(me, 1, "boom");
}

COP_HANDLER(subject, cop_end)
{
    note("terminate");
    return COP_OK;
}

static void
subject_dispose(COP_UNUSED void *state)
{
    note("dispose");
}

static const cop_behaviour subject_b = {
    .name = "subject",
    .state_size = sizeof(subject),
    .policy = COP_ISOLATE,
    .dispose = subject_dispose,
    .handlers = COP_HANDLERS(COP_ON(subject, cop_start), COP_ON(subject, ask_n),
                             COP_ON(subject, go), COP_ON(subject, cop_end)),
};

COP_HANDLER(nothing, cop_start)
{
    cop_ref ref;
    cop_spawn_opts opts = {.name = "subject", .link = true, .monitor = &ref};

    (void)cop_trap_exit(me, true);
    return cop_spawn(me, &subject_b, &opts, &stage.pid);
}

COP_HANDLER(nothing, cop_exited)
{
    note("(exit)");
    return COP_OK;
}

COP_HANDLER(nothing, cop_down)
{
    note("(down)");
    return COP_OK;
}

COP_HANDLER(nothing, cop_child_down)
{
    note("(rule)");
    return COP_OK;
}

COP_HANDLER(nothing, go)
{
    cop_kill(me, stage.pid);
    return COP_OK;
}

static const cop_behaviour owner_b = {
    .name = "owner",
    .state_size = sizeof(nothing),
    .policy = COP_ISOLATE,
    .handlers = COP_HANDLERS(COP_ON(nothing, cop_start), COP_ON(nothing, cop_exited),
                             COP_ON(nothing, cop_down), COP_ON(nothing, cop_child_down),
                             COP_ON(nothing, go)),
};

/* Does what it is told, and badly; its owner would end with a child that fails. */
COP_HANDLER(nothing, cop_stopping)
{
    return cop_fail(me, 1, "boom");
}

static const cop_behaviour clumsy_b = {
    .name = "clumsy",
    .state_size = sizeof(nothing),
    .handlers = COP_HANDLERS(COP_ON(nothing, cop_stopping)),
};

typedef struct parent {
    cop_pid child;
} parent;

COP_HANDLER(parent, cop_start)
{
    return cop_spawn(me, &clumsy_b, &(cop_spawn_opts){.name = "clumsy"}, &st->child);
}

COP_HANDLER(parent, go)
{
    return cop_stop_child(me, st->child);
}

COP_BEHAVIOUR(parent_b, parent, COP_ON(parent, cop_start), COP_ON(parent, go));

/* ------------------------------------------------------------------------- the tests */

static void
on_dead_letter(COP_UNUSED void *ctx, const cop_dead_letter *letter)
{
    if (letter->type == &ask_n_type && cop_pid_equal(letter->to, stage.pid))
        note("letter");
}

static void
on_log(COP_UNUSED void *ctx, COP_UNUSED const char *line)
{
}

static int
set_up(COP_UNUSED void **state)
{
    cop_node_opts opts = {.on_dead_letter = on_dead_letter, .on_log = on_log};

    memset(&stage, 0, sizeof stage);
    assert_int_equal(cop_sim_new(&stage.sim, 1), COP_OK);
    assert_int_equal(cop_sim_node(stage.sim, &opts, &stage.node), COP_OK);
    assert_int_equal(cop_sim_spawn(stage.node, &helper_b, NULL, &stage.helper), COP_OK);
    assert_int_equal(cop_sim_spawn(stage.node, &owner_b, NULL, &stage.owner), COP_OK);
    assert_int_equal(cop_post(stage.node, stage.helper, go), COP_OK);
    cop_sim_settle(stage.sim);
    assert_string_equal(stage.journal, "");
    return 0;
}

static int
tear_down(COP_UNUSED void **state)
{
    stage.subject = NULL;
    assert_true(cop_sim_stop(stage.sim, stage.node, 100000));
    cop_sim_free(&stage.sim);
    return 0;
}

/* Up to the monitors, which are the last of the subject itself. */
static void
expect_steps(const char *steps)
{
    const char *last = strstr(stage.journal, "monitors");

    assert_non_null(last);
    assert_int_equal(strncmp(stage.journal, steps, strlen(steps)), 0);
    assert_ptr_equal(last + strlen("monitors"), stage.journal + strlen(steps));
}

static void
who_fails_ends_step_by_step(COP_UNUSED void **state)
{
    assert_int_equal(cop_post(stage.node, stage.pid, go), COP_OK);
    cop_sim_settle(stage.sim);
    expect_steps("letter child calls (cancelled) tokens timers watches terminate dispose names "
                 "links monitors");
}

static void
who_is_killed_runs_no_code_but_leaves_in_the_same_order(COP_UNUSED void **state)
{
    assert_int_equal(cop_post(stage.node, stage.owner, go), COP_OK);
    cop_sim_settle(stage.sim);
    expect_steps("child calls tokens timers watches dispose names links monitors");
}

/* An init that fails: what it has asked for, and a scope that it has opened, end as of any
 * actor, with the state that it has left. */
typedef struct barren {
    unsigned asked;
} barren;

COP_REPLY(barren, answer_n)
{
    note(st->asked == 2 && err == COP_E_CANCELLED ? "(cancelled)" : "(other)");
    return cop_fail(me, 9, "nobody cares");
}

static cop_err
barren_closed(COP_UNUSED cop_actor *me, void *state, COP_UNUSED void *ctx,
              const cop_outcome *outcome)
{
    note(((barren *)state)->asked == 2 && outcome->force == COP_FORCE_HARD ? "(closed)"
                                                                           : "(other)");
    return COP_OK;
}

static void
barren_gone(COP_UNUSED void *state)
{
    note("(gone)");
}

static cop_err
barren_init(cop_actor *me, void *state, const void *arg)
{
    barren *st = state;
    cop_scope scope;

    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.closed = barren_closed}, &scope));
    for (; st->asked < 2; st->asked++)
        COP_TRY(cop_scope_ask(me, st->asked == 0 ? cop_here(me) : scope, stage.helper, 1000,
                              COP_THEN(barren, answer_n), NULL, ask_n));
    return *(const cop_err *)arg;
}
static const cop_behaviour barren_b = {.name = "barren",
                                       .state_size = sizeof(barren),
                                       .init = barren_init,
                                       .dispose = barren_gone};

static void
what_a_failed_init_has_asked_for_is_completed(COP_UNUSED void **state)
{
    static const cop_err errs[] = {COP_E_FAILED, COP_E_IGNORE};

    for (size_t i = 0; i < COP_COUNT(errs); i++) {
        cop_pid pid;
        stage.journal[0] = '\0';
        assert_int_equal(
            cop_sim_spawn(stage.node, &barren_b, &(cop_spawn_opts){.arg = &errs[i]}, &pid),
            errs[i]);
        cop_sim_settle(stage.sim);
        assert_string_equal(stage.journal, "(cancelled) (cancelled) (closed) (gone)");
    }
}

/* Signals and the rule wait in one mailbox, in the order in which they were sent. */
static void
the_rule_of_the_owner_comes_after_all_signals(COP_UNUSED void **state)
{
    assert_int_equal(cop_post(stage.node, stage.pid, go), COP_OK);
    cop_sim_settle(stage.sim);
    const char *exit = strstr(stage.journal, "(exit)"), *down = strstr(stage.journal, "(down)"),
               *rule = strstr(stage.journal, "(rule)");
    assert_non_null(exit);
    assert_non_null(down);
    assert_non_null(rule);
    assert_true(exit < rule && down < rule);
}

static void
who_fails_because_it_was_told_to_stop_does_not_fail_its_owner(COP_UNUSED void **state)
{
    cop_pid pid;

    assert_int_equal(cop_sim_spawn(stage.node, &parent_b, NULL, &pid), COP_OK);
    assert_int_equal(cop_post(stage.node, pid, go), COP_OK);
    cop_sim_settle(stage.sim);
    assert_true(cop_pid_is_none(cop_node_whereis(stage.node, "clumsy")));
    assert_int_equal(cop_post(stage.node, pid, go), COP_OK); /* it is alive */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_fails_ends_step_by_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_killed_runs_no_code_but_leaves_in_the_same_order,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_failed_init_has_asked_for_is_completed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_rule_of_the_owner_comes_after_all_signals, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            who_fails_because_it_was_told_to_stop_does_not_fail_its_owner, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
