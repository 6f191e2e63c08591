/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats_2.c - what is a thing of its own is an actor with a name: who has the probe, who takes
 * samples, and each report.  The sampler still uses the hatch.
 */
#include <coppice/hatch.h>

#include "prober.h"

const unsigned stats_hatches = 1;

/* --------------------------------------------------------------------------- the sampler */

typedef struct sampler {
    int unused;
} sampler;

static cop_err
take_sample(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    return cop_send(me, cop_owner(me), sample_taken);
}

COP_HANDLER(sampler, cop_start)
{
    return cop_every(me, STATS_SAMPLE_MS, take_sample, NULL, NULL, NULL);
}
static COP_BEHAVIOUR(sampler_b, sampler, COP_ON(sampler, cop_start));

/* ------------------------------------------------------------------------------ a report */

typedef struct report {
    stats *visited;
    cop_pid prober;
    int64_t number;
    tally_is tally;
} report;

COP_REPLY(report, load_is)
{
    if (err != COP_OK && err != COP_E_TIMEOUT)
        return cop_stop(me); /* there will be no more of this than the end of all */
    tell_tally(st->visited, st->number, &st->tally, err == COP_OK ? (char)msg->digit : '?');
    return cop_stop(me);
}

COP_REPLY(report, tally_is)
{
    COP_TRY(err);
    st->tally = *msg;
    return cop_ask(me, st->prober, st->visited->report_ms, COP_THEN(report, load_is),
                   load_wanted);
}

COP_HANDLER(report, cop_start)
{
    *st = *(const report *)msg->arg;
    return cop_ask(me, cop_owner(me), 10 * 1000, COP_THEN(report, tally_is), tally_wanted);
}
static COP_BEHAVIOUR(report_b, report, COP_ON(report, cop_start));

/* ------------------------------------------------------------------------- who owns them */

typedef struct counter {
    stats *visited;
    cop_pid prober;
    tally tally;
} counter;

COP_HANDLER(counter, cop_start)
{
    memcpy(&st->visited, &msg->arg, sizeof msg->arg);
    COP_TRY(cop_spawn(me, &prober_b,
                      &(cop_spawn_opts){.name = "prober", .arg = &st->visited->probe},
                      &st->prober));
    return cop_spawn(me, &sampler_b, &(cop_spawn_opts){.name = "sampler"}, NULL);
}

COP_HANDLER(counter, line_echoed)
{
    (void)me;
    st->tally.lines++;
    st->tally.bytes += (size_t)msg->bytes;
    return COP_OK;
}

COP_HANDLER(counter, sample_taken)
{
    (void)me;
    st->tally.samples++;
    return COP_OK;
}

COP_HANDLER(counter, tally_wanted)
{
    return cop_reply(me, tally_is, .lines = st->tally.lines, .bytes = (int64_t)st->tally.bytes,
                     .samples = st->tally.samples);
}

COP_HANDLER(counter, report_wanted)
{
    report start = {.visited = st->visited, .prober = st->prober, .number = msg->number};

    return cop_spawn(me, &report_b, &(cop_spawn_opts){.label = "report", .arg = &start}, NULL);
}

static COP_BEHAVIOUR(counter_b, counter, COP_ON(counter, cop_start),
                     COP_ON(counter, line_echoed), COP_ON(counter, sample_taken),
                     COP_ON(counter, tally_wanted), COP_ON(counter, report_wanted));

stats *
stats_start(struct event_base *base, int probe, int report_ms,
            void (*ended)(void *ctx, bool have_failed), void *ctx)
{
    return attach(base, &counter_b,
                  &(stats){.probe = probe, .report_ms = report_ms, .ended = ended, .ctx = ctx});
}
