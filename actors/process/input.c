/* SPDX-License-Identifier: Apache-2.0 */
#include "process/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <coppice/process.h>

#include "base/memory.h"
#include "io/fd.h"

cop_err
copi_input_open(copi_input *self, uint32_t room, const char *farewell, int *given)
{
    int ends[2];

    self->room = room;
    self->farewell = farewell == NULL ? 0 : (uint32_t)strlen(farewell);
    self->bytes = copi_malloc((size_t)room + self->farewell);
    if (self->bytes == NULL)
        return COP_E_NOMEM;
    if (farewell != NULL)
        memcpy(self->bytes + room, farewell, self->farewell);
    COP_TRY(copi_fd_pipe(ends));
    self->fd = ends[1];
    *given = ends[0];
    return fcntl(self->fd, F_SETFL, O_NONBLOCK) == 0 ? COP_OK : COP_E_OS;
}

cop_err
copi_input_watch(cop_actor *me, copi_input *self)
{
    if (self->fd < 0)
        return COP_OK;
    COP_TRY(cop_watch_open(me, self->fd, COP_WRITABLE, &self->watch));
    return cop_watch_change(me, self->watch, 0);
}

/* Who waits for room where there will be none is told so. */
void
copi_input_cut(cop_actor *me, copi_input *self)
{
    if (self->fd >= 0)
        cop_watch_close(me, self->watch);
    copi_fd_close(&self->fd);
    self->first = self->end = 0;
    for (uint32_t i = 0; i < self->waiter_count; i++)
        cop_answer_error(me, &self->waiters[i].token, COP_E_GONE);
    self->waiter_count = 0;
}

uint32_t
copi_input_free(const copi_input *self)
{
    return self->fd < 0 || self->is_closing ? 0 : self->room - (self->end - self->first);
}

/* False if nobody reads it any more. */
static bool
write_some(copi_input *self)
{
    while (self->first < self->end) {
        ssize_t put = write(self->fd, self->bytes + self->first, self->end - self->first);
        if (put < 0 && errno != EINTR)
            return errno == EAGAIN;
        if (put > 0)
            self->first += (uint32_t)put;
    }
    self->first = self->end = 0;
    return true;
}

static void
answer_waiters(cop_actor *me, copi_input *self)
{
    uint32_t room = copi_input_free(self), answered = 0;

    while (answered < self->waiter_count && self->waiters[answered].bytes <= room)
        cop_answer(me, &self->waiters[answered++].token, cop_process_room, .bytes = room);
    self->waiter_count -= answered;
    memmove(self->waiters, self->waiters + answered,
            self->waiter_count * sizeof self->waiters[0]);
}

static cop_err
wait_for_pipe(cop_actor *me, copi_input *self, bool is_needed)
{
    if (self->is_waiting == is_needed)
        return COP_OK;
    self->is_waiting = is_needed;
    return cop_watch_change(me, self->watch, is_needed ? COP_WRITABLE : 0);
}

cop_err
copi_input_on_ready(cop_actor *me, copi_input *self)
{
    if (self->fd < 0)
        return COP_OK;
    if (!write_some(self) || (self->is_closing && self->first == self->end)) {
        copi_input_cut(me, self);
        return COP_OK;
    }
    answer_waiters(me, self);
    return wait_for_pipe(me, self, self->first < self->end);
}

/* There is room for them. */
static void
append(copi_input *self, const char *bytes, uint32_t size, uint32_t room)
{
    if (self->end + size > room) {
        memmove(self->bytes, self->bytes + self->first, self->end - self->first);
        self->end -= self->first;
        self->first = 0;
    }
    /* The last words may lie where they go. */
    memmove(self->bytes + self->end, bytes, size);
    self->end += size;
}

cop_err
copi_input_put(cop_actor *me, copi_input *self, cop_bytes bytes)
{
    if (self->fd < 0 || self->is_closing)
        return COP_E_GONE;
    if (bytes.size > self->room)
        return COP_E_TOO_LARGE;
    if (bytes.size > copi_input_free(self))
        return COP_E_FULL;
    if (bytes.size > 0)
        append(self, bytes.data, (uint32_t)bytes.size, self->room);
    COP_TRY(copi_input_on_ready(me, self));
    return self->fd < 0 ? COP_E_GONE : COP_OK;
}

void
copi_input_await(cop_actor *me, copi_input *self, uint32_t bytes)
{
    copi_input_waiter *waiter = &self->waiters[self->waiter_count];
    cop_err err = self->fd < 0 || self->is_closing           ? COP_E_GONE
                  : bytes > self->room                       ? COP_E_TOO_LARGE
                  : self->waiter_count >= COPI_INPUT_WAITERS ? COP_E_BUSY
                                                             : cop_defer(me, &waiter->token);

    /* One that is not a request has nobody who could be answered. */
    if (err != COP_OK) {
        cop_reply_error(me, err);
        return;
    }
    waiter->bytes = bytes;
    self->waiter_count++;
    answer_waiters(me, self);
}

cop_err
copi_input_close(cop_actor *me, copi_input *self)
{
    self->is_closing = true;
    return copi_input_on_ready(me, self);
}

cop_err
copi_input_quit(cop_actor *me, copi_input *self)
{
    if (self->fd >= 0 && !self->is_closing)
        append(self, self->bytes + self->room, self->farewell, self->room + self->farewell);
    return copi_input_close(me, self);
}

void
copi_input_fini(copi_input *self)
{
    copi_fd_close(&self->fd);
    free(self->bytes);
    self->bytes = NULL;
}
