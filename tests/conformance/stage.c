/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage.c - does the script's deeds, one after the other, and watches everybody.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <coppice/timer.h>

#include "scenario.h"

typedef struct stage {
    world *world;
    deed *start; /* of a root that is not ready, or whose start has failed, but not all of it
                    is gone */
    cop_exit why;
    cop_pid root; /* it is not ready yet */
    deed *stop;   /* waits for the root's end */
} stage;

void
result(deed *self, const char *format, ...)
{
    char line[4 * LINE_MAX_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    text_add(&self->results, "%s", line);
}

void
deed_done(deed *self)
{
    atomic_store(&self->is_done, true);
}

static cop_err
init(cop_actor *me, void *state, const void *arg)
{
    stage *st = state;

    st->world = (world *)(uintptr_t)arg;
    cop_trap_exit(me, true);
    return cop_send_every(me, 1, NULL, tick);
}

/* ------------------------------------------------------------------------- watching */

static void
watch_all(cop_actor *me, world *self)
{
    pthread_mutex_lock(&self->lock);
    for (size_t i = self->life_count; i-- > 0 && self->unwatched > 0;) {
        cop_ref ref;
        if (self->lives[i].is_watched)
            continue;
        self->lives[i].is_watched = true;
        self->unwatched--;
        cop_err err = cop_monitor(me, self->lives[i].pid, &ref);
        (void)err;
    }
    pthread_mutex_unlock(&self->lock);
}

COP_HANDLER(stage, watch_new)
{
    watch_all(me, st->world);
    return COP_OK;
}

COP_HANDLER(stage, tick)
{
    watch_all(me, st->world);
    return COP_OK;
}

COP_HANDLER(stage, cop_down)
{
    const name *root = st->world->root;

    trace_down(st->world, msg->who, &msg->why);
    if (st->stop != NULL && root != NULL && cop_pid_equal(root->pid, msg->who)) {
        deed_done(st->stop);
        st->stop = NULL;
    }
    return COP_OK;
}

/* ----------------------------------------------------------------------------- deeds */

static bool
is_alive(cop_actor *me, const name *who)
{
    return who != NULL && who->k > 0 && cop_is_alive(me, who->pid);
}

static void
start_failed(stage *st, deed *self, const cop_exit *why)
{
    trace_not_up(st->world, st->world->root, why);
    if (why == NULL)
        result(self, "result ignore");
    else
        result(self, "result error %s", st->world->root->why_not);
    deed_done(self);
}

static void
has_started(cop_actor *me, stage *st, deed *self, cop_pid pid)
{
    name *root = st->world->root;

    trace_up(st->world, root, pid);
    watch_all(me, st->world);
    result(self, "result ok %s.%d", root->text, root->k);
    deed_done(self);
}

COP_HANDLER(stage, cop_child_ready)
{
    deed *self = st->start;

    if (self == NULL || !cop_pid_equal(cop_sender(me), st->root))
        return COP_OK;
    st->start = NULL;
    has_started(me, st, self, st->root);
    return COP_OK;
}

static void
start(cop_actor *me, stage *st, deed *self)
{
    name *root = st->world->root;
    bool lingers;
    cop_pid pid;

    if (is_alive(me, root)) {
        result(self, "result none");
        deed_done(self);
        return;
    }
    name_make_row(root);
    cop_err err = cop_spawn(me, &cop_supervisor,
                            &(cop_spawn_opts){.label = root->text,
                                              .arg = &root->row,
                                              .stop_ms = COP_INFINITY,
                                              .why = &st->why,
                                              .lingers = &lingers},
                            &pid);
    if (err == COP_OK && st->world->has_gates) {
        st->start = self;
        st->root = pid;
    } else if (err == COP_OK) {
        has_started(me, st, self, pid);
    } else if (lingers) {
        st->start = self;
    } else {
        start_failed(st, self, err == COP_E_IGNORE ? NULL : &st->why);
    }
}

static void
stop(cop_actor *me, stage *st, deed *self)
{
    const name *root = st->world->root;
    cop_exit why = reason_exit(st->world, self->words.at[1]);

    if (!is_alive(me, root)) {
        deed_done(self);
        return;
    }
    st->stop = self;
    cop_signal(me, root->pid, &why);
}

/* Sends an exit signal and is no more; nobody's owner. */
typedef struct stranger {
    const name *whom;
    cop_exit why;
} stranger;

static cop_err
stranger_init(cop_actor *me, void *state, const void *arg)
{
    const stranger *st = arg;

    (void)state;
    cop_signal(me, st->whom->pid, &st->why);
    return COP_E_IGNORE;
}

static const cop_behaviour stranger_b = {.name = "stranger", .init = stranger_init};

static void
send_stranger(cop_actor *me, const name *whom, const char *reason)
{
    stranger arg = {whom, reason_exit(whom->world, reason)};
    cop_err err = cop_spawn(me, &stranger_b, &(cop_spawn_opts){.arg = &arg}, NULL);

    if (err != COP_E_IGNORE)
        abort();
}

/* Does it die of the signal?  Then the step lasts until it has. */
static bool
is_deadly(const name *who, const char *reason)
{
    return strcmp(reason, "kill") == 0 ||
           (!who->is_sup && !who->is_plain && strcmp(reason, "normal") != 0 &&
            strcmp(name_key(who, "trap", "no"), "no") == 0);
}

static void
hit(cop_actor *me, stage *st, deed *self)
{
    const name *who = name_find(st->world, self->words.at[1]);
    const char *reason = self->words.at[2];

    if (!is_alive(me, who)) {
        result(self, "result none");
    } else if (self->words.at[0][0] == 'k') {
        send_stranger(me, who, reason);
        if (is_deadly(who, reason))
            self->until_down = who->pid;
    } else if (who->is_plain) {
        cop_cast(me, who->pid, command, .deed = (uintptr_t)self);
    } else {
        cop_cast(me, who->pid, leave, .why = cop_str_from(reason));
        self->until_down = who->pid;
    }
    deed_done(self);
}

static void
spawn_plain(cop_actor *me, stage *st, deed *self)
{
    name *who = name_get(st->world, self->words.at[1]);
    cop_pid pid;

    name_set_all(who, self->words.at + 2);
    if (cop_spawn(me, &plain_b, &(cop_spawn_opts){.label = who->text, .arg = who}, &pid) ==
        COP_OK)
        trace_up(st->world, who, pid);
    watch_all(me, st->world);
    deed_done(self);
}

static void
release(cop_actor *me, stage *st, deed *self)
{
    name *who = name_get(st->world, self->words.at[1]);

    pthread_mutex_lock(&st->world->lock);
    cop_pid pid = who->at_gate;
    pthread_mutex_unlock(&st->world->lock);
    cop_cast(me, pid, released);
    deed_done(self);
}

static void
ask_somebody(cop_actor *me, deed *self)
{
    cop_err err = cop_spawn(me, &asker_b, &(cop_spawn_opts){.arg = self}, NULL);

    if (err != COP_OK && err != COP_E_IGNORE) {
        result(self, "result %s", cop_err_name(err));
        deed_done(self);
    }
}

/* Told, and no answer wanted. */
static void
tell_plain(cop_actor *me, stage *st, deed *self)
{
    const name *who = name_find(st->world, self->words.at[1]);

    if (who != NULL)
        cop_cast(me, who->pid, command, .deed = (uintptr_t)self);
    deed_done(self);
}

/* Spawning is over when the new one is there, and has no result. */
static void
do_it(cop_actor *me, stage *st, deed *self)
{
    const char *verb = self->words.at[0];
    char pid[LINE_MAX_SIZE];

    if (strcmp(verb, "start") == 0)
        start(me, st, self);
    else if (strcmp(verb, "stop") == 0)
        stop(me, st, self);
    else if (strcmp(verb, "release") == 0)
        release(me, st, self);
    else if (strcmp(verb, "kill") == 0 || strcmp(verb, "exit") == 0)
        hit(me, st, self);
    else if (strcmp(verb, "spawn") == 0)
        spawn_plain(me, st, self);
    else if (strcmp(verb, "hold") == 0 || strcmp(verb, "unhold") == 0 ||
             strcmp(verb, "sendexit") == 0)
        tell_plain(me, st, self);
    else if (strcmp(verb, "whereis") == 0) {
        result(self, "result %s",
               trace_pid(st->world, cop_whereis(me, self->words.at[1]), pid));
        deed_done(self);
    } else if (strcmp(verb, "alive") == 0) {
        const name *who = name_find(st->world, self->words.at[1]);
        result(self, "result %s", is_alive(me, who) ? "true" : "false");
        deed_done(self);
    } else
        ask_somebody(me, self);
}

COP_HANDLER(stage, act)
{
    do_it(me, st, (deed *)(uintptr_t)msg->deed);
    return COP_OK;
}

COP_HANDLER(stage, cop_exited)
{
    return COP_OK;
}

static cop_err
on_child(cop_actor *me, void *state, const cop_child_end *end)
{
    stage *st = state;
    deed *self = st->start;

    (void)me;
    if (self != NULL && (end->start_failed || cop_pid_equal(end->pid, st->root))) {
        st->start = NULL;
        start_failed(st, self, end->start_failed ? &st->why : end->why);
    }
    return COP_OK;
}

const cop_behaviour stage_b = {
    .name = "stage",
    .state_size = sizeof(stage),
    .policy = COP_SUPERVISE,
    .init = init,
    .on_child = on_child,
    .handlers = COP_HANDLERS(COP_ON(stage, act), COP_ON(stage, watch_new), COP_ON(stage, tick),
                             COP_ON(stage, cop_down), COP_ON(stage, cop_exited),
                             COP_ON(stage, cop_child_ready)),
};
