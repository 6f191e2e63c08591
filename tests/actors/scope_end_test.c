/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope_end_test.c - what scopes and their actor are to each other when one of them ends: the
 * order, the services, and the failures that came at the same time.
 */
#include <coppice/co.h>

#include "actor_stage.h"

#include "protocol.h"

static cop_scope scope, inner;
static cop_pid mother_pid, body_pid;

#define ACT(name)                                                                              \
    static cop_err name(COP_UNUSED cop_actor *me, COP_UNUSED void *state, COP_UNUSED void *arg)

/* The actor of the tests; it says how it ends. */
typedef struct owner {
    int unused;
} owner;

COP_HANDLER(owner, cop_end)
{
    char text[256];

    stage_say("end:%s", cop_exit_print(&msg->why, text, sizeof text));
    return COP_OK;
}
static COP_BEHAVIOUR(owner_b, owner, COP_ON(owner, cop_end));

/* Takes all the time that there is. */
typedef struct deaf {
    int unused;
} deaf;

COP_HANDLER(deaf, cop_stopping)
{
    return COP_OK;
}
static COP_BEHAVIOUR(deaf_b, deaf, COP_ON(deaf, cop_stopping));

/* Fails when it is told to go, and has failed when its child is gone, 50 ms later. */
typedef struct mother {
    int unused;
} mother;

COP_HANDLER(mother, cop_start)
{
    return cop_spawn(me, &deaf_b, &(cop_spawn_opts){.stop_ms = 50}, NULL);
}
COP_HANDLER(mother, go)
{
    return cop_fail(me, 7, "broke");
}
COP_HANDLER(mother, cop_end)
{
    stage_say("gone");
    return COP_OK;
}
static COP_BEHAVIOUR(mother_b, mother, COP_ON(mother, cop_start), COP_ON(mother, go),
                     COP_ON(mother, cop_end));

static cop_err
say_closed(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome)
{
    (void)me;
    (void)state;
    stage_say("%s=%s", (const char *)ctx, cop_exit_kind_name(outcome->why.kind));
    return COP_OK;
}

static cop_err
refuse_closed(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome)
{
    (void)say_closed(me, state, ctx, outcome);
    return COP_E_REFUSED;
}

static void
say_gone(void *ctx)
{
    stage_say("%s", (const char *)ctx);
}

static cop_err
mother_in(cop_actor *me, cop_scope in)
{
    return cop_spawn(me, &mother_b, &(cop_spawn_opts){.scope = in}, &mother_pid);
}

ACT(mother_fails)
{
    return cop_send(me, mother_pid, go);
}
ACT(stop)
{
    return cop_stop(me);
}
ACT(cancel)
{
    return cop_scope_cancel(me, scope, COP_FORCE_HARD, NULL);
}

/* ------------------------------------------------------------------------- the order */

ACT(with_services)
{
    COP_TRY(cop_scope_open(me, NULL, &scope));
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.within = scope}, &inner));
    COP_TRY(cop_spawn(me, &mother_b, &(cop_spawn_opts){.scope = scope, .service = true}, NULL));
    return mother_in(me, scope);
}

static void
services_of_a_scope_end_with_the_actor(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(with_services);
    stage_do(stop);
    stage_pass(50);
    stage_expect("gone");
    stage_pass(50);
    stage_expect("gone end:normal");
    stage_close();
}

ACT(close_and_stop)
{
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.closed = say_closed, .ctx = "s"}, &scope));
    COP_TRY(cop_scope_close(me, scope));
    return cop_stop(me);
}

static void
what_has_ended_is_not_cancelled_afterwards(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(close_and_stop);
    stage_expect("s=normal end:normal");
    stage_close();
}

/* ------------------------------------------------------------------------- failures */

ACT(mother_of_mine)
{
    return mother_in(me, cop_here(me));
}

static void
a_failure_that_ends_after_the_actor_began_to_is_its_reason(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(mother_of_mine);
    stage_do(mother_fails);
    stage_do(stop);
    stage_pass(50);
    stage_expect("gone end:error 1: a child ended abnormally (owner_b/mother_b), "
                 "caused by error 7: broke");
    stage_close();
}

ACT(two_unheard)
{
    COP_TRY(cop_scope_open(me, NULL, &scope));
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.within = scope}, &inner));
    return mother_in(me, inner);
}

static void
a_failure_in_scopes_that_nobody_hears_is_the_actors_reason(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(two_unheard);
    stage_do(mother_fails);
    stage_do(stop);
    stage_pass(50);
    stage_expect("gone end:error 1: a child ended abnormally (owner_b/scope/scope/mother_b), "
                 "caused by error 7: broke");
    stage_close();
}

static void
a_failure_in_a_cancelled_scope_that_nobody_hears_ends_the_actor(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(two_unheard);
    stage_do(mother_fails);
    stage_do(cancel);
    stage_pass(50);
    stage_expect("gone end:error 1: a child ended abnormally (owner_b/scope/scope/mother_b), "
                 "caused by error 7: broke");
    stage_close();
}

/* Obeys, but goes wrong in cleaning up. */
typedef struct clumsy {
    int unused;
} clumsy;

COP_HANDLER(clumsy, cop_end)
{
    return cop_fail(me, 8, "slipped");
}
static COP_BEHAVIOUR(clumsy_b, clumsy, COP_ON(clumsy, cop_end));

static cop_err
say_kept(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome)
{
    for (uint32_t i = 0; i < outcome->kept_count; i++)
        stage_say("%s", outcome->kept[i].why.text);
    return say_closed(me, state, ctx, outcome);
}

ACT(clumsy_unheard)
{
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.closed = say_kept, .ctx = "s"}, &scope));
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.within = scope}, &inner));
    return cop_spawn(me, &clumsy_b, &(cop_spawn_opts){.scope = inner}, NULL);
}

static void
what_goes_wrong_inside_is_kept_where_somebody_hears(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(clumsy_unheard);
    stage_do(cancel);
    cop_sim_settle(stage.sim);
    stage_expect("slipped s=shutdown");
    stage_close();
}

ACT(badly_heard)
{
    return cop_scope_open(me, &(cop_scope_opts){.closed = refuse_closed, .ctx = "s"}, &scope);
}

static void
an_error_of_closed_at_the_actors_end_is_its_reason(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(badly_heard);
    stage_do(stop);
    assert_non_null(strstr(stage.trace, "s=shutdown end:error 1: a child ended abnormally"));
    assert_non_null(strstr(stage.trace, cop_err_text(COP_E_REFUSED)));
    stage_close();
}

/* ------------------------------------------------------------------------- bodies */

static const cop_behaviour *chosen;

ACT(start_body)
{
    return cop_spawn(me, chosen,
                     &(cop_spawn_opts){.arg = "arg gone", .dispose = say_gone, .label = "body"},
                     &body_pid);
}
ACT(kill_body)
{
    cop_kill(me, body_pid);
    return COP_OK;
}

/* Isolates: what becomes of the body is not what becomes of it. */
COP_HANDLER(owner, cop_child_down)
{
    char text[256];

    stage_say("down:%s", cop_exit_print(&msg->why, text, sizeof text));
    return COP_OK;
}
static const cop_behaviour watcher_b = {
    .name = "watcher",
    .state_size = sizeof(owner),
    .policy = COP_COLLECT,
    .handlers = COP_HANDLERS(COP_ON(owner, cop_child_down)),
};

static void
begin(const cop_behaviour *body)
{
    chosen = body;
    stage_open(&watcher_b, 1);
    stage_do(start_body);
}

COP_BODY(opener, void, arg)
{
    (void)arg;
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.dispose = say_gone, .ctx = "scope gone"},
                           &scope));
    return cop_sleep(co, COP_INFINITY);
}
static COP_SEQUENTIAL(opener_b, opener);

static void
a_bodys_argument_outlives_its_scopes(void **state)
{
    (void)state;
    begin(&opener_b);
    stage_do(kill_body);
    stage_expect("scope gone arg gone down:killed (watcher/body)");
    stage_close();
}

COP_BODY(closer, void, arg)
{
    cop_outcome outcome;

    (void)arg;
    COP_SCOPE(co, s, &outcome, .deadline_ms = 50)
    {
        COP_TRY(cop_scope_close(me, s.scope));
        stage_say("%s",
                  cop_err_name(cop_spawn(
                      me, &deaf_b, &(cop_spawn_opts){.scope = s.scope, .stop_ms = 10}, NULL)));
        stage_say("%s", cop_err_name(cop_sleep(co, 1000)));
        COP_SCOPE(co, t, NULL, .shield = true, .deadline_ms = 50)
        stage_say("%s", cop_err_name(cop_sleep(co, 20)));
    }
    stage_say("%s at:%d", cop_exit_kind_name(outcome.why.kind), (int)cop_now_ms(me));
    return COP_OK;
}
static COP_SEQUENTIAL(closer_b, closer);

static void
a_block_lasts_as_long_as_its_body_stands_in_it(void **state)
{
    (void)state;
    begin(&closer_b);
    stage_pass(100);
    stage_expect("COP_OK COP_E_CANCELLED COP_OK deadline at:70 arg gone down:normal");
    stage_close();
}

COP_BODY(host, void, arg)
{
    cop_outcome outcome;

    (void)arg;
    COP_SCOPE(co, s, &outcome, .name = "s")
    {
        COP_TRY(mother_in(me, s.scope));
        COP_TRY(cop_spawn(me, &mother_b, &(cop_spawn_opts){.scope = s.scope, .service = true},
                          NULL));
        COP_TRY(cop_sleep(co, COP_INFINITY));
    }
    return COP_OK;
}
static COP_SEQUENTIAL(host_b, host);

static void
services_of_a_block_end_with_a_killed_body(void **state)
{
    (void)state;
    begin(&host_b);
    stage_do(kill_body);
    stage_pass(100);
    stage_expect("gone gone arg gone down:killed (watcher/body)");
    stage_close();
}

ACT(say_stop)
{
    return cop_stop(me);
}

COP_BODY(winner, void, arg)
{
    (void)arg;
    return COP_OK;
}
static COP_SEQUENTIAL(winner_b, winner);
COP_BODY(race, void, arg)
{
    (void)arg;
    COP_TRY(cop_spawn(me, &winner_b, NULL, NULL));
    stage_say("%s", cop_err_name(cop_sleep(co, COP_INFINITY)));
    COP_SCOPE(co, s, NULL, .shield = true, .deadline_ms = 50)
    stage_say("%s", cop_err_name(cop_sleep(co, 20)));
    return COP_OK;
}
static COP_SEQUENTIAL_WITH(race_b, race, .policy = COP_RACE);

static void
a_body_whose_race_is_won_cleans_up(void **state)
{
    (void)state;
    begin(&race_b);
    stage_pass(100);
    stage_expect("COP_E_CANCELLED COP_OK arg gone down:normal");
    stage_close();
}

COP_BODY(stopped, void, arg)
{
    (void)arg;
    COP_TRY(cop_soon(me, say_stop, NULL, NULL));
    stage_say("%s", cop_err_name(cop_sleep(co, COP_INFINITY)));
    return COP_OK;
}
static COP_SEQUENTIAL(stopped_b, stopped);

static void
a_call_that_stops_its_body_cancels_it(void **state)
{
    (void)state;
    begin(&stopped_b);
    stage_expect("COP_E_CANCELLED arg gone down:normal");
    stage_close();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_of_a_scope_end_with_the_actor),
        cmocka_unit_test(what_has_ended_is_not_cancelled_afterwards),
        cmocka_unit_test(a_failure_that_ends_after_the_actor_began_to_is_its_reason),
        cmocka_unit_test(a_failure_in_scopes_that_nobody_hears_is_the_actors_reason),
        cmocka_unit_test(a_failure_in_a_cancelled_scope_that_nobody_hears_ends_the_actor),
        cmocka_unit_test(what_goes_wrong_inside_is_kept_where_somebody_hears),
        cmocka_unit_test(an_error_of_closed_at_the_actors_end_is_its_reason),
        cmocka_unit_test(a_bodys_argument_outlives_its_scopes),
        cmocka_unit_test(a_block_lasts_as_long_as_its_body_stands_in_it),
        cmocka_unit_test(services_of_a_block_end_with_a_killed_body),
        cmocka_unit_test(a_body_whose_race_is_won_cleans_up),
        cmocka_unit_test(a_call_that_stops_its_body_cancels_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
