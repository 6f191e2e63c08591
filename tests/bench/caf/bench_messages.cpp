/* SPDX-License-Identifier: Apache-2.0 */

/* Messages between actors that are there. */

#include "peer_caf.hpp"

#include <random>
#include <vector>

using namespace caf;

namespace
{

behavior
pong(event_based_actor *)
{
    return {[](ping_atom) { return pong_atom::value; }};
}

behavior
ping(stateful_actor<counting> *self, actor peer, long trips, actor main)
{
    self->state.left = trips;
    self->send(peer, ping_atom::value);
    return {[=](pong_atom) {
        if (--self->state.left > 0)
            self->send(peer, ping_atom::value);
        else
            self->send(main, ns_since(self->state.begin) / trips);
    }};
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

actor
make_ring(actor_system &system, scoped_actor &main, int members)
{
    actor first = system.spawn(ring_begin, actor{main});
    actor next = first;
    for (int i = 1; i < members; i++)
        next = system.spawn(pass_on, next, actor{main});
    main->send(first, next);
    return first;
}

/* One message in each of the rings. */
double
go_round(actor_system &system, int rings, int members, uint64_t hops)
{
    scoped_actor main{system};
    std::vector<actor> firsts;
    for (int i = 0; i < rings; i++)
        firsts.push_back(make_ring(system, main, members));
    const auto begin = nanoclock::now();
    for (const actor &first : firsts)
        main->send(first, hops);
    for (int i = 0; i < rings; i++)
        main->receive([](done_atom) {});
    return millions_per_second(double(hops) * rings, ns_since(begin));
}

/* All to all */

const int TALKERS = 120;
const long PINGS = 15000;

struct talking {
    std::vector<actor> others;
    std::minstd_rand random;
    long left = PINGS;
};

void
send_ping(stateful_actor<talking> *self)
{
    auto &state = self->state;
    self->send(state.others[state.random() % state.others.size()], ping_atom::value);
}

behavior
talker(stateful_actor<talking> *self, unsigned number, actor main)
{
    self->state.random.seed(number + 1);
    return {[=](const std::vector<actor> &all) {
                self->state.others = all;
                self->state.others.erase(self->state.others.begin() + number);
                send_ping(self);
            },
            [](ping_atom) { return pong_atom::value; },
            [=](pong_atom) {
                if (--self->state.left > 0)
                    send_ping(self);
                else
                    self->send(main, done_atom::value);
            }};
}

/* Request and response */

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

} // namespace

double
ping_pong(actor_system &system)
{
    scoped_actor main{system};
    system.spawn(ping, system.spawn(pong), 500000L, actor{main});
    return result_of(main);
}

double
ring(actor_system &system)
{
    return go_round(system, 1, 503, 1500000);
}

double
rings_8(actor_system &system)
{
    return go_round(system, 8, 64, 300000);
}

double
big(actor_system &system)
{
    scoped_actor main{system};
    std::vector<actor> all;
    for (unsigned i = 0; i < TALKERS; i++)
        all.push_back(system.spawn(talker, i, actor{main}));
    const auto begin = nanoclock::now();
    for (const actor &one : all)
        main->send(one, all);
    for (int i = 0; i < TALKERS; i++)
        main->receive([](done_atom) {});
    return millions_per_second(2.0 * TALKERS * PINGS, ns_since(begin));
}

double
call(actor_system &system)
{
    scoped_actor main{system};
    system.spawn(caller, system.spawn(server), 500000L, actor{main});
    return result_of(main);
}
