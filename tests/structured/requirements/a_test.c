/* SPDX-License-Identifier: Apache-2.0 */
/*
 * a_test.c - the three questions: what if it fails, who cancels it, when is it done?
 */
#include "structured/requirements/kinds.h"

static const child_kind *kind; /* of the row */
static kid_way way;
static cop_scope scope;

static void
begin(const child_kind *row)
{
    kind = row;
    ground_open(row->ground, &ground_b, 1);
    here.on_down = kid_down;
}

/* The scope around the kids has ended, and says how. */
static cop_err
on_closed(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome)
{
    (void)me;
    (void)state;
    (void)ctx;
    ground_say("closed:%s[%s] failed:%u kept:%u", cop_exit_kind_name(outcome->why.kind),
               outcome->why.text, outcome->failed, outcome->kept_count);
    return COP_OK;
}

static cop_err
on_child(cop_actor *me, void *state, void *ctx, const cop_child_record *child)
{
    (void)me;
    (void)state;
    (void)ctx;
    ground_say("record:%s:%d[%s]%s", cop_exit_kind_name(child->why.kind), child->why.code,
               child->why.text, child->why.path);
    return COP_OK;
}

static cop_err
open_scope(cop_actor *me, cop_policy policy)
{
    return cop_scope_open(me,
                          &(cop_scope_opts){.name = "s",
                                            .policy = policy,
                                            .on_child = policy == COP_ISOLATE ? on_child : NULL,
                                            .closed = on_closed},
                          &scope);
}

ACT(open_isolating)
{
    return open_scope(me, COP_ISOLATE);
}
ACT(open_fail_fast)
{
    return open_scope(me, COP_FAIL_FAST);
}
ACT(start_kid)
{
    return kid_start(me, scope, kind, way);
}
ACT(close_scope)
{
    return cop_scope_close(me, scope);
}
ACT(cancel_scope)
{
    return cop_scope_cancel(me, scope, COP_FORCE_HARD, &(cop_exit){.text = "enough"});
}
ACT(nothing)
{
    return COP_OK;
}

/* ------------------------------------------------------------------------------ A1 */

static void
is_recorded_once(const child_kind *row)
{
    char record[200];

    begin(row);
    way = KID_FAILS;
    ground_do(open_isolating, NULL);
    ground_do(start_kid, NULL);
    ground_await("record:");
    ground_do(close_scope, NULL);
    ground_await("closed:normal[] failed:1 kept:0");
    snprintf(record, sizeof record, "record:%s:%d[%s", row->kind, row->code, row->text);
    assert_int_equal(ground_count(record), 1);
    assert_int_equal(ground_count("record:"), 1);
    snprintf(record, sizeof record, "]%s ", row->path);
    assert_int_equal(ground_count(record), 1);
    assert_int_equal(ground_count("log:failed"), 0);
    ground_close();
    assert_int_equal(ground_count(" gone "), 1);
}

static void
a1_a_failure_is_recorded_once_whatever_failed(void **state)
{
    (void)state;
    for_every_kind(is_recorded_once);
}

/* ------------------------------------------------------------------------------ A2 */

static cop_err
boom(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    return cop_fail(me, 1, "boom");
}

ACT(fail_sibling)
{
    return cop_scope_soon(me, scope, boom, NULL, NULL, NULL);
}
/* The sibling's turn is before that of the kid. */
ACT(start_both)
{
    COP_TRY(fail_sibling(me, state, arg));
    return start_kid(me, state, arg);
}

static void
is_told_of_the_sibling(const child_kind *row)
{
    begin(row);
    way = KID_LASTS;
    ground_do(open_fail_fast, NULL);
    if (row->is_instant) {
        ground_do(start_both, NULL);
    } else {
        ground_do(start_kid, NULL);
        if (row->ground == GROUND_REAL)
            ground_await(" ran ");
        ground_do(fail_sibling, NULL);
    }
    ground_await("closed:error[boom]");
    ground_close();
    assert_int_equal(ground_count("told[boom]"), 1);
    assert_int_equal(ground_count("told["), 1);
    assert_int_equal(ground_count(" gone "), 1);
    assert_int_equal(ground_count("closed:error[boom] failed:1 kept:1"), 1);
}

static void
a2_a_siblings_failure_ends_it_with_that_reason_once(void **state)
{
    (void)state;
    for_every_kind(is_told_of_the_sibling);
}

/* ------------------------------------------------------------------------------ A3 */

static const char *
where(const char *word)
{
    return strstr(here.trace, word);
}

/* Whatever it did, it did before that word, and nothing comes after it. */
static void
is_over_before(const char *word)
{
    const char *end = where(word);

    ground_do(nothing, NULL);
    ground_do(nothing, NULL);
    if (here.sim != NULL)
        ground_pass(INT64_C(24) * 3600 * 1000);
    ground_close();
    assert_non_null(end);
    assert_non_null(where(" gone "));
    assert_true(where(" gone ") < end);
    assert_null(strstr(end, " ran "));
    assert_null(strstr(end, " gone "));
}

static void
is_over_when_its_scope_is_closed(const child_kind *row)
{
    for (way = KID_ENDS; way <= KID_LASTS; way++) {
        begin(row);
        ground_do(open_fail_fast, NULL);
        ground_do(start_kid, NULL);
        if (way == KID_LASTS) {
            if (row->ground == GROUND_REAL)
                ground_await(" ran ");
            ground_do(cancel_scope, NULL);
        }
        if (way == KID_ENDS)
            ground_do(close_scope, NULL);
        ground_await("closed:");
        is_over_before("closed:");
    }
}

static void
a3_nothing_of_it_runs_or_is_touched_once_its_scope_is_closed(void **state)
{
    (void)state;
    for_every_kind(is_over_when_its_scope_is_closed);
}

/* The same for a body that joins; a cop_down of a process waits in its mailbox. */
COP_BODY(joiner, void, arg)
{
    cop_outcome outcome;
    const cop_down *down;

    (void)arg;
    COP_SCOPE(co, s, &outcome, .name = "s")
    {
        COP_TRY(kid_start(me, s.scope, kind, way));
        if (way == KID_LASTS)
            break;
    }
    if (cop_receive_a(co, 0, cop_down, &down) == COP_OK)
        kid_down(down);
    ground_say("joined:%s", cop_exit_kind_name(outcome.why.kind));
    return COP_OK;
}
static COP_SEQUENTIAL(joiner_b, joiner);

ACT(start_joiner)
{
    return cop_spawn(me, &joiner_b, NULL, NULL);
}

static void
is_over_when_it_is_joined(const child_kind *row)
{
    char joined[64];

    for (way = KID_ENDS; way <= KID_LASTS; way++) {
        begin(row);
        ground_do(start_joiner, NULL);
        snprintf(joined, sizeof joined, " joined:%s ",
                 way == KID_ENDS    ? "normal"
                 : way == KID_FAILS ? row->kind
                                    : "shutdown");
        ground_await(joined);
        is_over_before(joined);
    }
}

static void
a3_nothing_of_it_runs_or_is_touched_once_it_is_joined(void **state)
{
    (void)state;
    for_every_kind(is_over_when_it_is_joined);
}

/* ------------------------------------------------------------------------------ A4 */

ACT(start_in_unwatched)
{
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.name = "s"}, &scope));
    return start_kid(me, state, arg);
}

static void
is_seen_in_the_exit_status(const child_kind *row)
{
    cop_exit why;

    kind = row;
    way = KID_FAILS;
    ground_open(GROUND_REAL, &ground_b, 1);
    here.on_down = kid_down;
    ground_do(start_in_unwatched, NULL);
    assert_int_equal(cop_node_wait(here.node, &why), 1);
    assert_int_equal(why.kind, COP_EXIT_ERROR);
    assert_int_equal(why.cause_count, 1);
    assert_string_equal(cop_exit_kind_name(why.causes[0].kind), row->kind);
    assert_int_equal(why.causes[0].code, row->code);
    ground_close();
}

static void
a4_a_failure_that_nobody_looks_at_is_in_the_exit_status(void **state)
{
    (void)state;
    for_every_kind(is_seen_in_the_exit_status);
}

/* In a scope that was cancelled, or had failed already, what goes wrong in cleaning up is no
 * failure; but it is in the log. */
typedef struct sloppy {
    char unused;
} sloppy;

COP_HANDLER(sloppy, cop_end)
{
    return cop_fail(me, 4, "dropped it");
}
static COP_BEHAVIOUR(sloppy_b, sloppy, COP_ON(sloppy, cop_end));

ACT(start_sloppy)
{
    COP_TRY(cop_scope_open(
        me, &(cop_scope_opts){.name = "s", .policy = *(const cop_policy *)arg}, &scope));
    for (int i = 0; i < 10; i++)
        COP_TRY(cop_spawn(me, &sloppy_b, &(cop_spawn_opts){.scope = scope}, NULL));
    return COP_OK;
}
ACT(cancel)
{
    return cop_scope_cancel(me, scope, COP_FORCE_HARD, NULL);
}
ACT(fail_now)
{
    return cop_fail(me, 7, "broke");
}
ACT(break_it)
{
    return cop_scope_soon(me, scope, fail_now, NULL, NULL, NULL);
}

static void
a4_what_goes_wrong_in_cleaning_up_is_in_the_log_if_nobody_looks(void **state)
{
    static const struct {
        cop_policy policy;
        cop_callback act;
        unsigned logged, more;
        const char *trace;
    } rows[] = {
        {COP_FAIL_FAST, cancel,   8, 2, ""   },
        {COP_ISOLATE,   cancel,   8, 2, ""   },
        {COP_FAIL_FAST, break_it, 7, 3, "end"},
    };
    char more[32];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ground_open(GROUND_SIM, &ground_b, 1);
        ground_do(start_sloppy, (void *)(uintptr_t)&rows[i].policy);
        ground_do(rows[i].act, NULL);
        ground_expect(rows[i].trace);
        assert_int_equal(ground_count("log:a child failed in s: error 4: dropped it"),
                         rows[i].logged);
        snprintf(more, sizeof more, "log:and %u more in s", rows[i].more);
        assert_int_equal(ground_count(more), 1);
        ground_close();
    }
}

/* ------------------------------------------------------------------------------ A5 */

COP_BODY(leaf, void, arg)
{
    (void)arg;
    COP_TRY(cop_sleep(co, 1));
    return cop_fail(me, 7, "broke");
}
static COP_SEQUENTIAL(leaf_b, leaf);

COP_BODY(middle, void, arg)
{
    (void)arg;
    COP_TRY(cop_spawn(me, &leaf_b, NULL, NULL));
    return cop_sleep(co, COP_INFINITY);
}
static COP_SEQUENTIAL(middle_b, middle);

COP_BODY(top, void, arg)
{
    (void)arg;
    COP_TRY(cop_spawn(me, &middle_b, NULL, NULL));
    return cop_sleep(co, COP_INFINITY);
}
static COP_SEQUENTIAL(top_b, top);

static void
keep_line(void *ctx, const char *line)
{
    char *room = ctx;
    size_t used = strlen(room);

    snprintf(room + used, 2000 - used, "%s\n", line);
}

static void
a5_a_failure_with_nobody_above_ends_the_run_with_1_and_its_chain(void **state)
{
    char lines[2000] = "";

    (void)state;
    assert_int_equal(cop_run(&top_b, &(cop_node_opts){.on_log = keep_line,
                                                      .ctx = lines,
                                                      .workers = 1,
                                                      .tree_signal = -1}),
                     1);
    const char *chain = strstr(lines, "a child ended abnormally (top_b/middle_b/leaf_b)");
    assert_non_null(chain);
    assert_non_null(strstr(chain, "caused by error 7: broke"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a1_a_failure_is_recorded_once_whatever_failed),
        cmocka_unit_test(a2_a_siblings_failure_ends_it_with_that_reason_once),
        cmocka_unit_test(a3_nothing_of_it_runs_or_is_touched_once_its_scope_is_closed),
        cmocka_unit_test(a3_nothing_of_it_runs_or_is_touched_once_it_is_joined),
        cmocka_unit_test(a4_a_failure_that_nobody_looks_at_is_in_the_exit_status),
        cmocka_unit_test(a4_what_goes_wrong_in_cleaning_up_is_in_the_log_if_nobody_looks),
        cmocka_unit_test(a5_a_failure_with_nobody_above_ends_the_run_with_1_and_its_chain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
