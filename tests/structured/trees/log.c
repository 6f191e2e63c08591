/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "structured/trees/play.h"

void
note_more(play *self, const entry *one)
{
    if (self->entry_count == self->entry_room) {
        self->entry_room = self->entry_room == 0 ? 1024 : 2 * self->entry_room;
        self->log = realloc(self->log, self->entry_room * sizeof *self->log);
        if (self->log == NULL)
            abort();
    }
    entry *made = &self->log[self->entry_count++];
    *made = *one;
    made->at = play_now(self);
}

void
note(play *self, what what, int who, int64_t a, int64_t b)
{
    note_more(self, &(entry){.what = what, .who = who, .a = a, .b = b});
}

static uint64_t
mixed(uint64_t hash, int64_t value)
{
    hash = (hash ^ (uint64_t)value) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 29;
}

uint64_t
log_hash(const play *self)
{
    uint64_t hash = self->entry_count;

    for (size_t i = 0; i < self->entry_count; i++) {
        const entry *one = &self->log[i];
        const int64_t all[] = {one->at, one->what, one->who, one->a,
                               one->b,  one->c,    one->d,   one->e};
        for (size_t k = 0; k < COP_COUNT(all); k++)
            hash = mixed(hash, all[k]);
    }
    return hash;
}

static void
print_entry(const play *self, const entry *one, FILE *out)
{
    static const char *const names[WHATS] = {"is tried",    "is started",
                                             "is refused",  "begins",
                                             "has time",    "fails",
                                             "leaves",      "sees its end",
                                             "runs",        "has its end",
                                             "is over",     "arg disposed",
                                             "outcome",     "    kept",
                                             "is told of",  "down",
                                             "    cause",   "    more",
                                             "cancel",      "leaves block",
                                             "close",       "move",
                                             "stop",        "kill",
                                             "call off",    "returns",
                                             "cleans",      "waits again",
                                             "asks",        "is asked",
                                             "answers",     "gets",
                                             "is returned", "writes",
                                             "reads",       "dead letter",
                                             "watches",     "watches no more",
                                             "sees down",   "gives up",
                                             "start row",   "is no more",
                                             "shielded",    "force",
                                             "limit",       "count",
                                             "is ending",   "has lent",
                                             "quiet",       "left"};

    fprintf(out, "  %5" PRId64 " ms  ", one->at);
    if (one->who == NOBODY)
        fprintf(out, "            ");
    else if (one->who == BOSS)
        fprintf(out, "boss        ");
    else
        fprintf(out, "life %-3d #%-3d", one->who, self->lives[one->who].node);
    fprintf(out, " %-13s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n",
            names[one->what], one->a, one->b, one->c, one->d, one->e);
}

void
log_print(const play *self, FILE *out)
{
    for (size_t i = 0; i < self->entry_count; i++)
        if (self->log[i].what != QUIET)
            print_entry(self, &self->log[i], out);
}
