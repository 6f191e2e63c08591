/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "property/world.h"

/* Who does it, to whom. */
typedef struct act {
    world *world;
    cop_actor *me;
    tree *self;
    int who;
} act;

static cop_pid
pid_of(const act *at, int who)
{
    return at->world->trees[who].pid;
}

/* ---------------------------------------------------------------------------- talking */

static void
say(const act *at, int to)
{
    uint32_t id = note_new(at->world, NOTE_MESSAGE, at->who, to);

    if (id == 0)
        return;
    if (world_once_in(at->world, 6)) {
        cop_err err = cop_send(at->me, pid_of(at, to), stranger, id);
        if (err == COP_OK)
            note_accepted(at->world, id);
        else
            note_refused(at->world, id, err);
        return;
    }
    cop_err err = cop_send(at->me, pid_of(at, to), poke, id);
    if (err == COP_OK)
        note_accepted(at->world, id);
    else
        note_refused(at->world, id, err);
}

static cop_err
do_send(const act *at)
{
    int to = world_any_tree(at->world);

    for (uint32_t left = 1 + world_pick(at->world, 3); left > 0; left--)
        say(at, to);
    return COP_OK;
}

/* A cast that cannot be sent is a dead letter before it returns. */
static cop_err
do_cast(const act *at)
{
    int to = world_any_tree(at->world);
    uint32_t id = note_new(at->world, NOTE_MESSAGE, at->who, to);

    if (id == 0)
        return COP_OK;
    at->world->trees[to].pending++;
    cop_cast(at->me, pid_of(at, to), poke, id);
    world_note(at->world, "cast", at->who, id, to);
    return COP_OK;
}

static cop_err
ask(const act *at, uint32_t call, int32_t within_ms)
{
    asking *one = &at->world->calls[call];
    cop_pid to = pid_of(at, one->callee);
    const cop_then *then = &tree_then_answer;

    if (world_once_in(at->world, 10))
        return cop_ask_message(at->me, to, within_ms, then, &stranger_type,
                               &(stranger){one->note}, &one->ref);
    return cop_ask_message(at->me, to, within_ms, then, &question_type,
                           &(question){one->note, call}, &one->ref);
}

static cop_err
do_ask(const act *at)
{
    int32_t within_ms = 1 + (int32_t)world_pick(at->world, 50);
    int to = world_any_tree(at->world);
    int64_t left = at->self->asked_until - world_now(at->world);
    bool is_bounded = at->self->asked_until != 0 && left < within_ms;
    uint32_t call = asking_new(at->world, at->who, to, is_bounded ? (int32_t)left : within_ms);

    if (call == CALLS)
        return COP_OK;
    asking *one = &at->world->calls[call];
    one->note = note_new(at->world, NOTE_QUESTION, at->who, to);
    one->is_over = true;
    if (one->note == 0)
        return COP_OK;
    cop_err err = ask(at, call, within_ms);
    world_note(at->world, "ask", at->who, call, err);
    one->is_over = err != COP_OK;
    EXPECT(at->world,
           (err == COP_E_TIMEOUT) == (is_bounded && left <= 0) || err == COP_E_GONE ||
               err == COP_E_SELF,
           "ask: %s with %d left", cop_err_name(err), (int)left);
    if (err == COP_OK)
        note_accepted(at->world, one->note);
    else if (err == COP_E_GONE || err == COP_E_SELF || err == COP_E_TIMEOUT)
        at->world->notes[one->note].state = NOTE_REFUSED;
    else
        note_refused(at->world, one->note, err);
    EXPECT(at->world, (err == COP_E_SELF) == (to == at->who) || err == COP_E_GONE, "ask: %s",
           cop_err_name(err));
    EXPECT(at->world, err != COP_E_GONE || at->self->is_finishing, "ask: gone");
    return COP_OK;
}

static cop_err
do_ask_cancel(const act *at)
{
    for (uint32_t i = 0; i < at->world->call_count; i++) {
        asking *one = &at->world->calls[i];
        if (one->caller != at->who || !world_once_in(at->world, 2) || at->self->cancelled > 0)
            continue;
        bool was_open = cop_ask_cancel(at->me, one->ref);
        world_note(at->world, "cancel call", at->who, i, was_open);
        EXPECT(at->world, was_open == !one->is_over, "cancel of call %u said %d", i, was_open);
        one->is_over = true;
        break;
    }
    return COP_OK;
}

/* ------------------------------------------------------------------------- answering */

static void
send_answer(const act *at, uint32_t call, cop_token *token)
{
    uint32_t id = note_new(at->world, NOTE_ANSWER, at->who, at->world->calls[call].caller);
    cop_err err;

    if (token == NULL)
        err = cop_reply(at->me, answer, id, call);
    else
        err = cop_answer(at->me, token, answer, id, call);
    world_note(at->world, "answer", at->who, call, err);
    EXPECT(at->world, err == COP_OK, "answer to call %u: %s", call, cop_err_name(err));
    asking_answered(at->world, call, COP_OK);
    if (id != 0)
        note_accepted(at->world, id);
}

static cop_err
do_answer(const act *at)
{
    tree *self = at->self;

    if (self->token_count == 0 || self->is_finishing)
        return COP_OK;
    int last = --self->token_count;
    uint32_t call = self->token_calls[last];
    if (world_once_in(at->world, 2)) {
        send_answer(at, call, &self->tokens[last]);
    } else {
        cop_err err = cop_answer_error(at->me, &self->tokens[last], COP_E_REFUSED);
        EXPECT(at->world, err == COP_OK, "answer to call %u: %s", call, cop_err_name(err));
        asking_answered(at->world, call, COP_E_REFUSED);
    }
    cop_err again = cop_answer_error(at->me, &self->tokens[last], COP_E_REFUSED);
    EXPECT(at->world, again == COP_E_GONE, "call %u could be answered twice", call);
    return COP_OK;
}

static void
defer(const act *at, uint32_t call)
{
    tree *self = at->self;

    if (self->token_count == TOKENS) {
        asking_answered(at->world, call, COP_E_NOREPLY);
        return;
    }
    cop_err err = cop_defer(at->me, &self->tokens[self->token_count]);
    EXPECT(at->world, err == COP_OK, "defer: %s", cop_err_name(err));
    self->token_calls[self->token_count++] = call;
}

cop_err
tree_answers(world *self, int who, cop_actor *me, const question *msg)
{
    act at = {self, me, &self->trees[who], who};

    switch (world_pick(self, 8)) {
    case 0: asking_answered(self, msg->call, COP_E_NOREPLY); return COP_OK;
    case 1:
        asking_answered(self, msg->call, COP_E_REFUSED);
        return cop_reply_error(me, COP_E_REFUSED);
    case 2:
    case 3: defer(&at, msg->call); return tree_acts(self, who, me, 1);
    case 4: /* answered by its end */
        at.self->has_wish = true;
        at.self->wish = (cop_exit){.kind = COP_EXIT_ERROR, .code = 5, .text = "asked too much"};
        return cop_fail(me, 5, "asked too much");
    default: send_answer(&at, msg->call, NULL); break;
    }
    EXPECT(self, cop_reply(me, answer, 0, 0) == COP_E_GONE, "a call could be answered twice");
    return COP_OK;
}

/* -------------------------------------------------------------------- ties and signals */

static cop_err
do_link(const act *at)
{
    int to = world_any_tree(at->world);
    bool was_alive = life_is_alive(at->world, to);
    cop_err err = cop_link(at->me, pid_of(at, to));

    if (err == COP_OK)
        link_made(at->world, at->who, to);
    EXPECT(at->world, err != COP_E_NOPROC || !was_alive, "link: no process, but #%d is alive",
           to);
    EXPECT(at->world, err != COP_E_GONE || at->self->is_finishing, "link: gone");
    return COP_OK;
}

static cop_err
do_unlink(const act *at)
{
    int to = world_any_tree(at->world);

    cop_unlink(at->me, pid_of(at, to));
    link_cut(at->world, at->who, to);
    return COP_OK;
}

static cop_err
do_monitor(const act *at)
{
    int to = world_any_tree(at->world);
    bool was_gone = at->world->trees[to].is_disposed;
    cop_ref ref = {0};
    cop_err err = cop_monitor(at->me, pid_of(at, to), &ref);

    if (err == COP_OK)
        watching_new(at->world, at->who, to, ref, was_gone);
    EXPECT(at->world, err == COP_OK || (err == COP_E_GONE && at->self->is_finishing),
           "monitor: %s", cop_err_name(err));
    return COP_OK;
}

static cop_err
do_demonitor(const act *at)
{
    for (uint32_t i = at->world->monitor_count; i-- > 0;) {
        const watching *one = &at->world->monitors[i];
        if (one->watcher != at->who || !world_once_in(at->world, 2))
            continue;
        bool is_flush = world_once_in(at->world, 2);
        bool was_active =
            is_flush ? cop_demonitor_flush(at->me, one->ref) : cop_demonitor(at->me, one->ref);
        watching_ended(at->world, i, is_flush, was_active);
        break;
    }
    return COP_OK;
}

static void
send_signal(const act *at, int to, cop_exit_kind kind)
{
    tree *target = &at->world->trees[to];
    uint32_t id = note_new(at->world, NOTE_SIGNAL, at->who, to);

    if (id == 0)
        return;
    at->world->notes[id].exit = kind;
    world_note(at->world, "send signal", at->who, to, kind);
    if (kind == COP_EXIT_KILL)
        target->is_doomed |= !target->is_disposed;
    else if (!target->traps && !target->has_toggled &&
             (kind != COP_EXIT_NORMAL || to == at->who))
        target->is_shot |= !target->is_disposed;
    if (kind == COP_EXIT_KILL && world_once_in(at->world, 2))
        cop_kill(at->me, target->pid);
    else
        cop_signal(at->me, target->pid, &(cop_exit){.kind = kind, .code = (int)id});
}

static cop_err
do_signal(const act *at)
{
    static const cop_exit_kind kinds[] = {COP_EXIT_NORMAL, COP_EXIT_NORMAL, COP_EXIT_SHUTDOWN,
                                          COP_EXIT_ERROR,  COP_EXIT_KILLED, COP_EXIT_KILL};
    int to = world_any_tree(at->world);

    /* Those that trap get most of them, or nobody would live to tell. */
    if (!at->world->trees[to].traps && !world_once_in(at->world, 3))
        return COP_OK;
    send_signal(at, to,
                kinds[world_pick(at->world, COP_COUNT(kinds) - world_pick(at->world, 2))]);
    return COP_OK;
}

static cop_err
do_trap(const act *at)
{
    tree *self = at->self;
    bool was = cop_trap_exit(at->me, !self->traps);

    EXPECT(at->world, was == self->traps, "trap_exit of #%d was %d", at->who, was);
    self->traps = !self->traps;
    self->has_toggled = true;
    self->is_shot = false;
    world_note(at->world, "trap", at->who, self->traps, 0);
    return COP_OK;
}

/* ------------------------------------------------------------------------------ ending */

static void
wish(const act *at, cop_exit why)
{
    world_note(at->world, "wants to end", at->who, why.kind, why.code);
    if (at->self->is_finishing) {
        if (why.kind != COP_EXIT_ERROR || at->self->has_slipped)
            return;
        at->self->has_slipped = true;
        at->self->slip = why;
        return;
    }
    at->self->has_wish = true;
    at->self->wish = why;
}

static cop_err
do_end(const act *at)
{
    cop_exit busy = {.kind = COP_EXIT_ERROR, .code = COP_E_BUSY};

    if (!world_once_in(at->world, 2))
        return COP_OK;
    switch (world_pick(at->world, 4)) {
    case 0:
        wish(at, (cop_exit){.kind = COP_EXIT_ERROR, .code = 9, .text = "rotten"});
        return cop_fail(at->me, 9, "rotten");
    case 1:
        wish(at, (cop_exit){.kind = COP_EXIT_KILL, .code = 3});
        return cop_stop_with(at->me, &(cop_exit){.kind = COP_EXIT_KILL, .code = 3});
    case 2:
        snprintf(busy.text, sizeof busy.text, "%s", cop_err_text(COP_E_BUSY));
        wish(at, busy);
        return COP_E_BUSY;
    default:
        /* One who was told to stop and has given a reason keeps that. */
        if (!at->self->is_stopping)
            wish(at, (cop_exit){.kind = COP_EXIT_NORMAL});
        else if (!at->self->has_wish)
            wish(at, at->self->stopping);
        return cop_stop(at->me);
    }
}

static cop_err
do_stop_child(const act *at)
{
    int child = world_any_tree(at->world);
    tree *one = &at->world->trees[child];

    if (!world_once_in(at->world, 2))
        return COP_OK;
    cop_err err = cop_stop_child(at->me, one->pid);
    world_note(at->world, "stop child", at->who, child, err);
    one->is_told |= err == COP_OK;
    EXPECT(at->world,
           (err == COP_OK) == (one->owner == at->who && one->reports == 0) ||
               one->owner == at->who,
           "stop #%d: %s", child, cop_err_name(err));
    EXPECT(at->world,
           err == COP_OK || one->owner != at->who || one->is_disposed ||
               one->spawner != at->who || one->is_running,
           "#%d does not know its child #%d", at->who, child);
    return COP_OK;
}

/* ------------------------------------------------------------------------------ timers */

static cop_err
do_timer(const act *at)
{
    bool is_periodic = world_once_in(at->world, 3);
    /* On a grid, so that several are due at once, and one cancels another. */
    int64_t ms = 5 * (int64_t)(world_pick(at->world, 8) + is_periodic);
    uint32_t index = alarm_new(at->world, at->who, ms, is_periodic ? ms : 0);
    cop_err err;

    if (index == TIMERS)
        return COP_OK;
    alarm_note *one = &at->world->timers[index];
    if (is_periodic)
        err = cop_send_every(at->me, ms, &one->timer, tick, index);
    else
        err = cop_send_after(at->me, ms, &one->timer, tick, index);
    world_note(at->world, "timer", at->who, index, ms);
    one->is_over = err != COP_OK;
    EXPECT(at->world, err == COP_OK || (err == COP_E_GONE && at->self->is_finishing),
           "timer: %s", cop_err_name(err));
    return COP_OK;
}

static cop_err
do_timer_cancel(const act *at)
{
    for (uint32_t i = at->world->timer_count; i-- > 0;) {
        const alarm_note *one = &at->world->timers[i];
        if (one->who != at->who || i + 1 == at->self->stop_timer || at->self->is_finishing ||
            !world_once_in(at->world, 2))
            continue;
        int64_t left = cop_timer_left(at->me, one->timer);
        EXPECT(at->world, cop_timer_cancel(at->me, one->timer) == (left >= 0),
               "timer %u has %d left, and is it armed?", i, (int)left);
        alarm_cancelled(at->world, i, left);
        break;
    }
    return COP_OK;
}

/* ------------------------------------------------------------------------------- names */

static cop_err
do_name(const act *at)
{
    int name = (int)world_pick(at->world, NAMES), who = world_any_tree(at->world);
    char text[2] = {(char)('a' + name), 0};

    name_found(at->world, name, cop_whereis(at->me, text));
    switch (world_pick(at->world, 3)) {
    case 0: name_freed(at->world, name, cop_unregister(at->me, text)); break;
    default:
        name_taken(at->world, name, who, cop_register(at->me, text, pid_of(at, who)));
        break;
    }
    return COP_OK;
}

static cop_err
do_spawn(const act *at)
{
    int child = tree_spawn(at->world, at->who, at->me);

    /* Its exit may be on the way, if it has ended at once. */
    if (child != NOBODY && at->world->trees[child].has_begun && world_once_in(at->world, 6)) {
        cop_unlink(at->me, pid_of(at, child));
        link_cut(at->world, at->who, child);
    }
    return COP_OK;
}

cop_err
tree_acts(world *self, int who, cop_actor *me, int count)
{
    static cop_err (*const all[])(const act *) = {
        do_spawn,        do_spawn,        do_spawn,  do_send,      do_send,       do_send,
        do_send,         do_cast,         do_ask,    do_ask,       do_ask_cancel, do_answer,
        do_link,         do_link,         do_unlink, do_monitor,   do_monitor,    do_demonitor,
        do_signal,       do_signal,       do_trap,   do_end,       do_timer,      do_timer,
        do_timer_cancel, do_timer_cancel, do_name,   do_stop_child};
    act at = {self, me, &self->trees[who], who};
    cop_err err = COP_OK;

    for (; count > 0 && self->budget > 0 && err == COP_OK; count--) {
        self->budget--;
        err = all[world_pick(self, COP_COUNT(all))](&at);
    }
    return err;
}
