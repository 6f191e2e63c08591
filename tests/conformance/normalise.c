/* SPDX-License-Identifier: Apache-2.0 */
/*
 * normalise.c - the orders that Erlang leaves open, and the one that coppice promises more
 * of, made the same: rules N1 to N5 of FORMAT.md.
 *
 * N5 comes right behind N1, since both make the same of what they find.
 */
#include <stdlib.h>
#include <string.h>

#include "scenario.h"

/* The first words of a line, and whom it is about. */
typedef struct event {
    char *line;
    char kind[16], third[32];
    name *who; /* NULL: the root of nothing that we know */
    int k;
    bool is_killed;
} event;

static event
read_event(world *self, char *line)
{
    event made = {.line = line};
    char who[LINE_MAX_SIZE] = "", fourth[LINE_MAX_SIZE] = "";

    sscanf(line, "%15s %1023s %31s %1023s", made.kind, who, made.third, fourth);
    made.who = name_find(self, who);
    made.k = (int)strtol(made.third, NULL, 10);
    made.is_killed = strcmp(fourth, "killed") == 0;
    return made;
}

static bool
is_kind(const event *self, const char *kind)
{
    return strcmp(self->kind, kind) == 0;
}

static int
compare(const void *a, const void *b)
{
    return strcmp(((const event *)a)->line, ((const event *)b)->line);
}

static void
sort(event *first, size_t count)
{
    if (count > 1)
        qsort(first, count, sizeof *first, compare);
}

/* ------------------------------------------------------------------------------- N1 */

static bool
is_orphan(const event *self, const name *of)
{
    return self->who != NULL && self->who->live > 0 && name_is_under(self->who, of);
}

/* Is it a report of an orphan that dies further down? */
static bool
is_orphan_report(const event *all, size_t count, size_t from, const event *report,
                 const name *of)
{
    if (!is_kind(report, "report") || !is_orphan(report, of))
        return false;
    for (size_t i = from; i < count; i++)
        if (is_kind(&all[i], "down") && all[i].who == report->who &&
            all[i].k == report->who->live)
            return true;
    return false;
}

/* Moves the orphans of all[at] behind it; how many they are. */
static size_t
gather_orphans(event *all, size_t count, size_t at)
{
    event *rest = calloc(count + 1, sizeof *rest);
    size_t dead = 0, kept = 0;
    event *out = calloc(count + 1, sizeof *out);

    for (size_t i = at + 1; i < count; i++) {
        const event *one = &all[i];
        bool is_dead =
            is_kind(one, "down") && is_orphan(one, all[at].who) && one->who->live == one->k;
        if (is_dead || is_orphan_report(all, count, at + 1, one, all[at].who))
            out[dead++] = *one;
        else
            rest[kept++] = *one;
    }
    sort(out, dead);
    memcpy(all + at + 1, out, dead * sizeof *out);
    memcpy(all + at + 1 + dead, rest, kept * sizeof *rest);
    free(rest);
    free(out);
    return dead;
}

static void
bury_orphans(event *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        event *one = &all[i];
        if (one->who == NULL)
            continue;
        if (is_kind(one, "up"))
            one->who->live = one->k;
        if (!is_kind(one, "down"))
            continue;
        one->who->live = 0;
        size_t dead = gather_orphans(all, count, i);
        for (size_t j = i + 1; j <= i + dead; j++)
            if (is_kind(&all[j], "down"))
                all[j].who->live = 0;
        i += dead;
    }
}

/* ------------------------------------------------------------------------------- N5 */

static bool
belongs_to(const event *self, const name *supervisor)
{
    return self->who != NULL && name_is_under(self->who, supervisor) &&
           (is_kind(self, "down") || is_kind(self, "report"));
}

static bool
has_died_in(const event *block, size_t count, const event *report)
{
    for (size_t i = 0; is_kind(report, "report") && i < count; i++)
        if (is_kind(&block[i], "down") && block[i].who == report->who)
            return true;
    return false;
}

/* N1 takes all reports of an orphan to its block, even those of its successor in the same
 * step; so they come here, too.  Where the block ends then. */
static size_t
gather_reports(event *all, size_t count, size_t first, size_t end)
{
    for (size_t i = end; i < count; i++) {
        event one = all[i];
        if (!has_died_in(all + first, end - first, &one))
            continue;
        memmove(all + end + 1, all + end, (i - end) * sizeof *all);
        all[end++] = one;
    }
    return end;
}

static void
put_owners_first(event *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t first = i, end = i + 1;
        event down = all[i];
        if (!is_kind(&down, "down") || !down.is_killed || down.who == NULL || !down.who->is_sup)
            continue;
        while (first > 0 && belongs_to(&all[first - 1], down.who))
            first--;
        while (end < count && belongs_to(&all[end], down.who))
            end++; /* what N1 has put there: in OTP these are one block */
        memmove(all + first + 1, all + first, (i - first) * sizeof *all);
        all[first] = down;
        end = gather_reports(all, count, first + 1, end);
        sort(all + first + 1, end - first - 1);
        i = end - 1;
    }
}

/* ------------------------------------------------------------------------------- N2 */

static const name *
outermost_pool(const name *self)
{
    const name *found = NULL;

    for (const name *at = self->parent; at != NULL; at = at->parent)
        if (name_is_dynamic(at))
            found = at;
    return found;
}

/* Lines of one class that follow each other have no order; NULL: it has one. */
static const name *
class_of(const event *self, const name *target)
{
    if (self->who == NULL)
        return NULL;
    if (is_kind(self, "down") && self->who != target)
        return outermost_pool(self->who);
    if (is_kind(self, "report") && strcmp(self->third, "shutdown_error") == 0 &&
        name_is_dynamic(self->who))
        return self->who;
    return NULL;
}

static void
sort_pools(event *all, size_t count, const name *target)
{
    for (size_t first = 0, end; first < count; first = end) {
        const name *class = class_of(&all[first], target);
        end = first + 1;
        while (class != NULL && end < count && class_of(&all[end], target) == class &&
               strcmp(all[end].kind, all[first].kind) == 0)
            end++;
        sort(all + first, end - first);
    }
}

/* --------------------------------------------------------------------------- N3, N4 */

/* What comes first: supervised ones, then the target, then plain ones by their names. */
static int
order_of(const event *a, const event *b, const name *target)
{
    bool a_plain = a->who != NULL && a->who->is_plain;
    bool b_plain = b->who != NULL && b->who->is_plain;

    if (!a_plain || !b_plain)
        return a_plain - b_plain;
    if (a->who == b->who)
        return 0;
    if (a->who == target || b->who == target)
        return a->who == target ? -1 : 1;
    return strcmp(a->who->text, b->who->text);
}

static void
sort_by_actor(event *all, size_t count, const name *target)
{
    for (size_t i = 1; i < count; i++) {
        event one = all[i];
        size_t j = i;
        for (; j > 0 && order_of(&all[j - 1], &one, target) > 0; j--)
            all[j] = all[j - 1];
        all[j] = one;
    }
}

static bool
is_death_signal(const event *self)
{
    return is_kind(self, "got") &&
           (strcmp(self->third, "exit") == 0 || strcmp(self->third, "down") == 0);
}

static void
sort_signals(event *all, size_t count)
{
    for (size_t first = 0, end; first < count; first = end) {
        end = first + 1;
        if (!is_death_signal(&all[first]))
            continue;
        while (end < count && is_death_signal(&all[end]) && all[end].who == all[first].who)
            end++;
        sort(all + first, end - first);
    }
}

void
normalise(world *self, text *events, const name *target)
{
    event *all = calloc(events->count + 1, sizeof *all);

    for (size_t i = 0; i < events->count; i++)
        all[i] = read_event(self, events->lines[i]);
    bury_orphans(all, events->count);
    put_owners_first(all, events->count);
    sort_pools(all, events->count, target);
    sort_by_actor(all, events->count, target);
    sort_signals(all, events->count);
    for (size_t i = 0; i < events->count; i++)
        events->lines[i] = all[i].line;
    free(all);
}
