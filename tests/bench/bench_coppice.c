/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_coppice.c - the cases of tests/bench/README.md on coppice, through its public API.
 *
 *      bench_coppice --workers N CASE      prints "CASE coppice N VALUE UNIT"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "bench_nodes.h"

unsigned workers = 1;
const char *case_name;
double started;

double
now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

void
report(double value, const char *unit)
{
    printf("%s coppice %u %.4g %s\n", case_name, workers, value, unit);
}

bool
is_case(const char *name)
{
    return strcmp(case_name, name) == 0;
}

static const struct {
    const char *name;
    const cop_behaviour *run;
} cases[] = {
    {"ping-pong",        &ping_pong_b   },
    {"one-to-one",       &consumer_b    },
    {"8-to-one",         &consumer_b    },
    {"name-send",        &consumer_b    },
    {"move-1k",          &move_b        },
    {"move-64k",         &move_b        },
    {"ring",             &ring_b        },
    {"rings-8",          &rings_b       },
    {"big",              &big_b         },
    {"spawn",            &spawner_b     },
    {"skynet",           &skynet_b      },
    {"fork-join",        &fork_join_b   },
    {"idle",             &idle_b        },
    {"call",             &caller_b      },
    {"monitor",          &monitor_b     },
    {"restart",          &restart_b     },
    {"restart-10k",      &restart_b     },
    {"start-10k",        &start_stop_b  },
    {"stop-10k",         &start_stop_b  },
    {"deep-stop",        &deep_stop_b   },
    {"timer-arm",        &clockmaker_b  },
    {"timer-cancel",     &clockmaker_b  },
    {"scope-1",          &opener_b      },
    {"scope-10",         &opener_b      },
    {"scope-1k",         &opener_b      },
    {"scope-100k",       &opener_b      },
    {"scope-cancel-10k", &canceller_b   },
    {"co-scope-1",       &opener_b      },
    {"co-scope-10",      &opener_b      },
    {"co-scope-1k",      &opener_b      },
    {"co-scope-100k",    &opener_b      },
    {"co-ping-pong",     &co_ping_pong_b},
    {"co-switch",        &co_switch_b   },
    {"co-idle",          &co_idle_b     },
    {"node-to-node",     NULL           },
    {"node-rtt",         NULL           },
};

/* The reports of children that crash a million times. */
static void
ignore(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static int
usage(void)
{
    fprintf(stderr, "usage: bench_coppice [--workers N] CASE\ncases:");
    for (size_t i = 0; i < COP_COUNT(cases); i++)
        fprintf(stderr, " %s", cases[i].name);
    fprintf(stderr, "\n");
    return 2;
}

int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--peer") == 0 && i + 1 < argc)
            return bench_nodes_peer(argv[++i]);
        if (strcmp(argv[i], "--workers") == 0 && i + 1 < argc)
            workers = (unsigned)atoi(argv[++i]);
        else
            case_name = argv[i];
    }
    for (size_t i = 0; case_name != NULL && workers > 0 && i < COP_COUNT(cases); i++) {
        if (!is_case(cases[i].name))
            continue;
        if (cases[i].run == NULL)
            return bench_nodes(case_name, workers);
        return cop_run(cases[i].run, &(cop_node_opts){.workers = workers, .on_log = ignore});
    }
    return usage();
}
