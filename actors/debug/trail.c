/* SPDX-License-Identifier: Apache-2.0 */
#include "debug/trail.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "core/actor.h"
#include "core/dispatch.h"
#include "core/ties.h"

copi_trail *
copi_trail_new(uint32_t room)
{
    copi_trail *self = copi_malloc(sizeof *self + room * sizeof self->lines[0]);

    if (self != NULL) {
        self->room = room;
        self->seen = 0;
    }
    return self;
}

void
copi_trail_free(copi_trail **self)
{
    free(*self);
    *self = NULL;
}

/* False: it is none of the things that are traced. */
static bool
what_of(const copi_envelope *envelope, uint8_t *what)
{
    switch ((copi_kind)envelope->kind) {
    case COPI_USER_MESSAGE:
    case COPI_NEWS:
    case COPI_DOWN: *what = COP_TRACE_MESSAGE; return true;
    case COPI_CALL: *what = COP_TRACE_CALL; return true;
    case COPI_REPLY:
    case COPI_REPLY_ERROR: *what = COP_TRACE_REPLY; return true;
    case COPI_TIMER: *what = COP_TRACE_TIMER; return true;
    case COPI_DEADLINE: *what = COP_TRACE_DEADLINE; return true;
    case COPI_WATCH: *what = COP_TRACE_READY; return true;
    case COPI_EXIT: *what = COP_TRACE_EXIT; return true;
    case COPI_LINK: *what = COP_TRACE_LINK; return true;
    case COPI_UNLINK: *what = COP_TRACE_UNLINK; return true;
    case COPI_MONITOR: *what = COP_TRACE_MONITOR; return true;
    case COPI_DEMONITOR: *what = COP_TRACE_DEMONITOR; return true;
    case COPI_STOP: *what = COP_TRACE_STOP; return true;
    case COPI_KILL: *what = COP_TRACE_KILL; return true;
    case COPI_CHILD_END: *what = COP_TRACE_CHILD_END; return true;
    default: return false;
    }
}

static void
print(copi_trail_line *line, cop_actor *actor, const copi_envelope *envelope)
{
    const void *body = envelope + 1;
    cop_exit why;

    line->text[0] = '\0';
    switch ((copi_kind)envelope->kind) {
    case COPI_EXIT:
        cop_exit_print(&((const cop_exited *)body)->why, line->text, sizeof line->text);
        return;
    case COPI_STOP:
        cop_exit_print(&((const cop_stopping *)body)->why, line->text, sizeof line->text);
        return;
    case COPI_CHILD_END:
        copi_exit_of(COPI_CONTAINER(envelope, cop_actor, ending), &why);
        cop_exit_print(&why, line->text, sizeof line->text);
        return;
    case COPI_REPLY_ERROR:
        snprintf(line->text, sizeof line->text, "%s", cop_err_name(*(const cop_err *)body));
        return;
    case COPI_TIMER: body = COPI_CONTAINER(envelope, copi_letter, due)->message; break;
    case COPI_USER_MESSAGE:
    case COPI_CALL:
    case COPI_NEWS:
    case COPI_REPLY:
    case COPI_DOWN: break;
    default: return;
    }
    if (envelope->type != NULL)
        cop_message_print(envelope->type, body, line->text, sizeof line->text);
    else
        snprintf(line->text, sizeof line->text, "%s{...}",
                 copi_message_name(actor->behaviour, envelope));
}

void
copi_trail_note(copi_trail *self, cop_actor *actor, const copi_envelope *envelope)
{
    copi_trail_line *line = &self->lines[self->seen % self->room];

    if (!what_of(envelope, &line->what))
        return;
    self->seen++;
    line->at = copi_worker_now(actor->worker);
    line->from = envelope->from;
    print(line, actor, envelope);
}

size_t
copi_trail_last(const copi_trail *self, cop_trace_line *out, size_t room)
{
    uint64_t count = self->seen < self->room ? self->seen : self->room;

    if (count > room)
        count = room;
    for (uint64_t i = 0; i < count; i++) {
        const copi_trail_line *line = &self->lines[(self->seen - count + i) % self->room];
        out[i] = (cop_trace_line){.at_ms = line->at / COPI_MS,
                                  .what = line->what,
                                  .from = line->from,
                                  .text = cop_str_from(line->text)};
    }
    return (size_t)count;
}
