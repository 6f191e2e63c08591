/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 03_counter.c - a server with state, and calls that always end.
 *
 * The second call asks a counter that has been stopped: the same reply handler gets the
 * reason instead of an answer, at once and not after the deadline.
 */
#include <stdio.h>

#include <coppice/coppice.h>

#define COUNTER(M, F)                                                                          \
    M(1, counter_add, F(i64, by))                                                              \
    M(2, counter_get)                                                                          \
    M(3, counter_value, F(i64, n))
COP_PROTOCOL(COUNTER)

typedef struct counter {
    int64_t n;
} counter;

COP_HANDLER(counter, counter_add)
{
    st->n += msg->by;
    return COP_OK;
}

COP_HANDLER(counter, counter_get)
{
    return cop_reply(me, counter_value, .n = st->n);
}
COP_BEHAVIOUR(counter_b, counter, COP_ON(counter, counter_add), COP_ON(counter, counter_get));

typedef struct app {
    cop_pid counter;
    int answers;
} app;

COP_REPLY(app, counter_value)
{
    if (err != COP_OK) {
        printf("no answer: %s\n", cop_err_text(err));
        return cop_stop(me);
    }
    printf("the counter is at %d\n", (int)msg->n);
    COP_TRY(cop_stop_child(me, st->counter));
    return cop_ask(me, st->counter, 500, COP_THEN(app, counter_value), counter_get);
}

COP_HANDLER(app, cop_start)
{
    COP_TRY(cop_spawn(me, &counter_b, NULL, &st->counter));
    COP_TRY(cop_send(me, st->counter, counter_add, .by = 2));
    COP_TRY(cop_send(me, st->counter, counter_add, .by = 40));
    return cop_ask(me, st->counter, 500, COP_THEN(app, counter_value), counter_get);
}
COP_BEHAVIOUR(app_b, app, COP_ON(app, cop_start));

int
main(void)
{
    return cop_run(&app_b, NULL);
}
