/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plain.c - an actor without a supervisor: does what it is told and says what it gets.
 *
 * The stage owns it, so that its spawner's end is no end of it.  One that is on hold takes
 * its messages but does not look at them, as a selective receive would leave them.
 */
#include <stdlib.h>
#include <string.h>

#include <coppice/timer.h>

#include "scenario.h"

/* What the scenario calls a monitor or a timer. */
typedef struct tag {
    struct tag *next;
    const char *text;
    const char *by_name; /* NULL: the monitor is of a pid */
    cop_ref monitor;
    cop_timer timer;
} tag;

typedef struct plain {
    name *who;
    tag *tags; /* newest first */
    bool is_on_hold;
    text held;
} plain;

static cop_err
init(cop_actor *me, void *state, const void *arg)
{
    plain *st = state;

    st->who = (name *)(uintptr_t)arg;
    if (strcmp(name_key(st->who, "trap", "no"), "yes") == 0)
        cop_trap_exit(me, true);
    return COP_OK;
}

static void
dispose(void *state)
{
    plain *st = state;

    for (tag *at = st->tags, *next; at != NULL; at = next) {
        next = at->next;
        free(at);
    }
    text_clear(&st->held);
}

/* -------------------------------------------------------------------- what it gets */

static void
got(plain *st, const char *line)
{
    if (st->is_on_hold)
        text_add(&st->held, "%s", line);
    else
        trace_event(st->who->world, "%s", line);
}

static const char *
name_of(plain *st, cop_pid pid)
{
    const name *who = trace_who(st->who->world, pid, NULL);

    return who == NULL ? "other" : who->text;
}

COP_HANDLER(plain, word)
{
    char line[LINE_MAX_SIZE];

    snprintf(line, sizeof line, "got %s msg %.*s", st->who->text, (int)msg->text.size,
             msg->text.data);
    got(st, line);
    return COP_OK;
}

COP_HANDLER(plain, cop_exited)
{
    char line[2 * LINE_MAX_SIZE], why[LINE_MAX_SIZE];

    reason_print(st->who->world, &msg->why, why, sizeof why);
    snprintf(line, sizeof line, "got %s exit %s %s", st->who->text, name_of(st, msg->who), why);
    got(st, line);
    return COP_OK;
}

COP_HANDLER(plain, cop_down)
{
    char line[2 * LINE_MAX_SIZE], why[LINE_MAX_SIZE];
    const tag *at = st->tags;

    while (at != NULL && at->monitor.bits != msg->ref.bits)
        at = at->next;
    reason_print(st->who->world, &msg->why, why, sizeof why);
    bool is_by_name = at != NULL && at->by_name != NULL;
    snprintf(line, sizeof line, "got %s down %s %s%s %s", st->who->text,
             at == NULL ? "other" : at->text, is_by_name ? "name:" : "",
             is_by_name ? at->by_name : name_of(st, msg->who), why);
    got(st, line);
    return COP_OK;
}

/* ---------------------------------------------------------------------- what it does */

/* A scenario's `undefined` is nobody's name, which here is the empty one. */
static const char *
registered(const char *word)
{
    return strcmp(word, "undefined") == 0 ? "" : word;
}

static cop_pid
pid_of(plain *st, const char *text)
{
    const name *who = name_find(st->who->world, text);

    return who == NULL ? COP_PID_NONE : who->pid;
}

static tag *
add_tag(plain *st, const char *text)
{
    tag *made = calloc(1, sizeof *made);

    made->text = text;
    made->next = st->tags;
    st->tags = made;
    return made;
}

static tag *
find_tag(plain *st, const char *text)
{
    tag *at = st->tags;

    while (at != NULL && strcmp(at->text, text) != 0)
        at = at->next;
    return at;
}

static void
spawn(cop_actor *me, plain *st, deed *self, bool is_link, const char *monitor)
{
    name *who = name_get(st->who->world, self->words.at[2]);
    tag *made = monitor == NULL ? NULL : add_tag(st, monitor);
    cop_pid pid;

    name_set_all(who, self->words.at + 3);
    if (cop_spawn(me, &plain_b,
                  &(cop_spawn_opts){.label = who->text,
                                    .arg = who,
                                    .owner = who->world->stage,
                                    .link = is_link,
                                    .monitor = made == NULL ? NULL : &made->monitor},
                  &pid) == COP_OK)
        trace_up(who->world, who, pid);
}

static void
send_words(cop_actor *me, cop_pid to, char *const *words)
{
    for (; *words != NULL; words++)
        if (cop_send(me, to, word, .text = cop_str_from(*words)) != COP_OK)
            continue; /* to one who is gone, which is no error */
}

static void
truth(deed *self, bool is_true)
{
    result(self, "result %s", is_true ? "true" : "false");
}

static void
raised_unless(deed *self, cop_err err, const char *good)
{
    if (err == COP_OK)
        result(self, "result %s", good);
    else
        result(self, "result raised %s", err == COP_E_NOPROC ? "noproc" : "badarg");
}

static void
do_register(cop_actor *me, deed *self, cop_pid who, const char *reg_name)
{
    cop_err err = cop_register(me, registered(reg_name), who);

    raised_unless(self, err == COP_OK ? COP_OK : COP_E_INVAL, "true");
}

static void
do_timer(cop_actor *me, plain *st, deed *self)
{
    char *const *at = self->words.at;
    tag *made = add_tag(st, at[2]);

    raised_unless(self,
                  cop_send_after(me, strtol(at[3], NULL, 10), &made->timer, word,
                                 .text = cop_str_from(at[4])),
                  "ok");
}

static void
do_cancel(cop_actor *me, plain *st, deed *self)
{
    tag *at = find_tag(st, self->words.at[2]);

    result(self, "result %s",
           at != NULL && cop_timer_cancel(me, at->timer) ? "cancelled" : "false");
}

static void
do_monitor(cop_actor *me, plain *st, deed *self, bool is_by_name)
{
    char *const *at = self->words.at;
    tag *made = add_tag(st, at[3]);

    made->by_name = is_by_name ? at[2] : NULL;
    raised_unless(self,
                  cop_monitor(me, is_by_name ? cop_whereis(me, at[2]) : pid_of(st, at[2]),
                              &made->monitor),
                  "ok");
}

static void
do_demonitor(cop_actor *me, plain *st, deed *self)
{
    tag *at = find_tag(st, self->words.at[2]);

    truth(self, at != NULL && cop_demonitor(me, at->monitor));
}

static void
do_signal(cop_actor *me, plain *st, deed *self)
{
    cop_exit why = reason_exit(st->who->world, self->words.at[3]);

    cop_signal(me, pid_of(st, self->words.at[2]), &why);
    truth(self, true);
}

static cop_err
stop_with(cop_actor *me, plain *st, const char *reason)
{
    cop_exit why = reason_exit(st->who->world, reason);

    return cop_stop_with(me, &why);
}

static void
do_send_name(cop_actor *me, deed *self)
{
    cop_pid to = cop_whereis(me, self->words.at[2]);

    raised_unless(self, cop_pid_is_none(to) ? COP_E_INVAL : COP_OK, "ok");
    send_words(me, to, self->words.at + 3);
}

static void
hold(plain *st, bool is_on_hold)
{
    text held = st->held;

    st->is_on_hold = is_on_hold;
    if (is_on_hold)
        return;
    st->held = (text){0};
    for (size_t i = 0; i < held.count; i++)
        trace_event(st->who->world, "%s", held.lines[i]);
    text_clear(&held);
}

COP_HANDLER(plain, command)
{
    deed *self = (deed *)(uintptr_t)msg->deed;
    char *const *at = self->words.at;
    const char *verb = at[0];

    if (strcmp(verb, "exit") == 0)
        return stop_with(me, st, at[2]);
    if (strcmp(verb, "sendexit") == 0) {
        send_words(me, pid_of(st, at[2]), at + 4);
        return stop_with(me, st, at[3]);
    }
    if (strcmp(verb, "hold") == 0 || strcmp(verb, "unhold") == 0)
        hold(st, verb[0] == 'h');
    else if (strcmp(verb, "spawn_link") == 0)
        spawn(me, st, self, true, NULL);
    else if (strcmp(verb, "spawn_monitor") == 0)
        spawn(me, st, self, false, at[3]);
    else if (strcmp(verb, "link") == 0)
        raised_unless(self, cop_link(me, pid_of(st, at[2])), "true");
    else if (strcmp(verb, "unlink") == 0) {
        cop_unlink(me, pid_of(st, at[2]));
        truth(self, true);
    } else if (strcmp(verb, "trap") == 0)
        truth(self, cop_trap_exit(me, strcmp(at[2], "yes") == 0));
    else if (strcmp(verb, "monitor") == 0 || strcmp(verb, "monitor_name") == 0)
        do_monitor(me, st, self, verb[7] == '_');
    else if (strcmp(verb, "demonitor") == 0)
        do_demonitor(me, st, self);
    else if (strcmp(verb, "send") == 0) {
        send_words(me, pid_of(st, at[2]), at + 3);
        result(self, "result ok");
    } else if (strcmp(verb, "send_name") == 0)
        do_send_name(me, self);
    else if (strcmp(verb, "signal") == 0)
        do_signal(me, st, self);
    else if (strcmp(verb, "register") == 0)
        do_register(me, self, cop_self(me), at[2]);
    else if (strcmp(verb, "register_other") == 0)
        do_register(me, self, pid_of(st, at[2]), at[3]);
    else if (strcmp(verb, "unregister") == 0)
        raised_unless(self, cop_unregister(me, at[2]) == COP_OK ? COP_OK : COP_E_INVAL, "true");
    else if (strcmp(verb, "timer") == 0)
        do_timer(me, st, self);
    else if (strcmp(verb, "cancel") == 0)
        do_cancel(me, st, self);
    return COP_OK;
}

/* It is still here, so the command has come to its end. */
COP_HANDLER(plain, confirm)
{
    cop_reply(me, confirmed);
    return COP_OK;
}

const cop_behaviour plain_b = {
    .name = "plain",
    .state_size = sizeof(plain),
    .init = init,
    .dispose = dispose,
    .handlers =
        COP_HANDLERS(COP_ON(plain, word), COP_ON(plain, cop_exited), COP_ON(plain, cop_down),
                     COP_ON(plain, command), COP_ON(plain, confirm)),
};
