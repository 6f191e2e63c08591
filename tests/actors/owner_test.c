/* SPDX-License-Identifier: Apache-2.0 */
/*
 * owner_test.c - starting actors for another owner, and ends that begin in init.
 *
 * Each test is a run of the property test that once went wrong, made small.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <coppice/sim.h>
#include <coppice/timer.h>

#include "protocol.h"

typedef struct stage {
    cop_sim *sim;
    cop_node *node;
    cop_err err; /* what a step of the script gave back */
    cop_pid first, second, given;
    cop_exit why;
    int disposed, ended;
} stage;

/* What an actor does in its init, and when it gets `go`. */
typedef struct role {
    stage *stage;
    cop_err (*start)(stage *at, cop_actor *me);
    cop_err (*go)(stage *at, cop_actor *me);
} role;

COP_HANDLER(role, cop_start)
{
    *st = *(const role *)msg->arg;
    return st->start == NULL ? COP_OK : st->start(st->stage, me);
}

COP_HANDLER(role, go)
{
    return st->go(st->stage, me);
}

COP_HANDLER(role, cop_end)
{
    st->stage->ended++;
    return COP_OK;
}

/* Takes its time when it is told to stop. */
COP_HANDLER(role, cop_stopping)
{
    return COP_OK;
}

static cop_err
on_child(cop_actor *me, void *state, const cop_child_end *end)
{
    (void)me;
    ((role *)state)->stage->why = *end->why;
    return COP_OK;
}

static void
dispose(void *state)
{
    role *self = state;

    if (self->stage != NULL)
        self->stage->disposed++;
}

#define ROLE .state_size = sizeof(role), .dispose = dispose
#define QUICK                                                                                  \
    .handlers = COP_HANDLERS(COP_ON(role, cop_start), COP_ON(role, go), COP_ON(role, cop_end))

static const cop_behaviour plain_b = {.name = "plain", ROLE, QUICK};
static const cop_behaviour keeper_b = {
    .name = "keeper", .policy = COP_SUPERVISE, .on_child = on_child, ROLE, QUICK};
static const cop_behaviour slow_b = {
    .name = "slow",
    ROLE,
    .handlers = COP_HANDLERS(COP_ON(role, cop_start), COP_ON(role, cop_stopping))};

static cop_err
start(stage *at, cop_actor *me, const cop_behaviour *behaviour, role one, cop_pid owner)
{
    one.stage = at;
    return cop_spawn(me, behaviour,
                     &(cop_spawn_opts){
                         .arg = &one, .owner = owner, .cookie = 2, .stop_ms = COP_STOP_NO_WAIT},
                     &at->second);
}

static cop_pid
plant(stage *at, const cop_behaviour *behaviour, role one)
{
    cop_pid pid = COP_PID_NONE;

    one.stage = at;
    assert_int_equal(cop_sim_spawn(at->node, behaviour, &(cop_spawn_opts){.arg = &one}, &pid),
                     COP_OK);
    return pid;
}

static void
let_go(stage *at, cop_pid pid)
{
    assert_int_equal(cop_post(at->node, pid, go), COP_OK);
    cop_sim_settle(at->sim);
}

static void
on_log(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static int
set_up(void **state)
{
    stage *at = calloc(1, sizeof *at);

    assert_non_null(at);
    assert_int_equal(cop_sim_new(&at->sim, 1), COP_OK);
    assert_int_equal(cop_sim_node(at->sim, &(cop_node_opts){.on_log = on_log}, &at->node),
                     COP_OK);
    *state = at;
    return 0;
}

static int
tear_down(void **state)
{
    stage *at = *state;
    cop_node_stats stats;

    assert_true(cop_sim_stop(at->sim, at->node, 10000));
    cop_node_stats_read(at->node, &stats);
    assert_int_equal(stats.actors, 0);
    assert_int_equal(stats.live_messages, 0);
    cop_sim_free(&at->sim);
    free(at);
    return 0;
}

/* ------------------------------------------------------------------------ the tests */

static cop_err
refuse(stage *at, cop_actor *me)
{
    (void)at;
    return cop_fail(me, 9, "no luck");
}

static cop_err
start_failing_for_root(stage *at, cop_actor *me)
{
    return start(at, me, &plain_b, (role){.go = refuse}, cop_root(me));
}

static void
a_cookie_means_nothing_to_the_root(void **state)
{
    stage *at = *state;

    let_go(at, plant(at, &plain_b, (role){.go = start_failing_for_root}));
    let_go(at, at->second);
    (void)plant(at, &plain_b, (role){0}); /* the node goes on */
}

static cop_err
start_failing_for_first(stage *at, cop_actor *me)
{
    at->err = start(at, me, &plain_b, (role){.start = refuse}, at->first);
    return COP_OK;
}

static void
another_owner_gets_the_whole_record_of_a_failed_start(void **state)
{
    stage *at = *state;

    at->first = plant(at, &keeper_b, (role){0});
    let_go(at, plant(at, &plain_b, (role){.go = start_failing_for_first}));
    assert_int_equal(at->err, COP_E_FAILED);
    assert_int_equal(at->why.code, 9);
    assert_string_equal(at->why.text, "no luck");
}

static cop_err
start_for_first(stage *at, cop_actor *me)
{
    COP_TRY(start(at, me, &plain_b, (role){0}, at->first));
    at->given = at->second;
    return COP_OK;
}

/* In its own init, so that what it is sent stays in its mailbox meanwhile. */
static cop_err
let_another_start_one_for_me(stage *at, cop_actor *me)
{
    at->first = cop_self(me);
    return start(at, me, &plain_b, (role){.start = start_for_first}, cop_root(me));
}

static cop_err
let_start_and_stop_it(stage *at, cop_actor *me)
{
    COP_TRY(let_another_start_one_for_me(at, me));
    at->err = cop_stop_child(me, at->given);
    return COP_OK;
}

static cop_err
let_start_and_leave(stage *at, cop_actor *me)
{
    COP_TRY(let_another_start_one_for_me(at, me));
    return cop_stop(me);
}

static void
a_child_on_its_way_can_be_told_to_stop(void **state)
{
    stage *at = *state;

    at->err = COP_E_FAILED;
    (void)plant(at, &plain_b, (role){.start = let_start_and_stop_it});
    cop_sim_settle(at->sim);
    assert_int_equal(at->err, COP_OK);
    assert_int_equal(at->disposed, 1);
}

static void
who_ends_in_init_takes_along_what_it_was_given(void **state)
{
    stage *at = *state;

    (void)plant(at, &plain_b, (role){.start = let_start_and_leave});
    cop_sim_settle(at->sim);
    assert_int_equal(at->disposed, 2); /* it, and what was given to it; not the giver */
}

static cop_err
kill_myself_and_leave(stage *at, cop_actor *me)
{
    (void)at;
    cop_kill(me, cop_self(me));
    return cop_stop(me);
}

static void
who_kills_itself_in_init_runs_no_more_code(void **state)
{
    stage *at = *state;

    (void)plant(at, &plain_b, (role){.start = kill_myself_and_leave});
    cop_sim_settle(at->sim);
    assert_int_equal(at->disposed, 1);
    assert_int_equal(at->ended, 0);
}

static cop_err
start_slow(stage *at, cop_actor *me)
{
    return start(at, me, &slow_b, (role){0}, COP_PID_NONE);
}

static cop_err
go_away(stage *at, cop_actor *me)
{
    (void)at;
    return cop_stop(me);
}

static void
no_patience_at_time_zero_is_no_patience(void **state)
{
    stage *at = *state;

    let_go(at, plant(at, &plain_b, (role){.start = start_slow, .go = go_away}));
    cop_sim_run_for(at->sim, 1);
    assert_int_equal(at->disposed, 2);
}

static cop_err
link_to_owner(stage *at, cop_actor *me)
{
    at->err = cop_link(me, cop_owner(me));
    return COP_OK;
}

static cop_err
start_linker(stage *at, cop_actor *me)
{
    return start(at, me, &plain_b, (role){.start = link_to_owner}, COP_PID_NONE);
}

static void
who_is_still_in_init_can_be_linked_to(void **state)
{
    stage *at = *state;

    at->err = COP_E_NOPROC;
    (void)plant(at, &plain_b, (role){.start = start_linker});
    assert_int_equal(at->err, COP_OK);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_cookie_means_nothing_to_the_root),
        TEST(another_owner_gets_the_whole_record_of_a_failed_start),
        TEST(a_child_on_its_way_can_be_told_to_stop),
        TEST(who_ends_in_init_takes_along_what_it_was_given),
        TEST(who_kills_itself_in_init_runs_no_more_code),
        TEST(no_patience_at_time_zero_is_no_patience),
        TEST(who_is_still_in_init_can_be_linked_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
