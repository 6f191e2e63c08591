/* SPDX-License-Identifier: Apache-2.0 */
/*
 * needs_test.c - children that start after those they need.
 */
#include "stage.h"

COP_REPLY(boss, cop_child_started)
{
    got("%s", err != COP_OK ? cop_err_name(err) : "started");
    return COP_OK;
}

static const cop_child backwards = {
    .name = "top",
    .strategy = COP_REST_FOR_ONE,
    .budget = {10, 10},
    .sup = COP_CHILDREN(WORKER(a, .needs = COP_NEEDS("c", "d")), WORKER(b),
                        WORKER(c, .needs = COP_NEEDS("d")), WORKER(d)),
};

static void
a_child_starts_after_those_it_needs_and_stops_before_them(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&backwards), COP_OK);
    EXPECT("+b +d +c +a");
    act(stop_it);
    EXPECT("-a -c -d -b =shutdown");
}

static void
strategies_go_by_the_start_order(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&backwards), COP_OK);
    (void)journal();
    crash("d");
    EXPECT("-d -a -c +d +c +a");
    crash("a");
    EXPECT("-a +a");
}

static const cop_child in_order = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a), WORKER(b, .needs = COP_NEEDS("a")),
                        WORKER(c, .needs = COP_NEEDS("a")), WORKER(d)),
};

static void
a_table_in_order_stays_as_it_is(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&in_order), COP_OK);
    EXPECT("+a +b +c +d");
}

static const cop_child groups = {
    .name = "top",
    .sup = COP_CHILDREN(
        {.name = "web", .needs = COP_NEEDS("store"), .sup = COP_CHILDREN(WORKER(a), WORKER(b))},
        {.name = "store", .sup = COP_CHILDREN(WORKER(c, .ready_ms = 1000), WORKER(d))}),
};

static void
a_group_waits_until_the_one_it_needs_is_ready(COP_UNUSED void **state)
{
    c.starts = "g";
    assert_int_equal(start_tree(&groups), COP_OK);
    EXPECT("gc");
    assert_int_equal(cop_post(stage.node, who("c"), open), COP_OK);
    EXPECT("+d +a +b");
    act(stop_it);
    EXPECT("-b -a -d -c =shutdown");
}

/* --------------------------------------------------------------------------- mistakes */

static const cop_child circle = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a), WORKER(b, .needs = COP_NEEDS("c")),
                        WORKER(c, .needs = COP_NEEDS("b"))),
};
static const cop_child itself = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a, .needs = COP_NEEDS("a"))),
};
static const cop_child stranger = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a, .needs = COP_NEEDS("z"))),
};
static const cop_child template = {
    .name = "top",
    .strategy = COP_DYNAMIC,
    .sup = COP_CHILDREN(WORKER(a, .needs = COP_NEEDS("a"))),
};
static const cop_child twins = {
    .name = "top",
    .sup = COP_CHILDREN(WORKER(a, .needs = COP_NEEDS("b")), WORKER(b), WORKER(b)),
};

static void
refused(const cop_child *tree, const char *sentence)
{
    assert_int_equal(start_tree(tree), COP_E_INVAL);
    assert_string_equal(stage.why.text, sentence);
    EXPECT("");
}

static void
what_cannot_be_is_refused(COP_UNUSED void **state)
{
    refused(&circle, "its needs go in a circle: b");
    refused(&itself, "its needs go in a circle: a");
    refused(&stranger, "needs a child that there is not: a");
    refused(&template, "a template has no siblings to need: top");
    refused(&twins, "two children are named b");
}

/* ---------------------------------------------------------------------- at run time */

static const char *needed;

/* Nothing of this is there any more when the row is used. */
static cop_err
add_d(cop_actor *me)
{
    char name[8];
    const char *const needs[] = {name, "a", NULL};

    snprintf(name, sizeof name, "%s", needed);
    cop_err err = cop_start_child(
        me, stage.top, &(cop_child){.name = "d", .run = &worker_b, .arg = &d, .needs = needs},
        1000, COP_THEN(boss, cop_child_started));
    memset(name, 'x', sizeof name);
    return err;
}

static const cop_child only_a_b = {.name = "top", .sup = COP_CHILDREN(WORKER(a), WORKER(b))};

static void
a_child_that_is_added_needs_those_that_are_there(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&only_a_b), COP_OK);
    needed = "c";
    act(add_d);
    EXPECT_ANSWERS("COP_E_INVAL");
    assert_non_null(strstr(stage.log, "needs a child that there is not: d"));
    needed = "b";
    act(add_d);
    EXPECT_ANSWERS("started");
    EXPECT("+a +b +d");
}

/* A group that is added, and whose rows have needs of their own. */
static cop_err
add_group(cop_actor *me)
{
    const char *const needs[] = {"d", NULL};
    const cop_child rows[] = {
        {.name = "c", .run = &worker_b, .arg = &c, .needs = needs},
        {.name = "d",  .run = &worker_b, .arg = &d},
        {0          }
    };

    return cop_start_child(me, stage.top, &(cop_child){.name = "sub", .sup = rows}, 1000,
                           COP_THEN(boss, cop_child_started));
}

static void
needs_below_a_child_that_is_added_are_copied(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&only_a_b), COP_OK);
    act(add_group);
    EXPECT("+a +b +d +c");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_child_starts_after_those_it_needs_and_stops_before_them),
        TEST(strategies_go_by_the_start_order),
        TEST(a_table_in_order_stays_as_it_is),
        TEST(a_group_waits_until_the_one_it_needs_is_ready),
        TEST(what_cannot_be_is_refused),
        TEST(a_child_that_is_added_needs_those_that_are_there),
        TEST(needs_below_a_child_that_is_added_are_copied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
