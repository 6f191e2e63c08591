/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job_test.c - jobs as children of scopes, and of bodies, in the simulator.
 */
#include <coppice/co.h>

#include "actor_stage.h"

#include "protocol.h"

static cop_scope scope;
static cop_leaf leaf;

typedef struct owner {
    int unused;
} owner;

COP_HANDLER(owner, cop_end)
{
    stage_say("end");
    return COP_OK;
}
static COP_BEHAVIOUR(owner_b, owner, COP_ON(owner, cop_end));

static cop_err
work(cop_job *job, void *arg)
{
    if (arg == NULL)
        return cop_job_fail(job, 7, "no such host");
    stage_say("ran");
    return COP_OK;
}

static cop_err
on_done(cop_actor *me, void *state, void *arg, const cop_exit *why)
{
    (void)me;
    (void)state;
    (void)arg;
    stage_say("%s", cop_exit_kind_name(why->kind));
    return COP_OK;
}

static cop_err
on_closed(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome)
{
    (void)me;
    (void)state;
    (void)ctx;
    stage_say("s=%s[%s]", cop_exit_kind_name(outcome->why.kind), outcome->why.text);
    return COP_OK;
}

static cop_job_spec
spec_of(void *arg)
{
    return (cop_job_spec){.name = "job", .work = work, .dispose = stage_dispose, .arg = arg};
}

#define ACT(name)                                                                              \
    static cop_err name(cop_actor *me, COP_UNUSED void *state, COP_UNUSED void *arg)

ACT(open_with_job)
{
    cop_job_spec good = spec_of(&scope);

    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.closed = on_closed}, &scope));
    COP_TRY(cop_job_start(me, scope, &good, on_done, &leaf));
    return cop_scope_close(me, scope);
}

ACT(open_with_bad_job)
{
    cop_job_spec bad = spec_of(NULL);

    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.closed = on_closed}, &scope));
    return cop_job_start(me, scope, &bad, NULL, &leaf);
}

ACT(bad_job_of_its_own)
{
    cop_job_spec bad = spec_of(NULL);

    return cop_job_start(me, cop_here(me), &bad, NULL, NULL);
}

ACT(start_and_cancel)
{
    COP_TRY(open_with_job(me, state, arg));
    return cop_scope_cancel(me, scope, COP_FORCE_HARD, NULL);
}

ACT(start_and_stop)
{
    COP_TRY(open_with_job(me, state, arg));
    return cop_stop(me);
}

static void
a_scope_waits_for_its_job(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        stage_open(&owner_b, seed);
        stage_do(open_with_job);
        stage_pass(100);
        stage_expect("ran normal s=normal[]");
        assert_int_equal(stage.disposed, 1);
        stage_close();
    }
}

static void
a_job_that_fails_is_a_child_that_fails(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(open_with_bad_job);
    stage_pass(100);
    stage_expect("s=error[no such host]");
    assert_int_equal(stage.disposed, 1);
    stage_do(bad_job_of_its_own);
    stage_pass(100);
    stage_expect("end");
    assert_int_equal(stage.disposed, 2);
    stage_close();
}

static void
a_cancelled_job_is_over_before_its_scope(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        stage_open(&owner_b, seed);
        stage_do(start_and_cancel);
        stage_pass(100);
        /* One that runs already returns by itself, and the scope waits. */
        assert_true(strcmp(stage.trace, "shutdown s=shutdown[]") == 0 ||
                    strcmp(stage.trace, "ran normal s=shutdown[]") == 0);
        stage.trace[0] = '\0';
        assert_int_equal(stage.disposed, 1);
        stage_close();
    }
}

static void
an_actor_does_not_end_before_its_job(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        stage_open(&owner_b, seed);
        stage_do(start_and_stop);
        stage_pass(100);
        assert_int_equal(stage.disposed, 1);
        stage_close();
    }
}

static bool has_run;

static cop_err
note_run(cop_job *job, void *arg)
{
    (void)job;
    (void)arg;
    has_run = true;
    return COP_OK;
}

ACT(start_noted)
{
    return cop_job_start(me, cop_here(me),
                         &(cop_job_spec){.work = note_run, .dispose = stage_dispose}, NULL,
                         NULL);
}

/* The owner is told to stop when the end of its job waits for a turn. */
static void
an_end_that_waits_for_its_turn_does_not_hold_up_the_actor(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        stage_open(&owner_b, seed);
        has_run = false;
        stage_do(start_noted);
        while (!has_run)
            assert_true(cop_sim_step(stage.sim));
        stage_stop();
        assert_int_equal(stage.disposed, 1);
        stage_close();
    }
}

/* ------------------------------------------------------------------------- bodies */

COP_BODY(worker, void, arg)
{
    cop_job_spec good = spec_of(&scope), bad = spec_of(NULL);
    cop_exit why;

    (void)arg;
    stage_say("%s", cop_err_name(cop_work(co, &good, NULL)));
    stage_say("%s", cop_err_name(cop_work(co, &bad, &why)));
    stage_say("%d:%s", why.code, why.text);
    return COP_OK;
}
static COP_SEQUENTIAL(worker_b, worker);

static void
a_body_waits_for_its_job(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        stage_open(&worker_b, seed);
        stage_pass(100);
        stage_expect("ran COP_OK COP_E_FAILED 7:no such host");
        assert_int_equal(stage.disposed, 2);
        stage_close();
    }
}

/* The owner's runner disposes of a job as it does of any leaf. */
static cop_actor *the_owner;

static cop_err
never_runs(cop_actor *me, void *state, void *arg)
{
    (void)me;
    (void)state;
    (void)arg;
    return COP_OK;
}

static void
dispose_meddles(void *arg)
{
    (void)arg;
    stage_say("%s %s %s",
              cop_err_name(cop_scope_soon(the_owner, scope, never_runs, NULL, NULL, NULL)),
              cop_err_name(cop_scope_cancel(the_owner, scope, COP_FORCE_HARD, NULL)),
              cop_err_name(cop_leaf_cancel(the_owner, leaf)));
}

ACT(start_meddler)
{
    cop_job_spec spec = spec_of(&scope);

    the_owner = me;
    spec.dispose = dispose_meddles;
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.closed = on_closed}, &scope));
    COP_TRY(cop_job_start(me, scope, &spec, on_done, &leaf));
    return cop_scope_close(me, scope);
}

static void
the_finalizer_of_a_job_can_neither_start_nor_cancel(void **state)
{
    (void)state;
    stage_open(&owner_b, 1);
    stage_do(start_meddler);
    stage_pass(1000);
    stage_expect("ran normal COP_E_GONE COP_E_GONE COP_E_GONE s=normal[]");
    stage_stop();
    stage_expect("end");
    stage_close();
}

/* ------------------------------------------------------------------------ thrown away */

static cop_err
never(cop_actor *me, void *state, void *arg)
{
    (void)me;
    (void)state;
    (void)arg;
    return COP_OK;
}

ACT(start_some_between_calls)
{
    for (int i = 0; i < 16; i++) {
        COP_TRY(cop_after(me, 1, never, NULL, NULL, NULL));
        COP_TRY(cop_job_start(me, cop_here(me),
                              &(cop_job_spec){.work = note_run, .dispose = stage_dispose}, NULL,
                              NULL));
    }
    return COP_OK;
}

/* When the jobs go, whose time is among theirs has gone. */
static void
jobs_are_thrown_away_with_their_simulation(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        stage_open(&owner_b, seed);
        stage_do(start_some_between_calls);
        cop_sim_free(&stage.sim);
        assert_int_equal(stage.disposed, 16);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scope_waits_for_its_job),
        cmocka_unit_test(a_job_that_fails_is_a_child_that_fails),
        cmocka_unit_test(a_cancelled_job_is_over_before_its_scope),
        cmocka_unit_test(an_actor_does_not_end_before_its_job),
        cmocka_unit_test(an_end_that_waits_for_its_turn_does_not_hold_up_the_actor),
        cmocka_unit_test(the_finalizer_of_a_job_can_neither_start_nor_cancel),
        cmocka_unit_test(a_body_waits_for_its_job),
        cmocka_unit_test(jobs_are_thrown_away_with_their_simulation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
