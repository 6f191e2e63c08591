/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.c - the actor around an OS process: a pidfd, a lifeline, and up to three pipes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/pidfd.h>

#include "process/process.h"

typedef copi_process process;

static cop_err
process_init(cop_actor *me, void *state, const void *arg)
{
    return copi_process_start(me, state, arg);
}

static cop_err
on_output(cop_actor *me, process *st, int fd)
{
    for (size_t i = 0; i < COP_COUNT(st->outputs); i++)
        if (fd == st->outputs[i].fd) {
            COP_TRY(copi_output_on_ready(me, &st->outputs[i]));
            return copi_process_settle(me, st);
        }
    return COP_OK;
}

COP_HANDLER(process, cop_ready)
{
    if (msg->fd == st->pidfd)
        return copi_process_reap(me, st);
    if (msg->fd == st->input.fd)
        return copi_input_on_ready(me, &st->input);
    return on_output(me, st, msg->fd);
}

COP_HANDLER(process, copi_output_resume)
{
    COP_TRY(copi_output_on_resume(me, &st->outputs[msg->stream - 1]));
    return copi_process_settle(me, st);
}

COP_HANDLER(process, cop_stopping)
{
    return copi_process_tell(me, st);
}

COP_HANDLER(process, copi_process_rung)
{
    return copi_process_descend(me, st, msg->next);
}

COP_HANDLER(process, cop_process_input)
{
    cop_pid from = cop_sender(me);

    cop_err err = copi_input_put(me, &st->input, msg->data);
    if (err == COP_OK)
        cop_reply(me, cop_process_room, .bytes = copi_input_free(&st->input));
    else if (cop_reply_error(me, err) == COP_E_GONE)
        cop_cast(me, from, cop_process_refused, .err = err, .bytes = (uint32_t)msg->data.size);
    return COP_OK;
}

COP_HANDLER(process, cop_process_await_room)
{
    copi_input_await(me, &st->input, msg->bytes);
    return COP_OK;
}

COP_HANDLER(process, cop_process_close_input)
{
    return copi_input_close(me, &st->input);
}

COP_HANDLER(process, cop_process_signal)
{
    if (pidfd_send_signal(st->pidfd, msg->signo, NULL, 0) != 0)
        cop_log(me, "signal %d: %s", (int)msg->signo, strerror(errno));
    return COP_OK;
}

COP_HANDLER(process, cop_process_info)
{
    return cop_reply(me, cop_process_id, .os_pid = st->pid);
}

const cop_behaviour cop_process = {
    .name = "process",
    .state_size = sizeof(process),
    .init = process_init,
    .dispose = copi_process_dispose,
    .handlers = COP_HANDLERS(
        COP_ON(process, cop_ready), COP_ON(process, copi_output_resume),
        COP_ON(process, cop_stopping), COP_ON(process, copi_process_rung),
        COP_ON(process, cop_process_input), COP_ON(process, cop_process_await_room),
        COP_ON(process, cop_process_close_input), COP_ON(process, cop_process_signal),
        COP_ON(process, cop_process_info)),
};
