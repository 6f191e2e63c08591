/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch_scope_test.c - watches as children of a local scope.
 */
#define _GNU_SOURCE /* pipe2 */
#include "watch_play.h"

static cop_err
say_closed(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome)
{
    (void)me;
    (void)state;
    stage_say(&((play *)ctx)->stage, "closed: %s %d", cop_exit_kind_name(outcome->why.kind),
              outcome->why.code);
    return COP_OK;
}

static void
open_in_scope(cop_actor *me, void *ctx)
{
    play *p = ctx;

    p->err = cop_scope_open(me, &(cop_scope_opts){.closed = say_closed, .ctx = p}, &p->scope);
    if (p->err == COP_OK)
        p->err = cop_scope_watch(me, p->scope, p->ends[0], p->events, &p->watch);
    if (p->err == COP_OK)
        p->err = cop_scope_close(me, p->scope);
}

static void
cancel_scope(cop_actor *me, void *ctx)
{
    play *p = ctx;

    p->err = cop_scope_cancel(me, p->scope, COP_FORCE_HARD, NULL);
    cop_watch_close(me, p->watch); /* which is harmless */
}

static void
watch_in_cancelled(cop_actor *me, void *ctx)
{
    play *p = ctx;

    p->err = cop_scope_open(me, NULL, &p->scope);
    if (p->err == COP_OK)
        p->err = cop_scope_cancel(me, p->scope, COP_FORCE_HARD, NULL);
    p->err = cop_scope_watch(me, p->scope, p->ends[0], p->events, &p->watch);
}

static void
a_scope_has_its_watch_until_it_is_closed(void **state)
{
    (void)state;
    play p;

    begin(&p);
    stage_run(&p.stage, open_in_scope, &p);
    assert_int_equal(p.err, COP_OK);
    put(&p, "abc");
    stage_expect(&p.stage, "r3");
    p.close_in_handler = true;
    put(&p, "abc");
    stage_expect(&p.stage, "r3");
    stage_expect(&p.stage, "closed: normal 0");
    assert_int_equal(watches(&p), 0);
    end(&p);
}

static void
a_cancelled_scope_closes_its_watch(void **state)
{
    (void)state;
    play p;

    begin(&p);
    stage_run(&p.stage, open_in_scope, &p);
    stage_run(&p.stage, cancel_scope, &p);
    stage_expect(&p.stage, "closed: shutdown 0");
    put(&p, "abc");
    assert_int_equal(watches(&p), 0);
    stage_run(&p.stage, watch_in_cancelled, &p);
    assert_true(p.err == COP_E_GONE || p.err == COP_E_CANCELLED);
    assert_int_equal(watches(&p), 0);
    end(&p);
}

static void
a_scope_fails_with_the_handler_of_its_watch(void **state)
{
    (void)state;
    play p;

    for (int closing = 0; closing < 2; closing++) {
        begin(&p);
        stage_run(&p.stage, open_in_scope, &p);
        p.fail_in_handler = true;
        p.close_in_handler = closing == 1;
        put(&p, "abc");
        stage_expect(&p.stage, "r3");
        stage_expect(&p.stage, "closed: error 9");
        assert_int_equal(watches(&p), 0);
        end(&p);
    }
}

/* What finalizes a call closes the watch that the call has been for. */
typedef struct closer {
    play *play;
    cop_actor *me;
} closer;

static void
dispose_closes(void *arg)
{
    closer *self = arg;

    cop_watch_close(self->me, self->play->watch);
    cop_watch_close(self->me, self->play->watch);
    stage_say(&self->play->stage, "disposed");
}

static cop_err
never_mind(cop_actor *me, void *state, void *arg)
{
    (void)me;
    (void)state;
    (void)arg;
    return COP_OK;
}

/* Two watches, and a call after one of them. */
static void
open_with_closer(cop_actor *me, closer *self, int64_t ms)
{
    play *p = self->play;
    cop_watch first;

    self->me = me;
    p->err = cop_scope_open(me, &(cop_scope_opts){.closed = say_closed, .ctx = p}, &p->scope);
    assert_int_equal(p->err, COP_OK);
    if (ms > 0)
        assert_int_equal(cop_scope_watch(me, p->scope, p->ends[0], p->events, &first), COP_OK);
    assert_int_equal(cop_scope_watch(me, p->scope, p->ends[0], p->events, &p->watch), COP_OK);
    p->err = cop_scope_after(me, p->scope, ms, never_mind, self, dispose_closes, NULL);
    assert_int_equal(p->err, COP_OK);
    assert_int_equal(cop_scope_close(me, p->scope), COP_OK);
}

static void
open_for_long(cop_actor *me, void *ctx)
{
    open_with_closer(me, ctx, 600 * 1000);
}

static void
open_for_a_moment(cop_actor *me, void *ctx)
{
    open_with_closer(me, ctx, 0);
}

static void
a_finalizer_may_close_a_watch_that_is_called_off_next(void **state)
{
    (void)state;
    play p;
    closer self = {.play = &p};

    begin(&p);
    stage_run(&p.stage, open_for_long, &self);
    stage_run(&p.stage, cancel_scope, &p);
    stage_expect(&p.stage, "disposed");
    stage_expect(&p.stage, "closed: shutdown 0");
    assert_int_equal(watches(&p), 0);
    stage_run(&p.stage, open_for_long, &self);
    stage_close(&p.stage); /* the same at the actor's end, where nobody is told */
    close(p.ends[0]);
    close(p.ends[1]);
}

static void
a_scope_ends_whose_last_watch_a_finalizer_closes(void **state)
{
    (void)state;
    play p;
    closer self = {.play = &p};

    begin(&p);
    stage_run(&p.stage, open_for_a_moment, &self);
    stage_expect(&p.stage, "disposed");
    stage_expect(&p.stage, "closed: normal 0");
    assert_int_equal(watches(&p), 0);
    end(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scope_has_its_watch_until_it_is_closed),
        cmocka_unit_test(a_cancelled_scope_closes_its_watch),
        cmocka_unit_test(a_scope_fails_with_the_handler_of_its_watch),
        cmocka_unit_test(a_finalizer_may_close_a_watch_that_is_called_off_next),
        cmocka_unit_test(a_scope_ends_whose_last_watch_a_finalizer_closes),
    };
    return cmocka_run_group_tests_name("watch_scope", tests, NULL, NULL);
}
