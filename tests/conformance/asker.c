/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asker.c - one request, by an actor of its own, so that any number may wait.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"

enum {
    WITHIN_MS = 1000000000 /* supervisors are waited for as long as it takes */
};

typedef struct asker {
    deed *deed;
    name *whom;
} asker;

static const char *
verb_of(const deed *self)
{
    return self->words.at[0];
}

bool
is_supervisor_call(const deed *self)
{
    static const char *const calls[] = {
        "start_child", "start_dyn", "terminate_child", "restart_child", "delete_child",
        "which",       "count",     "get_childspec",   "suspend",       "resume"};

    for (size_t i = 0; i < COP_COUNT(calls); i++)
        if (strcmp(verb_of(self), calls[i]) == 0)
            return true;
    return false;
}

static cop_err
done(cop_actor *me, asker *st)
{
    deed_done(st->deed);
    return cop_stop(me);
}

/* ----------------------------------------------------------------------- what went wrong */

/* The answer has a number only; the whole reason was in the report of the failed start. */
static void
start_error(asker *st, cop_err err)
{
    deed *self = st->deed;
    const name *child = name_find(self->world, self->words.at[2]);
    char reason[LINE_MAX_SIZE];

    if (err == COP_E_RUNNING) {
        result(self, "result error already_started:%s.%d", child->text, child->k);
    } else if (err == COP_E_ALREADY_PRESENT) {
        result(self, "result error already_present");
    } else if (err == COP_E_INVAL) {
        /* OTP says where the mistake is only when it is in a table. */
        reason_of_sentence(self->world, self->world->sentence, reason, sizeof reason);
        result(self, "result error %s",
               strncmp(reason, "start_spec:", 11) == 0 ? reason + 11 : reason);
    } else {
        result(self, "result error %s", child->why_not);
    }
}

static void
other_error(asker *st, cop_err err)
{
    switch (err) {
    case COP_E_NOT_FOUND: result(st->deed, "result error not_found"); break;
    case COP_E_RUNNING: result(st->deed, "result error running"); break;
    case COP_E_RESTARTING: result(st->deed, "result error restarting"); break;
    case COP_E_INVAL: result(st->deed, "result error simple_one_for_one"); break;
    default: result(st->deed, "result error %s", cop_err_name(err)); break;
    }
}

static void
call_error(asker *st, cop_err err)
{
    const char *verb = verb_of(st->deed);
    const name *child =
        name_find(st->deed->world, st->deed->words.at[2] == NULL ? "" : st->deed->words.at[2]);

    if (err == COP_E_NOPROC)
        result(st->deed, "result exit noproc");
    else if (err == COP_E_DOWN)
        result(st->deed, "result exit %s", trace_why_down(st->deed->world, st->whom->pid));
    else if (strncmp(verb, "start_", 6) == 0 ||
             (strcmp(verb, "restart_child") == 0 && child != NULL &&
              ((int)err >= 1000 || err == COP_E_FAILED)))
        start_error(st, err);
    else
        other_error(st, err);
}

/* ------------------------------------------------------------------------------ answers */

COP_REPLY(asker, cop_child_started)
{
    char pid[LINE_MAX_SIZE];

    if (err == COP_OK)
        result(st->deed, "result ok %s", trace_pid(st->deed->world, msg->pid, pid));
    else
        call_error(st, err);
    return done(me, st);
}

static bool
is_about_itself(const char *verb)
{
    return strcmp(verb, "suspend") == 0 || strcmp(verb, "resume") == 0;
}

COP_REPLY(asker, cop_child_done)
{
    if (err == COP_OK && !is_about_itself(verb_of(st->deed)))
        result(st->deed, "result ok");
    else if (err != COP_OK)
        call_error(st, err);
    return done(me, st);
}

static const char *
type_of(bool is_supervisor)
{
    return is_supervisor ? "supervisor" : "worker";
}

static void
row_of(asker *st, const cop_child_info *info, char *out, size_t size)
{
    bool is_dynamic = name_is_dynamic(st->whom);
    int k = 0;
    const name *who = trace_who(st->deed->world, info->pid, &k);
    char id[LINE_MAX_SIZE] = "-", state[32];

    if (!is_dynamic)
        snprintf(id, sizeof id, "%.*s", (int)info->name.size, info->name.data);
    else if (who != NULL)
        snprintf(id, sizeof id, "%s", who->text);
    if (who != NULL)
        snprintf(state, sizeof state, "%d", k);
    else
        snprintf(state, sizeof state, "%s",
                 info->state == COP_CHILD_RESTARTING ? "restarting" : "undefined");
    snprintf(out, size, "child %s %s %s", id, state, type_of(info->is_supervisor));
}

static int
compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
list_rows(asker *st, const cop_child_list *list)
{
    text rows = {0};
    char row[2 * LINE_MAX_SIZE];

    for (size_t i = 0; i < list->children.count; i++) {
        row_of(st, &list->children.items[i], row, sizeof row);
        text_add(&rows, "%s", row);
    }
    if (name_is_dynamic(st->whom) && rows.count > 0)
        qsort(rows.lines, rows.count, sizeof *rows.lines, compare);
    result(st->deed, "result %zu", rows.count);
    for (size_t i = 0; i < rows.count; i++)
        result(st->deed, "%s", rows.lines[i]);
    text_clear(&rows);
}

static const char *
shutdown_text(int32_t stop_ms, char text[32])
{
    switch (stop_ms) {
    case COP_INFINITY: return "infinity";
    case COP_STOP_BRUTAL: return "brutal_kill";
    case COP_STOP_NO_WAIT: return "0";
    default: snprintf(text, 32, "%d", (int)stop_ms); return text;
    }
}

COP_REPLY(asker, cop_child_spec)
{
    static const char *const restarts[] = {"permanent", "transient", "temporary"};
    char text[32];

    if (err != COP_OK)
        call_error(st, err);
    else
        result(st->deed, "result ok restart=%s shutdown=%s type=%s significant=%s",
               restarts[msg->restart], shutdown_text(msg->stop_ms, text),
               type_of(msg->is_supervisor), msg->significant ? "true" : "false");
    return done(me, st);
}

COP_REPLY(asker, cop_child_list)
{
    if (err != COP_OK)
        call_error(st, err);
    else
        list_rows(st, msg);
    return done(me, st);
}

COP_REPLY(asker, cop_child_counts)
{
    if (err != COP_OK)
        call_error(st, err);
    else
        result(st->deed, "result specs=%u active=%u supervisors=%u workers=%u",
               (unsigned)msg->specs, (unsigned)msg->active, (unsigned)msg->supervisors,
               (unsigned)msg->workers);
    return done(me, st);
}

COP_REPLY(asker, confirmed)
{
    if (err != COP_OK) {
        text_clear(&st->deed->results);
        result(st->deed, "result no_process");
    }
    return done(me, st);
}

/* ---------------------------------------------------------------------------- requests */

static cop_err
start_child(cop_actor *me, asker *st)
{
    name *child = name_get(st->deed->world, st->deed->words.at[2]);

    name_set_all(child, st->deed->words.at + 3);
    name_make_row(child);
    return cop_start_child(me, st->whom->pid, &child->row, WITHIN_MS,
                           COP_THEN(asker, cop_child_started));
}

/* An instance has the keys of its template, and then its own. */
static cop_err
start_dynamic(cop_actor *me, asker *st)
{
    name *made = name_get(st->deed->world, st->deed->words.at[2]);
    bool is_dynamic = name_is_dynamic(st->whom) && st->whom->kid_count > 0;

    if (made->keys == NULL && is_dynamic)
        made->keys = st->whom->kids[0]->keys;
    name_set_all(made, st->deed->words.at + 3);
    if (made->is_sup)
        name_make_row(made);
    return cop_start_dynamic(me, st->whom->pid, made->is_sup ? (const void *)&made->row : made,
                             0, WITHIN_MS, COP_THEN(asker, cop_child_started));
}

static cop_err
terminate(cop_actor *me, asker *st)
{
    const char *id = st->deed->words.at[2];
    const name *child = name_find(st->deed->world, id);

    if (name_is_dynamic(st->whom) && child != NULL && child->k > 0)
        return cop_terminate_dynamic(me, st->whom->pid, child->pid, WITHIN_MS,
                                     COP_THEN(asker, cop_child_done));
    return cop_terminate_child(me, st->whom->pid, id, WITHIN_MS,
                               COP_THEN(asker, cop_child_done));
}

static cop_err
get_childspec(cop_actor *me, asker *st)
{
    const char *id = st->deed->words.at[2];
    const name *child = name_is_dynamic(st->whom) ? name_find(st->deed->world, id) : NULL;

    return cop_get_childspec(me, st->whom->pid, child == NULL ? id : NULL,
                             child == NULL ? COP_PID_NONE : child->pid, WITHIN_MS,
                             COP_THEN(asker, cop_child_spec));
}

static cop_err
command_plain(cop_actor *me, asker *st)
{
    COP_TRY(cop_send(me, st->whom->pid, command, .deed = (uintptr_t)st->deed));
    return cop_ask(me, st->whom->pid, WITHIN_MS, COP_THEN(asker, confirmed), confirm);
}

static cop_err
ask(cop_actor *me, asker *st)
{
    const char *verb = verb_of(st->deed), *id = st->deed->words.at[2];
    cop_pid to = st->whom->pid;

    if (strcmp(verb, "start_child") == 0)
        return start_child(me, st);
    if (strcmp(verb, "start_dyn") == 0)
        return start_dynamic(me, st);
    if (strcmp(verb, "terminate_child") == 0)
        return terminate(me, st);
    if (strcmp(verb, "restart_child") == 0)
        return cop_restart_child(me, to, id, WITHIN_MS, COP_THEN(asker, cop_child_started));
    if (strcmp(verb, "delete_child") == 0)
        return cop_delete_child(me, to, id, WITHIN_MS, COP_THEN(asker, cop_child_done));
    if (strcmp(verb, "get_childspec") == 0)
        return get_childspec(me, st);
    if (strcmp(verb, "which") == 0)
        return cop_which_children(me, to, WITHIN_MS, COP_THEN(asker, cop_child_list));
    if (strcmp(verb, "count") == 0)
        return cop_count_children(me, to, WITHIN_MS, COP_THEN(asker, cop_child_counts));
    if (strcmp(verb, "suspend") == 0)
        return cop_supervisor_suspend(me, to, WITHIN_MS, COP_THEN(asker, cop_child_done));
    if (strcmp(verb, "resume") == 0)
        return cop_supervisor_resume(me, to, WITHIN_MS, COP_THEN(asker, cop_child_done));
    return command_plain(me, st);
}

static cop_err
init(cop_actor *me, void *state, const void *arg)
{
    asker *st = state;

    st->deed = (deed *)(uintptr_t)arg;
    st->whom = name_get(st->deed->world, st->deed->words.at[1]);
    cop_err err = ask(me, st);
    if (err == COP_OK)
        return COP_OK;
    if (is_supervisor_call(st->deed))
        call_error(st, err);
    else
        result(st->deed, "result no_process");
    deed_done(st->deed);
    return COP_E_IGNORE;
}

const cop_behaviour asker_b = {.name = "asker", .state_size = sizeof(asker), .init = init};
