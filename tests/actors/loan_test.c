/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loan_test.c - a loan among the other children of its borrower: it has no part in a race, and
 * no more time than its borrower.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/limiter.h>
#include <coppice/message.h>
#include <coppice/sim.h>

#define LOANS(M, F)                                                                            \
    M(1, borrow, F(i32, within_ms))                                                            \
    M(2, give_back, F(i32, unused))                                                            \
    M(3, start_racer, F(i32, unused))                                                          \
    M(4, fall, F(i32, unused))                                                                 \
    M(5, work_for, F(i32, within_ms))                                                          \
    M(6, worked, F(i32, unused))
COP_PROTOCOL(LOANS)

static struct {
    cop_sim *sim;
    cop_node *node;
    cop_pid limiter, owner, borrower, racer, other;
    unsigned answers;
    cop_err err;
    bool is_down;
    cop_exit why; /* of the borrower */
} scene;

/* ------------------------------------------------------------------------ the actors */

typedef struct borrower {
    cop_loan loan;
    cop_token asked;
} borrower;

COP_REPLY(borrower, cop_limiter_granted)
{
    scene.answers++;
    scene.err = err;
    return COP_OK;
}

COP_HANDLER(borrower, borrow)
{
    return cop_limiter_acquire(me, scene.limiter, msg->within_ms,
                               COP_THEN(borrower, cop_limiter_granted), &st->loan);
}

/* As part of a request, of which so much time is left. */
COP_HANDLER(borrower, work_for)
{
    COP_TRY(cop_defer(me, &st->asked));
    return cop_limiter_acquire(me, scene.limiter, msg->within_ms,
                               COP_THEN(borrower, cop_limiter_granted), &st->loan);
}

COP_HANDLER(borrower, give_back)
{
    return cop_limiter_release(me, &st->loan);
}

COP_HANDLER(borrower, fall)
{
    return cop_fail(me, 1, "boom");
}

#define DOES                                                                                   \
    COP_ON(borrower, borrow), COP_ON(borrower, give_back), COP_ON(borrower, fall),             \
        COP_ON(borrower, work_for)

static const cop_behaviour plain_b = {
    .name = "plain", .state_size = sizeof(borrower), .handlers = COP_HANDLERS(DOES)};

COP_HANDLER(borrower, start_racer)
{
    return cop_spawn(me, &plain_b, NULL, &scene.racer);
}

static const cop_behaviour race_b = {
    .name = "race",
    .state_size = sizeof(borrower),
    .policy = COP_RACE,
    .handlers = COP_HANDLERS(DOES, COP_ON(borrower, start_racer)),
};

typedef struct owner {
    cop_ref watch;
} owner;

COP_HANDLER(owner, cop_start)
{
    COP_TRY(cop_spawn(me, &plain_b, NULL, &scene.other));
    return cop_spawn(me, &race_b, &(cop_spawn_opts){.monitor = &st->watch}, &scene.borrower);
}

COP_REPLY(owner, worked)
{
    return COP_OK;
}

COP_HANDLER(owner, work_for)
{
    return cop_ask(me, scene.borrower, 20, COP_THEN(owner, worked), work_for,
                   .within_ms = msg->within_ms);
}

COP_HANDLER(owner, cop_down)
{
    scene.is_down = true;
    scene.why = msg->why;
    return COP_OK;
}

static const cop_behaviour owner_b = {
    .name = "owner",
    .state_size = sizeof(owner),
    .policy = COP_ISOLATE,
    .handlers = COP_HANDLERS(COP_ON(owner, cop_start), COP_ON(owner, work_for),
                             COP_ON(owner, cop_down)),
};

/* ------------------------------------------------------------------------ a scene */

#define tell(who, ...)                                                                         \
    (assert_int_equal(cop_post(scene.node, who, __VA_ARGS__), COP_OK),                         \
     cop_sim_settle(scene.sim))

static int
set_up(COP_UNUSED void **state)
{
    memset(&scene, 0, sizeof scene);
    assert_int_equal(cop_sim_new(&scene.sim, 1), COP_OK);
    assert_int_equal(cop_sim_node(scene.sim, NULL, &scene.node), COP_OK);
    assert_int_equal(cop_sim_spawn(scene.node, &cop_limiter, NULL, &scene.limiter), COP_OK);
    assert_int_equal(cop_sim_spawn(scene.node, &owner_b, NULL, &scene.owner), COP_OK);
    return 0;
}

static int
tear_down(COP_UNUSED void **state)
{
    cop_sim_expect_nothing_left(scene.sim);
    cop_sim_free(&scene.sim);
    return 0;
}

/* The other one has the only token. */
static void
lend_to_the_other(void)
{
    tell(scene.other, borrow, .within_ms = 1000);
    assert_int_equal(scene.err, COP_OK);
    assert_int_equal(scene.answers, 1);
    scene.answers = 0;
}

/* Nobody has it. */
static void
expect_a_free_token(void)
{
    scene.answers = 0;
    tell(scene.other, borrow, .within_ms = 10);
    assert_int_equal(scene.answers, 1);
    assert_int_equal(scene.err, COP_OK);
}

/* ------------------------------------------------------------------------ in a race */

static void
a_loan_that_is_given_back_wins_no_race(COP_UNUSED void **state)
{
    tell(scene.borrower, start_racer, 0);
    tell(scene.borrower, borrow, .within_ms = 1000);
    assert_int_equal(scene.err, COP_OK);
    tell(scene.borrower, give_back, 0);
    assert_false(scene.is_down);
    expect_a_free_token();
}

static void
neither_does_a_request_whose_time_is_over(COP_UNUSED void **state)
{
    lend_to_the_other();
    tell(scene.borrower, start_racer, 0);
    tell(scene.borrower, borrow, .within_ms = 10);
    cop_sim_run_for(scene.sim, 20);
    assert_int_equal(scene.err, COP_E_TIMEOUT);
    assert_false(scene.is_down);
}

static void
when_the_last_racer_has_lost_a_loan_does_not_keep_the_race_open(COP_UNUSED void **state)
{
    tell(scene.borrower, start_racer, 0);
    tell(scene.borrower, borrow, .within_ms = 1000);
    tell(scene.racer, fall, 0);
    assert_true(scene.is_down);
    assert_int_equal(scene.why.kind, COP_EXIT_ERROR);
    expect_a_free_token();
}

/* ------------------------------------------------------------------------ in time */

static void
who_is_told_that_the_time_of_his_request_is_over_gets_no_token_later(COP_UNUSED void **state)
{
    lend_to_the_other();
    tell(scene.owner, work_for, .within_ms = 1000);
    cop_sim_run_for(scene.sim, 20);
    assert_int_equal(scene.answers, 1);
    assert_int_equal(scene.err, COP_E_TIMEOUT);
    tell(scene.other, give_back, 0);
    expect_a_free_token();
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_loan_that_is_given_back_wins_no_race),
        TEST(neither_does_a_request_whose_time_is_over),
        TEST(when_the_last_racer_has_lost_a_loan_does_not_keep_the_race_open),
        TEST(who_is_told_that_the_time_of_his_request_is_over_gets_no_token_later),
    };

    return cmocka_run_group_tests_name("loan", tests, NULL, NULL);
}
