/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch_play.h - a real node whose main actor watches one end of a pair of sockets.
 */
#ifndef COPPICE_TESTS_ACTORS_WATCH_PLAY_H
#define COPPICE_TESTS_ACTORS_WATCH_PLAY_H

#include "stage.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <coppice/sim.h>
#include <coppice/watch.h>

typedef struct play {
    stage stage; /* first */
    int ends[2];
    cop_watch watch;
    cop_err err;
    unsigned events;
    bool close_in_handler;
    bool fail_in_handler;
    cop_scope scope;
} play;

static inline cop_err
on_message(stage *self, cop_actor *me, const cop_type *type, const void *message)
{
    play *p = (play *)self;
    const cop_ready *ready = message;
    char bytes[64];

    if (type != &cop_ready_type)
        return COP_OK;
    if (ready->fd != p->ends[0])
        stage_say(self, "another descriptor");
    ssize_t got = ready->events & COP_READABLE ? read(ready->fd, bytes, sizeof bytes) : -1;
    if (p->close_in_handler || got == 0)
        cop_watch_close(me, p->watch);
    stage_say(self, "%s%s%d", ready->events & COP_READABLE ? "r" : "",
              ready->events & COP_WRITABLE ? "w" : "", (int)got);
    return p->fail_in_handler ? cop_fail(me, 9, "unreadable") : COP_OK;
}

static inline void
open_watch(cop_actor *me, void *ctx)
{
    play *p = ctx;

    p->err = cop_watch_open(me, p->ends[0], p->events, &p->watch);
}

static inline void
close_watch(cop_actor *me, void *ctx)
{
    play *p = ctx;

    cop_watch_close(me, p->watch);
    cop_watch_close(me, p->watch);
}

static inline void
change_watch(cop_actor *me, void *ctx)
{
    play *p = ctx;

    p->err = cop_watch_change(me, p->watch, p->events);
}

static inline void
begin(play *p)
{
    memset(p, 0, sizeof *p);
    p->events = COP_READABLE;
    assert_int_equal(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, p->ends), 0);
    stage_open(&p->stage, on_message);
}

static inline void
end(play *p)
{
    stage_expect_no_more(&p->stage);
    stage_close(&p->stage);
    close(p->ends[0]);
    if (p->ends[1] >= 0)
        close(p->ends[1]);
}

static inline void
put(play *p, const char *text)
{
    assert_int_equal(write(p->ends[1], text, strlen(text)), strlen(text));
}

static inline uint64_t
watches(play *p)
{
    cop_node_stats stats;

    cop_node_stats_read(p->stage.node, &stats);
    return stats.watches;
}

#endif /* COPPICE_TESTS_ACTORS_WATCH_PLAY_H */
