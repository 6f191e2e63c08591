/* SPDX-License-Identifier: Apache-2.0 */
/*
 * co_receive_test.c - what becomes of a message that a body has received, alone or among others,
 * whatever the body does then; and many bodies that send each other messages on two workers.
 */
#include <stdatomic.h>

#include <coppice/co.h>
#include <coppice/node.h>

#include "actor_stage.h"

#include "protocol.h"

/* ------------------------------------------------------------------ what a body does with it */

typedef enum fate {
    READS_ON,
    SLEEPS,
    YIELDS,
    CONTINUES,
    LOOKS_FOR_MORE,
    RETURNS,
    FAILS,
    STOPS,
    IS_STOPPED,
    IS_KILLED,
    FATES
} fate;

static fate chosen;

/* What it received stays as it was until it receives again. */
static cop_err
use(cop_co *co, const tick *got)
{
    cop_actor *me = cop_actor_of(co);
    cop_received more;

    switch (chosen) {
    case SLEEPS:
    case IS_STOPPED:
    case IS_KILLED: COP_TRY(cop_sleep(co, 10)); break;
    case YIELDS: COP_TRY(cop_yield(co)); break;
    case CONTINUES:
        if (got->n < 100)
            COP_TRY(cop_continue(me, tick, .n = 100 + got->n));
        break;
    case LOOKS_FOR_MORE:
        stage_say("%d", (int)got->n);
        if (cop_receive(co, 0, &more) == COP_OK)
            stage_say("and %d", (int)cop_as(&more, tick)->n);
        return COP_OK;
    case FAILS: return cop_fail(me, 1, "no");
    case STOPS: COP_TRY(cop_stop(me)); break;
    default: break;
    }
    stage_say("%d", (int)got->n);
    return COP_OK;
}

COP_BODY(reader, void, arg)
{
    const tick *got;

    (void)arg;
    do {
        COP_TRY(cop_receive_a(co, COP_INFINITY, tick, &got));
        COP_TRY(use(co, got));
    } while (chosen != RETURNS && chosen != STOPS);
    return COP_OK;
}
static COP_SEQUENTIAL(reader_b, reader);

typedef struct owner {
    int unused;
} owner;

COP_HANDLER(owner, cop_child_down)
{
    stage_say(msg->why.kind == COP_EXIT_NORMAL     ? "ended"
              : msg->why.kind == COP_EXIT_ERROR    ? "failed"
              : msg->why.kind == COP_EXIT_KILLED   ? "killed"
              : msg->why.kind == COP_EXIT_SHUTDOWN ? "stopped"
                                                   : "?");
    return COP_OK;
}
static const cop_behaviour owner_b = {
    .name = "owner",
    .state_size = sizeof(owner),
    .policy = COP_COLLECT,
    .handlers = COP_HANDLERS(COP_ON(owner, cop_child_down)),
};

static cop_pid body;

static cop_err
start_reader(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    return cop_spawn(me, &reader_b, NULL, &body);
}

static cop_err
end_it(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    if (chosen == IS_STOPPED)
        return cop_stop_child(me, body);
    cop_kill(me, body);
    return COP_OK;
}

static void
tell(int64_t n)
{
    assert_int_equal(cop_post(stage.node, body, tick, .n = n), COP_OK);
}

static void
one_that_comes_alone_is_good_until_the_next_is_wanted(void **state)
{
    /* Of message 1, which comes alone, and 2, which comes a little later. */
    static const char *const said[FATES] = {
        [READS_ON] = "1 2",          [SLEEPS] = "1 2",         [YIELDS] = "1 2",
        [CONTINUES] = "1 101 2 102", [LOOKS_FOR_MORE] = "1 2", [RETURNS] = "1 ended",
        [FAILS] = "failed",          [STOPS] = "1 ended",      [IS_STOPPED] = "stopped",
        [IS_KILLED] = "killed",
    };

    (void)state;
    for (chosen = READS_ON; chosen < FATES; chosen++) {
        stage_open(&owner_b, chosen);
        stage_do(start_reader);
        tell(1);
        stage_pass(5);
        if (chosen == IS_STOPPED || chosen == IS_KILLED)
            stage_do(end_it);
        else if (chosen < RETURNS)
            tell(2);
        stage_pass(100);
        stage_expect(said[chosen]);
        stage_close();
    }
}

/* The same with both at once, and a signal among them. */
static void
so_is_one_among_others(void **state)
{
    static const char *const said[FATES] = {
        [READS_ON] = "1 2",
        [SLEEPS] = "1 2",
        [YIELDS] = "1 2",
        [CONTINUES] = "1 101 2 102",
        [LOOKS_FOR_MORE] = "1 and 2",
        [RETURNS] = "1 ended",
        [FAILS] = "failed",
        [STOPS] = "1 ended",
        [IS_STOPPED] = "stopped",
        [IS_KILLED] = "killed",
    };

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++)
        for (chosen = READS_ON; chosen < FATES; chosen++) {
            stage_open(&owner_b, seed);
            stage_do(start_reader);
            tell(1);
            tell(2);
            if (chosen == IS_STOPPED || chosen == IS_KILLED)
                stage_do(end_it);
            stage_pass(100);
            /* Who looks whether there is more may look before it has come. */
            if (chosen != LOOKS_FOR_MORE || strcmp(stage.trace, "1 2") != 0)
                stage_expect(said[chosen]);
            stage_close();
        }
}

/* ------------------------------------------------------------------------ on two workers */

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

/* Until all of its own are sent; then it says so, and reads on until nobody sends. */
COP_BODY(partner, partner, self)
{
    const tick *got;

    for (;;) {
        COP_TRY(send_on(me, self));
        if (self->left == 0 && !self->has_said) {
            self->has_said = true;
            COP_TRY(cop_send(me, cop_owner(me), say, .n = 0));
        }
        cop_err err = cop_receive_a(co, self->left > 0 ? (int32_t)draw(self, 2) : COP_INFINITY,
                                    tick, &got);
        if (err == COP_E_TIMEOUT)
            continue;
        COP_TRY(err);
        int64_t before = got->n;
        COP_TRY(dawdle(co, self));
        assert_int_equal(got->n, before);
        atomic_fetch_add_explicit(&received, before, memory_order_relaxed);
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
        cmocka_unit_test(one_that_comes_alone_is_good_until_the_next_is_wanted),
        cmocka_unit_test(so_is_one_among_others),
        cmocka_unit_test(each_message_is_received_once_on_whatever_worker),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
