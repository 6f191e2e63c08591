/* SPDX-License-Identifier: Apache-2.0 */
/*
 * continue_test.c - messages to oneself that come before all others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/sim.h>

#include "protocol.h"

static char trace[128];
static bool fails; /* init does */

typedef struct worker {
    int unused;
} worker;

COP_HANDLER(worker, cop_start)
{
    COP_TRY(cop_send(me, cop_self(me), say, .n = 2));
    COP_TRY(cop_continue(me, say, .n = 1));
    return fails ? COP_E_FAILED : COP_OK;
}

COP_HANDLER(worker, say)
{
    size_t used = strlen(trace);

    snprintf(trace + used, sizeof trace - used, "%d ", (int)msg->n);
    return COP_OK;
}

/* With something that waits already. */
COP_HANDLER(worker, go)
{
    COP_TRY(cop_send(me, cop_self(me), say, .n = 5));
    COP_TRY(cop_continue(me, say, .n = 4));
    return cop_continue(me, say, .n = 3);
}

COP_HANDLER(worker, leave)
{
    COP_TRY(cop_continue(me, say, .n = 9)); /* it does not come to that */
    return cop_stop(me);
}

/* The last code that it runs. */
COP_HANDLER(worker, cop_end)
{
    return cop_continue(me, say, .n = 8) == COP_E_GONE ? COP_OK : COP_E_FAILED;
}
static COP_BEHAVIOUR(worker_b, worker, COP_ON(worker, cop_start), COP_ON(worker, say),
                     COP_ON(worker, go), COP_ON(worker, leave), COP_ON(worker, cop_end));

static void
on_log(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static void
expect(cop_sim *sim, const char *what)
{
    cop_sim_settle(sim);
    assert_string_equal(trace, what);
    trace[0] = '\0';
}

static void
what_one_goes_on_with_comes_first(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        cop_sim *sim;
        cop_node *node;
        cop_node_stats left;
        cop_pid who;

        assert_int_equal(cop_sim_new(&sim, seed), COP_OK);
        assert_int_equal(cop_sim_node(sim, &(cop_node_opts){.on_log = on_log}, &node), COP_OK);
        fails = false;
        assert_int_equal(cop_sim_spawn(node, &worker_b, NULL, &who), COP_OK);
        expect(sim, "1 2 ");
        assert_int_equal(cop_post(node, who, go), COP_OK);
        assert_int_equal(cop_post(node, who, say, .n = 6), COP_OK);
        cop_sim_settle(sim);
        assert_memory_equal(trace, "3 4 ", 4);
        trace[0] = '\0';
        assert_int_equal(cop_post(node, who, leave), COP_OK);
        expect(sim, "");
        fails = true;
        assert_int_equal(cop_sim_spawn(node, &worker_b, NULL, &who), COP_E_FAILED);
        expect(sim, "");
        assert_true(cop_sim_stop(sim, node, 1000));
        cop_node_stats_read(node, &left);
        assert_int_equal(left.live_messages, 0);
        cop_sim_free(&sim);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_goes_on_with_comes_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
