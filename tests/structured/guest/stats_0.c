/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats_0.c - callbacks on the server's base.  Each of them has to be found and taken off
 * again, by hand, wherever this may end.
 */
#include "stats.h"

#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

const unsigned stats_hatches = 0;

typedef struct report {
    struct report *next;
    stats *stats;
    struct event *late;
    void (*told)(void *ctx, const char *line);
    void *ctx;
} report;

struct stats {
    struct event_base *base;
    struct event *sample, *answer;
    int probe, report_ms;
    void (*ended)(void *ctx, bool have_failed);
    void *ctx;
    tally tally;
    report *waiting;
};

static void
tell(report *self, const char *line)
{
    self->told(self->ctx, line);
    event_free(self->late);
    free(self);
}

static void
tell_load(report *self, char load)
{
    char line[100];

    tally_print(&self->stats->tally, load, line, sizeof line);
    tell(self, line);
}

static void
end(stats *self, bool have_failed)
{
    for (report *next, *it = self->waiting; it != NULL; it = next) {
        next = it->next;
        tell(it, NULL);
    }
    event_free(self->sample);
    event_free(self->answer);
    self->ended(self->ctx, have_failed);
    free(self);
}

static void
on_sample(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    ((stats *)ctx)->tally.samples++;
}

static void
on_answer(evutil_socket_t fd, short what, void *ctx)
{
    stats *self = ctx;
    char load;

    (void)what;
    if (read(fd, &load, 1) != 1) {
        end(self, true);
        return;
    }
    report *all = self->waiting;
    self->waiting = NULL;
    for (report *next; all != NULL; all = next) {
        next = all->next;
        tell_load(all, load);
    }
}

static void
on_late(evutil_socket_t fd, short what, void *ctx)
{
    report *self = ctx, **link = &self->stats->waiting;

    (void)fd;
    (void)what;
    while (*link != self)
        link = &(*link)->next;
    *link = self->next;
    tell_load(self, '?');
}

stats *
stats_start(struct event_base *base, int probe, int report_ms,
            void (*ended)(void *ctx, bool have_failed), void *ctx)
{
    static const struct timeval often = {0, STATS_SAMPLE_MS * 1000};
    stats *self = calloc(1, sizeof *self);

    if (self == NULL)
        abort();
    *self = (stats){.base = base, .probe = probe, .report_ms = report_ms};
    self->ended = ended;
    self->ctx = ctx;
    self->sample = event_new(base, -1, EV_PERSIST, on_sample, self);
    self->answer = event_new(base, probe, EV_READ | EV_PERSIST, on_answer, self);
    if (event_add(self->sample, &often) != 0 || event_add(self->answer, NULL) != 0)
        abort();
    return self;
}

void
stats_count(stats *self, size_t bytes)
{
    self->tally.lines++;
    self->tally.bytes += bytes;
}

void
stats_report(stats *self, void (*told)(void *ctx, const char *line), void *ctx)
{
    const struct timeval late = {self->report_ms / 1000, self->report_ms % 1000 * 1000};
    report *made = calloc(1, sizeof *made);

    if (made == NULL)
        abort();
    *made = (report){self->waiting, self, NULL, told, ctx};
    made->late = event_new(self->base, -1, 0, on_late, made);
    self->waiting = made;
    event_add(made->late, &late);
    if (write(self->probe, "?", 1) != 1)
        return; /* it will be late, or the probe is cut */
}

void
stats_stop(stats *self)
{
    end(self, false);
}
