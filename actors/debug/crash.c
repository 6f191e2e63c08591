/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash.c - an actor's last words, said by itself: as OTP's proc_lib.
 *
 * Who is killed, or ended by a signal, has not crashed and says nothing.
 */
#include "core/node.h"
#include "debug/debug.h"
#include "debug/event.h"

enum {
    STATE_TEXT = 512
};

static size_t
links_of(const copi_ties *ties, cop_pid out[COP_EVENT_LINKS])
{
    size_t count = 0;

    for (copi_map_node *node = copi_map_next(&ties->links, NULL);
         node != NULL && count < COP_EVENT_LINKS; node = copi_map_next(&ties->links, node)) {
        const copi_link *link = COPI_CONTAINER(node, copi_link, node);
        if (link->unlink == 0)
            out[count++] = (cop_pid){node->high, node->low};
    }
    return count;
}

static void
tell(cop_actor *self, cop_event *event)
{
    cop_pid links[COP_EVENT_LINKS];
    cop_trace_line last[COP_EVENT_LAST];
    const copi_ties *ties = self->ties;

    if (ties != NULL) {
        event->links = links;
        event->link_count = links_of(ties, links);
    }
    if (ties != NULL && ties->debug != NULL && ties->debug->trail != NULL) {
        event->last = last;
        event->last_count = copi_trail_last(ties->debug->trail, last, COP_EVENT_LAST);
    }
    copi_event_tell(self->node, event);
}

void
copi_crash_report(cop_actor *self, const copi_envelope *handled, const char *message)
{
    char path[256], state[STATE_TEXT];
    cop_exit why;

    /* The root fails only with another, who has said so. */
    if (copi_owner_of(self) == NULL)
        return;
    copi_exit_of(self, &why);
    copi_print_state(self, state, sizeof state);
    tell(self, &(cop_event){
                   .kind = COP_EVENT_CRASH,
                   .who = copi_pid_of(self),
                   .path = copi_path_write(self, path, sizeof path),
                   .behaviour = self->behaviour->name,
                   .message = message,
                   .from = handled != NULL ? handled->from : COP_PID_NONE,
                   .waiting = copi_waiting(self, handled),
                   .why = &why,
                   .state = state[0] != '\0' ? state : NULL,
               });
}
