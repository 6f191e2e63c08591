/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include <coppice/message.h>

#include "sim/probe.h"

/* What is expected: a type, a look, an error, or the end of somebody. */
typedef struct wish {
    const cop_type *type;
    const char *pattern;
    cop_err err;
    const cop_pid *who;
    cop_exit_kind kind;
    bool skips;
} wish;

static bool
is_end(const wish *wish, const cop_down *down)
{
    return cop_pid_equal(down->who, *wish->who) && down->why.kind == wish->kind;
}

static bool
fits(const copi_letter *letter, const wish *wish)
{
    if (wish->err != COP_OK || letter->type == NULL)
        return letter->type == NULL && letter->err == wish->err;
    if (wish->who != NULL)
        return letter->type == &cop_down_type && is_end(wish, (const void *)letter->message);
    return wish->type != NULL ? letter->type == wish->type
                              : cop_message_match(letter->type, letter->message, wish->pattern);
}

/* ------------------------------------------------------------------------- in words */

static void
print_letter(const copi_letter *letter, char *text, size_t size)
{
    char why[160];
    const cop_down *down = (const void *)letter->message;

    if (letter->type == NULL) {
        snprintf(text, size, "the error %s", cop_err_name(letter->err));
    } else if (letter->type == &cop_down_type) {
        snprintf(text, size, "the end of %llx: %s", (unsigned long long)down->who.id,
                 cop_exit_print(&down->why, why, sizeof why));
    } else {
        (void)cop_message_print(letter->type, letter->message, text, size);
    }
}

static void
print_wish(const wish *wish, char *text, size_t size)
{
    if (wish->who != NULL)
        snprintf(text, size, "the end of %llx: %s", (unsigned long long)wish->who->id,
                 cop_exit_kind_name(wish->kind));
    else if (wish->err != COP_OK)
        snprintf(text, size, "the error %s", cop_err_name(wish->err));
    else
        snprintf(text, size, "%s", wish->type != NULL ? wish->type->name : wish->pattern);
}

/* All that waits, as far as there is room. */
static void
print_waiting(const cop_probe *self, char *text, size_t size)
{
    snprintf(text, size, self->first == NULL ? "nothing" : "");
    for (const copi_letter *letter = self->first; letter != NULL; letter = letter->next) {
        size_t used = strlen(text);
        char one[160];
        print_letter(letter, one, sizeof one);
        snprintf(text + used, size - used, "%s%s", used == 0 ? "" : ", ", one);
    }
}

/* ------------------------------------------------------------------------ to expect */

/* The letter that is meant, if it is there. */
static copi_letter *
find(const cop_probe *self, const wish *wish)
{
    copi_letter *letter = self->first;

    while (letter != NULL && !fits(letter, wish) && wish->skips)
        letter = letter->next;
    return letter != NULL && fits(letter, wish) ? letter : NULL;
}

static const copi_letter *
expect(cop_probe *self, const wish *wish, const char *file, int line)
{
    int64_t until = cop_sim_now_ms(self->sim) + COP_PROBE_PATIENCE;
    char wanted[160], waiting[240];
    copi_letter *letter;

    while ((letter = find(self, wish)) == NULL) {
        if ((self->first == NULL || wish->skips) && cop_sim_step_until(self->sim, until))
            continue;
        print_wish(wish, wanted, sizeof wanted);
        print_waiting(self, waiting, sizeof waiting);
        cop_sim_fail_at(self->sim, file, line, "expected %s, there is %s", wanted, waiting);
    }
    copi_probe_take(self, letter);
    /* Its place in the run is part of the trace. */
    copi_sim_note(self->sim, letter->type == NULL ? 0 : letter->type->wire_id, letter->from.id,
                  self->pid.id);
    return letter;
}

const void *
cop_sim_expect_at(cop_probe *probe, const cop_type *type, const char *pattern, bool skips,
                  const char *file, int line)
{
    return expect(probe, &(wish){.type = type, .pattern = pattern, .skips = skips}, file, line)
        ->message;
}

const cop_down *
cop_sim_expect_down_at(cop_probe *probe, cop_pid who, cop_exit_kind kind, const char *file,
                       int line)
{
    return (const void *)expect(probe, &(wish){.who = &who, .kind = kind}, file, line)->message;
}

void
cop_sim_expect_error_at(cop_probe *probe, cop_err err, const char *file, int line)
{
    (void)expect(probe, &(wish){.err = err}, file, line);
}

void
cop_sim_expect_nothing_at(cop_probe *probe, int64_t ms, const char *file, int line)
{
    char waiting[240];

    if (ms > 0)
        cop_sim_run_for(probe->sim, ms);
    else
        cop_sim_settle(probe->sim);
    if (probe->first == NULL)
        return;
    print_waiting(probe, waiting, sizeof waiting);
    cop_sim_fail_at(probe->sim, file, line, "expected nothing, there is %s", waiting);
}
