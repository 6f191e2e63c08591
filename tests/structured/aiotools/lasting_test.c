/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lasting_test.c - a scope that isolates and lasts for a day: children come and go, some fail,
 * some hang, and it does not grow.
 *
 * In virtual time, 24 hours and 100,000 children; a million with COPPICE_FULL=1, 10,000 under a
 * sanitizer.  One in a hundred fails, one in a thousand hangs until its own deadline, which is
 * no failure.
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>
#include <time.h>

#include <coppice/co.h>
#include <coppice/timer.h>

#include "actors/actor_stage.h"
#include "base/pool.h"

enum {
    DAY_MS = 24 * 3600 * 1000,
    PERIOD_MS = DAY_MS / 10000,
    HANG_MS = 10 * 60 * 1000,
    MOST = 1000 * 1000,
    GROWTH_MAX = 1024 * 1024,
};

static uint32_t
how_many(void)
{
    if (!COPI_IS_POOLING || getenv("COPPICE_UNDER_VALGRIND") != NULL)
        return MOST / 100;
    return getenv("COPPICE_FULL") != NULL ? MOST : MOST / 10;
}

/* The day. */
static struct {
    cop_scope scope;
    uint32_t count, begun;
    uint8_t ends[MOST]; /* of each child, 1: well */
    uint32_t good, bad, late;
    cop_outcome outcome;
    uint32_t closed, disposed;
} day;

/* ------------------------------------------------------------------------ the children */

static bool
is_to_fail(uint32_t number)
{
    return number % 100 == 7;
}

static bool
is_to_hang(uint32_t number)
{
    return number % 1000 == 14;
}

static int64_t
ms_of(uint32_t number)
{
    return number % 41;
}

static void
has_ended(uint32_t number)
{
    assert_int_equal(day.ends[number]++, 0);
    day.good++;
}

static cop_err
finish(cop_actor *me, uint32_t number)
{
    if (is_to_fail(number))
        return cop_fail(me, (int)number + 1, "child %u broke", number);
    has_ended(number);
    return COP_OK;
}

#define CHILD(M, F) M(1, over)
COP_PROTOCOL(CHILD)

/* With handlers. */
typedef struct handled {
    uint32_t number;
} handled;

COP_HANDLER(handled, cop_start)
{
    st->number = *(const uint32_t *)msg->arg;
    return cop_send_after(me, ms_of(st->number), NULL, over);
}

COP_HANDLER(handled, over)
{
    COP_TRY(finish(me, st->number));
    return cop_stop(me);
}
static COP_BEHAVIOUR(handled_b, handled, COP_ON(handled, cop_start), COP_ON(handled, over));

/* With a body. */
COP_BODY(sequential, const uint32_t, arg)
{
    const uint32_t number = *arg;

    COP_TRY(cop_sleep(co, ms_of(number)));
    return finish(me, number);
}
static COP_SEQUENTIAL(sequential_b, sequential);

/* One that nobody answers. */
COP_BODY(hanging, const uint32_t, arg)
{
    const uint32_t number = *arg;
    cop_outcome outcome;
    int64_t began = cop_now_ms(me);

    COP_SCOPE(co, within, &outcome, .deadline_ms = HANG_MS, .moves_on = true)
    {
        cop_err err = cop_sleep(co, COP_INFINITY);
        assert_int_equal(err, COP_E_CANCELLED);
    }
    if (!outcome.timed_out)
        return COP_E_CANCELLED; /* the day is over */
    assert_int_equal(cop_now_ms(me), began + HANG_MS);
    day.late++;
    has_ended(number);
    return COP_OK;
}
static COP_SEQUENTIAL(hanging_b, hanging);

/* No actor, but a call. */
static cop_err
call_of(cop_actor *me, void *state, void *arg)
{
    (void)state;
    return finish(me, *(const uint32_t *)arg);
}

/* ------------------------------------------------------------------------ their scope */

typedef struct keeper {
    int unused;
} keeper;
static COP_BEHAVIOUR(keeper_b, keeper, {0});

static cop_err
on_failed(cop_actor *me, void *state, void *ctx, const cop_child_record *child)
{
    uint32_t number = (uint32_t)child->why.code - 1;
    char text[COP_EXIT_TEXT];

    (void)me;
    (void)state;
    (void)ctx;
    assert_int_equal(child->why.kind, COP_EXIT_ERROR);
    assert_true(number < day.begun && is_to_fail(number));
    snprintf(text, sizeof text, "child %u broke", number);
    assert_string_equal(child->why.text, text);
    assert_int_equal(day.ends[number]++, 0);
    day.bad++;
    return COP_OK;
}

static cop_err
on_closed(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome)
{
    (void)me;
    (void)state;
    (void)ctx;
    day.outcome = *outcome;
    day.closed++;
    return COP_OK;
}

static void
dispose_number(void *number)
{
    day.disposed++;
    free(number);
}

static cop_err
begin_one(cop_actor *me, uint32_t number)
{
    static const cop_behaviour *const kinds[] = {&handled_b, &sequential_b};
    uint32_t kind = is_to_hang(number) ? 3 : number / 100 % 3;
    uint32_t *arg = malloc(sizeof *arg);

    assert_non_null(arg);
    *arg = number;
    if (kind == 2)
        return cop_scope_after(me, day.scope, ms_of(number), call_of, arg, dispose_number,
                               NULL);
    return cop_spawn(
        me, kind == 3 ? &hanging_b : kinds[kind],
        &(cop_spawn_opts){.scope = day.scope, .arg = arg, .dispose = dispose_number}, NULL);
}

static cop_err
begin_some(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    for (uint32_t i = 0; i < day.count / 10000 && day.begun < day.count; i++)
        COP_TRY(begin_one(me, day.begun++));
    return COP_OK;
}

static cop_err
open_day(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    COP_TRY(cop_scope_open(
        me,
        &(cop_scope_opts){
            .name = "day", .policy = COP_ISOLATE, .on_child = on_failed, .closed = on_closed},
        &day.scope));
    return cop_scope_every(me, cop_here(me), PERIOD_MS, begin_some, NULL, NULL, NULL);
}

static cop_err
cancel_day(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    return cop_scope_cancel(me, day.scope, COP_FORCE_HARD, &(cop_exit){.text = "night"});
}

/* ------------------------------------------------------------------------ the day */

/* In use; and of the process, in memory. */
typedef struct footprint {
    size_t used, resident;
} footprint;

static footprint
measure(void)
{
    struct mallinfo2 info = mallinfo2();
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");

    if (statm != NULL) {
        if (fscanf(statm, "%*u %lu", &pages) != 1)
            pages = 0;
        fclose(statm);
    }
    return (footprint){info.uordblks + info.hblkhd, pages * 4096};
}

static bool
is_measurable(void)
{
    if (COPI_IS_POOLING && getenv("COPPICE_UNDER_VALGRIND") == NULL)
        return true;
    print_message("growth is not looked at: this malloc keeps what was freed\n");
    return false;
}

static double
seconds_since(const struct timespec *then)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - then->tv_sec) + 1e-9 * (double)(now.tv_nsec - then->tv_nsec);
}

static void
look_at_growth(const footprint *warm)
{
    footprint cold = measure();

    if (!is_measurable())
        return;
    print_message("grown by %zd bytes in use, %zd resident\n",
                  (ssize_t)(cold.used - warm->used), (ssize_t)(cold.resident - warm->resident));
    assert_true(cold.used < warm->used + GROWTH_MAX);
    assert_true(cold.resident < warm->resident + GROWTH_MAX);
}

static void
close_day(void)
{
    int64_t at = cop_sim_now_ms(stage.sim);
    struct timespec began;

    clock_gettime(CLOCK_MONOTONIC, &began);
    stage_do(cancel_day);
    cop_sim_settle(stage.sim);
    print_message("closed in %.6f s\n", seconds_since(&began));
    assert_int_equal(cop_sim_now_ms(stage.sim), at);
    assert_int_equal(day.closed, 1);
}

static void
a_day_of_short_children_leaves_nothing(void **state)
{
    struct timespec began;

    (void)state;
    memset(&day, 0, sizeof day);
    day.count = how_many();
    clock_gettime(CLOCK_MONOTONIC, &began);
    stage_open(&keeper_b, 1);
    stage_do(open_day);
    stage_pass(DAY_MS / 10);
    footprint warm = measure();
    stage_pass(DAY_MS - DAY_MS / 10 + 100); /* and those of the last moment */
    look_at_growth(&warm);
    print_message("%" PRIu32 " children in %.1f s\n", day.count, seconds_since(&began));

    assert_int_equal(day.begun, day.count);
    close_day();
    /* What began in the last minutes and hung was cancelled. */
    uint32_t cancelled = day.count / 1000 - day.late;
    assert_true(cancelled <= day.count / 1000 / 24);
    assert_int_equal(day.bad, day.count / 100);
    assert_int_equal(day.good, day.count - day.bad - cancelled);
    assert_int_equal(day.disposed, day.count);
    assert_int_equal(day.outcome.why.kind, COP_EXIT_SHUTDOWN);
    assert_string_equal(day.outcome.why.text, "night");
    assert_int_equal(day.outcome.started, day.count);
    assert_int_equal(day.outcome.failed, day.bad);
    assert_int_equal(day.outcome.kept_count + day.outcome.dropped, 0);
    stage_close();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_of_short_children_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
