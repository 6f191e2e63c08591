/* SPDX-License-Identifier: Apache-2.0 */
/*
 * f_test.c - deadlines: the nearest one holds, and goes along.
 */
#include "structured/requirements/far.h"

#define TALK(M, F)                                                                             \
    M(1, question)                                                                             \
    M(2, reply)
COP_PROTOCOL(TALK)

static cop_scope scope;

static cop_err
on_closed(cop_actor *me, void *state, void *ctx, const cop_outcome *outcome)
{
    (void)state;
    (void)ctx;
    ground_say("closed:%s%s@%d", cop_exit_kind_name(outcome->why.kind),
               outcome->timed_out ? "+late" : "", (int)cop_now_ms(me));
    return COP_OK;
}

/* ------------------------------------------------------------------------------ F1 */

COP_BODY(innermost, void, arg)
{
    (void)arg;
    ground_say("actor:%d", (int)cop_time_left(me));
    return COP_OK;
}
static COP_SEQUENTIAL(innermost_b, innermost);

COP_BODY(nested, void, arg)
{
    cop_scope_state now;

    (void)arg;
    COP_SCOPE(co, a, NULL, .deadline_ms = 5000)
    COP_SCOPE(co, b, NULL, .deadline_ms = 1000)
    COP_SCOPE(co, c, NULL, .deadline_ms = 3000)
    {
        cop_look(co, &now);
        ground_say("body:%d", (int)now.left_ms);
        COP_TRY(cop_sleep(co, 400));
        cop_look(co, &now);
        ground_say("body:%d", (int)now.left_ms);
        COP_TRY(cop_spawn(me, &innermost_b, &(cop_spawn_opts){.scope = c.scope}, NULL));
    }
    return COP_OK;
}
static COP_SEQUENTIAL(nested_b, nested);

ACT(start_nested)
{
    return cop_spawn(me, &nested_b, NULL, NULL);
}

static void
f1_inside_there_is_no_more_time_than_around_it(void **state)
{
    (void)state;
    ground_open(GROUND_SIM, &ground_b, 1);
    ground_do(start_nested, NULL);
    ground_pass(400);
    ground_expect("body:1000 body:600 actor:600");
    ground_close();
}

/* ------------------------------------------------------------------------------ F2 */

typedef struct form {
    bool moves_on, is_heard;
    const char *trace; /* "end": the owner has failed with it */
} form;

COP_BODY(waiter, void, arg)
{
    (void)arg;
    return cop_sleep(co, COP_INFINITY);
}
static COP_SEQUENTIAL(waiter_b, waiter);

ACT(open_form)
{
    const form *row = arg;

    COP_TRY(cop_scope_open(me,
                           &(cop_scope_opts){.deadline_ms = 50,
                                             .moves_on = row->moves_on,
                                             .closed = row->is_heard ? on_closed : NULL},
                           &scope));
    return cop_spawn(me, &waiter_b, &(cop_spawn_opts){.scope = scope}, NULL);
}

static void
f2_a_deadline_fails_or_moves_on_as_it_is_said(void **state)
{
    static form forms[] = {
        {false, true,  "closed:deadline+late@50"},
        {true,  true,  "closed:shutdown+late@50"},
        {false, false, "end"                    },
        {true,  false, ""                       },
    };

    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        ground_open(GROUND_SIM, &ground_b, 1);
        ground_do(open_form, &forms[i]);
        ground_pass(49);
        ground_expect("");
        ground_pass(1);
        ground_expect(forms[i].trace);
        ground_close();
    }
}

/* ------------------------------------------------------------------------------ F3 */

static cop_pid second;

typedef struct last {
    char unused;
} last;

COP_HANDLER(last, question)
{
    ground_say("left:%d", (int)cop_time_left(me));
    return cop_reply(me, reply);
}
static COP_BEHAVIOUR(last_b, last, COP_ON(last, question));

/* The first hop: it takes 300 ms, and then asks for as long as it likes. */
COP_BODY(middle, void, arg)
{
    const question *asked;
    const reply *answer;

    (void)arg;
    COP_TRY(cop_receive_a(co, COP_INFINITY, question, &asked));
    COP_TRY(cop_sleep(co, 300));
    COP_TRY(cop_call(co, second, 60 * 1000, reply, &answer, question));
    return cop_reply(me, reply);
}
static COP_SEQUENTIAL_WITH(middle_b, middle, .handlers = COP_ACCEPTS(COP_ACCEPT(question)));

static cop_pid first;

COP_BODY(asker, void, arg)
{
    const reply *answer;

    (void)arg;
    ground_say("%s", cop_err_name(cop_call(co, first, 500, reply, &answer, question)));
    return COP_OK;
}
static COP_SEQUENTIAL(asker_b, asker);

static void
f3_a_request_carries_what_is_left_of_its_time(void **state)
{
    (void)state;
    for (int is_far = 0; is_far < 2; is_far++) {
        far both;
        far_open(&both, 1, NULL);
        cop_node *near_node = both.nodes[0], *far_node = both.nodes[is_far];
        cop_pid who;
        assert_int_equal(cop_sim_spawn(near_node, &last_b, NULL, &second), COP_OK);
        assert_int_equal(cop_sim_spawn(far_node, &middle_b, NULL, &first), COP_OK);
        assert_int_equal(cop_sim_spawn(near_node, &asker_b, NULL, &who), COP_OK);
        cop_sim_run_for(both.sim, 1000);
        const char *left = strstr(here.trace, "left:");
        assert_non_null(left);
        assert_in_range(atoi(left + 5), 100, 200);
        assert_non_null(strstr(here.trace, "COP_OK"));
        far_close(&both);
    }
}

/* ------------------------------------------------------------------------------ F5 */

static int32_t moved_to;

ACT(open_for_a_while)
{
    COP_TRY(
        cop_scope_open(me, &(cop_scope_opts){.deadline_ms = 100, .closed = on_closed}, &scope));
    return cop_spawn(me, &waiter_b, &(cop_spawn_opts){.scope = scope}, NULL);
}
ACT(move_deadline)
{
    return cop_scope_set_deadline(me, scope, moved_to);
}

static void
f5_a_deadline_that_is_moved_holds_at_once(void **state)
{
    static const struct {
        int32_t to;
        const char *trace;
    } rows[] = {
        {0,            "closed:deadline+late@50" },
        {20,           "closed:deadline+late@70" },
        {500,          "closed:deadline+late@550"},
        {COP_INFINITY, ""                        },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        moved_to = rows[i].to;
        ground_open(GROUND_SIM, &ground_b, 1);
        ground_do(open_for_a_while, NULL);
        ground_pass(50);
        ground_do(move_deadline, NULL);
        ground_pass(1000);
        ground_expect(rows[i].trace);
        ground_close();
    }
}

/* Those who are in it already have as much left as those who come now, and what they ask for
 * has no more: children of children, too, but nobody behind a shield. */
static cop_pid members[4];

static cop_err
say_left(cop_actor *me, const char *who)
{
    ground_say("%s:%d", who, (int)cop_time_left(me));
    return COP_OK;
}

COP_BODY(descendant, const char, who)
{
    cop_received any;

    for (;;) {
        COP_TRY(cop_receive(co, COP_INFINITY, &any));
        COP_TRY(say_left(me, who));
    }
}
static COP_SEQUENTIAL(descendant_b, descendant);

static cop_err
start_descendant(cop_actor *me, cop_scope in, const char *who, int n)
{
    return cop_spawn(me, &descendant_b, &(cop_spawn_opts){.scope = in, .arg = who},
                     &members[n]);
}

typedef struct parent {
    char unused;
} parent;

COP_HANDLER(parent, cop_start)
{
    cop_scope shield;

    COP_TRY(cop_scope_open(
        me, &(cop_scope_opts){.name = "shield", .shield = true, .deadline_ms = 300}, &shield));
    COP_TRY(start_descendant(me, cop_here(me), "grandchild", 2));
    return start_descendant(me, shield, "shielded", 3);
}
COP_HANDLER(parent, question)
{
    return say_left(me, "child");
}
static COP_BEHAVIOUR(parent_b, parent, COP_ON(parent, cop_start), COP_ON(parent, question));

ACT(open_with_family)
{
    cop_scope inner;

    COP_TRY(
        cop_scope_open(me, &(cop_scope_opts){.deadline_ms = 100, .closed = on_closed}, &scope));
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.deadline_ms = 400, .within = scope}, &inner));
    COP_TRY(start_descendant(me, inner, "inner", 0));
    return cop_spawn(me, &parent_b, &(cop_spawn_opts){.scope = scope}, &members[1]);
}
static cop_pid asked;

ACT(ask_one)
{
    return cop_send(me, asked, question);
}

static void
f5_a_deadline_that_is_moved_is_that_of_who_was_there_before(void **state)
{
    static const struct {
        int32_t to;
        const char *trace;
    } rows[] = {
        {20,           "inner:20 child:20 grandchild:20 shielded:250"   },
        {200,          "inner:200 child:200 grandchild:200 shielded:250"},
        {500,          "inner:350 child:500 grandchild:500 shielded:250"},
        {COP_INFINITY, "inner:350 child:-2 grandchild:-2 shielded:250"  },
    };

    (void)state;
    _Static_assert(COP_INFINITY == -2, "see above");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        moved_to = rows[i].to;
        ground_open(GROUND_SIM, &ground_b, 1);
        ground_do(open_with_family, NULL);
        ground_pass(50);
        ground_do(move_deadline, NULL);
        for (int who = 0; who < 4; who++) {
            asked = members[who];
            ground_do(ask_one, NULL);
        }
        ground_expect(rows[i].trace);
        ground_close();
    }
}

enum {
    BLOCKS = 24 /* with a child in the innermost */
};

/* Each block hangs in the one before the last, so there are many ways from one to another. */
static cop_err
stand_deeper(cop_co *co, cop_actor *me, cop_scope before, cop_scope last, int left)
{
    COP_SCOPE(co, block, NULL, .within = before)
    {
        cop_node_stats now, then;

        if (left > 1)
            return stand_deeper(co, me, last, block.scope, left - 1);
        COP_TRY(start_descendant(me, block.scope, "innermost", 0));
        cop_node_stats_read(cop_node_of(me), &now);
        COP_TRY(cop_scope_set_deadline(me, scope, 20));
        cop_node_stats_read(cop_node_of(me), &then);
        ground_say("told:%d", (int)(then.live_messages - now.live_messages));
        COP_TRY(cop_send(me, members[0], question));
        COP_TRY(cop_sleep(co, 1));
    }
    return COP_OK;
}

COP_BODY(entangled, void, arg)
{
    cop_scope other;

    (void)arg;
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.deadline_ms = 100}, &scope));
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.deadline_ms = 200}, &other));
    return stand_deeper(co, me, scope, other, BLOCKS);
}
static COP_SEQUENTIAL(entangled_b, entangled);

ACT(start_entangled)
{
    return cop_spawn(me, &entangled_b, NULL, NULL);
}

static void
f5_who_is_inside_on_many_ways_is_told_once(void **state)
{
    (void)state;
    ground_open(GROUND_SIM, &ground_b, 1);
    ground_do(start_entangled, NULL);
    ground_pass(10);
    ground_expect("told:1 innermost:20");
    ground_close();
}

/* The innermost stands in a shield, but hangs in a block that has been entered from one with
 * less time than that. */
COP_BODY(beside_a_shield, void, arg)
{
    cop_scope_state now;

    (void)arg;
    COP_TRY(cop_scope_open(me, NULL, &scope));
    COP_SCOPE(co, timed, NULL, .deadline_ms = 100)
    COP_SCOPE(co, elsewhere, NULL, .within = scope)
    COP_SCOPE(co, shield, NULL, .shield = true, .deadline_ms = 300)
    {
        cop_look(co, &now);
        ground_say("shield:%d", (int)now.left_ms);
        COP_SCOPE(co, back, NULL, .within = elsewhere.scope)
        {
            cop_look(co, &now);
            ground_say("back:%d", (int)now.left_ms);
        }
    }
    return COP_OK;
}
static COP_SEQUENTIAL(beside_a_shield_b, beside_a_shield);

ACT(start_beside_a_shield)
{
    return cop_spawn(me, &beside_a_shield_b, NULL, NULL);
}

static void
f1_all_that_is_around_it_counts(void **state)
{
    (void)state;
    ground_open(GROUND_SIM, &ground_b, 1);
    ground_do(start_beside_a_shield, NULL);
    ground_expect("shield:300 back:100");
    ground_close();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f1_inside_there_is_no_more_time_than_around_it),
        cmocka_unit_test(f2_a_deadline_fails_or_moves_on_as_it_is_said),
        cmocka_unit_test(f3_a_request_carries_what_is_left_of_its_time),
        cmocka_unit_test(f5_a_deadline_that_is_moved_holds_at_once),
        cmocka_unit_test(f5_a_deadline_that_is_moved_is_that_of_who_was_there_before),
        cmocka_unit_test(f5_who_is_inside_on_many_ways_is_told_once),
        cmocka_unit_test(f1_all_that_is_around_it_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
