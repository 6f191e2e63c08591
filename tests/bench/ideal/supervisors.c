/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisors.c - what remains of them: records that are initialised and queued.
 */
#include "ideal.h"

static bool
crash(actor *self, message *msg)
{
    (void)self;
    return msg->tag != GO;
}

/* A new state in the old record, and a report. */
void
restart(actor *self)
{
    self->left = self->total = 0;
    self->on_message = crash;
    self->run = run_mail;
    post(self->peer, self, REPLY, 0);
    run_mail(self);
}

enum {
    CRASHES = 10000000,
    MANY = 10000,
    ROUNDS = 200
};

static actor *children[MANY];

/* `total` is how many children there are. */
static bool
crash_one(actor *self, message *msg)
{
    (void)msg;
    if (self->left-- > 0)
        post(children[random_below((uint32_t)self->total)], self, GO, 0);
    return true;
}

static double
restarts(uint64_t count)
{
    actor *driver = actor_new(crash_one, NULL, CRASHES);

    driver->total = count;
    for (uint64_t i = 0; i < count; i++)
        children[i] = actor_new(crash, driver, 0);
    post(driver, NULL, GO, 0);
    return millions_per_second(CRASHES, run_all());
}

double
restart_one(void)
{
    return restarts(1);
}

double
restart_10k(void)
{
    return restarts(MANY);
}

/* Start and stop.  A child that starts is there; one that is told to stop says so and is
 * gone, and only then the one before it is told. */

typedef struct times {
    double start_ns;
    double stop_ns;
} times;

static void
run_start(actor *self)
{
    self->left = self->total = 0;
    self->run = run_mail;
    run_mail(self);
}

static bool
end(actor *self, message *msg)
{
    post(msg->from, self, REPLY, 0);
    return true;
}

/* It sleeps, and will not be woken again. */
static void
bury(actor *self)
{
    if (self->handled != &self->first)
        give_message(self->handled);
    give_record(self);
}

static bool
stop_next(actor *self, message *msg)
{
    if (msg->tag == REPLY)
        bury(msg->from);
    if (self->left > 0)
        post(children[--self->left], self, GO, 0);
    return true;
}

static times
start_and_stop(void)
{
    actor *supervisor = actor_new(stop_next, NULL, 0);
    times sum = {0, 0};

    for (int round = 0; round < ROUNDS; round++) {
        const double begin = now_ns();
        for (; supervisor->left < MANY; supervisor->left++) {
            actor *child = children[supervisor->left] = take_record();
            actor_init(child, end, supervisor, 0);
            /* In the run queue, hence awake. */
            atomic_init(&child->newest, (uintptr_t)&child->first);
            child->run = run_start;
            make_ready(child);
        }
        run_all();
        sum.start_ns += now_ns() - begin;
        post(supervisor, NULL, GO, 0);
        sum.stop_ns += run_all();
        must_be(supervisor->left == 0, "children were not stopped");
    }
    return sum;
}

double
start_10k(void)
{
    return start_and_stop().start_ns / ROUNDS / MANY;
}

double
stop_10k(void)
{
    return start_and_stop().stop_ns / ROUNDS / MANY;
}

/* Down the chain goes the request, up comes the end.  `peer` is who is below, and once the
 * request has come, who is above. */
static bool
pass_stop(actor *self, message *msg)
{
    actor *const other = self->peer;

    if (msg->tag == REPLY) {
        bury(msg->from);
        post(other, self, REPLY, 0);
        return true;
    }
    self->peer = msg->from;
    if (other != NULL)
        post(other, self, GO, 0);
    else
        post(msg->from, self, REPLY, 0);
    return true;
}

static bool
see_end(actor *self, message *msg)
{
    bury(msg->from);
    self->total++;
    return true;
}

double
deep_stop(void)
{
    actor *watcher = actor_new(see_end, NULL, 0);
    double ns = 0;

    for (int round = 0; round < ROUNDS; round++) {
        actor *top = NULL;
        for (int i = 0; i <= MANY; i++) { /* One worker more than supervisors. */
            actor *above = take_record();
            actor_init(above, pass_stop, top, 0);
            top = above;
        }
        post(top, watcher, GO, 0);
        ns += run_all();
    }
    must_be(watcher->total == ROUNDS, "the chain did not end");
    return ns / ROUNDS / 1e6;
}
