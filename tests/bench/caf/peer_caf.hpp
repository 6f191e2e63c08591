/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer_caf.hpp - the cases as a good user of CAF 0.17 would write them: event-based
 * actors, atoms as messages, the scheduler's defaults but for the number of threads.
 *
 * A case is a function that runs in the main thread and returns the value to print.
 */
#ifndef COPPICE_BENCH_PEER_CAF_HPP
#define COPPICE_BENCH_PEER_CAF_HPP

#include <caf/all.hpp>

#include <chrono>
#include <cstdint>

using go_atom = caf::atom_constant<caf::atom("go")>;
using ping_atom = caf::atom_constant<caf::atom("ping")>;
using pong_atom = caf::atom_constant<caf::atom("pong")>;
using next_atom = caf::atom_constant<caf::atom("next")>;
using crash_atom = caf::atom_constant<caf::atom("crash")>;
using done_atom = caf::atom_constant<caf::atom("done")>;

using nanoclock = std::chrono::steady_clock;

double ns_since(nanoclock::time_point begin);

double millions_per_second(double count, double ns);

/* Says what on standard error and ends the process. */
[[noreturn]] void die(const char *what);

/* The result of a case comes to main as a message. */
double result_of(caf::scoped_actor &main);

/* The state of an actor that counts down, and of when it began. */
struct counting {
    long left = 0;
    nanoclock::time_point begin = nanoclock::now();
};

/* bench_messages.cpp: between actors that are there. */
double ping_pong(caf::actor_system &system);
double ring(caf::actor_system &system);
double rings_8(caf::actor_system &system);
double big(caf::actor_system &system);
double call(caf::actor_system &system);

/* bench_streams.cpp: as many messages as go in, one way. */
double one_to_one(caf::actor_system &system);
double eight_to_one(caf::actor_system &system);
double name_send(caf::actor_system &system);
double move_1k(caf::actor_system &system);
double move_64k(caf::actor_system &system);

/* bench_lives.cpp: actors that are started, are there, and end. */
double spawn(caf::actor_system &system);
double idle(caf::actor_system &system);
double skynet(caf::actor_system &system);
double fork_join(caf::actor_system &system);
double monitor(caf::actor_system &system);

/* bench_supervisors.cpp: who restarts, starts and stops others. */
double restart(caf::actor_system &system);
double restart_10k(caf::actor_system &system);
double start_10k(caf::actor_system &system);
double stop_10k(caf::actor_system &system);
double deep_stop(caf::actor_system &system);

/* bench_timers.cpp */
double timer_arm(caf::actor_system &system);
double timer_cancel(caf::actor_system &system);

/* bench_nodes.cpp: between two processes, each with so many workers. */
double node_to_node(size_t workers);
double node_rtt(size_t workers);

#endif /* COPPICE_BENCH_PEER_CAF_HPP */
