/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats_1.c - the same callbacks on the hatch of one actor, a guest on the server's base.
 *
 * Nothing has to be taken off again: what is left when the actor ends is disposed of, and with
 * it the reports that wait.  The end itself is written once.
 */
#include "stats.h"

#include <stdlib.h>
#include <unistd.h>

#include <coppice/guest.h>
#include <coppice/hatch.h>
#include <coppice/watch.h>

const unsigned stats_hatches = 4;

/* The server's side. */
struct stats {
    cop_node *node;
    cop_pid actor;
    void (*ended)(void *ctx, bool have_failed);
    void *ctx;
};

/* Held by a call that waits, for its question or for the probe's time to be over. */
typedef struct report {
    struct report *next;
    unsigned holds;
    bool is_told;
    cop_leaf late;
    void (*told)(void *ctx, const char *line);
    void *ctx;
} report;

typedef struct counter {
    int probe, report_ms;
    tally tally;
    report *waiting;
} counter;

static void
tell(const counter *st, report *self, char load)
{
    char line[100];

    tally_print(&st->tally, load, line, sizeof line);
    self->is_told = true;
    self->told(self->ctx, line);
}

static void
let_go(void *arg)
{
    report *self = arg;

    if (--self->holds > 0)
        return;
    if (!self->is_told)
        self->told(self->ctx, NULL);
    free(self);
}

static cop_err
on_sample(cop_actor *me, void *state, void *arg)
{
    (void)me;
    (void)arg;
    ((counter *)state)->tally.samples++;
    return COP_OK;
}

static cop_err
on_late(cop_actor *me, void *state, void *arg)
{
    counter *st = state;
    report **link = &st->waiting;

    (void)me;
    while (*link != arg)
        link = &(*link)->next;
    *link = (*link)->next;
    tell(st, arg, '?');
    return COP_OK;
}

static cop_err
on_count(cop_actor *me, void *state, void *arg)
{
    counter *st = state;

    (void)me;
    st->tally.lines++;
    st->tally.bytes += *(size_t *)arg;
    return COP_OK;
}

static cop_err
on_question(cop_actor *me, void *state, void *arg)
{
    counter *st = state;
    report *asked = arg;

    asked->holds++;
    COP_TRY(cop_after(me, st->report_ms, on_late, asked, let_go, &asked->late));
    asked->next = st->waiting;
    st->waiting = asked;
    return write(st->probe, "?", 1) == 1 ? COP_OK : COP_E_OS;
}

COP_HANDLER(counter, cop_ready)
{
    char load;

    if (read(msg->fd, &load, 1) != 1)
        return cop_fail(me, COP_E_OS, "the probe is cut");
    report *all = st->waiting;
    st->waiting = NULL;
    for (report *next; all != NULL; all = next) {
        next = all->next;
        tell(st, all, load);
        cop_leaf_cancel(me, all->late);
    }
    return COP_OK;
}

COP_HANDLER(counter, cop_start)
{
    cop_watch watch;

    *st = *(const counter *)msg->arg;
    COP_TRY(cop_watch_open(me, st->probe, COP_READABLE, &watch));
    return cop_every(me, STATS_SAMPLE_MS, on_sample, NULL, NULL, NULL);
}

static COP_BEHAVIOUR(counter_b, counter, COP_ON(counter, cop_start),
                     COP_ON(counter, cop_ready));

/* ------------------------------------------------------------------------ the server's side */

static void
on_detached(void *ctx, cop_node *node, int status, const cop_exit *why)
{
    stats *self = ctx;

    (void)node;
    (void)why;
    cop_node_free(&self->node);
    self->ended(self->ctx, status != 0);
    free(self);
}

static void
on_log(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

stats *
stats_start(struct event_base *base, int probe, int report_ms,
            void (*ended)(void *ctx, bool have_failed), void *ctx)
{
    counter start = {.probe = probe, .report_ms = report_ms};
    stats *self = calloc(1, sizeof *self);

    if (self == NULL)
        abort();
    *self = (stats){.ended = ended, .ctx = ctx};
    if (cop_guest_attach(&self->node, base, &counter_b,
                         &(cop_guest_opts){
                             .node = {.name = "stats", .on_log = on_log},
                             .spawn = {.arg = &start              },
                             .detached = on_detached,
                             .ctx = self
    },
                         &self->actor) != COP_OK)
        abort();
    return self;
}

void
stats_count(stats *self, size_t bytes)
{
    size_t *kept = malloc(sizeof *kept);

    if (kept == NULL)
        abort();
    *kept = bytes;
    if (cop_post_soon(self->node, self->actor, on_count, kept, free) != COP_OK)
        return; /* they are ending, and nobody counts any more */
}

void
stats_report(stats *self, void (*told)(void *ctx, const char *line), void *ctx)
{
    report *made = calloc(1, sizeof *made);

    if (made == NULL)
        abort();
    *made = (report){.holds = 1, .told = told, .ctx = ctx};
    if (cop_post_soon(self->node, self->actor, on_question, made, let_go) != COP_OK)
        return; /* it has been told */
}

void
stats_stop(stats *self)
{
    cop_guest_detach(self->node);
}
