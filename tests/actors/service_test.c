/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service_test.c - services end last: after all others of their scope, and of the scopes in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/message.h>
#include <coppice/scope.h>
#include <coppice/sim.h>
#include <coppice/timer.h>

#define SERVICES(M, F)                                                                         \
    M(1, finish, F(i32, unused))                                                               \
    M(2, start_in_scope, F(i32, unused))                                                       \
    M(3, start_and_close, F(i32, unused))
COP_PROTOCOL(SERVICES)

enum {
    SLOW_MS = 50,
};

static struct {
    cop_sim *sim;
    cop_node *node;
    cop_pid owner;
    char ends[100];
    cop_exit_kind outcome;
    cop_exit kept;
    uint32_t kept_count;
} scene;

static void
note(const char *what)
{
    if (scene.ends[0] != '\0')
        strcat(scene.ends, " ");
    strcat(scene.ends, what);
}

/* ------------------------------------------------------------------------ the actors */

typedef struct child {
    const char *name;
    bool is_slow, is_clumsy;
} child;

COP_HANDLER(child, cop_start)
{
    memcpy(st, msg->arg, sizeof *st);
    return COP_OK;
}

COP_HANDLER(child, cop_stopping)
{
    return st->is_slow ? cop_send_after(me, SLOW_MS, NULL, finish, 0) : cop_stop(me);
}

COP_HANDLER(child, finish)
{
    return cop_stop(me);
}

COP_HANDLER(child, cop_end)
{
    note(st->name);
    return st->is_clumsy ? cop_fail(me, 7, "it broke") : COP_OK;
}

static const cop_behaviour child_b = {
    .name = "child",
    .state_size = sizeof(child),
    .handlers = COP_HANDLERS(COP_ON(child, cop_start), COP_ON(child, cop_stopping),
                             COP_ON(child, finish), COP_ON(child, cop_end)),
};

typedef struct owner {
    cop_scope outer, inner;
} owner;

static cop_err
start(cop_actor *me, cop_scope scope, bool service, child child)
{
    return cop_spawn(me, &child_b,
                     &(cop_spawn_opts){.arg = &child, .scope = scope, .service = service},
                     NULL);
}

COP_HANDLER(owner, start_in_scope)
{
    COP_TRY(cop_scope_open(me, NULL, &st->outer));
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.within = st->outer}, &st->inner));
    COP_TRY(start(me, cop_here(me), true, (child){.name = "service"}));
    COP_TRY(start(me, st->outer, true, (child){.name = "outer-service"}));
    return start(me, st->inner, false, (child){.name = "inner", .is_slow = true});
}

static cop_err
on_closed(COP_UNUSED cop_actor *me, COP_UNUSED void *state, COP_UNUSED void *ctx,
          const cop_outcome *outcome)
{
    scene.outcome = outcome->why.kind;
    scene.kept_count = outcome->kept_count;
    if (outcome->kept_count > 0)
        scene.kept = outcome->kept[0].why;
    note("closed");
    return COP_OK;
}

COP_HANDLER(owner, start_and_close)
{
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.closed = on_closed}, &st->outer));
    COP_TRY(start(me, st->outer, true, (child){.name = "service", .is_clumsy = true}));
    return cop_scope_close(me, st->outer);
}

COP_HANDLER(owner, finish)
{
    return cop_stop(me);
}

static const cop_behaviour owner_b = {
    .name = "owner",
    .state_size = sizeof(owner),
    .handlers = COP_HANDLERS(COP_ON(owner, start_in_scope), COP_ON(owner, start_and_close),
                             COP_ON(owner, finish)),
};

/* ------------------------------------------------------------------------ a scene */

#define tell(...)                                                                              \
    (assert_int_equal(cop_post(scene.node, scene.owner, __VA_ARGS__), COP_OK),                 \
     cop_sim_settle(scene.sim))

static int
set_up(COP_UNUSED void **state)
{
    memset(&scene, 0, sizeof scene);
    assert_int_equal(cop_sim_new(&scene.sim, 1), COP_OK);
    assert_int_equal(cop_sim_node(scene.sim, NULL, &scene.node), COP_OK);
    assert_int_equal(cop_sim_spawn(scene.node, &owner_b, NULL, &scene.owner), COP_OK);
    return 0;
}

static int
tear_down(COP_UNUSED void **state)
{
    cop_sim_expect_nothing_left(scene.sim);
    cop_sim_free(&scene.sim);
    return 0;
}

/* ------------------------------------------------------------------------ the tests */

static void
a_service_ends_after_those_in_scopes_inside(COP_UNUSED void **state)
{
    tell(start_in_scope, 0);
    tell(finish, 0);
    assert_string_equal(scene.ends, "");
    cop_sim_run_for(scene.sim, SLOW_MS);
    assert_string_equal(scene.ends, "inner outer-service service");
}

static void
what_a_service_fails_with_when_its_scope_closes_is_kept(COP_UNUSED void **state)
{
    tell(start_and_close, 0);
    assert_string_equal(scene.ends, "service closed");
    assert_int_equal(scene.outcome, COP_EXIT_NORMAL); /* all its work was done */
    assert_int_equal(scene.kept_count, 1);
    assert_int_equal(scene.kept.code, 7);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_service_ends_after_those_in_scopes_inside),
        TEST(what_a_service_fails_with_when_its_scope_closes_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
