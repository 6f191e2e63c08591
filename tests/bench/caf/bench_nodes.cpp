/* SPDX-License-Identifier: Apache-2.0 */

/* Two processes over loopback TCP. */

#include "peer_caf.hpp"

#include <caf/io/all.hpp>

#include <functional>
#include <signal.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace caf;

namespace
{

enum {
    WINDOW = 1024, /* Messages on their way: CAF itself would buffer without bound. */
    ACK = WINDOW / 4
};

behavior
remote_end(stateful_actor<counting> *self)
{
    return {[](ping_atom, const std::string &data) { return data; },
            [=](const actor &from, const std::string &) {
                if (++self->state.left % ACK == 0)
                    self->send(from, next_atom::value);
            }};
}

struct streaming {
    long sent = 0, acknowledged = 0;
    nanoclock::time_point begin = nanoclock::now();
};

void
send_window(stateful_actor<streaming> *self, const actor &to, long count)
{
    const std::string data(64, 'x');
    auto &state = self->state;
    for (; state.sent < count && state.sent < state.acknowledged + WINDOW; state.sent++)
        self->send(to, actor{self}, data);
}

behavior
streamer(stateful_actor<streaming> *self, actor to, long count, actor main)
{
    send_window(self, to, count);
    return {[=](next_atom) {
        self->state.acknowledged += ACK;
        if (self->state.acknowledged >= count)
            self->send(main, millions_per_second(count, ns_since(self->state.begin)));
        else
            send_window(self, to, count);
    }};
}

behavior
round_trips(stateful_actor<counting> *self, actor to, long trips, actor main)
{
    self->state.left = trips;
    self->send(to, ping_atom::value, std::string(64, 'x'));
    return {[=](const std::string &data) {
        if (--self->state.left > 0)
            self->send(to, ping_atom::value, data);
        else
            self->send(main, ns_since(self->state.begin) / trips / 1e3);
    }};
}

void
configure(actor_system_config &config, size_t workers)
{
    config.set("scheduler.max-threads", workers);
}

/* The other process: publishes its actor, tells the port, lives until killed. */
[[noreturn]] void
serve(size_t workers, int pipe_end)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    actor_system_config config;
    configure(config, workers);
    config.load<io::middleman>();
    actor_system system{config};
    auto port = system.middleman().publish(system.spawn(remote_end), 0, "127.0.0.1");
    if (!port || write(pipe_end, &*port, sizeof *port) != sizeof *port)
        die("cannot publish");
    for (;;)
        pause();
}

double
with_remote(size_t workers, const std::function<double(actor_system &, actor)> &measure)
{
    int ends[2];
    uint16_t port = 0;
    if (pipe(ends) != 0)
        die("pipe");
    const pid_t other = fork(); /* Before there are threads. */
    if (other == 0)
        serve(workers, ends[1]);
    close(ends[1]);
    if (other < 0 || read(ends[0], &port, sizeof port) != sizeof port)
        die("no second process");

    actor_system_config config;
    configure(config, workers);
    config.load<io::middleman>();
    actor_system system{config};
    auto remote = system.middleman().remote_actor("127.0.0.1", port);
    if (!remote)
        die("cannot connect");
    const double value = measure(system, *remote);
    kill(other, SIGKILL);
    waitpid(other, nullptr, 0);
    return value;
}

} // namespace

double
node_to_node(size_t workers)
{
    return with_remote(workers, [](actor_system &system, actor remote) {
        scoped_actor main{system};
        actor client = system.spawn(streamer, remote, 400L * ACK, actor{main});
        const double value = result_of(main);
        anon_send_exit(client, exit_reason::user_shutdown);
        return value;
    });
}

double
node_rtt(size_t workers)
{
    return with_remote(workers, [](actor_system &system, actor remote) {
        scoped_actor main{system};
        actor client = system.spawn(round_trips, remote, 2000L, actor{main});
        const double value = result_of(main);
        anon_send_exit(client, exit_reason::user_shutdown);
        return value;
    });
}
