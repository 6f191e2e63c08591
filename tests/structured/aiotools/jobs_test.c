/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs_test.c - cancelling a job and waiting for its end: "I cancelled it" is not "I was
 * cancelled", also if both happen.
 *
 * A body starts a job in a block, may cancel it, and waits for it at the end of the block.
 * What came of the job is the block's outcome; what became of the body says cop_look.
 */
#include <coppice/co.h>

#include "actors/offloaded.h"

/* Who cancels what. */
typedef enum who {
    NOBODY,
    JOB_BY_ME,   /* the body its job */
    SCOPE_BY_ME, /* the body what is around the job */
    TIME,        /* the deadline around the job */
} who;

typedef struct play {
    stage stage; /* first */
    who who;
    cop_job_mode mode;
    gate release; /* what the job waits for */
    _Atomic bool has_started;
    cop_pid body;
} play;

static cop_err
work(cop_job *job, void *arg)
{
    play *p = arg;

    atomic_store(&p->has_started, true);
    if (!gate_pass(&p->release))
        return COP_E_TIMEOUT;
    return cop_job_is_cancelled(job) ? COP_E_CANCELLED : COP_OK;
}

static void
unblock(void *arg)
{
    gate_open(&((play *)arg)->release);
}

static void
dispose(void *arg)
{
    stage_say(arg, "disposed");
}

static play *now; /* the one that is on */

static cop_err
on_done(cop_actor *me, void *state, void *arg, const cop_exit *why)
{
    (void)me;
    (void)state;
    stage_say(arg, "job: %s", cop_exit_kind_name(why->kind));
    return COP_OK;
}

static cop_err
cancel_by(cop_actor *me, const play *p, cop_scope scope, cop_leaf job)
{
    switch (p->who) {
    case JOB_BY_ME: return cop_leaf_cancel(me, job);
    case SCOPE_BY_ME:
        return cop_scope_cancel(me, scope, COP_FORCE_HARD, &(cop_exit){.text = "by me"});
    case TIME: return cop_scope_set_deadline(me, scope, 1);
    default: return COP_OK;
    }
}

COP_BODY(waiter, void, unused)
{
    play *p = now;
    cop_job_spec spec = {.mode = p->mode,
                         .work = work,
                         .unblock = p->mode == COP_JOB_COOPERATE ? unblock : NULL,
                         .dispose = dispose,
                         .arg = p};
    cop_outcome outcome = {0};
    cop_scope_state mine;
    cop_leaf job;

    COP_SCOPE(co, around, &outcome, .moves_on = true)
    {
        COP_TRY(cop_job_start(me, around.scope, &spec, on_done, &job));
        while (!atomic_load(&p->has_started))
            COP_TRY(cop_sleep(co, 1));
        COP_TRY(cancel_by(me, p, around.scope, job));
        stage_say(&p->stage, "waits");
    }
    cop_look(co, &mine);
    stage_say(&p->stage, "block: %s[%s]%s", cop_exit_kind_name(outcome.why.kind),
              outcome.why.text, outcome.timed_out ? " late" : "");
    stage_say(&p->stage, "me: %s[%s]", mine.force == COP_FORCE_NONE ? "free" : "cancelled",
              mine.why.text);
    cop_err err = cop_sleep(co, 1);
    stage_say(&p->stage, "then: %s", cop_err_name(err));
    return err;
}
static COP_SEQUENTIAL(waiter_b, waiter);

static void
spawn_waiter(cop_actor *me, void *ctx)
{
    play *p = ctx;

    assert_int_equal(cop_spawn(me, &waiter_b, NULL, &p->body), COP_OK);
}

static void
stop_waiter(cop_actor *me, void *ctx)
{
    play *p = ctx;

    assert_int_equal(cop_stop_child(me, p->body), COP_OK);
}

static void
begin(play *p, who who, cop_job_mode mode)
{
    *p = (play){.who = who, .mode = mode, .release = GATE};
    now = p;
    stage_open(&p->stage, NULL);
    stage_run(&p->stage, spawn_waiter, p);
    stage_expect(&p->stage, "waits");
}

static void
end(play *p)
{
    stage_expect_no_more(&p->stage);
    stage_close(&p->stage);
}

static void
expect(play *p, const char *job, const char *block, const char *me, const char *then)
{
    stage_expect(&p->stage, job);
    stage_expect(&p->stage, "disposed");
    stage_expect(&p->stage, block);
    stage_expect(&p->stage, me);
    stage_expect(&p->stage, then);
    end(p);
}

static void
a_job_that_nobody_cancels_ends_well(void **state)
{
    (void)state;
    play p;

    begin(&p, NOBODY, COP_JOB_COOPERATE);
    gate_open(&p.release);
    expect(&p, "job: normal", "block: normal[]", "me: free[]", "then: COP_OK");
}

static void
i_cancelled_it(void **state)
{
    (void)state;
    play p;

    begin(&p, JOB_BY_ME, COP_JOB_COOPERATE);
    expect(&p, "job: shutdown", "block: normal[]", "me: free[]", "then: COP_OK");
    begin(&p, SCOPE_BY_ME, COP_JOB_COOPERATE);
    expect(&p, "job: shutdown", "block: shutdown[by me]", "me: free[]", "then: COP_OK");
    begin(&p, TIME, COP_JOB_COOPERATE);
    expect(&p, "job: shutdown", "block: shutdown[the scope's time is over] late", "me: free[]",
           "then: COP_OK");
}

static void
i_was_cancelled(void **state)
{
    (void)state;
    play p;

    begin(&p, NOBODY, COP_JOB_COOPERATE);
    stage_run(&p.stage, stop_waiter, &p);
    expect(&p, "job: shutdown", "block: shutdown[]", "me: cancelled[]",
           "then: COP_E_CANCELLED");
}

/* The second one comes while the first one is waited for, and is not swallowed by it. */
static void
i_cancelled_it_and_was_cancelled_while_i_waited(void **state)
{
    static const struct {
        who who;
        const char *block;
    } cases[] = {
        {JOB_BY_ME,   "block: shutdown[]"     },
        {SCOPE_BY_ME, "block: shutdown[by me]"}
    };

    (void)state;
    for (size_t i = 0; i < COP_COUNT(cases); i++) {
        play p;
        begin(&p, cases[i].who, COP_JOB_WAIT);
        stage_run(&p.stage, stop_waiter, &p);
        stage_expect_no_more(&p.stage); /* the job has not ended yet */
        gate_open(&p.release);
        expect(&p, "job: shutdown", cases[i].block, "me: cancelled[]", "then: COP_E_CANCELLED");
    }
}

/* Nobody waits for one that was abandoned but the reaper. */
static void
an_abandoned_job_is_not_waited_for(void **state)
{
    (void)state;
    play p;

    begin(&p, JOB_BY_ME, COP_JOB_ABANDON);
    stage_expect(&p.stage, "job: shutdown");
    stage_expect(&p.stage, "block: normal[]");
    stage_expect(&p.stage, "me: free[]");
    stage_expect(&p.stage, "then: COP_OK");
    stage_expect_no_more(&p.stage);
    gate_open(&p.release);
    stage_expect(&p.stage, "disposed");
    end(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_that_nobody_cancels_ends_well),
        cmocka_unit_test(i_cancelled_it),
        cmocka_unit_test(i_was_cancelled),
        cmocka_unit_test(i_cancelled_it_and_was_cancelled_while_i_waited),
        cmocka_unit_test(an_abandoned_job_is_not_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
