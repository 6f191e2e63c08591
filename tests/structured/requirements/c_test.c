/* SPDX-License-Identifier: Apache-2.0 */
/*
 * c_test.c - being cancelled: a state, with a force and a reason, of all that is in it.
 */
#include <fcntl.h>
#include <unistd.h>

#include <coppice/watch.h>

#include "structured/requirements/kinds.h"

#define TALK(M, F)                                                                             \
    M(1, question)                                                                             \
    M(2, reply, F(i64, n))                                                                     \
    M(3, word, F(i64, n))
COP_PROTOCOL(TALK)

static const child_kind *kind; /* of the row */
static cop_scope scope;

static cop_err
on_closed(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome)
{
    (void)me;
    (void)state;
    (void)ctx;
    ground_say("closed:%s[%s]", cop_exit_kind_name(outcome->why.kind), outcome->why.text);
    return COP_OK;
}

static cop_err
open_scope(cop_actor *me, cop_policy policy, int32_t drain_ms)
{
    return cop_scope_open(
        me,
        &(cop_scope_opts){
            .name = "s", .policy = policy, .drain_ms = drain_ms, .closed = on_closed},
        &scope);
}

ACT(open_fail_fast)
{
    return open_scope(me, COP_FAIL_FAST, 0);
}
ACT(cancel_scope)
{
    return cop_scope_cancel(me, scope, COP_FORCE_HARD,
                            &(cop_exit){.code = 5, .text = "enough"});
}
ACT(nothing)
{
    return COP_OK;
}

/* ------------------------------------------------------------------------------ C1 */

static int quiet[2];   /* a pipe with nothing in it */
static cop_pid a_mute; /* it does not answer */

static cop_err
wait_for_gate(cop_job *job, void *arg)
{
    (void)arg;
    while (!cop_job_is_cancelled(job))
        usleep(1000);
    return COP_E_CANCELLED;
}

/* What a body may wait for, or start. */
typedef cop_err operation(cop_co *co);

static cop_err
sleeps(cop_co *co)
{
    return cop_sleep(co, COP_INFINITY);
}
static cop_err
yields(cop_co *co)
{
    cop_err err;

    while ((err = cop_yield(co)) == COP_OK)
        continue;
    return err;
}
static cop_err
receives(cop_co *co)
{
    cop_received any;

    return cop_receive(co, COP_INFINITY, &any);
}
static cop_err
calls(cop_co *co)
{
    const reply *answer;

    return cop_call(co, a_mute, 1000 * 1000, reply, &answer, question);
}
static cop_err
waits_for_fd(cop_co *co)
{
    return cop_wait_fd(co, quiet[0], COP_READABLE, COP_INFINITY, NULL);
}
static cop_err
works(cop_co *co)
{
    return cop_work(co, &(cop_job_spec){.name = "wait", .work = wait_for_gate}, NULL);
}
static cop_err
sleeps_deep_inside(cop_co *co)
{
    cop_err err = COP_OK;

    COP_SCOPE(co, a, NULL, .name = "a")
    COP_SCOPE(co, b, NULL, .name = "b", .deadline_ms = 1000 * 1000)
    err = cop_sleep(co, COP_INFINITY);
    return err == COP_OK ? cop_sleep(co, 0)
                         : err; /* one that does not open is cancelled, too */
}

typedef struct row {
    const char *name;
    operation *run;
    ground_kind ground;
} row;

static const row operations[] = {
    {"cop_sleep",               sleeps,             GROUND_SIM },
    {"cop_yield",               yields,             GROUND_REAL},
    {"cop_receive",             receives,           GROUND_SIM },
    {"cop_call",                calls,              GROUND_SIM },
    {"cop_wait_fd",             waits_for_fd,       GROUND_REAL},
    {"cop_work",                works,              GROUND_REAL},
    {"cop_sleep in two scopes", sleeps_deep_inside, GROUND_SIM },
};
static const row *operated;

/* It keeps what it is asked. */
typedef struct mute {
    cop_token token;
} mute;

COP_HANDLER(mute, question)
{
    return cop_defer(me, &st->token);
}
static COP_BEHAVIOUR(mute_b, mute, COP_ON(mute, question));

COP_BODY(operator, void, arg)
{
    unsigned refused = 0;

    (void)arg;
    ground_say("begun");
    cop_err first = operated->run(co);
    for (int i = 0; i < 100; i++)
        refused += operated->run(co) == COP_E_CANCELLED;
    ground_say("first:%s then:%u", cop_err_name(first), refused);
    return first;
}
static COP_SEQUENTIAL(operator_b, operator);

ACT(start_operator)
{
    COP_TRY(open_scope(me, COP_FAIL_FAST, 0));
    COP_TRY(cop_spawn(me, &mute_b, NULL, &a_mute));
    return cop_spawn(me, &operator_b, &(cop_spawn_opts){.scope = scope}, NULL);
}

static void
c1_what_waits_is_told_and_what_comes_later_is_too(void **state)
{
    (void)state;
    assert_int_equal(pipe2(quiet, O_NONBLOCK | O_CLOEXEC), 0);
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        operated = &operations[i];
        print_message("             %s\n", operated->name);
        ground_open(operated->ground, &ground_b, 1);
        ground_do(start_operator, NULL);
        ground_await("begun");
        ground_do(cancel_scope, NULL);
        ground_await("closed:shutdown[enough]");
        assert_int_equal(ground_count("first:COP_E_CANCELLED then:100"), 1);
        if (here.sim != NULL)
            assert_int_equal(cop_sim_now_ms(here.sim), 0);
        ground_close();
    }
    close(quiet[0]);
    close(quiet[1]);
}

/* The same for an actor with handlers: its call ends by that. */
typedef struct asker {
    char unused;
} asker;

COP_REPLY(asker, reply)
{
    ground_say("answer:%s", cop_err_name(err));
    return COP_OK;
}
COP_HANDLER(asker, cop_start)
{
    return cop_ask(me, a_mute, 1000 * 1000, COP_THEN(asker, reply), question);
}
COP_HANDLER(asker, cop_end)
{
    ground_say("end:%s",
               cop_err_name(cop_ask(me, a_mute, 1000, COP_THEN(asker, reply), question)));
    return COP_OK;
}
static COP_BEHAVIOUR(asker_b, asker, COP_ON(asker, cop_start), COP_ON(asker, cop_end));

ACT(start_asker)
{
    COP_TRY(open_scope(me, COP_FAIL_FAST, 0));
    COP_TRY(cop_spawn(me, &mute_b, NULL, &a_mute));
    return cop_spawn(me, &asker_b, &(cop_spawn_opts){.scope = scope}, NULL);
}

static void
c1_a_handlers_call_is_told_before_its_actor_ends(void **state)
{
    (void)state;
    ground_open(GROUND_SIM, &ground_b, 1);
    ground_do(start_asker, NULL);
    ground_do(cancel_scope, NULL);
    ground_expect("answer:COP_E_CANCELLED end:COP_E_GONE closed:shutdown[enough]");
    ground_close();
}

/* A block that hangs elsewhere than where its body stands: is it told what is told there? */
typedef struct standing {
    bool shields;  /* the scope that it hangs in does */
    bool encloses; /* ... and is itself in the block that is cancelled */
    bool by_time;  /* that has a deadline, and nobody cancels it */
    const char *trace;
} standing;

static void
child_gone(void *ctx)
{
    (void)ctx;
    ground_say("child");
}

COP_BODY(inmate, void, arg)
{
    return cop_sleep(co, COP_INFINITY);
}
static COP_SEQUENTIAL(inmate_b, inmate);

static cop_err
stand_within(cop_co *co, cop_actor *me, cop_scope elsewhere)
{
    cop_outcome outcome;
    cop_scope_state state;
    cop_err err = COP_OK, again = COP_OK;

    COP_SCOPE(co, in, &outcome, .name = "in", .within = elsewhere)
    {
        COP_TRY(cop_spawn(me, &inmate_b,
                          &(cop_spawn_opts){.scope = in.scope, .dispose = child_gone}, NULL));
        cop_look(co, &state);
        ground_say("left:%d", (int)state.left_ms);
        err = cop_sleep(co, 100);
        again = cop_sleep(co, 100);
        cop_look(co, &state);
        ground_say("%s %s %s", cop_err_name(err), cop_err_name(again), state.why.text);
    }
    return COP_OK;
}

COP_BODY(stands, const standing, row)
{
    cop_outcome outcome;
    cop_scope elsewhere;
    cop_scope_opts there = {
        .name = "there", .shield = row->shields, .deadline_ms = row->shields ? 1000 : 0};

    if (!row->encloses)
        COP_TRY(cop_scope_open(me, &there, &elsewhere));
    COP_SCOPE(co, out, &outcome, .name = "out", .deadline_ms = row->by_time ? 50 : 500)
    {
        scope = out.scope;
        if (!row->by_time)
            COP_TRY(cop_scope_after(me, cop_here(me), 50, cancel_scope, NULL, NULL, NULL));
        there.within = out.scope;
        if (row->encloses)
            COP_TRY(cop_scope_open(me, &there, &elsewhere));
        COP_TRY(stand_within(co, me, elsewhere));
    }
    ground_say("out:%s", cop_exit_kind_name(outcome.why.kind));
    return COP_OK;
}
static COP_SEQUENTIAL(stands_b, stands);

ACT(stand)
{
    return cop_spawn(me, &stands_b, &(cop_spawn_opts){.arg = arg}, NULL);
}

static void
c1_a_block_is_told_where_its_body_stands_wherever_it_hangs(void **state)
{
    static const standing rows[] = {
        {.trace = "left:500 child COP_E_CANCELLED COP_E_CANCELLED enough out:shutdown"},
        { .by_time = true,
         .trace = "left:50 child COP_E_CANCELLED COP_E_CANCELLED the scope's time is over "
                  "out:deadline"},
        {                                                               .shields = true,
         .trace = "left:500 child COP_E_CANCELLED COP_E_CANCELLED enough out:shutdown"},
        {   .encloses = true,
         .trace = "left:500 child COP_E_CANCELLED COP_E_CANCELLED enough out:shutdown"},
        {                          .shields = true,
         .encloses = true,
         .trace = "left:1000 COP_OK COP_OK  child out:shutdown"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ground_open(GROUND_SIM, &ground_b, 1);
        ground_do(stand, (void *)(uintptr_t)&rows[i]);
        ground_pass(2000);
        ground_expect(rows[i].trace);
        ground_close();
    }
}

/* ------------------------------------------------------------------------------ C2 */

/* It thinks that it can go on: asyncio needs 8 s more, until this sleep is over. */
COP_BODY(swallower, void, arg)
{
    (void)arg;
    (void)!cop_sleep(co, 8000);
    (void)!cop_sleep(co, 8000);
    ground_say("swallowed@%d", (int)cop_now_ms(me));
    return COP_OK;
}
static COP_SEQUENTIAL(swallower_b, swallower);

ACT(swallow)
{
    COP_TRY(cop_scope_open(
        me, &(cop_scope_opts){.name = "s", .deadline_ms = 1000, .closed = on_closed}, &scope));
    return cop_spawn(me, &swallower_b, &(cop_spawn_opts){.scope = scope}, NULL);
}

static void
c2_who_swallows_it_holds_nothing_open(void **state)
{
    (void)state;
    ground_open(GROUND_SIM, &ground_b, 1);
    ground_do(swallow, NULL);
    ground_pass(1000);
    ground_expect("swallowed@1000 closed:deadline[the scope's time is over]");
    ground_close();
}

/* ------------------------------------------------------------------------------ C3 */

static bool is_call;

COP_BODY(racer, void, arg)
{
    const reply *answer;
    const word *said;

    (void)arg;
    cop_err err = is_call ? cop_call(co, cop_owner(me), 1000, reply, &answer, question)
                          : cop_receive_a(co, COP_INFINITY, word, &said);
    ground_say("%s:%d", cop_err_name(err),
               err != COP_OK ? 0
               : is_call     ? (int)answer->n
                             : (int)said->n);
    ground_say("%s", cop_err_name(cop_sleep(co, 1)));
    return COP_OK;
}
static COP_SEQUENTIAL(racer_b, racer);

static cop_pid a_racer;

/* Whoever gives the result cancels in the same breath. */
typedef struct giver {
    char unused;
} giver;

COP_HANDLER(giver, cop_start)
{
    return cop_spawn(me, &racer_b, NULL, &a_racer);
}
COP_HANDLER(giver, question)
{
    COP_TRY(cop_reply(me, reply, .n = 42));
    return cop_stop_child(me, a_racer);
}
COP_HANDLER(giver, word)
{
    COP_TRY(cop_send(me, a_racer, word, .n = 42));
    return cop_stop_child(me, a_racer);
}
static COP_BEHAVIOUR(giver_b, giver, COP_ON(giver, cop_start), COP_ON(giver, question),
                     COP_ON(giver, word));

static cop_pid a_giver;

ACT(start_giver)
{
    return cop_spawn(me, &giver_b, NULL, &a_giver);
}
ACT(tell_giver)
{
    return cop_send(me, a_giver, word);
}

static void
c3_a_result_that_is_there_is_given_before_the_cancel(void **state)
{
    (void)state;
    for (int row = 0; row < 2; row++)
        for (uint64_t seed = 1; seed <= 50; seed++) {
            is_call = row == 1;
            ground_open(GROUND_SIM, &ground_b, seed);
            ground_do(start_giver, NULL);
            if (!is_call)
                ground_do(tell_giver, NULL);
            ground_expect("COP_OK:42 COP_E_CANCELLED");
            ground_close();
        }
}

/* ------------------------------------------------------------------------------ C4 */

ACT(start_and_cancel)
{
    COP_TRY(kid_start(me, scope, kind, KID_LASTS));
    return cop_scope_cancel(me, scope, COP_FORCE_HARD, &(cop_exit){.text = "enough"});
}

ACT(start_kid)
{
    return kid_start(me, scope, kind, KID_LASTS);
}

static void
never_runs(const child_kind *row)
{
    unsigned before = row->is_queued; /* one that runs, and holds the next one up */

    kind = row;
    if (row->is_eager) {
        print_message("               runs as soon as it has been started\n");
        return;
    }
    ground_open(row->ground, &ground_b, 1);
    ground_do(open_fail_fast, NULL);
    if (row->is_queued) {
        ground_do(start_kid, NULL);
        ground_await(" ran ");
    }
    ground_do(start_and_cancel, NULL);
    ground_await("closed:shutdown[enough]");
    ground_close();
    assert_int_equal(ground_count(" gone "), 1 + before);
    assert_int_equal(ground_count(" ran "), before);
}

static void
c4_what_has_not_run_when_it_is_cancelled_is_disposed_of_and_never_runs(void **state)
{
    (void)state;
    for_every_kind(never_runs);
}

/* ------------------------------------------------------------------------------ C5 */

/* There is a child that takes its time: the scope is cancelled, and still there. */
typedef struct slow {
    char unused;
} slow;

COP_HANDLER(slow, cop_stopping)
{
    return COP_OK;
}
COP_HANDLER(slow, word)
{
    return cop_stop(me);
}
static COP_BEHAVIOUR(slow_b, slow, COP_ON(slow, cop_stopping), COP_ON(slow, word));

static cop_pid a_slow;

ACT(open_with_slow)
{
    COP_TRY(open_scope(me, COP_FAIL_FAST, 0));
    return cop_spawn(me, &slow_b, &(cop_spawn_opts){.scope = scope}, &a_slow);
}
ACT(end_slow)
{
    return cop_send(me, a_slow, word);
}
ACT(start_late)
{
    ground_say("late:%s", cop_err_name(kid_start(me, scope, kind, KID_LASTS)));
    return COP_OK;
}

static void
comes_too_late(const child_kind *row)
{
    kind = row;
    ground_open(row->ground, &ground_b, 1);
    here.on_down = kid_down;
    ground_do(open_with_slow, NULL);
    ground_do(cancel_scope, NULL);
    ground_do(start_late, NULL);
    assert_int_equal(ground_count("late:COP_E_CANCELLED"), 1);
    assert_int_equal(ground_count(" gone "), 1);
    ground_do(end_slow, NULL);
    ground_await("closed:shutdown[enough]");
    ground_do(start_late, NULL);
    assert_int_equal(ground_count("late:COP_E_GONE"), 1);
    assert_int_equal(ground_count(" gone "), 2);
    ground_close();
    assert_int_equal(ground_count(" gone "), 2);
    assert_int_equal(ground_count(" ran "), 0);
}

static void
c5_what_comes_too_late_is_refused_and_disposed_of(void **state)
{
    (void)state;
    for_every_kind(comes_too_late);
}

/* The same in the scope that is the actor's own, while its body has still to return; but what
 * it needs for cleaning up it can have in a shield. */
COP_BODY(lingering, void, arg)
{
    cop_outcome outcome;

    ground_say("begun");
    cop_err err = cop_sleep(co, COP_INFINITY);
    ground_say("late:%s", cop_err_name(kid_start(me, cop_here(me), kind, KID_LASTS)));
    COP_SCOPE(co, shield, &outcome, .shield = true, .deadline_ms = 50)
    ground_say("shield:%s", cop_err_name(kid_start(me, shield.scope, kind, KID_LASTS)));
    return err;
}
static COP_SEQUENTIAL(lingering_b, lingering);

ACT(start_lingering)
{
    COP_TRY(open_scope(me, COP_FAIL_FAST, 0));
    return cop_spawn(me, &lingering_b, &(cop_spawn_opts){.scope = scope}, NULL);
}

static void
comes_too_late_for_a_body(const child_kind *row)
{
    kind = row;
    ground_open(row->ground, &ground_b, 1);
    here.on_down = kid_down;
    ground_do(start_lingering, NULL);
    ground_await("begun");
    ground_do(cancel_scope, NULL);
    ground_await("closed:shutdown[enough]");
    assert_int_equal(ground_count(" gone late:COP_E_CANCELLED "), 1);
    assert_int_equal(ground_count("shield:COP_OK"), 1);
    if (strcmp(row->name, "OS process") != 0) /* whose end only an owner's down says */
        assert_int_equal(ground_count(" gone "), 2);
    ground_close();
}

static void
c5_a_cancelled_body_starts_nothing_of_its_own_but_in_a_shield(void **state)
{
    (void)state;
    for_every_kind(comes_too_late_for_a_body);
}

/* ------------------------------------------------------------------------------ C6 */

static void
say_state(cop_actor *me)
{
    cop_scope_state now;

    if (cop_scope_look(me, scope, &now) == COP_OK)
        ground_say("%d[%s]", (int)now.force, now.why.text);
}

/* soft, hard, soft, kill, hard: it rises, and does not fall; and the first reason stays. */
ACT(cancel_again_and_again)
{
    static const cop_force forces[] = {COP_FORCE_SOFT, COP_FORCE_HARD, COP_FORCE_SOFT,
                                       COP_FORCE_KILL, COP_FORCE_HARD};
    static const char *const texts[] = {"first", "second", "third", "fourth", "fifth"};

    COP_TRY(open_scope(me, COP_FAIL_FAST, 1000));
    COP_TRY(cop_spawn(me, &slow_b, &(cop_spawn_opts){.scope = scope}, NULL));
    say_state(me);
    for (size_t i = 0; i < sizeof forces / sizeof *forces; i++) {
        cop_exit why = {.kind = COP_EXIT_SHUTDOWN};
        snprintf(why.text, sizeof why.text, "%s", texts[i]);
        COP_TRY(cop_scope_cancel(me, scope, forces[i], &why));
        say_state(me);
    }
    return COP_OK;
}

static void
c6_the_first_reason_stays_and_the_force_only_rises(void **state)
{
    (void)state;
    ground_open(GROUND_SIM, &ground_b, 1);
    ground_do(cancel_again_and_again, NULL);
    ground_expect("0[] 1[first] 2[first] 2[first] 3[first] 3[first] closed:shutdown[first]");
    ground_close();
}

/* ------------------------------------------------------------------------------ C7 */

static void
say_why(const char *who, const cop_exit *why)
{
    ground_say("%s:%d[%s]%s%s", who, why->code, why->text, why->path,
               cop_pid_is_none(why->origin) ? "" : "!");
}

COP_BODY(curious, void, arg)
{
    cop_scope_state now;

    (void)arg;
    cop_err err = cop_sleep(co, COP_INFINITY);
    cop_look(co, &now);
    ground_say("force:%d left:%d", (int)now.force, (int)now.left_ms);
    say_why("body", &now.why);
    return err;
}
static COP_SEQUENTIAL(curious_b, curious);

typedef struct listener {
    char unused;
} listener;

COP_HANDLER(listener, cop_stopping)
{
    ground_say("left:%d", (int)cop_time_left(me));
    say_why("actor", &msg->why);
    return cop_stop(me);
}
COP_HANDLER(listener, word)
{
    return cop_fail(me, 7, "boom");
}
static COP_BEHAVIOUR(listener_b, listener, COP_ON(listener, cop_stopping),
                     COP_ON(listener, word));

static cop_pid a_listener;

static cop_err
open_for(cop_actor *me, const cop_behaviour *behaviour)
{
    COP_TRY(cop_scope_open(
        me, &(cop_scope_opts){.name = "s", .deadline_ms = 1000, .closed = on_closed}, &scope));
    COP_TRY(cop_spawn(me, &listener_b, &(cop_spawn_opts){.label = "sibling", .scope = scope},
                      &a_listener));
    return cop_spawn(me, behaviour, &(cop_spawn_opts){.label = "kid", .scope = scope}, NULL);
}

ACT(open_for_body)
{
    return open_for(me, &curious_b);
}
ACT(open_for_actor)
{
    return open_for(me, &listener_b);
}
ACT(fail_sibling)
{
    return cop_send(me, a_listener, word);
}

static void
c7_who_is_cancelled_can_ask_why_by_whom_and_how_long_it_has(void **state)
{
    (void)state;
    ground_open(GROUND_SIM, &ground_b, 1);
    ground_do(open_for_body, NULL);
    ground_pass(300);
    ground_do(fail_sibling, NULL);
    ground_expect("force:2 left:700 body:7[boom]owner/s/sibling! closed:error[boom]");
    ground_do(open_for_actor, NULL);
    ground_pass(300);
    ground_do(fail_sibling, NULL);
    ground_expect("left:700 actor:7[boom]owner/s/sibling! closed:error[boom]");
    ground_do(open_for_body, NULL);
    ground_do(cancel_scope, NULL);
    ground_settle();
    assert_int_equal(ground_count("force:2 left:1000 body:5[enough]"), 1);
    assert_int_equal(ground_count("actor:5[enough]"), 1);
    ground_close();
}

typedef struct parent {
    char unused;
} parent;

COP_HANDLER(parent, cop_start)
{
    return cop_spawn(me, &listener_b, NULL, NULL);
}
static COP_BEHAVIOUR(parent_b, parent, COP_ON(parent, cop_start));

ACT(open_for_parent)
{
    return open_for(me, &parent_b);
}

/* Also to what hangs on an actor that had nothing to say to it. */
static void
c7_the_reason_goes_down_the_tree(void **state)
{
    (void)state;
    ground_open(GROUND_SIM, &ground_b, 1);
    ground_do(open_for_parent, NULL);
    ground_do(fail_sibling, NULL);
    ground_expect("left:1000 actor:7[boom]owner/s/sibling! closed:error[boom]");
    ground_close();
}

/* ------------------------------------------------------------------------------ C8 */

ACT(cancel_gone)
{
    ground_say("%s %s %s", cop_err_name(cancel_scope(me, state, arg)),
               cop_err_name(cop_scope_close(me, scope)),
               cop_err_name(cop_scope_set_deadline(me, scope, 10)));
    return COP_OK;
}

static void
c8_an_empty_scope_can_be_cancelled_and_a_closed_one_says_gone(void **state)
{
    (void)state;
    ground_open(GROUND_SIM, &ground_b, 1);
    ground_do(open_fail_fast, NULL);
    ground_do(cancel_scope, NULL);
    ground_do(cancel_gone, NULL);
    ground_expect("closed:shutdown[enough] COP_E_GONE COP_E_GONE COP_E_GONE");
    ground_close();
}

/* ------------------------------------------------------------------------------ C9 */

static cop_leaf beat;

static cop_err
on_beat(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    ground_say("beat");
    return cop_leaf_cancel(me, beat);
}

ACT(start_with_siblings)
{
    COP_TRY(cop_spawn(me, &slow_b, &(cop_spawn_opts){.scope = scope}, &a_slow));
    COP_TRY(cop_scope_every(me, scope, 10, on_beat, NULL, NULL, &beat));
    COP_TRY(kid_start(me, scope, kind, KID_LASTS));
    return kind->is_instant ? kid_cancel(me) : COP_OK;
}
ACT(cancel_kid)
{
    return kind->is_instant ? COP_OK : kid_cancel(me);
}
ACT(look_and_close)
{
    cop_scope_state now;

    COP_TRY(cop_scope_look(me, scope, &now));
    ground_say("left:%u force:%d alive:%d", now.children, (int)now.force,
               cop_is_alive(me, a_slow));
    COP_TRY(cop_scope_close(me, scope));
    return cop_send(me, a_slow, word);
}

static void
is_cancelled_alone(const child_kind *row)
{
    kind = row;
    ground_open(row->ground, &ground_b, 1);
    here.on_down = kid_down;
    ground_do(open_fail_fast, NULL);
    ground_do(start_with_siblings, NULL);
    if (row->ground == GROUND_REAL)
        ground_await(" ran ");
    ground_do(cancel_kid, NULL);
    ground_await(" gone ");
    ground_await(" beat ");
    ground_do(nothing, NULL);
    ground_do(look_and_close, NULL);
    ground_await("closed:normal[]");
    assert_int_equal(ground_count("left:1 force:0 alive:1"), 1);
    assert_int_equal(ground_count(" end "), 0);
    ground_close();
}

static void
c9_to_cancel_one_child_touches_nobody_else(void **state)
{
    (void)state;
    for_every_kind(is_cancelled_alone);
}

/* ------------------------------------------------------------------------------ C10 */

enum {
    TAKES = 100, /* milliseconds to stop */
};

static unsigned wide, told;
static int64_t first_told, last_told;

typedef struct twig {
    char unused;
} twig;

static cop_err
leave_now(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    return cop_stop(me);
}

COP_HANDLER(twig, cop_stopping)
{
    int64_t now = cop_now_ms(me);

    if (told++ == 0)
        first_told = now;
    last_told = now;
    return cop_scope_after(me, cop_here(me), TAKES, leave_now, NULL, NULL, NULL);
}
static COP_BEHAVIOUR(twig_b, twig, COP_ON(twig, cop_stopping));

typedef struct bough {
    char unused;
} bough;

COP_HANDLER(bough, cop_start)
{
    for (unsigned i = 0; i < wide - 1; i++)
        COP_TRY(cop_spawn(me, &twig_b, NULL, NULL));
    return COP_OK;
}
static COP_BEHAVIOUR(bough_b, bough, COP_ON(bough, cop_start));

ACT(grow)
{
    COP_TRY(open_scope(me, COP_FAIL_FAST, 0));
    for (unsigned i = 0; i < wide; i++)
        COP_TRY(cop_spawn(me, &bough_b, &(cop_spawn_opts){.scope = scope}, NULL));
    return COP_OK;
}

static void
c10_a_hundred_thousand_are_told_before_any_is_awaited(void **state)
{
    (void)state;
    wide = getenv("COPPICE_UNDER_VALGRIND") != NULL ? 30 : 317; /* 317 * 317 are 100,489 */
    told = 0;
    ground_open(GROUND_SIM, &ground_b, 1);
    ground_do(grow, NULL);
    ground_pass(1000);
    ground_do(cancel_scope, NULL);
    assert_int_equal(told, wide * (wide - 1));
    assert_int_equal(first_told, 1000);
    assert_int_equal(last_told, 1000);
    ground_pass(TAKES - 1);
    ground_expect("");
    ground_pass(1);
    ground_expect("closed:shutdown[enough]");
    ground_close();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(c1_what_waits_is_told_and_what_comes_later_is_too),
        cmocka_unit_test(c1_a_block_is_told_where_its_body_stands_wherever_it_hangs),
        cmocka_unit_test(c1_a_handlers_call_is_told_before_its_actor_ends),
        cmocka_unit_test(c2_who_swallows_it_holds_nothing_open),
        cmocka_unit_test(c3_a_result_that_is_there_is_given_before_the_cancel),
        cmocka_unit_test(
            c4_what_has_not_run_when_it_is_cancelled_is_disposed_of_and_never_runs),
        cmocka_unit_test(c5_what_comes_too_late_is_refused_and_disposed_of),
        cmocka_unit_test(c5_a_cancelled_body_starts_nothing_of_its_own_but_in_a_shield),
        cmocka_unit_test(c6_the_first_reason_stays_and_the_force_only_rises),
        cmocka_unit_test(c7_who_is_cancelled_can_ask_why_by_whom_and_how_long_it_has),
        cmocka_unit_test(c7_the_reason_goes_down_the_tree),
        cmocka_unit_test(c8_an_empty_scope_can_be_cancelled_and_a_closed_one_says_gone),
        cmocka_unit_test(c9_to_cancel_one_child_touches_nobody_else),
        cmocka_unit_test(c10_a_hundred_thousand_are_told_before_any_is_awaited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
