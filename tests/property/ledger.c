/* SPDX-License-Identifier: Apache-2.0 */
#include "property/world.h"

/* ---------------------------------------------------------------- messages, signals */

uint32_t
note_new(world *self, int kind, int from, int to)
{
    if (self->note_count + 1 >= NOTES)
        return 0;
    uint32_t id = ++self->note_count;
    self->notes[id] =
        (note){.kind = kind, .from = from, .to = to, .seq = ++self->sent[from][to]};
    return id;
}

void
note_refused(world *self, uint32_t id, cop_err err)
{
    note *one = &self->notes[id];

    world_note(self, "refused", one->from, id, err);
    EXPECT(self, one->state == NOTE_SENT, "a refused message %u was seen", id);
    EXPECT(self, err == COP_E_NOPROC || err == COP_E_FULL, "message %u: %s", id,
           cop_err_name(err));
    EXPECT(self, err != COP_E_NOPROC || !life_is_alive(self, one->to),
           "no process, but #%d is alive", one->to);
    EXPECT(self, err != COP_E_FULL || self->trees[one->to].bound < 100, "full at #%d", one->to);
    one->state = NOTE_REFUSED;
}

void
note_accepted(world *self, uint32_t id)
{
    note *one = &self->notes[id];
    tree *to = &self->trees[one->to];

    world_note(self, "sent", one->from, id, one->to);
    if (one->kind != NOTE_MESSAGE && one->kind != NOTE_QUESTION)
        return;
    to->pending++;
    EXPECT(self, to->pending <= to->bound, "#%d has %u messages, more than it may", one->to,
           to->pending);
}

static void
no_longer_pending(world *self, const note *one)
{
    if (one->kind == NOTE_MESSAGE || one->kind == NOTE_QUESTION)
        self->trees[one->to].pending--;
}

void
note_handled(world *self, uint32_t id, int who, cop_pid sender)
{
    if (id == 0 || id > self->note_count) {
        world_fail(self, "#%d got a message that nobody sent", who);
        return;
    }
    note *one = &self->notes[id];
    cop_pid from = one->from == OUTSIDE ? COP_PID_NONE : self->trees[one->from].pid;
    EXPECT(self, one->to == who, "#%d got message %u, which is for #%d", who, id, one->to);
    EXPECT(self, cop_pid_equal(from, sender), "message %u has a wrong sender", id);
    EXPECT(self, one->state == NOTE_SENT, "message %u came twice, or was refused", id);
    EXPECT(self, one->seq > self->seen[one->from][who], "message %u from #%d is out of order",
           id, one->from);
    self->seen[one->from][who] = one->seq;
    one->state = NOTE_HANDLED;
    no_longer_pending(self, one);
}

void
note_all_seen(world *self, int from, int who)
{
    const tree *to = &self->trees[who];

    for (uint32_t id = 1; id <= self->note_count; id++) {
        const note *one = &self->notes[id];
        if (one->from != from || one->to != who || one->state != NOTE_SENT ||
            one->kind == NOTE_ANSWER) /* one that came late is dropped */
            continue;
        EXPECT(self, one->kind == NOTE_SIGNAL && (!to->traps || to->has_toggled),
               "the end of #%d came to #%d before message %u", from, who, id);
    }
}

static uint32_t
id_of(const cop_dead_letter *letter)
{
    if (letter->type == &poke_type)
        return ((const poke *)letter->message)->id;
    if (letter->type == &question_type)
        return ((const question *)letter->message)->id;
    if (letter->type == &stranger_type)
        return ((const stranger *)letter->message)->id;
    return 0;
}

void
note_dead(world *self, const cop_dead_letter *letter)
{
    uint32_t id = id_of(letter);

    self->dead_letters++;
    world_note(self, "dead letter", NOBODY, id, letter->why);
    if (id == 0)
        return;
    note *one = &self->notes[id];
    EXPECT(self, cop_pid_equal(letter->to, self->trees[one->to].pid),
           "dead letter %u is for somebody else", id);
    EXPECT(self, one->state == NOTE_SENT, "dead letter %u had been seen", id);
    EXPECT(self, letter->why != COP_E_NOPROC || !life_is_alive(self, one->to),
           "dead letter %u, but #%d is alive", id, one->to);
    one->state = NOTE_DEAD;
    no_longer_pending(self, one);
}

/* ---------------------------------------------------------------------------- monitors */

void
watching_new(world *self, int watcher, int watched, cop_ref ref, bool was_gone)
{
    world_note(self, "monitor", watcher, watched, was_gone);
    EXPECT(self, ref.bits != 0, "a monitor without a ref");
    if (self->monitor_count < MONITORS)
        self->monitors[self->monitor_count++] =
            (watching){.watcher = watcher,
                       .watched = watched,
                       .ref = ref,
                       .was_gone = was_gone,
                       /* of oneself: never active */
                       .state = watcher == watched ? WATCH_OVER : WATCH_ACTIVE};
}

void
watching_ended(world *self, uint32_t index, bool is_flush, bool was_active)
{
    watching *one = &self->monitors[index];

    world_note(self, "demonitor", one->watcher, one->watched, was_active);
    EXPECT(self, !was_active || one->state == WATCH_ACTIVE,
           "a monitor of #%d was active after it was over", one->watcher);
    EXPECT(self,
           was_active || one->state != WATCH_ACTIVE || self->trees[one->watched].is_disposed,
           "a monitor of #%d is not active", one->watcher);
    if (one->state == WATCH_ACTIVE)
        one->state = was_active || is_flush ? WATCH_OVER : WATCH_MAY_COME;
    else if (is_flush)
        one->state = WATCH_OVER;
}

void
watching_down(world *self, int who, const cop_down *down)
{
    uint32_t i = 0;

    while (i < self->monitor_count &&
           (self->monitors[i].watcher != who || self->monitors[i].ref.bits != down->ref.bits))
        i++;
    if (i == self->monitor_count) {
        EXPECT(self, self->monitor_count == MONITORS, "#%d got a down that it did not ask for",
               who);
        return;
    }
    watching *one = &self->monitors[i];
    EXPECT(self, one->state != WATCH_OVER, "#%d got a down of #%d twice, or after demonitor",
           who, one->watched);
    EXPECT(self, cop_pid_equal(down->who, self->trees[one->watched].pid), "a down of another");
    if (one->was_gone)
        EXPECT(self, down->why.kind == COP_EXIT_NOPROC, "a down of a dead one, but not noproc");
    else
        life_reason(self, one->watched, &down->why, "down");
    note_all_seen(self, one->watched, who);
    one->state = WATCH_OVER;
}

/* ------------------------------------------------------------------------------- calls */

uint32_t
asking_new(world *self, int caller, int callee, int32_t within_ms)
{
    if (self->call_count == CALLS)
        return CALLS;
    self->calls[self->call_count] =
        (asking){.caller = caller, .callee = callee, .deadline = world_now(self) + within_ms};
    return self->call_count++;
}

void
asking_answered(world *self, uint32_t call, cop_err err)
{
    asking *one = &self->calls[call];

    EXPECT(self, !one->has_outcome, "call %u was answered twice", call);
    one->has_outcome = true;
    one->outcome = err;
}

static void
check_outcome(world *self, uint32_t call, cop_err err, const answer *msg)
{
    const asking *one = &self->calls[call];
    int64_t now = world_now(self);

    EXPECT(self, now <= one->deadline + 1, "call %u ended after its deadline", call);
    EXPECT(self, (err == COP_OK) == (msg != NULL), "call %u: answer and error", call);
    EXPECT(self, msg == NULL || msg->call == call, "call %u got the answer of another", call);
    if (err == COP_E_TIMEOUT)
        EXPECT(self, now >= one->deadline, "call %u timed out early", call);
    else if (err == COP_E_DOWN)
        EXPECT(self, !life_is_alive(self, one->callee) && !one->has_outcome,
               "call %u: down, but #%d is not", call, one->callee);
    else if (err == COP_E_NO_HANDLER)
        EXPECT(self, self->notes[one->note].state == NOTE_DEAD, "call %u: no handler", call);
    else
        EXPECT(self, one->has_outcome && one->outcome == err, "call %u ended with %s", call,
               cop_err_name(err));
}

void
asking_over(world *self, int who, cop_ref ref, cop_err err, const answer *msg)
{
    uint32_t i = 0;

    while (i < self->call_count &&
           (self->calls[i].caller != who || self->calls[i].ref.bits != ref.bits))
        i++;
    if (err == COP_E_CANCELLED) {
        self->trees[who].cancelled++;
        EXPECT(self, i == self->call_count || world_now(self) <= self->calls[i].deadline + 1,
               "call %u of #%d ended after its deadline", i, who);
        return;
    }
    if (i == self->call_count) {
        world_fail(self, "#%d got the end of a call that it did not make", who);
        return;
    }
    EXPECT(self, !self->calls[i].is_over, "call %u of #%d ended twice, or after cancel", i,
           who);
    self->calls[i].is_over = true;
    check_outcome(self, i, err, msg);
    if (msg != NULL)
        note_handled(self, msg->id, who, self->trees[self->calls[i].callee].pid);
}

/* ------------------------------------------------------------------------------ timers */

uint32_t
alarm_new(world *self, int who, int64_t ms, int64_t period)
{
    if (self->timer_count == TIMERS)
        return TIMERS;
    self->timers[self->timer_count] =
        (alarm_note){.who = who, .due = world_now(self) + ms, .period = period};
    return self->timer_count++;
}

void
alarm_fired(world *self, uint32_t index, int who)
{
    alarm_note *one = &self->timers[index];

    if (index >= self->timer_count || one->who != who) {
        world_fail(self, "#%d got the timer of another", who);
        return;
    }
    EXPECT(self, !one->is_over, "timer %u came twice, or after cancel", index);
    EXPECT(self, world_now(self) >= one->due, "timer %u came early", index);
    if (one->period == 0)
        one->is_over = true;
    else
        one->due += one->period;
}

void
alarm_cancelled(world *self, uint32_t index, int64_t left)
{
    alarm_note *one = &self->timers[index];
    int64_t real = one->due - world_now(self);

    world_note(self, "cancel timer", one->who, index, left);
    EXPECT(self, (left >= 0) == !one->is_over, "cancel of timer %u said %d", index, (int)left);
    EXPECT(self, left <= 0 || (left >= real && (one->period != 0 || left == real)),
           "timer %u has %d left, not %d", index, (int)left, (int)real);
    one->is_over = true;
}
