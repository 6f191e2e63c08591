/* SPDX-License-Identifier: Apache-2.0 */

#include "peer_caf.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

using namespace caf;

double
ns_since(nanoclock::time_point begin)
{
    return std::chrono::duration<double, std::nano>(nanoclock::now() - begin).count();
}

double
millions_per_second(double count, double ns)
{
    return count / ns * 1e3;
}

[[noreturn]] void
die(const char *what)
{
    fprintf(stderr, "peer_caf: %s\n", what);
    _exit(1);
}

double
result_of(scoped_actor &main)
{
    double value = 0;
    main->receive([&](double result) { value = result; });
    return value;
}

namespace
{

const struct {
    const char *name;
    const char *unit;
    double (*local)(actor_system &);
    double (*remote)(size_t workers);
} cases[] = {
    {"ping-pong",    "ns",  ping_pong,    nullptr     },
    {"one-to-one",   "M/s", one_to_one,   nullptr     },
    {"8-to-one",     "M/s", eight_to_one, nullptr     },
    {"name-send",    "M/s", name_send,    nullptr     },
    {"move-1k",      "M/s", move_1k,      nullptr     },
    {"move-64k",     "M/s", move_64k,     nullptr     },
    {"ring",         "M/s", ring,         nullptr     },
    {"rings-8",      "M/s", rings_8,      nullptr     },
    {"big",          "M/s", big,          nullptr     },
    {"call",         "M/s", call,         nullptr     },
    {"spawn",        "M/s", spawn,        nullptr     },
    {"idle",         "B",   idle,         nullptr     },
    {"skynet",       "ms",  skynet,       nullptr     },
    {"fork-join",    "us",  fork_join,    nullptr     },
    {"monitor",      "ns",  monitor,      nullptr     },
    {"restart",      "M/s", restart,      nullptr     },
    {"restart-10k",  "M/s", restart_10k,  nullptr     },
    {"start-10k",    "ns",  start_10k,    nullptr     },
    {"stop-10k",     "ns",  stop_10k,     nullptr     },
    {"deep-stop",    "ms",  deep_stop,    nullptr     },
    {"timer-arm",    "ns",  timer_arm,    nullptr     },
    {"timer-cancel", "ns",  timer_cancel, nullptr     },
    {"node-to-node", "M/s", nullptr,      node_to_node},
    {"node-rtt",     "us",  nullptr,      node_rtt    },
};

[[noreturn]] void
usage()
{
    fputs("usage: peer_caf [--workers N] CASE, with CASE one of", stderr);
    for (const auto &one : cases)
        fprintf(stderr, " %s", one.name);
    fputs("\n", stderr);
    exit(2);
}

/* Four digits that mean something, and never an exponent. */
int
decimals(double value)
{
    int digits = 3;
    for (; value >= 10 && digits > 0; digits--)
        value /= 10;
    for (; value < 1 && digits < 6; digits++)
        value *= 10;
    return digits;
}

/* Ends the process: what a case leaves behind is not taken down, since the end of a
 * million actors may take longer than the case. */
[[noreturn]] void
report(const char *name, size_t workers, double value, const char *unit)
{
    printf("%s caf %zu %.*f %s\n", name, workers, decimals(value), value, unit);
    fflush(stdout);
    _exit(0);
}

[[noreturn]] void
run(const char *name, size_t workers)
{
    for (const auto &one : cases) {
        if (strcmp(name, one.name) != 0)
            continue;
        if (one.remote != nullptr)
            report(name, workers, one.remote(workers), one.unit);
        actor_system_config config;
        config.set("scheduler.max-threads", workers);
        actor_system system{config};
        report(name, workers, one.local(system), one.unit);
    }
    fprintf(stderr, "peer_caf: there is no case \"%s\"\n", name);
    usage();
}

} // namespace

int
main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--workers") == 0 && atoi(argv[2]) > 0)
        run(argv[3], size_t(atoi(argv[2])));
    if (argc != 2)
        usage();
    run(argv[1], 1);
}
