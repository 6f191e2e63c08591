/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limiter_test.c - tokens, their borrowers, and how neither is lost; all simulated.
 */
#include "actors/lender.h"

#include <coppice/fault.h>
#include <coppice/timer.h>

/* ------------------------------------------------------------------------ in its turn */

static void
requests_are_granted_in_order_while_there_are_tokens(COP_UNUSED void **state)
{
    begin(2, 4);
    for (unsigned i = 0; i < 4; i++)
        ask_for_one(i, 1000);
    EXPECT("a+ b+");
    give_back(0);
    EXPECT("c+");
    give_back(2);
    give_back(1);
    EXPECT("d+");
    expect_status(2, 1, 0);
    end();
}

static void
one_borrowers_requests_are_granted_in_its_order(COP_UNUSED void **state)
{
    begin(1, 2);
    ask_for_one(0, 1000);
    EXPECT("a+");
    tell(1, want_three, .within_ms = 1000);
    EXPECT("");
    give_back(0);
    EXPECT("b+0");
    expect_status(1, 1, 2);
    tell(1, give_first, 0);
    EXPECT("b+1");
    tell(1, give_first, 0);
    EXPECT("b+2");
    end();
}

static void
a_request_that_times_out_is_passed_over(COP_UNUSED void **state)
{
    begin(1, 3);
    ask_for_one(0, 1000);
    ask_for_one(1, 100);
    ask_for_one(2, 1000);
    EXPECT("a+");
    cop_sim_run_for(scene.sim, 100);
    EXPECT("b:COP_E_TIMEOUT");
    expect_status(1, 1, 1);
    give_back(0);
    EXPECT("c+");
    expect_status(1, 1, 0);
    end();
}

static void
a_request_that_is_given_up_is_not_told_of(COP_UNUSED void **state)
{
    begin(1, 3);
    ask_for_one(0, 1000);
    ask_for_one(1, 100);
    ask_for_one(2, 1000);
    EXPECT("a+");
    give_back(1);
    cop_sim_run_for(scene.sim, 200);
    expect_status(1, 1, 1);
    give_back(0);
    EXPECT("c+");
    end();
}

/* Whoever wins: the borrower knows of it, and the token is his or free. */
static void
a_grant_that_meets_the_timeout_is_not_lost(COP_UNUSED void **state)
{
    unsigned granted = 0, late = 0;

    for (unsigned seed = 1; seed <= 300; seed++) {
        begin_seeded(seed, 1, 2);
        ask_for_one(0, 1000);
        EXPECT("a+");
        tell(0, give_later, .ms = 49 + seed % 2);
        tell(1, want, .within_ms = 50);
        cop_sim_run_for(scene.sim, 60);
        bool is_granted = strcmp(scene.notes, "b+ ") == 0;
        granted += is_granted;
        late += !is_granted;
        if (!is_granted)
            assert_string_equal(scene.notes, "b:COP_E_TIMEOUT ");
        forget_notes();
        expect_status(1, is_granted, 0);
        end();
    }
    assert_true(granted > 0);
    assert_true(late > 0);
}

/* The grant is in the mailbox of somebody who gives up just then. */
static void
a_grant_that_meets_a_release_is_not_lost(COP_UNUSED void **state)
{
    for (unsigned seed = 1; seed <= 300; seed++) {
        begin_seeded(seed, 1, 2);
        tell(0, want_and_give, .after_ms = seed % 3);
        cop_sim_run_for(scene.sim, 10);
        forget_notes(); /* with a pause in between it may have been granted */
        expect_status(1, 0, 0);
        ask_for_one(1, 1);
        EXPECT("b+");
        end();
    }
}

/* That it is given back can be said without memory, too: of the first of three by the
 * borrower's own letter, and of the others when that is back. */
static void
a_token_is_given_back_without_memory(COP_UNUSED void **state)
{
    for (uint64_t failures = 1; failures <= 6; failures++) {
        begin(3, 2);
        tell(0, want_three, .within_ms = 1000);
        expect_status(3, 3, 0);
        forget_notes();
        for (uint64_t at = 1; at <= failures; at++)
            assert_int_equal(
                cop_sim_fault(scene.sim,
                              &(cop_fault){.kind = &cop_fault_nomem, .who = "hand", .at = at}),
                COP_OK);
        tell(0, give_three, 0);
        cop_sim_run_for(scene.sim, 10);
        expect_status(3, 0, 0);
        end();
    }
}

/* ------------------------------------------------------------------------ their ends */

static void
a_borrower_that_ends_gives_its_token_back(COP_UNUSED void **state)
{
    begin(1, 4);
    for (unsigned i = 0; i < 4; i++)
        ask_for_one(i, 1000);
    EXPECT("a+");
    kill_hand(0);
    EXPECT("b+");
    tell(1, fall, 0);
    EXPECT("b- c+");
    tell(2, leave, 0);
    EXPECT("c- d+");
    end();
}

static void
one_that_ends_while_it_waits_is_passed_over(COP_UNUSED void **state)
{
    begin(1, 4);
    for (unsigned i = 0; i < 4; i++)
        ask_for_one(i, 1000);
    EXPECT("a+");
    kill_hand(1);
    tell(2, leave, 0);
    /* The answer to a call of one who ends; why is a matter of who is faster. */
    assert_non_null(strstr(scene.notes, "c:COP_E_"));
    forget_notes();
    expect_status(1, 1, 1);
    give_back(0);
    EXPECT("d+");
    end();
}

/* With a child that takes its time, and with its own clean-up. */
static void
a_token_stays_until_all_that_the_borrower_owned_is_gone(COP_UNUSED void **state)
{
    for (int is_killed = 0; is_killed < 2; is_killed++) {
        begin(1, 2);
        ask_for_one(0, 1000);
        tell(0, start_slow, .ms = 100);
        ask_for_one(1, 1000);
        EXPECT("a+");
        if (is_killed)
            kill_hand(0);
        else
            tell(0, leave, 0);
        cop_sim_run_for(scene.sim, 99);
        EXPECT("");
        expect_status(1, 1, 1);
        cop_sim_run_for(scene.sim, 2);
        EXPECT(is_killed ? "slow- b+" : "slow- a- b+");
        end();
    }
}

static void
if_the_limiter_ends_the_loans_fail(COP_UNUSED void **state)
{
    begin(1, 2);
    ask_for_one(0, 1000);
    ask_for_one(1, 1000);
    EXPECT("a+");
    post_to(scene.keeper, murder, .who = scene.limiter);
    assert_non_null(strstr(scene.notes, "a- "));
    assert_non_null(strstr(scene.notes, "b:COP_E_DOWN "));
    assert_null(strstr(scene.notes, "b- "));
    forget_notes();
    ask_for_one(1, 1000);
    EXPECT("b!COP_E_NOPROC");
    end();
}

static void
one_who_isolates_is_told_which_loan_failed(COP_UNUSED void **state)
{
    begin(1, 1);
    tell(0, fall, 0);
    EXPECT("a-");
    spawn_hand(0, &hermit_b);
    ask_for_one(0, 1000);
    EXPECT("a+");
    post_to(scene.keeper, murder, .who = scene.limiter);
    EXPECT("a lost its loan: COP_E_DOWN");
    end();
}

static void
a_loan_that_a_stranger_kills_counts_until_its_borrower_is_gone(COP_UNUSED void **state)
{
    begin(1, 2);
    tell(0, fall, 0);
    EXPECT("a-");
    spawn_hand(0, &hermit_b);
    ask_for_one(0, 1000);
    ask_for_one(1, 1000);
    EXPECT("a+");
    post_to(scene.keeper, murder, .who = scene.loans[0].pid);
    EXPECT("a lost its loan: 0");
    expect_status(1, 1, 1);
    kill_hand(0);
    EXPECT("b+");
    end();
}

/* ----------------------------------------------------------------------------- errors */

static void
only_who_holds_a_token_can_give_it_back_and_once(COP_UNUSED void **state)
{
    begin(1, 2);
    ask_for_one(0, 1000);
    EXPECT("a+");
    tell(1, steal, 0);
    EXPECT("b:COP_E_NOT_FOUND");
    expect_status(1, 1, 0);
    give_back(0);
    tell(0, give, 0);
    EXPECT("a?COP_E_NOT_FOUND");
    tell(0, steal, 0);
    EXPECT("a:COP_E_NOT_FOUND");
    end();
}

static void
more_than_may_wait_are_refused(COP_UNUSED void **state)
{
    begin_with(1, &COP_MSG(cop_limiter_opts, .tokens = 1, .waiting_max = 1), 4);
    for (unsigned i = 0; i < 3; i++)
        ask_for_one(i, 1000);
    EXPECT("a+ c:COP_E_FULL");
    give_back(1);
    ask_for_one(3, 1000);
    give_back(0);
    EXPECT("d+");
    end();
}

static void
bad_arguments_are_refused(COP_UNUSED void **state)
{
    begin(1, 1);
    ask_for_one(0, 0);
    EXPECT("a!COP_E_INVAL");
    ask_for_one(0, -5);
    EXPECT("a!COP_E_INVAL");
    tell(0, want_nothing, 0);
    EXPECT("a!COP_E_INVAL a!COP_E_INVAL");
    expect_status(1, 0, 0);
    end();
}

static void
without_memory_for_an_entry_the_request_fails(COP_UNUSED void **state)
{
    begin(1, 1);
    is_starving = true;
    ask_for_one(0, 1000);
    is_starving = false;
    EXPECT("a:COP_E_NOMEM");
    ask_for_one(0, 1000);
    EXPECT("a+");
    end();
}

/* --------------------------------------------------------------------------- the rest */

static void
without_options_it_is_a_lock_and_asking_twice_waits_for_oneself(COP_UNUSED void **state)
{
    begin_with(1, NULL, 1);
    ask_for_one(0, 1000);
    ask_for_one(0, 100);
    EXPECT("a+");
    expect_status(1, 1, 1);
    cop_sim_run_for(scene.sim, 100);
    EXPECT("a:COP_E_TIMEOUT");
    expect_status(1, 1, 0);
    end();
}

/* What different actors are told has no order. */
static void
expect_all(const char *first, const char *second, const char *third)
{
    cop_sim_settle(scene.sim);
    assert_non_null(strstr(scene.notes, first));
    assert_non_null(strstr(scene.notes, second));
    assert_non_null(strstr(scene.notes, third));
    forget_notes();
}

static void
the_number_of_tokens_can_be_changed(COP_UNUSED void **state)
{
    begin(1, 4);
    for (unsigned i = 0; i < 4; i++)
        ask_for_one(i, 1000);
    EXPECT("a+");
    resize(3);
    expect_all("resized", "b+", "c+");
    resize(1);
    EXPECT("resized");
    expect_status(1, 3, 1);
    give_back(0);
    give_back(1);
    EXPECT("");
    give_back(2);
    EXPECT("d+");
    resize(0);
    give_back(3);
    ask_for_one(0, 1000);
    EXPECT("resized");
    expect_status(0, 0, 1);
    resize(1);
    expect_all("resized", "a+", "");
    end();
}

static void
the_status_says_who_holds_for_how_long_and_how_many_wait(COP_UNUSED void **state)
{
    begin(2, 4);
    ask_for_one(0, 1000);
    cop_sim_run_for(scene.sim, 70);
    ask_for_one(1, 1000);
    cop_sim_run_for(scene.sim, 5);
    ask_for_one(2, 1000);
    cop_sim_run_for(scene.sim, 10);
    ask_for_one(3, 1000);
    cop_sim_run_for(scene.sim, 10);
    EXPECT("a+ b+");
    expect_status(2, 2, 2);
    assert_int_equal(scene.status.granted, 2);
    assert_int_equal(scene.status.longest_ms, 20);
    assert_int_equal(scene.holder_count, 2);
    assert_true(cop_pid_equal(scene.holders[0].borrower, scene.hands[0]));
    assert_int_equal(scene.holders[0].held_ms, 95);
    assert_true(cop_pid_equal(scene.holders[1].borrower, scene.hands[1]));
    assert_int_equal(scene.holders[1].held_ms, 25);
    end();
}

static void
its_state_can_be_printed(COP_UNUSED void **state)
{
    begin(3, 1);
    ask_for_one(0, 1000);
    EXPECT("a+");
    post_to(scene.keeper, look, 0);
    EXPECT("limiter{tokens: 3, held: 1, waiting: 0}");
    end();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_granted_in_order_while_there_are_tokens),
        cmocka_unit_test(one_borrowers_requests_are_granted_in_its_order),
        cmocka_unit_test(a_request_that_times_out_is_passed_over),
        cmocka_unit_test(a_request_that_is_given_up_is_not_told_of),
        cmocka_unit_test(a_grant_that_meets_the_timeout_is_not_lost),
        cmocka_unit_test(a_grant_that_meets_a_release_is_not_lost),
        cmocka_unit_test(a_token_is_given_back_without_memory),
        cmocka_unit_test(a_borrower_that_ends_gives_its_token_back),
        cmocka_unit_test(one_that_ends_while_it_waits_is_passed_over),
        cmocka_unit_test(a_token_stays_until_all_that_the_borrower_owned_is_gone),
        cmocka_unit_test(if_the_limiter_ends_the_loans_fail),
        cmocka_unit_test(one_who_isolates_is_told_which_loan_failed),
        cmocka_unit_test(a_loan_that_a_stranger_kills_counts_until_its_borrower_is_gone),
        cmocka_unit_test(only_who_holds_a_token_can_give_it_back_and_once),
        cmocka_unit_test(more_than_may_wait_are_refused),
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(without_memory_for_an_entry_the_request_fails),
        cmocka_unit_test(without_options_it_is_a_lock_and_asking_twice_waits_for_oneself),
        cmocka_unit_test(the_number_of_tokens_can_be_changed),
        cmocka_unit_test(the_status_says_who_holds_for_how_long_and_how_many_wait),
        cmocka_unit_test(its_state_can_be_printed),
    };

    return cmocka_run_group_tests_name("limiter", tests, NULL, NULL);
}
