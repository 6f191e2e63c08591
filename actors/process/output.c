/* SPDX-License-Identifier: Apache-2.0 */
#include "process/output.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <coppice/timer.h>

#include "io/fd.h"
#include "message/local.h"

enum {
    FULL_MS = 1, /* until a full mailbox is tried again */
    READS = 16,  /* in a row, before others have their turn */
};

const cop_type copi_output_resume_type = COPI_LOCAL("coppice", copi_output_resume);

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

/* What the next message carries: as copi_lines_next. */
static bool
next_piece(const copi_output *self, cop_bytes *piece)
{
    const copi_lines *lines = &self->lines;

    if (!self->is_raw)
        return copi_lines_next(lines, piece);
    *piece = (cop_bytes){lines->bytes + lines->first, lines->end - lines->first};
    return piece->size > 0;
}

static void
drop_piece(copi_output *self, cop_bytes piece)
{
    if (self->is_raw)
        self->lines.first += (uint32_t)piece.size;
    else
        copi_lines_drop(&self->lines, piece);
}

static void
cast_piece(cop_actor *me, const copi_output *self, cop_bytes piece)
{
    cop_cast(me, self->to, cop_process_output, .stream = self->stream, .line = piece);
}

static void
cast_pieces(cop_actor *me, copi_output *self)
{
    cop_bytes piece;

    while (next_piece(self, &piece)) {
        cast_piece(me, self, piece);
        drop_piece(self, piece);
    }
}

/* False if the receiver has no room. */
static bool
send_pieces(cop_actor *me, copi_output *self)
{
    cop_bytes piece;

    while (next_piece(self, &piece)) {
        cop_err err =
            cop_send(me, self->to, cop_process_output, .stream = self->stream, .line = piece);
        if (err == COP_E_FULL)
            return false;
        /* Whatever else is wrong does not get better: a dead letter. */
        if (err != COP_OK)
            cast_piece(me, self, piece);
        drop_piece(self, piece);
    }
    return true;
}

/* Reads once.  False if there is nothing to read now, or no more at all. */
static bool
fill(copi_output *self)
{
    size_t size;
    char *room = copi_lines_room(&self->lines, &size);

    if (self->is_last && size > (size_t)self->left)
        size = (size_t)self->left;
    ssize_t got = read(self->fd, room, size);
    if (got > 0) {
        copi_lines_filled(&self->lines, (size_t)got);
        if (self->is_last && (self->left -= (int)got) == 0)
            self->lines.is_ended = true;
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        self->lines.is_ended = true;
    }
    return got > 0;
}

/* Lets the process wait for the receiver. */
static cop_err
pause_pipe(cop_actor *me, copi_output *self)
{
    self->is_paused = true;
    COP_TRY(cop_watch_change(me, self->watch, 0));
    return cop_send_after(me, FULL_MS, NULL, copi_output_resume, .stream = self->stream);
}

cop_err
copi_output_on_ready(cop_actor *me, copi_output *self)
{
    for (int reads = 0; reads < READS; reads++) {
        if (!fill(self) && !self->lines.is_ended)
            return COP_OK;
        if (!send_pieces(me, self))
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
    if (!send_pieces(me, self))
        return pause_pipe(me, self);
    self->is_paused = false;
    COP_TRY(cop_watch_change(me, self->watch, COP_READABLE));
    /* When nothing is left to be read, no readiness tells so. */
    return self->is_last ? copi_output_on_ready(me, self) : COP_OK;
}

cop_err
copi_output_finish(cop_actor *me, copi_output *self)
{
    if (self->fd < 0)
        return COP_OK;
    self->is_last = true;
    if (ioctl(self->fd, FIONREAD, &self->left) != 0)
        self->left = 0;
    return self->is_paused ? COP_OK : copi_output_on_ready(me, self);
}

void
copi_output_drain(cop_actor *me, copi_output *self)
{
    if (self->fd < 0)
        return;
    cast_pieces(me, self);
    while (fill(self))
        cast_pieces(me, self);
    self->lines.is_ended = true;
    cast_pieces(me, self);
    close_pipe(me, self);
}
