/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_test.c - process groups: members, followers, ends, and what is published.
 */
#include "pg_stage.h"

#include "pg/directory.h"

#define SPORT COP_STR("sport")
#define NEWS  COP_STR("news")
#define OTHER "other"

/* Two texts with one FNV-1a hash and one length. */
#define TWIN_1 COP_STR("8yn0iYCKYHlIj4-BwPqk")
#define TWIN_2 COP_STR("GReLUrM4wMqfg9yzV3KQ")

/* Which allocation of the scope's fails, once; 0: none. */
static unsigned failing;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);

static bool
is_to_fail(void)
{
    return failing > 0 && --failing == 0;
}

void *
__wrap_malloc(size_t size)
{
    return is_to_fail() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
    return is_to_fail() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *block, size_t size)
{
    return is_to_fail() ? NULL : __real_realloc(block, size);
}

static cop_pid
actor(char letter)
{
    return stage.actors[letter - 'a'];
}

static void
expect_members(cop_actor *me, const char *scope, cop_str group, const char *expected)
{
    cop_pg_members members = cop_pg_get_members(me, scope, group);
    char text[32];

    assert_string_equal(letters(members.pids, members.count, text), expected);
    cop_pg_members_free(&members);
}

static size_t
count_groups(cop_actor *me, const char *scope)
{
    cop_pg_groups groups;

    assert_int_equal(cop_pg_which_groups(me, scope, &groups), COP_OK);
    size_t count = groups.count;
    cop_pg_groups_free(&groups);
    return count;
}

static void
join_sport(cop_actor *me)
{
    assert_int_equal(cop_pg_join(me, NULL, SPORT, cop_self(me)), COP_OK);
}

static void
leave_sport(cop_actor *me)
{
    assert_int_equal(cop_pg_leave(me, NULL, SPORT, cop_self(me)), COP_OK);
}

static void
end(cop_actor *me)
{
    (void)cop_stop(me);
}

/* ------------------------------------------------------------------------ membership */

static void
join_and_look(cop_actor *me)
{
    expect_members(me, NULL, SPORT, "");
    join_sport(me);
    expect_members(me, NULL, SPORT, "a");
    leave_sport(me);
    expect_members(me, NULL, SPORT, "");
}

static void
a_join_and_a_leave_are_seen_when_the_call_returns(void **state)
{
    (void)state;
    act('a', join_and_look);
}

static void
look_for_cab(cop_actor *me)
{
    expect_members(me, NULL, SPORT, "cab");
}

static void
members_stand_in_the_order_in_which_they_joined(void **state)
{
    (void)state;
    act('c', join_sport);
    act('a', join_sport);
    act('b', join_sport);
    act('d', look_for_cab);
}

static void
join_twice(cop_actor *me)
{
    join_sport(me);
    assert_int_equal(cop_pg_join(me, NULL, SPORT, actor('b')), COP_OK);
    join_sport(me);
    expect_members(me, NULL, SPORT, "aba");
    leave_sport(me);
    expect_members(me, NULL, SPORT, "ab"); /* the youngest has gone */
    leave_sport(me);
    expect_members(me, NULL, SPORT, "b");
    assert_int_equal(cop_pg_leave(me, NULL, SPORT, cop_self(me)), COP_E_NOT_FOUND);
    assert_int_equal(cop_pg_leave(me, NULL, NEWS, cop_self(me)), COP_E_NOT_FOUND);
    expect_members(me, NULL, SPORT, "b");
}

static void
who_joins_twice_has_to_leave_twice(void **state)
{
    (void)state;
    act('a', join_twice);
}

static void
join_and_leave_many(cop_actor *me)
{
    const cop_pid some[] = {actor('a'), actor('b'), actor('a')};
    const cop_pid others[] = {actor('c'), actor('a'), actor('a'), actor('a')};

    assert_int_equal(cop_pg_join_all(me, NULL, SPORT, some, COP_COUNT(some)), COP_OK);
    expect_members(me, NULL, SPORT, "aba");
    assert_int_equal(cop_pg_leave_all(me, NULL, SPORT, others, COP_COUNT(others)), COP_OK);
    expect_members(me, NULL, SPORT, "b");
    assert_int_equal(cop_pg_leave_all(me, NULL, SPORT, others, COP_COUNT(others)),
                     COP_E_NOT_FOUND);
    assert_int_equal(cop_pg_join_all(me, NULL, NEWS, NULL, 0), COP_OK);
    assert_int_equal(count_groups(me, NULL), 1);
}

static void
many_join_and_leave_as_one_change(void **state)
{
    (void)state;
    act('a', join_and_leave_many);
}

static void
join_strangers(cop_actor *me)
{
    const cop_pid far = {cop_self(me).node + 1, cop_self(me).id};
    const cop_pid both[] = {cop_self(me), far};

    assert_int_equal(cop_pg_join(me, NULL, SPORT, far), COP_E_REFUSED);
    assert_int_equal(cop_pg_join(me, NULL, SPORT, COP_PID_NONE), COP_E_REFUSED);
    assert_int_equal(cop_pg_join_all(me, NULL, SPORT, both, 2), COP_E_REFUSED);
    expect_members(me, NULL, SPORT, "");
}

static void
a_pid_of_another_node_is_refused(void **state)
{
    (void)state;
    act('a', join_strangers);
}

static void
use_no_scope(cop_actor *me)
{
    cop_pg_groups groups;
    cop_ref ref;

    expect_members(me, "nowhere", SPORT, "");
    assert_int_equal(cop_pg_join(me, "nowhere", SPORT, cop_self(me)), COP_E_NO_NAME);
    assert_int_equal(cop_pg_leave(me, "nowhere", SPORT, cop_self(me)), COP_E_NO_NAME);
    assert_int_equal(cop_pg_which_groups(me, "nowhere", &groups), COP_E_NO_NAME);
    assert_int_equal(cop_pg_monitor(me, "nowhere", SPORT, &ref, NULL), COP_E_NO_NAME);
    assert_int_equal(cop_pg_monitor_scope(me, "nowhere", &ref, NULL), COP_E_NO_NAME);
    /* Nor is any other actor with a name a scope. */
    assert_int_equal(cop_register(me, "nowhere", cop_self(me)), COP_OK);
    assert_int_equal(cop_pg_join(me, "nowhere", SPORT, cop_self(me)), COP_E_NO_NAME);
}

static void
without_a_scope_readers_see_nobody_and_others_an_error(void **state)
{
    (void)state;
    act('a', use_no_scope);
    EXPECT("");
}

static void
use_two_scopes(cop_actor *me)
{
    join_sport(me);
    expect_members(me, OTHER, SPORT, "");
    assert_int_equal(cop_pg_join(me, OTHER, SPORT, actor('b')), COP_OK);
    expect_members(me, OTHER, SPORT, "b");
    expect_members(me, NULL, SPORT, "a");
}

static void
scopes_do_not_know_each_other(void **state)
{
    (void)state;
    act('a', use_two_scopes);
}

static void
use_odd_names(cop_actor *me)
{
    const cop_str names[] = {
        TWIN_1, TWIN_2, {NULL,   0},
          {"\0",   1},
          {"\0\0", 2}
    };
    const size_t count = COP_COUNT(names);

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) { /* the i-th joins all but the i-th */
            cop_err err =
                i == j ? COP_OK : cop_pg_join(me, NULL, names[j], actor((char)('a' + i)));
            assert_int_equal(err, COP_OK);
        }
    assert_int_equal(count_groups(me, NULL), count);
    expect_members(me, NULL, TWIN_1, "bcde");
    expect_members(me, NULL, TWIN_2, "acde");
    expect_members(me, NULL, names[2], "abde");
    expect_members(me, NULL, names[3], "abce");
    expect_members(me, NULL, names[4], "abcd");
    for (size_t i = 0; i < count; i++) /* the twin that was there first goes first */
        for (size_t j = 0; j < count; j++)
            if (i != j)
                assert_int_equal(cop_pg_leave(me, NULL, names[i], actor((char)('a' + j))),
                                 COP_OK);
    assert_int_equal(count_groups(me, NULL), 0);
}

static void
a_name_is_any_bytes_and_equal_hashes_are_two_names(void **state)
{
    (void)state;
    act('a', use_odd_names);
}

static cop_pg_members held;

static void
hold_sport(cop_actor *me)
{
    held = cop_pg_get_members(me, NULL, SPORT);
}

static void
what_a_reader_holds_does_not_change(void **state)
{
    char text[32];

    (void)state;
    act('a', join_sport);
    act('b', join_sport);
    act('c', hold_sport);
    act('a', leave_sport);
    act('d', join_sport);
    act('b', end);
    assert_string_equal(letters(held.pids, held.count, text), "ab");
    cop_pg_members_free(&held);
    cop_pg_members_free(&held);
}

/* ---------------------------------------------------------------------------- followers */

static cop_ref group_ref, scope_ref;

static void
follow_sport(cop_actor *me)
{
    cop_pg_members now;
    char text[32];

    assert_int_equal(cop_pg_monitor(me, NULL, SPORT, &group_ref, &now), COP_OK);
    note("now:%s", letters(now.pids, now.count, text));
    cop_pg_members_free(&now);
}

static void
follow_all(cop_actor *me)
{
    cop_pg_groups now;
    char text[32];

    assert_int_equal(cop_pg_monitor_scope(me, NULL, &scope_ref, &now), COP_OK);
    for (size_t i = 0; i < now.count; i++)
        note("now:%.*s:%s", (int)now.items[i].name.size, now.items[i].name.data,
             letters(now.items[i].members.pids, now.items[i].members.count, text));
    cop_pg_groups_free(&now);
}

static void
join_news_with_b(cop_actor *me)
{
    const cop_pid both[] = {cop_self(me), actor('b')};

    assert_int_equal(cop_pg_join_all(me, NULL, NEWS, both, 2), COP_OK);
}

static void
a_follower_gets_who_is_there_and_then_each_change(void **state)
{
    (void)state;
    act('a', join_sport);
    tell('b', join_sport); /* a change that nobody has been told of */
    act('f', follow_sport);
    tell('a', join_sport);
    act('a', join_news_with_b);
    act('a', leave_sport);
    EXPECT("now:ab sport+a sport-a");
}

static void
a_group_may_be_followed_before_it_exists_and_after(void **state)
{
    (void)state;
    act('f', follow_sport);
    act('a', join_sport);
    act('a', leave_sport);
    act('b', join_sport);
    EXPECT("now: sport+a sport-a sport+b");
}

static void
check_no_groups(cop_actor *me)
{
    assert_int_equal(count_groups(me, NULL), 0);
}

static void
a_group_that_is_only_followed_is_not_listed(void **state)
{
    (void)state;
    act('f', follow_sport);
    act('f', check_no_groups);
    EXPECT("now:");
}

static void
a_follower_of_a_scope_gets_all_groups(void **state)
{
    (void)state;
    act('a', join_sport);
    act('f', follow_all);
    act('a', join_news_with_b);
    act('c', join_sport);
    EXPECT("now:sport:a news+ab sport+c");
}

static void
demonitor(cop_actor *me)
{
    assert_true(cop_pg_demonitor(me, NULL, group_ref));
    assert_false(cop_pg_demonitor(me, NULL, group_ref));
}

static void
demonitor_anothers(cop_actor *me)
{
    assert_false(cop_pg_demonitor(me, NULL, group_ref));
}

static void
who_follows_no_more_is_told_no_more(void **state)
{
    (void)state;
    act('f', follow_sport);
    act('e', demonitor_anothers);
    act('a', join_sport);
    act('f', demonitor);
    act('b', join_sport);
    EXPECT("now: sport+a");
}

static void
join_everything(cop_actor *me)
{
    join_sport(me);
    join_sport(me);
    join_news_with_b(me);
    assert_int_equal(cop_pg_join(me, OTHER, SPORT, cop_self(me)), COP_OK);
}

static void
look_for_the_rest(cop_actor *me)
{
    expect_members(me, NULL, SPORT, "");
    expect_members(me, NULL, NEWS, "b");
    expect_members(me, OTHER, SPORT, "");
    assert_int_equal(count_groups(me, NULL), 1);
}

static void
who_ends_leaves_each_group_once_and_for_all(void **state)
{
    (void)state;
    act('a', join_everything);
    act('f', follow_sport);
    act('e', follow_all);
    EXPECT("now:aa now:sport:aa now:news:ab");
    act('a', end);
    act('d', look_for_the_rest);
    const char *told = journal(); /* the two followers run in any order */
    assert_non_null(strstr(told, "news-a"));
    const char *once = strstr(told, "sport-aa");
    assert_non_null(once);
    assert_non_null(strstr(once + 1, "sport-aa"));
    assert_int_equal(strlen(told), strlen("news-a sport-aa sport-aa"));
}

static void
join_a(cop_actor *me)
{
    assert_false(cop_is_alive(me, actor('a')));
    assert_int_equal(cop_pg_join(me, NULL, SPORT, actor('a')), COP_OK);
}

static void
who_has_ended_already_is_taken_out_again(void **state)
{
    (void)state;
    act('f', follow_sport);
    act('a', end);
    act('b', join_a);
    EXPECT("now: sport+a sport-a");
    act('b', join_a);
    EXPECT("sport+a sport-a");
}

/* How many parties and followers the scope knows. */
static size_t parties, followers;

static void
look_inside(cop_actor *me)
{
    copi_pg *scope = copi_directory_find(me, NULL);

    assert_non_null(scope);
    parties = scope->parties.count;
    followers = scope->followers.count;
    copi_pg_unref(scope);
}

static void
a_scope_keeps_nothing_of_who_has_gone(void **state)
{
    (void)state;
    act('f', follow_sport);
    act('f', follow_all);
    act('e', follow_sport);
    act('a', join_sport);
    act('b', join_sport);
    act('c', look_inside);
    assert_int_equal(parties, 4);
    assert_int_equal(followers, 3);
    act('f', end);
    act('e', demonitor);
    act('a', end);
    act('b', leave_sport);
    act('c', look_inside);
    assert_int_equal(parties, 0);
    assert_int_equal(followers, 0);
    assert_int_equal(stage.dead_letters, 0);
}

enum {
    CROWD = 70000
};

static void
join_as_a_crowd(cop_actor *me)
{
    cop_pid *crowd = calloc(CROWD, sizeof *crowd);

    assert_non_null(crowd);
    for (size_t i = 0; i < CROWD; i++)
        crowd[i] = cop_self(me);
    assert_int_equal(cop_pg_join_all(me, NULL, SPORT, crowd, CROWD), COP_OK);
    free(crowd);
}

static void
a_change_of_very_many_comes_in_parts(void **state)
{
    (void)state;
    act('f', follow_sport);
    act('a', join_as_a_crowd);
    EXPECT("now: sport+aaaaaaaaaaaaaaaaaaaa... sport+aaaaaaaaaaaaaaaaaaaa...");
    act('a', end);
    EXPECT("sport-aaaaaaaaaaaaaaaaaaaa... sport-aaaaaaaaaaaaaaaaaaaa...");
}

/* ------------------------------------------------------------------- the end of a scope */

static void
kill_scope(cop_actor *me)
{
    cop_kill(me, cop_whereis(me, COP_PG));
}

static void
look_for_nobody(cop_actor *me)
{
    expect_members(me, NULL, SPORT, "");
    assert_true(cop_is_alive(me, actor('a')));
    assert_false(cop_pg_demonitor(me, NULL, group_ref));
}

static void
a_scope_that_ends_is_told_and_comes_back_empty(void **state)
{
    (void)state;
    act('a', join_sport);
    act('f', follow_sport);
    act('b', kill_scope);
    EXPECT("now:a =killed");
    act('b', look_for_nobody);
    act('a', join_sport);
    act('f', follow_sport);
    act('b', join_sport);
    EXPECT("now:a sport+b");
}

/* What is left to the scope's actor may find it dead. */
static void
join_and_kill(cop_actor *me)
{
    join_sport(me);
    follow_sport(me);
    kill_scope(me);
    assert_int_not_equal(cop_pg_join(me, NULL, SPORT, cop_self(me)), COP_E_NOMEM);
}

static void
a_scope_may_be_killed_with_work_to_do(void **state)
{
    (void)state;
    act('a', join_and_kill);
    EXPECT("now:a =killed");
    act('b', look_for_nobody);
}

/* --------------------------------------------------------------------------- publishing */

static cop_published published;

static void
publish(cop_actor *me)
{
    published = cop_publish(me, NULL, SPORT, news, .n = 1);
}

static void
what_is_published_reaches_each_membership(void **state)
{
    (void)state;
    act('a', join_sport);
    act('a', join_sport);
    act('b', join_sport);
    act('b', publish);
    assert_int_equal(published.sent, 3);
    assert_int_equal(published.refused, 0);
    assert_int_equal(published.why, COP_OK);
    assert_int_equal(stage.heard, 3);
}

static const cop_behaviour slow_b = {
    .name = "slow", .state_size = sizeof(puppet), .handlers = PUPPET_HANDLERS, .mailbox = 2};

static void
publish_much(cop_actor *me)
{
    cop_pid slow;

    assert_int_equal(cop_spawn(me, &slow_b, NULL, &slow), COP_OK);
    assert_int_equal(cop_pg_join(me, NULL, SPORT, slow), COP_OK);
    for (size_t i = 0; i < 4; i++) {
        publish(me);
        assert_int_equal(published.sent, i < 2 ? 2 : 1);
        assert_int_equal(published.refused, i < 2 ? 0 : 1);
        assert_int_equal(published.why, i < 2 ? COP_OK : COP_E_FULL);
    }
}

static void
a_full_mailbox_refuses_and_the_others_get_it(void **state)
{
    (void)state;
    act('a', join_sport);
    act('b', publish_much);
    assert_int_equal(stage.heard, 6);
}

static void
publish_to_the_dead(cop_actor *me)
{
    assert_int_equal(cop_pg_join(me, NULL, SPORT, actor('a')), COP_OK);
    publish(me);
    assert_int_equal(published.sent, 0);
    assert_int_equal(published.refused, 1);
    assert_int_equal(published.why, COP_E_NOPROC);
}

static void
who_has_ended_refuses(void **state)
{
    (void)state;
    act('a', end);
    act('b', publish_to_the_dead);
}

static void
publish_to_nobody(cop_actor *me)
{
    published = cop_publish(me, NULL, NEWS, news, .n = 1);
    assert_int_equal(published.sent + published.refused, 0);
    assert_int_equal(published.why, COP_OK);
    published = cop_publish(me, "nowhere", NEWS, news, .n = 1);
    assert_int_equal(published.sent + published.refused, 0);
    assert_int_equal(published.why, COP_E_NO_NAME);
}

static void
only_a_missing_scope_is_an_error(void **state)
{
    (void)state;
    act('a', publish_to_nobody);
}

static cop_buf *sheet;

static void
publish_sheet(cop_actor *me)
{
    published = cop_publish(me, NULL, SPORT, page, .data = cop_buf_ref(sheet));
}

static void
each_receiver_has_a_reference_of_its_own(void **state)
{
    (void)state;
    sheet = cop_buf_new(100000);
    assert_non_null(sheet);
    act('f', publish_sheet); /* to nobody */
    assert_non_null(cop_buf_bytes(sheet));
    act('a', join_sport);
    act('b', join_sport);
    act('c', publish_sheet);
    assert_int_equal(published.sent, 2);
    assert_int_equal(stage.heard, 2);
    assert_non_null(cop_buf_bytes(sheet)); /* only ours is left */
    tell('a', end);
    act('c', publish_sheet); /* to one who is ending, or not yet */
    assert_non_null(cop_buf_bytes(sheet));
    cop_buf_unref(sheet);
}

/* ----------------------------------------------------------------------- without memory */

/* Joins under the lock, with one allocation failing; a poke is not to be the one. */
static cop_err
join_with_failure(cop_actor *me, unsigned nth)
{
    const cop_pid some[] = {actor('c'), actor('b'), actor('d'), actor('c'), actor('e')};
    copi_pg *scope = copi_directory_find(me, NULL);

    assert_non_null(scope);
    pthread_mutex_lock(&scope->lock);
    failing = nth;
    cop_err err = copi_pg_join(scope, SPORT, some, COP_COUNT(some));
    failing = 0;
    copi_pg_unlock(scope, me);
    copi_pg_unref(scope);
    return err;
}

static void
join_with_each_failure(cop_actor *me)
{
    unsigned nth = 1;

    for (; join_with_failure(me, nth) != COP_OK; nth++)
        expect_members(me, NULL, SPORT, "b");
    expect_members(me, NULL, SPORT, "bcbdce");
    assert_true(nth > 5);
}

static void
without_memory_all_join_or_none(void **state)
{
    (void)state;
    act('b', join_sport);
    act('f', follow_sport);
    act('a', join_with_each_failure);
    EXPECT("now:b sport+cbdce");
    act('c', end);
    EXPECT("sport-cc");
    act('a', look_inside);
    assert_int_equal(parties, 4); /* b, d, e, f */
}

static void
follow_with_each_failure(cop_actor *me)
{
    copi_pg *scope = copi_directory_find(me, NULL);
    const cop_str name = NEWS;
    cop_err err = COP_E_NOMEM;
    unsigned nth = 1;

    assert_non_null(scope);
    for (; err != COP_OK; nth++) {
        pthread_mutex_lock(&scope->lock);
        assert_int_equal(scope->groups.count + scope->followers.count, 0);
        failing = nth;
        err = copi_follow(scope, cop_self(me), &name, (cop_ref){nth});
        failing = 0;
        copi_pg_unlock(scope, me);
    }
    assert_true(nth > 3);
    assert_int_equal(scope->followers.count, 1);
    copi_pg_unref(scope);
}

static void
without_memory_nobody_follows_by_half(void **state)
{
    (void)state;
    act('a', follow_with_each_failure);
    act('b', look_inside);
    assert_int_equal(parties, 1);
    assert_int_equal(followers, 1);
}

/* --------------------------------------------------------------------------------- main */

static int
set_up(void **state)
{
    static uint64_t seed; /* another schedule for each test: nothing may depend on it */

    (void)state;
    open_stage(++seed);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    close_stage();
    return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_join_and_a_leave_are_seen_when_the_call_returns),
        TEST(members_stand_in_the_order_in_which_they_joined),
        TEST(who_joins_twice_has_to_leave_twice),
        TEST(many_join_and_leave_as_one_change),
        TEST(a_pid_of_another_node_is_refused),
        TEST(without_a_scope_readers_see_nobody_and_others_an_error),
        TEST(scopes_do_not_know_each_other),
        TEST(a_name_is_any_bytes_and_equal_hashes_are_two_names),
        TEST(what_a_reader_holds_does_not_change),
        TEST(a_follower_gets_who_is_there_and_then_each_change),
        TEST(a_group_may_be_followed_before_it_exists_and_after),
        TEST(a_group_that_is_only_followed_is_not_listed),
        TEST(a_follower_of_a_scope_gets_all_groups),
        TEST(who_follows_no_more_is_told_no_more),
        TEST(who_ends_leaves_each_group_once_and_for_all),
        TEST(who_has_ended_already_is_taken_out_again),
        TEST(a_scope_keeps_nothing_of_who_has_gone),
        TEST(a_change_of_very_many_comes_in_parts),
        TEST(a_scope_that_ends_is_told_and_comes_back_empty),
        TEST(a_scope_may_be_killed_with_work_to_do),
        TEST(what_is_published_reaches_each_membership),
        TEST(a_full_mailbox_refuses_and_the_others_get_it),
        TEST(who_has_ended_refuses),
        TEST(only_a_missing_scope_is_an_error),
        TEST(each_receiver_has_a_reference_of_its_own),
        TEST(without_memory_all_join_or_none),
        TEST(without_memory_nobody_follows_by_half),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
