/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cases.h - all cases: NAME is played by case_NAME, as ../NAME.py is by its main.
 *
 * The blocks of a case are named for their groups and deadlines.
 */
#ifndef TESTS_STRUCTURED_ASYNCIO_CASES_H
#define TESTS_STRUCTURED_ASYNCIO_CASES_H

#include "stage.h"

/* clang-format off */
#define CASES(C)                                                                               \
    C(001_body_error)                                                                          \
    C(002_child_error)                                                                         \
    C(003_child_error_while_closing)                                                           \
    C(004_several_errors)                                                                      \
    C(005_errors_in_order)                                                                     \
    C(006_error_while_cancelling)                                                              \
    C(007_cleanup_fails_after_error)                                                           \
    C(008_cleanup_fails_after_end)                                                             \
    C(009_body_error_then_child_error)                                                         \
    C(010_body_fails_in_cleanup)                                                               \
    C(011_body_swallows)                                                                       \
    C(012_body_swallows_and_waits)                                                             \
    C(013_body_waits_for_ever)                                                                 \
    C(014_body_ends_early)                                                                     \
    C(015_body_returns)                                                                        \
    C(016_empty)                                                                               \
    C(017_empty_body_fails)                                                                    \
    C(018_empty_cancelled)                                                                     \
    C(019_ends_at_once)                                                                        \
    C(020_fails_at_once)                                                                       \
    C(021_parent_cancelled_in_body)                                                            \
    C(022_parent_cancelled_while_closing)                                                      \
    C(023_parent_cancelled_twice)                                                              \
    C(024_parent_cancelled_after_error)                                                        \
    C(025_parent_cancelled_child_fails)                                                        \
    C(026_parent_cancelled_before_group)                                                       \
    C(027_parent_cancelled_at_spawn)                                                           \
    C(028_cancelled_before_first_step)                                                         \
    C(029_body_fails_at_once)                                                                  \
    C(030_nested_both_fail)                                                                    \
    C(031_nested_both_fail_caught)                                                             \
    C(032_nested_outer_fails)                                                                  \
    C(033_nested_inner_fails)                                                                  \
    C(034_nested_inner_fails_caught)                                                           \
    C(035_nested_inner_fails_while_cancelled)                                                  \
    C(036_group_in_child)                                                                      \
    C(037_grandchild_error)                                                                    \
    C(038_ten_levels)                                                                          \
    C(039_grandchildren_cancelled)                                                             \
    C(040_spawn_during_abort)                                                                  \
    C(041_spawn_after_exit)                                                                    \
    C(042_spawn_after_failure)                                                                 \
    C(043_spawn_while_closing)                                                                 \
    C(044_spawn_by_last_child)                                                                 \
    C(045_spawn_by_stranger)                                                                   \
    C(046_child_cancels_itself)                                                                \
    C(047_child_says_cancelled)                                                                \
    C(048_cancel_with_reason)                                                                  \
    C(049_cancel_second_reason)                                                                \
    C(050_cancel_by_sibling_reason)                                                            \
    C(051_cancel_reason_through_group)                                                         \
    C(052_cancel_group)                                                                        \
    C(053_cancel_other_child)                                                                  \
    C(054_cancel_of_finished)                                                                  \
    C(055_cancel_after_close)                                                                  \
    C(056_cancel_while_cleaning)                                                               \
    C(057_cancel_races_result)                                                                 \
    C(058_cancel_races_end)                                                                    \
    C(059_end_races_cancel)                                                                    \
    C(060_result_after_close)                                                                  \
    C(061_result_too_early)                                                                    \
    C(062_result_of_failed)                                                                    \
    C(063_child_awaits_sibling)                                                                \
    C(064_child_awaits_failing_sibling)                                                        \
    C(065_child_awaits_cancelled_sibling)                                                      \
    C(066_child_cancelled_awaiting_sibling)                                                    \
    C(067_child_awaits_itself)                                                                 \
    C(068_child_awaits_parent)                                                                 \
    C(069_children_await_each_other)                                                           \
    C(070_many_children)                                                                       \
    C(071_many_errors)                                                                         \
    C(072_ok_after_sibling_error)                                                              \
    C(073_swallowed)                                                                           \
    C(074_swallowed_with_deadline)                                                             \
    C(075_swallowed_twice)                                                                     \
    C(076_fatal_child)                                                                         \
    C(077_fatal_body)                                                                          \
    C(078_fatal_and_error)                                                                     \
    C(079_caught_and_gone_on)                                                                  \
    C(080_deadline_around)                                                                     \
    C(081_deadline_in_body)                                                                    \
    C(082_deadline_not_reached)                                                                \
    C(083_deadline_move_on)                                                                    \
    C(084_deadline_in_child)                                                                   \
    C(085_deadline_in_cancelled_child)                                                         \
    C(086_deadline_error_before)                                                               \
    C(087_deadline_and_cleanup_error)                                                          \
    C(088_deadline_during_cleanup)                                                             \
    C(089_deadline_outlived_by_cleanup)                                                        \
    C(090_deadlines_outer_first)                                                               \
    C(091_deadlines_inner_first)                                                               \
    C(092_deadlines_minimum)                                                                   \
    C(093_deadlines_both_passed)                                                               \
    C(094_deadline_later)                                                                      \
    C(095_deadline_sooner)                                                                     \
    C(096_deadline_now)                                                                        \
    C(097_deadline_taken_away)                                                                 \
    C(098_deadline_set_late)                                                                   \
    C(099_deadline_zero)                                                                       \
    C(100_cleanup_waits)                                                                       \
    C(101_cleanup_too_long)                                                                    \
    C(102_shield_leaks)                                                                        \
    C(103_shield_with_deadline)                                                                \
    C(104_shielded_error)                                                                      \
    C(105_gather_error)                                                                        \
    C(106_gather_second_error)                                                                 \
    C(107_gather_collects)                                                                     \
    C(108_lost_child)
/* clang-format on */

#define CASE(name) cop_err case_##name(role *me)
/* A block of a case, or what one of its children does. */
#define BLOCK(name)            static cop_err name(role *me)
#define CASE_IS_DECLARED(name) act case_##name;
CASES(CASE_IS_DECLARED)

#endif /* TESTS_STRUCTURED_ASYNCIO_CASES_H */
