/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper.c - actors that start others, have them end in some way, and must be told of
 * each end exactly once by a monitor and exactly once by a link.
 */
#include "property/storm.h"

enum {
    KEPT = 8
};

typedef struct kept {
    cop_pid who;
    cop_ref ref;
    bool has_down, has_exit;
} kept;

typedef struct keeper {
    storm *storm;
    kept all[KEPT];
} keeper;

/* Does nothing until it gets litter. */
typedef struct mayfly {
    int unused;
} mayfly;

COP_HANDLER(mayfly, litter)
{
    return cop_random(me) % 2 == 0 ? cop_stop(me) : COP_E_FAILED;
}

static COP_BEHAVIOUR(mayfly_b, mayfly, COP_ON(mayfly, litter));

static void
start_one(keeper *st, cop_actor *me, kept *one)
{
    *one = (kept){0};
    cop_err err = cop_spawn(me, &mayfly_b,
                            &(cop_spawn_opts){.link = true, .monitor = &one->ref}, &one->who);
    if (err != COP_OK)
        return;
    atomic_fetch_add(&st->storm->litters, 1);
    switch (cop_random(me) % 3) {
    case 0: cop_kill(me, one->who); break;
    case 1: cop_signal(me, one->who, &(cop_exit){.kind = COP_EXIT_SHUTDOWN}); break;
    default: STORM_EXPECT(st->storm, cop_send(me, one->who, litter) == COP_OK); break;
    }
}

static cop_err
told(keeper *st, cop_actor *me, kept *one)
{
    if (!one->has_down || !one->has_exit)
        return COP_OK;
    STORM_EXPECT(st->storm, !cop_is_alive(me, one->who));
    atomic_fetch_add(&st->storm->litters_seen, 1);
    *one = (kept){0};
    return COP_OK;
}

static kept *
find(keeper *st, cop_pid who)
{
    for (int i = 0; i < KEPT; i++)
        if (cop_pid_equal(st->all[i].who, who))
            return &st->all[i];
    storm_fail(st->storm, "a keeper was told of a stranger, or twice");
    return &st->all[0];
}

COP_HANDLER(keeper, cop_start)
{
    st->storm = (storm *)(uintptr_t)msg->arg;
    for (int i = 0; i < KEPT; i++)
        start_one(st, me, &st->all[i]);
    return cop_send_every(me, 1, NULL, litter);
}

/* Now and then, or they would leave no time to anybody else. */
COP_HANDLER(keeper, litter)
{
    for (int i = 0; i < KEPT && !atomic_load(&st->storm->is_over); i++)
        if (cop_pid_is_none(st->all[i].who))
            start_one(st, me, &st->all[i]);
    return COP_OK;
}

COP_HANDLER(keeper, cop_down)
{
    kept *one = find(st, msg->who);

    STORM_EXPECT(st->storm, !one->has_down && one->ref.bits == msg->ref.bits);
    one->has_down = true;
    return told(st, me, one);
}

COP_HANDLER(keeper, cop_exited)
{
    kept *one = find(st, msg->who);

    STORM_EXPECT(st->storm, !one->has_exit && msg->by_link);
    one->has_exit = true;
    return told(st, me, one);
}

/* Its third word of that end, if it was abnormal. */
COP_HANDLER(keeper, cop_child_down)
{
    STORM_EXPECT(st->storm, cop_exit_is_abnormal(&msg->why) && !cop_is_alive(me, msg->who));
    return COP_OK;
}

const cop_behaviour keeper_behaviour = {
    .name = "keeper",
    .state_size = sizeof(keeper),
    .policy = COP_ISOLATE,
    .trap_exit = true,
    .handlers = COP_HANDLERS(COP_ON(keeper, cop_start), COP_ON(keeper, cop_down),
                             COP_ON(keeper, cop_exited), COP_ON(keeper, cop_child_down),
                             COP_ON(keeper, litter))};

/* The main actor, whose end is the node's. */
typedef struct trunk {
    int unused;
} trunk;

const cop_behaviour trunk_behaviour = {
    .name = "trunk", .state_size = sizeof(trunk), .policy = COP_ISOLATE, .trap_exit = true};
