/* SPDX-License-Identifier: Apache-2.0 */
/*
 * childspec_test.c - what a supervisor says about the row of a child.
 */
#include "stage.h"

COP_REPLY(boss, cop_child_started)
{
    got("%s", err != COP_OK ? cop_err_name(err) : "started");
    return COP_OK;
}

COP_REPLY(boss, cop_child_spec)
{
    if (err != COP_OK) {
        got("%s", cop_err_name(err));
        return COP_OK;
    }
    got("%.*s restart=%d stop=%d ready=%d%s%s%s", (int)msg->name.size, msg->name.data,
        (int)msg->restart, (int)msg->stop_ms, (int)msg->ready_ms,
        msg->is_supervisor ? " supervisor" : "", msg->significant ? " significant" : "",
        msg->anonymous ? " anonymous" : "");
    got("backoff=%d,%d,%d,%d,%d own=%d/%d", (int)msg->backoff.first_ms,
        (int)msg->backoff.cap_ms, (int)msg->backoff.factor_percent,
        (int)msg->backoff.jitter_percent, (int)msg->backoff.healthy_ms,
        (int)msg->own_budget.restarts, (int)msg->own_budget.seconds);
    got("strategy=%d auto=%d budget=%d/%d", (int)msg->strategy, (int)msg->auto_shutdown,
        (int)msg->budget.restarts, (int)msg->budget.seconds);
    return COP_OK;
}

static const char *asked_name;
static cop_pid asked_pid;

static cop_err
ask_it(cop_actor *me)
{
    return cop_get_childspec(me, stage.top, asked_name, asked_pid, 1000,
                             COP_THEN(boss, cop_child_spec));
}

static void
ask_for(const char *name, cop_pid pid)
{
    asked_name = name;
    asked_pid = pid;
    act(ask_it);
}

/* clang-format off */
static const cop_child mixed = {
    .name = "top",
    .auto_shutdown = COP_ALL_SIGNIFICANT,
    .sup = COP_CHILDREN(
        WORKER(a),
        WORKER(b, .restart = COP_TRANSIENT, .significant = true, .stop_ms = COP_STOP_BRUTAL,
               .anonymous = true, .ready_ms = 70,
               .backoff = {.first_ms = 10, .jitter_percent = 7}, .own_budget = {.restarts = 3}),
        {.name = "sub",
         .strategy = COP_REST_FOR_ONE,
         .auto_shutdown = COP_ANY_SIGNIFICANT,
         .budget = {COP_NO_RESTARTS, 9},
         .sup = COP_CHILDREN(WORKER(c, .ready_ms = 1))},
        {.name = "pool",
         .strategy = COP_DYNAMIC,
         .sup = COP_CHILDREN(WORKER(d, .ready_ms = 1))}),
};
/* clang-format on */

static void
a_row_is_shown_with_its_defaults(COP_UNUSED void **state)
{
    b.starts = c.starts = "r";
    assert_int_equal(start_tree(&mixed), COP_OK);
    ask_for("a", COP_PID_NONE);
    EXPECT_ANSWERS("a restart=0 stop=5000 ready=0 backoff=0,0,0,0,0 own=0/0 "
                   "strategy=0 auto=0 budget=0/0");
    ask_for("b", COP_PID_NONE);
    EXPECT_ANSWERS("b restart=1 stop=-1 ready=70 significant anonymous "
                   "backoff=10,30000,200,7,30000 own=3/5 strategy=0 auto=0 budget=0/0");
    ask_for("sub", COP_PID_NONE);
    EXPECT_ANSWERS("sub restart=0 stop=-2 ready=-2 supervisor backoff=0,0,0,0,0 own=0/0 "
                   "strategy=2 auto=1 budget=-1/9");
    ask_for("pool", COP_PID_NONE);
    EXPECT_ANSWERS("pool restart=0 stop=-2 ready=0 supervisor backoff=0,0,0,0,0 own=0/0 "
                   "strategy=3 auto=0 budget=1/5");
}

static void
a_child_is_known_by_its_pid_too(COP_UNUSED void **state)
{
    b.starts = c.starts = "r";
    assert_int_equal(start_tree(&mixed), COP_OK);
    ask_for(NULL, who("a"));
    assert_non_null(strstr(answers(), "a restart=0"));
    ask_for("nobody", who("a"));
    ask_for(NULL, who("c"));
    ask_for(NULL, COP_PID_NONE);
    EXPECT_ANSWERS("COP_E_NOT_FOUND COP_E_NOT_FOUND COP_E_NOT_FOUND");
}

static const cop_child dynamic = {
    .name = "top",
    .strategy = COP_DYNAMIC,
    .sup = COP_CHILDREN(WORKER(a, .restart = COP_TEMPORARY)),
};

static cop_pid instance;

static cop_err
keep_pid(COP_UNUSED cop_actor *me, COP_UNUSED void *state, cop_err err, const void *message)
{
    if (err == COP_OK)
        instance = ((const cop_child_started *)message)->pid;
    return COP_OK;
}

static cop_err
add_instance(cop_actor *me)
{
    static const cop_then then = {&cop_child_started_type, keep_pid};

    return cop_start_dynamic(me, stage.top, NULL, 0, 1000, &then);
}

static void
a_dynamic_child_is_known_by_its_pid_only(COP_UNUSED void **state)
{
    assert_int_equal(start_tree(&dynamic), COP_OK);
    act(add_instance);
    ask_for(NULL, instance);
    EXPECT_ANSWERS("a restart=2 stop=5000 ready=0 backoff=0,0,0,0,0 own=0/0 "
                   "strategy=0 auto=0 budget=0/0");
    ask_for("a", COP_PID_NONE);
    EXPECT_ANSWERS("COP_E_NOT_FOUND");
}

/* Written at run time, the row and what it points to may be gone when it is used. */
static cop_err
add_copied(cop_actor *me)
{
    const cop_child rows[] = {WORKER(d), {0}};
    const cop_child row = {
        .name = "added",
        .backoff = {.first_ms = 5, .cap_ms = 50},
        .own_budget = {4,             40          },
        .sup = rows
    };

    return cop_start_child(me, stage.top, &row, 1000, COP_THEN(boss, cop_child_started));
}

static void
a_row_that_is_added_keeps_all_it_says(COP_UNUSED void **state)
{
    b.starts = c.starts = "r";
    assert_int_equal(start_tree(&mixed), COP_OK);
    (void)journal();
    act(add_copied);
    EXPECT("+d");
    EXPECT_ANSWERS("started");
    ask_for("added", COP_PID_NONE);
    EXPECT_ANSWERS("added restart=0 stop=-2 ready=0 supervisor backoff=5,50,200,0,50 own=4/40 "
                   "strategy=0 auto=0 budget=1/5");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_row_is_shown_with_its_defaults),
        TEST(a_child_is_known_by_its_pid_too),
        TEST(a_dynamic_child_is_known_by_its_pid_only),
        TEST(a_row_that_is_added_keeps_all_it_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
