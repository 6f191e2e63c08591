/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unbounded_test.c - waits whose end nobody has seen to, and where they stand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/co.h>
#include <coppice/sim.h>

#include "protocol.h"

enum {
    PLACES = 8,
};

typedef struct play {
    int said[PLACES]; /* the lines that the log has, in order */
    unsigned count;
    int lines[PLACES]; /* those where the body waits without an end */
} play;

/* The statement's own line goes into that place. */
#define AT(p, which, wait) ((p)->lines[which] = __LINE__, wait)

COP_BODY(careless, play, p)
{
    cop_received got;
    cop_outcome outcome;

    for (int i = 0; i < 3; i++)
        COP_TRY(AT(p, 0, cop_receive(co, COP_INFINITY, &got)));
    COP_TRY(cop_receive(co, 1000, &got));
    COP_TRY(cop_sleep(co, 10));
    COP_SCOPE(co, hurry, &outcome, .deadline_ms = 1000)
    {
        COP_TRY(cop_receive(co, COP_INFINITY, &got));
    }
    /* The end of a block is a wait, too. */
    p->lines[1] = __LINE__ + 1;
    COP_SCOPE(co, patient, &outcome, .name = "patient")
    {
        COP_TRY(cop_yield(co));
    }
    return AT(p, 2, cop_sleep(co, COP_INFINITY));
}
static COP_SEQUENTIAL(careless_b, careless);

static void
on_log(void *ctx, const char *line)
{
    play *p = ctx;
    const char *found = strstr(line, "unbounded wait at ");

    if (found == NULL || p->count == PLACES)
        return;
    assert_non_null(strstr(found, "unbounded_test.c:"));
    p->said[p->count++] = atoi(strrchr(found, ':') + 1);
}

static void
run(play *p, bool warn)
{
    cop_sim *sim;
    cop_node *node;
    cop_pid body;

    *p = (play){0};
    assert_int_equal(cop_sim_new(&sim, 1), COP_OK);
    assert_int_equal(
        cop_sim_node(sim, &(cop_node_opts){.on_log = on_log, .ctx = p, .warn_unbounded = warn},
                     &node),
        COP_OK);
    assert_int_equal(
        cop_sim_spawn(node, &careless_b, &(cop_spawn_opts){.arg = p, .stop_ms = 1000}, &body),
        COP_OK);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(cop_post(node, body, say, .n = i), COP_OK);
        cop_sim_run_for(sim, 20);
    }
    cop_sim_settle(sim);
    assert_true(cop_sim_stop(sim, node, 60 * 1000));
    cop_sim_free(&sim);
}

static void
each_unbounded_wait_is_told_once_with_its_place(void **state)
{
    play p;

    (void)state;
    run(&p, true);
    assert_int_equal(p.count, 3);
    for (unsigned i = 0; i < p.count; i++)
        assert_int_equal(p.said[i], p.lines[i]);
}

static void
nobody_is_told_who_did_not_ask(void **state)
{
    play p;

    (void)state;
    run(&p, false);
    assert_int_equal(p.count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_unbounded_wait_is_told_once_with_its_place),
        cmocka_unit_test(nobody_is_told_who_did_not_ask),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
