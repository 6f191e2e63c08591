/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/actor.h"
#include "core/node.h"
#include "io/fd.h"
#include "process/environment.h"
#include "process/launch.h"
#include "process/lifeline.h"
#include "process/process.h"

static bool
is_output(cop_stdio choice)
{
    return choice == COP_STDIO_LINES || choice == COP_STDIO_BYTES;
}

static bool
are_streams_valid(const cop_process_spec *spec)
{
    if (spec->input > COP_STDIO_BYTES || spec->input == COP_STDIO_LINES ||
        spec->output > COP_STDIO_BYTES || spec->error > COP_STDIO_BYTES)
        return false;
    if (spec->input != COP_STDIO_BYTES && (spec->input_room != 0 || spec->close_ms != 0))
        return false;
    if (spec->input_room > COP_PROCESS_ROOM_MAX)
        return false;
    return (!is_output(spec->output) && !is_output(spec->error)) ||
           !cop_pid_is_none(spec->output_to);
}

static bool
is_valid(const cop_process_spec *spec)
{
    if (spec == NULL || spec->argv == NULL || spec->argv[0] == NULL)
        return false;
    if (spec->stop_signal < 0 || spec->stop_signal >= NSIG || spec->kill_ms < 0 ||
        spec->close_ms < 0)
        return false;
    if (spec->farewell != NULL &&
        (spec->close_ms == 0 || strlen(spec->farewell) > COP_PROCESS_LINE_MAX))
        return false;
    return are_streams_valid(spec);
}

/* So that the ladder is over before the owner's patience is; not positive: it cannot be. */
static int32_t
kill_ms_of(const cop_actor *me, const cop_process_spec *spec)
{
    if (spec->kill_ms > 0)
        return spec->kill_ms;
    return me->stop_ms > 0 ? me->stop_ms - me->stop_ms / 5 - spec->close_ms
                           : COPI_PROCESS_KILL_MS;
}

static void
set_up(copi_process *self, const cop_process_spec *spec)
{
    self->is_set = true;
    self->pidfd = self->lifeline = self->input.fd = -1;
    for (size_t i = 0; i < COP_COUNT(self->outputs); i++) {
        self->outputs[i].fd = -1;
        self->outputs[i].stream = (int32_t)i + 1;
        self->outputs[i].to = spec->output_to;
    }
    self->stop_signal = spec->stop_signal != 0 ? spec->stop_signal : SIGTERM;
    self->close_ms = spec->close_ms;
}

static cop_err
open_input(copi_input *self, const cop_process_spec *spec, int *given)
{
    if (spec->input == COP_STDIO_INHERIT)
        return COP_OK;
    if (spec->input != COP_STDIO_BYTES)
        return copi_fd_open("/dev/null", O_RDONLY, given);
    return copi_input_open(self, spec->input_room != 0 ? spec->input_room : COPI_PROCESS_ROOM,
                           spec->farewell, given);
}

static cop_err
open_output(copi_output *self, cop_stdio choice, int *given)
{
    switch (choice) {
    case COP_STDIO_DEFAULT:
    case COP_STDIO_INHERIT: return COP_OK;
    case COP_STDIO_NULL: return copi_fd_open("/dev/null", O_WRONLY, given);
    case COP_STDIO_BYTES:
    case COP_STDIO_LINES:
        self->is_raw = choice == COP_STDIO_BYTES;
        return copi_output_open(self, given);
    }
    return COP_E_INVAL;
}

/* What the child gets as 0, 1 and 2; -1 where it gets ours. */
static cop_err
open_stdio(copi_process *self, const cop_process_spec *spec, int given[3])
{
    COP_TRY(open_input(&self->input, spec, &given[0]));
    COP_TRY(open_output(&self->outputs[0], spec->output, &given[1]));
    return open_output(&self->outputs[1], spec->error, &given[2]);
}

static cop_err
launch(copi_process *self, const cop_process_spec *spec, copi_launch_plan *plan,
       copi_launched *out)
{
    char entry[COPI_LIFELINE_TEXT];

    out->subject = spec->argv[0];
    COP_TRY(open_stdio(self, spec, plan->stdio));
    COP_TRY(copi_lifeline_open(&plan->kept, &self->lifeline, entry));
    char **envp = copi_environment(spec->envp, entry);
    if (envp == NULL)
        return COP_E_NOMEM;
    plan->envp = envp;
    cop_err err = copi_launch(plan, out);
    free(envp);
    return err;
}

static cop_err
run(cop_actor *me, copi_process *self, const cop_process_spec *spec)
{
    copi_launch_plan plan = {.argv = spec->argv, .dir = spec->dir, .kept = -1};
    copi_launched launched = {0};

    plan.stdio[0] = plan.stdio[1] = plan.stdio[2] = -1;
    cop_err err = launch(self, spec, &plan, &launched);
    if (err == COP_E_OS && launched.error == 0)
        launched.error = errno;
    for (int fd = 0; fd < 3; fd++)
        copi_fd_close(&plan.stdio[fd]);
    copi_fd_close(&plan.kept);
    if (err != COP_OK) {
        if (err == COP_E_OS)
            (void)cop_fail(me, err, "%s: %s", strerror(launched.error), launched.subject);
        return err;
    }
    self->pid = launched.pid;
    self->pidfd = launched.pidfd;
    copi_census_add(&me->node->census, &self->entry, self->pid);
    return COP_OK;
}

cop_err
copi_process_start(cop_actor *me, copi_process *self, const cop_process_spec *spec)
{
    if (!is_valid(spec) || kill_ms_of(me, spec) <= 0)
        return COP_E_INVAL;
    if (me->worker->base == NULL)
        return COP_E_SIMULATED;
    set_up(self, spec);
    self->kill_ms = kill_ms_of(me, spec);
    COP_TRY(run(me, self, spec));
    COP_TRY(copi_input_watch(me, &self->input));
    for (size_t i = 0; i < COP_COUNT(self->outputs); i++)
        COP_TRY(copi_output_watch(me, &self->outputs[i]));
    return cop_watch_open(me, self->pidfd, COP_READABLE, &self->end);
}
