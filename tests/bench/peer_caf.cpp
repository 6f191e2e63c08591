/* SPDX-License-Identifier: Apache-2.0 */

/* The cases as a good user of CAF 0.17 would write them: event-based actors,
 * atoms as messages, the scheduler's defaults but for the number of threads. */

#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <signal.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace caf;

using go_atom = atom_constant<atom("go")>;
using ping_atom = atom_constant<atom("ping")>;
using pong_atom = atom_constant<atom("pong")>;
using next_atom = atom_constant<atom("next")>;
using crash_atom = atom_constant<atom("crash")>;
using done_atom = atom_constant<atom("done")>;

namespace
{

using nanoclock = std::chrono::steady_clock;

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

/* The result of a case comes to main as a message. */
double
result_of(scoped_actor &main)
{
    double value = 0;
    main->receive([&](double result) { value = result; });
    return value;
}

/* Messages */

behavior
pong(event_based_actor *)
{
    return {[](ping_atom) { return pong_atom::value; }};
}

behavior
ping(event_based_actor *self, actor peer, long trips, actor main)
{
    const auto begin = nanoclock::now();
    auto left = std::make_shared<long>(trips);
    self->send(peer, ping_atom::value);
    return {[=](pong_atom) {
        if (--*left > 0)
            self->send(peer, ping_atom::value);
        else
            self->send(main, ns_since(begin) / trips);
    }};
}

double
ping_pong(actor_system &system)
{
    scoped_actor main{system};
    system.spawn(ping, system.spawn(pong), 500000L, actor{main});
    return result_of(main);
}

struct counting {
    long left = 0;
    nanoclock::time_point begin = nanoclock::now();
};

behavior
consumer(stateful_actor<counting> *self, long count, actor main)
{
    self->state.left = count;
    return {[=](uint64_t) {
        if (--self->state.left == 0)
            self->send(main, millions_per_second(count, ns_since(self->state.begin)));
    }};
}

/* In slices, since a handler that sends everything would fill the memory. */
behavior
producer(stateful_actor<counting> *self, long count, actor to)
{
    self->state.left = count;
    self->send(self, go_atom::value);
    return {[=](go_atom) {
        for (int i = 0; i < 100; i++)
            self->send(to, uint64_t(i));
        self->state.left -= 100;
        if (self->state.left > 0)
            self->send(self, go_atom::value);
        else
            self->quit();
    }};
}

double
fan_in(actor_system &system, int producers)
{
    const long each = 2000000 / producers;
    scoped_actor main{system};
    actor to = system.spawn(consumer, each * producers, actor{main});
    for (int i = 0; i < producers; i++)
        system.spawn(producer, each, to);
    return result_of(main);
}

double
one_to_one(actor_system &system)
{
    return fan_in(system, 1);
}

double
eight_to_one(actor_system &system)
{
    return fan_in(system, 8);
}

behavior
pass_on(event_based_actor *self, actor next, actor main)
{
    return {[=](uint64_t left) {
        if (left > 0)
            self->send(next, left - 1);
        else
            self->send(main, done_atom::value);
    }};
}

/* Learns its neighbour, so that the ring can be closed. */
behavior
ring_begin(event_based_actor *self, actor main)
{
    return {[=](actor next) { self->become(pass_on(self, next, main)); }};
}

double
ring(actor_system &system)
{
    const uint64_t hops = 1500000;
    scoped_actor main{system};
    actor first = system.spawn(ring_begin, actor{main});
    actor next = first;
    for (int i = 1; i < 503; i++)
        next = system.spawn(pass_on, next, actor{main});
    const auto begin = nanoclock::now();
    main->send(first, next);
    main->send(first, hops);
    main->receive([](done_atom) {});
    return millions_per_second(hops, ns_since(begin));
}

behavior
server(stateful_actor<counting> *self)
{
    return {[=](next_atom) { return self->state.left++; }};
}

void
call_next(stateful_actor<counting> *self, actor to, long calls, actor main)
{
    self->request(to, infinite, next_atom::value).then([=](long) {
        if (--self->state.left > 0)
            call_next(self, to, calls, main);
        else
            self->send(main, millions_per_second(calls, ns_since(self->state.begin)));
    });
}

behavior
caller(stateful_actor<counting> *self, actor to, long calls, actor main)
{
    self->state.left = calls;
    call_next(self, to, calls, main);
    return {[](done_atom) {}};
}

double
call(actor_system &system)
{
    scoped_actor main{system};
    system.spawn(caller, system.spawn(server), 500000L, actor{main});
    return result_of(main);
}

/* Actors */

void
child(event_based_actor *self, actor parent)
{
    self->send(parent, next_atom::value);
}

/* For half a second: with two workers it can be a hundred times slower. */
behavior
parent(stateful_actor<counting> *self, actor main)
{
    self->send(self, next_atom::value);
    return {[=](next_atom) {
        const long count = self->state.left++;
        const double ns = count % 64 == 0 ? ns_since(self->state.begin) : 0;
        if (ns > 5e8)
            self->send(main, millions_per_second(count, ns));
        else
            self->spawn(child, actor{self});
    }};
}

double
spawn(actor_system &system)
{
    scoped_actor main{system};
    system.spawn(parent, actor{main});
    return result_of(main);
}

double
resident_bytes()
{
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (statm == nullptr || fscanf(statm, "%*d %ld", &pages) != 1)
        die("/proc/self/statm");
    fclose(statm);
    return double(pages) * double(sysconf(_SC_PAGESIZE));
}

std::atomic<long> initialised;

behavior
sleeper(event_based_actor *)
{
    initialised++;
    return {[](done_atom) {}};
}

/* A million can take minutes with two workers; a fifth of them have the same size. */
double
idle(actor_system &system)
{
    const long count = 200000;
    std::vector<actor> all;
    all.reserve(count);
    const double before = resident_bytes();
    for (long i = 0; i < count; i++)
        all.push_back(system.spawn(sleeper));
    while (initialised < count)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const double bytes = (resident_bytes() - before) / double(count);
    anon_send_exit(all.front(), exit_reason::user_shutdown);
    for (const actor &one : all)
        anon_send_exit(one, exit_reason::user_shutdown);
    return bytes;
}

/* CAF has no supervisors: a link, and a handler that spawns the next child. */
behavior
crashing(event_based_actor *self, actor driver)
{
    self->send(driver, actor{self});
    return {[=](crash_atom) { self->quit(exit_reason::unhandled_exception); }};
}

behavior
supervisor(event_based_actor *self, actor driver)
{
    self->set_exit_handler([=](exit_msg &msg) {
        if (msg.reason == exit_reason::user_shutdown)
            self->quit(msg.reason);
        else
            self->spawn<linked>(crashing, driver);
    });
    self->spawn<linked>(crashing, driver);
    return {[](done_atom) {}};
}

behavior
crash_driver(stateful_actor<counting> *self, long crashes, actor main)
{
    self->state.left = crashes;
    return {[=](const actor &worker) {
        if (self->state.left-- > 0)
            self->send(worker, crash_atom::value);
        else
            self->send(main, millions_per_second(crashes, ns_since(self->state.begin)));
    }};
}

double
restart(actor_system &system)
{
    scoped_actor main{system};
    actor driver = system.spawn(crash_driver, 60000L, actor{main});
    actor top = system.spawn(supervisor, driver);
    const double value = result_of(main);
    anon_send_exit(top, exit_reason::user_shutdown);
    return value;
}

/* Timers: CAF 0.17 cannot cancel a delayed message, only the deadline of a
 * request, so that is what is armed.  A quarter of a million: they are slow. */

struct timer_times {
    double arm_ns, cancel_ns;
};

timer_times
timers(actor_system &system)
{
    const uint64_t count = 250000;
    scoped_actor main{system};
    auto *self = actor_cast<abstract_actor *>(main);
    auto &clock = system.clock();
    std::minstd_rand random;
    std::uniform_int_distribution<int> spread(10000, 60000);

    const auto base = clock.now();
    const auto begin = nanoclock::now();
    for (uint64_t i = 1; i <= count; i++)
        clock.set_request_timeout(base + std::chrono::milliseconds(spread(random)), self,
                                  make_message_id(i).response_id());
    const double arm = ns_since(begin);
    const auto armed = nanoclock::now();
    for (uint64_t i = 1; i <= count; i++)
        clock.cancel_request_timeout(self, make_message_id(i).response_id());
    return {arm / count, ns_since(armed) / count};
}

double
timer_arm(actor_system &system)
{
    return timers(system).arm_ns;
}

double
timer_cancel(actor_system &system)
{
    return timers(system).cancel_ns;
}

/* Two nodes */

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

double
node_to_node(actor_system &system, actor remote)
{
    scoped_actor main{system};
    actor client = system.spawn(streamer, remote, 400L * ACK, actor{main});
    const double value = result_of(main);
    anon_send_exit(client, exit_reason::user_shutdown);
    return value;
}

double
node_rtt(actor_system &system, actor remote)
{
    scoped_actor main{system};
    actor client = system.spawn(round_trips, remote, 2000L, actor{main});
    const double value = result_of(main);
    anon_send_exit(client, exit_reason::user_shutdown);
    return value;
}

/* Which case */

const struct {
    const char *name;
    const char *unit;
    double (*local)(actor_system &);
    double (*remote)(actor_system &, actor);
} cases[] = {
    {"ping-pong",    "ns",  ping_pong,    nullptr     },
    {"one-to-one",   "M/s", one_to_one,   nullptr     },
    {"8-to-one",     "M/s", eight_to_one, nullptr     },
    {"ring",         "M/s", ring,         nullptr     },
    {"spawn",        "M/s", spawn,        nullptr     },
    {"idle",         "B",   idle,         nullptr     },
    {"call",         "M/s", call,         nullptr     },
    {"restart",      "M/s", restart,      nullptr     },
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

double
measure_local(size_t workers, double (*measure)(actor_system &))
{
    actor_system_config config;
    configure(config, workers);
    actor_system system{config};
    system.await_actors_before_shutdown(false);
    return measure(system);
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

} // namespace

int
main(int argc, char **argv)
{
    size_t workers = 1;
    if (argc == 4 && strcmp(argv[1], "--workers") == 0 && atoi(argv[2]) > 0) {
        workers = size_t(atoi(argv[2]));
        argv += 2;
        argc -= 2;
    }
    if (argc != 2)
        usage();
    for (const auto &one : cases) {
        if (strcmp(argv[1], one.name) != 0)
            continue;
        const double value =
            one.local ? measure_local(workers, one.local) : with_remote(workers, one.remote);
        printf("%s caf %zu %.*f %s\n", one.name, workers, decimals(value), value, one.unit);
        fflush(stdout);
        return 0;
    }
    fprintf(stderr, "peer_caf: there is no case \"%s\"\n", argv[1]);
    usage();
}
