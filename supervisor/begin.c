/* SPDX-License-Identifier: Apache-2.0 */
/*
 * begin.c - starting a child, and all of them when the supervisor itself is started.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/exit.h"
#include "base/memory.h"
#include "core/badge.h"
#include "needs.h"
#include "spec.h"
#include "supervisor.h"

/* The last one before it, in start order, that has an actor. */
static cop_pid
place_of(const copi_child *child)
{
    const copi_child *older = child->older;

    while (older != NULL && !copi_child_has_actor(older))
        older = older->older;
    return older == NULL ? COP_PID_NONE : older->pid;
}

const void *
copi_arg_of(const copi_child *child)
{
    if (child->spec->sup != NULL)
        return child->spec;
    return child->arg != NULL ? child->arg : child->spec->arg;
}

/* Where a snapshot says that it comes from. */
static const char *
site_of(const cop_actor *me, const cop_child *spec)
{
    if (spec->site != NULL)
        return spec->site;
    return copi_badge_of(me) == NULL ? NULL : copi_badge_of(me)->site;
}

cop_err
copi_spawn_child(cop_actor *me, copi_supervisor *self, copi_child *child, cop_exit *why,
                 bool *lingers)
{
    const cop_child *spec = child->spec;
    bool is_supervisor = spec->sup != NULL;
    cop_spawn_opts opts = {
        .name = spec->anonymous || self->children.is_dynamic ? NULL : spec->name,
        .label = spec->name,
        .arg = copi_arg_of(child),
        .stop_ms = copi_spec_stop_ms(spec),
        .cookie = child->cookie,
        .why = why,
        .stuck_ms = spec->stuck_ms,
        .on_stuck = spec->on_stuck,
        .keep_mail = spec->keep_mail,
        .legacy = child->mail,
        .lingers = lingers,
        .site = site_of(me, spec),
    };
    cop_pid pid = COP_PID_NONE;

    /* The last one needs no place, and neither do those without an order. */
    if (child->younger != NULL && !self->children.is_dynamic) {
        opts.after = place_of(child);
        opts.first = cop_pid_is_none(opts.after);
    }
    why->kind = COP_EXIT_NORMAL;
    cop_err err =
        cop_spawn_from(NULL, me, is_supervisor ? &cop_supervisor : spec->run, &opts, &pid);
    if (err == COP_OK) {
        copi_child_set_phase(&self->children, child, COPI_CHILD_RUNNING);
        copi_child_set_pid(&self->children, child, pid);
    } else if (why->kind == COP_EXIT_NORMAL) { /* init did not even run, or did not want */
        *why = (cop_exit){.kind = COP_EXIT_ERROR, .code = err};
        snprintf(why->text, sizeof why->text, "%s", cop_err_text(err));
    }
    return err;
}

/* ----------------------------------------------------------------- its own beginning */

static cop_err
refuse_start(cop_actor *me, const char *sentence)
{
    (void)cop_fail(me, COP_E_INVAL, "%s", sentence);
    return COP_E_INVAL;
}

static cop_err
make_budget(copi_supervisor *self)
{
    uint32_t restarts = copi_spec_restarts(&self->spec->budget);
    uint32_t seconds = copi_spec_seconds(&self->spec->budget);
    size_t room = copi_budget_room(restarts, seconds) + 1u;
    copi_burst *bursts =
        room <= COPI_FIRST_BURSTS ? self->first_bursts : copi_calloc(room, sizeof *bursts);

    if (bursts == NULL)
        return COP_E_NOMEM;
    copi_budget_init(&self->budget, restarts, seconds, bursts);
    return COP_OK;
}

/* Two of one name are found here. */
static cop_err
make_child(cop_actor *me, copi_supervisor *self, const cop_child *row)
{
    char sentence[COP_EXIT_TEXT];

    if (copi_children_find(&self->children, cop_str_from(row->name)) != NULL) {
        snprintf(sentence, sizeof sentence, "two children are named %s", row->name);
        return refuse_start(me, sentence);
    }
    return copi_children_add(&self->children, row) == NULL ? COP_E_NOMEM : COP_OK;
}

static cop_err
make_in_order(cop_actor *me, copi_supervisor *self, size_t count)
{
    char sentence[COP_EXIT_TEXT];
    const cop_child **order = copi_calloc(count, sizeof *order);

    if (order == NULL)
        return COP_E_NOMEM;
    cop_err err = copi_needs_order(self->spec->sup, count, order, sentence, sizeof sentence);
    if (err == COP_E_INVAL)
        err = refuse_start(me, sentence);
    for (size_t i = 0; err == COP_OK && i < count; i++)
        err = make_child(me, self, order[i]);
    free(order);
    return err;
}

/* All of them, before the first is started. */
static cop_err
make_children(cop_actor *me, copi_supervisor *self)
{
    bool has_needs = false;
    size_t count = 0;

    if (self->children.is_dynamic)
        return COP_OK;
    for (const cop_child *row = self->spec->sup; !copi_spec_is_end(row); row++, count++)
        has_needs = has_needs || row->needs != NULL;
    if (has_needs)
        return make_in_order(me, self, count);
    for (const cop_child *row = self->spec->sup; !copi_spec_is_end(row); row++)
        COP_TRY(make_child(me, self, row));
    return COP_OK;
}

void
copi_fail_start(cop_actor *me, copi_supervisor *self, const copi_child *child, cop_err err)
{
    cop_exit because = {.kind = COP_EXIT_ERROR, .code = err};

    snprintf(because.text, sizeof because.text, "failed to start child %s", child->spec->name);
    copi_exit_because(&because, &self->last);
    self->told_at = cop_now_ms(me);
    (void)cop_stop_with(me, &because);
}

/* The core stops those that have been started, in reverse order, but first comes what the
 * failed one has left: only when that is gone its start is over. */
static cop_err
fail_start(cop_actor *me, copi_supervisor *self, copi_child *child, cop_err err, bool lingers)
{
    if (lingers)
        self->clearing = child;
    else
        copi_tell_news(me, self, COP_NEWS_NOT_STARTED, true, child, &self->last);
    copi_fail_start(me, self, child, err);
    return err;
}

void
copi_begun(cop_actor *me, copi_supervisor *self)
{
    self->is_beginning = false;
    self->last = (cop_exit){0};
    cop_err err = cop_say_ready(me); /* the owner may not want to know */
    (void)err;
}

/* The first of them that is to be awaited; the others are a plan. */
static cop_err
begin_to_wait(cop_actor *me, copi_supervisor *self, copi_child *child, int32_t ready_ms)
{
    self->is_beginning = true;
    copi_plan_begin(&self->plan, child->younger, self->children.youngest);
    return copi_await(me, self, child, COP_PID_NONE, ready_ms);
}

static cop_err
start_all(cop_actor *me, copi_supervisor *self)
{
    bool lingers;

    for (copi_child *child = self->children.oldest, *next; child != NULL; child = next) {
        next = child->younger;
        cop_err err = copi_spawn_child(me, self, child, &self->last, &lingers);
        int32_t ready_ms = copi_spec_ready_ms(child->spec, copi_arg_of(child));
        if (err == COP_OK && ready_ms != 0)
            return begin_to_wait(me, self, child, ready_ms);
        if (err != COP_OK && err != COP_E_IGNORE)
            return fail_start(me, self, child, err, lingers);
        copi_note_start(me, child);
        copi_tell_news(me, self, err == COP_OK ? COP_NEWS_STARTED : COP_NEWS_IGNORED, false,
                       child, NULL);
        if (err == COP_E_IGNORE && child->spec->restart == COP_TEMPORARY)
            copi_children_drop(&self->children, child);
    }
    copi_begun(me, self);
    return COP_OK;
}

/* Its own, or its supervisor's: that one is the spawner, and so not doing anything else. */
static const cop_reporter *
reporter_of(const cop_actor *me, const cop_child *spec)
{
    const cop_actor *owner = copi_owner_of(me);

    if (spec->reporter != NULL || owner == NULL || owner->worker != me->worker ||
        owner->behaviour->on_child != me->behaviour->on_child)
        return spec->reporter;
    return ((const copi_supervisor *)owner->state)->reporter;
}

cop_err
copi_begin(cop_actor *me, copi_supervisor *self)
{
    char sentence[COP_EXIT_TEXT];

    if (self->spec == NULL)
        return refuse_start(me, "a supervisor needs its cop_child as arg");
    if (copi_spec_is_wrong_table(self->spec, sentence, sizeof sentence))
        return refuse_start(me, sentence);
    self->reporter = reporter_of(me, self->spec);
    if (self->spec->init != NULL)
        COP_TRY(self->spec->init(me, self->spec));
    self->children.is_dynamic = self->spec->strategy == COP_DYNAMIC;
    COP_TRY(make_budget(self));
    COP_TRY(make_children(me, self));
    return start_all(me, self);
}
