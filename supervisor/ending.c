/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ending.c - what becomes of the children while their supervisor ends.
 *
 * The core stops them; here is only told how they took it.  A dynamic supervisor may have
 * any number of them, so what went wrong is counted, and told at the end.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "core/actor.h"
#include "supervisor.h"

struct copi_bad_end {
    copi_bad_end *next;
    uint32_t count;
    bool was_killed; /* one of them, at least */
    cop_exit why;    /* of the first */
};

static bool
is_same(const cop_exit *a, const cop_exit *b)
{
    return a->kind == b->kind && a->code == b->code && strcmp(a->text, b->text) == 0;
}

static void
count_bad_end(copi_supervisor *self, const cop_exit *why, bool was_killed)
{
    copi_bad_end **at = &self->bad_ends;

    while (*at != NULL && !is_same(&(*at)->why, why))
        at = &(*at)->next;
    if (*at == NULL && (*at = copi_calloc(1, sizeof **at)) != NULL)
        (*at)->why = *why;
    if (*at == NULL)
        return;
    (*at)->count++;
    (*at)->was_killed = (*at)->was_killed || was_killed;
}

static void
dynamic_child_ended(cop_actor *me, copi_supervisor *self, copi_child *child,
                    const cop_exit *why)
{
    copi_tell_news(me, self, COP_NEWS_ENDED, false, child, why);
    if (!copi_stop_was_clean(child->spec, why))
        count_bad_end(self, why, copi_was_killed(self, child, why));
    copi_child_set_phase(&self->children, child, COPI_CHILD_STOPPED);
}

/* What a failed start has left is gone, and only now the start has failed. */
static void
start_failed(cop_actor *me, copi_supervisor *self, const cop_child_end *end)
{
    if (self->clearing == NULL || end->cookie != self->clearing->cookie)
        return;
    copi_tell_news(me, self, COP_NEWS_NOT_STARTED, true, self->clearing, &self->last);
    self->clearing = NULL;
}

static void
child_ended(cop_actor *me, copi_supervisor *self, copi_child *child, const cop_exit *why)
{
    if (self->children.is_dynamic)
        dynamic_child_ended(me, self, child, why);
    else
        copi_child_stopped(me, self, child, why);
}

static void
waiting_end(cop_actor *me, copi_supervisor *self, copi_child *child)
{
    cop_exit why = copi_take_why(child);

    child_ended(me, self, child, &why);
}

/* The core passes over those without an actor, and so do we; ends that waited for their
 * turn have it now.  Where this stops is the one that is being stopped: the subject. */
static void
pass_over(cop_actor *me, copi_supervisor *self, copi_child *youngest)
{
    copi_child *at = youngest;

    for (; at != NULL && !copi_child_has_actor(at); at = at->older)
        if (at->phase == COPI_CHILD_ENDED)
            waiting_end(me, self, at);
    self->subject = at;
}

/* By itself, before its turn has come, and so it is told then. */
static void
ended_early(copi_supervisor *self, copi_child *child, const cop_exit *why)
{
    copi_child_set_phase(&self->children, child, COPI_CHILD_ENDED);
    copi_keep_why(child, why);
}

/* Dynamic children have no order: that they ended is counted when all of them are gone. */
void
copi_begin_to_leave(cop_actor *me, copi_supervisor *self)
{
    if (!self->is_leaving && !self->children.is_dynamic)
        pass_over(me, self, self->children.youngest);
    self->is_leaving = true;
}

void
copi_child_ended_with_us(cop_actor *me, copi_supervisor *self, const cop_child_end *end)
{
    copi_child *child = copi_children_of_cookie(&self->children, end->cookie, end->pid);

    if (end->start_failed) {
        start_failed(me, self, end);
    } else if (child != NULL) {
        copi_begin_to_leave(me, self); /* the core was told, and not we */
        if (!self->children.is_dynamic && child != self->subject) {
            ended_early(self, child, end->why);
            return;
        }
        child_ended(me, self, child, end->why);
        if (self->children.is_dynamic)
            return;
        pass_over(me, self, child->older);
        self->told_at = self->now - 1; /* the core has told the next one a moment ago */
    }
}

void
copi_report_bad_ends(cop_actor *me, copi_supervisor *self)
{
    pass_over(me, self, self->children.youngest);
    for (copi_bad_end *end = self->bad_ends; end != NULL; end = end->next)
        copi_tell_bad_ends(me, self, end->count, end->was_killed, &end->why);
}

void
copi_ending_fini(copi_supervisor *self)
{
    for (copi_bad_end *end = self->bad_ends, *next; end != NULL; end = next) {
        next = end->next;
        free(end);
    }
    self->bad_ends = NULL;
}
