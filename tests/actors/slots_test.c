/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slots_test.c - numbers of records: found as long as they are in use, and never again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/slots.h"

enum {
    RECORDS = 3 * COPI_SLOTS_CHUNK, /* over several chunks */
    STEPS = 50000,
};

typedef struct record {
    copi_place place;
    uint64_t number; /* as it was when it was added */
} record;

static record *
record_of(copi_place *place)
{
    return (record *)(void *)place;
}

static void
numbers_are_nobodys_before_and_after(void **state)
{
    copi_slots slots = {0};

    (void)state;
    assert_null(copi_slots_find(&slots, 0));
    assert_null(copi_slots_find(&slots, UINT64_C(1) << 32 | 1));
    copi_place *place = copi_slots_add(&slots);
    uint64_t number = copi_place_number(place);
    assert_true(number >> COPI_SLOTS_BITS == 0);
    assert_ptr_equal(copi_slots_find(&slots, number), place);
    assert_null(copi_slots_find(&slots, number + 1));
    assert_null(copi_slots_find(&slots, number + (UINT64_C(1) << 32)));
    copi_slots_remove(&slots, place);
    assert_null(copi_slots_find(&slots, number));
    /* Nor by the number that a free place would have. */
    assert_null(copi_slots_find(&slots, copi_place_number(place)));
    copi_slots_fini(&slots);
}

static void
a_place_has_another_number_for_its_next_tenant(void **state)
{
    copi_slots slots = {0};

    (void)state;
    record *first = record_of(copi_slots_add(&slots));
    assert_int_equal(first->number, 0);
    uint64_t number = first->number = copi_place_number(&first->place);
    copi_slots_remove(&slots, &first->place);
    record *second = record_of(copi_slots_add(&slots));
    assert_ptr_equal(second, first);
    assert_int_equal(second->number, number); /* what the last one left in it */
    assert_int_not_equal(copi_place_number(&second->place), number);
    assert_null(copi_slots_find(&slots, number));
    copi_slots_fini(&slots);
}

static void
a_place_whose_generations_are_used_up_is_not_given_out_again(void **state)
{
    copi_slots slots = {0};
    uint64_t uses = 0;

    (void)state;
    copi_place *first = copi_slots_add(&slots), *place = first;
    for (; place == first; uses++) {
        assert_int_equal(copi_place_number(place) >> COPI_SLOTS_BITS, 0);
        copi_slots_remove(&slots, place);
        place = copi_slots_add(&slots);
    }
    assert_int_equal(uses, UINT64_C(1) << (COPI_SLOTS_BITS - 32 - 1));
    assert_int_not_equal(place->index, first->index);
    copi_slots_fini(&slots);
}

/* Adds and removes at random; all that are in use are found, in the same place as ever. */
static void
records_in_use_are_found_and_stay_where_they_are(void **state)
{
    static record *in_use[RECORDS];
    copi_slots slots = {0};
    copi_rng rng = {1};
    uint32_t count = 0;

    (void)state;
    for (int step = 0; step < STEPS; step++) {
        uint32_t which = count == 0 ? 0 : copi_rng_below(&rng, count);
        if (count < RECORDS && copi_rng_below(&rng, 5) < 3) {
            record *made = record_of(copi_slots_add(&slots));
            made->number = copi_place_number(&made->place);
            in_use[count++] = made;
        } else if (count > 0) {
            uint64_t number = in_use[which]->number;
            copi_slots_remove(&slots, &in_use[which]->place);
            assert_null(copi_slots_find(&slots, number));
            in_use[which] = in_use[--count];
        }
        if (count > 0) {
            record *one = in_use[copi_rng_below(&rng, count)];
            assert_ptr_equal(copi_slots_find(&slots, one->number), &one->place);
        }
    }
    assert_true(count > 2 * COPI_SLOTS_CHUNK);
    copi_slots_fini(&slots);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_nobodys_before_and_after),
        cmocka_unit_test(a_place_has_another_number_for_its_next_tenant),
        cmocka_unit_test(a_place_whose_generations_are_used_up_is_not_given_out_again),
        cmocka_unit_test(records_in_use_are_found_and_stay_where_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
