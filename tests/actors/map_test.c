/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/map.h"
#include "base/rng.h"

enum {
    NODES = 500
};

typedef struct shelf {
    copi_map map;
    copi_map_node nodes[NODES];
    bool is_in[NODES];
    uint32_t count;
} shelf;

static void
init(shelf *self)
{
    *self = (shelf){0};
    for (uint64_t i = 0; i < NODES; i++) {
        self->nodes[i].high = i % 7;
        self->nodes[i].low = i << 32 | (i % 3);
    }
}

static void
turn_over(shelf *self, uint32_t one)
{
    if (self->is_in[one])
        copi_map_remove(&self->map, &self->nodes[one]);
    else
        copi_map_add(&self->map, &self->nodes[one]);
    self->is_in[one] = !self->is_in[one];
    self->count += self->is_in[one] ? 1u : -1u;
}

static void
expect_all(shelf *self)
{
    uint32_t seen = 0;

    assert_int_equal(self->map.count, self->count);
    for (int i = 0; i < NODES; i++)
        assert_ptr_equal(copi_map_find(&self->map, self->nodes[i].high, self->nodes[i].low),
                         self->is_in[i] ? &self->nodes[i] : NULL);
    for (copi_map_node *node = NULL; (node = copi_map_next(&self->map, node)) != NULL;) {
        assert_true(self->is_in[node - self->nodes]);
        seen++;
    }
    assert_int_equal(seen, self->count);
}

static void
a_map_holds_what_was_added_and_not_removed(void **state)
{
    static shelf one;

    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        copi_rng rng = {seed};
        init(&one);
        for (int step = 0; step < 1500; step++) {
            turn_over(&one, copi_rng_below(&rng, NODES));
            if (step % 50 == 0)
                expect_all(&one);
        }
        expect_all(&one);
        copi_map_fini(&one.map);
    }
}

static void
a_small_map_keeps_its_order(void **state)
{
    static shelf one;
    copi_map_node *node = NULL;

    (void)state;
    init(&one);
    for (uint32_t i = 0; i < 5; i++)
        turn_over(&one, i);
    for (int i = 0; i < 5; i++) {
        node = copi_map_next(&one.map, node);
        assert_ptr_equal(node, &one.nodes[i]);
    }
    copi_map_fini(&one.map);
}

static void
everything_can_be_popped_once(void **state)
{
    static shelf one;

    (void)state;
    init(&one);
    for (uint32_t i = 0; i < NODES; i++)
        turn_over(&one, i);
    for (copi_map_node *node; (node = copi_map_pop(&one.map)) != NULL;) {
        assert_true(one.is_in[node - one.nodes]);
        one.is_in[node - one.nodes] = false;
        one.count--;
    }
    assert_int_equal(one.count, 0);
    expect_all(&one);
    copi_map_fini(&one.map);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_holds_what_was_added_and_not_removed),
        cmocka_unit_test(a_small_map_keeps_its_order),
        cmocka_unit_test(everything_can_be_popped_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
