/* SPDX-License-Identifier: Apache-2.0 */
/*
 * co_flush_test.c - a body that ends a monitor whose news waits among its other messages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/co.h>
#include <coppice/message.h>
#include <coppice/sim.h>

#define FLUSH(M, F)                                                                            \
    M(1, letter, F(i32, number))                                                               \
    M(2, end_it, F(i32, unused))                                                               \
    M(3, fall, F(i32, unused))
COP_PROTOCOL(FLUSH)

static struct {
    cop_sim *sim;
    cop_node *node;
    cop_pid body, watched;
    int32_t numbers[4];
    int count;
    bool was_active, is_told;
} scene;

typedef struct watched {
    char unused;
} watched;

COP_HANDLER(watched, fall)
{
    return cop_fail(me, 1, "boom");
}

COP_BEHAVIOUR(watched_b, watched, COP_ON(watched, fall));

/* It looks at its messages when all of them are there. */
COP_BODY(reader, void, arg)
{
    const end_it *order;
    cop_received got;
    cop_ref watch;

    COP_TRY(cop_monitor(me, scene.watched, &watch));
    COP_TRY(cop_sleep(co, 10));
    COP_TRY(cop_receive_a(co, 0, end_it, &order));
    scene.was_active = cop_demonitor_flush(me, watch);
    while (cop_receive(co, 10, &got) == COP_OK) {
        const letter *read = cop_as(&got, letter);
        scene.is_told |= got.type == &cop_down_type;
        if (read != NULL && scene.count < 4)
            scene.numbers[scene.count++] = read->number;
    }
    return COP_OK;
}

static COP_SEQUENTIAL(reader_b, reader);

static void
be_quiet(COP_UNUSED void *ctx, COP_UNUSED const char *line)
{
}

#define tell(who, ...)                                                                         \
    (assert_int_equal(cop_post(scene.node, who, __VA_ARGS__), COP_OK),                         \
     cop_sim_settle(scene.sim))

static void
what_waits_beside_it_is_still_read(COP_UNUSED void **state)
{
    assert_int_equal(cop_sim_new(&scene.sim, 1), COP_OK);
    assert_int_equal(cop_sim_node(scene.sim, &(cop_node_opts){.on_log = be_quiet}, &scene.node),
                     COP_OK);
    assert_int_equal(cop_sim_spawn(scene.node, &watched_b, NULL, &scene.watched), COP_OK);
    assert_int_equal(cop_sim_spawn(scene.node, &reader_b, NULL, &scene.body), COP_OK);
    cop_sim_settle(scene.sim);
    tell(scene.body, letter, 1);
    tell(scene.body, end_it, 0);
    tell(scene.watched, fall, 0);
    cop_sim_run_for(scene.sim, 15);
    tell(scene.body, letter, 2);
    cop_sim_run_for(scene.sim, 20);
    assert_false(scene.was_active);
    assert_false(scene.is_told);
    assert_int_equal(scene.count, 2);
    assert_int_equal(scene.numbers[0], 1);
    assert_int_equal(scene.numbers[1], 2);
    cop_sim_free(&scene.sim);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_beside_it_is_still_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
