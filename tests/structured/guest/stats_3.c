/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats_3.c - what belongs together is in a scope: the samples, and of each report, which is a
 * body now, the time that the probe has.  Nothing is on the hatch any more.
 */
#include <coppice/co.h>
#include <coppice/hatch.h>

#include "prober.h"

const unsigned stats_hatches = 0;

typedef struct counter {
    stats *visited;
    cop_pid prober;
    cop_scope sampling, reports;
    tally tally;
} counter;

/* ------------------------------------------------------------------------------ a report */

typedef struct report {
    stats *visited;
    cop_pid prober;
    int64_t number;
} report;

COP_BODY(report, report, self)
{
    const tally_is *counted;
    const load_is *load;
    cop_outcome asked;
    tally_is tally;
    char digit = '?';

    COP_TRY(cop_call(co, cop_owner(me), 10 * 1000, tally_is, &counted, tally_wanted));
    tally = *counted;
    COP_SCOPE(co, asking, &asked, .name = "asking", .deadline_ms = self->visited->report_ms,
              .moves_on = true)
    {
        if (cop_call(co, self->prober, 60 * 1000, load_is, &load, load_wanted) == COP_OK)
            digit = (char)load->digit;
    }
    /* Without a load, and without having been late, it is the end of all. */
    if (digit != '?' || asked.timed_out)
        tell_tally(self->visited, self->number, &tally, digit);
    return COP_OK;
}
static COP_SEQUENTIAL(report_b, report);

/* ---------------------------------------------------------------------------- the counter */

static cop_err
take_sample(cop_actor *me, void *state, void *arg)
{
    (void)me;
    (void)arg;
    ((counter *)state)->tally.samples++;
    return COP_OK;
}

COP_HANDLER(counter, cop_start)
{
    memcpy(&st->visited, &msg->arg, sizeof msg->arg);
    COP_TRY(cop_spawn(me, &prober_b,
                      &(cop_spawn_opts){.name = "prober", .arg = &st->visited->probe},
                      &st->prober));
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.name = "sampling"}, &st->sampling));
    COP_TRY(cop_scope_open(me, &(cop_scope_opts){.name = "reports", .policy = COP_ISOLATE},
                           &st->reports));
    return cop_scope_every(me, st->sampling, STATS_SAMPLE_MS, take_sample, NULL, NULL, NULL);
}

COP_HANDLER(counter, line_echoed)
{
    (void)me;
    st->tally.lines++;
    st->tally.bytes += (size_t)msg->bytes;
    return COP_OK;
}

COP_HANDLER(counter, tally_wanted)
{
    return cop_reply(me, tally_is, .lines = st->tally.lines, .bytes = (int64_t)st->tally.bytes,
                     .samples = st->tally.samples);
}

COP_HANDLER(counter, report_wanted)
{
    report *start = malloc(sizeof *start);

    if (start == NULL)
        return COP_E_NOMEM;
    *start = (report){st->visited, st->prober, msg->number};
    return cop_spawn(
        me, &report_b,
        &(cop_spawn_opts){
            .label = "report", .arg = start, .dispose = free, .scope = st->reports},
        NULL);
}

static COP_BEHAVIOUR(counter_b, counter, COP_ON(counter, cop_start),
                     COP_ON(counter, line_echoed), COP_ON(counter, tally_wanted),
                     COP_ON(counter, report_wanted));

stats *
stats_start(struct event_base *base, int probe, int report_ms,
            void (*ended)(void *ctx, bool have_failed), void *ctx)
{
    return attach(base, &counter_b,
                  &(stats){.probe = probe, .report_ms = report_ms, .ended = ended, .ctx = ctx});
}
