/* SPDX-License-Identifier: Apache-2.0 */
/*
 * news.c - what happens to children: told to who watches, and logged if it is bad.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "core/node.h"
#include "debug/event.h"
#include "spec.h"
#include "supervisor.h"

enum {
    /* Of one supervisor: a storm of restarts must not become one of text. */
    LINES_PER_SECOND = 10,
    REASON_SIZE = 256,
};

struct copi_subscriber {
    copi_subscriber *next;
    cop_pid who;
    cop_ref monitor;
};

const char *
cop_child_news_name(cop_child_news news)
{
    switch (news) {
    case COP_NEWS_STARTED: return "started";
    case COP_NEWS_RESTARTED: return "restarted";
    case COP_NEWS_ENDED: return "ended";
    case COP_NEWS_NOT_STARTED: return "not started";
    case COP_NEWS_STOPPED_BADLY: return "stopped badly";
    case COP_NEWS_GAVE_UP: return "restarted too often";
    case COP_NEWS_IGNORED: return "ignored";
    case COP_NEWS_POISONED: return "poisoned";
    }
    return "unknown";
}

/* ------------------------------------------------------------ who did not stop in time */

static int32_t
had_ms(const copi_child *child)
{
    int32_t stop_ms = copi_spec_stop_ms(child->spec);

    return stop_ms == COP_STOP_NO_WAIT ? 0 : stop_ms;
}

/* The record of a kill does not say whose it was, but before its time nobody else has a
 * reason. */
bool
copi_was_killed(const copi_supervisor *self, const copi_child *child, const cop_exit *why)
{
    bool is_told = child->phase == COPI_CHILD_STOPPING || self->told != NULL ||
                   (self->is_leaving && child->phase != COPI_CHILD_ENDED);

    return why != NULL && why->kind == COP_EXIT_KILLED && is_told && had_ms(child) >= 0 &&
           self->now - self->told_at >= had_ms(child);
}

/* -------------------------------------------------------------------------- the log */

/* May one more line be written this second?  The first of a new second tells of the rest. */
static bool
may_log(cop_actor *me, copi_supervisor *self)
{
    if (self->second != self->log_second) {
        if (self->log_lines > LINES_PER_SECOND)
            cop_log(me, "%u lines about children were left out",
                    (unsigned)(self->log_lines - LINES_PER_SECOND));
        self->log_second = self->second;
        self->log_lines = 0;
    }
    return ++self->log_lines <= LINES_PER_SECOND;
}

static void
log_news(cop_actor *me, copi_supervisor *self, cop_child_news what, const copi_child *child,
         const cop_exit *why)
{
    char reason[REASON_SIZE];

    if (what != COP_NEWS_GAVE_UP && !may_log(me, self))
        return;
    if (copi_was_killed(self, child, why))
        cop_log(me, "child %s had %d ms to stop, did not, and was killed", child->spec->name,
                (int)had_ms(child));
    else
        cop_log(me, "child %s %s: %s", child->spec->name, cop_child_news_name(what),
                cop_exit_print(why, reason, sizeof reason));
}

/* ---------------------------------------------------------------------- subscribers */

static void
send_news(cop_actor *me, const copi_supervisor *self, cop_pid to, cop_child_news what,
          const copi_child *child, const cop_exit *why)
{
    char reason[REASON_SIZE] = "";
    bool was_killed = copi_was_killed(self, child, why);

    if (why != NULL)
        cop_exit_print(why, reason, sizeof reason);
    cop_cast_message(me, to, &cop_child_event_type,
                     &(cop_child_event){
                         .what = what,
                         .restarts = child->restarts,
                         .is_supervisor = copi_spec_is_supervisor(child->spec),
                         .was_killed = was_killed,
                         .had_ms = was_killed ? had_ms(child) : 0,
                         .pid = child->pid,
                         .path = cop_str_from(cop_path(me)),
                         .name = cop_str_from(child->spec->name),
                         .reason = cop_str_from(reason),
                     });
}

static void
send_report(const copi_supervisor *self, const cop_report *report)
{
    if (self->reporter != NULL)
        self->reporter->report(self->reporter->ctx, report);
}

/* The same for who wants events of the whole node, and not lines. */
static void
send_event(cop_actor *me, cop_child_news what, bool is_error, const copi_child *child,
           const cop_exit *why)
{
    bool is_progress = what == COP_NEWS_STARTED || what == COP_NEWS_RESTARTED;

    if (me->node->opts.on_event != NULL && (is_progress || is_error))
        copi_event_child(me, is_progress ? COP_EVENT_PROGRESS : COP_EVENT_CHILD,
                         child->spec->name, cop_child_news_name(what), child->pid, why);
}

void
copi_tell_news(cop_actor *me, copi_supervisor *self, cop_child_news what, bool is_error,
               const copi_child *child, const cop_exit *why)
{
    bool was_killed = copi_was_killed(self, child, why);

    if (self->reporter != NULL)
        send_report(self, &(cop_report){
                              .what = what,
                              .is_error = is_error,
                              .supervisor = self->spec->name,
                              .path = cop_path(me),
                              .name = child->spec->name,
                              .arg = copi_arg_of(child),
                              .is_dynamic = self->children.is_dynamic,
                              .pid = child->pid,
                              .restarts = child->restarts,
                              .was_killed = was_killed,
                              .had_ms = was_killed ? had_ms(child) : 0,
                              .why = why,
                          });
    for (copi_subscriber *to = self->subscribers; to != NULL; to = to->next)
        send_news(me, self, to->who, what, child, why);
    send_event(me, what, is_error, child, why);
    if (is_error)
        log_news(me, self, what, child, why);
}

void
copi_tell_bad_ends(cop_actor *me, copi_supervisor *self, uint32_t count, bool was_killed,
                   const cop_exit *why)
{
    char reason[REASON_SIZE];
    const copi_child like_them = {.spec = self->spec->sup};

    send_report(self, &(cop_report){
                          .what = COP_NEWS_STOPPED_BADLY,
                          .is_error = true,
                          .supervisor = self->spec->name,
                          .path = cop_path(me),
                          .name = self->spec->sup->name,
                          .is_dynamic = true,
                          .count = count,
                          .was_killed = was_killed,
                          .had_ms = was_killed ? had_ms(&like_them) : 0,
                          .why = why,
                      });
    if (me->node->opts.on_event != NULL)
        copi_event_child(me, COP_EVENT_CHILD, self->spec->sup->name,
                         cop_child_news_name(COP_NEWS_STOPPED_BADLY), COP_PID_NONE, why);
    if (!may_log(me, self))
        return;
    if (was_killed)
        cop_log(me, "%u children %s had %d ms to stop, did not, and were killed",
                (unsigned)count, self->spec->sup->name, (int)had_ms(&like_them));
    else
        cop_log(me, "%u children %s stopped badly: %s", (unsigned)count, self->spec->sup->name,
                cop_exit_print(why, reason, sizeof reason));
}

static void
pass_on(cop_actor *me, const copi_child *child, const copi_watch_wanted *wanted)
{
    if (copi_spec_is_supervisor(child->spec) && copi_child_has_actor(child))
        cop_cast_message(me, child->pid, &copi_watch_wanted_type, wanted);
}

void
copi_pass_subscribers(cop_actor *me, copi_supervisor *self, const copi_child *child)
{
    for (copi_subscriber *to = self->subscribers; to != NULL; to = to->next)
        pass_on(me, child, &(copi_watch_wanted){.who = to->who});
}

static copi_subscriber **
find(copi_supervisor *self, cop_pid who)
{
    copi_subscriber **at = &self->subscribers;

    while (*at != NULL && !cop_pid_equal((*at)->who, who))
        at = &(*at)->next;
    return at;
}

static void
take_out(copi_subscriber **at)
{
    copi_subscriber *gone = *at;

    *at = gone->next;
    free(gone);
}

static cop_err
add(cop_actor *me, copi_supervisor *self, cop_pid who)
{
    copi_subscriber *made = copi_calloc(1, sizeof *made);

    if (made == NULL)
        return COP_E_NOMEM;
    made->who = who;
    cop_err err = cop_monitor(me, who, &made->monitor);
    if (err != COP_OK) {
        free(made);
        return err;
    }
    *find(self, who) = made;
    return COP_OK;
}

cop_err
copi_on_watch_wanted(cop_actor *me, copi_supervisor *self, const copi_watch_wanted *wanted)
{
    copi_subscriber **known = find(self, wanted->who);

    if (wanted->is_over && *known != NULL) {
        (void)cop_demonitor_flush(me, (*known)->monitor);
        take_out(known);
    } else if (wanted->is_over || *known != NULL) {
        return COP_OK;
    } else if (add(me, self, wanted->who) != COP_OK) {
        cop_log(me, "out of memory: a watch was not begun");
        return COP_OK;
    }
    for (copi_child *child = self->children.oldest; child != NULL; child = child->younger) {
        if (!wanted->is_over && copi_child_has_actor(child) &&
            child->phase != COPI_CHILD_STARTING)
            send_news(me, self, wanted->who, COP_NEWS_STARTED, child, NULL);
        pass_on(me, child, wanted);
    }
    return COP_OK;
}

void
copi_on_subscriber_down(copi_supervisor *self, const cop_down *down)
{
    copi_subscriber **at = find(self, down->who);

    if (*at != NULL)
        take_out(at);
}

void
copi_news_fini(copi_supervisor *self)
{
    while (self->subscribers != NULL)
        take_out(&self->subscribers);
}
