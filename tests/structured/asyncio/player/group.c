/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group.c - a FAIL_FAST scope as asyncio's group of tasks: its error is made of those of its
 * children, which the scope has kept, and of its body's, which in coppice nobody else knows.
 */
#define _GNU_SOURCE /* asprintf */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"

/* One error of a group. */
typedef struct trouble {
    const char *kind; /* "child", "body" */
    const char *who, *text;
    int64_t ms;
    unsigned order; /* in what order those of one instant are told */
} trouble;

/* In a random schedule those of one instant are told in the order in which they were started,
 * a body last. */
static unsigned
order_of(unsigned started, unsigned turn)
{
    return on_stage.has_seed ? started : turn;
}

/* What the scope has been told of a child's end; what the child knows of it only if the two
 * are the same. */
static const char *
text_of(const cop_child_record *record, const role *who)
{
    if (record->why.kind == COP_EXIT_KILLED)
        return "fatal killed";
    if (record->why.kind != COP_EXIT_ERROR)
        return cop_exit_kind_name(record->why.kind);
    if (strncmp(record->why.text, who->outcome, COP_EXIT_TEXT - 1) != 0)
        return record->why.text;
    return who->outcome;
}

static role *
numbered(uint64_t number)
{
    for (unsigned i = 0; i < on_stage.role_count; i++)
        if (on_stage.roles[i]->number == number)
            return on_stage.roles[i];
    abort();
}

static trouble
trouble_of(const cop_child_record *record)
{
    const role *who = numbered(record->cookie);

    return (trouble){"child", who->name, text_of(record, who), who->ended_ms,
                     order_of(who->number, who->ended_turn)};
}

static int
by_time(const void *a, const void *b)
{
    const trouble *one = a, *other = b;

    if (one->ms != other->ms)
        return one->ms < other->ms ? -1 : 1;
    return one->order < other->order ? -1 : 1;
}

static char *
joined(const trouble *troubles, unsigned count, unsigned all)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        abort();
    fputs("failed (", out);
    for (unsigned i = 0; i < count && i < ERRORS_SHOWN; i++)
        fprintf(out, "%s%s %s: %s", i == 0 ? "" : "; ", troubles[i].kind, troubles[i].who,
                troubles[i].text);
    if (all > ERRORS_SHOWN)
        fprintf(out, "; %u more", all - ERRORS_SHOWN);
    fputc(')', out);
    fclose(out);
    return text;
}

/* A scope that has failed by itself says so with the first of its errors. */
static bool
is_sound(const cop_outcome *outcome)
{
    const cop_exit *why = &outcome->why;

    if (!cop_exit_is_abnormal(why))
        return true;
    return outcome->kept_count > 0 && outcome->kept[0].why.kind == why->kind &&
           strcmp(outcome->kept[0].why.text, why->text) == 0;
}

/* `body`: who is NULL if that has not failed. */
static cop_err
result_of(role *me, const cop_outcome *outcome, cop_err err, const trouble *body)
{
    trouble troubles[COP_SCOPE_KEEP + 1];
    unsigned count = 0;

    for (; count < outcome->kept_count; count++)
        troubles[count] = trouble_of(&outcome->kept[count]);
    if (body->who != NULL)
        troubles[count++] = *body;
    if (count == 0)
        return outcome->why.kind == COP_EXIT_SHUTDOWN ? COP_E_CANCELLED : err;
    qsort(troubles, count, sizeof *troubles, by_time);
    return fail_as(me, joined(troubles, count, count + outcome->dropped));
}

cop_err
in_group(role *me, const char *name, act *block)
{
    trouble body = {.kind = "body"};
    char *text = NULL;
    cop_outcome outcome;
    cop_err err = COP_E_CANCELLED;

    COP_SCOPE(me->co, here, &outcome, .name = name)
    {
        note_place(name, me, here.scope);
        err = block(me);
        say("body %s: %s", name, err == COP_OK ? "end" : outcome_of(me, err));
        if (is_failure(err)) {
            if (asprintf(&text, "%s", outcome_of(me, err)) < 0)
                abort();
            body = (trouble){"body", name, text, cop_sim_now_ms(on_stage.sim),
                             order_of(UINT32_MAX, ++on_stage.turns)};
        }
        if (err != COP_OK)
            break;
    }
    if (!is_sound(&outcome))
        say("group %s: its reason is not its first error", name);
    err = result_of(me, &outcome, err, &body);
    free(text);
    say("group %s: %s", name, outcome_of(me, err));
    return err;
}
