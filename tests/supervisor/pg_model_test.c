/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_model_test.c - groups against the obvious way, with random actors in the simulator.
 *
 * The simulator runs one actor at a time, so each act is written into a model as it is done:
 * lists of members, and for each follower the changes that it has to hear of, in order.
 * What the model cannot know is when the scope finds out that somebody has ended.  So lists
 * are compared without those who have, and a change that a follower hears of is the next
 * that the model has for that group, or tells of somebody's end.
 *
 *      COPPICE_SEED=n     one run only
 */
#include "pg_stage.h"

#include "base/rng.h"

enum {
    GROUPS = 3,
    MOST = 64, /* memberships of a group; nobody joins a longer one */
    ACTS = 60, /* of each actor, in one run */
    SEEDS = 150,
    HISTORY = 4096,
};

typedef struct list {
    cop_pid pids[MOST + ACTORS];
    size_t count;
} list;

/* A change of one group, as an act has made it. */
typedef struct act_log {
    bool is_leave;
    cop_pid who;
} act_log;

/* Somebody who follows all groups: what it believes, and where in the history it is. */
typedef struct follower {
    bool is_following;
    list mirror[GROUPS];
    size_t heard[GROUPS];
} follower;

static struct {
    copi_rng rng;
    list groups[GROUPS];
    act_log history[GROUPS][HISTORY];
    size_t length[GROUPS];
    follower followers[ACTORS];
    size_t changes, ends; /* heard of */
} model;

#define STEP(M, F) M(1, step, F(i64, left))
COP_PROTOCOL(STEP)

static const cop_str names[GROUPS] = {
    {"a", 1},
    {"b", 1},
    {"c", 1}
};

/* ------------------------------------------------------------------------------ lists */

static void
append(list *self, cop_pid who)
{
    assert_true(self->count < COP_COUNT(self->pids));
    self->pids[self->count++] = who;
}

/* The youngest; false if there is none. */
static bool
strike_out(list *self, cop_pid who)
{
    for (size_t i = self->count; i-- > 0;)
        if (cop_pid_equal(self->pids[i], who)) {
            memmove(&self->pids[i], &self->pids[i + 1],
                    (--self->count - i) * sizeof *self->pids);
            return true;
        }
    return false;
}

/* Equal, but for those who have ended. */
static void
expect_same(cop_actor *me, const cop_pid *pids, size_t count, const list *expected)
{
    size_t i = 0, j = 0;

    for (;; i++, j++) {
        while (i < count && !cop_is_alive(me, pids[i]))
            i++;
        while (j < expected->count && !cop_is_alive(me, expected->pids[j]))
            j++;
        assert_int_equal(i < count, j < expected->count);
        if (i >= count)
            return;
        assert_true(cop_pid_equal(pids[i], expected->pids[j]));
    }
}

/* ----------------------------------------------------------------------------- walkers */

typedef struct walker {
    int index;
    cop_ref ref; /* zero: follows nothing */
} walker;

static void
write_down(size_t group, bool is_leave, cop_pid who)
{
    assert_true(model.length[group] < HISTORY);
    model.history[group][model.length[group]++] = (act_log){is_leave, who};
}

static size_t
group_of(cop_str name)
{
    assert_int_equal(name.size, 1);
    return (size_t)(name.data[0] - 'a');
}

static void
walk_in(cop_actor *me, size_t group, cop_pid who)
{
    if (model.groups[group].count >= MOST)
        return;
    assert_int_equal(cop_pg_join(me, NULL, names[group], who), COP_OK);
    append(&model.groups[group], who);
    write_down(group, false, who);
}

static void
walk_out(cop_actor *me, size_t group, cop_pid who)
{
    cop_err err = cop_pg_leave(me, NULL, names[group], who);
    bool was_member = strike_out(&model.groups[group], who);

    if (cop_is_alive(me, who)) /* else the scope may have been faster */
        assert_int_equal(err, was_member ? COP_OK : COP_E_NOT_FOUND);
    if (err == COP_OK)
        write_down(group, true, who);
}

static void
look(cop_actor *me, size_t group)
{
    cop_pg_members members = cop_pg_get_members(me, NULL, names[group]);

    expect_same(me, members.pids, members.count, &model.groups[group]);
    cop_pg_members_free(&members);
}

static void
begin_to_follow(cop_actor *me, walker *st)
{
    follower *self = &model.followers[st->index];
    cop_pg_groups now;

    assert_int_equal(cop_pg_monitor_scope(me, NULL, &st->ref, &now), COP_OK);
    memset(self, 0, sizeof *self);
    self->is_following = true;
    memcpy(self->heard, model.length, sizeof self->heard);
    for (size_t i = 0; i < now.count; i++)
        for (size_t j = 0; j < now.items[i].members.count; j++)
            append(&self->mirror[group_of(now.items[i].name)], now.items[i].members.pids[j]);
    for (size_t group = 0; group < GROUPS; group++)
        expect_same(me, self->mirror[group].pids, self->mirror[group].count,
                    &model.groups[group]);
    cop_pg_groups_free(&now);
}

static void
end_following(cop_actor *me, walker *st)
{
    assert_true(cop_pg_demonitor(me, NULL, st->ref));
    st->ref = (cop_ref){0};
    model.followers[st->index].is_following = false;
}

static cop_err
act_once(cop_actor *me, walker *st)
{
    size_t group = copi_rng_below(&model.rng, GROUPS);
    cop_pid who = stage.actors[copi_rng_below(&model.rng, ACTORS)];

    switch (copi_rng_below(&model.rng, 16)) {
    case 0: return cop_fail(me, 1, "tired");
    case 1: st->ref.bits == 0 ? begin_to_follow(me, st) : end_following(me, st); break;
    case 2:
    case 3:
    case 4: look(me, group); break;
    case 5:
    case 6: walk_in(me, group, who); break;
    case 7:
    case 8: walk_out(me, group, who); break;
    case 9:
    case 10:
    case 11:
    case 12: walk_in(me, group, cop_self(me)); break;
    default: walk_out(me, group, cop_self(me)); break;
    }
    return COP_OK;
}

COP_HANDLER(walker, cop_start)
{
    st->index = *(const int *)msg->arg;
    model.followers[st->index].is_following = false; /* the one before us did */
    return COP_OK;
}

COP_HANDLER(walker, step)
{
    COP_TRY(act_once(me, st));
    return msg->left > 0 ? cop_send(me, cop_self(me), step, .left = msg->left - 1) : COP_OK;
}

/* Is this the change that the model has next?  Then it has been heard. */
static bool
is_next(follower *self, size_t group, bool is_leave, cop_pid who)
{
    const act_log *next = &model.history[group][self->heard[group]];

    if (self->heard[group] == model.length[group] || next->is_leave != is_leave ||
        !cop_pid_equal(next->who, who))
        return false;
    self->heard[group]++;
    model.changes++;
    return true;
}

COP_HANDLER(walker, cop_pg_joined)
{
    follower *self = &model.followers[st->index];
    size_t group = group_of(msg->group);

    if (msg->ref.bits != st->ref.bits)
        return COP_OK; /* it was on its way */
    assert_int_equal(msg->pids.count, 1);
    assert_true(is_next(self, group, false, msg->pids.items[0]));
    append(&self->mirror[group], msg->pids.items[0]);
    look(me, group);
    return COP_OK;
}

COP_HANDLER(walker, cop_pg_left)
{
    follower *self = &model.followers[st->index];
    size_t group = group_of(msg->group);
    cop_pid who = msg->pids.items[0];

    if (msg->ref.bits != st->ref.bits)
        return COP_OK;
    for (size_t i = 0; i < msg->pids.count; i++) {
        assert_true(cop_pid_equal(msg->pids.items[i], who));
        assert_true(strike_out(&self->mirror[group], who));
    }
    if (msg->pids.count == 1 && is_next(self, group, true, who))
        return COP_OK;
    assert_false(cop_is_alive(me, who));
    model.ends++;
    return COP_OK;
}
COP_BEHAVIOUR(walker_b, walker, COP_ON(walker, cop_start), COP_ON(walker, step),
              COP_ON(walker, cop_pg_joined), COP_ON(walker, cop_pg_left));

/* --------------------------------------------------------------------------------- run */

static void
replace_the_dead(cop_actor *me)
{
    for (int i = 0; i < ACTORS; i++)
        if (!cop_is_alive(me, stage.actors[i]))
            assert_int_equal(cop_spawn(me, &walker_b,
                                       &(cop_spawn_opts){.arg = &i, .owner = cop_root(me)},
                                       &stage.actors[i]),
                             COP_OK);
}

/* Nothing happens any more: nobody is left who has ended, and all has been heard. */
static void
compare(cop_actor *me)
{
    for (size_t group = 0; group < GROUPS; group++) {
        list *expected = &model.groups[group];
        cop_pg_members members = cop_pg_get_members(me, NULL, names[group]);

        for (size_t i = 0; i < members.count; i++)
            assert_true(cop_is_alive(me, members.pids[i]));
        expect_same(me, members.pids, members.count, expected);
        for (int i = 0; i < ACTORS; i++) {
            follower *one = &model.followers[i];
            if (!one->is_following || !cop_is_alive(me, stage.actors[i]))
                continue;
            assert_int_equal(one->mirror[group].count, members.count);
            expect_same(me, one->mirror[group].pids, members.count, expected);
            assert_int_equal(one->heard[group], model.length[group]);
        }
        expected->count = members.count;
        if (members.count > 0)
            memcpy(expected->pids, members.pids, members.count * sizeof *members.pids);
        cop_pg_members_free(&members);
    }
}

static cop_pid judge;

static void
ask_judge(void (*run)(cop_actor *me))
{
    assert_int_equal(cop_post(stage.node, judge, task, .run = run), COP_OK);
    cop_sim_settle(stage.sim);
}

static void
run_once(uint64_t seed)
{
    size_t changes = model.changes, ends = model.ends;

    memset(&model, 0, sizeof model);
    model.rng = (copi_rng){seed};
    open_stage(seed);
    judge = stage.actors[0];
    memset(stage.actors, 0, sizeof stage.actors);
    for (int round = 0; round < 8; round++) {
        ask_judge(replace_the_dead);
        for (int i = 0; i < ACTORS; i++)
            assert_int_equal(cop_post(stage.node, stage.actors[i], step, .left = ACTS / 8),
                             COP_OK);
        cop_sim_settle(stage.sim);
        ask_judge(compare);
    }
    close_stage();
    model.changes += changes;
    model.ends += ends;
}

static void
groups_are_what_the_model_says(void **state)
{
    const char *only = getenv("COPPICE_SEED");
    uint64_t first = only == NULL ? 1 : strtoull(only, NULL, 10);
    uint64_t last = only == NULL ? SEEDS : first;

    (void)state;
    for (uint64_t seed = first; seed <= last; seed++) {
        print_message("seed %llu\r", (unsigned long long)seed);
        run_once(seed);
    }
    print_message("%zu changes and %zu ends were heard of\n", model.changes, model.ends);
    assert_true(model.changes > 0 && model.ends > 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_what_the_model_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
