/* SPDX-License-Identifier: Apache-2.0 */

/* Timers: CAF 0.17 cannot cancel a delayed message, only the deadline of a
 * request, so that is what is armed.  A quarter of a million: they are slow.
 * The second round counts: in the first one the memory is new. */

#include "peer_caf.hpp"

#include <random>

using namespace caf;

namespace
{

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

} // namespace

double
timer_arm(actor_system &system)
{
    timers(system);
    return timers(system).arm_ns;
}

double
timer_cancel(actor_system &system)
{
    timers(system);
    return timers(system).cancel_ns;
}
