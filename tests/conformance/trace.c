/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.c - what is told, as lines, in the order in which it is told.
 *
 * An end is told twice: to the supervisor, which reports it, and to the stage, which
 * watches everybody.  Whoever is first writes the line.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"

static void
add(text *self, const char *format, va_list args)
{
    char line[4 * LINE_MAX_SIZE];

    vsnprintf(line, sizeof line, format, args);
    self->lines = realloc(self->lines, (self->count + 1) * sizeof *self->lines);
    self->lines[self->count++] = strdup(line);
}

void
text_add(text *self, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(self, format, args);
    va_end(args);
}

void
text_clear(text *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->lines[i]);
    free(self->lines);
    *self = (text){0};
}

void
trace_event(world *self, const char *format, ...)
{
    va_list args;

    pthread_mutex_lock(&self->lock);
    va_start(args, format);
    add(&self->events, format, args);
    va_end(args);
    pthread_mutex_unlock(&self->lock);
}

/* --------------------------------------------------------------------------- lives */

static life *
life_of(world *self, cop_pid pid)
{
    for (size_t i = self->life_count; i-- > 0;)
        if (cop_pid_equal(self->lives[i].pid, pid))
            return &self->lives[i];
    return NULL;
}

name *
trace_who(world *self, cop_pid pid, int *k)
{
    pthread_mutex_lock(&self->lock);
    const life *found = life_of(self, pid);
    name *who = found == NULL ? NULL : found->who;
    if (k != NULL)
        *k = found == NULL ? 0 : found->k;
    pthread_mutex_unlock(&self->lock);
    return who;
}

const char *
trace_pid(world *self, cop_pid pid, char out[LINE_MAX_SIZE])
{
    int k;
    const name *who = trace_who(self, pid, &k);

    if (cop_pid_is_none(pid))
        return "undefined";
    if (who == NULL)
        return "pid";
    snprintf(out, LINE_MAX_SIZE, "%s.%d", who->text, k);
    return out;
}

const char *
trace_why_down(world *self, cop_pid pid)
{
    pthread_mutex_lock(&self->lock);
    const life *found = life_of(self, pid);
    const char *why = found == NULL || !found->is_down ? "noproc" : found->why;
    pthread_mutex_unlock(&self->lock);
    return why;
}

bool
trace_is_down(world *self, cop_pid pid)
{
    pthread_mutex_lock(&self->lock);
    const life *found = life_of(self, pid);
    bool is_down = found == NULL || found->is_down || found->is_missed;
    pthread_mutex_unlock(&self->lock);
    return is_down;
}

void
trace_up(world *self, name *who, cop_pid pid)
{
    pthread_mutex_lock(&self->lock);
    who->k = ++who->attempts;
    who->pid = pid;
    self->lives = realloc(self->lives, (self->life_count + 1) * sizeof *self->lives);
    self->lives[self->life_count++] = (life){.who = who, .k = who->k, .pid = pid};
    self->unwatched++;
    text_add(&self->events, "up %s %d", who->text, who->k);
    pthread_mutex_unlock(&self->lock);
}

void
trace_not_up(world *self, name *who, const cop_exit *why)
{
    char reason[LINE_MAX_SIZE] = "";

    if (why != NULL)
        reason_print(self, why, reason, sizeof reason);
    pthread_mutex_lock(&self->lock);
    who->attempts++;
    if (why == NULL)
        text_add(&self->events, "ignore %s %d", who->text, who->attempts);
    else
        text_add(&self->events, "fail %s %d %s", who->text, who->attempts, reason);
    snprintf(who->why_not, sizeof who->why_not, "%s", reason);
    pthread_mutex_unlock(&self->lock);
}

void
trace_down(world *self, cop_pid pid, const cop_exit *why)
{
    char reason[LINE_MAX_SIZE];

    reason_print(self, why, reason, sizeof reason);
    pthread_mutex_lock(&self->lock);
    life *found = life_of(self, pid);
    if (found != NULL && why->kind == COP_EXIT_NOPROC) {
        found->is_missed = true;
    } else if (found != NULL && !found->is_down) {
        found->is_down = true;
        snprintf(found->why, sizeof found->why, "%s", reason);
        text_add(&self->events, "down %s %d %s", found->who->text, found->k, reason);
    }
    pthread_mutex_unlock(&self->lock);
}

void
trace_missed(world *self)
{
    pthread_mutex_lock(&self->lock);
    for (size_t i = 0; i < self->life_count; i++) {
        life *one = &self->lives[i];
        if (one->is_missed && !one->is_down) {
            one->is_down = true;
            text_add(&self->events, "down %s %d noproc", one->who->text, one->k);
        }
    }
    pthread_mutex_unlock(&self->lock);
}

/* ------------------------------------------------------------------------- reports */

/* A dynamic child is known by what it was started with, all others by their rows. */
static name *
child_of(world *self, const cop_report *report)
{
    if (!report->is_dynamic || report->arg == NULL)
        return name_find(self, report->name);
    for (name *at = self->names; at != NULL; at = at->next)
        if (report->arg == at || report->arg == &at->row)
            return at;
    return NULL;
}

static void
report_line(world *self, const cop_report *report, int level, const char *what,
            const char *child, const char *reason)
{
    if (level <= self->report_level)
        trace_event(self, "report %s %s %s %s", report->supervisor, what, child, reason);
}

static void
report_bad_ends(world *self, const cop_report *report)
{
    char reason[LINE_MAX_SIZE], child[32];

    reason_print(self, report->why, reason, sizeof reason);
    snprintf(child, sizeof child, "*%u", (unsigned)report->count);
    report_line(self, report, 1, "shutdown_error", child, reason);
}

static void
report_error(world *self, const cop_report *report, const name *child, const char *what)
{
    char reason[LINE_MAX_SIZE];

    reason_print(self, report->why, reason, sizeof reason);
    if (report->is_error)
        report_line(self, report, 1, what, child->text, reason);
}

/*
 * What the one who dies says of it.  Who fails in its init says so before its supervisor does,
 * and in OTP after that: two actors, and no order is promised.  So that one waits.
 */
void
trace_crash(void *ctx, const cop_event *event)
{
    world *self = ctx;
    char reason[LINE_MAX_SIZE];
    const name *who = trace_who(self, event->who, NULL);

    if (event->kind != COP_EVENT_CRASH || self->report_level < 2)
        return;
    reason_print(self, event->why, reason, sizeof reason);
    if (who != NULL) {
        trace_event(self, "report %s crash - %s", who->text, reason);
        return;
    }
    pthread_mutex_lock(&self->lock);
    snprintf(self->crash, sizeof self->crash, "%s", reason);
    pthread_mutex_unlock(&self->lock);
}

static void
report_crash(world *self, const name *child)
{
    char reason[LINE_MAX_SIZE];

    pthread_mutex_lock(&self->lock);
    memcpy(reason, self->crash, sizeof reason);
    self->crash[0] = '\0';
    pthread_mutex_unlock(&self->lock);
    if (reason[0] != '\0')
        trace_event(self, "report %s crash - %s", child->text, reason);
}

void
trace_report(void *ctx, const cop_report *report)
{
    world *self = ctx;

    if (report->count > 0) {
        report_bad_ends(self, report);
        return;
    }
    name *child = child_of(self, report);
    switch (report->what) {
    case COP_NEWS_STARTED:
    case COP_NEWS_RESTARTED:
        trace_up(self, child, report->pid);
        if (!report->is_dynamic)
            report_line(self, report, 2, "progress", child->text, "-");
        break;
    case COP_NEWS_POISONED: break; /* no child of a scenario keeps its mail */
    case COP_NEWS_IGNORED: trace_not_up(self, child, NULL); break;
    case COP_NEWS_NOT_STARTED:
        trace_not_up(self, child, report->why);
        report_error(self, report, child, "start_error");
        report_crash(self, child);
        break;
    case COP_NEWS_ENDED:
        trace_down(self, report->pid, report->why);
        report_error(self, report, child, "child_terminated");
        break;
    case COP_NEWS_STOPPED_BADLY:
        trace_down(self, report->pid, report->why);
        report_error(self, report, child, "shutdown_error");
        break;
    case COP_NEWS_GAVE_UP:
        report_line(self, report, 1, "shutdown", child->text, "reached_max_restart_intensity");
        break;
    }
}

void
trace_log(void *ctx, const char *line)
{
    static const char refused[] = "cannot add a child: ";
    world *self = ctx;
    const char *at = strstr(line, refused);

    if (at == NULL)
        return;
    pthread_mutex_lock(&self->lock);
    snprintf(self->sentence, sizeof self->sentence, "%s", at + sizeof refused - 1);
    pthread_mutex_unlock(&self->lock);
}
