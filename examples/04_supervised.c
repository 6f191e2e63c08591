/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 04_supervised.c - a tree, a crash, and what comes back.
 *
 * rest_for_one: when `store` crashes, `front`, which was started after it, is stopped and
 * started again with it, and `clock`, which was started before, is left alone.
 */
#include <stdio.h>

#include <coppice/coppice.h>

#define PARTS(M, F)                                                                            \
    M(1, crash)                                                                                \
    M(2, look)
COP_PROTOCOL(PARTS)

typedef struct part {
    int unused;
} part;

COP_HANDLER(part, cop_start)
{
    printf("%s starts\n", cop_path(me));
    return COP_OK;
}

COP_HANDLER(part, cop_end)
{
    printf("%s ends: %s\n", cop_path(me), cop_exit_kind_name(msg->why.kind));
    return COP_OK;
}

COP_HANDLER(part, crash)
{
    return cop_fail(me, 7, "the disk is gone");
}
COP_BEHAVIOUR(part_b, part, COP_ON(part, cop_start), COP_ON(part, cop_end),
              COP_ON(part, crash));

/* Crashes the store once, and when the dust has settled, ends the program. */
typedef struct vandal {
    cop_pid store;
} vandal;

COP_HANDLER(vandal, cop_start)
{
    return cop_send_after(me, 10, NULL, look);
}

COP_HANDLER(vandal, look)
{
    cop_pid store = cop_whereis(me, "store");

    if (cop_pid_is_none(st->store)) {
        st->store = store;
        COP_TRY(cop_send(me, store, crash));
    } else if (!cop_pid_is_none(store) && !cop_pid_equal(st->store, store)) {
        printf("the store is back, as another actor\n");
        cop_node_stop(cop_node_of(me), NULL);
        return COP_OK;
    }
    return cop_send_after(me, 10, NULL, look);
}
COP_BEHAVIOUR(vandal_b, vandal, COP_ON(vandal, cop_start), COP_ON(vandal, look));

static const cop_child tree = {
    .name = "app",
    .sup = COP_CHILDREN({.name = "shop",
                         .strategy = COP_REST_FOR_ONE,
                         .budget = {3, 10},
                         .sup = COP_CHILDREN({.name = "clock", .run = &part_b},
                         {.name = "store", .run = &part_b},
                         {.name = "front", .run = &part_b})},
                        {.name = "vandal", .run = &vandal_b}
      ),
};

int
main(void)
{
    return cop_supervisor_run(&tree, NULL);
}
