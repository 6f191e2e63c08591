/* SPDX-License-Identifier: Apache-2.0 */
#include "core/node.h"
#include "debug/debug.h"

enum {
    STATE_TEXT = 1024
};

uint32_t
copi_waiting(cop_actor *self, const copi_envelope *handled)
{
    /* acquire: pairs with push.  Nobody but us takes anything out. */
    uint64_t word = atomic_load_explicit(&self->mailbox.word, memory_order_acquire);
    uint32_t count = self->batch_count;

    for (copi_mail *mail = copi_box_chain(word); mail != NULL; mail = mail->next)
        count += copi_envelope_of(mail) != handled;
    return count;
}

void
copi_print_state(const cop_actor *self, char *text, size_t size)
{
    text[0] = '\0';
    if (self->behaviour->print_state != NULL && self->is_started && !self->is_killed)
        (void)self->behaviour->print_state(self->state, text, size);
    text[size - 1] = '\0';
}

static void
count_ties(const cop_actor *self, cop_actor_status *out)
{
    const copi_ties *ties = self->ties;

    out->children = ties->child_count;
    out->links = ties->links.count;
    out->monitors = ties->monitors.count;
    out->watchers = ties->watchers.count;
    out->calls = ties->calls.count;
    out->deferred = ties->deferred.count;
    out->watches = ties->watches.count;
    out->timers = copi_alarms_count(self);
    out->is_suspended = ties->debug != NULL && ties->debug->is_suspended;
    out->is_counted = ties->debug != NULL && ties->debug->is_counted;
    out->is_traced = ties->debug != NULL && ties->debug->trail != NULL;
}

void
copi_status_answer(cop_actor *self, const copi_envelope *envelope)
{
    char path[256], state[STATE_TEXT];
    cop_actor_status status = {
        .path = cop_str_from(copi_path_write(self, path, sizeof path)),
        .behaviour = cop_str_from(self->behaviour->name),
        .owner = cop_owner(self),
        .is_ending = !copi_is_open(self),
        .is_stopping = self->is_stopping,
        .traps_exit = self->traps,
        .waiting = copi_waiting(self, NULL),
        .worker = self->worker->index,
    };

    copi_print_state(self, state, sizeof state);
    status.state = cop_str_from(state);
    if (self->ties != NULL)
        count_ties(self, &status);
    copi_debug_answer(self, envelope, &cop_actor_status_type, &status);
}
