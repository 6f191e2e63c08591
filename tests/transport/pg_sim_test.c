/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_sim_test.c - scopes of two nodes that know each other's names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/cluster.h>
#include <coppice/pg.h>
#include <coppice/sim.h>

static struct {
    cop_sim *sim;
    cop_net *net;
    cop_node *nodes[2];
    bool was_asked;
} stage;

#define PAIR(M, F) M(1, go)
COP_PROTOCOL(PAIR)

typedef struct asker {
    char unused;
} asker;

/* The scope of another node is none here, even if its actor has the number of ours. */
COP_HANDLER(asker, go)
{
    const cop_str group = COP_STR("g");
    cop_pg_members members;
    cop_ref ref;

    assert_false(cop_pid_is_none(cop_whereis(me, "pg@b")));
    assert_int_equal(cop_pg_join(me, "pg@b", group, cop_self(me)), COP_E_NO_NAME);
    assert_int_equal(cop_pg_monitor(me, "pg@b", group, &ref, NULL), COP_E_NO_NAME);
    members = cop_pg_get_members(me, NULL, group);
    assert_int_equal(members.count, 0);
    cop_pg_members_free(&members);
    assert_int_equal(cop_pg_join(me, NULL, group, cop_self(me)), COP_OK);
    assert_int_equal(cop_publish(me, "pg@b", group, go).why, COP_E_NO_NAME);
    stage.was_asked = true;
    return COP_OK;
}

COP_BEHAVIOUR(asker_b, asker, COP_ON(asker, go));

static void
start_node(int number, const char *name, const char *join)
{
    cop_node_opts opts = {.name = name};
    cop_cluster_opts cluster = {.net = stage.net, .join = join};
    cop_node **node = &stage.nodes[number];

    assert_int_equal(cop_sim_node(stage.sim, &opts, node), COP_OK);
    assert_int_equal(cop_cluster_start(*node, &cluster), COP_OK);
    assert_int_equal(
        cop_sim_spawn(*node, &cop_pg_scope, &(cop_spawn_opts){.name = COP_PG}, NULL), COP_OK);
}

static void
a_scope_of_another_node_is_none(COP_UNUSED void **state)
{
    cop_pid pid;

    assert_int_equal(cop_sim_new(&stage.sim, 1), COP_OK);
    assert_int_equal(cop_net_new(&stage.net, 1), COP_OK);
    start_node(0, "a", NULL);
    start_node(1, "b", cop_cluster_address(stage.nodes[0]));
    cop_sim_run_for(stage.sim, 2000);
    assert_int_equal(cop_sim_spawn(stage.nodes[0], &asker_b, NULL, &pid), COP_OK);
    assert_int_equal(cop_post(stage.nodes[0], pid, go), COP_OK);
    cop_sim_settle(stage.sim);
    assert_true(stage.was_asked);
    cop_sim_free(&stage.sim);
    cop_net_free(&stage.net);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scope_of_another_node_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
