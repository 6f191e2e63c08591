/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* vasprintf */

#include "stage.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

stage on_stage;

static char *
formatted(const char *format, va_list args)
{
    char *text = NULL;

    if (vasprintf(&text, format, args) < 0)
        abort();
    return text;
}

/* ------------------------------------------------------------------------------- saying */

void
say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *line = formatted(format, args);
    va_end(args);
    printf("%d %s\n", (int)(cop_sim_now_ms(on_stage.sim) / UNIT), line);
    free(line);
}

static bool
is_main(const role *self)
{
    return self->number == 0;
}

void
tell(const role *me, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *what = formatted(format, args);
    va_end(args);
    say("%s%s: %s", is_main(me) ? "" : "child ", me->name, what);
    free(what);
}

/* ------------------------------------------------------------------------------ failing */

cop_err
fail_as(role *me, char *outcome)
{
    free(me->failure);
    me->failure = outcome;
    return COP_E_FAILED;
}

cop_err
fail(role *me, const char *format, ...)
{
    char *outcome;
    va_list args;

    va_start(args, format);
    char *text = formatted(format, args);
    va_end(args);
    if (asprintf(&outcome, "error %s", text) < 0)
        abort();
    free(text);
    return fail_as(me, outcome);
}

cop_err
quit(role *me)
{
    me->quits = true;
    return COP_E_CANCELLED;
}

const char *
outcome_of(const role *me, cop_err err)
{
    switch (err) {
    case COP_OK: return "ok";
    case COP_E_CANCELLED: return "cancelled";
    case COP_E_FAILED: return me->failure;
    default: return cop_err_name(err);
    }
}

/* -------------------------------------------------------------------------------- roles */

static role *
new_role(const part *what)
{
    role *made = calloc(1, sizeof *made);
    unsigned count = on_stage.role_count + 1;
    role **bigger = realloc(on_stage.roles, count * sizeof(role *));

    if (made == NULL || bigger == NULL)
        abort();
    *made = (role){.number = on_stage.role_count, .part = *what};
    snprintf(made->name, sizeof made->name, "%s", what->name);
    on_stage.roles = bigger;
    on_stage.roles[on_stage.role_count] = made;
    on_stage.role_count = count;
    return made;
}

/* A child of its own has failed, and with it this role.  NULL: it was not that. */
static char *
failed_by_child(const role *self)
{
    cop_scope_state now;
    char *text = NULL;

    cop_look(self->co, &now);
    const role *who = with_pid(now.why.origin);
    if (cop_exit_is_abnormal(&now.why) && now.why.cause_count > 0 && who != NULL &&
        asprintf(&text, "failed (child %s: %s)", who->name, now.why.causes[0].text) < 0)
        abort();
    return text;
}

/* How a body has ended, as it sees it itself. */
static char *
end_of(const role *self, cop_err err)
{
    bool has_value = err == COP_OK && self->value != NULL;
    char *text = err == COP_E_CANCELLED ? failed_by_child(self) : NULL;

    if (text == NULL && asprintf(&text, "%s%s%s", outcome_of(self, err), has_value ? " " : "",
                                 has_value ? self->value : "") < 0)
        abort();
    return text;
}

COP_BODY(play, role, self)
{
    static const cop_exit cancelled = {.kind = COP_EXIT_SHUTDOWN};

    self->co = co;
    self->actor = me;
    self->has_begun = true;
    cop_err err = self->part.does(self);
    self->outcome = end_of(self, err);
    self->has_returned = true;
    if (is_failure(err))
        return cop_fail(me, 1, "%s", self->outcome);
    return self->quits ? cop_stop_with(me, &cancelled) : err;
}
static COP_SEQUENTIAL(play_b, play);

/* The actor is over, and all that it had started.  Who was killed has not returned. */
static void
over(void *arg)
{
    role *self = arg;

    if (self->is_starting)
        return; /* it was refused */
    self->is_over = true;
    self->ended_ms = cop_sim_now_ms(on_stage.sim);
    self->ended_turn = ++on_stage.turns;
    if (self->part.is_quiet || on_stage.is_done)
        return;
    if (!self->has_begun)
        tell(self, "cancelled, never ran");
    else
        tell(self, "%s", self->has_returned ? self->outcome : "fatal killed");
}

static cop_spawn_opts
opts_of(role *self)
{
    return (cop_spawn_opts){
        .label = self->name, .arg = self, .dispose = over, .cookie = self->number};
}

void
start(role *me, const char *group, const part *what)
{
    const place *in = find_place(group);
    role *made = new_role(what);
    cop_spawn_opts opts = opts_of(made);

    opts.scope = in->scope;
    if (in->owner != me)
        opts.owner = in->owner->pid;
    made->is_starting = true;
    cop_err err = cop_spawn(me->actor, &play_b, &opts, &made->pid);
    made->is_starting = false;
    if (err == COP_OK)
        return;
    made->is_over = true;
    say("child %s: %s", made->name,
        err == COP_E_CANCELLED || err == COP_E_GONE ? "refused" : cop_err_name(err));
}

role *
start_main(cop_node *node, act *does)
{
    role *made = new_role(&(part){.name = "main", .does = does});
    cop_spawn_opts opts = opts_of(made);

    if (cop_sim_spawn(node, &play_b, &opts, &made->pid) != COP_OK)
        abort();
    return made;
}

role *
find(const char *name)
{
    for (unsigned i = 0; i < on_stage.role_count; i++)
        if (strcmp(on_stage.roles[i]->name, name) == 0)
            return on_stage.roles[i];
    abort();
}

const role *
with_pid(cop_pid pid)
{
    for (unsigned i = 0; i < on_stage.role_count && !cop_pid_is_none(pid); i++)
        if (cop_pid_equal(on_stage.roles[i]->pid, pid))
            return on_stage.roles[i];
    return NULL;
}

place *
find_place(const char *name)
{
    for (unsigned i = 0; i < on_stage.place_count; i++)
        if (strcmp(on_stage.places[i].name, name) == 0)
            return &on_stage.places[i];
    abort();
}

void
note_place(const char *name, role *owner, cop_scope scope)
{
    if (on_stage.place_count == COP_COUNT(on_stage.places))
        abort();
    place *made = &on_stage.places[on_stage.place_count++];
    *made = (place){.owner = owner, .scope = scope};
    snprintf(made->name, sizeof made->name, "%s", name);
}

/* By anybody: an owner's cop_stop_child has no reason, and takes what goes wrong in cleaning up
 * for no failure. */
bool
cancel(role *me, const char *name, const char *reason)
{
    cop_exit why = {.kind = COP_EXIT_SHUTDOWN};
    cop_pid who = find(name)->pid;

    if (!cop_is_alive(me->actor, who))
        return false;
    snprintf(why.text, sizeof why.text, "%s", reason == NULL ? "" : reason);
    cop_signal(me->actor, who, &why);
    return true;
}

/* ---------------------------------------------------------------------------- who is left */

static int
by_name(const void *a, const void *b)
{
    return strcmp((*(role *const *)a)->name, (*(role *const *)b)->name);
}

char *
who_is_left(void)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    unsigned count = 0;

    if (out == NULL)
        abort();
    qsort(on_stage.roles, on_stage.role_count, sizeof(role *), by_name);
    for (unsigned i = 0; i < on_stage.role_count; i++)
        if (!on_stage.roles[i]->is_over)
            fprintf(out, "%s%s", count++ == 0 ? "" : ", ", on_stage.roles[i]->name);
    if (count == 0)
        fputs("nothing", out);
    fclose(out);
    return text;
}

void
clear_stage(void)
{
    for (unsigned i = 0; i < on_stage.role_count; i++) {
        free(on_stage.roles[i]->failure);
        free(on_stage.roles[i]->outcome);
        free(on_stage.roles[i]);
    }
    free(on_stage.roles);
    on_stage = (stage){0};
}
