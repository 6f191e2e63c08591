/* SPDX-License-Identifier: Apache-2.0 */
/*
 * j_test.c - finalizers: what runs when something is disposed of.
 */
#include "structured/requirements/kinds.h"

static const child_kind *kind; /* of the row */
static pthread_t loop;         /* the thread of the turn */
static cop_scope scope;
static cop_actor *owner;

static cop_err
on_closed(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome)
{
    (void)me;
    (void)state;
    (void)ctx;
    ground_say("closed:%s", cop_exit_kind_name(outcome->why.kind));
    return COP_OK;
}

/* ------------------------------------------------------------------------------ J1 */

/* Each kind of child is refused here, in its scope and in the actor's own. */
static void
try_to_start(void *arg)
{
    (void)arg;
    for (int i = 0; i < 2; i++) {
        cop_err err = kid_start(owner, i == 0 ? scope : cop_here(owner), kind, KID_LASTS);
        ground_say("tried:%s", cop_err_name(err));
    }
    ground_say("loop:%d", pthread_equal(pthread_self(), loop) != 0);
}

static cop_err
never(cop_actor *me, void *state, void *arg)
{
    (void)me;
    (void)state;
    (void)arg;
    loop = pthread_self();
    return COP_OK;
}

ACT(start_and_close)
{
    owner = me;
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.name = "s", .closed = on_closed}, &scope));
    COP_TRY(cop_scope_soon(me, scope, never, NULL, try_to_start, NULL));
    return cop_scope_close(me, scope);
}

static void
starts_nothing(const child_kind *row)
{
    kind = row;
    ground_open(GROUND_REAL, &ground_b, 1);
    ground_do(start_and_close, NULL);
    ground_await("closed:normal");
    assert_int_equal(ground_count("tried:COP_E_GONE"), 2);
    assert_int_equal(ground_count(" gone "), 2);
    assert_int_equal(ground_count(" ran "), 0);
    assert_int_equal(ground_count("loop:1"), 1);
    ground_close();
}

static void
j1_a_finalizer_runs_in_its_owners_loop_and_starts_nothing(void **state)
{
    (void)state;
    for_every_kind(starts_nothing);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(j1_a_finalizer_runs_in_its_owners_loop_and_starts_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
