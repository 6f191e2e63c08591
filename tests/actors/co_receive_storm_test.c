/* SPDX-License-Identifier: Apache-2.0 */
/*
 * co_receive_storm_test.c - many bodies that send each other messages on two workers, and let
 * some time pass before they have done with what they received.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#include <coppice/co.h>
#include <coppice/node.h>

#include "protocol.h"

enum {
    BODIES = 16,
    EACH = 4000, /* messages that each of them sends */
};

static cop_pid bodies[BODIES];
static atomic_llong sent, received;

typedef struct partner {
    uint64_t rng;
    int left;
    bool has_said;
} partner;

static unsigned
draw(partner *self, unsigned below)
{
    self->rng = self->rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(self->rng >> 33) % below;
}

static cop_err
send_on(cop_actor *me, partner *self)
{
    cop_pid to = bodies[draw(self, BODIES)];
    int64_t n = (int64_t)draw(self, 1000000);

    if (self->left == 0)
        return COP_OK;
    self->left--;
    COP_TRY(cop_send(me, to, tick, .n = n));
    atomic_fetch_add_explicit(&sent, n, memory_order_relaxed);
    return COP_OK;
}

static cop_err
dawdle(cop_co *co, partner *self)
{
    switch (draw(self, 8)) {
    case 0: return cop_yield(co);
    case 1: return cop_sleep(co, draw(self, 2));
    default: return COP_OK;
    }
}

static cop_err
read_one(cop_co *co, partner *self, int32_t within_ms)
{
    const tick *got;

    COP_TRY(cop_receive_a(co, within_ms, tick, &got));
    int64_t before = got->n;
    COP_TRY(dawdle(co, self));
    assert_int_equal(got->n, before);
    atomic_fetch_add_explicit(&received, before, memory_order_relaxed);
    return COP_OK;
}

/* Once all are there, until all of its own are sent; then it says so, and reads on until nobody
 * sends. */
COP_BODY(partner, partner, self)
{
    COP_TRY(read_one(co, self, COP_INFINITY));
    for (;;) {
        COP_TRY(send_on(me, self));
        if (self->left == 0 && !self->has_said) {
            self->has_said = true;
            COP_TRY(cop_send(me, cop_owner(me), say, .n = 0));
        }
        cop_err err =
            read_one(co, self, self->left > 0 ? (int32_t)draw(self, 2) : COP_INFINITY);
        if (err != COP_E_TIMEOUT)
            COP_TRY(err);
    }
}
static COP_SEQUENTIAL(partner_b, partner);

static partner partners[BODIES];

typedef struct host {
    int done;
} host;

COP_HANDLER(host, cop_start)
{
    (void)st;
    for (int i = 0; i < BODIES; i++)
        COP_TRY(cop_spawn(me, &partner_b, &(cop_spawn_opts){.arg = &partners[i]}, &bodies[i]));
    for (int i = 0; i < BODIES; i++)
        COP_TRY(cop_send(me, bodies[i], tick, .n = 0));
    return COP_OK;
}

COP_HANDLER(host, say)
{
    (void)msg;
    return ++st->done < BODIES ? COP_OK : cop_send(me, cop_self(me), go);
}

/* Nobody sends any more; what was sent arrives. */
COP_HANDLER(host, go)
{
    (void)st;
    if (atomic_load(&received) == atomic_load(&sent))
        return cop_stop(me);
    return cop_send(me, cop_self(me), go);
}
static COP_BEHAVIOUR(host_b, host, COP_ON(host, cop_start), COP_ON(host, say),
                     COP_ON(host, go));

static void
each_message_is_received_once_on_whatever_worker(void **state)
{
    (void)state;
    for (int i = 0; i < BODIES; i++)
        partners[i] = (partner){.rng = (uint64_t)i + 1, .left = EACH};
    assert_int_equal(cop_run(&host_b, &(cop_node_opts){.workers = 2}), 0);
    assert_int_equal(atomic_load(&received), atomic_load(&sent));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_is_received_once_on_whatever_worker),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
