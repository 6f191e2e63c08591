/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cancel_test.c - what anyio's manual says of being cancelled: a value that is there already is
 * delivered; a child always gets to react; cleaning up that waits stands in a shield, which has
 * a deadline; and the reason says who it was.
 */
#include <coppice/co.h>

#include "actors/actor_stage.h"
#include "actors/protocol.h"

static cop_pid child;
static cop_scope scope;

typedef struct owner {
    cop_token token; /* of a question that is answered later */
} owner;

#define ACT(name)                                                                              \
    static cop_err name(COP_UNUSED cop_actor *me, COP_UNUSED void *state, COP_UNUSED void *arg)

/* ------------------------------------------------------------------------ what is there */

/* The owner answers, and tells whoever asked to end, before that can run. */
COP_HANDLER(owner, ask_n)
{
    COP_TRY(cop_reply(me, answer_n, .n = 42));
    return cop_stop_child(me, child);
}

/* It answers after a while, and only then. */
ACT(answer_later)
{
    owner *self = state;

    return cop_answer(me, &self->token, answer_n, .n = 7);
}

COP_HANDLER(owner, ask_later)
{
    COP_TRY(cop_defer(me, &st->token));
    return cop_scope_after(me, cop_here(me), 50, answer_later, NULL, NULL, NULL);
}

COP_HANDLER(owner, cop_end)
{
    stage_say("owner:%s", cop_exit_kind_name(msg->why.kind));
    return COP_OK;
}
static COP_BEHAVIOUR(owner_b, owner, COP_ON(owner, ask_n), COP_ON(owner, ask_later),
                     COP_ON(owner, cop_end));

static const cop_behaviour *chosen;

ACT(start_child)
{
    return cop_spawn(me, chosen, &(cop_spawn_opts){.label = "child"}, &child);
}
ACT(stop_child)
{
    return cop_stop_child(me, child);
}

static void
begin(const cop_behaviour *behaviour, uint64_t seed)
{
    chosen = behaviour;
    stage_open(&owner_b, seed);
    stage_do(start_child);
}

static void
end(void)
{
    stage_close();
    stage.trace[0] = '\0';
}

COP_BODY(receiver, void, unused)
{
    const say *first;

    cop_err err = cop_receive_a(co, COP_INFINITY, say, &first);
    stage_say("%s", cop_err_name(err));
    if (err == COP_OK)
        stage_say("%d", (int)first->n);
    err = cop_receive_a(co, COP_INFINITY, say, &first);
    stage_say("%s", cop_err_name(err));
    return err;
}
static COP_SEQUENTIAL(receiver_b, receiver);

ACT(send_and_stop)
{
    COP_TRY(cop_send(me, child, say, .n = 5));
    return cop_stop_child(me, child);
}

static void
a_message_that_is_there_is_delivered(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        begin(&receiver_b, seed);
        stage_do(send_and_stop);
        stage_expect("COP_OK 5 COP_E_CANCELLED");
        end();
    }
}

COP_BODY(asker, void, unused)
{
    const answer_n *answer;

    cop_err err = cop_call(co, cop_owner(me), 1000, answer_n, &answer, ask_n);
    stage_say("%s", cop_err_name(err));
    if (err == COP_OK)
        stage_say("%d", (int)answer->n);
    err = cop_call(co, cop_owner(me), 1000, answer_n, &answer, ask_n);
    stage_say("%s", cop_err_name(err));
    return err;
}
static COP_SEQUENTIAL(asker_b, asker);

static void
an_answer_that_is_there_is_delivered(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        begin(&asker_b, seed);
        stage_expect("COP_OK 42 COP_E_CANCELLED");
        end();
    }
}

/* Of each run: did the job run, and does it tell the owner to stop the body? */
static bool has_run, is_last_word;

static cop_err
work(cop_job *job, void *arg)
{
    (void)job;
    (void)arg;
    has_run = true;
    return is_last_word ? cop_post_call(stage.node, stage.actor, stop_child, NULL, NULL)
                        : COP_OK;
}

static cop_err
nothing(cop_job *job, void *arg)
{
    (void)job;
    (void)arg;
    return COP_OK;
}

/* Its job waits in the queue until another one has ended. */
COP_BODY(jobber, void, unused)
{
    static const cop_job_class one = {"one", 1};

    COP_TRY(cop_job_start(me, cop_here(me), &(cop_job_spec){.work = nothing, .limiter = &one},
                          NULL, NULL));
    cop_err err = cop_work(co, &(cop_job_spec){.work = work, .limiter = &one}, NULL);

    stage_say("%s", cop_err_name(err));
    return cop_sleep(co, COP_INFINITY);
}
static COP_SEQUENTIAL(jobber_b, jobber);

/* Whenever it is told to end: what a job has done is not lost, and no more is claimed. */
static void
a_result_of_a_job_is_given_if_it_ran(void **state)
{
    unsigned ran = 0, did_not = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        has_run = false;
        is_last_word = seed % 2 == 0;
        begin(&jobber_b, seed);
        stage_pass((int64_t)(seed % 8));
        if (!is_last_word)
            stage_do(stop_child);
        stage_pass(100);
        stage_expect(has_run ? "COP_OK" : "COP_E_CANCELLED");
        assert_true(has_run || !is_last_word);
        ran += has_run;
        did_not += !has_run;
        end();
    }
    assert_true(ran > 0 && did_not > 0);
}

/* ------------------------------------------------------------------------ to react */

/* Both kinds of actors say that they were told, and by what. */
COP_BODY(reacting, void, unused)
{
    cop_scope_state told;
    char text[256];

    cop_err err = cop_sleep(co, COP_INFINITY);
    cop_look(co, &told);
    stage_say("%s<%s>", cop_err_name(err), cop_exit_print(&told.why, text, sizeof text));
    return err;
}
static COP_SEQUENTIAL(reacting_b, reacting);

typedef struct reactor {
    int unused;
} reactor;

COP_HANDLER(reactor, cop_stopping)
{
    char text[256];

    stage_say("COP_E_CANCELLED<%s>", cop_exit_print(&msg->why, text, sizeof text));
    return cop_stop(me);
}
static COP_BEHAVIOUR(reactor_b, reactor, COP_ON(reactor, cop_stopping));

/* A sibling that fails when it is told to. */
typedef struct sibling {
    int unused;
} sibling;
static cop_pid other;

COP_HANDLER(sibling, go)
{
    return cop_fail(me, 3, "the sibling broke");
}
static COP_BEHAVIOUR(sibling_b, sibling, COP_ON(sibling, go));

static cop_err
on_closed(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome)
{
    (void)me;
    (void)state;
    (void)ctx;
    (void)outcome;
    return COP_OK;
}

static cop_err
start_in(cop_actor *me, cop_scope where)
{
    COP_TRY(cop_spawn(me, chosen, &(cop_spawn_opts){.label = "child", .scope = where}, &child));
    return cop_spawn(me, &sibling_b, &(cop_spawn_opts){.label = "sibling", .scope = where},
                     &other);
}

ACT(start_on_its_own)
{
    return start_in(me, cop_here(me));
}
ACT(start_in_scope)
{
    COP_TRY(cop_scope_open(
        me, &(cop_scope_opts){.name = "s", .closed = on_closed, .drain_ms = 100}, &scope));
    return start_in(me, scope);
}
ACT(let_sibling_fail)
{
    return cop_send(me, other, go);
}
ACT(cancel_hard)
{
    return cop_scope_cancel(me, scope, COP_FORCE_HARD, &(cop_exit){.text = "enough"});
}
ACT(cancel_soft)
{
    return cop_scope_cancel(me, scope, COP_FORCE_SOFT, &(cop_exit){.text = "please"});
}
ACT(cancel_without_a_word)
{
    return cop_scope_cancel(me, scope, COP_FORCE_HARD, NULL);
}
ACT(let_time_pass)
{
    return cop_scope_set_deadline(me, scope, 10);
}
ACT(stop_owner)
{
    return cop_stop(me);
}
ACT(fail_owner)
{
    return cop_fail(me, 4, "the owner broke");
}

static const struct {
    const char *fact;
    cop_callback start, cancel;
    const char *heard; /* the reason, as the child has it */
} reasons[] = {
    {"its owner stops it",               start_on_its_own, stop_child,            "shutdown (owner_b)"                   },
    {"its scope is cancelled",           start_in_scope,   cancel_hard,           "shutdown: enough (owner_b)"           },
    {"its scope is told to finish",      start_in_scope,   cancel_soft,           "shutdown: please (owner_b)"           },
    {"nobody says why",                  start_in_scope,   cancel_without_a_word, "shutdown (owner_b)"                   },
    {"a sibling in its scope fails",     start_in_scope,   let_sibling_fail,
     "shutdown 3: the sibling broke (owner_b/s/sibling)"                                                                 },
    {"its scope's time is over",         start_in_scope,   let_time_pass,
     "shutdown: the scope's time is over"                                                                                },
    {"its owner is done",                start_on_its_own, stop_owner,            "shutdown (owner_b)"                   },
    {"its owner fails",                  start_on_its_own, fail_owner,            "shutdown 4: the owner broke (owner_b)"},
    {"a sibling fails, and their owner", start_on_its_own, let_sibling_fail,
     "shutdown 3: the sibling broke (owner_b/sibling)"                                                                   },
};

static void
react(const cop_behaviour *behaviour, size_t i, uint64_t seed)
{
    char words[256];

    chosen = behaviour;
    stage_open(&owner_b, seed);
    stage_do(reasons[i].start);
    stage_do(reasons[i].cancel);
    stage_pass(200);
    snprintf(words, sizeof words, "COP_E_CANCELLED<%s>", reasons[i].heard);
    if (strncmp(stage.trace, words, strlen(words)) != 0)
        assert_string_equal(stage.trace, words); /* what the owner says comes behind it */
    assert_null(strstr(stage.trace + 1, "COP_E_CANCELLED<"));
    end();
}

static void
a_child_always_reacts_and_knows_who_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < COP_COUNT(reasons); i++) {
        print_message("%s\n", reasons[i].fact);
        for (uint64_t seed = 1; seed <= 20; seed++) {
            react(&reacting_b, i, seed);
            react(&reactor_b, i, seed);
        }
    }
}

/* One whose body has not begun has nothing to react with: what it was given is freed. */
ACT(start_and_stop)
{
    COP_TRY(cop_spawn(me, &reacting_b, &(cop_spawn_opts){.dispose = stage_dispose}, &child));
    return cop_stop_child(me, child);
}

static void
one_that_has_not_begun_is_disposed_of(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        stage_open(&owner_b, seed);
        stage_do(start_and_stop);
        stage_expect("");
        assert_int_equal(stage.disposed, 1);
        end();
    }
}

/* ------------------------------------------------------------------------ cleaning up */

static int32_t budget; /* of the shield; 0: there is none */

static void
clean_up(cop_co *co, cop_actor *me)
{
    const answer_n *answer;

    for (int i = 0; i < 2; i++) {
        cop_err err = cop_call(co, cop_owner(me), 1000, answer_n, &answer, ask_later);
        bool is_over = err == COP_E_TIMEOUT || err == COP_E_CANCELLED;
        stage_say("%s@%d", is_over ? "over" : cop_err_name(err), (int)cop_now_ms(me));
    }
}

COP_BODY(cleaner, void, unused)
{
    cop_err err = cop_sleep(co, COP_INFINITY);

    if (budget == 0)
        clean_up(co, me);
    else
        COP_SCOPE(co, cleaning, NULL, .shield = true, .deadline_ms = budget, .moves_on = true)
        {
            clean_up(co, me);
        }
    stage_say("%s@%d", cop_err_name(cop_sleep(co, 1)), (int)cop_now_ms(me));
    return err;
}
static COP_SEQUENTIAL(cleaner_b, cleaner);

/* Two questions, of 50 ms each. */
static void
cleaning_up_lasts_as_long_as_its_shield(void **state)
{
    static const struct {
        int32_t budget;
        const char *words;
    } cases[] = {
        {0,   "over@0 over@0 COP_E_CANCELLED@0"         },
        {200, "COP_OK@50 COP_OK@100 COP_E_CANCELLED@100"},
        {80,  "COP_OK@50 over@80 COP_E_CANCELLED@80"    },
        {20,  "over@20 over@20 COP_E_CANCELLED@20"      },
    };

    (void)state;
    for (size_t i = 0; i < COP_COUNT(cases); i++) {
        budget = cases[i].budget;
        begin(&cleaner_b, 1);
        stage_do(stop_child);
        stage_pass(1000);
        stage_expect(cases[i].words);
        end();
    }
}

COP_BODY(careless, void, unused)
{
    cop_outcome outcome;

    COP_SCOPE(co, for_ever, &outcome, .shield = true)
    {
        stage_say("is in it");
    }
    stage_say("%d", outcome.why.code);
    return COP_OK;
}
static COP_SEQUENTIAL(careless_b, careless);

static void
a_shield_without_a_deadline_is_refused(void **state)
{
    char words[16];

    (void)state;
    begin(&careless_b, 1);
    snprintf(words, sizeof words, "%d", COP_E_INVAL);
    stage_expect(words);
    end();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_that_is_there_is_delivered),
        cmocka_unit_test(an_answer_that_is_there_is_delivered),
        cmocka_unit_test(a_result_of_a_job_is_given_if_it_ran),
        cmocka_unit_test(a_child_always_reacts_and_knows_who_it_was),
        cmocka_unit_test(one_that_has_not_begun_is_disposed_of),
        cmocka_unit_test(cleaning_up_lasts_as_long_as_its_shield),
        cmocka_unit_test(a_shield_without_a_deadline_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
