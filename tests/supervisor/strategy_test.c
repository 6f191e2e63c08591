/* SPDX-License-Identifier: Apache-2.0 */
/*
 * strategy_test.c - the decisions of a supervisor, without any actor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "children.h"
#include "plan.h"
#include "spec.h"
#include "strategy.h"

/* --------------------------------------------------------------------- restart types */

/* One row for each line of the table in OTP's supervisor documentation. */
static const struct {
    cop_restart kind;
    cop_exit_kind how;
    bool wanted;
} restarts[] = {
    {COP_PERMANENT, COP_EXIT_NORMAL,       true },
    {COP_PERMANENT, COP_EXIT_SHUTDOWN,     true },
    {COP_PERMANENT, COP_EXIT_ERROR,        true },
    {COP_TRANSIENT, COP_EXIT_NORMAL,       false},
    {COP_TRANSIENT, COP_EXIT_SHUTDOWN,     false},
    {COP_TRANSIENT, COP_EXIT_KILLED,       true },
    {COP_TRANSIENT, COP_EXIT_ERROR,        true },
    {COP_TRANSIENT, COP_EXIT_NOCONNECTION, true },
    {COP_TRANSIENT, COP_EXIT_STATUS,       true },
    {COP_TRANSIENT, COP_EXIT_SIGNAL,       true },
    {COP_TEMPORARY, COP_EXIT_NORMAL,       false},
    {COP_TEMPORARY, COP_EXIT_ERROR,        false},
    {COP_TEMPORARY, COP_EXIT_KILLED,       false},
    {COP_TEMPORARY, COP_EXIT_SHUTDOWN,     false},
};

static void
restart_types_follow_otp(void **state)
{
    (void)state;
    for (size_t i = 0; i < COP_COUNT(restarts); i++)
        assert_int_equal(copi_restart_wanted(restarts[i].kind, restarts[i].how),
                         restarts[i].wanted);
}

static void
strategies_say_who_is_restarted(void **state)
{
    (void)state;
    assert_int_equal(copi_strategy_span(COP_ONE_FOR_ONE), COPI_SPAN_ONE);
    assert_int_equal(copi_strategy_span(COP_ONE_FOR_ALL), COPI_SPAN_ALL);
    assert_int_equal(copi_strategy_span(COP_REST_FOR_ONE), COPI_SPAN_REST);
    assert_int_equal(copi_strategy_span(COP_DYNAMIC), COPI_SPAN_ONE);
}

static void
significant_children_take_their_supervisor_along(void **state)
{
    (void)state;
    assert_false(copi_auto_shutdown_due(COP_NEVER, 0));
    assert_true(copi_auto_shutdown_due(COP_ANY_SIGNIFICANT, 3));
    assert_false(copi_auto_shutdown_due(COP_ALL_SIGNIFICANT, 1));
    assert_true(copi_auto_shutdown_due(COP_ALL_SIGNIFICANT, 0));
}

/* How a child that was told to stop may end. */
static const struct {
    cop_restart restart;
    int32_t stop_ms;
    cop_exit why;
    bool clean;
} stops[] = {
    {COP_PERMANENT, 0,               {.kind = COP_EXIT_SHUTDOWN},                  true },
    {COP_PERMANENT, 0,               {.kind = COP_EXIT_SHUTDOWN, .text = "early"}, false},
    {COP_TRANSIENT, 0,               {.kind = COP_EXIT_SHUTDOWN, .text = "early"}, true },
    {COP_PERMANENT, 0,               {.kind = COP_EXIT_NORMAL},                    false},
    {COP_TEMPORARY, 0,               {.kind = COP_EXIT_NORMAL},                    true },
    {COP_TRANSIENT, 0,               {.kind = COP_EXIT_ERROR},                     false},
    {COP_PERMANENT, 0,               {.kind = COP_EXIT_KILLED},                    false},
    {COP_PERMANENT, COP_STOP_BRUTAL, {.kind = COP_EXIT_KILLED},                    true },
    {COP_PERMANENT, COP_STOP_BRUTAL, {.kind = COP_EXIT_SHUTDOWN},                  false},
    {COP_TRANSIENT, COP_STOP_BRUTAL, {.kind = COP_EXIT_SHUTDOWN},                  true },
};

static void
a_stop_is_clean_if_otp_would_not_report_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COP_COUNT(stops); i++) {
        cop_child spec = {.restart = stops[i].restart, .stop_ms = stops[i].stop_ms};
        assert_int_equal(copi_stop_was_clean(&spec, &stops[i].why), stops[i].clean);
    }
}

/* ----------------------------------------------------------------------------- budget */

static const cop_exit boom = {.kind = COP_EXIT_ERROR, .text = "boom"};

/* The ring against the obvious way: keep every time, count those in the window. */
static void
the_budget_agrees_with_counting(void **state)
{
    enum {
        STEPS = 500
    };

    (void)state;
    for (unsigned seed = 1; seed <= 300; seed++) {
        copi_burst ring[16];
        int64_t all[STEPS], now = 0;
        size_t kept = 0;
        uint32_t allowed = seed % 12, seconds = 1 + seed % 7;
        copi_budget budget;

        assert_true(copi_budget_room(allowed, seconds) <= COP_COUNT(ring));
        copi_budget_init(&budget, allowed, seconds, ring);
        srand(seed);
        for (int step = 0; step < STEPS; step++) {
            size_t inside = 0;
            now += rand() % 3 == 0 ? rand() % 4 : 0;
            for (size_t i = 0; i < kept; i++)
                inside += all[i] >= now - seconds;
            bool expect = inside < allowed;
            if (expect)
                all[kept++] = now;
            assert_int_equal(copi_budget_spend(&budget, now, &boom), expect);
        }
    }
}

static void
the_window_of_the_budget_is_inclusive(void **state)
{
    copi_burst ring[2];
    copi_budget budget;

    (void)state;
    copi_budget_init(&budget, 1, 5, ring);
    assert_true(copi_budget_spend(&budget, 100, &boom));
    assert_false(copi_budget_spend(&budget, 105, &boom));
    assert_true(copi_budget_spend(&budget, 106, &boom));
}

static void
a_budget_of_nothing_allows_nothing(void **state)
{
    copi_budget budget;

    (void)state;
    copi_budget_init(&budget, 0, 5, NULL);
    assert_false(copi_budget_spend(&budget, 0, &boom));
    assert_false(copi_budget_spend(&budget, 1000, &boom));
}

static void
what_is_out_of_the_window_is_nobodys_fault(void **state)
{
    copi_burst ring[8];
    copi_budget budget;
    cop_exit out = {0};

    (void)state;
    copi_budget_init(&budget, 2, 5, ring);
    for (int i = 0; i < 4; i++)
        assert_true(
            copi_budget_spend(&budget, 3 * i, &(cop_exit){.kind = COP_EXIT_ERROR, .code = i}));
    assert_true(copi_budget_spend(&budget, 100, &boom));
    assert_true(
        copi_budget_spend(&budget, 101, &(cop_exit){.kind = COP_EXIT_SIGNAL, .code = 11}));
    assert_false(copi_budget_spend(&budget, 102, &boom));
    copi_budget_blame(&budget, &out);
    assert_int_equal(out.cause_count, 2);
    assert_int_equal(out.dropped_causes, 0);
    assert_int_equal(out.causes[0].kind, COP_EXIT_SIGNAL);
    assert_int_equal(out.causes[0].code, 11);
    assert_string_equal(out.causes[1].text, "boom");
}

static void
of_very_many_reasons_the_newest_are_kept_and_the_others_counted(void **state)
{
    copi_burst ring[8];
    copi_budget budget;
    cop_exit out = {0};

    (void)state;
    copi_budget_init(&budget, 1000, 5, ring);
    for (int i = 0; i < 1000; i++)
        assert_true(
            copi_budget_spend(&budget, 0, &(cop_exit){.kind = COP_EXIT_ERROR, .code = i}));
    assert_false(copi_budget_spend(&budget, 0, &boom));
    copi_budget_blame(&budget, &out);
    assert_int_equal(out.cause_count, COPI_REASONS);
    assert_int_equal(out.dropped_causes, 255);
    for (int i = 0; i < COPI_REASONS; i++)
        assert_int_equal(out.causes[i].code, 999 - i);
}

/* A large budget must not mean a large ring. */
static void
the_ring_is_no_longer_than_the_window(void **state)
{
    (void)state;
    assert_int_equal(copi_budget_room(1000000, 1), 2);
    assert_int_equal(copi_budget_room(3, 86400), 3);
}

/* ------------------------------------------------------------------------------- plan */

static const cop_child rows[] = {
    {.name = "a"},
    {.name = "b"},
    {.name = "t", .restart = COP_TEMPORARY},
    {.name = "c"          },
};

typedef struct world {
    copi_children children;
    copi_child *entries[COP_COUNT(rows)];
    copi_plan plan;
    char text[200];
} world;

static void
make(world *self)
{
    *self = (world){0};
    for (size_t i = 0; i < COP_COUNT(rows); i++) {
        self->entries[i] = copi_children_add(&self->children, &rows[i]);
        assert_non_null(self->entries[i]);
        copi_child_set_phase(&self->children, self->entries[i], COPI_CHILD_RUNNING);
    }
}

static void
write(world *self, char what, const copi_child *child)
{
    size_t used = strlen(self->text);

    self->text[used] = what;
    self->text[used + 1] = child == NULL ? ' ' : child->spec->name[0];
}

/* Does what the plan says, as if every actor ended when it was asked twice. */
static const char *
carry_out(world *self)
{
    copi_child *told = NULL;

    for (;;) {
        copi_step step = copi_plan_next(&self->plan);
        switch (step.deed) {
        case COPI_DEED_DONE: return self->text;
        case COPI_DEED_WAIT:
            copi_child_set_phase(&self->children, told, COPI_CHILD_STOPPED);
            write(self, '.', NULL);
            break;
        case COPI_DEED_STOP:
            told = step.child;
            copi_child_set_phase(&self->children, told, COPI_CHILD_STOPPING);
            write(self, '-', told);
            break;
        case COPI_DEED_DROP:
            write(self, '~', step.child);
            copi_children_drop(&self->children, step.child);
            break;
        case COPI_DEED_START:
            copi_child_set_phase(&self->children, step.child, COPI_CHILD_RUNNING);
            write(self, '+', step.child);
            break;
        }
    }
}

static void
a_group_stops_in_reverse_and_starts_in_order(void **state)
{
    world w;

    (void)state;
    make(&w);
    copi_plan_restart(&w.plan, w.children.oldest, w.children.youngest);
    assert_string_equal(carry_out(&w), "-c. -t. ~t-b. -a. +a+b+c");
    assert_true(copi_plan_is_idle(&w.plan));
    copi_children_fini(&w.children);
}

static void
who_has_no_actor_is_not_told_but_started(void **state)
{
    world w;

    (void)state;
    make(&w);
    copi_child_set_phase(&w.children, w.entries[0], COPI_CHILD_STOPPED);
    copi_child_set_phase(&w.children, w.entries[1], COPI_CHILD_STOPPED);
    copi_plan_restart(&w.plan, w.entries[0], w.entries[1]);
    assert_string_equal(carry_out(&w), "+a+b");
    copi_children_fini(&w.children);
}

static void
who_waits_for_a_restart_is_told_not_to(void **state)
{
    world w;

    (void)state;
    make(&w);
    copi_child_set_phase(&w.children, w.entries[1], COPI_CHILD_RESTARTING);
    copi_plan_stop(&w.plan, w.entries[1]);
    copi_step step = copi_plan_next(&w.plan);
    assert_int_equal(step.deed, COPI_DEED_STOP);
    assert_ptr_equal(step.child, w.entries[1]);
    copi_child_set_phase(&w.children, w.entries[1], COPI_CHILD_STOPPED);
    assert_int_equal(copi_plan_next(&w.plan).deed, COPI_DEED_DONE);
    copi_children_fini(&w.children);
}

static void
temporary_children_at_the_edges_leave_the_span(void **state)
{
    world w;

    (void)state;
    make(&w);
    copi_plan_restart(&w.plan, w.entries[2], w.entries[3]);
    assert_string_equal(carry_out(&w), "-c. -t. ~t+c");
    copi_children_fini(&w.children);

    make(&w);
    copi_plan_restart(&w.plan, w.entries[1], w.entries[2]);
    assert_string_equal(carry_out(&w), "-t. ~t-b. +b");
    copi_children_fini(&w.children);

    make(&w);
    copi_plan_restart(&w.plan, w.entries[2], w.entries[2]);
    assert_string_equal(carry_out(&w), "-t. ~t");
    copi_children_fini(&w.children);
}

static void
one_can_be_stopped_or_started_alone(void **state)
{
    world w;

    (void)state;
    make(&w);
    copi_plan_stop(&w.plan, w.entries[2]);
    assert_string_equal(carry_out(&w), "-t. ");
    copi_plan_start(&w.plan, w.entries[2]);
    assert_string_equal(carry_out(&w), "-t. +t");
    assert_true(copi_plan_is_idle(&w.plan));
    copi_children_fini(&w.children);
}

/* -------------------------------------------------------------------------- the table */

static void
children_are_found_by_name_among_many(void **state)
{
    enum {
        MANY = 3000
    };
    static char names[MANY][16];
    static cop_child specs[MANY];
    copi_children all = {0};

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "n%d", i);
        specs[i] = (cop_child){.name = names[i]};
        assert_null(copi_children_find(&all, cop_str_from(names[i])));
        assert_non_null(copi_children_add(&all, &specs[i]));
    }
    for (int i = 0; i < MANY; i += 2)
        copi_children_drop(&all, copi_children_find(&all, cop_str_from(names[i])));
    for (int i = 0; i < MANY; i++) {
        copi_child *child = copi_children_find(&all, cop_str_from(names[i]));
        assert_int_equal(child != NULL, i % 2);
        assert_true(child == NULL || child->spec == &specs[i]);
    }
    assert_int_equal(all.count, MANY / 2);
    copi_children_fini(&all);
}

static void
a_cookie_is_good_for_one_child_and_its_actor(void **state)
{
    const cop_pid first = {1, 1}, second = {1, 2};
    copi_children all = {0};
    copi_child *child = copi_children_add(&all, &rows[0]);
    uint64_t cookie = child->cookie;

    (void)state;
    copi_child_set_pid(&all, child, first);
    assert_ptr_equal(copi_children_of_cookie(&all, cookie, first), child);
    assert_null(copi_children_of_cookie(&all, cookie, second));
    assert_null(copi_children_of_cookie(&all, UINT64_MAX, first));
    copi_children_drop(&all, child);
    assert_null(copi_children_of_cookie(&all, cookie, first));
    child = copi_children_add(&all, &rows[0]);
    assert_int_not_equal(child->cookie, cookie);
    assert_int_not_equal(child->cookie, 0);
    copi_children_fini(&all);
}

static void
a_pinned_child_is_forgotten_but_stays_in_memory(void **state)
{
    world w;

    (void)state;
    make(&w);
    copi_child *b = w.entries[1], *c = w.entries[3];
    b->pins = 2;
    c->pins = 1;
    copi_children_drop(&w.children, b);
    copi_children_drop(&w.children, c);
    assert_null(copi_children_find(&w.children, COP_STR("b")));
    assert_false(copi_children_unpin(&w.children, b));
    assert_true(b->is_dropped);
    assert_false(copi_children_unpin(&w.children, b));
    w.entries[0]->pins = 1;
    assert_true(copi_children_unpin(&w.children, w.entries[0]));
    copi_children_fini(&w.children);
}

/* ------------------------------------------------------------------------------ specs */

static const cop_behaviour nothing = {.name = "nothing"};

/* Each mistake, and the sentence for it. */
static const struct {
    cop_child row;
    const char *sentence;
} mistakes[] = {
    {{.run = &nothing},                                                             "a child has no name"              },
    {{.name = "", .run = &nothing},                                                 "a child has no name"              },
    {{.name = "x"},                                                                 "neither run nor sup: x"           },
    {{.name = "x", .run = &nothing, .sup = COP_NO_CHILDREN},                        "both run and sup: x"              },
    {{.name = "x", .run = &nothing, .restart = (cop_restart)3},                     "unknown restart type: x"          },
    {{.name = "x", .run = &nothing, .stop_ms = -4},                                 "bad stop_ms: x"                   },
    {{.name = "x", .run = &nothing, .budget = {1, 1}},                              "strategy or budget, but no sup: x"},
    {{.name = "x", .sup = COP_NO_CHILDREN, .strategy = (cop_strategy)4},            "unknown strategy: x"              },
    {{.name = "x", .sup = COP_NO_CHILDREN, .budget = {-2, 1}},
     "budget.restarts is negative: x"                                                                                  },
    {{.name = "x", .sup = COP_NO_CHILDREN, .budget = {1, -1}},                      "budget.seconds is negative: x"    },
    {{.name = "x", .sup = COP_NO_CHILDREN, .auto_shutdown = (cop_auto_shutdown)3},
     "unknown auto_shutdown: x"                                                                                        },
    {{.name = "x", .sup = COP_NO_CHILDREN, .arg = "y"},                             "a supervisor takes no arg: x"     },
    {{.name = "x", .run = &nothing, .significant = true},                           "significant, but permanent: x"    },
    {{.name = "x", .run = &nothing, .significant = true, .restart = COP_TRANSIENT},
     "significant without auto_shutdown: x"                                                                            },
};

static void
every_mistake_has_its_sentence(void **state)
{
    cop_child over = {.name = "over"};
    char text[COP_EXIT_TEXT];

    (void)state;
    for (size_t i = 0; i < COP_COUNT(mistakes); i++) {
        assert_true(copi_spec_is_wrong_below(&mistakes[i].row, &over, text, sizeof text));
        assert_string_equal(text, mistakes[i].sentence);
    }
    cop_child good = {.name = "x", .run = &nothing};
    assert_false(copi_spec_is_wrong_below(&good, &over, text, sizeof text));
}

static void
a_dynamic_supervisor_wants_exactly_one_template(void **state)
{
    char text[COP_EXIT_TEXT];

    (void)state;
    cop_child none = {.name = "x", .strategy = COP_DYNAMIC, .sup = COP_NO_CHILDREN};
    assert_true(copi_spec_is_wrong_table(&none, text, sizeof text));
    assert_string_equal(text, "not exactly one template: x");
    cop_child two = {
        .name = "x",
        .strategy = COP_DYNAMIC,
        .sup = COP_CHILDREN({.name = "a", .run = &nothing}, {.name = "b", .run = &nothing})};
    assert_true(copi_spec_is_wrong_table(&two, text, sizeof text));
}

static void
zeros_of_a_row_mean_what_otp_means(void **state)
{
    cop_child worker = {.name = "w", .run = &nothing};
    cop_child over = {.name = "s", .sup = COP_NO_CHILDREN};

    (void)state;
    assert_int_equal(copi_spec_stop_ms(&worker), 5000);
    assert_int_equal(copi_spec_stop_ms(&over), COP_INFINITY);
    assert_int_equal(copi_spec_restarts(&over.budget), 1);
    assert_int_equal(copi_spec_seconds(&over.budget), 5);
    over.budget.restarts = COP_NO_RESTARTS;
    assert_int_equal(copi_spec_restarts(&over.budget), 0);
}

static void
a_copy_of_a_row_shares_nothing_with_it(void **state)
{
    char argument[] = "twelve bytes";
    const cop_child tree = {
        .name = "top",
        .strategy = COP_REST_FOR_ONE,
        .sup = COP_CHILDREN({.name = "w", .run = &nothing, .arg = argument, .arg_size = 13},
                            {.name = "borrowed", .run = &nothing, .arg = argument},
                            {.name = "under", .sup = COP_CHILDREN({.name = "leaf"})}),
    };
    size_t size = copi_spec_size(&tree);
    void *packed = calloc(1, size);

    (void)state;
    copi_spec_pack(&tree, packed);
    cop_child *copy = copi_spec_unpack((cop_bytes){packed, size});
    free(packed);
    assert_string_equal(copy->name, "top");
    assert_int_equal(copy->strategy, COP_REST_FOR_ONE);
    assert_string_equal(copy->sup[0].arg, "twelve bytes");
    assert_ptr_not_equal(copy->sup[0].arg, argument);
    assert_ptr_equal(copy->sup[1].arg, argument);
    assert_string_equal(copy->sup[2].sup[0].name, "leaf");
    assert_true(copi_spec_is_end(&copy->sup[2].sup[1]));
    assert_true(copi_spec_is_end(&copy->sup[3]));
    free(copy);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restart_types_follow_otp),
        cmocka_unit_test(strategies_say_who_is_restarted),
        cmocka_unit_test(significant_children_take_their_supervisor_along),
        cmocka_unit_test(a_stop_is_clean_if_otp_would_not_report_it),
        cmocka_unit_test(the_budget_agrees_with_counting),
        cmocka_unit_test(the_window_of_the_budget_is_inclusive),
        cmocka_unit_test(a_budget_of_nothing_allows_nothing),
        cmocka_unit_test(what_is_out_of_the_window_is_nobodys_fault),
        cmocka_unit_test(of_very_many_reasons_the_newest_are_kept_and_the_others_counted),
        cmocka_unit_test(the_ring_is_no_longer_than_the_window),
        cmocka_unit_test(a_group_stops_in_reverse_and_starts_in_order),
        cmocka_unit_test(who_has_no_actor_is_not_told_but_started),
        cmocka_unit_test(who_waits_for_a_restart_is_told_not_to),
        cmocka_unit_test(temporary_children_at_the_edges_leave_the_span),
        cmocka_unit_test(one_can_be_stopped_or_started_alone),
        cmocka_unit_test(children_are_found_by_name_among_many),
        cmocka_unit_test(a_cookie_is_good_for_one_child_and_its_actor),
        cmocka_unit_test(a_pinned_child_is_forgotten_but_stays_in_memory),
        cmocka_unit_test(every_mistake_has_its_sentence),
        cmocka_unit_test(a_dynamic_supervisor_wants_exactly_one_template),
        cmocka_unit_test(zeros_of_a_row_mean_what_otp_means),
        cmocka_unit_test(a_copy_of_a_row_shares_nothing_with_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
