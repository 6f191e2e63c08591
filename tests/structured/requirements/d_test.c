/* SPDX-License-Identifier: Apache-2.0 */
/*
 * d_test.c - no orphan: what was started is gone when whoever started it is.
 */
#include <dirent.h>
#include <errno.h>
#include <sys/wait.h>

#include "structured/requirements/far.h"
#include "structured/requirements/kinds.h"

static const child_kind *kind; /* of the row */

/* ------------------------------------------------------------------------------ D1 */

typedef enum path {
    FALL_THROUGH,
    CONTINUE,
    BREAK,
    GOTO,
    RETURN,
    RETURN_ERROR,
    PATHS,
} path;

static const char *const path_names[PATHS] = {"its end", "continue", "break",
                                              "goto",    "return",   "an error"};
static path way_out;

/* What it starts lasts; who goes to the end of the block has to cancel it before. */
static cop_err
opens_a_scope(cop_co *co, cop_actor *me)
{
    cop_outcome outcome;

    COP_SCOPE(co, s, &outcome, .name = "s")
    {
        COP_TRY(kid_start(me, s.scope, kind, KID_LASTS));
        COP_TRY(kid_start(me, s.scope, kind, KID_LASTS));
        switch (way_out) {
        case FALL_THROUGH: COP_TRY(cop_scope_cancel(me, s.scope, COP_FORCE_HARD, NULL)); break;
        case CONTINUE: COP_TRY(cop_scope_cancel(me, s.scope, COP_FORCE_HARD, NULL)); continue;
        case BREAK: goto really; /* a break leaves the switch only */
        case GOTO: goto out;
        case RETURN: return COP_OK;
        case RETURN_ERROR: return COP_E_REFUSED;
        case PATHS: break;
        }
        continue;
    really:
        break;
    }
out:
    return COP_OK;
}

COP_BODY(opener, void, arg)
{
    cop_scope_state now;
    const cop_down *down;

    (void)arg;
    (void)opens_a_scope(co, me);
    COP_TRY(cop_scope_look(me, cop_here(me), &now));
    while (cop_receive_a(co, 0, cop_down, &down) == COP_OK)
        kid_down(down);
    ground_say("returned:%u", now.children);
    return COP_OK;
}
static COP_SEQUENTIAL(opener_b, opener);

ACT(start_opener)
{
    return cop_spawn(me, &opener_b, NULL, NULL);
}

static void
leaves_nothing(const child_kind *row)
{
    kind = row;
    for (way_out = 0; way_out < PATHS; way_out++) {
        ground_open(row->ground, &ground_b, 1);
        ground_do(start_opener, NULL);
        ground_await(" returned:");
        const char *returned = strstr(here.trace, " returned:");
        unsigned gone = ground_count(" gone ");
        if (strncmp(returned, " returned:0 ", 12) != 0 || gone != 2 ||
            strstr(returned, "gone") != NULL)
            fail_msg("left by %s:%s", path_names[way_out], here.trace);
        ground_close();
    }
}

static void
d1_whatever_way_a_function_leaves_its_scope_nothing_of_it_is_alive(void **state)
{
    (void)state;
    for_every_kind(leaves_nothing);
}

/* ------------------------------------------------------------------------------ D3 */

static unsigned
entries_of(const char *path)
{
    DIR *dir = opendir(path);
    unsigned count = 0;

    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static cop_err
start_two(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    COP_TRY(kid_start(me, cop_here(me), kind, KID_LASTS));
    return kid_start(me, cop_here(me), kind, KID_LASTS);
}

static void
is_not_left_by_the_run(const child_kind *row)
{
    siginfo_t info;

    kind = row;
    unsigned threads = entries_of("/proc/self/task"), fds = entries_of("/proc/self/fd");
    ground_open(GROUND_REAL, &ground_b, 1);
    here.on_down = kid_down;
    ground_do(start_two, NULL);
    ground_close(); /* looks at actors, timers, watches, jobs and messages */
    assert_int_equal(entries_of("/proc/self/fd"), fds);
    assert_int_equal(entries_of("/proc/self/task"), threads);
    assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void
d3_nothing_of_the_system_is_left_when_a_node_has_ended(void **state)
{
    (void)state;
    for_every_kind(is_not_left_by_the_run);
}

/* ------------------------------------------------------------------------------ D5 */

typedef struct lessee {
    char unused;
} lessee;

COP_HANDLER(lessee, cop_end)
{
    ground_say("there:%s[%s]", cop_exit_kind_name(msg->why.kind), msg->why.text);
    return COP_OK;
}
static const cop_behaviour lessee_b = {
    .name = "lessee",
    .state_size = sizeof(lessee),
    .handlers = COP_HANDLERS(COP_ON(lessee, cop_end)),
};

typedef struct lessor {
    char unused;
} lessor;

COP_REPLY(lessor, cop_spawned)
{
    ground_say("started:%s", cop_err_name(err));
    return COP_OK;
}
COP_HANDLER(lessor, cop_child_down)
{
    ground_say("here:%s", cop_exit_kind_name(msg->why.kind));
    return COP_OK;
}
static const cop_behaviour lessor_b = {
    .name = "lessor",
    .state_size = sizeof(lessor),
    .policy = COP_ISOLATE,
    .handlers = COP_HANDLERS(COP_ON(lessor, cop_child_down)),
};

ACT(start_elsewhere)
{
    return cop_spawn_at_with(me, "b", "lessee", NULL, NULL, 3000,
                             COP_THEN(lessor, cop_spawned));
}

static void
open_leased(far *both, uint64_t seed)
{
    static const cop_behaviour *const offered[] = {&lessee_b, NULL};
    cop_pid owner;

    far_open(both, seed, offered);
    assert_int_equal(cop_sim_spawn(both->nodes[0], &lessor_b, NULL, &owner), COP_OK);
    assert_int_equal(cop_post_call(both->nodes[0], owner, start_elsewhere, NULL, NULL), COP_OK);
    cop_sim_run_for(both->sim, 2000);
    assert_string_equal(here.trace, " started:COP_OK ");
    here.trace[0] = '\0';
}

/* The session is the lease: as long as it lasts nothing happens, however slow it is; its end is
 * the end of what was started over there, and its owner is told. */
static void
d5_what_hangs_on_another_node_ends_when_the_session_does_and_not_before(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        far both;
        open_leased(&both, seed);
        cop_net_delay(both.net, 0, 300);
        cop_sim_run_for(both.sim, 20 * 1000);
        cop_net_delay(both.net, 0, 5);
        cop_sim_run_for(both.sim, 2000);
        assert_string_equal(here.trace, "");
        assert_int_equal(cop_net_cut(both.net, both.nodes[0], both.nodes[1]), COP_OK);
        cop_sim_run_for(both.sim, 500);
        assert_string_equal(here.trace, "");
        cop_sim_run_for(both.sim, 1500);
        assert_int_equal(ground_count(" here:noconnection "), 1);
        assert_int_equal(ground_count(" here:"), 1);
        assert_int_equal(ground_count("there:shutdown[the session of its owner has ended]"), 1);
        assert_int_equal(ground_count("there:"), 1);
        far_close(&both);
    }
}

/* ------------------------------------------------------------------------------ D7 */

COP_BODY(hurried, void, arg)
{
    cop_outcome outcome;
    const cop_down *down;

    (void)arg;
    COP_SCOPE(co, s, &outcome, .name = "s", .deadline_ms = 30)
    COP_TRY(kid_start(me, s.scope, kind, KID_LASTS));
    if (cop_receive_a(co, 0, cop_down, &down) == COP_OK)
        kid_down(down);
    ground_say("timed_out:%d", outcome.timed_out);
    return COP_OK;
}
static COP_SEQUENTIAL(hurried_b, hurried);

ACT(start_hurried)
{
    return cop_spawn(me, &hurried_b, NULL, NULL);
}

static void
is_over_when_it_is_too_late(const child_kind *row)
{
    const char *timed_out;

    kind = row;
    if (row->is_instant) {
        print_message("               takes no time\n");
        return;
    }
    ground_open(row->ground, &ground_b, 1);
    ground_do(start_hurried, NULL);
    ground_await(" timed_out:1 ");
    timed_out = strstr(here.trace, " timed_out:");
    assert_int_equal(ground_count(" gone "), 1);
    assert_null(strstr(timed_out, "gone"));
    ground_close();
}

static void
d7_what_has_timed_out_has_ended(void **state)
{
    (void)state;
    for_every_kind(is_over_when_it_is_too_late);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(d1_whatever_way_a_function_leaves_its_scope_nothing_of_it_is_alive),
        cmocka_unit_test(d3_nothing_of_the_system_is_left_when_a_node_has_ended),
        cmocka_unit_test(
            d5_what_hangs_on_another_node_ends_when_the_session_does_and_not_before),
        cmocka_unit_test(d7_what_has_timed_out_has_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
