/* SPDX-License-Identifier: Apache-2.0 */

/* CAF has no supervisors.  Here they are a link and an exit handler, without
 * strategies, limits, and an order in which children stop. */

#include "peer_caf.hpp"

#include <random>
#include <unordered_map>
#include <vector>

using namespace caf;

namespace
{

const uint32_t MANY = 10000;

/* Restarts, one at a time: the driver waits for the new child. */

behavior
crashing(event_based_actor *self, uint32_t number, actor driver)
{
    self->send(driver, number, actor{self});
    return {[=](crash_atom) { self->quit(exit_reason::unhandled_exception); }};
}

struct supervising {
    std::unordered_map<actor_addr, uint32_t> numbers; /* Which child that was. */
};

void
start_child(stateful_actor<supervising> *self, uint32_t number, const actor &driver)
{
    actor child = self->spawn<linked>(crashing, number, driver);
    self->state.numbers.emplace(child.address(), number);
}

behavior
supervisor(stateful_actor<supervising> *self, uint32_t children, actor driver)
{
    self->set_exit_handler([=](exit_msg &msg) {
        auto ended = self->state.numbers.find(msg.source);
        if (ended == self->state.numbers.end()) {
            self->quit(msg.reason);
            return;
        }
        const uint32_t number = ended->second;
        self->state.numbers.erase(ended);
        start_child(self, number, driver);
    });
    for (uint32_t i = 0; i < children; i++)
        start_child(self, i, driver);
    return {[](done_atom) {}};
}

struct driving {
    std::vector<actor> children;
    uint32_t started = 0;
    long left = 0;
    std::minstd_rand random;
    nanoclock::time_point begin;
};

behavior
crash_driver(stateful_actor<driving> *self, uint32_t children, long crashes, actor main)
{
    self->state.children.resize(children);
    self->state.left = crashes;
    return {[=](uint32_t number, const actor &child) {
        auto &state = self->state;
        state.children[number] = child;
        if (state.started < children && ++state.started < children)
            return;
        if (state.left == crashes)
            state.begin = nanoclock::now();
        if (state.left-- > 0)
            self->send(state.children[state.random() % children], crash_atom::value);
        else
            self->send(main, millions_per_second(crashes, ns_since(state.begin)));
    }};
}

double
restarts(actor_system &system, uint32_t children, long crashes)
{
    scoped_actor main{system};
    actor driver = system.spawn(crash_driver, children, crashes, actor{main});
    actor top = system.spawn(supervisor, children, driver); /* Ends when nobody holds it. */
    return result_of(main);
}

/* Many children: all are told to stop, and the last one's end is waited for.  They are
 * told anonymously, for who gets an exit message from its link loses the link. */

struct holding {
    std::vector<actor> children;
    uint32_t started = 0;
    uint32_t ended = 0;
    bool stopping = false;
};

behavior
placid(event_based_actor *self, actor above)
{
    self->send(above, next_atom::value);
    return {[](done_atom) {}};
}

void
stop_children(stateful_actor<holding> *self)
{
    self->state.stopping = true;
    for (auto child = self->state.children.rbegin(); child != self->state.children.rend();
         ++child)
        anon_send_exit(*child, exit_reason::user_shutdown);
}

behavior
holder(stateful_actor<holding> *self, actor main)
{
    self->set_exit_handler([=](exit_msg &msg) {
        if (!self->state.stopping)
            stop_children(self);
        else if (++self->state.ended == MANY)
            self->quit(msg.reason);
    });
    for (uint32_t i = 0; i < MANY; i++)
        self->state.children.push_back(self->spawn<linked>(placid, actor{self}));
    return {[=](next_atom) {
        if (++self->state.started == MANY)
            self->send(main, done_atom::value);
    }};
}

void
stop(scoped_actor &main, const actor &top)
{
    main->send_exit(top, exit_reason::user_shutdown);
    main->wait_for(top);
}

struct per_child {
    double start_ns, stop_ns;
};

/* For a second, since it is slow with two workers. */
per_child
start_and_stop(actor_system &system)
{
    scoped_actor main{system};
    per_child sum = {0, 0};
    int rounds = 0;
    do {
        const auto begin = nanoclock::now();
        actor top = system.spawn(holder, actor{main});
        main->receive([](done_atom) {});
        sum.start_ns += ns_since(begin);
        const auto started = nanoclock::now();
        stop(main, top);
        sum.stop_ns += ns_since(started);
        rounds++;
    } while (sum.start_ns + sum.stop_ns < 1e9);
    return {sum.start_ns / rounds / MANY, sum.stop_ns / rounds / MANY};
}

/* Many levels: each ends when the one below has. */
behavior
level(event_based_actor *self, uint32_t below, actor main)
{
    if (below == 0) {
        self->send(main, done_atom::value);
        return {[](done_atom) {}};
    }
    actor child = self->spawn<linked>(level, below - 1, main);
    self->set_exit_handler([=](exit_msg &msg) {
        if (msg.source == child.address())
            self->quit(msg.reason);
        else
            anon_send_exit(child, exit_reason::user_shutdown);
    });
    return {[](done_atom) {}};
}

} // namespace

double
restart(actor_system &system)
{
    return restarts(system, 1, 60000);
}

double
restart_10k(actor_system &system)
{
    return restarts(system, MANY, 4000); /* Each searches a list of the links. */
}

double
start_10k(actor_system &system)
{
    return start_and_stop(system).start_ns;
}

double
stop_10k(actor_system &system)
{
    return start_and_stop(system).stop_ns;
}

double
deep_stop(actor_system &system)
{
    const int rounds = 5;
    scoped_actor main{system};
    double ns = 0;
    for (int i = 0; i < rounds; i++) {
        actor top = system.spawn(level, MANY, actor{main});
        main->receive([](done_atom) {});
        const auto begin = nanoclock::now();
        stop(main, top);
        ns += ns_since(begin);
    }
    return ns / rounds / 1e6;
}
