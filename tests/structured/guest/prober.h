/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prober.h - the child that has the probe: it asks for the load, and tells all who wait.
 */
#ifndef COPPICE_TESTS_PROBER_H
#define COPPICE_TESTS_PROBER_H

#include <unistd.h>

#include <coppice/watch.h>

#include "visitors.h"

enum {
    PROBER_WAITING = 64
};

typedef struct prober {
    int fd;
    cop_token waiting[PROBER_WAITING]; /* who asked and got no answer in time stays, too */
    size_t count;
} prober;

COP_HANDLER(prober, cop_start)
{
    cop_watch watch;

    st->fd = *(const int *)msg->arg;
    return cop_watch_open(me, st->fd, COP_READABLE, &watch);
}

COP_HANDLER(prober, load_wanted)
{
    if (st->count == PROBER_WAITING)
        return cop_reply_error(me, COP_E_BUSY);
    COP_TRY(cop_defer(me, &st->waiting[st->count]));
    st->count++;
    return write(st->fd, "?", 1) == 1 ? COP_OK : COP_E_OS;
}

COP_HANDLER(prober, cop_ready)
{
    char digit;

    if (read(msg->fd, &digit, 1) != 1)
        return cop_fail(me, COP_E_OS, "the probe is cut");
    while (st->count > 0)
        (void)cop_answer(me, &st->waiting[--st->count], load_is, .digit = digit);
    return COP_OK;
}

static COP_BEHAVIOUR(prober_b, prober, COP_ON(prober, cop_start), COP_ON(prober, load_wanted),
                     COP_ON(prober, cop_ready));

#endif /* COPPICE_TESTS_PROBER_H */
