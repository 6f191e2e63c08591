/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timer_test.c - very many timers of one actor, and far timers, which are never early.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include <coppice/node.h>
#include <coppice/timer.h>

#include "core/actor.h"

#define TIMERS(M, F)                                                                           \
    M(1, ring, F(i64, armed))                                                                  \
    M(2, arm)
COP_PROTOCOL(TIMERS)

enum {
    MANY = UINT16_MAX + 2,
    FAR_ONES = 300,
    FAR_MS = 1000, /* from here on the time is taken from a rough clock */
};

static int64_t
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* ------------------------------------------------------------------------- very many */

static struct {
    uint32_t pins;
    int32_t home;
    int64_t left; /* of the first one, when another was called off */
} seen;

typedef struct hoarder {
    int unused;
} hoarder;

COP_HANDLER(hoarder, cop_start)
{
    cop_timer *timers = malloc(MANY * sizeof *timers);

    COP_REQUIRE(me, timers != NULL);
    for (int i = 0; i < MANY; i++)
        COP_TRY(cop_send_after(me, 100000, &timers[i], ring));
    (void)cop_timer_cancel(me, timers[1]);
    seen.pins = me->pins;
    seen.home = me->task.home;
    seen.left = cop_timer_left(me, timers[0]);
    free(timers);
    return cop_stop(me);
}
static COP_BEHAVIOUR(hoarder_b, hoarder, COP_ON(hoarder, cop_start));

static void
run_node(const cop_behaviour *behaviour)
{
    cop_node *node;

    assert_int_equal(cop_node_new(&node, &(cop_node_opts){.workers = 2}), COP_OK);
    assert_int_equal(cop_node_start(node, behaviour, NULL, NULL), COP_OK);
    assert_int_equal(cop_node_wait(node, NULL), 0);
    cop_node_free(&node);
}

static void
an_actor_with_very_many_timers_stays_with_them(void **state)
{
    (void)state;
    run_node(&hoarder_b);
    assert_int_equal(seen.pins, MANY - 1);
    assert_int_not_equal(seen.home, COPI_ANYWHERE);
    assert_true(seen.left > 0);
}

/* --------------------------------------------------------------------------- far ones */

static int early, rung;

typedef struct watcher {
    int armed;
} watcher;

COP_HANDLER(watcher, cop_start)
{
    return cop_send_every(me, 1, NULL, arm);
}

/* At all times of a tick. */
COP_HANDLER(watcher, arm)
{
    if (st->armed++ >= FAR_ONES)
        return COP_OK;
    return cop_send_after(me, FAR_MS, NULL, ring, .armed = now_ns());
}

COP_HANDLER(watcher, ring)
{
    early += now_ns() - msg->armed < FAR_MS * INT64_C(1000000);
    return ++rung == FAR_ONES ? cop_stop(me) : COP_OK;
}
static COP_BEHAVIOUR(watcher_b, watcher, COP_ON(watcher, cop_start), COP_ON(watcher, arm),
                     COP_ON(watcher, ring));

static void
a_far_timer_is_never_early(void **state)
{
    (void)state;
    run_node(&watcher_b);
    assert_int_equal(early, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_actor_with_very_many_timers_stays_with_them),
        cmocka_unit_test(a_far_timer_is_never_early),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
