/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "property/world.h"

static void
mix(world *self, uint64_t value)
{
    self->hash = (self->hash ^ value) * UINT64_C(0x100000001b3);
    self->hash ^= self->hash >> 29;
}

void
world_note(world *self, const char *what, int who, int64_t a, int64_t b)
{
    int64_t now = world_now(self);

    self->events[self->event_count++ % EVENTS] = (event){what, who, a, b, now};
    for (const char *at = what; *at != '\0'; at++)
        mix(self, (unsigned char)*at);
    mix(self, (uint64_t)who);
    mix(self, (uint64_t)a);
    mix(self, (uint64_t)b);
    mix(self, (uint64_t)now);
}

void
world_fail(world *self, const char *format, ...)
{
    va_list args;

    if (self->failure[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(self->failure, sizeof self->failure, format, args);
    va_end(args);
    self->budget = 0;
    world_note(self, "FAILURE", NOBODY, 0, 0);
}

static void
print_event(const event *one)
{
    fprintf(stderr, "  %6" PRId64 " ms  #%-3d %-16s %" PRId64 " %" PRId64 "\n", one->at,
            one->who, one->what, one->a, one->b);
}

static void
print_tree(const world *self, int who)
{
    const tree *one = &self->trees[who];

    fprintf(stderr, "  #%d owner %d spawner %d%s%s%s%s%s%s%s\n", who, one->owner, one->spawner,
            one->traps ? " traps" : "", one->slow ? " slow" : "",
            one->ordered ? " ordered" : "", one->has_failed ? " start-failed" : "",
            one->is_doomed ? " killed" : "", one->has_ended ? " ended" : "",
            one->is_disposed ? " disposed" : "");
}

void
world_print(const world *self)
{
    uint64_t first = self->event_count > EVENTS ? self->event_count - EVENTS : 0;

    for (int i = 0; i < self->tree_count; i++)
        print_tree(self, i);
    for (uint64_t i = first; i < self->event_count; i++)
        print_event(&self->events[i % EVENTS]);
    fprintf(stderr, "seed %" PRIu64 ": %s\nreplay with COPPICE_SEED=%" PRIu64 "\n", self->seed,
            self->failure, self->seed);
}
