/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 07_two_nodes.c - two terminals, two nodes.
 *
 *      ./07_two_nodes a        holds a counter
 *      ./07_two_nodes b        finds it, watches it, and counts with it
 *
 * Kill a with -9: b says DOWN with noconnection and goes on.  Start a again: b sees it come
 * up with another incarnation.  The old counter's pid stays dead.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <coppice/coppice.h>

#define COUNTER(M, F)                                                                          \
    M(1, counter_next)                                                                         \
    M(2, counter_value, F(i64, n))                                                             \
    M(3, again)
COP_PROTOCOL(COUNTER)

typedef struct counter {
    int64_t n;
} counter;

COP_HANDLER(counter, counter_next)
{
    return cop_reply(me, counter_value, .n = ++st->n);
}
COP_BEHAVIOUR(counter_b, counter, COP_ON(counter, counter_next));

typedef struct app {
    cop_pid counter; /* the first one we met */
    cop_ref watch;
} app;

COP_HANDLER(app, cop_start)
{
    COP_TRY(cop_send_every(me, 500, NULL, again));
    return cop_watch_nodes(me);
}

COP_HANDLER(app, cop_node_up)
{
    cop_pid found = cop_whereis(me, "counter@a");

    printf("UP %.*s incarnation %016" PRIx64 "\n", (int)msg->node.size, msg->node.data,
           msg->incarnation);
    if (cop_pid_is_none(found))
        return COP_OK; /* its node is there before it is: see below */
    if (cop_pid_is_none(st->counter))
        st->counter = found;
    return cop_monitor(me, found, &st->watch);
}

COP_HANDLER(app, cop_down)
{
    printf("DOWN %s\n", cop_exit_kind_name(msg->why.kind));
    return COP_OK;
}

COP_REPLY(app, counter_value)
{
    if (err == COP_OK)
        printf("the counter is at %d\n", (int)msg->n);
    else
        printf("no answer: %s\n", cop_err_text(err));
    return COP_OK;
}

COP_HANDLER(app, again)
{
    if (cop_pid_is_none(st->counter)) {
        st->counter = cop_whereis(me, "counter@a");
        if (!cop_pid_is_none(st->counter))
            COP_TRY(cop_monitor(me, st->counter, &st->watch));
    }
    cop_err err = cop_ask(me, st->counter, 400, COP_THEN(app, counter_value), counter_next);

    if (err != COP_OK)
        printf("refused: %s\n", cop_err_text(err));
    return COP_OK;
}
COP_BEHAVIOUR(app_b, app, COP_ON(app, cop_start), COP_ON(app, again), COP_ON(app, cop_node_up),
              COP_ON(app, cop_down));

int
main(int argc, char **argv)
{
    bool is_a = argc > 1 && strcmp(argv[1], "a") == 0;
    const char *address =
        getenv("ADDRESS") != NULL ? getenv("ADDRESS") : "tcp://127.0.0.1:7001";
    cop_child a = {.name = "counter", .run = &counter_b}, b = {.name = "app", .run = &app_b};

    setvbuf(stdout, NULL, _IOLBF, 0);
    return cop_main(argc, argv, is_a ? &a : &b,
                    &(cop_main_opts){.node = is_a ? "a" : "b",
                                     .listen = is_a ? address : NULL,
                                     .join = address});
}
