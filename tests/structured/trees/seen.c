/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "structured/trees/check.h"

bool
is_actor(const seen *one)
{
    return kind_is_actor(one->node->kind);
}

bool
is_scope(const seen *one)
{
    return one->node->kind == SCOPE;
}

bool
is_row(const check *self, const seen *one)
{
    return one->parent != NOBODY && self->lives[one->parent].node->kind == SUPERVISOR;
}

bool
has_lived(const seen *one)
{
    return one->started.place != 0 || one->began.place != 0;
}

bool
has_been(const check *self, const moment *when)
{
    return when->place != 0 && when->place <= self->place;
}

bool
is_before_end(const moment *when, const seen *one)
{
    return when->place != 0 && when->at <= one->ended.at;
}

bool
is_request(const seen *one)
{
    return kind_has_peer(one->node->kind);
}

bool
is_seen_ending(const check *self, const seen *actor)
{
    return (actor->ending.place != 0 && actor->ending.at <= self->now) ||
           (actor->ended.place != 0 && actor->ended.at <= self->now);
}

bool
is_alive(const check *self, const seen *one)
{
    return (has_been(self, &one->started) || has_been(self, &one->began)) &&
           !has_been(self, &one->ended);
}

const seen *
host_of(const check *self, const seen *one)
{
    return &self->lives[one->host];
}

bool
is_below(const check *self, const seen *one, int above)
{
    for (int at = one->parent; at != NOBODY; at = self->lives[at].parent)
        if (at == above)
            return true;
    return false;
}

void
fault(check *self, const char *format, ...)
{
    va_list args;

    if (self->fault[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(self->fault, sizeof self->fault, format, args);
    va_end(args);
}

static void
first(moment *when, const check *self)
{
    if (when->place == 0)
        *when = (moment){self->place, self->now};
}

static void
gather_try(check *self, const entry *one)
{
    seen *who = &self->lives[one->who];

    *who = (seen){.node = &self->play->plan->nodes[one->b],
                  .self = one->who,
                  .parent = (int)one->a,
                  .limit = NO_LIMIT,
                  .deadline = NO_LIMIT};
    who->host = is_actor(who) ? who->self : self->lives[who->parent].host;
    first(&who->tried, self);
    self->life_count = one->who + 1;
}

static void
gather_down(seen *who, const entry *one)
{
    who->down_count++;
    who->kind = (cop_exit_kind)one->a;
    who->code = (int)one->b;
}

static void
gather_outcome(seen *who, const entry *one)
{
    who->outcome_count++;
    who->outcome = (cop_exit_kind)one->a;
    who->outcome_code = (int)one->b;
    who->kept = (int)one->d;
    who->dropped = (int)one->e;
}

static void
gather_cause(seen *who, const entry *one)
{
    if (who->cause_count == COP_EXIT_CAUSES)
        return;
    who->causes[who->cause_count].kind = (int)one->a;
    who->causes[who->cause_count++].code = (int)one->b;
}

static void
gather_asks(check *self, const entry *one)
{
    seen *who = &self->lives[one->who];

    first(&who->asks, self);
    who->whom = (int)one->a;
    who->way = (way)one->c;
}

static void
gather(check *self, const entry *one)
{
    seen *who = &self->lives[one->who];

    switch (one->what) {
    case TRIED: gather_try(self, one); break;
    case STARTED: first(&who->started, self); break;
    case REFUSED:
        first(&who->refused, self);
        who->error = (cop_err)one->a;
        break;
    case BEGAN: first(&who->began, self); break;
    case FAILED: first(&who->failed, self); break;
    case LEAVES: first(&who->leaves, self); break;
    case SEES_END: first(&who->sees_end, self); break;
    case RETURNS: first(&who->returns, self); break;
    case ENDING: first(&who->ending, self); break;
    case CANCEL:
    case LEAVING: first(&who->cancelled, self); break;
    case CLOSE: first(&who->told_to_close, self); break;
    case STOP: first(&who->told_to_stop, self); break;
    case KILL: first(&who->killed, self); break;
    case FORCE: first(&who->forced, self); break;
    case ENDED:
        first(&who->ended, self);
        who->ended_count++;
        break;
    case GIVES_UP: first(&who->gives_up, self); break;
    case START_ROW: who->started_rows++; break;
    case ASKS: gather_asks(self, one); break;
    case ASKED: first(&who->asked, self); break;
    case ANSWERS: first(&who->answers, self); break;
    case GETS:
        first(&who->gets, self);
        who->gets_count++;
        who->got = (cop_err)one->a;
        who->got_whom = (int)one->b;
        break;
    case RETURNED: first(&who->returned, self); break;
    case NO_MORE: first(&who->no_more, self); break;
    case CALL_OFF: first(&who->called_off, self); break;
    case ARG_GONE: who->arg_gone_count++; break;
    case OUTCOME: gather_outcome(who, one); break;
    case KEPT:
        if (one->a != NOBODY)
            self->lives[one->a].kept_count++;
        break;
    case TOLD:
        if (one->a != NOBODY)
            self->lives[one->a].told_count++;
        break;
    case DOWN: gather_down(who, one); break;
    case CAUSE: gather_cause(who, one); break;
    case MORE: who->more_causes = (int)one->a; break;
    default: break;
    }
}

/* Moves on to an entry. */
static const entry *
read_entry(check *self, size_t place)
{
    const entry *one = &self->play->log[place];

    self->place = place + 1;
    self->now = one->at;
    return one;
}

void
check_gather(check *self)
{
    static const plan_node boss = {.kind = ACTOR, .policy = COP_COLLECT, .parent = NOBODY};

    self->lives[BOSS] = (seen){.node = &boss, .parent = NOBODY, .host = BOSS};
    self->life_count = 1;
    for (size_t i = 0; i < self->play->entry_count; i++) {
        const entry *one = read_entry(self, i);
        if (one->who != NOBODY)
            gather(self, one);
    }
}

bool
check_play(check *self, const play *play)
{
    self->play = play;
    if (play->trouble[0] != '\0') {
        fault(self, "%s", play->trouble);
        return false;
    }
    check_gather(self);
    for (size_t i = 0; i < play->entry_count && self->fault[0] == '\0'; i++) {
        const entry *one = read_entry(self, i);
        check_order_entry(self, one);
        check_limits_entry(self, one);
        check_causes_entry(self, one);
        check_requests_entry(self, one);
        check_loans_entry(self, one);
        check_post_entry(self, one);
        check_supervised_entry(self, one);
    }
    check_order_end(self);
    check_limits_end(self);
    check_failures_end(self);
    check_causes_end(self);
    check_requests_end(self);
    check_post_end(self);
    check_supervised_end(self);
    return self->fault[0] == '\0';
}
