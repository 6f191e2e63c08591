/* SPDX-License-Identifier: Apache-2.0 */

/* As many messages as go in, one way. */

#include "peer_caf.hpp"

#include <functional>
#include <memory>

using namespace caf;

namespace
{

/* Handed over: the message holds a pointer, the last one to let go frees the bytes. */
template <size_t Size> struct payload {
    uint64_t number;
    char rest[Size - sizeof(uint64_t)];
};

template <size_t Size> using payload_ptr = std::shared_ptr<payload<Size>>;

} // namespace

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(payload_ptr<1024>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(payload_ptr<65536>)

namespace
{

const int SLICE = 100;

using self_type = stateful_actor<counting> *;

/* Sends one message. */
using sending = std::function<void(self_type)>;

void
send_slice(self_type self, const sending &send_one)
{
    for (int i = 0; i < SLICE; i++)
        send_one(self);
    self->state.left -= SLICE;
}

/* After each slice others may get their turn. */
behavior
producer(self_type self, long count, sending send_one)
{
    self->state.left = count;
    self->send(self, go_atom::value);
    return {[=](go_atom) {
        send_slice(self, send_one);
        if (self->state.left > 0)
            self->send(self, go_atom::value);
        else
            self->quit();
    }};
}

/* Has two slices on their way: with one worker all of them would be sent before the
 * first is read, and for payloads the memory would be what is measured. */
behavior
mover(self_type self, long count, sending send_one)
{
    self->state.left = count;
    send_slice(self, send_one);
    send_slice(self, send_one);
    return {[=](next_atom) {
        if (self->state.left > 0)
            send_slice(self, send_one);
    }};
}

void
count_down(self_type self, long count, const actor &main)
{
    if (--self->state.left == 0)
        self->send(main, millions_per_second(count, ns_since(self->state.begin)));
}

behavior
consumer(self_type self, long count, actor main)
{
    self->state.left = count;
    return {[=](uint64_t) { count_down(self, count, main); }};
}

double
fan_in(actor_system &system, int producers)
{
    const long each = 2000000 / producers;
    scoped_actor main{system};
    actor to = system.spawn(consumer, each * producers, actor{main});
    for (int i = 0; i < producers; i++)
        system.spawn(producer, each, [to](self_type self) { self->send(to, uint64_t(1)); });
    return result_of(main);
}

template <size_t Size>
behavior
reader(self_type self, long count, actor main)
{
    self->state.left = count;
    auto sum = std::make_shared<uint64_t>(0);
    return {[=](const payload_ptr<Size> &data) {
        *sum += data->number;
        if (self->state.left == 1 && *sum != uint64_t(count))
            die("a wrong sum");
        count_down(self, count, main);
        if (self->state.left % SLICE == 0)
            self->send(actor_cast<actor>(self->current_sender()), next_atom::value);
    }};
}

template <size_t Size>
double
move(actor_system &system, long count)
{
    scoped_actor main{system};
    actor to = system.spawn(reader<Size>, count, actor{main});
    actor from = system.spawn(mover, count, [to](self_type self) {
        payload_ptr<Size> data{new payload<Size>}; /* make_shared would clear it. */
        data->number = 1;
        self->send(to, std::move(data));
    });
    return result_of(main);
}

} // namespace

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

double
name_send(actor_system &system)
{
    const long count = 2000000;
    scoped_actor main{system};
    system.registry().put(atom("sink"), system.spawn(consumer, count, actor{main}));
    system.spawn(producer, count, [](self_type self) {
        self->send(self->system().registry().get<actor>(atom("sink")), uint64_t(1));
    });
    return result_of(main);
}

double
move_1k(actor_system &system)
{
    return move<1024>(system, 1000000);
}

double
move_64k(actor_system &system)
{
    return move<65536>(system, 600000);
}
