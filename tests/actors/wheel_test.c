/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wheel_test.c - the wheel against looking at all entries, over seconds, days and years.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/rng.h"
#include "base/wheel.h"

enum {
    NODES = 200,
    STEPS = 3000
};

static const int64_t second = INT64_C(1000000000);

typedef struct entry {
    copi_wheel_node node;
    uint64_t turn;
} entry;

typedef struct clockwork {
    copi_wheel wheel;
    entry entries[NODES];
    int64_t now;
    copi_rng rng;
} clockwork;

/* Zero is a time as well as any: entries of the test are never before 1. */
static entry *
first_of(clockwork *self)
{
    entry *first = NULL;

    for (int i = 0; i < NODES; i++) {
        entry *one = &self->entries[i];
        if (copi_wheel_has(&one->node) &&
            (first == NULL || one->node.due < first->node.due ||
             (one->node.due == first->node.due && one->turn < first->turn)))
            first = one;
    }
    return first;
}

/* A time that is soon, or far, or very far; often one that another entry has. */
static int64_t
some_due(clockwork *self)
{
    static const int64_t spans[] = {1000, 1, 60, 20000, 5000000, 200000000};
    uint32_t which = copi_rng_below(&self->rng, 6);
    int64_t steps = copi_rng_below(&self->rng, 20);

    if (which == 0)
        return self->now + steps;
    return (self->now / second + 1 + steps * spans[which] / 20) * second;
}

static void
pop_all(clockwork *self)
{
    for (entry *first;;) {
        first = first_of(self);
        if (first != NULL && first->node.due > self->now)
            first = NULL;
        copi_wheel_node *node = copi_wheel_pop(&self->wheel, self->now);
        assert_ptr_equal(node, first == NULL ? NULL : &first->node);
        if (node == NULL)
            return;
        assert_false(copi_wheel_has(node));
    }
}

/* Sometimes asks for the exact time, which moves entries, and sometimes for a bound. */
static void
ask(clockwork *self)
{
    int64_t due = 0;
    const entry *first = first_of(self);

    assert_int_equal(copi_wheel_next(&self->wheel, &due), first != NULL);
    if (first != NULL)
        assert_true(due <= first->node.due);
    if (copi_rng_below(&self->rng, 4) != 0)
        return;
    assert_int_equal(copi_wheel_first(&self->wheel, &due), first != NULL);
    if (first != NULL)
        assert_int_equal(due, first->node.due);
}

static void
pass_time(clockwork *self)
{
    int64_t due;

    switch (copi_rng_below(&self->rng, 4)) {
    case 0: self->now += copi_rng_below(&self->rng, 1000); break;
    case 1: self->now += copi_rng_below(&self->rng, 100) * second; break;
    default:
        /* As somebody who sleeps does: up to the bound, and again. */
        if (copi_wheel_next(&self->wheel, &due) && due > self->now)
            self->now = due;
    }
    pop_all(self);
}

static void
a_wheel_agrees_with_looking_at_all(void **state)
{
    static clockwork work;

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        work = (clockwork){.rng = {seed}, .now = (int64_t)seed * 77 * second};
        for (uint64_t step = 0; step < STEPS; step++) {
            entry *one = &work.entries[copi_rng_below(&work.rng, NODES)];
            if (copi_wheel_has(&one->node)) {
                copi_wheel_remove(&work.wheel, &one->node);
                assert_false(copi_wheel_has(&one->node));
            } else {
                one->turn = step;
                assert_true(copi_wheel_add(&work.wheel, &one->node, some_due(&work), work.now));
            }
            ask(&work);
            if (copi_rng_below(&work.rng, 5) == 0)
                pass_time(&work);
        }
        copi_wheel_fini(&work.wheel);
    }
}

static void
who_sleeps_until_the_bound_comes_to_every_entry(void **state)
{
    static clockwork work;
    int64_t due;
    int popped = 0, sleeps = 0;

    (void)state;
    work = (clockwork){.now = 5 * second};
    for (int i = 0; i < NODES; i++)
        assert_true(copi_wheel_add(&work.wheel, &work.entries[i].node,
                                   work.now + (int64_t)i * i * i * second, work.now));
    while (copi_wheel_next(&work.wheel, &due)) {
        sleeps++;
        work.now = due;
        while (copi_wheel_pop(&work.wheel, work.now) != NULL)
            popped++;
    }
    assert_int_equal(popped, NODES);
    assert_true(sleeps <= NODES * (COPI_WHEEL_LEVELS + 1));
    copi_wheel_fini(&work.wheel);
}

static void
an_empty_wheel_has_nothing(void **state)
{
    static copi_wheel wheel;
    int64_t due = 7;

    (void)state;
    assert_false(copi_wheel_next(&wheel, &due));
    assert_false(copi_wheel_first(&wheel, &due));
    assert_null(copi_wheel_pop(&wheel, INT64_MAX));
    copi_wheel_fini(&wheel);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_wheel_has_nothing),
        cmocka_unit_test(a_wheel_agrees_with_looking_at_all),
        cmocka_unit_test(who_sleeps_until_the_bound_comes_to_every_entry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
