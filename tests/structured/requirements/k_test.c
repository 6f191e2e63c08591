/* SPDX-License-Identifier: Apache-2.0 */
/*
 * k_test.c - stop rather than hobble: a process whose loop hangs is ended, and started again.
 *
 *      k_test hang     the process: a node with an actor that never returns
 */
#include <unistd.h>

#include <coppice/process.h>
#include <coppice/supervisor.h>

#include "structured/requirements/ground.h"

/* ------------------------------------------------------------------- the process */

static cop_err
hang(cop_actor *me, void *state, void *arg)
{
    (void)me;
    (void)state;
    (void)arg;
    while (usleep(1000) == 0)
        continue;
    return COP_OK;
}

static cop_err
soon_hang(cop_actor *me, void *state, const void *arg)
{
    (void)state;
    (void)arg;
    printf("life\n");
    fflush(stdout);
    return cop_soon(me, hang, NULL, NULL);
}

static const cop_behaviour hanging_b = {.name = "hanging", .state_size = 1, .init = soon_hang};

static int
play(void)
{
    return cop_run(&hanging_b, &(cop_node_opts){.workers = 1,
                                                .stuck_ms = 20,
                                                .on_stuck = COP_STUCK_ABORT,
                                                .tree_signal = -1});
}

/* ------------------------------------------------------------------- its supervisor */

typedef struct listener {
    unsigned lives;
} listener;

COP_HANDLER(listener, cop_process_output)
{
    if (msg->line.size == 4 && memcmp(msg->line.data, "life", 4) == 0)
        ground_say("life:%u", ++st->lives);
    return COP_OK;
}
static COP_BEHAVIOUR(listener_b, listener, COP_ON(listener, cop_process_output));

static const char *const hang_argv[] = {"/proc/self/exe", "hang", NULL};
static cop_process_spec spec = {
    .argv = hang_argv, .output = COP_STDIO_LINES, .error = COP_STDIO_NULL, .kill_ms = 100};
static const cop_child tree = {
    .name = "nanny",
    .budget = {1000,          1              },
    .sup = COP_CHILDREN({ .name = "worker", .run = &cop_process, .arg = &spec, .stop_ms = 1000}
      ),
};

ACT(start_nanny)
{
    COP_TRY(cop_spawn(me, &listener_b, NULL, &spec.output_to));
    return cop_supervisor_spawn(me, &tree, NULL);
}

static void
k7_a_process_that_hangs_is_ended_and_its_owner_starts_it_again(void **state)
{
    (void)state;
    ground_open(GROUND_REAL, &ground_b, 1);
    ground_do(start_nanny, NULL);
    ground_await("life:3");
    ground_close();
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k7_a_process_that_hangs_is_ended_and_its_owner_starts_it_again),
    };

    if (argc == 2 && strcmp(argv[1], "hang") == 0)
        return play();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
