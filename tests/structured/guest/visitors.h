/* SPDX-License-Identifier: Apache-2.0 */
/*
 * visitors.h - the server's side of statistics that are actors: who waits for a report, by
 * number, and the node.
 */
#ifndef COPPICE_TESTS_VISITORS_H
#define COPPICE_TESTS_VISITORS_H

#include <stdlib.h>
#include <string.h>

#include <coppice/guest.h>
#include <coppice/message.h>

#include "stats.h"

#define STATS(M, F)                                                                            \
    M(1, line_echoed, F(i64, bytes))                                                           \
    M(2, report_wanted, F(i64, number))                                                        \
    M(3, sample_taken)                                                                         \
    M(4, tally_wanted)                                                                         \
    M(5, tally_is, F(i64, lines) F(i64, bytes) F(i64, samples))                                \
    M(6, load_wanted)                                                                          \
    M(7, load_is, F(i32, digit))
COP_PROTOCOL(STATS)

typedef struct visitor {
    struct visitor *next;
    int64_t number;
    void (*told)(void *ctx, const char *line);
    void *ctx;
} visitor;

struct stats {
    cop_node *node;
    cop_pid actor;
    void (*ended)(void *ctx, bool have_failed);
    void *ctx;
    visitor *visitors;
    int64_t last_number;
    int probe, report_ms;
};

/* The actors are in the thread of the loop, and so may tell the server themselves. */
static inline void
visitor_tell(stats *self, int64_t number, const char *line)
{
    for (visitor **link = &self->visitors, *it; (it = *link) != NULL; link = &it->next)
        if (it->number == number) {
            *link = it->next;
            it->told(it->ctx, line);
            free(it);
            return;
        }
}

static inline void
tell_tally(stats *self, int64_t number, const tally_is *is, char load)
{
    tally counted = {(unsigned)is->lines, (size_t)is->bytes, (unsigned)is->samples};
    char line[100];

    tally_print(&counted, load, line, sizeof line);
    visitor_tell(self, number, line);
}

static inline void
on_detached(void *ctx, cop_node *node, int status, const cop_exit *why)
{
    stats *self = ctx;

    (void)node;
    (void)why;
    while (self->visitors != NULL)
        visitor_tell(self, self->visitors->number, NULL);
    cop_node_free(&self->node);
    self->ended(self->ctx, status != 0);
    free(self);
}

static inline void
on_log(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static inline stats *
attach(struct event_base *base, const cop_behaviour *behaviour, const stats *start)
{
    stats *self = malloc(sizeof *self);

    if (self == NULL)
        abort();
    *self = *start;
    if (cop_guest_attach(&self->node, base, behaviour,
                         &(cop_guest_opts){
                             .node = {.name = "stats", .on_log = on_log},
                             .spawn = {.arg = self              },
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
    if (cop_post(self->node, self->actor, line_echoed, .bytes = (int64_t)bytes) != COP_OK)
        return; /* they are ending, and nobody counts any more */
}

void
stats_report(stats *self, void (*told)(void *ctx, const char *line), void *ctx)
{
    visitor *made = malloc(sizeof *made);

    if (made == NULL)
        abort();
    *made = (visitor){self->visitors, ++self->last_number, told, ctx};
    self->visitors = made;
    if (cop_post(self->node, self->actor, report_wanted, .number = made->number) != COP_OK)
        visitor_tell(self, made->number, NULL);
}

void
stats_stop(stats *self)
{
    cop_guest_detach(self->node);
}

#endif /* COPPICE_TESTS_VISITORS_H */
