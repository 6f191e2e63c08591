/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - which case.
 *
 *      ideal [--workers N] CASE        prints "CASE ideal 1 VALUE UNIT"
 */
#include "ideal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const char *unit;
    double (*measure)(void);
} cases[] = {
    {"ping-pong",        "ns",  ping_pong       },
    {"one-to-one",       "M/s", one_to_one      },
    {"8-to-one",         "M/s", eight_to_one    },
    {"name-send",        "M/s", name_send       },
    {"move-1k",          "M/s", move_1k         },
    {"move-64k",         "M/s", move_64k        },
    {"ring",             "M/s", ring            },
    {"rings-8",          "M/s", rings_8         },
    {"big",              "M/s", big             },
    {"spawn",            "M/s", spawn           },
    {"skynet",           "ms",  skynet          },
    {"fork-join",        "us",  fork_join       },
    {"idle",             "B",   idle            },
    {"call",             "M/s", call            },
    {"monitor",          "ns",  monitor         },
    {"restart",          "M/s", restart_one     },
    {"restart-10k",      "M/s", restart_10k     },
    {"start-10k",        "ns",  start_10k       },
    {"stop-10k",         "ns",  stop_10k        },
    {"deep-stop",        "ms",  deep_stop       },
    {"timer-arm",        "ns",  timers_armed    },
    {"timer-cancel",     "ns",  timers_cancelled},
    {"scope-1",          "ns",  scope_1         },
    {"scope-10",         "ns",  scope_10        },
    {"scope-1k",         "ns",  scope_1k        },
    {"scope-100k",       "ns",  scope_100k      },
    {"scope-cancel-10k", "us",  scope_cancel_10k},
    {"node-to-node",     "M/s", node_to_node    },
    {"node-rtt",         "us",  node_rtt        },
    {"crossing",         "x",   crossing        },
};

static _Noreturn void
usage(void)
{
    fputs("usage: ideal [--workers N] CASE, with CASE one of", stderr);
    for (size_t i = 0; i < COUNT(cases); i++)
        fprintf(stderr, " %s", cases[i].name);
    fputs("\n", stderr);
    exit(2);
}

/* Four digits that mean something, and never an exponent. */
static int
decimals(double value)
{
    int digits = 3;

    for (; value >= 10 && digits > 0; digits--)
        value /= 10;
    for (; value < 1 && digits < 6; digits++)
        value *= 10;
    return digits;
}

int
main(int argc, char **argv)
{
    /* There is one thread here, whatever the number of workers asked for. */
    if (argc == 4 && strcmp(argv[1], "--workers") == 0 && atoi(argv[2]) > 0) {
        argv += 2;
        argc -= 2;
    }
    if (argc != 2)
        usage();
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (strcmp(argv[1], cases[i].name) != 0)
            continue;
        const double value = cases[i].measure();
        printf("%s ideal 1 %.*f %s\n", argv[1], decimals(value), value, cases[i].unit);
        return 0;
    }
    fprintf(stderr, "ideal: there is no case \"%s\"\n", argv[1]);
    usage();
}
