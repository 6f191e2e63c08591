/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quiet.c - what must have happened once nobody can run, and when the node has ended.
 */
#include "property/world.h"

/* Would the signal have ended an actor that does not trap? */
static bool
is_fatal(const note *one)
{
    return one->exit != COP_EXIT_NORMAL || one->from == one->to;
}

static void
check_signal(world *self, uint32_t id)
{
    note *one = &self->notes[id];
    tree *to = &self->trees[one->to];

    one->state = NOTE_DEAD; /* whatever it was to do, it has done */
    if (to->has_toggled && one->exit != COP_EXIT_KILL)
        return;
    EXPECT(self, !to->traps || one->exit == COP_EXIT_KILL, "signal %u to #%d is lost", id,
           one->to);
    EXPECT(self, to->traps || !is_fatal(one), "signal %u did not end #%d", id, one->to);
    EXPECT(self, one->exit != COP_EXIT_KILL, "kill %u did not end #%d", id, one->to);
}

static void
check_notes(world *self)
{
    for (uint32_t id = 1; id <= self->note_count; id++) {
        note *one = &self->notes[id];
        if (one->state != NOTE_SENT || !life_is_alive(self, one->to))
            continue;
        if (one->kind == NOTE_SIGNAL)
            check_signal(self, id);
        else if (one->kind != NOTE_ANSWER) /* one that came late is dropped */
            world_fail(self, "message %u to #%d is lost", id, one->to);
    }
}

static void
check_monitors(world *self)
{
    for (uint32_t i = 0; i < self->monitor_count; i++) {
        const watching *one = &self->monitors[i];
        EXPECT(self,
               one->state != WATCH_ACTIVE || !life_is_alive(self, one->watcher) ||
                   !self->trees[one->watched].is_disposed,
               "#%d got no down of #%d", one->watcher, one->watched);
    }
}

static void
check_calls_and_timers(world *self)
{
    for (uint32_t i = 0; i < self->call_count; i++) {
        const asking *one = &self->calls[i];
        if (one->is_over || !life_is_alive(self, one->caller))
            continue;
        EXPECT(self, one->deadline >= world_now(self), "call %u has outlived its deadline", i);
        EXPECT(self, !one->has_outcome, "call %u was answered, but the answer is lost", i);
        EXPECT(self, !self->trees[one->callee].is_disposed, "call %u has outlived #%d", i,
               one->callee);
    }
    for (uint32_t i = 0; i < self->timer_count; i++) {
        const alarm_note *one = &self->timers[i];
        EXPECT(self,
               one->is_over || !life_is_alive(self, one->who) || one->due >= world_now(self),
               "timer %u is late", i);
    }
}

static void
check_side(world *self, int gone, int other)
{
    const tree *left = &self->trees[other];

    if (left->has_toggled || !life_is_alive(self, other))
        return;
    EXPECT(self, !left->traps, "#%d got no exit of #%d", other, gone);
    EXPECT(self,
           left->traps || !self->trees[gone].has_ended ||
               self->trees[gone].why.kind == COP_EXIT_NORMAL,
           "#%d has survived the end of #%d", other, gone);
}

static void
check_links(world *self)
{
    for (int a = 0; a < self->tree_count; a++)
        for (int b = a + 1; b < self->tree_count; b++) {
            pair *one = &self->pairs[a][b];
            one->acted[0] = one->acted[1] = 0;
            if (!self->trees[a].is_disposed && !self->trees[b].is_disposed)
                continue;
            if (one->state == PAIR_LINKED && self->trees[a].is_disposed)
                check_side(self, a, b);
            if (one->state == PAIR_LINKED && self->trees[b].is_disposed)
                check_side(self, b, a);
            one->state = PAIR_APART;
        }
}

/* The owner's rule, for an end that its owner has lived to see. */
static void
check_report(world *self, int who)
{
    const tree *one = &self->trees[who], *owner = &self->trees[one->owner];
    bool is_failure = one->is_started && !one->is_told &&
                      (!one->has_ended || cop_exit_is_abnormal(&one->why));
    int due = owner->policy == COP_SUPERVISE
                  ? one->is_started || one->has_lingered || one->spawner != one->owner
                  : is_failure;

    /* One that was told, but had begun to end by itself: either is right. */
    if (one->is_told && owner->policy == COP_ISOLATE && one->reports == 1)
        due = 1;

    EXPECT(self, owner->policy != COP_FAIL_FAST || !is_failure,
           "#%d has survived its child #%d", one->owner, who);
    EXPECT(self, owner->policy == COP_FAIL_FAST || one->reports == due,
           "#%d was told of #%d %d times", one->owner, who, one->reports);
}

void
world_check_quiet(world *self)
{
    if (self->failure[0] != '\0')
        return;
    check_notes(self);
    check_monitors(self);
    check_calls_and_timers(self);
    check_links(self);
    for (int i = 0; i < self->tree_count; i++) {
        tree *one = &self->trees[i];
        one->has_toggled = false;
        if (one->is_disposed && one->owner != NOBODY && life_is_alive(self, one->owner))
            check_report(self, i);
        EXPECT(self, !one->is_disposed || !life_is_alive(self, i), "#%d is dead and alive", i);
    }
}

void
world_check_end(world *self)
{
    cop_node_stats stats;

    for (int i = 0; i < self->tree_count; i++)
        EXPECT(self, !self->trees[i].has_begun || self->trees[i].is_disposed, "#%d is left", i);
    for (uint32_t id = 1; id <= self->note_count; id++)
        EXPECT(self,
               self->notes[id].state != NOTE_SENT || self->notes[id].kind == NOTE_SIGNAL ||
                   self->notes[id].kind == NOTE_ANSWER,
               "message %u is neither handled nor a dead letter", id);
    for (int i = 0; i < NAMES; i++)
        EXPECT(self,
               cop_pid_is_none(cop_node_whereis(self->node, (char[]){(char)('a' + i), 0})),
               "name %d is left", i);
    cop_node_stats_read(self->node, &stats);
    EXPECT(self, stats.actors == 0, "%d actors are left", (int)stats.actors);
    EXPECT(self, stats.timers == 0, "%d timers are left", (int)stats.timers);
    EXPECT(self, stats.live_messages == 0, "%d messages are left", (int)stats.live_messages);
    EXPECT(self, stats.dead_letters == self->dead_letters,
           "dead letters are not counted right");
}
