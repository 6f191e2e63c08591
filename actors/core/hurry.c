/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hurry.c - the calls of an actor that is ending, which end in their time although its messages
 * have no more turns.
 */
#include <stddef.h>

#include "base/check.h"
#include "core/node.h"
#include "core/receive.h"
#include "core/ties.h"

void
copi_hurry_calls(cop_actor *self)
{
    copi_mail *mail = self->batch, *ends = NULL, **last = &ends;
    uint32_t count = 0;

    self->batch = NULL;
    self->batch_count = 0;
    for (copi_mail *next; mail != NULL; mail = next) {
        next = mail->next;
        if (!copi_ends_a_call(copi_envelope_of(mail))) {
            copi_append(self, copi_envelope_of(mail));
            continue;
        }
        *last = mail;
        last = &mail->next;
        count++;
    }
    if (ends == NULL)
        return;
    if (self->batch == NULL)
        self->batch_last = COPI_CONTAINER(last, copi_mail, next);
    *last = self->batch;
    self->batch = ends;
    self->batch_count += count;
}

void
copi_end_hurried_calls(cop_actor *self)
{
    while (self->batch != NULL && copi_ends_a_call(copi_envelope_of(self->batch))) {
        copi_envelope *envelope = copi_envelope_of(self->batch);
        self->batch = self->batch->next;
        self->batch_count--;
        if (!copi_call_ends_with(self, envelope))
            copi_bounce(self->node, self->worker, copi_pid_of(self), envelope, COP_E_DOWN);
    }
}
