/* SPDX-License-Identifier: Apache-2.0 */
/*
 * far.c - two simulated nodes with a session between them.
 */
#include "structured/requirements/far.h"

static void
say_nothing(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

void
far_open(far *self, uint64_t seed, const cop_behaviour *const *offered)
{
    static const char *const names[] = {"a", "b"}, *const listen[] = {"tcp://127.0.0.1:7001",
                                                                      "tcp://127.0.0.1:7002"};

    ground_clear();
    assert_int_equal(cop_sim_new(&self->sim, seed), COP_OK);
    assert_int_equal(cop_sim_net(self->sim, &self->net), COP_OK);
    for (int i = 0; i < 2; i++) {
        cop_node_opts opts = {.name = names[i], .on_log = say_nothing};
        assert_int_equal(cop_sim_node(self->sim, &opts, &self->nodes[i]), COP_OK);
        assert_int_equal(
            cop_cluster_start(self->nodes[i], &(cop_cluster_opts){.listen = listen[i],
                                                                  .join = listen[0],
                                                                  .heartbeat_ms = 250,
                                                                  .dead_ms = FAR_DEAD_MS,
                                                                  .behaviours = offered,
                                                                  .net = self->net}),
            COP_OK);
    }
    cop_sim_run_for(self->sim, 2000);
}

void
far_close(far *self)
{
    cop_sim_expect_nothing_left(self->sim);
    cop_sim_free(&self->sim);
}
