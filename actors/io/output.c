/* SPDX-License-Identifier: Apache-2.0 */
#include "io/output.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <coppice/timer.h>

#include "io/fd.h"

enum {
    FULL_MS = 1,       /* until a full mailbox is tried again */
    READS = 16,        /* in a row, before others have their turn */
    LAST_READS = 1024, /* of what is left at the end: more than any pipe holds */
};

const cop_type copi_output_resume_type = {
    .protocol = "coppice",
    .name = "copi_output_resume",
    .size = sizeof(copi_output_resume),
    .flat = true,
};

cop_err
copi_output_open(copi_output *self, int *given)
{
    int ends[2];

    COP_TRY(copi_fd_pipe(ends));
    self->fd = ends[0];
    *given = ends[1];
    return fcntl(self->fd, F_SETFL, O_NONBLOCK) == 0 ? COP_OK : COP_E_OS;
}

cop_err
copi_output_watch(cop_actor *me, copi_output *self)
{
    return self->fd < 0 ? COP_OK : cop_watch_open(me, self->fd, COP_READABLE, &self->watch);
}

static void
close_pipe(cop_actor *me, copi_output *self)
{
    cop_watch_close(me, self->watch);
    copi_fd_close(&self->fd);
}

static void
cast_line(cop_actor *me, const copi_output *self, cop_bytes line)
{
    cop_cast(me, self->to, cop_process_output, .stream = self->stream, .line = line);
}

static void
cast_lines(cop_actor *me, copi_output *self)
{
    cop_bytes line;

    while (copi_lines_next(&self->lines, &line)) {
        cast_line(me, self, line);
        copi_lines_drop(&self->lines, line);
    }
}

/* False if the receiver has no room. */
static bool
send_lines(cop_actor *me, copi_output *self)
{
    cop_bytes line;

    while (copi_lines_next(&self->lines, &line)) {
        cop_err err =
            cop_send(me, self->to, cop_process_output, .stream = self->stream, .line = line);
        if (err == COP_E_FULL)
            return false;
        /* Whatever else is wrong does not get better: a dead letter. */
        if (err != COP_OK)
            cast_line(me, self, line);
        copi_lines_drop(&self->lines, line);
    }
    return true;
}

/* Reads once.  False if there is nothing to read now, or no more at all. */
static bool
fill(copi_output *self)
{
    size_t size;
    char *room = copi_lines_room(&self->lines, &size);
    ssize_t got = read(self->fd, room, size);

    if (got > 0)
        copi_lines_filled(&self->lines, (size_t)got);
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        self->lines.is_ended = true;
    return got > 0;
}

/* Lets the process wait for the receiver. */
static cop_err
pause_pipe(cop_actor *me, copi_output *self)
{
    COP_TRY(cop_watch_change(me, self->watch, 0));
    return cop_send_after(me, FULL_MS, NULL, copi_output_resume, .stream = self->stream);
}

cop_err
copi_output_on_ready(cop_actor *me, copi_output *self)
{
    for (int reads = 0; reads < READS; reads++) {
        if (!fill(self) && !self->lines.is_ended)
            return COP_OK;
        if (!send_lines(me, self))
            return pause_pipe(me, self);
        if (self->lines.is_ended) {
            close_pipe(me, self);
            return COP_OK;
        }
    }
    return COP_OK;
}

cop_err
copi_output_on_resume(cop_actor *me, copi_output *self)
{
    if (self->fd < 0)
        return COP_OK;
    if (!send_lines(me, self))
        return pause_pipe(me, self);
    return cop_watch_change(me, self->watch, COP_READABLE);
}

void
copi_output_drain(cop_actor *me, copi_output *self)
{
    if (self->fd < 0)
        return;
    cast_lines(me, self);
    for (int reads = 0; reads < LAST_READS && fill(self); reads++)
        cast_lines(me, self);
    self->lines.is_ended = true;
    cast_lines(me, self);
    close_pipe(me, self);
}
