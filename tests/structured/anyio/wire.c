/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.c - see wire.h.
 */
#include "wire.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <coppice/watch.h>

enum {
    ROOM = 1024,
};

typedef struct wire {
    wire_arg arg;
    cop_pid inner;
    cop_ref inner_watch;
    cop_watch watch;
    bool has_fd, hears_nothing, is_over;
    char in[ROOM], out[ROOM];
    size_t in_used, out_used;
} wire;

static cop_err
start_inner(cop_actor *me, wire *self)
{
    return cop_spawn(me, self->arg.inner,
                     &(cop_spawn_opts){.label = "end",
                                       .arg = self->arg.inner_arg,
                                       .dispose = self->arg.inner_dispose,
                                       .monitor = &self->inner_watch},
                     &self->inner);
}

COP_HANDLER(wire, cop_start)
{
    st->arg = *(const wire_arg *)msg->arg;
    st->has_fd = st->arg.fd >= 0;
    if (st->has_fd)
        COP_TRY(cop_watch_open(me, st->arg.fd, COP_READABLE, &st->watch));
    else if (cop_pid_is_none(st->arg.far))
        return cop_send(me, st->arg.from, connect_me);
    else
        COP_TRY(cop_send(me, st->arg.far, connected));
    return start_inner(me, st);
}

COP_HANDLER(wire, connected)
{
    st->arg.far = cop_sender(me);
    return start_inner(me, st);
}

static void
far_is_gone(cop_actor *me, wire *self)
{
    if (self->hears_nothing)
        return;
    self->hears_nothing = true;
    cop_cast(me, self->inner, gone);
}

/* ------------------------------------------------------------------------ messages */

COP_HANDLER(wire, carried)
{
    cop_cast(me, st->inner, said, .text = msg->text);
    return COP_OK;
}

COP_HANDLER(wire, far_gone)
{
    far_is_gone(me, st);
    return COP_OK;
}

/* ------------------------------------------------------------------------ a socket */

static void
take_lines(cop_actor *me, wire *self)
{
    char *end;

    while ((end = memchr(self->in, '\n', self->in_used)) != NULL) {
        size_t length = (size_t)(end - self->in);
        cop_cast(me, self->inner, said, .text = ((cop_str){self->in, length}));
        self->in_used -= length + 1;
        memmove(self->in, end + 1, self->in_used);
    }
}

static cop_err
read_some(cop_actor *me, wire *self)
{
    ssize_t got = read(self->arg.fd, self->in + self->in_used, ROOM - self->in_used);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return COP_OK;
    if (got <= 0) {
        far_is_gone(me, self);
        return COP_OK;
    }
    self->in_used += (size_t)got;
    take_lines(me, self);
    COP_REQUIRE(me, self->in_used < ROOM);
    return COP_OK;
}

/* A far end that is gone takes nothing, and needs nothing. */
static void
write_some(wire *self)
{
    ssize_t put = write(self->arg.fd, self->out, self->out_used);

    if (put < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (put < 0)
        put = (ssize_t)self->out_used;
    self->out_used -= (size_t)put;
    memmove(self->out, self->out + put, self->out_used);
}

/* What is wanted of the socket now. */
static cop_err
watch_on(cop_actor *me, wire *self)
{
    if (self->is_over && self->out_used == 0)
        return cop_stop(me);
    return cop_watch_change(me, self->watch,
                            (self->hears_nothing ? 0u : COP_READABLE) |
                                (self->out_used > 0 ? COP_WRITABLE : 0u));
}

COP_HANDLER(wire, cop_ready)
{
    if (msg->events & COP_READABLE && !st->hears_nothing)
        COP_TRY(read_some(me, st));
    if (msg->events & COP_WRITABLE && st->out_used > 0)
        write_some(st);
    return watch_on(me, st);
}

/* ------------------------------------------------------------------------ its child */

COP_HANDLER(wire, said)
{
    if (!st->has_fd)
        return cop_send(me, st->arg.far, carried, .text = msg->text) == COP_E_NOMEM
                   ? COP_E_NOMEM
                   : COP_OK;
    COP_REQUIRE(me, st->out_used + msg->text.size + 1 < ROOM);
    memcpy(st->out + st->out_used, msg->text.data, msg->text.size);
    st->out_used += msg->text.size;
    st->out[st->out_used++] = '\n';
    return watch_on(me, st);
}

COP_HANDLER(wire, cop_down)
{
    st->is_over = true;
    return st->has_fd ? watch_on(me, st) : cop_stop(me);
}

COP_HANDLER(wire, cop_end)
{
    if (!st->has_fd)
        cop_cast(me, st->arg.far, far_gone);
    return COP_OK;
}

static void
dispose(void *state)
{
    wire *self = state;

    if (self->has_fd)
        close(self->arg.fd);
}

const cop_behaviour wire_b = {
    .name = "wire",
    .state_size = sizeof(wire),
    .dispose = dispose,
    .handlers =
        COP_HANDLERS(COP_ON(wire, cop_start), COP_ON(wire, connected), COP_ON(wire, carried),
                     COP_ON(wire, far_gone), COP_ON(wire, cop_ready), COP_ON(wire, said),
                     COP_ON(wire, cop_down), COP_ON(wire, cop_end)),
};
