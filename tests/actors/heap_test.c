/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/heap.h"
#include "base/rng.h"

static void
an_empty_heap_has_no_first(void **state)
{
    copi_heap heap = {0};
    int64_t due = 7;

    (void)state;
    assert_null(copi_heap_first(&heap, &due));
    assert_int_equal(due, 7);
    copi_heap_fini(&heap);
}

static void
entries_of_one_time_come_in_the_order_of_their_turns(void **state)
{
    copi_heap heap = {0};
    copi_heap_node nodes[100] = {{0}};
    int64_t due;

    (void)state;
    assert_true(copi_heap_reserve(&heap, 100));
    for (uint32_t i = 0; i < 100; i++)
        copi_heap_add(&heap, &nodes[i], 5, UINT32_MAX - 50 + i);
    for (int i = 0; i < 100; i++) {
        assert_ptr_equal(copi_heap_first(&heap, &due), &nodes[i]);
        copi_heap_remove(&heap, &nodes[i]);
        assert_false(copi_heap_has(&nodes[i]));
    }
    copi_heap_fini(&heap);
}

enum {
    NODES = 300
};

/* The obvious way: look at all of them. */
static int
first_of(const copi_heap_node *nodes, const int64_t *dues, const uint64_t *turns)
{
    int first = -1;

    for (int i = 0; i < NODES; i++)
        if (copi_heap_has(&nodes[i]) && (first < 0 || dues[i] < dues[first] ||
                                         (dues[i] == dues[first] && turns[i] < turns[first])))
            first = i;
    return first;
}

static void
a_heap_agrees_with_looking_at_all(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        copi_heap heap = {0};
        copi_heap_node nodes[NODES] = {{0}};
        int64_t dues[NODES] = {0}, due = 0;
        uint64_t turns[NODES] = {0};
        copi_rng rng = {seed};

        for (uint64_t step = 0; step < 2000; step++) {
            uint32_t one = copi_rng_below(&rng, NODES);
            if (copi_heap_has(&nodes[one])) {
                copi_heap_remove(&heap, &nodes[one]);
            } else {
                dues[one] = (int64_t)copi_rng_below(&rng, 50) - 10;
                turns[one] = step;
                assert_true(copi_heap_reserve(&heap, heap.count + 1));
                copi_heap_add(&heap, &nodes[one], dues[one], (uint32_t)step);
            }
            int first = first_of(nodes, dues, turns);
            copi_heap_node *found = copi_heap_first(&heap, &due);
            assert_ptr_equal(found, first < 0 ? NULL : &nodes[first]);
            if (first >= 0)
                assert_int_equal(due, dues[first]);
        }
        copi_heap_fini(&heap);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_heap_has_no_first),
        cmocka_unit_test(entries_of_one_time_come_in_the_order_of_their_turns),
        cmocka_unit_test(a_heap_agrees_with_looking_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
