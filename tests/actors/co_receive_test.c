/* SPDX-License-Identifier: Apache-2.0 */
/*
 * co_receive_test.c - what becomes of a message that a body has received, alone or among
 * others, whatever the body does then.
 */
#include <coppice/co.h>
#include <coppice/fault.h>

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
        if (got->n == 2) /* behind what is continued */
            COP_TRY(cop_send(me, cop_self(me), tick, .n = 200 + got->n));
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
start(cop_actor *me, void *state, void *behaviour)
{
    (void)state;
    return cop_spawn(me, behaviour, NULL, &body);
}

/* An owner, and a body of that behaviour. */
static void
open_with(const cop_behaviour *behaviour, uint64_t seed)
{
    stage_open(&owner_b, seed);
    assert_int_equal(
        cop_post_call(stage.node, stage.actor, start, (void *)(uintptr_t)behaviour, NULL),
        COP_OK);
    cop_sim_settle(stage.sim);
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
        [READS_ON] = "1 2",       [SLEEPS] = "1 2",
        [YIELDS] = "1 2",         [CONTINUES] = "1 101 2 102 202",
        [LOOKS_FOR_MORE] = "1 2", [RETURNS] = "1 ended",
        [FAILS] = "failed",       [STOPS] = "1 ended",
        [IS_STOPPED] = "stopped", [IS_KILLED] = "killed",
    };

    (void)state;
    for (chosen = READS_ON; chosen < FATES; chosen++) {
        open_with(&reader_b, chosen);
        tell(1);
        stage_pass(chosen < RETURNS ? 20 : 5);
        if (chosen < RETURNS)
            assert_string_equal(stage.trace, chosen == CONTINUES ? "1 101" : "1");
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
        [CONTINUES] = "1 101 2 102 202",
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
            open_with(&reader_b, seed);
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

/* ------------------------------------------------------------------------ which one it gets */

static bool
is_even(const cop_received *message, void *ctx)
{
    (void)ctx;
    return cop_as(message, tick) != NULL && cop_as(message, tick)->n % 2 == 0;
}

/* Each comes alone, and finds a body that waits for something else, or for just that. */
COP_BODY(chooser, void, unused)
{
    const tick *got;
    cop_received any;

    (void)me;
    (void)unused;
    COP_TRY(cop_receive_a(co, COP_INFINITY, tick, &got));
    stage_say("tick %d", (int)got->n);
    COP_TRY(cop_receive_if(co, COP_INFINITY, is_even, NULL, &any));
    stage_say("even %d", (int)cop_as(&any, tick)->n);
    for (int i = 0; i < 2; i++) {
        COP_TRY(cop_receive(co, COP_INFINITY, &any));
        stage_say("%s", any.type->name);
    }
    return COP_OK;
}
static COP_SEQUENTIAL(chooser_b, chooser);

static void
one_that_comes_alone_is_asked_for_like_any_other(void **state)
{
    (void)state;
    open_with(&chooser_b, 1);
    assert_int_equal(cop_post(stage.node, body, go), COP_OK);
    stage_expect("");
    tell(1);
    stage_expect("tick 1");
    tell(3);
    stage_expect("");
    tell(4);
    stage_expect("even 4 go tick ended");
    stage_close();
}

/* The same where nothing else waits. */
COP_BODY(picky, void, unused)
{
    cop_received any;
    const say *got;

    (void)me;
    (void)unused;
    COP_TRY(cop_receive_if(co, COP_INFINITY, is_even, NULL, &any));
    stage_say("even %d", (int)cop_as(&any, tick)->n);
    COP_TRY(cop_receive_a(co, COP_INFINITY, say, &got));
    stage_say("say %d", (int)got->n);
    return COP_OK;
}
static COP_SEQUENTIAL(picky_b, picky);

static void
one_that_is_not_wanted_waits(void **state)
{
    (void)state;
    open_with(&picky_b, 1);
    tell(2);
    stage_expect("even 2");
    tell(4);
    stage_expect("");
    assert_int_equal(cop_post(stage.node, body, say, .n = 5), COP_OK);
    stage_expect("say 5 ended");
    stage_close();
    open_with(&picky_b, 1);
    tell(1);
    stage_expect("");
    stage_close();
}

/* What has come is found without waiting, and whose it was is not said of the next. */
COP_BODY(impatient, void, unused)
{
    cop_received any;

    (void)unused;
    COP_TRY(cop_send(me, cop_self(me), tick, .n = 1));
    COP_TRY(cop_receive(co, 0, &any));
    stage_say("%d", cop_pid_equal(cop_sender(me), cop_self(me)));
    assert_int_equal(cop_receive(co, -5, &any), COP_E_INVAL);
    stage_say("%d", cop_pid_is_none(cop_sender(me)));
    assert_int_equal(cop_receive(co, 0, &any), COP_E_TIMEOUT);
    return COP_OK;
}
static COP_SEQUENTIAL(impatient_b, impatient);

static void
what_is_there_is_found_without_waiting(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        open_with(&impatient_b, seed);
        stage_expect("1 1 ended");
        stage_close();
    }
}

/* ------------------------------------------------------------------------ whose turn it is */

enum {
    HOARD = 5000, /* messages: some turns' */
};

static int read_so_far, read_when_the_other_ran;

COP_BODY(hoarder, void, unused)
{
    const tick *got;

    (void)unused;
    for (int i = 0; i < HOARD; i++)
        COP_TRY(cop_send(me, cop_self(me), tick, .n = i));
    for (; read_so_far < HOARD; read_so_far++)
        COP_TRY(cop_receive_a(co, COP_INFINITY, tick, &got));
    return COP_OK;
}
static COP_SEQUENTIAL(hoarder_b, hoarder);

COP_BODY(bystander, void, unused)
{
    (void)me;
    (void)unused;
    while (read_so_far == 0)
        COP_TRY(cop_yield(co));
    read_when_the_other_ran = read_so_far;
    return COP_OK;
}
static COP_SEQUENTIAL(bystander_b, bystander);

static cop_err
start_both(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    COP_TRY(cop_spawn(me, &hoarder_b, NULL, NULL));
    return cop_spawn(me, &bystander_b, NULL, NULL);
}

static void
who_always_finds_a_message_gives_way(void **state)
{
    (void)state;
    read_so_far = 0;
    stage_open(&owner_b, 1);
    cop_sim_in_order(stage.sim);
    stage_do(start_both);
    stage_expect("ended ended");
    assert_int_equal(read_so_far, HOARD);
    assert_in_range(read_when_the_other_ran, 1, HOARD / 2);
    stage_close();
}

/* The same, but it sends one for each that it reads, which costs more. */
COP_BODY(babbler, void, unused)
{
    const tick *got;

    (void)unused;
    for (int i = 0; i < HOARD / 10; i++)
        COP_TRY(cop_send(me, cop_self(me), tick, .n = i));
    for (; read_so_far < HOARD; read_so_far++) {
        COP_TRY(cop_receive_a(co, COP_INFINITY, tick, &got));
        COP_TRY(cop_send(me, cop_self(me), tick, .n = got->n));
    }
    return COP_OK;
}
static COP_SEQUENTIAL(babbler_b, babbler);

static cop_err
start_babbler(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    COP_TRY(cop_spawn(me, &babbler_b, NULL, NULL));
    return cop_spawn(me, &bystander_b, NULL, NULL);
}

static void
who_sends_much_gives_way_sooner(void **state)
{
    (void)state;
    read_so_far = 0;
    stage_open(&owner_b, 1);
    cop_sim_in_order(stage.sim);
    stage_do(start_babbler);
    stage_expect("ended ended");
    assert_in_range(read_when_the_other_ran, 1, 200);
    stage_close();
}

/* A turn in a simulation is as long as its seed says, or until a fault. */
static void
the_message_of_a_fault_is_not_handled(void **state)
{
    (void)state;
    chosen = READS_ON;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        open_with(&reader_b, seed);
        assert_int_equal(
            cop_sim_fault(stage.sim,
                          &(cop_fault){.kind = &cop_fault_kill, .who = "reader_b", .at = 3}),
            COP_OK);
        for (int n = 1; n <= 5; n++)
            tell(n);
        stage_expect("1 2 killed");
        stage_close();
    }
}

/* ------------------------------------------------------------------------ thrown away */

COP_BODY(thinker, void, unused)
{
    cop_received request;

    (void)me;
    (void)unused;
    COP_TRY(cop_receive(co, COP_INFINITY, &request));
    return cop_sleep(co, 900);
}
static COP_SEQUENTIAL(thinker_b, thinker);

typedef struct asker {
    int unused;
} asker;

COP_REPLY(asker, answer_n)
{
    (void)me;
    (void)st;
    (void)msg;
    stage_say("%s", cop_err_text(err));
    return COP_OK;
}

COP_HANDLER(asker, cop_start)
{
    (void)st;
    (void)msg;
    return cop_ask(me, body, 1000, COP_THEN(asker, answer_n), ask_n);
}
static COP_BEHAVIOUR(asker_b, asker, COP_ON(asker, cop_start));

static cop_err
start_asker(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    return cop_spawn(me, &asker_b, NULL, NULL);
}

/* Nobody who is thrown away as well is told of a request that is not answered, and the time of
 * who is gone already is no longer looked at. */
static void
a_request_is_thrown_away_with_its_simulation(void **state)
{
    (void)state;
    open_with(&thinker_b, 1);
    for (int i = 0; i < 8; i++)
        stage_do(start_asker);
    stage_pass(890);
    cop_sim_free(&stage.sim);
    assert_string_equal(stage.trace, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_comes_alone_is_good_until_the_next_is_wanted),
        cmocka_unit_test(so_is_one_among_others),
        cmocka_unit_test(one_that_comes_alone_is_asked_for_like_any_other),
        cmocka_unit_test(one_that_is_not_wanted_waits),
        cmocka_unit_test(what_is_there_is_found_without_waiting),
        cmocka_unit_test(who_always_finds_a_message_gives_way),
        cmocka_unit_test(who_sends_much_gives_way_sooner),
        cmocka_unit_test(the_message_of_a_fault_is_not_handled),
        cmocka_unit_test(a_request_is_thrown_away_with_its_simulation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
