/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_test.c - trees on real threads, as programs run them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/supervisor.h>
#include <coppice/timer.h>

#define RUN(M, F)                                                                              \
    M(1, again)                                                                                \
    M(2, fall)
COP_PROTOCOL(RUN)

static _Atomic int alive, starts;

static void
ignore_log(COP_UNUSED void *ctx, COP_UNUSED const char *line)
{
}

static const cop_node_opts quiet = {.workers = 4, .on_log = ignore_log};

/* ------------------------------------------------------------------------- programs */

typedef struct brief {
    int unused;
} brief;

COP_HANDLER(brief, cop_start)
{
    return cop_send(me, cop_self(me), again);
}

COP_HANDLER(brief, again)
{
    return cop_stop(me);
}

static COP_BEHAVIOUR(brief_b, brief, COP_ON(brief, cop_start), COP_ON(brief, again));

static const cop_behaviour still_b = {.name = "still"};

static const cop_child ends_well = {
    .name = "app",
    .auto_shutdown = COP_ANY_SIGNIFICANT,
    .sup = COP_CHILDREN(
        {.name = "job", .run = &brief_b, .restart = COP_TRANSIENT, .significant = true}),
};

static void
a_program_whose_job_is_done_exits_with_0(void **state)
{
    (void)state;
    assert_int_equal(cop_supervisor_run(&ends_well, &quiet), 0);
}

static const cop_child gives_up = {
    .name = "app",
    .sup = COP_CHILDREN({.name = "job", .run = &brief_b}),
};

static void
a_program_whose_supervisor_gives_up_exits_with_1(void **state)
{
    (void)state;
    assert_int_equal(cop_supervisor_run(&gives_up, &quiet), 1);
}

static const cop_child wrong = {.name = "app", .sup = COP_CHILDREN({.name = "job"})};

static void
a_program_with_a_wrong_table_exits_with_1(void **state)
{
    (void)state;
    assert_int_equal(cop_supervisor_run(&wrong, &quiet), 1);
    assert_int_equal(cop_supervisor_run(NULL, &quiet), 1);
}

/* Its init is done long before the start is. */
static const cop_child never_ready = {
    .name = "app",
    .sup = COP_CHILDREN({.name = "job", .run = &still_b, .ready_ms = 1}),
};

static void
a_program_whose_start_fails_late_exits_with_1(void **state)
{
    (void)state;
    assert_int_equal(cop_supervisor_run(&never_ready, &quiet), 1);
}

/* --------------------------------------------------------------------------- threads */

enum {
    WORKERS = 15,
    FALLS = 20000
};

static _Atomic int left;

static cop_err
faller_init(cop_actor *me, void *state, const void *arg)
{
    (void)state, (void)arg;
    /* relaxed: counted, and looked at when all is over. */
    atomic_fetch_add_explicit(&alive, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&starts, 1, memory_order_relaxed);
    return cop_send(me, cop_self(me), fall);
}

static void
faller_dispose(void *state)
{
    (void)state;
    atomic_fetch_sub_explicit(&alive, 1, memory_order_relaxed);
}

static cop_err
faller_message(cop_actor *me, void *state, const cop_type *type, const void *message)
{
    int now = atomic_fetch_sub_explicit(&left, 1, memory_order_relaxed);

    (void)state, (void)type, (void)message;
    (void)!cop_say_ready(me); /* some are waited for */
    if (now > 0)
        return COP_E_FAILED;
    return now == 0 ? (cop_node_stop(cop_node_of(me), NULL), COP_OK) : COP_OK;
}

static const cop_behaviour faller_b = {.name = "faller",
                                       .init = faller_init,
                                       .on_message = faller_message,
                                       .dispose = faller_dispose};

#define FALLER(n, ...)                                                                         \
    {                                                                                          \
        .name = n, .run = &faller_b, .anonymous = true, __VA_ARGS__                            \
    }

#define FALLERS COP_CHILDREN(FALLER("a", ), FALLER("b", ), FALLER("c", ), FALLER("d", ))
#define GATED                                                                                  \
    COP_CHILDREN(FALLER("a", .ready_ms = COP_INFINITY), FALLER("b", .ready_ms = 60000),        \
                 FALLER("c", ))

/* clang-format off */
static const cop_child falling = {
    .name = "app",
    .budget = {1000000, 1},
    .strategy = COP_REST_FOR_ONE,
    .sup = COP_CHILDREN(
        {.name = "one", .budget = {1000000, 1}, .sup = FALLERS},
        {.name = "all", .budget = {1000000, 1}, .strategy = COP_ONE_FOR_ALL, .sup = FALLERS},
        {.name = "gate", .budget = {1000000, 1}, .strategy = COP_REST_FOR_ONE, .sup = GATED},
        {.name = "few", .budget = {50, 1}, .sup = FALLERS}),
};
/* clang-format on */

static void
every_child_on_four_threads_is_up_exactly_once(void **state)
{
    (void)state;
    left = FALLS;
    assert_int_equal(cop_supervisor_run(&falling, &quiet), 0);
    assert_int_equal(alive, 0);
    assert_true(starts > WORKERS);
    assert_true(left < 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_whose_job_is_done_exits_with_0),
        cmocka_unit_test(a_program_whose_supervisor_gives_up_exits_with_1),
        cmocka_unit_test(a_program_with_a_wrong_table_exits_with_1),
        cmocka_unit_test(a_program_whose_start_fails_late_exits_with_1),
        cmocka_unit_test(every_child_on_four_threads_is_up_exactly_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
